/*
 * Recorded orphans. Whoever takes one moves its time first, and by that another daemon sees that it is
 * taken; a daemon that dies over it leaves it due in a minute.
 */
#include "lib/video/orphans.h"

#include <stdio.h>

#include "lib/base/err.h"
#include "lib/io/db.h"

static const char SQL_ADD[] = "INSERT INTO orphans (storage_key, due_at, created_at) "
			      "VALUES (?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)) "
			      "ON DUPLICATE KEY UPDATE due_at = UTC_TIMESTAMP(3)";
static const char SQL_DUE[] = "SELECT storage_key, tries FROM orphans WHERE due_at <= UTC_TIMESTAMP(3) "
			      "ORDER BY due_at LIMIT ?";
static const char SQL_TAKE[] = "UPDATE orphans SET due_at = UTC_TIMESTAMP(3) + INTERVAL 60 SECOND "
			       "WHERE storage_key = ? AND due_at <= UTC_TIMESTAMP(3)";
static const char SQL_DONE[] = "DELETE FROM orphans WHERE storage_key = ?";
static const char SQL_FAILED[] =
	"UPDATE orphans SET due_at = UTC_TIMESTAMP(3) + INTERVAL ? * 1000 MICROSECOND, "
	"tries = tries + 1, last_error = LEFT(?, 1000) WHERE storage_key = ?";

int orphans_add(struct db *db, const char *const *keys, size_t count, struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (db_exec(db, SQL_ADD, DB_ARGS(db_text(keys[i])), NULL, e) < 0) {
			db_rollback(db);
			return -1;
		}
	}
	return db_commit(db, e);
}

int orphans_take(struct db *db, struct orphan_due *ret, size_t max, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	int taken = 0;

	if (db_query(db, SQL_DUE, DB_ARGS(db_int((int64_t)max)), &rows, e) < 0)
		return -1;
	while (db_next(rows)) {
		const char *key = db_get_text(rows, 0);
		uint64_t ours = 0;

		if (db_exec(db, SQL_TAKE, DB_ARGS(db_text(key)), &ours, e) < 0)
			return -1;
		if (ours == 0)
			continue;
		(void)snprintf(ret[taken].key, sizeof(ret[taken].key), "%s", key);
		ret[taken++].tries = db_get_int(rows, 1);
	}
	return taken;
}

int orphans_done(struct db *db, const char *key, struct err *e)
{
	return db_exec(db, SQL_DONE, DB_ARGS(db_text(key)), NULL, e);
}

int orphans_failed(struct db *db, const char *key, int64_t delay_ms, const char *why, struct err *e)
{
	return db_exec(db, SQL_FAILED, DB_ARGS(db_int(delay_ms), db_text(why), db_text(key)), NULL, e);
}
