#ifndef VIDEOD_VIDEO_AGAIN_H
#define VIDEOD_VIDEO_AGAIN_H

/*
 * What clients and operators can ask of a video that is there already: stop it, go on, make it again, change
 * it. Each is one transaction on the video, its job and its purchases, the job's row locked first (as
 * everywhere). 1 done, 0 there is no such video, -1 failed: ERR_PERM with http_status 409 and a text for the
 * client where the video's status does not allow it (a table says which statuses each takes). What was bought
 * is found again by its content (purchases.h), so only what changed is bought again. The step table is
 * emptied when a job is queued again: the work folder went when it ended; the purchases stay.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/video/video.h"

struct db;
struct err;
struct settings;

/*
 * A waiting or paused video is cancelled at once; one that is running shows "cancelling" until its daemon has
 * stopped it. Known purchases are marked to be cancelled at the vendor. Already cancelled is success.
 */
int videos_cancel(struct db *db, const struct uuid *id, struct err *e);

/*
 * Queues a failed, cancelled or paused video again. One that paused for a possible charge needs accept: its
 * unknown purchases are written off. ERR_PERM 409 without it.
 */
int videos_retry(struct db *db, const struct uuid *id, bool accept_possible_charge, struct err *e);

struct scene_change {
	const char *prompt;    /* NULL: as it is */
	const char *image_url; /* NULL: as it is */
	bool no_image;         /* the image goes */
};
/* Generates scene n (from 0) of a video that is over or paused anew, with the changes; ERR_PERM 404 "scene".
 */
int videos_regenerate(struct db *db, const struct settings *s, const struct uuid *id, int64_t scene,
	const struct scene_change *c, struct err *e);

/*
 * Writes the request of a video that is over or paused anew; it is not made until videos_render. v is a whole
 * valid video as videos_get gave it, with the changes and their estimate in it (id, store and product stay).
 * A scene keeps its take. ERR_PERM as videos_create.
 */
int videos_change(struct db *db, const struct video *v, struct err *e);

/*
 * Makes a video that is over again from its request as it is now, in that mode; revision counts up. ERR_PERM
 * with http_status 402 and a text for the client where a limit forbids it, with 409 where a model cannot do
 * it.
 */
int videos_render(
	struct db *db, const struct settings *s, const struct uuid *id, enum video_mode mode, struct err *e);

/*
 * Videos that are paused because a vendor refused (not those with a possible charge) go on.
 * vendor NULL: any; id NULL: all; balance_milli: only those that need no more than that, -1 whatever they
 * need; reason NULL: any. How many, or -1; when it is VIDEOS_RESUME_MAX there may be more.
 */
#define VIDEOS_RESUME_MAX 50
int videos_resume(struct db *db, const char *vendor, const char *reason, const struct uuid *id,
	int64_t balance_milli, struct err *e);
/* Videos that paused yesterday, because their store had spent what it may in a day. How many, or -1. */
int videos_resume_new_day(struct db *db, struct err *e);
/* Videos that paused for a possible charge of which nothing is unknown any more (a late answer came). How
 * many, -1. */
int videos_resume_known(struct db *db, struct err *e);

#endif
