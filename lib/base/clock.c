/* Clocks, waits and randomness. Deadlines use the monotonic clock; wall time is for people, and the
 * database's. */

#include "lib/base/clock.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Whether text begins as form does: '0' stands for a digit, 'a' for a letter. strptime alone would take
 * blanks and missing digits. */
static bool begins_as(const char *text, const char *form)
{
	for (; *form != '\0'; form++, text++) {
		bool fits = *form == '0'   ? isdigit((unsigned char)*text)
			    : *form == 'a' ? isalpha((unsigned char)*text)
					   : *text == *form;

		if (!fits)
			return false;
	}
	return true;
}

static int64_t seconds_of(struct tm *tm)
{
	int64_t sec = (int64_t)timegm(tm);

	return sec >= 0 ? sec : -1;
}

int64_t clock_read_rfc3339(const char *text)
{
	struct tm tm = {0};
	const char *end = NULL;

	if (text != NULL && begins_as(text, "0000-00-00T00:00:00"))
		end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (end != NULL && *end == '.' && isdigit((unsigned char)end[1]))
		end += 1 + strspn(end + 1, "0123456789");
	return end != NULL && strcmp(end, "Z") == 0 ? seconds_of(&tm) : -1;
}

int64_t clock_read_http(const char *text)
{
	struct tm tm = {0};
	const char *end = NULL;

	if (text != NULL && begins_as(text, "aaa, 00 aaa 0000 00:00:00 GMT"))
		end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return end != NULL && *end == '\0' ? seconds_of(&tm) : -1;
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
