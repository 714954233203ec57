#ifndef VIDEOD_LETTERING_STUDIO_H
#define VIDEOD_LETTERING_STUDIO_H

/*
 * One order being drawn: logo first, then captions, then text or card, each of which leaves free what those
 * before it have taken. All functions draw, save their pictures and add them to the answer.
 */

#include <stdbool.h>

#include <pango/pangocairo.h>

#include "daemon/lettering/block.h"
#include "daemon/lettering/canvas.h"
#include "daemon/lettering/order.h"

struct err;
struct json;

struct studio {
	PangoContext *context;
	const struct order *order;
	struct rect frame;
	struct rect safe;     /* where no platform puts buttons */
	struct rect centred;  /* the part of it that is as far from the left as from the right */
	double shorter;       /* side of the frame: sizes are parts of it */
	bool tall;            /* a phone's screen */
	struct rect taken[2]; /* by the logo and by captions */
	struct json *answer;
	int unknown; /* characters that no font has */
};

void studio_init(struct studio *s, PangoContext *context, const struct order *o, struct json *answer);

int studio_logo(struct studio *s, struct err *e);
int studio_captions(struct studio *s, struct err *e);
int studio_overlay(struct studio *s, struct err *e);
int studio_card(struct studio *s, struct err *e);

/*
 * Where something of this size goes: at its position in the area, off what is taken. False: it does not fit;
 * *ret is then as near as can be.
 */
bool studio_place(const struct studio *s, struct rect area, int position, int width, int height, int x,
	struct rect *ret);
/* Saves part of c as prefix + suffix, and returns it as {"file","x","y","width","height"}; NULL failed. */
struct json *studio_save(
	struct studio *s, const struct canvas *c, struct rect part, const char *suffix, struct err *e);

/* What lies behind letters. The places are the block's top left corner. */
void studio_glow(const struct canvas *c, const struct block *b, double x, double y, unsigned rgb);
void studio_outline(
	const struct canvas *c, const struct block *b, double x, double y, unsigned rgb, double width);
struct box_style {
	double side, above, below; /* padding, of the letters' size; above capitals, below descenders */
	double radius;             /* the same */
	bool by_line;
	unsigned rgb;
	double alpha;
};
void studio_box(const struct canvas *c, const struct block *b, double x, double y, const struct box_style *s);

#endif
