/*
 * Deleting many: stores with all that is theirs, videos that are too old. Everything goes the way of a single
 * deleted video, whose job removes its files until that is done, a few at a time. A deleted store's public id
 * becomes one that no client can name, so whoever looks for it by that finds nothing; the row itself goes
 * last, and with it the record of what the id was.
 */
#include "lib/video/keeping.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/io/uuid.h"
#include "lib/video/request.h"
#include "lib/video/settings.h"
#include "lib/video/videos.h"

#define STORES_MAX  10 /* a call: somebody waits for it */
#define VIDEOS_MAX  20
#define UPLOADS_MAX 200

static const char SQL_DELETE_STORE[] =
	"UPDATE stores SET gone_id = public_id, public_id = CONCAT('~', id), updated_at = UTC_TIMESTAMP(3) "
	"WHERE public_id = ?";
static const char SQL_GONE[] = "SELECT id, gone_id FROM stores WHERE gone_id IS NOT NULL LIMIT ?";
static const char SQL_VIDEOS[] =
	"SELECT id FROM videos WHERE store_id = ? AND deleted_at IS NULL "
	"ORDER BY status IN ('completed', 'failed', 'cancelled') LIMIT ?"; /* what still costs goes first */
static const char SQL_ANY_VIDEO[] = "SELECT id FROM videos WHERE store_id = ? LIMIT 1";
static const char SQL_UPLOADS[] = "SELECT name FROM uploads WHERE store_id = ? LIMIT ?";
static const char SQL_FORGET_UPLOAD[] = "DELETE FROM uploads WHERE store_id = ? AND name = ?";
static const char *const SQL_FORGET[] = {
	"DELETE FROM products WHERE store_id = ?",
	"DELETE FROM idempotency_keys WHERE store_id = ?",
	"DELETE FROM stores WHERE id = ?",
};
static const char SQL_EXPIRED[] =
	"SELECT id FROM videos WHERE status = ? AND deleted_at IS NULL "
	"AND updated_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY ORDER BY updated_at LIMIT ?";

int stores_delete(struct db *db, const char *id, struct err *e)
{
	uint64_t found = 0;

	if (!request_id_ok(id))
		return 0;
	if (db_exec(db, SQL_DELETE_STORE, DB_ARGS(db_text(id)), &found, e) < 0)
		return -1;
	return found > 0;
}

/* How many, -1. */
static int clear_videos(struct db *db, int64_t store, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	int gone = 0;

	if (db_query(db, SQL_VIDEOS, DB_ARGS(db_int(store), db_int(VIDEOS_MAX)), &rows, e) < 0)
		return -1;
	while (db_next(rows)) {
		struct uuid id;
		int r = db_get_uuid(rows, 0, &id) ? videos_delete(db, &id, e) : 0;

		if (r < 0)
			return -1;
		gone += r;
	}
	return gone;
}

/* 1 one is still being removed, 0, -1. */
static int has_videos(struct db *db, int64_t store, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	return db_query(db, SQL_ANY_VIDEO, DB_ARGS(db_int(store)), &rows, e) < 0 ? -1 : db_next(rows);
}

/* The file first, so that none is left that nobody knows of. How many, -1. */
static int clear_uploads(struct db *db, int64_t store, const char *folder, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	int gone = 0;

	if (db_query(db, SQL_UPLOADS, DB_ARGS(db_int(store), db_int(UPLOADS_MAX)), &rows, e) < 0)
		return -1;
	for (; db_next(rows); gone++) {
		struct db_arg name = db_text(db_get_text(rows, 0));
		AUTO_FREE char *path = xasprintf("%s/%s", folder, db_get_text(rows, 0));

		if (unlink(path) < 0 && errno != ENOENT)
			return err_set_errno(e, ERR_TEMP, errno, "cannot remove %s", path);
		if (db_exec(db, SQL_FORGET_UPLOAD, DB_ARGS(db_int(store), name), NULL, e) < 0)
			return -1;
	}
	return gone;
}

static int forget(struct db *db, int64_t store, struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(SQL_FORGET); i++) {
		if (db_exec(db, SQL_FORGET[i], DB_ARGS(db_int(store)), NULL, e) < 0) {
			db_rollback(db);
			return -1;
		}
	}
	return db_commit(db, e);
}

/* How many rows of any kind went; 0: it waits for the last videos. */
static int clear(struct db *db, const struct settings *s, int64_t store, const char *gone_id, struct err *e)
{
	AUTO_FREE char *folder = xasprintf("%s/%s", s->uploads_dir, gone_id);
	int n = clear_videos(db, store, e);

	if (n != 0)
		return n;
	n = has_videos(db, store, e);
	if (n != 0)
		return n < 0 ? -1 : 0;
	n = clear_uploads(db, store, folder, e);
	if (n != 0)
		return n;
	(void)rmdir(folder);
	return forget(db, store, e) < 0 ? -1 : 1;
}

int stores_clear(struct db *db, const struct settings *s, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	int all = 0, failed = 0;

	if (db_query(db, SQL_GONE, DB_ARGS(db_int(STORES_MAX)), &rows, e) < 0)
		return -1;
	while (all < VIDEOS_MAX && db_next(rows)) {
		int n = clear(db, s, db_get_int(rows, 0), db_get_text(rows, 1), e);

		if (n < 0)
			failed = n; /* the others are not to wait for it */
		else
			all += n;
	}
	return failed < 0 ? -1 : all;
}

/* Of those of one status. How many, -1. */
static int expire(struct db *db, const char *status, int64_t days, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	int gone = 0;

	if (db_query(db, SQL_EXPIRED, DB_ARGS(db_text(status), db_int(days), db_int(VIDEOS_MAX)), &rows, e) <
		0)
		return -1;
	while (db_next(rows)) {
		struct uuid id;
		int r = db_get_uuid(rows, 0, &id) ? videos_delete_old(db, &id, status, days, e) : 0;

		if (r < 0)
			return -1;
		gone += r;
	}
	return gone;
}

int videos_expire(struct db *db, const struct settings *s, struct err *e)
{
	const struct {
		int status;
		int64_t days;
	} kept[] = {
		{STATUS_COMPLETED, s->keep_completed_days},
		{STATUS_FAILED, s->keep_failed_days},
		{STATUS_CANCELLED, s->keep_cancelled_days},
	};
	int all = 0;

	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		int n = kept[i].days > 0 ? expire(db, video_status_names[kept[i].status], kept[i].days, e)
					 : 0;

		if (n < 0)
			return -1;
		all += n;
	}
	return all;
}
