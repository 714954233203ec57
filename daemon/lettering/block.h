#ifndef VIDEOD_LETTERING_BLOCK_H
#define VIDEOD_LETTERING_BLOCK_H

/*
 * A text laid out: broken into lines by the rules of its script, at the largest size that fits, its lines
 * about equally long. Places are pixels from the block's top left corner, which is that of what is to be
 * seen.
 */

#include <stdbool.h>
#include <stddef.h>

#include <pango/pangocairo.h>

#include "daemon/lettering/order.h"
#include "lib/base/macros.h"

#define BLOCK_MAX_LINES 64

struct block_line {
	PangoLayoutLine *line; /* of the layout */
	double x, baseline;
	double width;
};

struct block {
	PangoLayout *layout;
	struct block_line lines[BLOCK_MAX_LINES];
	size_t line_count;
	double size;  /* of the letters */
	double pitch; /* between baselines */
	double width, height;
	bool right_to_left;
	int unknown; /* characters that no font has */
};

struct block_wish {
	const char *text; /* clean */
	const struct order_type *type;
	double size, smallest;   /* pixels */
	double width, height;    /* at most */
	bool centred;            /* else aligned to where reading begins */
	double pitch;            /* between baselines, of the size; 0: what the letters need */
	size_t lit_from, lit_to; /* bytes that have another colour */
	unsigned lit_colour;
};

/* Draws with the context's options later on. Where even the smallest size does not fit, the end is cut. */
void block_lay_out(PangoContext *context, const struct block_wish *w, struct block *ret);
/* With the context's source as the colour; x and y of the block's top left corner. */
void block_draw(const struct block *b, cairo_t *cairo, double x, double y);
/* Where on a line the text's bytes from <= i < to are, from the block's left; false: none is there. */
bool block_span(
	const struct block *b, size_t line, size_t from, size_t to, double *ret_left, double *ret_right);
void block_done(struct block *b);
#define AUTO_BLOCK CLEANUP(block_done) struct block

#endif
