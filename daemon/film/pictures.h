#ifndef VIDEOD_DAEMON_FILM_PICTURES_H
#define VIDEOD_DAEMON_FILM_PICTURES_H

/*
 * The pictures that go with a film, made in one reading of it: a thumbnail in its own shape, chosen by what
 * is on it; a short animated preview (WebP, under 1 MB); and a sheet of small frames with the WebVTT that
 * lets a player show them while its bar is hovered.
 */

#include <stddef.h>
#include <stdint.h>

#include "daemon/film/tools.h"

struct args;
struct buf;
struct err;

#define FILM_PREVIEW_MAX_BYTES (1000 * 1000)

struct film_pictures {
	const char *film; /* file */
	struct film_size size;
	unsigned frames;
	unsigned still_frame;                 /* of the thumbnail: see film_still_choose */
	const char *still, *preview, *sprite; /* files to make: .jpg, .webp, .jpg */
};

/* First look: prints how dark, how sharp and how still each candidate frame is. avoid: transitions' frames.
 */
struct film_span {
	unsigned from, to;
};
void film_look_args(const struct film_tools *t, const char *film, unsigned frames, struct args *a);
#define FILM_LOOK_MOST 1000 /* candidates, in films of any length: each prints about 1,150 bytes */
/* The best frame by that output, not in avoid, not black, not blurred; the middle one of all when it is
 * empty. */
unsigned film_still_choose(
	const char *text, size_t n, unsigned frames, const struct film_span *avoid, size_t avoid_count);
/* All three at once. shrink: 0, then 1, 2, ... where the preview came out too large. */
void film_pictures_args(
	const struct film_tools *t, const struct film_pictures *p, unsigned shrink, struct args *a);
/* The sheet's WebVTT; sheet is the URL or file name that it refers to. */
void film_sprite_vtt(const struct film_pictures *p, const char *sheet, struct buf *out);

#endif
