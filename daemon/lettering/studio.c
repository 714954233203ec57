/*
 * Where things go on a frame. The safe areas are what TikTok, Reels and Shorts leave free of their own
 * buttons and captions on a phone's screen, and what broadcasters keep elsewhere.
 */
#include "daemon/lettering/studio.h"

#include <math.h>
#include <stdio.h>

#include "lib/base/err.h"
#include "lib/io/json.h"
#include "lib/video/look.h"

#define GAP       0.034 /* between things, of the shorter side */
#define FILE_SIZE 64

/* Parts of width and height. */
struct margins {
	double left, right, top, bottom;
};
static const struct margins margins_tall = {.left = 0.07, .right = 0.13, .top = 0.12, .bottom = 0.20};
static const struct margins margins_wide = {.left = 0.06, .right = 0.06, .top = 0.08, .bottom = 0.09};

static struct rect inside(struct rect frame, const struct margins *m)
{
	int left = (int)(frame.width * m->left), top = (int)(frame.height * m->top);

	return (struct rect){left, top, frame.width - left - (int)(frame.width * m->right),
		frame.height - top - (int)(frame.height * m->bottom)};
}

void studio_init(struct studio *s, PangoContext *context, const struct order *o, struct json *answer)
{
	bool tall = o->height * 2 > o->width * 3;
	const struct margins *m = tall ? &margins_tall : &margins_wide;
	struct margins even = {m->right, m->right, m->top, m->bottom};
	struct rect frame = {0, 0, o->width, o->height};

	*s = (struct studio){
		.context = context,
		.order = o,
		.frame = frame,
		.safe = inside(frame, m),
		.centred = inside(frame, &even),
		.shorter = o->width < o->height ? o->width : o->height,
		.tall = tall,
		.answer = answer,
	};
}

static int start_of(struct rect area, int position, int height)
{
	switch ((enum look_position)position) {
	case POSITION_TOP:
		return area.y;
	case POSITION_BOTTOM:
		return area.y + area.height - height;
	case POSITION_MIDDLE:
	case POSITION_COUNT:
		break;
	}
	return area.y + (area.height - height) / 2;
}

/* Off the obstacle by the shorter way, or away from the edge where it would begin. */
static int dodge(struct rect r, struct rect obstacle, int position, int gap)
{
	int above = obstacle.y - gap - r.height, below = obstacle.y + obstacle.height + gap;

	if (position == POSITION_TOP)
		return below;
	if (position == POSITION_BOTTOM)
		return above;
	return r.y - above <= below - r.y ? above : below;
}

bool studio_place(const struct studio *s, struct rect area, int position, int width, int height, int x,
	struct rect *ret)
{
	struct rect r = {x, start_of(area, position, height), width, height};
	int gap = (int)(s->shorter * GAP);
	bool free = true;

	for (size_t i = 0; i < ARRAY_LEN(s->taken); i++)
		if (rect_meet(r, s->taken[i]))
			r.y = dodge(r, s->taken[i], position, gap);
	for (size_t i = 0; i < ARRAY_LEN(s->taken); i++)
		free = free && !rect_meet(r, s->taken[i]);
	*ret = r;
	return free && r.y >= area.y && r.y + r.height <= area.y + area.height;
}

struct json *studio_save(
	struct studio *s, const struct canvas *c, struct rect part, const char *suffix, struct err *e)
{
	char file[FILE_SIZE];
	struct json *image;

	(void)snprintf(file, sizeof(file), "%s-%s.png", s->order->prefix, suffix);
	if (canvas_save(c, part, file, e) < 0)
		return NULL;
	image = json_new_object();
	json_put_string(image, "file", file);
	json_put_int(image, "x", part.x);
	json_put_int(image, "y", part.y);
	json_put_int(image, "width", part.width);
	json_put_int(image, "height", part.height);
	return image;
}
