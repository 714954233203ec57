/*
 * What the daemon last heard of the vendors. A list is replaced as a whole in one transaction, so that
 * whoever reads it meanwhile sees the old one or the new one. What the vendor says too long to be stored is
 * cut or left out: one odd voice must not cost us all others.
 */
#include "lib/video/vendors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/db.h"
#include "lib/video/settings.h"
#include "lib/video/videos_priv.h"

/* Widths of the columns. */
#define ID_MAX      64
#define LABEL_MAX   200
#define WORD_MAX    32
#define PREVIEW_MAX 2048
#define DETAIL_MAX  2000
#define VOICES_MAX  10000

static const char SQL_ACCOUNT_FIRST[] =
	"INSERT IGNORE INTO vendors (name, state, checked_at) VALUES (?, ?, UTC_TIMESTAMP(3))";
/* What is not known now was perhaps known before. */
static const char SQL_ACCOUNT[] =
	"UPDATE vendors SET state = ?, balance_milli = COALESCE(?, balance_milli), "
	"concurrency = COALESCE(?, concurrency), detail = ?, checked_at = UTC_TIMESTAMP(3), "
	"answered_at = IF(? = 'ok', UTC_TIMESTAMP(3), answered_at) WHERE name = ?";
static const char SQL_ACCOUNTS[] =
	"SELECT name, state, balance_milli, concurrency, detail, " SQL_MS("checked_at") ", " SQL_MS(
		"answered_at") ", TIMESTAMPDIFF(MICROSECOND, answered_at, UTC_TIMESTAMP(3)) "
			       "DIV 1000 FROM vendors ORDER BY name";

#define VOICE_COLUMNS "id, name, category, gender, preview_url"
static const char SQL_VOICES_DELETE[] = "DELETE FROM voices";
static const char SQL_VOICE_INSERT[] =
	"REPLACE INTO voices (" VOICE_COLUMNS ", refreshed_at) VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3))";
static const char SQL_VOICES[] = "SELECT " VOICE_COLUMNS " FROM voices ORDER BY name, id LIMIT ?";
static const char SQL_VOICE[] = "SELECT " VOICE_COLUMNS " FROM voices WHERE id = ?";
static const char SQL_VOICE_ANY[] = "SELECT " VOICE_COLUMNS " FROM voices WHERE ? IS NULL OR gender = ? "
				    "ORDER BY category = 'premade' DESC, name, id LIMIT 1";
static const char SQL_VOICES_COUNT[] = "SELECT COUNT(*) FROM voices";

static const char SQL_MODELS_DELETE[] = "DELETE FROM speech_models";
static const char SQL_MODEL_INSERT[] =
	"REPLACE INTO speech_models (id, name, max_characters, cost_permille, refreshed_at) "
	"VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))";
static const char SQL_MODEL[] =
	"SELECT id, name, max_characters, cost_permille FROM speech_models WHERE id = ?";

/* At most that many characters of it; nothing of what is no text. Caller frees. */
static char *fitting(const char *text, size_t max)
{
	if (!text || !text_utf8_valid(text, strlen(text)))
		return NULL;
	return xstrndup(text, text_utf8_prefix(text, max));
}

/* One printable ASCII word: an id, a URL. */
static bool fits(const char *text, size_t max)
{
	size_t len = 0;

	while (text && text[len] > ' ' && text[len] < 0x7f)
		len++;
	return len > 0 && len <= max && text[len] == '\0';
}

typedef int fill_fn(struct db *db, const void *list, size_t count, struct err *e);

/* Deletes and fills in one transaction. */
static int replace_all(
	struct db *db, const char *delete_sql, fill_fn *fill, const void *list, size_t count, struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	if (db_exec(db, delete_sql, DB_NO_ARGS, NULL, e) == 0 && fill(db, list, count, e) == 0)
		return db_commit(db, e);
	db_rollback(db);
	return -1;
}

/* Accounts */

void vendor_account_done(struct vendor_account *a)
{
	free(a->detail);
	*a = (struct vendor_account){.name = ""};
}

void vendors_free(struct vendor_account *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		vendor_account_done(&list[i]);
	free(list);
}

int vendors_write(struct db *db, const struct vendor_account *a, struct err *e)
{
	AUTO_FREE char *detail = fitting(a->detail, DETAIL_MAX);
	struct db_arg name = db_text(a->name), state = db_text(a->state);

	if (db_exec(db, SQL_ACCOUNT_FIRST, DB_ARGS(name, state), NULL, e) < 0)
		return -1;
	return db_exec(db, SQL_ACCOUNT,
		DB_ARGS(state, a->balance_milli < 0 ? db_null() : db_int(a->balance_milli),
			a->concurrency <= 0 ? db_null() : db_int(a->concurrency), db_text(detail), state,
			name),
		NULL, e);
}

int vendors_list(struct db *db, struct vendor_account **ret, size_t *ret_count, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	struct vendor_account *list;
	size_t n = 0;

	if (db_query(db, SQL_ACCOUNTS, DB_NO_ARGS, &rows, e) < 0)
		return -1;
	list = xcalloc(db_row_count(rows) + 1, sizeof(*list));
	for (; db_next(rows); n++) {
		list[n] = (struct vendor_account){
			.balance_milli = db_is_null(rows, 2) ? -1 : db_get_int(rows, 2),
			.concurrency = db_get_int(rows, 3),
			.detail = xstrdup(db_get_text(rows, 4)),
			.checked_ms = db_get_int(rows, 5),
			.answered_ms = db_get_int(rows, 6),
			.age_ms = db_is_null(rows, 7) ? -1 : db_get_int(rows, 7),
		};
		(void)snprintf(list[n].name, sizeof(list[n].name), "%s", db_get_text(rows, 0));
		(void)snprintf(list[n].state, sizeof(list[n].state), "%s", db_get_text(rows, 1));
	}
	*ret = list;
	*ret_count = n;
	return 0;
}

/* Voices */

void vendor_voice_done(struct vendor_voice *v)
{
	free(v->id);
	free(v->name);
	free(v->category);
	free(v->gender);
	free(v->preview_url);
	*v = (struct vendor_voice){.id = NULL};
}

void vendor_voices_free(struct vendor_voice *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		vendor_voice_done(&list[i]);
	free(list);
}

static int fill_voices(struct db *db, const void *arg, size_t count, struct err *e)
{
	const struct vendor_voice *list = arg;

	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *name = fitting(list[i].name, LABEL_MAX);
		AUTO_FREE char *category = fitting(list[i].category, WORD_MAX);
		AUTO_FREE char *gender = fitting(list[i].gender, WORD_MAX);
		const char *preview = fits(list[i].preview_url, PREVIEW_MAX) ? list[i].preview_url : NULL;

		if (!fits(list[i].id, ID_MAX))
			continue;
		if (db_exec(db, SQL_VOICE_INSERT,
			    DB_ARGS(db_text(list[i].id), db_text(name ? name : list[i].id),
				    db_text(category ? category : ""), db_text(gender), db_text(preview)),
			    NULL, e) < 0)
			return -1;
	}
	return 0;
}

int vendor_voices_write(struct db *db, const struct vendor_voice *list, size_t count, struct err *e)
{
	return replace_all(db, SQL_VOICES_DELETE, fill_voices, list, count, e);
}

static struct vendor_voice read_voice(const struct db_rows *rows)
{
	return (struct vendor_voice){
		.id = xstrdup(db_get_text(rows, 0)),
		.name = xstrdup(db_get_text(rows, 1)),
		.category = xstrdup(db_get_text(rows, 2)),
		.gender = xstrdup(db_get_text(rows, 3)),
		.preview_url = xstrdup(db_get_text(rows, 4)),
	};
}

int vendor_voices_list(struct db *db, struct vendor_voice **ret, size_t *ret_count, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	struct vendor_voice *list;
	size_t n = 0;

	if (db_query(db, SQL_VOICES, DB_ARGS(db_int(VOICES_MAX)), &rows, e) < 0)
		return -1;
	list = xcalloc(db_row_count(rows) + 1, sizeof(*list));
	while (db_next(rows))
		list[n++] = read_voice(rows);
	*ret = list;
	*ret_count = n;
	return 0;
}

/* 1, 0, -1 */
static int find_voice(struct db *db, const char *sql, const struct db_arg *args, size_t nargs,
	struct vendor_voice *ret, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, sql, args, nargs, &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	*ret = read_voice(rows);
	return 1;
}

int vendor_voices_get(struct db *db, const char *id, struct vendor_voice *ret, struct err *e)
{
	return fits(id, ID_MAX) ? find_voice(db, SQL_VOICE, DB_ARGS(db_text(id)), ret, e) : 0;
}

int vendor_voices_any(struct db *db, const char *gender, struct vendor_voice *ret, struct err *e)
{
	return find_voice(db, SQL_VOICE_ANY, DB_ARGS(db_text(gender), db_text(gender)), ret, e);
}

int vendor_voices_count(struct db *db, int64_t *ret, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, SQL_VOICES_COUNT, DB_NO_ARGS, &rows, e) < 0)
		return -1;
	*ret = db_next(rows) ? db_get_int(rows, 0) : 0;
	return 0;
}

/* The id that the setting gives that name, or NULL. Caller frees. */
static char *configured(const char *presets, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = presets + strspn(presets, " "); *p; p += strspn(p, " ")) {
		size_t word = strcspn(p, " ");

		if (word > len && strncmp(p, name, len) == 0 && p[len] == '=')
			return xstrndup(p + len + 1, word - len - 1);
		p += word;
	}
	return NULL;
}

char *vendor_voices_next_preset(const char **at)
{
	const char *word = *at + strspn(*at, " ");

	*at = word + strcspn(word, " ");
	return *word ? xstrndup(word, strcspn(word, "= ")) : NULL;
}

/* The voices that every client may name, and whose voice it is where the setting does not say. */
static const struct preset {
	const char *name, *gender;
} presets[] = {
	{"default", NULL},
	{"female", "female"},
	{"male", "male"},
	{"young", "female"},
};

static int find_named(
	struct db *db, const struct settings *s, const char *name, struct vendor_voice *ret, struct err *e)
{
	AUTO_FREE char *id = configured(s->voice_presets, name);

	if (id)
		return vendor_voices_get(db, id, ret, e);
	for (size_t i = 0; i < ARRAY_LEN(presets); i++)
		if (strcmp(presets[i].name, name) == 0)
			return vendor_voices_any(db, presets[i].gender, ret, e);
	return vendor_voices_get(db, name, ret, e);
}

int vendor_voices_resolve(
	struct db *db, const struct settings *s, const char *name, char **ret_id, struct err *e)
{
	AUTO_VENDOR_VOICE voice = {.id = NULL};
	int found = find_named(db, s, name, &voice, e);
	int64_t count = 0;

	if (found == 1)
		*ret_id = steal_ptr(voice.id);
	if (found != 0)
		return found;
	if (vendor_voices_count(db, &count, e) < 0)
		return -1;
	return count > 0
		       ? 0
		       : err_set_http(e, ERR_TEMP, 503, "the list of voices was never read from the vendor");
}

/* Models */

static int fill_models(struct db *db, const void *arg, size_t count, struct err *e)
{
	const struct speech_model *list = arg;

	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *name = fitting(list[i].name, LABEL_MAX);

		if (!fits(list[i].id, ID_MAX))
			continue;
		if (db_exec(db, SQL_MODEL_INSERT,
			    DB_ARGS(db_text(list[i].id), db_text(name ? name : list[i].id),
				    db_int(list[i].max_characters), db_int(list[i].cost_permille)),
			    NULL, e) < 0)
			return -1;
	}
	return 0;
}

int speech_models_write(struct db *db, const struct speech_model *list, size_t count, struct err *e)
{
	return replace_all(db, SQL_MODELS_DELETE, fill_models, list, count, e);
}

int speech_models_get(struct db *db, const char *id, struct speech_model *ret, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, SQL_MODEL, DB_ARGS(db_text(id)), &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	*ret = (struct speech_model){
		.max_characters = db_get_int(rows, 2), .cost_permille = db_get_int(rows, 3)};
	(void)snprintf(ret->id, sizeof(ret->id), "%s", db_get_text(rows, 0));
	(void)snprintf(ret->name, sizeof(ret->name), "%s", db_get_text(rows, 1));
	return 1;
}
