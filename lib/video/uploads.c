/*
 * The table of uploads. Whoever adds one locks its store's row first, so that two at once do not both find
 * room for one. Whoever removes one locks its row, looks once more, and removes the file before the row: an
 * upload of the same content waits meanwhile, and then makes both anew. A request that names a file marks it
 * as used before it refers to it, so that what is looked at for references was named by nobody for days.
 */
#include "lib/video/uploads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/video/settings.h"

#define SWEEP_MAX        10   /* files a call: somebody waits for it */
#define INCOMING_AGE_SEC 3600 /* of a file that nobody has written to for so long */

static const char SQL_USED[] =
	"SELECT CAST(COALESCE(SUM(bytes), 0) AS SIGNED) FROM uploads WHERE store_id = ?";
static const char SQL_LOCK_STORE[] = "SELECT id FROM stores WHERE public_id = ? FOR UPDATE";
static const char SQL_AGAIN[] =
	"UPDATE uploads SET last_used = UTC_TIMESTAMP(3) WHERE store_id = ? AND name = ?";
static const char SQL_INSERT[] = "INSERT INTO uploads (store_id, name, bytes, created_at, last_used) "
				 "VALUES (?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))";
static const char SQL_TOUCH[] = "UPDATE uploads u JOIN stores s ON s.id = u.store_id "
				"SET u.last_used = UTC_TIMESTAMP(3) WHERE s.public_id = ? AND u.name = ?";
#define IS_STALE "last_used < UTC_TIMESTAMP(3) - INTERVAL ? DAY"
static const char SQL_STALEST[] =
	"SELECT u.store_id, s.public_id, u.name FROM uploads u JOIN stores s ON s.id = u.store_id "
	"WHERE u." IS_STALE " AND s.gone_id IS NULL ORDER BY u.last_used LIMIT ?";
static const char SQL_LOCK_STALE[] =
	"SELECT 1 FROM uploads WHERE store_id = ? AND name = ? AND " IS_STALE " FOR UPDATE";
static const char SQL_DELETE[] = "DELETE FROM uploads WHERE store_id = ? AND name = ?";
/* Whatever may name a file: a new place for addresses is a new line here. */
static const char *const SQL_REFERRERS[] = {
	"SELECT 1 FROM stores WHERE id = ? AND LOCATE(?, brand) > 0",
	"SELECT 1 FROM products WHERE store_id = ? AND LOCATE(?, images) > 0 LIMIT 1",
	"SELECT 1 FROM videos WHERE store_id = ? AND LOCATE(?, CONCAT_WS(' ', look, brand)) > 0 LIMIT 1",
	"SELECT 1 FROM scenes c JOIN videos v ON v.id = c.video_id WHERE v.store_id = ? AND c.image_url = ? "
	"LIMIT 1",
};

static const struct upload_type types[] = {
	{"audio/mpeg", "mp3"},
	{"audio/wav", "wav"},
	{"audio/mp4", "m4a"},
	{"audio/ogg", "ogg"},
	{"audio/flac", "flac"},
	{"image/jpeg", "jpg"},
	{"image/png", "png"},
	{"image/webp", "webp"},
};

const struct upload_type *uploads_type(const char *content_type)
{
	size_t n = strcspn(content_type, "; \t");

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strlen(types[i].name) == n && strncasecmp(content_type, types[i].name, n) == 0)
			return &types[i];
	}
	return NULL;
}

/* The first column of the first row. 1, 0 there is none, -1. */
static int find_number(struct db *db, const char *sql, const struct db_arg *args, size_t n,
	int64_t *ret_number, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, sql, args, n, &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	*ret_number = db_get_int(rows, 0);
	return 1;
}

static int insert(
	struct db *db, const struct settings *s, const struct upload *u, int64_t store, struct err *e)
{
	int64_t used = 0;

	if (find_number(db, SQL_USED, DB_ARGS(db_int(store)), &used, e) < 0)
		return -1;
	if (u->bytes > s->upload_store_mb * 1024 * 1024 - used)
		return err_set_http(e, ERR_PERM, 413, "the store has no room for it");
	return db_exec(db, SQL_INSERT, DB_ARGS(db_int(store), db_text(u->name), db_int(u->bytes)), NULL, e);
}

static int put_in_transaction(struct db *db, const struct settings *s, const struct upload *u, struct err *e)
{
	int64_t store = 0;
	uint64_t there = 0;
	int found = find_number(db, SQL_LOCK_STORE, DB_ARGS(db_text(u->store)), &store, e);

	if (found <= 0)
		return found < 0 ? -1 : err_set_http(e, ERR_PERM, 404, "unknown store");
	if (db_exec(db, SQL_AGAIN, DB_ARGS(db_int(store), db_text(u->name)), &there, e) < 0)
		return -1;
	if (there > 0)
		return 0;
	return insert(db, s, u, store, e) < 0 ? -1 : 1;
}

static int put_once(struct db *db, const struct settings *s, const struct upload *u, struct err *e)
{
	int is_new;

	if (db_begin(db, e) < 0)
		return -1;
	is_new = put_in_transaction(db, s, u, e);
	if (is_new < 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e) < 0 ? -1 : is_new;
}

int uploads_put(struct db *db, const struct settings *s, const struct upload *u, struct err *e)
{
	int r = put_once(db, s, u, e);

	/* A connection that had gone stale, or a deadlock, costs one more try. */
	return r < 0 && e->kind == ERR_TEMP ? put_once(db, s, u, e) : r;
}

int uploads_touch(struct db *db, const char *store, const char *name, struct err *e)
{
	uint64_t there = 0;

	if (db_exec(db, SQL_TOUCH, DB_ARGS(db_text(store), db_text(name)), &there, e) < 0)
		return -1;
	return there > 0;
}

/* One that has been of no use for long. */
struct stale {
	int64_t store;               /* its number */
	const char *store_id, *name; /* borrowed */
};

static int is_referred_to(struct db *db, const struct stale *t, struct err *e)
{
	AUTO_FREE char *url = xasprintf(OWN_UPLOADS "%s/%s", t->store_id, t->name);
	int64_t ignored;
	int found = 0;

	for (size_t i = 0; found == 0 && i < ARRAY_LEN(SQL_REFERRERS); i++)
		found = find_number(
			db, SQL_REFERRERS[i], DB_ARGS(db_int(t->store), db_text(url)), &ignored, e);
	return found;
}

static int remove_file(const struct settings *s, const struct stale *t, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/%s/%s", s->uploads_dir, t->store_id, t->name);

	if (unlink(path) < 0 && errno != ENOENT)
		return err_set_errno(e, ERR_TEMP, errno, "cannot remove %s", path);
	return 0;
}

/* 1 it is gone, 0 it stays, -1. */
static int judge(struct db *db, const struct settings *s, const struct stale *t, struct err *e)
{
	struct db_arg store = db_int(t->store), name = db_text(t->name);
	int64_t ignored;
	int r = find_number(
		db, SQL_LOCK_STALE, DB_ARGS(store, name, db_int(s->upload_keep_days)), &ignored, e);

	if (r <= 0)
		return r; /* somebody else was here */
	r = is_referred_to(db, t, e);
	if (r < 0)
		return -1;
	if (r > 0)
		return db_exec(db, SQL_AGAIN, DB_ARGS(store, name), NULL, e);
	if (remove_file(s, t, e) < 0)
		return -1;
	return db_exec(db, SQL_DELETE, DB_ARGS(store, name), NULL, e) < 0 ? -1 : 1;
}

static int sweep_one(struct db *db, const struct settings *s, const struct stale *t, struct err *e)
{
	int gone;

	if (db_begin(db, e) < 0)
		return -1;
	gone = judge(db, s, t, e);
	if (gone < 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e) < 0 ? -1 : gone;
}

int uploads_sweep(struct db *db, const struct settings *s, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	int gone = 0;

	if (db_query(db, SQL_STALEST, DB_ARGS(db_int(s->upload_keep_days), db_int(SWEEP_MAX)), &rows, e) < 0)
		return -1;
	while (db_next(rows)) {
		struct stale t = {.store = db_get_int(rows, 0),
			.store_id = db_get_text(rows, 1),
			.name = db_get_text(rows, 2)};
		int r = sweep_one(db, s, &t, e);

		if (r < 0)
			return -1;
		gone += r;
	}
	return gone;
}

static bool is_abandoned(int folder, const char *file)
{
	struct stat st;

	return fstatat(folder, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_mtime < time(NULL) - INCOMING_AGE_SEC;
}

int uploads_sweep_incoming(const struct settings *s, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/" UPLOADS_INCOMING, s->uploads_dir);
	DIR *dir = opendir(path);
	int gone = 0;

	if (!dir)
		return errno == ENOENT ? 0 : err_set_errno(e, ERR_TEMP, errno, "cannot open %s", path);
	for (const struct dirent *entry; (entry = readdir(dir));) {
		if (is_abandoned(dirfd(dir), entry->d_name) && unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			gone++;
	}
	(void)closedir(dir);
	return gone;
}
