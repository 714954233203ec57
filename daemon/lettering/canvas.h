#ifndef VIDEOD_LETTERING_CANVAS_H
#define VIDEOD_LETTERING_CANVAS_H

/* A part of the film's frame that is drawn on, in the frame's coordinates, and saved as small as its ink. */

#include <stdbool.h>
#include <stdint.h>

#include <cairo.h>

#include "lib/base/macros.h"

struct err;

struct rect {
	int x, y, width, height; /* empty: width 0 */
};

struct rect rect_and(struct rect a, struct rect b); /* what both have */
struct rect rect_or(struct rect a, struct rect b);  /* around both; an empty one does not count */
bool rect_meet(struct rect a, struct rect b);

struct canvas {
	struct rect area;
	cairo_surface_t *surface;
	cairo_t *cairo; /* origin is the frame's */
};

void canvas_new(struct rect area, struct canvas *ret); /* clear; area lies within the frame */
void canvas_done(struct canvas *c);
#define AUTO_CANVAS CLEANUP(canvas_done) struct canvas

/* Around all that is not clear, at even coordinates, which chroma has. */
struct rect canvas_ink(const struct canvas *c);
int canvas_save(const struct canvas *c, struct rect part, const char *file, struct err *e);

void canvas_set_colour(cairo_t *cairo, unsigned rgb, double alpha);
void canvas_rounded(cairo_t *cairo, double x, double y, double width, double height, double radius);

/* Shapes without a colour, for what lies behind letters: what is drawn on one counts by its alpha. */
struct canvas canvas_mask(const struct canvas *like);
/* Each shape gets this much wider on all sides. */
void canvas_grow(struct canvas *mask, double radius);
void canvas_blur(struct canvas *mask, int radius);
void canvas_fill(const struct canvas *c, const struct canvas *mask, unsigned rgb, double alpha);

#endif
