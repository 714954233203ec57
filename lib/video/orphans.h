#ifndef VIDEOD_VIDEO_ORPHANS_H
#define VIDEOD_VIDEO_ORPHANS_H

/*
 * What a check found in the storage that no row names, and that is to be removed: carried out by a daemon
 * until it is true, however long the storage is away. Removing twice does no harm, so two daemons may meet at
 * one. A video's removal (steps_remove_video) adds its folder, "videos/<id>/", to be removed once more.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct db;
struct err;

#define ORPHANS_KEY_SIZE 256

/* All of them or none; again is fine. 0, -1. */
int orphans_add(struct db *db, const char *const *keys, size_t count, struct err *e);

struct orphan_due {
	char key[ORPHANS_KEY_SIZE];
	int64_t tries; /* that failed */
};
/* Takes at most max that are due, oldest first; nobody else is given them for a minute. How many, -1. */
int orphans_take(struct db *db, struct orphan_due *ret, size_t max, struct err *e);
int orphans_done(struct db *db, const char *key, struct err *e);
int orphans_failed(struct db *db, const char *key, int64_t delay_ms, const char *why, struct err *e);

#endif
