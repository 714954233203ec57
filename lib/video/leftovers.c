/*
 * Which published files are of no use. A later revision than the one that stays may be on its way up while
 * this is asked, so only what is older, or not named, goes.
 */
#include "lib/video/leftovers.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/db.h"

static const char SQL_ADD[] =
	"REPLACE INTO leftovers (video_id, revision, attempt, due_at) "
	"SELECT id, revision, 0, UTC_TIMESTAMP(3) + INTERVAL ? SECOND FROM videos WHERE id = ?";
static const char SQL_DUE[] = "SELECT l.video_id, l.revision, v.outputs FROM leftovers l "
			      "JOIN videos v ON v.id = l.video_id WHERE l.due_at <= UTC_TIMESTAMP(3) "
			      "AND v.deleted_at IS NULL ORDER BY l.due_at LIMIT 1";
static const char SQL_TAKE[] =
	"UPDATE leftovers SET due_at = UTC_TIMESTAMP(3) + INTERVAL LEAST(3600, 30 << LEAST(attempt, 7)) "
	"SECOND, attempt = attempt + 1 WHERE video_id = ? AND revision = ? AND due_at <= UTC_TIMESTAMP(3)";
static const char SQL_ONCE_MORE[] =
	"UPDATE leftovers SET is_last = 1, attempt = 0, due_at = UTC_TIMESTAMP(3) + INTERVAL ? SECOND "
	"WHERE video_id = ? AND revision = ? AND is_last = 0";
static const char SQL_GONE[] = "DELETE FROM leftovers WHERE video_id = ? AND revision = ?";

void leftover_done(struct leftover *l)
{
	outputs_done(&l->named);
}

int leftovers_add(struct db *db, const struct uuid *video_id, int64_t delay_sec, struct err *e)
{
	return db_exec(db, SQL_ADD, DB_ARGS(db_int(delay_sec), db_uuid(video_id)), NULL, e);
}

int leftovers_take(struct db *db, struct leftover *ret, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	AUTO_LEFTOVER l = {.revision = 0};
	uint64_t matched = 0;

	if (db_query(db, SQL_DUE, NULL, 0, &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	(void)db_get_uuid(rows, 0, &l.video_id);
	l.revision = db_get_int(rows, 1);
	if (db_exec(db, SQL_TAKE, DB_ARGS(db_uuid(&l.video_id), db_int(l.revision)), &matched, e) < 0)
		return -1;
	if (matched == 0) /* another daemon was faster */
		return 0;
	if (outputs_read(db_get_text(rows, 2), &l.named, e) < 0)
		return -1;
	*ret = l;
	l.named = (struct outputs){0};
	return 1;
}

int leftovers_gone(struct db *db, const struct leftover *l, struct err *e)
{
	struct db_arg video = db_uuid(&l->video_id), revision = db_int(l->revision);
	uint64_t again = 0;

	if (db_exec(db, SQL_ONCE_MORE, DB_ARGS(db_int(LEFTOVERS_LAST_SEC), video, revision), &again, e) < 0)
		return -1;
	return again > 0 ? 0 : db_exec(db, SQL_GONE, DB_ARGS(video, revision), NULL, e);
}

/* The revision that a key is of; -1: of none, as in the days when names were digests. */
static int64_t revision_of(const struct leftover *l, const char *key)
{
	char prefix[OUTPUTS_PREFIX_SIZE], number[24];
	const char *from = key, *end;
	int64_t revision;

	outputs_prefix(&l->video_id, prefix);
	if (strncmp(key, prefix, strlen(prefix)) != 0)
		return -1;
	from += strlen(prefix);
	end = strchr(from, '/');
	if (!end || (size_t)(end - from) >= sizeof(number))
		return -1;
	(void)snprintf(number, sizeof(number), "%.*s", (int)(end - from), from);
	return text_to_i64(number, 0, INT64_MAX, &revision) ? revision : -1;
}

struct search {
	const char *prefix;
	bool found;
};

static void look_at_key(const char *key, void *arg)
{
	struct search *s = arg;

	s->found = s->found || strncmp(key, s->prefix, strlen(s->prefix)) == 0;
}

static bool names_any_below(const struct leftover *l, const char *prefix)
{
	struct search s = {.prefix = prefix};

	outputs_keys(&l->named, look_at_key, &s);
	return s.found;
}

char *leftover_of(const struct leftover *l, const char *key)
{
	char prefix[OUTPUTS_PREFIX_SIZE];
	int64_t revision = revision_of(l, key);

	if (revision > l->revision || outputs_have(&l->named, key))
		return NULL;
	if (revision < 0)
		return xstrdup(key);
	outputs_revision_prefix(&l->video_id, revision, prefix);
	return xstrdup(names_any_below(l, prefix) ? key : prefix);
}

char *leftover_revision(const struct leftover *l, int64_t before)
{
	char prefix[OUTPUTS_PREFIX_SIZE];

	if (l->revision - before < 1)
		return NULL;
	outputs_revision_prefix(&l->video_id, l->revision - before, prefix);
	return names_any_below(l, prefix) ? NULL : xstrdup(prefix);
}
