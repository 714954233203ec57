/*
 * Checks of the storage in the database. One that its daemon has left is taken over when it was silent for a
 * minute; it begins again, since nothing of it is worth keeping.
 */
#include "lib/video/checks.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/db.h"
#include "lib/video/video.h"

static const char *const state_names[CHECK_STATE_COUNT] = {
	[CHECK_WANTED] = "wanted",
	[CHECK_RUNNING] = "running",
	[CHECK_DONE] = "done",
	[CHECK_FAILED] = "failed",
};

static const char SQL_ASK[] = "INSERT INTO storage_checks (repair, asked_at, seen_at) "
			      "VALUES (?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))";
static const char SQL_ASKED[] = "SELECT LAST_INSERT_ID()";
static const char SQL_LOOK[] = "SELECT state, report FROM storage_checks WHERE id = ?";
#define NOBODY_IS_AT_IT                                                                                      \
	"(state = 'wanted' OR (state = 'running' AND seen_at < UTC_TIMESTAMP(3) - INTERVAL 60 SECOND))"
static const char SQL_OLDEST[] =
	"SELECT id, repair FROM storage_checks WHERE " NOBODY_IS_AT_IT " ORDER BY id LIMIT 1";
static const char SQL_TAKE[] = "UPDATE storage_checks SET state = 'running', seen_at = UTC_TIMESTAMP(3) "
			       "WHERE id = ? AND " NOBODY_IS_AT_IT;
static const char SQL_ALIVE[] =
	"UPDATE storage_checks SET seen_at = UTC_TIMESTAMP(3) WHERE id = ? AND state = 'running'";
static const char SQL_END[] = "UPDATE storage_checks SET state = ?, report = ? WHERE id = ?";

#define VIDEO_STATE "id, status = 'completed' AND deleted_at IS NULL, status <> 'completed', outputs"
static const char SQL_VIDEO[] = "SELECT " VIDEO_STATE " FROM videos WHERE id = ?";
static const char SQL_NEXT[] = "SELECT " VIDEO_STATE " FROM videos WHERE id > ? AND (? IS NULL OR id < ?) "
			       "AND status = 'completed' AND deleted_at IS NULL ORDER BY id LIMIT 1";
static const char SQL_BOUGHT[] = "SELECT 1 FROM purchases WHERE artefact = ? AND state <> 'removed' LIMIT 1";

int checks_ask(struct db *db, bool repair, int64_t *ret_id, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_exec(db, SQL_ASK, DB_ARGS(db_int(repair)), NULL, e) < 0 ||
		db_query(db, SQL_ASKED, DB_NO_ARGS, &rows, e) < 0)
		return -1;
	*ret_id = db_next(rows) ? db_get_int(rows, 0) : 0;
	return 0;
}

int checks_look(struct db *db, int64_t id, int *ret_state, char **ret_report, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, SQL_LOOK, DB_ARGS(db_int(id)), &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	*ret_state = names_find(state_names, CHECK_STATE_COUNT, db_get_text(rows, 0));
	*ret_report = xstrdup(db_get_text(rows, 1));
	return 1;
}

int checks_take(struct db *db, int64_t *ret_id, bool *ret_repair, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	uint64_t ours = 0;

	if (db_query(db, SQL_OLDEST, DB_NO_ARGS, &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	*ret_id = db_get_int(rows, 0);
	*ret_repair = db_get_int(rows, 1) != 0;
	if (db_exec(db, SQL_TAKE, DB_ARGS(db_int(*ret_id)), &ours, e) < 0)
		return -1;
	return ours > 0;
}

int checks_alive(struct db *db, int64_t id, struct err *e)
{
	return db_exec(db, SQL_ALIVE, DB_ARGS(db_int(id)), NULL, e);
}

int checks_end(struct db *db, int64_t id, enum check_state state, const char *report, struct err *e)
{
	return db_exec(
		db, SQL_END, DB_ARGS(db_text(state_names[state]), db_text(report), db_int(id)), NULL, e);
}

void check_video_done(struct check_video *v)
{
	free(v->outputs);
	*v = (struct check_video){.outputs = NULL};
}

static int read_video(struct db_rows *rows, struct check_video *ret)
{
	if (!db_next(rows))
		return 0;
	(void)db_get_uuid(rows, 0, &ret->id);
	ret->is_completed = db_get_int(rows, 1) != 0;
	ret->is_under_way = db_get_int(rows, 2) != 0;
	free(ret->outputs);
	ret->outputs = xstrdup(db_get_text(rows, 3));
	return 1;
}

int checks_video(struct db *db, const struct uuid *id, struct check_video *ret, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	return db_query(db, SQL_VIDEO, DB_ARGS(db_uuid(id)), &rows, e) < 0 ? -1 : read_video(rows, ret);
}

int checks_next(struct db *db, const struct uuid *after, const struct uuid *before, struct check_video *ret,
	struct err *e)
{
	AUTO(db_rows) rows = NULL;
	struct db_arg end = before ? db_uuid(before) : db_null();

	return db_query(db, SQL_NEXT, DB_ARGS(db_uuid(after), end, end), &rows, e) < 0
		       ? -1
		       : read_video(rows, ret);
}

int checks_bought(struct db *db, const char *artefact, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	return db_query(db, SQL_BOUGHT, DB_ARGS(db_text(artefact)), &rows, e) < 0 ? -1 : db_next(rows);
}
