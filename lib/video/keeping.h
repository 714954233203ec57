#ifndef VIDEOD_VIDEO_KEEPING_H
#define VIDEOD_VIDEO_KEEPING_H

/* How long things are kept: videos as long as the settings say, a store until somebody deletes it. */

struct db;
struct err;
struct settings;

/*
 * From here on the store is unknown to clients, with its products, uploads and videos. What is theirs goes by
 * and by (stores_clear); until all of it is gone no store of the same id can be made: see stores_put. 1, 0
 * unknown, -1.
 */
int stores_delete(struct db *db, const char *id, struct err *e);

/* Upkeep; any daemon may call them at any time. */

/* Deletes some of the videos of deleted stores, and at last their uploads, products and rows. How many videos
 * and stores that were, -1. */
int stores_clear(struct db *db, const struct settings *s, struct err *e);
/* Deletes some of the videos that ended longer ago than keep_completed_days, keep_failed_days or
 * keep_cancelled_days. How many, -1. */
int videos_expire(struct db *db, const struct settings *s, struct err *e);

#endif
