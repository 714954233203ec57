#ifndef VIDEOD_DAEMON_FILM_ENCODE_PRIV_H
#define VIDEOD_DAEMON_FILM_ENCODE_PRIV_H

/* What the makers of a piece share: a command whose filter graph grows chain by chain, each with one output.
 */

#include "daemon/film/encode.h"
#include "daemon/film/film.h"
#include "lib/base/args.h"
#include "lib/base/buf.h"
#include "lib/video/video.h"

#define FILM_FOR_EVER "loop=loop=-1:size=1,setpts=N/30/TB" /* one frame, at VIDEO_FPS, without end */

_Static_assert(VIDEO_FPS == 30, "FILM_FOR_EVER says 30");

struct making {
	const struct film_tools *tools;
	struct film_size size;
	struct args *args;  /* the command as far as its inputs go */
	struct buf filters; /* [s0], [s1], ... are the chains' outputs */
	unsigned inputs, chains;
};

/* One more input; its number. */
unsigned making_input(struct making *m, enum film_fence fence, const char *file);
/* Ends a chain with its output's name; its number. The next one may begin. */
unsigned making_chain(struct making *m);

/* fit.c: so many frames of the shot's picture alone, from its frame from on. */
unsigned making_picture(struct making *m, const struct film_shot *shot, unsigned from, unsigned frames);
/* The ground of a card as filters that make one frame of it. */
void film_add_ground(const struct film_size *size, unsigned from, unsigned to, struct buf *out);

/* layers.c: chain number on with more over it. Its first frame is frame from of the layers' part. */
unsigned making_text(struct making *m, const struct film_layers *l, unsigned on, unsigned from);
unsigned making_captions(
	struct making *m, const struct film_layers *l, unsigned on, unsigned from, unsigned frames);
unsigned making_logo(struct making *m, const struct film_layers *l, unsigned on);

#endif
