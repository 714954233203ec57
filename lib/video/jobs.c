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

#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/db.h"
#include "lib/video/jobs_priv.h"

#define CANDIDATES    4
#define REAP_MAX      50
#define REMOVAL_FIRST "0" /* rank of a removal: before anything that is made */

static const char *const kind_names[] = {[JOB_MAKE] = "make", [JOB_REMOVE] = "remove"};
_Static_assert(ARRAY_LEN(kind_names) == JOB_KIND_COUNT, "each kind has a name");

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
static const char SQL_PROMOTE[] = "UPDATE jobs SET state = 0, due_at = NULL WHERE due_at <= UTC_TIMESTAMP(3) "
				  "AND state = 2 ORDER BY due_at LIMIT 200";
#define LOST_COLUMNS                                                                                         \
	"SELECT j.id, j.lease_token, j.lost_count, j.cancel_req, v.deleted_at IS NOT NULL, j.kind, "         \
	"j.video_id"
static const char SQL_EXPIRED[] =
	LOST_COLUMNS " FROM jobs j FORCE INDEX (k_lease) JOIN videos v ON v.id = j.video_id "
		     "WHERE j.lease_until < UTC_TIMESTAMP(3) ORDER BY j.lease_until LIMIT ?";
static const char SQL_OF_WORKER[] = LOST_COLUMNS
	" FROM jobs j JOIN videos v ON v.id = j.video_id WHERE j.worker = ? AND j.state = 1 LIMIT ?";
static const char SQL_OF_LEASE[] =
	LOST_COLUMNS " FROM jobs j JOIN videos v ON v.id = j.video_id WHERE j.id = ? AND j.lease_token = ?";
/* Asks once more whether the lease is still the one that was seen, and for the reaper still expired. */
static const char SQL_STILL_LOST[] =
	"UPDATE jobs SET worker = worker WHERE id = ? AND state = 1 AND lease_token = ? "
	"AND (? OR lease_until < UTC_TIMESTAMP(3))";
static const char SQL_REQUEUE_LOST[] = "UPDATE jobs SET state = 0, lost_count = lost_count + 1, run_slot = "
				       "NULL, lease_until = NULL, worker = NULL, "
				       "last_error = ? WHERE id = ? AND state = 1 AND lease_token = ?";
static const char SQL_LOG_LOST[] = "INSERT INTO step_log (video_id, at, kind, item, event, worker, detail) "
				   "VALUES (?, UTC_TIMESTAMP(3), 'job', 0, 'lost', ?, ?)";
static const char SQL_VIDEO_ENDED[] = "UPDATE videos SET status = ?, error = ?, stage = NULL, eta_sec = "
				      "NULL, updated_at = UTC_TIMESTAMP(3) WHERE id = ?";
static const char SQL_PRUNE[] =
	"DELETE FROM jobs WHERE finished_at < ? AND ((state = 3) = ?) ORDER BY finished_at LIMIT 500";
static const char SQL_KEEP_FROM[] = "SELECT CAST(finished_at AS CHAR) FROM jobs FORCE INDEX (k_finished) "
				    "WHERE finished_at IS NOT NULL AND ((state = 3) = ?) "
				    "ORDER BY finished_at DESC LIMIT 1 OFFSET ?";
static const char SQL_IN_USE[] = "SELECT 1 FROM jobs WHERE video_id = ? AND state <= 2 AND kind = 'make'";

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
	return s < limit ? s : 0; /* none free is a race: the unique key refuses */
}

/* 1 ours, 0 somebody else was faster or the slot is taken, -1 failed. */
static int claim_one(struct db *db, const struct jobs_rules *r, int64_t slot, struct job *job, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	uint64_t matched = 0;

	job->token = clock_random() >> 1; /* fits SQL's and our signed integers */
	if (db_exec(db, SQL_CLAIM,
		    DB_ARGS(db_int(slot), db_int((int64_t)job->token), db_text(r->worker),
			    db_int(r->lease_sec), db_int(job->id)),
		    &matched, e) == 0)
		return matched == 1;
	if (e->http_status == 409 || e->kind == ERR_TEMP)
		return 0;
	if (e->kind != ERR_UNCERTAIN)
		return -1;
	/* The answer was lost: the token tells whether the claim was ours. */
	if (db_query(db, SQL_MINE, DB_ARGS(db_int(job->id), db_int((int64_t)job->token)), &rows, e) < 0)
		return -1;
	return db_next(rows);
}

static int claim_from(
	struct db *db, const struct jobs_rules *r, const struct queue *q, struct job *ret_job, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, jobs_sql_pick, DB_ARGS(db_int(q->store), db_int(CANDIDATES)), &rows, e) < 0)
		return -1;
	while (db_next(rows)) {
		struct job job = {
			.id = db_get_int(rows, 0),
			.kind = NAMES_FIND(kind_names, db_get_text(rows, 2)),
			.attempt = db_get_int(rows, 3) + 1,
		};
		int c;

		if (!db_get_uuid(rows, 1, &job.video_id))
			continue;
		c = claim_one(db, r, free_slot(q, r->store_in_flight), &job, e);
		if (c < 0)
			return -1;
		if (c == 0)
			continue;
		*ret_job = job;
		return 1;
	}
	return 0;
}

int jobs_claim(struct db *db, const struct jobs_rules *r, struct job *ret_job, struct err *e)
{
	struct queue *queues = NULL, *best;
	size_t n = 0;
	int c;

	if (queues_read(db, (size_t)r->store_in_flight, &queues, &n, e) < 0)
		return -1;
	best = queues_best(queues, n, r->store_in_flight);
	c = best ? claim_from(db, r, best, ret_job, e) : 0;
	queues_done(queues, n);
	return c;
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

/* Letting it go */

int jobs_release(struct db *db, const struct job *job, int64_t delay_ms, const char *why, struct err *e)
{
	struct db_arg id = db_int(job->id), token = db_int((int64_t)job->token);
	uint64_t matched = 0;
	int r = delay_ms > 0 ? db_exec(db, SQL_RELEASE_LATER,
				       DB_ARGS(db_int(delay_ms), db_text(why), id, token), &matched, e)
			     : db_exec(db, SQL_RELEASE_NOW, DB_ARGS(id, token), &matched, e);

	return r < 0 ? -1 : matched == 1;
}

int jobs_end(struct db *db, const struct job *job, enum job_end how, const char *why, bool *ret_removal,
	struct err *e)
{
	AUTO(db_rows) rows = NULL;
	struct db_arg id = db_int(job->id), token = db_int((int64_t)job->token);
	bool removal;

	if (db_query(db, SQL_LEAVING, DB_ARGS(id), &rows, e) < 0)
		return -1;
	removal = db_next(rows) && db_get_int(rows, 1) != 0;
	*ret_removal = removal;
	if (removal)
		return db_exec(db, SQL_END_AS_REMOVAL, DB_ARGS(db_text(why), id, token), NULL, e);
	return db_exec(db, SQL_END, DB_ARGS(db_int(how), db_text(why), id, token), NULL, e);
}

/* Upkeep */

int jobs_promote(struct db *db, struct err *e)
{
	uint64_t n = 0;

	return db_exec(db, SQL_PROMOTE, DB_NO_ARGS, &n, e) < 0 ? -1 : (int)n;
}

struct lost {
	struct job job;
	int64_t lost_count;
	bool cancel, deleted;
};

static int give_up(struct db *db, const struct lost *l, struct err *e)
{
	static const char why[] = "the daemon stopped several times while working on this video";
	bool cancelled = l->cancel && !l->deleted, removal;

	if (!l->deleted && db_exec(db, SQL_VIDEO_ENDED,
				   DB_ARGS(db_text(cancelled ? "cancelled" : "failed"),
					   db_text(cancelled ? NULL
							     : "The video could not be made: the service "
							       "kept failing while working on it."),
					   db_uuid(&l->job.video_id)),
				   NULL, e) < 0)
		return -1;
	return jobs_end(db, &l->job, cancelled ? JOB_CANCELLED : JOB_FAILED, why, &removal, e);
}

/* Why a lease is taken from whoever has it. */
struct loss {
	const char *sql; /* finds the jobs */
	const char *why; /* for the operator */
	bool at_once;    /* whether or not the lease has run out */
};

static const struct loss expired = {.sql = SQL_EXPIRED, .why = "lease expired"},
			 dead = {.sql = SQL_OF_WORKER, .why = "daemon ended", .at_once = true},
			 disowned = {.sql = SQL_OF_LEASE, .why = "nobody worked on it", .at_once = true};

static int settle_in_transaction(struct db *db, const struct jobs_rules *r, const struct lost *l,
	const struct loss *how, struct err *e)
{
	uint64_t matched = 0;

	if (db_exec(db, SQL_STILL_LOST,
		    DB_ARGS(db_int(l->job.id), db_int((int64_t)l->job.token), db_int(how->at_once)), &matched,
		    e) < 0)
		return -1;
	if (matched == 0)
		return 0;
	if (db_exec(db, SQL_LOG_LOST,
		    DB_ARGS(db_uuid(&l->job.video_id), db_text(r->worker), db_text(how->why)), NULL, e) < 0)
		return -1;
	/* A removal is never given up. */
	if (l->job.kind == JOB_MAKE && (l->cancel || l->deleted || l->lost_count + 1 >= r->lost_leases))
		return give_up(db, l, e) < 0 ? -1 : 1;
	return db_exec(db, SQL_REQUEUE_LOST,
		       DB_ARGS(db_text(how->why), db_int(l->job.id), db_int((int64_t)l->job.token)), NULL,
		       e) < 0
		       ? -1
		       : 1;
}

static int settle_lost(struct db *db, const struct jobs_rules *r, const struct lost *l,
	const struct loss *how, struct err *e)
{
	int changed;

	if (db_begin(db, e) < 0)
		return -1;
	changed = settle_in_transaction(db, r, l, how, e);
	if (changed <= 0) {
		db_rollback(db);
		return changed;
	}
	return db_commit(db, e) < 0 ? -1 : changed;
}

static int settle_all(struct db *db, const struct jobs_rules *r, const struct loss *how,
	const struct db_arg *args, size_t n, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	int changed = 0;

	if (db_query(db, how->sql, args, n, &rows, e) < 0)
		return -1;
	while (db_next(rows)) {
		struct lost l = {
			.job = {.id = db_get_int(rows, 0),
				.token = (uint64_t)db_get_int(rows, 1),
				.kind = NAMES_FIND(kind_names, db_get_text(rows, 5))},
			.lost_count = db_get_int(rows, 2),
			.cancel = db_get_int(rows, 3) != 0,
			.deleted = db_get_int(rows, 4) != 0,
		};
		int c;

		(void)db_get_uuid(rows, 6, &l.job.video_id);
		c = settle_lost(db, r, &l, how, e);
		if (c < 0)
			return -1;
		changed += c;
	}
	return changed;
}

int jobs_reap(struct db *db, const struct jobs_rules *r, struct err *e)
{
	return settle_all(db, r, &expired, DB_ARGS(db_int(REAP_MAX)), e);
}

int jobs_take_back(struct db *db, const struct jobs_rules *r, const char *dead_worker, struct err *e)
{
	return settle_all(db, r, &dead, DB_ARGS(db_text(dead_worker), db_int(REAP_MAX)), e);
}

int jobs_disown(struct db *db, const struct jobs_rules *r, const struct job_lease *l, struct err *e)
{
	return settle_all(db, r, &disowned, DB_ARGS(db_int(l->id), db_int((int64_t)l->token)), e);
}

static int prune(struct db *db, bool completed, int64_t keep, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	uint64_t n = 0;

	if (db_query(db, SQL_KEEP_FROM, DB_ARGS(db_int(completed), db_int(keep)), &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	if (db_exec(db, SQL_PRUNE, DB_ARGS(db_text(db_get_text(rows, 0)), db_int(completed)), &n, e) < 0)
		return -1;
	return (int)n;
}

int jobs_prune(struct db *db, int64_t keep_completed, int64_t keep_failed, struct err *e)
{
	int completed = prune(db, true, keep_completed, e);
	int failed = completed < 0 ? -1 : prune(db, false, keep_failed, e);

	return failed < 0 ? -1 : completed + failed;
}

int jobs_in_use(struct db *db, const struct uuid *video_id, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	return db_query(db, SQL_IN_USE, DB_ARGS(db_uuid(video_id)), &rows, e) < 0 ? -1 : db_next(rows);
}
