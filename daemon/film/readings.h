#ifndef VIDEOD_DAEMON_FILM_READINGS_H
#define VIDEOD_DAEMON_FILM_READINGS_H

/* Reads what ffmpeg's filter metadata=mode=print prints: a line for each frame, then its values by key. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READINGS_KEYS_MAX 16

struct readings {
	const char *at, *end;
	const char *const *keys;
	size_t key_count;
	int64_t frame;                   /* of the filter, from 0 */
	double seconds;                  /* its time */
	double value[READINGS_KEYS_MAX]; /* of the keys; NAN where the frame has none */
};

/* text and keys are the caller's, and stay. */
struct readings readings_new(const char *text, size_t n, const char *const *keys, size_t key_count);
bool readings_next(struct readings *r); /* false: there are no more */

#endif
