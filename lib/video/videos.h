#ifndef VIDEOD_VIDEO_VIDEOS_H
#define VIDEOD_VIDEO_VIDEOS_H

/* SQL on videos as clients see them. What the daemon writes while it works is in jobs.h and steps.h. */

#include "lib/video/video.h"

struct db;
struct err;
struct idempotency;
struct settings;

struct videos_filter {
	const char *store_id;   /* required */
	int status;             /* STATUS_INVALID: any */
	const char *product_id; /* NULL: any */
	int64_t limit, offset;
};

/*
 * One transaction {limits, video, scenes, job}; v->id is made here, v->estimate_* was filled by the caller. A
 * lost commit is looked up by the id, so that 0 means that it is there. ERR_PERM with http_status 404 and the
 * field's name in the text for an unknown store, product or music track, with 402 as budget_check says.
 *
 * With a key (NULL: none) the same request makes one video: v->id is then the one that was made before, and
 * nothing else is looked at. ERR_PERM with http_status 422 where the key is another request's.
 */
int videos_create(struct db *db, const struct settings *s, struct video *v, const struct idempotency *key,
	struct err *e);
/* With its scenes. 1, 0 (unknown or deleted), -1. */
int videos_get(struct db *db, const struct uuid *id, struct video *ret_video, struct err *e);
/* Newest first, with scenes. Caller frees with videos_list_free. */
int videos_list(struct db *db, const struct videos_filter *f, struct video **ret_list, size_t *ret_count,
	int64_t *ret_total, struct err *e);
void videos_list_free(struct video *list, size_t count);
/* From here on it is unknown to clients; its job becomes one that removes it, cancelling first. 1, 0, -1. */
int videos_delete(struct db *db, const struct uuid *id, struct err *e);
/* The same, if it still has the status and nothing has happened to it for so long. 1, 0, -1. */
int videos_delete_old(struct db *db, const struct uuid *id, const char *status, int64_t days, struct err *e);

#endif
