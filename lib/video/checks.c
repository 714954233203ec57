/*
 * Checks of the storage in the database. One that its daemon has left is taken over when it was silent for a
 * minute; it begins again, since nothing of it is worth keeping.
 */
#include "lib/video/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/db.h"
#include "lib/video/orphans.h"
#include "lib/video/outputs.h"

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
	"((state = 'wanted' AND asked_at > UTC_TIMESTAMP(3) - INTERVAL 10 MINUTE) OR "                       \
	"(state = 'running' AND seen_at < UTC_TIMESTAMP(3) - INTERVAL 60 SECOND))"
static const char SQL_OLDEST[] =
	"SELECT id, repair FROM storage_checks WHERE " NOBODY_IS_AT_IT " ORDER BY id LIMIT 1";
static const char SQL_TAKE[] = "UPDATE storage_checks SET state = 'running', seen_at = UTC_TIMESTAMP(3) "
			       "WHERE id = ? AND " NOBODY_IS_AT_IT;
static const char SQL_ALIVE[] =
	"UPDATE storage_checks SET seen_at = UTC_TIMESTAMP(3) WHERE id = ? AND state = 'running'";
static const char SQL_END[] = "UPDATE storage_checks SET state = ?, report = ? WHERE id = ?";

#define ENDED                                                                                                \
	"v.status IN ('completed', 'failed', 'cancelled') AND v.deleted_at IS NULL AND v.updated_at < "      \
	"(SELECT asked_at FROM storage_checks WHERE id = ?)"
static const char SQL_VIDEO[] =
	"SELECT v.id, " ENDED ", v.status = 'completed', v.outputs FROM videos v WHERE v.id = ?";
static const char SQL_NEXT[] =
	"SELECT v.id, 1, v.status = 'completed', v.outputs FROM videos v WHERE " ENDED
	" AND v.id > ? AND (? IS NULL OR v.id < ?) AND v.outputs IS NOT NULL ORDER BY v.id LIMIT 1";
static const char SQL_NAMES[] =
	"SELECT status <> 'completed' OR deleted_at IS NOT NULL, outputs FROM videos WHERE id = ?";
static const char SQL_BOUGHT[] = "SELECT 1 FROM purchases WHERE artefact = ? AND state <> 'removed' LIMIT 1";
static const char SQL_WITHDRAW[] = "DELETE FROM storage_checks WHERE id = ? AND state = 'wanted'";
static const char SQL_PRUNE[] = "DELETE FROM storage_checks WHERE state IN ('done', 'failed', 'wanted') AND "
				"asked_at < UTC_TIMESTAMP(3) - INTERVAL 30 DAY";

#define VIDEOS_PREFIX "videos/"
#define BOUGHT_PREFIX "bought/"
#define BESIDE_SUFFIX ".json" /* what is known of a bought file lies beside it */

int checks_ask(struct db *db, bool repair, int64_t *ret_id, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_exec(db, SQL_PRUNE, DB_NO_ARGS, NULL, e) < 0 ||
		db_exec(db, SQL_ASK, DB_ARGS(db_int(repair)), NULL, e) < 0 ||
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

int checks_withdraw(struct db *db, int64_t id, struct err *e)
{
	uint64_t withdrawn = 0;

	return db_exec(db, SQL_WITHDRAW, DB_ARGS(db_int(id)), &withdrawn, e) < 0 ? -1 : withdrawn > 0;
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
	ret->has_ended = db_get_int(rows, 1) != 0;
	ret->is_completed = db_get_int(rows, 2) != 0;
	free(ret->outputs);
	ret->outputs = xstrdup(db_get_text(rows, 3));
	return 1;
}

int checks_video(struct db *db, int64_t check, const struct uuid *id, struct check_video *ret, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	return db_query(db, SQL_VIDEO, DB_ARGS(db_int(check), db_uuid(id)), &rows, e) < 0
		       ? -1
		       : read_video(rows, ret);
}

int checks_next(struct db *db, int64_t check, const struct uuid *after, const struct uuid *before,
	struct check_video *ret, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	struct db_arg end = before ? db_uuid(before) : db_null();

	return db_query(db, SQL_NEXT, DB_ARGS(db_int(check), db_uuid(after), end, end), &rows, e) < 0
		       ? -1
		       : read_video(rows, ret);
}

bool checks_read_key(const char *key, struct uuid *ret_video_id)
{
	static const char ours[] = "abcdefghijklmnopqrstuvwxyz0123456789-./";
	const char *from = key + strlen(VIDEOS_PREFIX);
	char text[UUID_TEXT_SIZE] = "", prefix[OUTPUTS_PREFIX_SIZE];
	size_t n = strlen(key);

	if (strncmp(key, VIDEOS_PREFIX, strlen(VIDEOS_PREFIX)) != 0 || n >= ORPHANS_KEY_SIZE ||
		strspn(key, ours) != n || key[n - 1] == '/' || strlen(from) < sizeof(text))
		return false;
	memcpy(text, from, sizeof(text) - 1);
	if (!uuid_parse_text(text, ret_video_id))
		return false;
	outputs_prefix(ret_video_id, prefix); /* in the form that we write, and no other */
	return strncmp(key, prefix, strlen(prefix)) == 0;
}

bool checks_read_bought_key(const char *key)
{
	static const char small[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	const char *from = key + strlen(BOUGHT_PREFIX), *rest;
	char text[UUID_TEXT_SIZE] = "", again[UUID_TEXT_SIZE];
	struct uuid id;
	size_t n;

	if (strncmp(key, BOUGHT_PREFIX, strlen(BOUGHT_PREFIX)) != 0 || strlen(key) >= ORPHANS_KEY_SIZE ||
		strlen(from) < 3 + sizeof(text) || from[2] != '/' || strncmp(from, from + 3, 2) != 0)
		return false;
	memcpy(text, from + 3, sizeof(text) - 1);
	if (!uuid_parse_text(text, &id))
		return false;
	uuid_format(&id, again);
	rest = from + 3 + strlen(text);
	n = strspn(rest + 1, "0123456789abcdef");
	if (strcmp(text, again) != 0 || rest[0] != '-' || n == 0 || rest[n + 1] != '.')
		return false;
	rest += n + 2;
	n = strspn(rest, small);
	return n > 0 && (rest[n] == '\0' || strcmp(rest + n, BESIDE_SUFFIX) == 0);
}

static int names_published(struct db *db, const struct uuid *id, const char *key, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	AUTO_OUTPUTS named = {0};
	struct err unreadable;

	if (db_query(db, SQL_NAMES, DB_ARGS(db_uuid(id)), &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	return db_get_int(rows, 0) != 0 || outputs_read(db_get_text(rows, 1), &named, &unreadable) < 0 ||
	       outputs_have(&named, key);
}

static int names_bought(struct db *db, const char *key, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	AUTO_FREE char *artefact = xstrdup(key + strlen(BOUGHT_PREFIX));
	size_t n = strlen(artefact), suffix = strlen(BESIDE_SUFFIX);

	if (n > suffix && strcmp(artefact + n - suffix, BESIDE_SUFFIX) == 0)
		artefact[n - suffix] = '\0';
	return db_query(db, SQL_BOUGHT, DB_ARGS(db_text(artefact)), &rows, e) < 0 ? -1 : db_next(rows);
}

/* Whether it is all of a video: "videos/<id>/". No listing gives it, only a video's removal does. */
static bool is_folder(const char *key, struct uuid *ret_video_id)
{
	char text[UUID_TEXT_SIZE] = "", prefix[OUTPUTS_PREFIX_SIZE];

	if (strncmp(key, VIDEOS_PREFIX, strlen(VIDEOS_PREFIX)) != 0)
		return false;
	(void)snprintf(text, sizeof(text), "%s", key + strlen(VIDEOS_PREFIX));
	if (!uuid_parse_text(text, ret_video_id))
		return false;
	outputs_prefix(ret_video_id, prefix);
	return strcmp(key, prefix) == 0;
}

static int is_there(struct db *db, const struct uuid *video_id, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	return db_query(db, SQL_NAMES, DB_ARGS(db_uuid(video_id)), &rows, e) < 0 ? -1 : db_next(rows);
}

int checks_names(struct db *db, const char *key, struct err *e)
{
	struct uuid id;

	if (is_folder(key, &id))
		return is_there(db, &id, e);

	if (strncmp(key, BOUGHT_PREFIX, strlen(BOUGHT_PREFIX)) == 0)
		return checks_read_bought_key(key) ? names_bought(db, key, e) : 1;
	return checks_read_key(key, &id) ? names_published(db, &id, key, e) : 1;
}
