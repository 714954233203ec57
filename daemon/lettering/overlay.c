/* A scene's text: at its position in the safe area, as large as it may be. */

#include <math.h>
#include <stdlib.h>

#include "daemon/lettering/clean.h"
#include "daemon/lettering/studio.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/look.h"

#define SIZE     0.074 /* of the shorter side */
#define SMALLEST 0.028
#define ROOM     0.36 /* of the height */
#define TIGHTER  0.85
#define TRIES    8
#define OUTLINE  0.065 /* of the letters' size */

/* How far a background reaches over the letters, of their size. */
static const struct reach {
	double side, above, below;
} reaches[BACKGROUND_COUNT] = {
	[BACKGROUND_NONE] = {0, 0, 0},
	[BACKGROUND_GLOW] = {0, 0, 0}, /* a cloud may reach out of the safe area */
	[BACKGROUND_BOX] = {0.42, 0.38, 0.24},
	[BACKGROUND_OUTLINE] = {OUTLINE, OUTLINE, OUTLINE},
};

struct placed {
	struct block block;
	struct rect rect; /* with its background */
	double x, y;      /* of the block */
};

/* One try with this much height. */
static bool lay_out(struct studio *s, const char *text, double height, struct placed *p)
{
	const struct order_overlay *o = &s->order->overlay;
	const struct reach *reach = &reaches[o->background];
	struct rect area = o->centred ? s->centred : s->safe;
	double full = SIZE * s->shorter * o->percent / 100, side = reach->side * full;
	struct block_wish wish = {
		.text = text,
		.type = &o->type,
		.size = full,
		.smallest = fmin(SMALLEST * s->shorter, full),
		.width = area.width - 2 * side,
		.height = height,
		.centred = o->centred,
	};
	int width, x;

	block_done(&p->block);
	block_lay_out(s->context, &wish, &p->block);
	side = reach->side * p->block.size;
	width = (int)ceil(p->block.width + 2 * side);
	x = o->centred               ? area.x + (area.width - width) / 2
	    : p->block.right_to_left ? area.x + area.width - width
				     : area.x;
	bool fits = studio_place(s, area, o->position, width,
		(int)ceil(p->block.height + (reach->above + reach->below) * p->block.size), x, &p->rect);
	p->x = p->rect.x + side;
	p->y = p->rect.y + reach->above * p->block.size;
	return fits;
}

static void draw(const struct studio *s, const struct canvas *c, const struct placed *p)
{
	const struct order_overlay *o = &s->order->overlay;
	const struct reach *reach = &reaches[BACKGROUND_BOX];
	struct box_style box = {
		reach->side, reach->above, reach->below, 0.2, o->by_line, o->background_colour, 0.95};

	switch ((enum look_background)o->background) {
	case BACKGROUND_GLOW:
		studio_glow(c, &p->block, p->x, p->y, o->background_colour);
		break;
	case BACKGROUND_BOX:
		studio_box(c, &p->block, p->x, p->y, &box);
		break;
	case BACKGROUND_OUTLINE:
		studio_outline(c, &p->block, p->x, p->y, o->background_colour, OUTLINE);
		break;
	case BACKGROUND_NONE:
	case BACKGROUND_COUNT:
		break;
	}
	canvas_set_colour(c->cairo, o->type.colour, 1);
	block_draw(&p->block, c->cairo, p->x, p->y);
}

int studio_overlay(struct studio *s, struct err *e)
{
	AUTO_FREE char *text = clean_text(s->order->overlay.text ? s->order->overlay.text : "", NULL, 0);
	struct placed p = {0};
	double height = ROOM * s->frame.height;
	AUTO_CANVAS c = {0};

	if (text_is_blank(text))
		return 0;
	for (int i = 0; i < TRIES && !lay_out(s, text, height, &p); i++)
		height *= TIGHTER;

	int reach = (int)(p.block.size * 1.5);
	struct rect around = {
		p.rect.x - reach, p.rect.y - reach, p.rect.width + 2 * reach, p.rect.height + 2 * reach};

	canvas_new(rect_and(around, s->frame), &c);
	draw(s, &c, &p);
	s->unknown += p.block.unknown;
	block_done(&p.block);

	struct rect ink = canvas_ink(&c);
	if (ink.width == 0)
		return 0;
	struct json *image = studio_save(s, &c, ink, "text", e);
	if (!image)
		return -1;
	json_put(s->answer, "text", image);
	return 0;
}
