/*
 * Captions: at the foot of the safe area, every last line on the same baseline, all pictures of the same size
 * at the same place, so that nothing jumps from one to the next.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/lettering/clean.h"
#include "daemon/lettering/studio.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/video/look.h"

#define SMALLEST    0.6  /* of the usual size */
#define PITCH       1.24 /* of the letters' size */
#define ROOM        2.6  /* the same: two lines */
#define NARROWEST   0.58 /* of the frame's width, between logo and its mirror image; else above the logo */
#define GAP         0.024
#define LIT_SIDE    0.14 /* padding of the lit word's box, of the letters' size */
#define LIT_ABOVE   0.16
#define LIT_BELOW   0.06
#define LIT_CAPITAL 0.72
#define LIT_DESCENT 0.20

static const struct caption_look {
	double size_tall, size_wide; /* of the frame's shorter side */
	double outline;              /* of the letters' size; 0 none */
	double reach;                /* beyond the letters, of their size: what counts for places */
	bool box, lit_box;
} looks[CAPTION_STYLE_COUNT] = {
	[CAPTION_CLEAN] = {.size_tall = 0.058, .size_wide = 0.050, .outline = 0.06, .reach = 0.15},
	[CAPTION_BOX] = {.size_tall = 0.054, .size_wide = 0.046, .reach = 0.42, .box = true},
	[CAPTION_BOLD] =
		{.size_tall = 0.074, .size_wide = 0.064, .outline = 0.085, .reach = 0.22, .lit_box = true},
};
static const struct box_style box = {.side = 0.42, .above = 0.32, .below = 0.16, .radius = 0.2, .alpha = 0.8};

struct captioner {
	struct studio *s;
	const struct order_captions *captions;
	const struct caption_look *look;
	double size, pitch;
	struct rect area; /* its foot is the captions' */
	struct rect all;  /* around all pictures */
};

struct typed {
	char *text;
	size_t lit[2];
	struct block block;
	double x, y;
};

static void typed_done(struct typed *t)
{
	block_done(&t->block);
	free(t->text);
}

static void lay_out(const struct captioner *c, size_t i, struct typed *t)
{
	const struct order_caption *caption = &c->captions->list[i];

	t->lit[0] = caption->lit_from;
	t->lit[1] = caption->lit_to;
	t->text = clean_text(caption->text, t->lit, 2);
	block_lay_out(c->s->context,
		&(struct block_wish){.text = t->text,
			.type = &c->captions->type,
			.size = c->size,
			.smallest = SMALLEST * c->size,
			.width = c->area.width - 2 * c->look->reach * c->size,
			.height = fmax(ROOM, 1 + 1.2 * c->pitch) * c->size,
			.centred = true,
			.pitch = c->pitch,
			.lit_from = t->lit[0],
			.lit_to = t->lit[1],
			.lit_colour = c->captions->lit_colour},
		&t->block);
	t->x = c->area.x + (c->area.width - t->block.width) / 2;
	t->y = c->area.y + c->area.height - (c->look->reach + LIT_DESCENT) * c->size -
	       t->block.lines[t->block.line_count - 1].baseline;
}

/* The pitch that the tallest script among them needs, and the rectangle of all. */
static void survey(struct captioner *c)
{
	double pitch = PITCH;

	for (size_t i = 0; i < c->captions->count; i++) {
		CLEANUP(typed_done) struct typed t = {0};

		c->pitch = 0;
		lay_out(c, i, &t);
		pitch = fmax(pitch, t.block.pitch / t.block.size);
	}
	c->pitch = pitch;
	for (size_t i = 0; i < c->captions->count; i++) {
		CLEANUP(typed_done) struct typed t = {0};
		double reach = c->look->reach * c->size;

		lay_out(c, i, &t);
		c->all = rect_or(
			c->all, (struct rect){(int)(t.x - reach), (int)(t.y - reach),
					(int)(t.block.width + 2 * reach), (int)(t.block.height + 2 * reach)});
		c->s->unknown += t.block.unknown;
	}
}

/* Beside a logo in a lower corner where there is room, else above it. */
static void avoid_logo(struct captioner *c)
{
	struct rect logo = c->s->taken[0], foot = c->area;
	int height = (int)((2 * PITCH + 1) * c->size), gap = (int)(GAP * c->s->shorter);
	int middle = c->s->frame.width / 2, near, width;

	foot.y += foot.height - height;
	foot.height = height;
	if (!rect_meet(foot, logo))
		return;
	near = logo.x < middle ? logo.x + logo.width : c->s->frame.width - logo.x;
	width = 2 * (middle - near - gap);
	if (width >= NARROWEST * c->s->frame.width) {
		c->area.x = middle - width / 2;
		c->area.width = width;
	} else {
		c->area.height = logo.y - gap - c->area.y;
	}
}

static void light(const struct captioner *c, const struct canvas *canvas, const struct typed *t)
{
	const struct block *b = &t->block;
	double left, right;

	for (size_t i = 0; i < b->line_count; i++) {
		if (!block_span(b, i, t->lit[0], t->lit[1], &left, &right))
			continue;
		canvas_rounded(canvas->cairo, t->x + left - LIT_SIDE * b->size,
			t->y + b->lines[i].baseline - (LIT_CAPITAL + LIT_ABOVE) * b->size,
			right - left + 2 * LIT_SIDE * b->size,
			(LIT_CAPITAL + LIT_ABOVE + LIT_DESCENT + LIT_BELOW) * b->size, 0.16 * b->size);
		canvas_set_colour(canvas->cairo, c->captions->accent, 1);
		cairo_fill(canvas->cairo);
	}
}

static void draw(const struct captioner *c, const struct canvas *canvas, const struct typed *t)
{
	struct box_style behind = box;

	behind.rgb = c->captions->background_colour;
	behind.by_line = true;
	if (c->look->box)
		studio_box(canvas, &t->block, t->x, t->y, &behind);
	if (c->look->outline > 0)
		studio_outline(
			canvas, &t->block, t->x, t->y, c->captions->background_colour, c->look->outline);
	if (c->look->lit_box)
		light(c, canvas, t);
	canvas_set_colour(canvas->cairo, c->captions->type.colour, 1);
	block_draw(&t->block, canvas->cairo, t->x, t->y);
}

static int add(const struct captioner *c, size_t i, struct json *list, struct err *e)
{
	CLEANUP(typed_done) struct typed t = {0};
	AUTO_CANVAS canvas = {0};
	struct json *image;
	char suffix[16];

	lay_out(c, i, &t);
	canvas_new(c->all, &canvas);
	draw(c, &canvas, &t);
	if (canvas_ink(&canvas).width == 0)
		return 0;
	(void)snprintf(suffix, sizeof(suffix), "c%03zu", i);
	image = studio_save(c->s, &canvas, c->all, suffix, e);
	if (!image)
		return -1;
	json_put_int(image, "from", c->captions->list[i].from);
	json_put_int(image, "to", c->captions->list[i].to);
	json_append(list, image);
	return 0;
}

/* Room for shadows, at even coordinates. */
static struct rect around(struct rect r, struct rect frame, int reach)
{
	int x = (r.x - reach) & ~1, y = (r.y - reach) & ~1;

	return rect_and(
		(struct rect){x, y, (r.width + 2 * reach + 2) & ~1, (r.height + 2 * reach + 2) & ~1}, frame);
}

int studio_captions(struct studio *s, struct err *e)
{
	struct captioner c = {
		.s = s,
		.captions = &s->order->captions,
		.look = &looks[s->order->captions.style],
		.area = s->centred,
	};
	struct json *list;

	if (c.captions->count == 0)
		return 0;
	c.size = s->shorter * (s->order->width > s->order->height ? c.look->size_wide : c.look->size_tall);
	avoid_logo(&c);
	survey(&c);
	s->taken[1] = c.all;
	c.all = around(c.all, s->frame, (int)(0.2 * c.size));
	list = json_new_array();
	json_put(s->answer, "captions", list);
	for (size_t i = 0; i < c.captions->count; i++)
		if (add(&c, i, list, e) < 0)
			return -1;
	return 0;
}
