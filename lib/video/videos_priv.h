#ifndef VIDEOD_VIDEO_VIDEOS_PRIV_H
#define VIDEOD_VIDEO_VIDEOS_PRIV_H

/* How a row becomes a struct video, shared by the modules that read videos. */

#include "lib/video/video.h"

struct db;
struct err;

/* Milliseconds of Unix time of a DATETIME(3) in UTC, or NULL. */
#define SQL_MS(column) "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', " column ") DIV 1000"

/* The columns that videos_load expects, and where they come from. */
#define VIDEO_COLUMNS                                                                                        \
	"v.id, s.public_id, p.public_id, v.title, v.style, v.aspect_ratio, v.status, v.progress, "           \
	"v.eta_sec, "                                                                                        \
	"v.stage, v.voiceover_script, v.voice_id, v.music_track_id, v.music_volume, v.video_key, "           \
	"v.thumbnail_key, v.duration_ms, v.error, " SQL_MS("v.created_at") ", " SQL_MS(                      \
		"v.updated_at") ", " SQL_MS("v.completed_at")
#define VIDEO_TABLES "videos v JOIN stores s ON s.id = v.store_id LEFT JOIN products p ON p.id = v.product_id"

/* The video that sql (VIDEO_COLUMNS of VIDEO_TABLES, by id) gives, with its scenes. 1, 0, -1. */
int videos_load(
	struct db *db, const char *sql, const struct uuid *id, struct video *ret_video, struct err *e);

#endif
