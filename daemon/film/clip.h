#ifndef VIDEOD_DAEMON_FILM_CLIP_H
#define VIDEOD_DAEMON_FILM_CLIP_H

/* A scene without a provider: a clip of exactly its frames, with camera movement, no text and no sound. */

#include <stddef.h>

#include "daemon/film/tools.h"

struct args;

struct film_clip {
	struct film_size size;
	int style;   /* enum video_style: movement and colours */
	size_t item; /* the scene's index: the moves take turns */
	unsigned frames;
	const char *picture;               /* file in the work folder, NULL: a card */
	int picture_width, picture_height; /* after orientation; 0 without a picture */
};

void film_clip_args(
	const struct film_tools *t, const struct film_clip *clip, const char *out, struct args *a);

#endif
