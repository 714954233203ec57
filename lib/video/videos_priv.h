#ifndef VIDEOD_VIDEO_VIDEOS_PRIV_H
#define VIDEOD_VIDEO_VIDEOS_PRIV_H

/* What the modules that read and write videos share. */

#include "lib/video/video.h"

struct db;
struct db_arg;
struct err;
struct settings;

/* Milliseconds of Unix time of a DATETIME(3) in UTC, or NULL. */
#define SQL_MS(column) "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', " column ") DIV 1000"

/* The columns that videos_load expects, and where they come from. */
#define VIDEO_COLUMNS                                                                                        \
	"v.id, s.public_id, p.public_id, v.title, v.style, v.aspect_ratio, v.status, v.progress, "           \
	"v.eta_sec, "                                                                                        \
	"v.stage, v.voiceover_script, v.voice_id, v.music_track_id, v.music_volume, v.video_key, "           \
	"v.thumbnail_key, v.duration_ms, v.error, " SQL_MS("v.created_at") ", " SQL_MS(                      \
		"v.updated_at") ", " SQL_MS("v.completed_at") ", v.mode, v.model, v.reuse, v.voice_volume, " \
							      "v.revision, v.estimate_credits_milli, "       \
							      "v.estimate_characters, v.pause_reason, "      \
							      "v.look, v.brand, v.outputs, v.report, "       \
							      "v.links, "                                    \
							      "TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), "     \
							      "v.links_until), "                             \
							      "COALESCE(TIMESTAMPDIFF(SECOND, "              \
							      "v.links_wanted_at, UTC_TIMESTAMP(3)), -1)"
#define VIDEO_TABLES "videos v JOIN stores s ON s.id = v.store_id LEFT JOIN products p ON p.id = v.product_id"

/* The video that sql (VIDEO_COLUMNS of VIDEO_TABLES, by id) gives, with its scenes. 1, 0, -1. */
int videos_load(
	struct db *db, const char *sql, const struct uuid *id, struct video *ret_video, struct err *e);

/* Part of each UPDATE that gives a video a status other than paused. */
#define NOT_PAUSED "pause_reason = NULL, pause_vendor = NULL, pause_need_milli = NULL"

/* Within a transaction: before everything else, since two that lock in different orders end each other. */
int videos_lock_job(struct db *db, const struct uuid *id, struct err *e);
/* Within a transaction, as videos_create says. *ret_music is what SQL is given, NULL for none. */
int videos_check_music(
	struct db *db, const struct video *v, struct uuid *id, struct db_arg *ret_music, struct err *e);
int videos_check_budget(struct db *db, const struct settings *s, const struct video *v, struct err *e);
/* v->look as its column has it: NULL for a plain film. Caller frees. */
char *videos_look_text(const struct video *v);
/* The store's brand kit as it is now, for the video whose request is v: a film has one from its order to its
 * end. */
int videos_take_brand(struct db *db, const struct video *v, struct err *e);
int videos_insert_scenes(struct db *db, const struct video *v, struct err *e);
int videos_insert_job(
	struct db *db, const struct uuid *id, const char *kind, int64_t priority, struct err *e);

#endif
