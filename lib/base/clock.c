/* Clocks, waits and randomness. Deadlines use the monotonic clock; wall time is for people, and the
 * database's. */

#include "lib/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#define LAST_WALL_MS                                                                                         \
	INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z: the last time of four-digit years */

int64_t clock_mono_ms(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t) < 0)
		abort(); /* only where there is no such clock */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clock_rfc3339(int64_t wall_ms, char out[static 25])
{
	if (wall_ms < 0)
		wall_ms = 0;
	if (wall_ms > LAST_WALL_MS)
		wall_ms = LAST_WALL_MS;

	time_t sec = wall_ms / 1000;
	struct tm tm;

	if (!gmtime_r(&sec, &tm) || strftime(out, 20, "%Y-%m-%dT%H:%M:%S", &tm) != 19)
		abort();
	(void)snprintf(out + 19, 6, ".%03uZ", (unsigned)(wall_ms % 1000));
}

uint64_t clock_random(void)
{
	uint64_t bits;

	while (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits)) {
		if (errno != EINTR)
			abort(); /* no kernel that we run on lacks it */
	}
	return bits;
}

int64_t clock_backoff_ms(unsigned n, int64_t base_ms, int64_t cap_ms)
{
	assert(base_ms >= 0 && cap_ms >= 0);

	int64_t whole = base_ms;

	for (unsigned i = 0; i < n && whole > 0 && whole < cap_ms; i++)
		whole = whole > INT64_MAX / 2 ? INT64_MAX : whole * 2;
	if (whole > cap_ms)
		whole = cap_ms;

	int64_t half = whole / 2;

	return half + (int64_t)(clock_random() % (uint64_t)(whole - half + 1));
}
