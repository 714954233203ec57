#ifndef VIDEOD_BASE_CLOCK_H
#define VIDEOD_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void);                              /* CLOCK_MONOTONIC: for deadlines and durations */
void clock_rfc3339(int64_t wall_ms, char out[static 25]); /* "2026-01-02T03:04:05.678Z" */

/* Seconds since 1970 of what others write: "2026-01-02T03:04:05Z", perhaps with a fraction, which is left
 * out; and RFC 9110's "Fri, 02 Jan 2026 03:04:05 GMT". -1: it is not quite that, is before 1970, or NULL. */
int64_t clock_read_rfc3339(const char *text);
int64_t clock_read_http(const char *text);

/* The n-th wait (n from 0): uniform in [half, whole] of min(cap_ms, base_ms * 2^n). */
int64_t clock_backoff_ms(unsigned n, int64_t base_ms, int64_t cap_ms);
uint64_t clock_random(void); /* 64 random bits from getrandom(2) */

#endif
