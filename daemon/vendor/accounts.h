#ifndef VIDEOD_DAEMON_VENDOR_ACCOUNTS_H
#define VIDEOD_DAEMON_VENDOR_ACCOUNTS_H

/*
 * Looks at the vendors' accounts at the start, every probe_sec, and sooner while a video is paused for one of
 * them: balance and limits, voices, speech models, all into MySQL (lib/video/vendors.h). What it learns sets
 * how many requests are in flight (engine->places), and lets videos go on that were paused for a key or a
 * credit that is there now.
 */

#include <stdint.h>

struct accounts;
struct engine;
struct err;

int accounts_new(struct engine *en, struct accounts **ret, struct err *e);
void accounts_free(struct accounts *a);
void accounts_soon(
	struct accounts *a); /* NULL is allowed: a vendor refused, or a voice is not known; look now */
/* The vendor said how many requests at once it takes (0: nothing). */
void accounts_learned(struct engine *en, int place, int64_t concurrency);

#endif
