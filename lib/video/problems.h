#ifndef VIDEOD_VIDEO_PROBLEMS_H
#define VIDEOD_VIDEO_PROBLEMS_H

/* What is wrong with a request, all of it at once, each with the JSON pointer (RFC 6901) of its place. */

#include <stddef.h>

#include "lib/base/macros.h"
#include "lib/video/limits.h"

struct problem {
	char *path;    /* "/scenes/0/prompt"; "" is the body itself */
	char *message; /* "must be a string of 1 to 1000 characters" */
};

struct problems {
	struct problem list[LIMIT_PROBLEMS];
	size_t count; /* found; those past LIMIT_PROBLEMS are counted only */
};

#define AUTO_PROBLEMS CLEANUP(problems_done) struct problems

void problems_add(struct problems *p, const char *path, const char *fmt, ...) PRINTF_LIKE(3, 4);
void problems_done(struct problems *p);

#endif
