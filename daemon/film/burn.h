#ifndef VIDEOD_DAEMON_FILM_BURN_H
#define VIDEOD_DAEMON_FILM_BURN_H

/* Which captions are seen during one part of the film, and from which of its frames to which. */

#include <stdbool.h>
#include <stddef.h>

#include "daemon/film/captions.h"
#include "daemon/film/lettering.h"
#include "daemon/film/timeline.h"

/*
 * A caption that goes on over a cut is in both parts. words: one for each word, lit until the next one is
 * said. The texts are c's. Caller frees the list.
 */
struct lettering_caption *burn_part(
	const struct captions *c, const struct film_part *p, bool words, size_t *ret_count);

#endif
