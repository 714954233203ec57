/*
 * The camera. A frame shows the picture from a place, and at a scale, that are not whole pixels. ffmpeg's
 * crop knows only whole pixels and its scale only whole sizes, but together they reach far between: of the
 * picture, n pixels from a on are scaled to m, and of these the window is taken from c on. So a window pixel
 * is n/m picture pixels wide, and the window begins at a + c * n/m. For each frame and axis we choose the
 * four whole numbers that come nearest to what is wanted. All are even, so that the halved planes of colour
 * stay where they belong.
 *
 * Measured on 1080x1920 with textures: a point's way from frame to frame deviates from the smooth curve by
 * 0.03 pixels (root mean square; at most 0.1), for 9 ms of processor time a frame. The filters get their
 * numbers by sendcmd.
 */
#include "daemon/film_camera.h"

#include <math.h>
#include <stdlib.h>

#define CUT_SLACK_MIN 8   /* m is larger than the window by this ... */
#define CUT_SLACK_MAX 140 /* ... to this: more would find little better, and cost time in scaling */
#define CUT_EDGE      4   /* pixels left around the window for the scaler's taps */
#define COMMANDS_MAX                                                                                         \
	900 /* frames that get commands of their own: keeps the argument under the kernel's 128 KiB */
#define FILTERS_MAX_BYTES (120 * 1024)

static int even(double v)
{
	return 2 * (int)lround(v / 2);
}

/* Slow to start and to end, but never at rest: a scene that stands still at its cuts seems to hang. */
static double eased(double t)
{
	return 0.4 * t + 0.6 * t * t * (3 - 2 * t);
}

/* Finds the window's beginning for a scale; returns how far off its centre is. */
static double place(struct camera_cut *cut, double centre, int window, int picture)
{
	double scale = (double)cut->n / cut->m, best = INFINITY;

	for (int c = CUT_EDGE; c <= cut->m - window - CUT_EDGE; c += 2) {
		int a = even(centre - scale * (c + window / 2.0));
		double off = fabs(a + scale * (c + window / 2.0) - centre);

		if (a >= 0 && a + cut->n <= picture && off < best) {
			best = off;
			cut->a = a;
			cut->c = c;
		}
	}
	return best;
}

/* The best cut for this scale and centre; picture is its length with both margins. */
static struct camera_cut find_cut(double scale, double centre, int window, int picture)
{
	struct camera_cut best = {.n = window, .m = window};
	double best_off = INFINITY;

	for (int m = window + CUT_SLACK_MIN; m <= window + CUT_SLACK_MAX; m += 2) {
		struct camera_cut cut = {.n = even(scale * m), .m = m};
		double edge_off = fabs((double)cut.n / m - scale) * window / 2;

		if (edge_off >= best_off || cut.n > picture)
			continue;
		double off = edge_off + place(&cut, centre, window, picture);
		if (off < best_off) {
			best_off = off;
			best = cut;
		}
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

void camera_cuts(const struct camera *cam, unsigned i, struct camera_cut ret_cuts[static 2])
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

		ret_cuts[axis] = find_cut(scale, centre, windows[axis], sides[axis] + 2 * CAMERA_MARGIN);
	}
}

static void add_command(const struct camera *cam, unsigned i, struct buf *out)
{
	struct camera_cut cut[2];

	camera_cuts(cam, i, cut);
	/* half a frame early: times are rounded */
	buf_addf(out,
		"%.3f crop@a w %d,crop@a h %d,crop@a x %d,crop@a y %d,scale@b w %d,scale@b h %d,crop@c x "
		"%d,crop@c y %d;",
		i ? (i - 0.5) / cam->fps : 0.0, cut[0].n, cut[1].n, cut[0].a, cut[1].a, cut[0].m, cut[1].m,
		cut[0].c, cut[1].c);
}

void camera_filters(const struct camera *cam, struct buf *out)
{
	unsigned step = 1 + (cam->frames - 1) / COMMANDS_MAX; /* a long scene is slow */
	struct camera_cut cut[2];

	camera_cuts(cam, 0, cut);
	buf_adds(out, "sendcmd=c='");
	for (unsigned i = 0; i < cam->frames; i += step)
		add_command(cam, i, out);
	buf_addf(out,
		"',crop@a=%d:%d:%d:%d,scale@b=%d:%d:eval=frame:flags=bicubic,crop@c=%d:%d:%d:%d,setsar=1",
		cut[0].n, cut[1].n, cut[0].a, cut[1].a, cut[0].m, cut[1].m, cam->width, cam->height, cut[0].c,
		cut[1].c);
}
