#ifndef VIDEOD_CGI_ORDER_H
#define VIDEOD_CGI_ORDER_H

/*
 * An order on its way from a client's wish to the database: written out for a product, priced, and checked
 * for what can be known without asking anybody outside. Those that return an int: 1 go on, 0 *r holds an
 * answer, -1 failed.
 */

#include <stdbool.h>

#include "cgi/handler.h"

struct buf;
struct estimate;
struct scene_choice;

/* What a product's video is unless its options say otherwise. */
struct video order_defaults(void);
/* Writes the video of a product into *v, which holds the options and their defaults. */
int order_product(
	struct app *a, const char *product_id, int style, struct video *v, struct reply *r, struct err *e);

/*
 * What it would cost: with choices (v->scene_count of them), and into v too. False: *r says what cannot be
 * made. That holds for a draft as well, which costs nothing, so that it can be bought as it is.
 */
bool order_price(const struct app *a, struct video *v, struct scene_choice *choices, struct estimate *ret,
	struct reply *r);

/* Priced into v, and within the limits of one video. */
int order_check_price(struct app *a, struct video *v, struct reply *r);
/* The voice that v names is there. */
int order_check_voice(struct app *a, const struct video *v, struct reply *r, struct err *e);
/* Both, for an order that buys everything. */
int order_check(struct app *a, struct video *v, struct reply *r, struct err *e);

/* Whether one video may cost that: true, or false with a sentence for each limit that is passed. */
bool order_allowed(const struct app *a, const struct estimate *t, struct buf *ret_why);

/* What the domain had against an order: answered where it is the client's business (402, 404, 409, 422),
 * else -1.
 */
int order_refused(struct reply *r, const struct err *e);

#endif
