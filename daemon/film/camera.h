#ifndef VIDEOD_DAEMON_FILM_CAMERA_H
#define VIDEOD_DAEMON_FILM_CAMERA_H

/*
 * A camera that travels over a still picture with sub-pixel steps, made of ffmpeg's crop and scale filters,
 * which are some seven times cheaper than its perspective filter and filter better; see camera.c for
 * how.
 */

#include "lib/base/buf.h"

#define CAMERA_NEAREST 1.04 /* picture pixels per window pixel; just off the poor fractions around 1 */
#define CAMERA_WIDEST  1.135
#define CAMERA_MARGIN  96 /* pixels that the picture must have around what may be seen */

/* Where the camera looks: zoom from 0 (widest) to 1 (nearest), x and y from -1 to 1 over the way that there
 * is. */
struct camera_view {
	double zoom, x, y;
};

struct camera {
	int width, height; /* the window: what the camera's clip measures; even */
	int picture_width,
		picture_height; /* what may be seen; CAMERA_MARGIN more on every side is there; even */
	unsigned frames, fps;
	double reach; /* at most so much of the window's side is travelled in all */
	struct camera_view from, to;
};

/* One axis of one frame: n pixels from a on are scaled to m, and the window begins at c in these. All even.
 */
struct camera_cut {
	int n, m, a, c;
};

/* How far off the window's begin and end were in the frame before, on both axes; zeroed at first. */
struct camera_walk {
	double off[2][2];
};

/* The cuts of frame i, after those of the frames before it: [0] across, [1] down. */
void camera_cuts(
	const struct camera *cam, unsigned i, struct camera_walk *walk, struct camera_cut ret_cuts[static 2]);
/* Appends the filters that turn a stream of the same picture (with its margin) into the camera's frames. */
void camera_filters(const struct camera *cam, struct buf *out);

#endif
