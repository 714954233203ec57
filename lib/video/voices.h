#ifndef VIDEOD_VIDEO_VOICES_H
#define VIDEOD_VIDEO_VOICES_H

/* The voices of the local provider: what a request may name, what the list shows, and what flite is told. */

#include <stdbool.h>
#include <stddef.h>

struct voice {
	const char *id, *name, *category; /* on the wire */
	bool everywhere;                  /* a name that every provider has a voice for */
	const char *flite;                /* the voice of ffmpeg's filter */
	const char *filters;              /* what is done to it, each followed by a comma; "" nothing */
};

extern const struct voice voices_local[];
extern const size_t voices_local_count;

/* By its id; NULL: there is no such voice. */
const struct voice *voices_find(const char *id);

#endif
