#ifndef VIDEOD_VIDEO_ESTIMATE_H
#define VIDEOD_VIDEO_ESTIMATE_H

/*
 * What a video would cost, and whether it may: pure estimates, and the limits per video, store and day.
 * Credits are Runway's, characters ElevenLabs'. A draft, and whatever the local provider makes, costs
 * nothing.
 */

#include <stdint.h>

#include "lib/video/video.h"

struct db;
struct err;
struct json;
struct problems;
struct settings;

struct estimate {
	int64_t credits_milli;
	int64_t characters; /* code points that are spoken */
};

/*
 * Fills *ret and, with choices (v->scene_count of them), what would be asked for each scene. What a model
 * cannot do is added to p with its pointer ("/scenes/2/duration"): false. The estimate is of buying
 * everything once, equal ones included.
 */
struct scene_choice;
bool estimate_video(const struct video *v, const struct settings *s, struct scene_choice *choices,
	struct estimate *ret, struct problems *p);

/*
 * {"mode","credits","characters","scenes":[{"model","endpoint","ratio","seconds","credits"}...],"voice":{"model","characters"},
 *  "limits":{...}}: POST /videos/estimate answers it. Caller frees.
 */
struct json *estimate_json(const struct video *v, const struct settings *s,
	const struct scene_choice *choices, const struct estimate *t);

/*
 * Within the caller's transaction: whether the store may spend that much more today (UTC, by the database's
 * clock): what its purchases of today cost or were estimated to, and what its unfinished videos may still
 * buy. It locks the store's row where there is a limit, so that two creates cannot pass together. 0, or -1:
 * ERR_PERM with http_status 402 and a text that names the limit, its value and what is left.
 */
int budget_check(struct db *db, const struct settings *s, const char *store_id, const struct estimate *t,
	struct err *e);
/* The same for a video that is there already, and whether it may: what it cost so far counts towards its
 * limit. */
int budget_check_more(struct db *db, const struct settings *s, const struct video *v,
	const struct estimate *t, struct err *e);

/*
 * The last word on a store's day, within the transaction that commits the intent of a paid request and after
 * its row was written: whether its milli (thousandths of the vendor's unit) may be spent, what is only
 * promised aside. However a request came about, no more than the limit is spent. 0, or -1: ERR_BLOCKED with a
 * text that names the limit, as budget_check's.
 */
struct uuid;
int budget_spend(struct db *db, const struct settings *s, const struct uuid *video_id, const char *vendor,
	int64_t milli, struct err *e);
/* The limits of one video, which need no database: false with a problem at "" in p. */
bool budget_video_ok(const struct settings *s, const struct estimate *t, struct problems *p);

#endif
