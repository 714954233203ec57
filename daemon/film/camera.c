/*
 * The camera. A frame shows the picture from a place, and at a scale, that are not whole pixels. ffmpeg's
 * crop knows only whole pixels and its scale only whole sizes, but together they reach far between: of the
 * picture, n pixels from a on are scaled to m, and of these the window is taken from c on. So a window pixel
 * is n/m picture pixels wide, and the window begins at a + c * n/m. For each frame and axis we choose the
 * four whole numbers that come nearest to what is wanted. All are even, so that the halved planes of colour
 * stay where they belong.
 *
 * Measured on 1080x1920 with textures: a point of the picture is off the even way between its places in the
 * frames before and after by 0.02 pixels (root mean square; at most 0.1), for 9 ms of processor time a frame.
 * The filters get their numbers by sendcmd.
 */
#include "daemon/film/camera.h"

#include <math.h>

#define CUT_SLACK_MIN 8   /* m is larger than the window by this ... */
#define CUT_SLACK_MAX 140 /* ... to this: more would find little better, and cost time in scaling */
#define MISS_WEIGHT   0.1 /* of a pixel missed, against a pixel of change */
#define CUT_EDGE      4   /* pixels left around the window for the scaler's taps */
#define COMMANDS_MAX                                                                                         \
	900 /* frames that get commands of their own: keeps the argument under the kernel's 128 KiB */

static int even(double v)
{
	return 2 * (int)lround(v / 2);
}

/* Slow to start and to end, but never at rest: a scene that stands still at its cuts seems to hang. */
static double eased(double t)
{
	return 0.4 * t + 0.6 * t * t * (3 - 2 * t);
}

/* What is wanted of a cut on one axis. */
struct aim {
	double first, last;  /* where the window begins and ends in the picture */
	int window, picture; /* pixels; the picture's with both margins */
};

/*
 * How bad a cut is that misses by off. What is seen is the change since the frame before, not the miss
 * itself: so a cut that misses as the last one did is a good one, as long as it is not far off.
 */
static double badness(const double off[static 2], const double before[static 2])
{
	double change = fmax(fabs(off[0] - before[0]), fabs(off[1] - before[1]));

	return change + MISS_WEIGHT * fmax(fabs(off[0]), fabs(off[1]));
}

/* Tries every place for the window in the n pixels scaled to m; keeps the best of all in *best, how bad it is
 * in *least. */
static void try_places(const struct aim *aim, const double before[static 2], int n, int m,
	struct camera_cut *best, double best_off[static 2], double *least)
{
	double scale = (double)n / m;

	for (int c = CUT_EDGE; c <= m - aim->window - CUT_EDGE; c += 2) {
		int a = even((aim->first + aim->last) / 2 - scale * (c + aim->window / 2.0));
		double first = a + scale * c;
		double off[2] = {first - aim->first, first + scale * aim->window - aim->last};
		double bad = badness(off, before);

		if (a < 0 || a + n > aim->picture || bad >= *least)
			continue;
		*least = bad;
		*best = (struct camera_cut){.n = n, .m = m, .a = a, .c = c};
		best_off[0] = off[0];
		best_off[1] = off[1];
	}
}

static struct camera_cut find_cut(const struct aim *aim, double off[static 2])
{
	double scale = (aim->last - aim->first) / aim->window, least = (double)INFINITY,
	       before[2] = {off[0], off[1]};
	struct camera_cut best = {.n = aim->window, .m = aim->window};

	for (int m = aim->window + CUT_SLACK_MIN; m <= aim->window + CUT_SLACK_MAX; m += 2) {
		int n = 2 * (int)floor(scale * m / 2);

		try_places(aim, before, n, m, &best, off, &least);
		try_places(aim, before, n + 2, m, &best, off, &least);
	}
	return best;
}

static double clamp(double v, double low, double high)
{
	return v < low ? low : v > high ? high : v;
}

static double between(double from, double to, double t)
{
	return from + (to - from) * t;
}

void camera_cuts(
	const struct camera *cam, unsigned i, struct camera_walk *walk, struct camera_cut ret_cuts[static 2])
{
	double t = eased(cam->frames > 1 ? (double)i / (cam->frames - 1) : 0.5);
	double scale = between(CAMERA_WIDEST, CAMERA_NEAREST, between(cam->from.zoom, cam->to.zoom, t));
	const int windows[2] = {cam->width, cam->height},
		  sides[2] = {cam->picture_width, cam->picture_height};
	const double wanted[2] = {between(cam->from.x, cam->to.x, t), between(cam->from.y, cam->to.y, t)};

	for (size_t axis = 0; axis < 2; axis++) {
		double room = sides[axis] - CAMERA_WIDEST * windows[axis];
		double seen = sides[axis] - scale * windows[axis];
		double way = clamp(room, 0, cam->reach * windows[axis]) + clamp(seen - room, 0, seen);
		double centre = CAMERA_MARGIN + sides[axis] / 2.0 + wanted[axis] * way / 2;
		struct aim aim = {
			.first = centre - scale * windows[axis] / 2,
			.last = centre + scale * windows[axis] / 2,
			.window = windows[axis],
			.picture = sides[axis] + 2 * CAMERA_MARGIN,
		};

		ret_cuts[axis] = find_cut(&aim, walk->off[axis]);
	}
}

static void add_command(double sec, const struct camera_cut cut[static 2], struct buf *out)
{
	buf_addf(out,
		"%.3f crop@a w %d,crop@a h %d,crop@a x %d,crop@a y %d,scale@b w %d,scale@b h %d,crop@c x "
		"%d,crop@c y %d;",
		sec, cut[0].n, cut[1].n, cut[0].a, cut[1].a, cut[0].m, cut[1].m, cut[0].c, cut[1].c);
}

void camera_filters(const struct camera *cam, struct buf *out)
{
	unsigned step = 1 + (cam->frames - 1) / COMMANDS_MAX; /* a long scene is slow */
	struct camera_walk walk = {0};
	struct camera_cut first[2], cut[2];

	camera_cuts(cam, 0, &walk, first);
	buf_adds(out, "sendcmd=c='");
	for (unsigned i = step; i < cam->frames; i += step) {
		camera_cuts(cam, i, &walk, cut);
		add_command((i - 0.5) / cam->fps, cut, out); /* half a frame early: times are rounded */
	}
	add_command((cam->frames + 0.5) / cam->fps, first,
		out); /* never reached, but one command there must be */
	buf_addf(out,
		"',crop@a=%d:%d:%d:%d,scale@b=%d:%d:eval=frame:flags=bicubic,crop@c=%d:%d:%d:%d,setsar=1",
		first[0].n, first[1].n, first[0].a, first[1].a, first[0].m, first[1].m, cam->width,
		cam->height, first[0].c, first[1].c);
}
