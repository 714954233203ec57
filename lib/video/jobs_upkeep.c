/*
 * What keeps the queue going whoever dies: jobs that are due are queued, leases that nobody holds are taken
 * back, what ended long ago goes. Every daemon does it at any time; each change asks again, by the primary
 * key, whether what was seen still holds.
 */
#include "lib/base/err.h"
#include "lib/base/names.h"
#include "lib/io/db.h"
#include "lib/video/jobs_priv.h"
#include "lib/video/purchases_priv.h"

#define REAP_MAX 50

static const char SQL_PROMOTE[] = "UPDATE jobs SET state = 0, due_at = NULL WHERE due_at <= UTC_TIMESTAMP(3) "
				  "AND state = 2 ORDER BY due_at LIMIT 200";
#define LOST_COLUMNS "SELECT id, lease_token, lost_count, kind, video_id FROM jobs "
static const char SQL_EXPIRED[] = LOST_COLUMNS
	"FORCE INDEX (k_lease) WHERE lease_until < UTC_TIMESTAMP(3) ORDER BY lease_until LIMIT ?";
static const char SQL_OF_WORKER[] = LOST_COLUMNS "WHERE worker = ? AND state = 1 LIMIT ?";
static const char SQL_OF_LEASE[] = LOST_COLUMNS "WHERE id = ? AND lease_token = ?";
/* Asks once more whether the lease is still the one that was seen, and for the reaper still expired. */
static const char SQL_STILL_LOST[] =
	"UPDATE jobs SET worker = worker WHERE id = ? AND state = 1 AND lease_token = ? "
	"AND (? OR lease_until < UTC_TIMESTAMP(3))";
static const char SQL_REQUEUE_LOST[] = "UPDATE jobs SET state = 0, lost_count = lost_count + 1, run_slot = "
				       "NULL, lease_until = NULL, worker = NULL, "
				       "last_error = ? WHERE id = ? AND state = 1 AND lease_token = ?";
static const char SQL_LOG_LOST[] = "INSERT INTO step_log (video_id, at, kind, item, event, worker, detail) "
				   "VALUES (?, UTC_TIMESTAMP(3), 'job', 0, 'lost', ?, ?)";
static const char SQL_PRUNE[] =
	"DELETE FROM jobs WHERE finished_at < ? AND ((state = 3) = ?) ORDER BY finished_at LIMIT 500";
static const char SQL_KEEP_FROM[] = "SELECT CAST(finished_at AS CHAR) FROM jobs FORCE INDEX (k_finished) "
				    "WHERE finished_at IS NOT NULL AND ((state = 3) = ?) "
				    "ORDER BY finished_at DESC LIMIT 1 OFFSET ?";
static const char SQL_IN_USE[] = "SELECT 1 FROM jobs WHERE video_id = ? AND state <= 2 AND kind = 'make'";

int jobs_promote(struct db *db, struct err *e)
{
	uint64_t n = 0;

	return db_exec(db, SQL_PROMOTE, DB_NO_ARGS, &n, e) < 0 ? -1 : (int)n;
}

struct lost {
	struct job job;
	int64_t lost_count;
};

/* Why a lease is taken from whoever has it. */
struct loss {
	const char *sql; /* finds the jobs */
	const char *why; /* for the operator */
	bool at_once;    /* whether or not the lease has run out */
	bool died;       /* nobody waits for the vendors' answers any more */
};

static const struct loss expired = {.sql = SQL_EXPIRED, .why = "lease expired"},
			 dead = {.sql = SQL_OF_WORKER, .why = "daemon ended", .at_once = true, .died = true},
			 disowned = {.sql = SQL_OF_LEASE, .why = "nobody worked on it", .at_once = true};

/* What becomes of a job whose daemon is lost; its row is locked. */
static int settle(
	struct db *db, const struct jobs_rules *r, const struct lost *l, const char *why, struct err *e)
{
	static const char error[] =
		"The video could not be made: the service kept failing while working on it.";
	static const char too_often[] = "the daemon stopped several times while working on this video";
	bool makes = l->job.kind == JOB_MAKE, cancel, deleted, removal; /* a removal is never given up */

	if (jobs_leaving(db, &l->job, &cancel, &deleted, e) < 0)
		return -1;
	if (makes && (cancel || deleted))
		return jobs_give_up(db, &l->job, JOB_CANCELLED, NULL, why, &removal, e);
	if (makes && l->lost_count + 1 >= r->lost_leases)
		return jobs_give_up(db, &l->job, JOB_FAILED, error, too_often, &removal, e);
	return db_exec(db, SQL_REQUEUE_LOST,
		DB_ARGS(db_text(why), db_int(l->job.id), db_int((int64_t)l->job.token)), NULL, e);
}

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
	if (how->died && purchases_claim_died(db, &l->job.video_id, l->job.token, e) < 0)
		return -1;
	return settle(db, r, l, how->why, e) < 0 ? -1 : 1;
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
				.kind = NAMES_FIND(job_kind_names, db_get_text(rows, 3))},
			.lost_count = db_get_int(rows, 2),
		};
		int c;

		(void)db_get_uuid(rows, 4, &l.job.video_id);
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
