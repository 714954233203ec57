/*
 * The ledger as a step sees it: looked up, intended, answered, kept. A purchase moves forward only, each move
 * names the states that it may come from, and what moves under a lease proves it first; so a daemon that was
 * stopped in the middle finds on its return that nothing is its own any more. What runs beside the steps is
 * in purchases_upkeep.c.
 *
 * An artefact is used by locking its row first, and given up by locking the same row: purchases_use and
 * purchases_release can not both succeed.
 */
#include "lib/video/purchases.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/base/text.h"
#include "lib/io/db.h"
#include "lib/video/estimate.h"
#include "lib/video/jobs_priv.h"
#include "lib/video/purchases_priv.h"

#define DETAIL_MAX 2000 /* characters */

const char *const purchase_state_names[PURCHASE_STATE_COUNT] = {
	[PURCHASE_INTENDED] = "intended",
	[PURCHASE_KNOWN] = "known",
	[PURCHASE_KEPT] = "kept",
	[PURCHASE_UNKNOWN] = "unknown",
	[PURCHASE_WRITTEN_OFF] = "written_off",
	[PURCHASE_REFUSED] = "refused",
	[PURCHASE_FAILED] = "failed",
	[PURCHASE_CANCELLED] = "cancelled",
	[PURCHASE_REMOVING] = "removing",
	[PURCHASE_REMOVED] = "removed",
};

/*
 * The video's own, rather by what was asked for. One of another item (the scene has moved since) counts
 * unless this very claim works on it there: a second scene with the same content buys its own.
 */
static const char SQL_FIND_OWN[] =
	"SELECT " PURCHASE_COLUMNS
	" FROM purchases p WHERE p.video_id = ? AND p.kind = ? AND (p.request_hash = ? OR "
	"p.input_hash = ?) AND p.state IN ('intended', 'known', 'kept', 'unknown') "
	"AND (p.item = ? OR p.state IN ('kept', 'unknown') OR p.token <> ?) "
	"ORDER BY p.request_hash = ? DESC, p.item = ? DESC, p.state = 'kept' DESC, p.created_at DESC, p.id "
	"LIMIT 1";
static const char SQL_FIND_EQUAL[] =
	"SELECT " PURCHASE_COLUMNS
	" FROM purchases p JOIN videos v ON v.store_id = p.store_id WHERE v.id = ? AND p.kind = ? "
	"AND p.input_hash = ? AND p.state = 'kept' ORDER BY p.created_at DESC, p.id LIMIT 1";
static const char SQL_TAKE_UP[] = "UPDATE purchases SET item = ?, token = ? WHERE id = ? AND state = 'known'";
static const char SQL_INTEND[] =
	"INSERT INTO purchases (id, video_id, store_id, vendor, kind, item, request_hash, input_hash, "
	"state, token, request, estimate_milli, created_at) "
	"SELECT ?, id, store_id, ?, ?, ?, ?, ?, 'intended', ?, ?, ?, UTC_TIMESTAMP(3) FROM videos WHERE id = "
	"?";
/* Of what was written off a repeat is under way: the task is to be ended, and for the artefact, which is paid
 * for, purchases_release asks whether its video is still there. Set before the state, of which it speaks. */
static const char SQL_ANSWERED[] =
	"UPDATE purchases SET cancel_req = IF(state = 'written_off' AND ?, 1, cancel_req), state = ?, "
	"vendor_id = COALESCE(?, vendor_id), "
	"estimate_milli = COALESCE(?, estimate_milli), cost_milli = COALESCE(?, cost_milli), "
	"detail = COALESCE(?, detail), artefact = COALESCE(?, artefact), bytes = COALESCE(?, bytes), "
	"result = COALESCE(?, result), known_at = IF(?, UTC_TIMESTAMP(3), known_at), ended_at = IF(?, "
	"UTC_TIMESTAMP(3), NULL) "
	"WHERE id = ? AND token = ? AND (state IN ('intended', 'unknown') OR (state = 'written_off' AND ?))";
static const char SQL_SAME_ANSWER[] =
	"SELECT 1 FROM purchases WHERE id = ? AND token = ? AND state = ? AND (? IS NULL OR vendor_id = ?)";
/* Of one that is fetched once more no storage has a copy yet: it has another name. */
static const char SQL_KEPT[] =
	"UPDATE purchases SET state = 'kept', cancel_req = 0, vendor_id = COALESCE(?, vendor_id), artefact = "
	"?, "
	"bytes = ?, stored_in = NULL, result = ?, cost_milli = COALESCE(?, cost_milli), "
	"known_at = COALESCE(known_at, UTC_TIMESTAMP(3)), ended_at = UTC_TIMESTAMP(3) "
	"WHERE id = ? AND state NOT IN ('removing', 'removed')";
static const char SQL_LOST[] = "UPDATE purchases SET state = ?, cost_milli = COALESCE(?, cost_milli), "
			       "detail = COALESCE(?, detail), ended_at = IF(state = 'unknown', NULL, "
			       "UTC_TIMESTAMP(3)) WHERE id = ? AND "
			       "state IN ('intended', 'known', 'unknown', 'kept')";
static const char SQL_LOCK_KEPT[] = "UPDATE purchases SET bytes = bytes WHERE id = ? AND state = 'kept'";
/* What the step used before may be of no use to anybody now. */
static const char SQL_USED_BEFORE[] =
	"UPDATE purchases p JOIN purchase_uses u ON u.purchase_id = p.id SET p.cancel_req = 1 "
	"WHERE u.video_id = ? AND u.kind = ? AND u.item = ? AND p.id <> ? AND p.state = 'kept'";
static const char SQL_USE[] =
	"REPLACE INTO purchase_uses (video_id, kind, item, purchase_id) VALUES (?, ?, ?, ?)";
/* A live claim's intent waits for its answer: only the claim itself may say that none came. */
static const char SQL_MOVE_UNKNOWN[] =
	"UPDATE purchases SET state = 'unknown' WHERE id = ? AND state = 'intended' AND token <> ?";
static const char SQL_MOVE_WRITTEN_OFF[] =
	"UPDATE purchases SET state = 'written_off', ended_at = UTC_TIMESTAMP(3) "
	"WHERE id = ? AND state = 'unknown'";
static const char SQL_WRITTEN_OFF[] =
	"SELECT COUNT(*) FROM purchases WHERE video_id = ? AND kind = ? AND item = ? AND request_hash = ? "
	"AND state = 'written_off'";
static const char SQL_LIST[] =
	"SELECT " PURCHASE_COLUMNS
	" FROM purchases p WHERE p.video_id = ? ORDER BY p.created_at, p.kind, p.item, "
	"p.id";
static const char SQL_GET[] = "SELECT " PURCHASE_COLUMNS " FROM purchases p WHERE p.id = ?";
static const char SQL_USED[] = "SELECT " PURCHASE_COLUMNS_OF(
	"u.item") " FROM purchase_uses u JOIN purchases p ON p.id = u.purchase_id "
		  "WHERE u.video_id = ? ORDER BY u.kind, u.item";

void purchase_done(struct purchase *p)
{
	free(p->request);
	free(p->result);
	free(p->detail);
	*p = (struct purchase){0};
}

void purchases_free(struct purchase *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		purchase_done(&list[i]);
	free(list);
}

/* Reading */

static void copy(char *to, size_t size, const struct db_rows *r, unsigned col)
{
	const char *text = db_get_text(r, col);

	(void)snprintf(to, size, "%s", text ? text : "");
}

static void copy_hash(uint8_t *to, const struct db_rows *r, unsigned col)
{
	if (db_get_len(r, col) == DIGEST_SHA256_BYTES)
		memcpy(to, db_get_text(r, col), DIGEST_SHA256_BYTES);
}

static void read_row(const struct db_rows *r, struct purchase *p)
{
	*p = (struct purchase){
		.item = db_get_int(r, 4),
		.state = NAMES_FIND(purchase_state_names, db_get_text(r, 7)),
		.token = (uint64_t)db_get_int(r, 8),
		.cancel = (int)db_get_int(r, 9),
		.request = xstrdup(db_get_text(r, 11)),
		.estimate_milli = db_get_int(r, 12),
		.cost_milli = db_is_null(r, 13) ? -1 : db_get_int(r, 13),
		.bytes = db_get_int(r, 15),
		.result = xstrdup(db_get_text(r, 16)),
		.detail = xstrdup(db_get_text(r, 17)),
		.created_ms = db_get_int(r, 18),
		.age_ms = db_get_int(r, 19),
		.ended_age_ms = db_get_int(r, 21),
	};
	(void)db_get_uuid(r, 0, &p->id);
	(void)db_get_uuid(r, 1, &p->video_id);
	copy(p->vendor, sizeof(p->vendor), r, 2);
	copy(p->kind, sizeof(p->kind), r, 3);
	copy_hash(p->request_hash, r, 5);
	copy_hash(p->hash, r, 6);
	copy(p->vendor_id, sizeof(p->vendor_id), r, 10);
	copy(p->artefact, sizeof(p->artefact), r, 14);
	copy(p->stored_in, sizeof(p->stored_in), r, 20);
}

int purchases_query(struct db *db, const char *sql, const struct db_arg *args, size_t nargs,
	struct purchase **ret, size_t *ret_count, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	struct purchase *list;
	size_t n = 0;

	if (db_query(db, sql, args, nargs, &rows, e) < 0)
		return -1;
	list = xcalloc(db_row_count(rows) + 1, sizeof(*list));
	while (db_next(rows))
		read_row(rows, &list[n++]);
	*ret = list;
	*ret_count = n;
	return 0;
}

int purchases_list(
	struct db *db, const struct uuid *video_id, struct purchase **ret, size_t *ret_count, struct err *e)
{
	return purchases_query(db, SQL_LIST, DB_ARGS(db_uuid(video_id)), ret, ret_count, e);
}

int purchases_get(struct db *db, const struct uuid *id, struct purchase *ret, struct err *e)
{
	struct purchase *found = NULL;
	size_t n = 0;

	if (purchases_query(db, SQL_GET, DB_ARGS(db_uuid(id)), &found, &n, e) < 0)
		return -1;
	if (n > 0)
		*ret = found[0]; /* with its members */
	free(found);
	return n > 0;
}

int purchases_used(
	struct db *db, const struct uuid *video_id, struct purchase **ret, size_t *ret_count, struct err *e)
{
	return purchases_query(db, SQL_USED, DB_ARGS(db_uuid(video_id)), ret, ret_count, e);
}

int purchases_written_off(
	struct db *db, const struct uuid *video_id, const struct purchase_key *key, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, SQL_WRITTEN_OFF,
		    DB_ARGS(db_uuid(video_id), db_text(key->kind), db_int(key->item),
			    db_blob(key->request_hash, DIGEST_SHA256_BYTES)),
		    &rows, e) < 0)
		return -1;
	return db_next(rows) ? (int)db_get_int(rows, 0) : 0;
}

/* What there is for a step */

struct search {
	const struct purchase_key *key;
	bool reuse;
	struct purchase *found; /* zeroed, or what was found */
};

/* 1, 0, -1 */
static int find_one(struct db *db, const char *sql, const struct db_arg *args, size_t nargs,
	struct purchase *ret, struct err *e)
{
	struct purchase *list = NULL;
	size_t n = 0;

	if (purchases_query(db, sql, args, nargs, &list, &n, e) < 0)
		return -1;
	if (n > 0)
		*ret = list[0];
	free(list);
	return n > 0;
}

/* What is known goes on under this claim's name, so that no other step of it takes the same one up. */
static int take_up(struct db *db, const struct job *job, struct purchase *p, int64_t item, struct err *e)
{
	if (db_exec(db, SQL_TAKE_UP, DB_ARGS(db_int(item), db_int((int64_t)job->token), db_uuid(&p->id)),
		    NULL, e) < 0)
		return -1;
	p->item = item;
	p->token = job->token;
	return 0;
}

static int work_find(struct db *db, const struct job *job, const void *arg, struct err *e)
{
	const struct search *s = arg;
	const struct purchase_key *k = s->key;
	struct db_arg video = db_uuid(&job->video_id), kind = db_text(k->kind), item = db_int(k->item),
		      request = db_blob(k->request_hash, DIGEST_SHA256_BYTES),
		      hash = db_blob(k->hash, DIGEST_SHA256_BYTES);
	int found = find_one(db, SQL_FIND_OWN,
		DB_ARGS(video, kind, request, hash, item, db_int((int64_t)job->token), request, item),
		s->found, e);

	if (found == 0 && s->reuse)
		found = find_one(db, SQL_FIND_EQUAL, DB_ARGS(video, kind, hash), s->found, e);
	if (found < 0)
		return -1;
	return found == 1 && s->found->state == PURCHASE_KNOWN ? take_up(db, job, s->found, k->item, e) : 0;
}

int purchases_find(struct db *db, const struct job *job, const struct purchase_key *key, bool reuse,
	struct purchase *ret, struct err *e)
{
	AUTO_PURCHASE found = {.request = NULL};
	struct search s = {.key = key, .reuse = reuse, .found = &found};
	int ours = jobs_fenced(db, job, work_find, &s, e);

	if (ours <= 0 || !found.request)
		return ours < 0 ? -1 : 0;
	*ret = found;
	found = (struct purchase){.request = NULL};
	return 1;
}

/* Before and after the request */

struct intent {
	const struct settings *settings;
	const struct purchase *p;
};

static int work_intend(struct db *db, const struct job *job, const void *arg, struct err *e)
{
	const struct intent *i = arg;
	const struct purchase *p = i->p;
	uint64_t written = 0;

	if (db_exec(db, SQL_INTEND,
		    DB_ARGS(db_uuid(&p->id), db_text(p->vendor), db_text(p->kind), db_int(p->item),
			    db_blob(p->request_hash, sizeof(p->request_hash)),
			    db_blob(p->hash, sizeof(p->hash)), db_int((int64_t)job->token),
			    db_text(p->request), db_int(p->estimate_milli), db_uuid(&job->video_id)),
		    &written, e) < 0)
		return -1;
	if (written == 0)
		return err_set(e, ERR_PERM, "the video is gone");
	return budget_spend(db, i->settings, &job->video_id, p->vendor, p->estimate_milli, e);
}

static int is_ours(struct db *db, const struct job *job, const struct purchase *p, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, SQL_SAME_ANSWER,
		    DB_ARGS(db_uuid(&p->id), db_int((int64_t)job->token), db_text("intended"), db_null(),
			    db_null()),
		    &rows, e) < 0)
		return -1;
	return db_next(rows);
}

int purchases_intend(struct db *db, const struct settings *s, const struct job *job, const struct purchase *p,
	struct err *e)
{
	int written = jobs_fenced(db, job, work_intend, &(struct intent){.settings = s, .p = p}, e);

	/* Taken by an earlier call whose answer was lost. Should the lease be lost too, nothing is sent. */
	return written < 0 && e->http_status == 409 ? is_ours(db, job, p, e) : written;
}

/* The vendor's own words fit the column and are text, whatever they were. */
static char *detail_text(const char *detail)
{
	AUTO_FREE char *text = xstrdup(detail);

	if (!text)
		return NULL;
	if (!text_utf8_valid(text, strlen(text)))
		for (char *c = text; *c; c++)
			if (*c & 0x80)
				*c = '?';
	return xstrndup(text, text_utf8_prefix(text, DETAIL_MAX));
}

static struct db_arg amount(int64_t milli)
{
	return milli < 0 ? db_null() : db_int(milli);
}

static struct db_arg text_or_null(const char *text)
{
	return db_text(*text ? text : NULL);
}

int purchases_answered(struct db *db, const struct purchase *p, struct err *e)
{
	AUTO_FREE char *detail = detail_text(p->detail);
	AUTO(db_rows) rows = NULL;
	struct db_arg id = db_uuid(&p->id), token = db_int((int64_t)p->token),
		      state = db_text(names_get(purchase_state_names, PURCHASE_STATE_COUNT, p->state)),
		      vendor_id = text_or_null(p->vendor_id);
	bool kept = p->state == PURCHASE_KEPT, known = kept || p->state == PURCHASE_KNOWN,
	     ended = kept || p->state == PURCHASE_REFUSED || p->state == PURCHASE_FAILED;
	uint64_t matched = 0;

	if (db_exec(db, SQL_ANSWERED,
		    DB_ARGS(db_int(known), state, vendor_id, known ? db_int(p->estimate_milli) : db_null(),
			    amount(ended ? p->cost_milli : -1), db_text(detail),
			    db_text(kept ? p->artefact : NULL), kept ? db_int(p->bytes) : db_null(),
			    db_text(kept ? p->result : NULL), db_int(known), db_int(ended), id, token,
			    db_int(p->state != PURCHASE_UNKNOWN)),
		    &matched, e) < 0)
		return -1;
	if (matched > 0)
		return 1;
	/* settled otherwise, or by an earlier call of the same whose answer was lost */
	if (db_query(db, SQL_SAME_ANSWER, DB_ARGS(id, token, state, vendor_id, vendor_id), &rows, e) < 0)
		return -1;
	return db_next(rows);
}

/* Under the lease */

static int use(struct db *db, const struct job *job, const char *kind, int64_t item, const struct uuid *id,
	struct err *e)
{
	struct db_arg video = db_uuid(&job->video_id), k = db_text(kind), i = db_int(item), p = db_uuid(id);

	if (db_exec(db, SQL_USED_BEFORE, DB_ARGS(video, k, i, p), NULL, e) < 0)
		return -1;
	return db_exec(db, SQL_USE, DB_ARGS(video, k, i, p), NULL, e);
}

static int work_kept(struct db *db, const struct job *job, const void *arg, struct err *e)
{
	const struct purchase *p = arg;
	uint64_t matched = 0;

	if (db_exec(db, SQL_KEPT,
		    DB_ARGS(text_or_null(p->vendor_id), db_text(p->artefact), db_int(p->bytes),
			    db_text(p->result), amount(p->cost_milli), db_uuid(&p->id)),
		    &matched, e) < 0)
		return -1;
	if (matched == 0)
		return err_set(e, ERR_PERM, "the purchase is not in the ledger any more");
	return use(db, job, p->kind, p->item, &p->id, e);
}

int purchases_kept(struct db *db, const struct job *job, const struct purchase *p, struct err *e)
{
	return jobs_fenced(db, job, work_kept, p, e);
}

static int work_lost(struct db *db, const struct job *job, const void *arg, struct err *e)
{
	const struct purchase *p = arg;
	AUTO_FREE char *detail = detail_text(p->detail);

	(void)job;
	return db_exec(db, SQL_LOST,
		DB_ARGS(db_text(names_get(purchase_state_names, PURCHASE_STATE_COUNT, p->state)),
			amount(p->cost_milli), db_text(detail), db_uuid(&p->id)),
		NULL, e);
}

int purchases_lost(struct db *db, const struct job *job, const struct purchase *p, struct err *e)
{
	return jobs_fenced(db, job, work_lost, p, e);
}

struct usage {
	const char *kind;
	int64_t item;
	const struct uuid *id;
	bool *ret_gone;
};

static int work_use(struct db *db, const struct job *job, const void *arg, struct err *e)
{
	const struct usage *u = arg;
	uint64_t kept = 0;

	if (db_exec(db, SQL_LOCK_KEPT, DB_ARGS(db_uuid(u->id)), &kept, e) < 0)
		return -1;
	*u->ret_gone = kept == 0;
	return kept == 0 ? 0 : use(db, job, u->kind, u->item, u->id, e);
}

int purchases_use(struct db *db, const struct job *job, const char *kind, int64_t item,
	const struct uuid *purchase_id, bool *ret_gone, struct err *e)
{
	struct usage u = {.kind = kind, .item = item, .id = purchase_id, .ret_gone = ret_gone};

	return jobs_fenced(db, job, work_use, &u, e);
}

struct movement {
	const struct uuid *id;
	enum purchase_state to;
	bool *ret_moved;
};

static int work_move(struct db *db, const struct job *job, const void *arg, struct err *e)
{
	const struct movement *m = arg;
	struct db_arg id = db_uuid(m->id);
	uint64_t matched = 0;
	int done = m->to == PURCHASE_UNKNOWN ? db_exec(db, SQL_MOVE_UNKNOWN,
						       DB_ARGS(id, db_int((int64_t)job->token)), &matched, e)
					     : db_exec(db, SQL_MOVE_WRITTEN_OFF, DB_ARGS(id), &matched, e);

	*m->ret_moved = matched > 0;
	return done;
}

int purchases_move(struct db *db, const struct job *job, const struct uuid *purchase_id,
	enum purchase_state to, bool *ret_moved, struct err *e)
{
	struct movement m = {.id = purchase_id, .to = to, .ret_moved = ret_moved};

	assert(to == PURCHASE_UNKNOWN || to == PURCHASE_WRITTEN_OFF);
	return jobs_fenced(db, job, work_move, &m, e);
}
