#ifndef VIDEOD_VIDEO_LEFTOVERS_H
#define VIDEOD_VIDEO_LEFTOVERS_H

/*
 * Published files that no video names any more: those of the revisions before the one that was completed
 * last, and of attempts that came to nothing. That there may be some is written with the end of each attempt,
 * good or bad, so it is known until they are gone. The next attempt is another revision: what it puts is
 * safe from a look at the one before.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/macros.h"
#include "lib/io/uuid.h"
#include "lib/video/outputs.h"

struct db;
struct err;

struct leftover {
	struct uuid video_id;
	int64_t revision;     /* that ended; later ones stay */
	struct outputs named; /* what is published of it, or of the last good one, and stays */
};
void leftover_done(struct leftover *l);
#define AUTO_LEFTOVER CLEANUP(leftover_done) struct leftover

/* Mostly a request that was cut off when its attempt ended has had its effect by the first look; by the last
 * one it has, since no s3_deadline_sec is longer. */
#define LEFTOVERS_LATE_SEC 300
#define LEFTOVERS_LAST_SEC 4000

/* Within the transaction that ends the attempt: there may be some, to be looked for after so long. 0, -1. */
int leftovers_add(struct db *db, const struct uuid *video_id, int64_t delay_sec, struct err *e);

/* The one that is due first; to others, and should this daemon die, it is due again later, each time after a
 * longer wait. 1, 0 none is due, -1. leftover_done frees. */
int leftovers_take(struct db *db, struct leftover *ret, struct err *e);
/* All of it is gone: looked at once more after LEFTOVERS_LAST_SEC, and then never again. 0, -1. */
int leftovers_gone(struct db *db, const struct leftover *l, struct err *e);

/*
 * What is to be removed because of this object: its key, or where the whole revision goes, what the
 * revision's keys begin with. Caller frees; NULL: it stays.
 */
char *leftover_of(const struct leftover *l, const char *key);
/*
 * What the keys begin with of the revision that ended, or of the one so many before it, where nothing of it
 * stays: to be removed whether or not anything is listed there, since a daemon that was killed may have left
 * uploads in parts. The one before counts too because one row at a time is kept of a video; what an earlier
 * one left waits for the sweep of old uploads. Caller frees; NULL: something stays, or there is no such
 * revision.
 */
char *leftover_revision(const struct leftover *l, int64_t before);

#endif
