/*
 * A card: title, a line below it such as the price, and what to do as a button, in the middle of its area.
 * Their sizes are in fixed proportion; all of it gets smaller until it fits.
 */

#include <math.h>
#include <stdlib.h>

#include "daemon/lettering/clean.h"
#include "daemon/lettering/studio.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/look.h"

#define ROOM      0.62 /* of the height */
#define SMALLER   0.92
#define SMALLEST  0.3
#define BAR_WIDE  0.12 /* of the shorter side */
#define BAR_THICK 0.009
#define BAR_GAP   0.05

enum row_kind { ROW_TITLE, ROW_TEXT, ROW_ACTION, ROW_COUNT };

static const struct row_look {
	double size;          /* of the shorter side */
	double gap;           /* above it, where something is above; the same */
	double side, padding; /* of a button, of its letters' size */
} looks[ROW_COUNT] = {
	[ROW_TITLE] = {.size = 0.105, .gap = BAR_GAP},
	[ROW_TEXT] = {.size = 0.066, .gap = 0.045},
	[ROW_ACTION] = {.size = 0.050, .gap = 0.085, .side = 1.1, .padding = 0.62},
};

struct row {
	char *text; /* clean; blank: there is none */
	struct order_type type;
	struct block block;
	double y, height;
};

struct card {
	struct row rows[ROW_COUNT];
	double scale, height;
};

static void card_done(struct card *c)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		block_done(&c->rows[i].block);
		free(c->rows[i].text);
	}
}

static void write_rows(const struct order_card *o, struct card *c)
{
	const char *const texts[ROW_COUNT] = {
		[ROW_TITLE] = o->title, [ROW_TEXT] = o->text, [ROW_ACTION] = o->action};

	for (size_t i = 0; i < ROW_COUNT; i++) {
		c->rows[i].text = clean_text(texts[i] ? texts[i] : "", NULL, 0);
		c->rows[i].type = o->type;
	}
	c->rows[ROW_ACTION].type.colour = o->accent_text;
}

/* All rows at a scale, one below the other. */
static void lay_out(struct studio *s, struct card *c, double scale)
{
	double unit = s->shorter * scale * s->order->card.percent / 100;

	c->scale = scale;
	c->height = BAR_THICK * unit;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct row_look *look = &looks[i];
		struct row *r = &c->rows[i];
		double size = look->size * unit;

		block_done(&r->block);
		r->height = 0;
		if (text_is_blank(r->text))
			continue;
		block_lay_out(s->context,
			&(struct block_wish){.text = r->text,
				.type = &r->type,
				.size = size,
				.smallest = size * 0.5,
				.width = s->centred.width - 2 * look->side * size,
				.height = s->frame.height,
				.centred = true},
			&r->block);
		r->height = r->block.height + 2 * look->padding * r->block.size;
		r->y = c->height + look->gap * unit;
		c->height = r->y + r->height;
	}
}

static void draw_bar(const struct studio *s, const struct canvas *c, double y, double unit)
{
	double width = BAR_WIDE * unit, thick = BAR_THICK * unit;

	canvas_rounded(c->cairo, (s->frame.width - width) / 2, y, width, thick, thick / 2);
	canvas_set_colour(c->cairo, s->order->card.accent, 1);
	cairo_fill(c->cairo);
}

static void draw_row(
	const struct studio *s, const struct canvas *c, const struct row *r, size_t kind, double top)
{
	const struct row_look *look = &looks[kind];
	double size = r->block.size, x = (s->frame.width - r->block.width) / 2, y = top + r->y;

	if (look->padding > 0) {
		canvas_rounded(c->cairo, x - look->side * size, y, r->block.width + 2 * look->side * size,
			r->height, r->height / 2);
		canvas_set_colour(c->cairo, s->order->card.accent, 1);
		cairo_fill(c->cairo);
	}
	canvas_set_colour(c->cairo, r->type.colour, 1);
	block_draw(&r->block, c->cairo, x, y + look->padding * size);
}

/* The middle of what logo and captions leave. */
static bool find_place(const struct studio *s, const struct card *c, double *ret_top)
{
	double width = BAR_WIDE * s->shorter;
	struct rect r;

	for (size_t i = 0; i < ROW_COUNT; i++)
		width = fmax(width, c->rows[i].block.width + 2 * looks[i].side * c->rows[i].block.size);

	bool fits = studio_place(s, s->centred, POSITION_MIDDLE, (int)ceil(width), (int)ceil(c->height),
		(int)((s->frame.width - width) / 2), &r);
	*ret_top = r.y;
	return fits;
}

int studio_card(struct studio *s, struct err *e)
{
	CLEANUP(card_done) struct card card = {.scale = 1};
	AUTO_CANVAS c = {0};
	double top;
	bool any = false;

	write_rows(&s->order->card, &card);
	for (size_t i = 0; i < ROW_COUNT; i++)
		any = any || !text_is_blank(card.rows[i].text);
	if (!any)
		return 0;
	lay_out(s, &card, 1);
	while ((!find_place(s, &card, &top) || card.height > ROOM * s->frame.height) && card.scale > SMALLEST)
		lay_out(s, &card, card.scale * SMALLER);

	canvas_new(s->frame, &c);
	draw_bar(s, &c, top, s->shorter * card.scale);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (card.rows[i].height == 0)
			continue;
		draw_row(s, &c, &card.rows[i], i, top);
		s->unknown += card.rows[i].block.unknown;
	}

	struct json *image = studio_save(s, &c, canvas_ink(&c), "text", e);
	if (!image)
		return -1;
	json_put(s->answer, "text", image);
	return 0;
}
