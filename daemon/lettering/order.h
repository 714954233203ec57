#ifndef VIDEOD_LETTERING_ORDER_H
#define VIDEOD_LETTERING_ORDER_H

/* What is to be drawn, as daemon/film/lettering.c writes it. Its texts are foreign: data, never markup. */

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/macros.h"

struct err;
struct json;

#define ORDER_MAX_BYTES (4 * 1024 * 1024)
#define ORDER_MAX_SIDE  4096
#define ORDER_MAX_CAPTIONS                                                                                   \
	6000 /* each character of the longest script may be a word; JSON_MAX_VALUES allows no more */

/* How letters look. Colours are 0xRRGGBB. */
struct order_type {
	const char *font; /* a family */
	int weight;       /* as in CSS, 100 to 1000 */
	unsigned colour;
};

struct order_overlay {
	const char *text; /* NULL: there is none */
	struct order_type type;
	int percent;              /* of the usual size */
	int position, background; /* enum look_position, look_background */
	unsigned background_colour;
	bool centred; /* else aligned to where reading begins */
	bool by_line; /* a box behind each line, not one behind all */
};

struct order_card {
	bool there;
	const char *title, *text, *action; /* NULL: none */
	struct order_type type;
	unsigned accent;      /* of the button and the ornament */
	unsigned accent_text; /* of what stands on the accent */
	int percent;
};

struct order_caption {
	const char *text;
	size_t lit_from, lit_to; /* bytes of text */
	int from, to;            /* frames */
};

struct order_captions {
	int style; /* enum look_caption_style */
	struct order_type type;
	unsigned accent;     /* behind the lit word, where the style has that */
	unsigned lit_colour; /* of the lit word */
	unsigned background_colour;
	struct order_caption *list;
	size_t count;
};

struct order_logo {
	const char *file;          /* NULL: there is none */
	int corner, opacity, size; /* enum look_corner, per cent, per cent of the shorter side */
};

struct order {
	struct json *root; /* owns the texts */
	int width, height;
	const char *prefix, *entrance;
	struct order_overlay overlay;
	struct order_card card;
	struct order_captions captions;
	struct order_logo logo;
};

/* -1 ERR_PERM with what is wrong where. */
int order_read(const char *text, size_t n, struct order *ret, struct err *e);
void order_done(struct order *o);
#define AUTO_ORDER CLEANUP(order_done) struct order

#endif
