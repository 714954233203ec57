/*
 * The queue on MySQL. What was measured and must stay so:
 * - Candidates are read without locks in exactly the order of k_claim; a claim is one UPDATE by primary key
 * that must match one row. Row locks taken as the claim run jobs twice on a cluster, and SKIP LOCKED with a
 * sort locks everything.
 * - `state < 1 GROUP BY state, store_id` is a loose index scan; `state = 0 GROUP BY store_id` is not.
 * - A store's limit is the unique key (store_id, run_slot), not a count: counting first overshoots.
 * - No other index begins with state; leases and due times are indexed alone and are NULL otherwise.
 */
#include "lib/video/jobs.h"

#include <inttypes.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/db.h"
#include "lib/video/jobs_priv.h"
#include "lib/video/leftovers.h"
#include "lib/video/purchases_priv.h"
#include "lib/video/videos_priv.h"

#define CANDIDATES    4
#define REMOVAL_FIRST "0" /* rank of a removal: before anything that is made */

const char *const job_kind_names[JOB_KIND_COUNT] = {[JOB_MAKE] = "make", [JOB_REMOVE] = "remove"};

const char jobs_sql_waiting[] =
	"SELECT store_id, MIN(rank_key) FROM jobs FORCE INDEX (k_claim) WHERE state < 1 GROUP BY state, "
	"store_id";
static const char SQL_RUNNING[] =
	"SELECT store_id, run_slot FROM jobs FORCE INDEX (k_lease) WHERE lease_until IS NOT NULL";
const char jobs_sql_pick[] = "SELECT id, video_id, kind, attempt FROM jobs FORCE INDEX (k_claim) "
			     "WHERE state = 0 AND store_id = ? ORDER BY rank_key, id LIMIT ?";
static const char SQL_CLAIM[] =
	"UPDATE jobs SET state = 1, run_slot = ?, attempt = attempt + 1, lease_token = ?, worker = ?, "
	"lease_until = UTC_TIMESTAMP(3) + INTERVAL ? SECOND, started_at = COALESCE(started_at, "
	"UTC_TIMESTAMP(3)) "
	"WHERE id = ? AND state = 0";
static const char SQL_MINE[] = "SELECT 1 FROM jobs WHERE id = ? AND state = 1 AND lease_token = ?";
static const char SQL_RENEW[] =
	"UPDATE jobs SET lease_until = UTC_TIMESTAMP(3) + INTERVAL ? SECOND WHERE worker = ? AND state = 1";
static const char SQL_LEASES[] =
	"SELECT id, lease_token, cancel_req FROM jobs WHERE worker = ? AND state = 1";
static const char SQL_FENCE[] =
	"UPDATE jobs SET worker = worker WHERE id = ? AND state = 1 AND lease_token = ?";
static const char SQL_RELEASE_NOW[] = "UPDATE jobs SET state = 0, attempt = attempt - 1, run_slot = NULL, "
				      "lease_until = NULL, worker = NULL "
				      "WHERE id = ? AND state = 1 AND lease_token = ?";
static const char SQL_RELEASE_LATER[] =
	"UPDATE jobs SET state = 2, due_at = UTC_TIMESTAMP(3) + INTERVAL ? * 1000 MICROSECOND, run_slot = "
	"NULL, "
	"lease_until = NULL, worker = NULL, last_error = ? WHERE id = ? AND state = 1 AND lease_token = ?";
static const char SQL_LEAVING[] = "SELECT j.cancel_req, v.deleted_at IS NOT NULL FROM jobs j JOIN videos v "
				  "ON v.id = j.video_id WHERE j.id = ?";
static const char SQL_END[] =
	"UPDATE jobs SET state = ?, run_slot = NULL, lease_until = NULL, worker = NULL, last_error = ?, "
	"finished_at = UTC_TIMESTAMP(3) WHERE id = ? AND state = 1 AND lease_token = ?";
static const char SQL_END_AS_REMOVAL[] =
	"UPDATE jobs SET state = 0, kind = 'remove', rank_key = " REMOVAL_FIRST
	", cancel_req = 0, lost_count = 0, "
	"run_slot = NULL, lease_until = NULL, worker = NULL, last_error = ? "
	"WHERE id = ? AND state = 1 AND lease_token = ?";
static const char SQL_VIDEO_ENDED[] = "UPDATE videos SET status = ?, error = ?, stage = NULL, eta_sec = "
				      "NULL, " NOT_PAUSED ", updated_at = UTC_TIMESTAMP(3) WHERE id = ?";

/* Whose turn it is */

struct queue {
	int64_t store;
	int64_t rank;    /* of its first waiting job */
	int64_t running; /* its jobs that run now */
	uint8_t *slots;  /* store_in_flight flags: taken */
};

static void queues_done(struct queue *q, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(q[i].slots);
	free(q);
}

static int queues_read(
	struct db *db, size_t slots, struct queue **ret_queues, size_t *ret_count, struct err *e)
{
	AUTO(db_rows) waiting = NULL;
	AUTO(db_rows) running = NULL;
	struct queue *q;
	size_t n = 0;

	if (db_query(db, jobs_sql_waiting, DB_NO_ARGS, &waiting, e) < 0)
		return -1;
	if (db_row_count(waiting) == 0) {
		*ret_queues = NULL;
		*ret_count = 0;
		return 0;
	}
	if (db_query(db, SQL_RUNNING, DB_NO_ARGS, &running, e) < 0)
		return -1;

	q = xcalloc(db_row_count(waiting), sizeof(*q));
	for (; db_next(waiting); n++)
		q[n] = (struct queue){.store = db_get_int(waiting, 0),
			.rank = db_get_int(waiting, 1),
			.slots = xcalloc(slots, 1)};
	while (db_next(running)) {
		int64_t store = db_get_int(running, 0), slot = db_get_int(running, 1);

		for (size_t i = 0; i < n; i++) {
			if (q[i].store != store)
				continue;
			q[i].running++;
			if (!db_is_null(running, 1) && slot >= 0 && (size_t)slot < slots)
				q[i].slots[slot] = 1;
		}
	}
	*ret_queues = q;
	*ret_count = n;
	return 0;
}

/* The store with the least running and a free slot; among equals the one whose first job waits longest. NULL:
 * none. */
static struct queue *queues_best(struct queue *q, size_t n, int64_t limit)
{
	struct queue *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (q[i].running >= limit)
			continue;
		if (!best || q[i].running < best->running ||
			(q[i].running == best->running && q[i].rank < best->rank))
			best = &q[i];
	}
	return best;
}

static int64_t free_slot(const struct queue *q, int64_t limit)
{
	int64_t s = 0;

	while (s < limit && q->slots[s])
		s++;
	return s;
}

enum claim { CLAIM_FAILED = -1, CLAIM_GONE, CLAIM_OURS, CLAIM_NO_SLOT };

/* CLAIM_GONE: somebody else was faster. CLAIM_NO_SLOT: the slot is taken. */
static enum claim claim_with(
	struct db *db, const struct jobs_rules *r, int64_t slot, struct job *job, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	uint64_t matched = 0;

	job->token = clock_random() >> 1; /* fits SQL's and our signed integers */
	if (db_exec(db, SQL_CLAIM,
		    DB_ARGS(db_int(slot), db_int((int64_t)job->token), db_text(r->worker),
			    db_int(r->lease_sec), db_int(job->id)),
		    &matched, e) == 0)
		return matched == 1 ? CLAIM_OURS : CLAIM_GONE;
	if (e->http_status == 409)
		return CLAIM_NO_SLOT;
	if (e->kind == ERR_TEMP)
		return CLAIM_GONE;
	if (e->kind != ERR_UNCERTAIN)
		return CLAIM_FAILED;
	/* The answer was lost: the token tells whether the claim was ours. */
	if (db_query(db, SQL_MINE, DB_ARGS(db_int(job->id), db_int((int64_t)job->token)), &rows, e) < 0)
		return CLAIM_FAILED;
	return db_next(rows) ? CLAIM_OURS : CLAIM_GONE;
}

static enum claim claim_one(
	struct db *db, const struct jobs_rules *r, struct queue *q, struct job *job, struct err *e)
{
	int64_t slot;

	while ((slot = free_slot(q, r->store_in_flight)) < r->store_in_flight) {
		enum claim c = claim_with(db, r, slot, job, e);

		if (c != CLAIM_NO_SLOT)
			return c;
		q->slots[slot] = 1;
	}
	return CLAIM_NO_SLOT;
}

/* A kind that is not known was written by a newer daemon, which will come for it. */
static bool read_candidate(const struct db_rows *rows, struct job *job, struct err *strange)
{
	*job = (struct job){
		.id = db_get_int(rows, 0),
		.kind = NAMES_FIND(job_kind_names, db_get_text(rows, 2)),
		.attempt = db_get_int(rows, 3) + 1,
	};
	if (job->kind >= 0 && db_get_uuid(rows, 1, &job->video_id))
		return true;
	(void)err_set(strange, ERR_PERM, "job %" PRId64 ": its kind \"%s\" is not known and left alone",
		job->id, db_get_text(rows, 2));
	return false;
}

static enum claim claim_from(struct db *db, const struct jobs_rules *r, struct queue *q, struct job *ret_job,
	struct err *strange, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, jobs_sql_pick, DB_ARGS(db_int(q->store), db_int(CANDIDATES)), &rows, e) < 0)
		return CLAIM_FAILED;
	while (db_next(rows)) {
		struct job job;
		enum claim c;

		if (!read_candidate(rows, &job, strange))
			continue;
		c = claim_one(db, r, q, &job, e);
		if (c == CLAIM_GONE)
			continue;
		if (c == CLAIM_OURS)
			*ret_job = job;
		return c;
	}
	return CLAIM_GONE;
}

int jobs_claim(struct db *db, const struct jobs_rules *r, struct job *ret_job, struct err *e)
{
	struct err strange = {.text = ""};
	struct queue *queues = NULL, *best;
	enum claim c = CLAIM_GONE;
	size_t n = 0;

	if (queues_read(db, (size_t)r->store_in_flight, &queues, &n, e) < 0)
		return -1;
	while (c != CLAIM_OURS && c != CLAIM_FAILED && (best = queues_best(queues, n, r->store_in_flight))) {
		c = claim_from(db, r, best, ret_job, &strange, e);
		best->running = r->store_in_flight; /* it had its turn */
	}
	queues_done(queues, n);
	if (c == CLAIM_OURS || c == CLAIM_FAILED)
		return c;
	if (!strange.text[0])
		return 0;
	*e = strange;
	return -1;
}

/* Keeping it */

int jobs_renew(struct db *db, const struct jobs_rules *r, struct job_lease **ret_leases, size_t *ret_count,
	struct err *e)
{
	AUTO(db_rows) rows = NULL;
	struct job_lease *list;
	size_t n = 0;

	if (db_exec(db, SQL_RENEW, DB_ARGS(db_int(r->lease_sec), db_text(r->worker)), NULL, e) < 0 ||
		db_query(db, SQL_LEASES, DB_ARGS(db_text(r->worker)), &rows, e) < 0)
		return -1;

	list = xcalloc(db_row_count(rows) + 1, sizeof(*list));
	while (db_next(rows))
		list[n++] = (struct job_lease){
			.id = db_get_int(rows, 0),
			.token = (uint64_t)db_get_int(rows, 1),
			.cancel = db_get_int(rows, 2) != 0,
		};
	*ret_leases = list;
	*ret_count = n;
	return 0;
}

int jobs_fence(struct db *db, const struct job *job, struct err *e)
{
	uint64_t matched = 0;

	if (db_exec(db, SQL_FENCE, DB_ARGS(db_int(job->id), db_int((int64_t)job->token)), &matched, e) < 0)
		return -1;
	return matched == 1;
}

int jobs_fenced(struct db *db, const struct job *job, jobs_work_fn *work, const void *arg, struct err *e)
{
	int ours;

	if (db_begin(db, e) < 0)
		return -1;
	ours = jobs_fence(db, job, e);
	if (ours == 1 && work(db, job, arg, e) == 0)
		return db_commit(db, e) < 0 ? -1 : 1;
	db_rollback(db);
	return ours == 0 ? 0 : -1;
}

/* Letting it go */

int jobs_leaving(struct db *db, const struct job *job, bool *ret_cancel, bool *ret_deleted, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, SQL_LEAVING, DB_ARGS(db_int(job->id)), &rows, e) < 0)
		return -1;
	*ret_cancel = db_next(rows) && db_get_int(rows, 0) != 0;
	*ret_deleted = db_row_count(rows) > 0 && db_get_int(rows, 1) != 0;
	return 0;
}

int jobs_end(struct db *db, const struct job *job, enum job_end how, const char *why, bool *ret_removal,
	struct err *e)
{
	struct db_arg id = db_int(job->id), token = db_int((int64_t)job->token);
	bool cancel, deleted;

	if (jobs_leaving(db, job, &cancel, &deleted, e) < 0)
		return -1;
	*ret_removal = deleted;
	if (deleted)
		return db_exec(db, SQL_END_AS_REMOVAL, DB_ARGS(db_text(why), id, token), NULL, e);
	return db_exec(db, SQL_END, DB_ARGS(db_int(how), db_text(why), id, token), NULL, e);
}

int jobs_give_up(struct db *db, const struct job *job, enum job_end how, const char *error, const char *why,
	bool *ret_removal, struct err *e)
{
	bool cancelled = how == JOB_CANCELLED;

	if (db_exec(db, SQL_VIDEO_ENDED,
		    DB_ARGS(db_text(cancelled ? "cancelled" : "failed"), db_text(cancelled ? NULL : error),
			    db_uuid(&job->video_id)),
		    NULL, e) < 0 ||
		leftovers_add(db, &job->video_id, LEFTOVERS_LATE_SEC, e) < 0 ||
		purchases_call_off(db, &job->video_id, e) < 0) /* nobody will ask for what is being made */
		return -1;
	return jobs_end(db, job, how, why, ret_removal, e);
}

struct release {
	int64_t delay_ms;
	const char *why;
};

static int work_release(struct db *db, const struct job *job, const void *arg, struct err *e)
{
	const struct release *r = arg;
	struct db_arg id = db_int(job->id), token = db_int((int64_t)job->token);
	bool cancel, deleted, removal;

	if (jobs_leaving(db, job, &cancel, &deleted, e) < 0)
		return -1;
	if (job->kind == JOB_MAKE && (cancel || deleted))
		return jobs_give_up(db, job, JOB_CANCELLED, NULL, r->why, &removal, e);
	if (r->delay_ms > 0)
		return db_exec(db, SQL_RELEASE_LATER,
			DB_ARGS(db_int(r->delay_ms), db_text(r->why), id, token), NULL, e);
	return db_exec(db, SQL_RELEASE_NOW, DB_ARGS(id, token), NULL, e);
}

int jobs_release(struct db *db, const struct job *job, int64_t delay_ms, const char *why, struct err *e)
{
	return jobs_fenced(db, job, work_release, &(struct release){.delay_ms = delay_ms, .why = why}, e);
}
