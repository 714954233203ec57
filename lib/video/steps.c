/*
 * Every transition of a video under way is one short transaction: prove the lease, move the step, append to
 * the log, say what clients see. The proof locks the job's row, so a daemon that lost its lease writes
 * nothing.
 */
#include "lib/video/steps.h"

#include <stdlib.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/db.h"
#include "lib/video/jobs_priv.h"
#include "lib/video/leftovers.h"
#include "lib/video/outputs.h"
#include "lib/video/purchases_priv.h"
#include "lib/video/videos_priv.h"

static const char *const row_states[] = {
	[STEP_ROW_RUNNING] = "running",
	[STEP_ROW_WAITING] = "waiting",
	[STEP_ROW_DONE] = "done",
	[STEP_ROW_FAILED] = "failed",
};
_Static_assert(ARRAY_LEN(row_states) == STEP_ROW_COUNT, "each state has a name");

static const char SQL_LOAD[] = "SELECT kind, item, state, attempt, GREATEST(0, TIMESTAMPDIFF(MICROSECOND, "
			       "UTC_TIMESTAMP(3), due_at) DIV 1000), "
			       "artefact, bytes, result FROM steps WHERE video_id = ?";
static const char SQL_VIDEO[] = "SELECT " VIDEO_COLUMNS " FROM " VIDEO_TABLES " WHERE v.id = ?";
static const char SQL_BEGIN_AGAIN[] =
	"UPDATE steps SET state = 'running', due_at = NULL, error = NULL, started_at = UTC_TIMESTAMP(3), "
	"finished_at = NULL WHERE video_id = ? AND kind = ? AND item = ?";
static const char SQL_BEGIN_FIRST[] = "INSERT INTO steps (video_id, kind, item, state, attempt, started_at) "
				      "VALUES (?, ?, ?, 'running', 0, UTC_TIMESTAMP(3))";
static const char SQL_DONE[] = "UPDATE steps SET state = 'done', artefact = ?, bytes = ?, result = ?, "
			       "finished_at = UTC_TIMESTAMP(3) "
			       "WHERE video_id = ? AND kind = ? AND item = ? AND state = 'running'";
static const char SQL_RETRY[] = "UPDATE steps SET state = 'waiting', attempt = attempt + 1, error = ?, "
				"due_at = UTC_TIMESTAMP(3) + INTERVAL ? * 1000 MICROSECOND "
				"WHERE video_id = ? AND kind = ? AND item = ? AND state = 'running'";
static const char SQL_FAIL[] =
	"UPDATE steps SET state = 'failed', attempt = attempt + 1, error = ?, finished_at = UTC_TIMESTAMP(3) "
	"WHERE video_id = ? AND kind = ? AND item = ? AND state = 'running'";
static const char SQL_LOG[] = "INSERT INTO step_log (video_id, at, kind, item, event, worker, detail) "
			      "VALUES (?, UTC_TIMESTAMP(3), ?, ?, ?, ?, ?)";
static const char SQL_NOT_POISON[] = "UPDATE jobs SET lost_count = 0 WHERE id = ?";
static const char SQL_PROGRESS[] =
	"UPDATE videos SET progress = GREATEST(progress, ?), status = IF(status = 'cancelling', status, ?), "
	"stage = ?, eta_sec = ?, " NOT_PAUSED ", updated_at = UTC_TIMESTAMP(3) WHERE id = ?";
static const char SQL_COMPLETE[] =
	"UPDATE videos SET video_key = ?, thumbnail_key = ?, duration_ms = ?, outputs = ?, report = ?, "
	"links = ?, links_until = UTC_TIMESTAMP(3) + INTERVAL ? SECOND, links_made_at = UTC_TIMESTAMP(3), "
	"links_wanted_at = NULL, progress = 100, "
	"status = 'completed', stage = NULL, eta_sec = NULL, error = NULL, " NOT_PAUSED
	", completed_at = UTC_TIMESTAMP(3), updated_at = UTC_TIMESTAMP(3) WHERE id = ?";
static const char SQL_REPORT[] = "UPDATE videos SET report = ? WHERE id = ?";
static const char SQL_PAUSE[] =
	"UPDATE videos SET status = 'paused', error = ?, pause_reason = ?, pause_vendor = ?, "
	"pause_need_milli = ?, stage = NULL, eta_sec = NULL, updated_at = UTC_TIMESTAMP(3) WHERE id = ?";
/* No row names the prefix any more, and what removes orphans knows that. */
static const char SQL_LOOK_AGAIN[] = "INSERT INTO orphans (storage_key, due_at, created_at) "
				     "VALUES (?, UTC_TIMESTAMP(3) + INTERVAL ? SECOND, UTC_TIMESTAMP(3)) "
				     "ON DUPLICATE KEY UPDATE due_at = UTC_TIMESTAMP(3) + INTERVAL ? SECOND";
static const char SQL_REMOVE[] = "DELETE FROM videos WHERE id = ? AND deleted_at IS NOT NULL";

int steps_load(struct db *db, const struct uuid *video_id, struct step_row **ret_rows, size_t *ret_count,
	struct err *e)
{
	AUTO(db_rows) rows = NULL;
	struct step_row *list;
	size_t n = 0;

	if (db_query(db, SQL_LOAD, DB_ARGS(db_uuid(video_id)), &rows, e) < 0)
		return -1;

	list = xcalloc(db_row_count(rows) + 1, sizeof(*list));
	while (db_next(rows))
		list[n++] = (struct step_row){
			.kind = xstrdup(db_get_text(rows, 0)),
			.item = db_get_int(rows, 1),
			.state = NAMES_FIND(row_states, db_get_text(rows, 2)),
			.attempt = db_get_int(rows, 3),
			.due_in_ms = db_get_int(rows, 4),
			.artefact = xstrdup(db_get_text(rows, 5)),
			.bytes = db_get_int(rows, 6),
			.result = xstrdup(db_get_text(rows, 7)),
		};
	*ret_rows = list;
	*ret_count = n;
	return 0;
}

void steps_free(struct step_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(rows[i].kind);
		free(rows[i].artefact);
		free(rows[i].result);
	}
	free(rows);
}

int steps_load_video(struct db *db, const struct uuid *id, struct video *ret_video, struct err *e)
{
	return videos_load(db, SQL_VIDEO, id, ret_video, e);
}

struct transition {
	const struct job *job;
	const struct step_ref *step; /* NULL: of the whole video */
	const struct video *video;   /* NULL: what clients see stays */
	const char *artefact, *result, *why;
	int64_t bytes, delay_ms;
	bool look_again;
	enum job_end how;
	enum pause_reason reason;
	const char *vendor;
	int64_t need_milli;
	bool *ret_removal;
};

typedef int work_fn(struct db *db, const struct transition *t, struct err *e);

struct bound {
	const struct transition *transition;
	work_fn *work;
};

static int run_bound(struct db *db, const struct job *job, const void *arg, struct err *e)
{
	const struct bound *b = arg;

	(void)job; /* the transition has it */
	return b->work(db, b->transition, e);
}

static int transact(struct db *db, const struct transition *t, work_fn *work, struct err *e)
{
	return jobs_fenced(db, t->job, run_bound, &(struct bound){.transition = t, .work = work}, e);
}

static int write_log(struct db *db, const struct transition *t, const char *event, struct err *e)
{
	return db_exec(db, SQL_LOG,
		DB_ARGS(db_uuid(&t->job->video_id), db_text(t->step->kind), db_int(t->step->item),
			db_text(event), db_text(t->step->worker), db_text(t->why)),
		NULL, e);
}

static int write_progress(struct db *db, const struct transition *t, struct err *e)
{
	const struct video *v = t->video;

	if (!v)
		return 0;
	return db_exec(db, SQL_PROGRESS,
		DB_ARGS(db_int(v->progress), db_text(names_get(video_status_names, STATUS_COUNT, v->status)),
			db_text(v->stage), v->eta_sec < 0 ? db_null() : db_int(v->eta_sec), db_uuid(&v->id)),
		NULL, e);
}

static int work_begin(struct db *db, const struct transition *t, struct err *e)
{
	struct db_arg video = db_uuid(&t->job->video_id), kind = db_text(t->step->kind),
		      item = db_int(t->step->item);
	uint64_t matched = 0;

	if (db_exec(db, SQL_BEGIN_AGAIN, DB_ARGS(video, kind, item), &matched, e) < 0)
		return -1;
	if (matched == 0 && db_exec(db, SQL_BEGIN_FIRST, DB_ARGS(video, kind, item), NULL, e) < 0)
		return -1;
	return write_log(db, t, "start", e) < 0 ? -1 : write_progress(db, t, e);
}

static int work_done(struct db *db, const struct transition *t, struct err *e)
{
	uint64_t matched = 0;

	if (db_exec(db, SQL_DONE,
		    DB_ARGS(db_text(t->artefact), db_int(t->bytes), db_text(t->result),
			    db_uuid(&t->job->video_id), db_text(t->step->kind), db_int(t->step->item)),
		    &matched, e) < 0)
		return -1;
	if (matched == 0) /* written already by a call whose answer was lost */
		return write_progress(db, t, e);
	if (write_log(db, t, "done", e) < 0 || write_progress(db, t, e) < 0)
		return -1;
	return db_exec(db, SQL_NOT_POISON, DB_ARGS(db_int(t->job->id)), NULL, e);
}

static int work_retry(struct db *db, const struct transition *t, struct err *e)
{
	uint64_t matched = 0;

	if (db_exec(db, SQL_RETRY,
		    DB_ARGS(db_text(t->why), db_int(t->delay_ms), db_uuid(&t->job->video_id),
			    db_text(t->step->kind), db_int(t->step->item)),
		    &matched, e) < 0)
		return -1;
	return matched == 0 ? 0 : write_log(db, t, "retry", e);
}

static int work_fail(struct db *db, const struct transition *t, struct err *e)
{
	uint64_t matched = 0;

	if (db_exec(db, SQL_FAIL,
		    DB_ARGS(db_text(t->why), db_uuid(&t->job->video_id), db_text(t->step->kind),
			    db_int(t->step->item)),
		    &matched, e) < 0)
		return -1;
	return matched == 0 ? 0 : write_log(db, t, "fail", e);
}

static int work_complete(struct db *db, const struct transition *t, struct err *e)
{
	const struct video *v = t->video;

	if (db_exec(db, SQL_COMPLETE,
		    DB_ARGS(db_text(v->video_key), db_text(v->thumbnail_key), db_int(v->duration_ms),
			    db_text(v->outputs), db_text(v->report), db_text(v->links),
			    db_int(v->links_left_sec), db_uuid(&v->id)),
		    NULL, e) < 0 ||
		leftovers_add(db, &v->id, 0, e) < 0 ||
		purchases_call_off(db, &v->id, e) < 0) /* takes that were given up for later ones */
		return -1;
	return jobs_end(db, t->job, JOB_DONE, NULL, t->ret_removal, e);
}

static int work_give_up(struct db *db, const struct transition *t, struct err *e)
{
	const struct video *v = t->video;

	if (t->how == JOB_FAILED && v->report &&
		db_exec(db, SQL_REPORT, DB_ARGS(db_text(v->report), db_uuid(&v->id)), NULL, e) < 0)
		return -1;
	return jobs_give_up(db, t->job, t->how, t->video->error, t->why, t->ret_removal, e);
}

static int work_pause(struct db *db, const struct transition *t, struct err *e)
{
	bool cancel, deleted;

	if (jobs_leaving(db, t->job, &cancel, &deleted, e) < 0)
		return -1;
	if (cancel || deleted) /* nobody waits for it to go on */
		return jobs_give_up(db, t->job, JOB_CANCELLED, NULL, t->why, t->ret_removal, e);
	if (db_exec(db, SQL_PAUSE,
		    DB_ARGS(db_text(t->video->error),
			    db_text(names_get(pause_reason_names, PAUSE_COUNT, t->reason)),
			    db_text(t->vendor), t->need_milli > 0 ? db_int(t->need_milli) : db_null(),
			    db_uuid(&t->job->video_id)),
		    NULL, e) < 0 ||
		leftovers_add(db, &t->job->video_id, LEFTOVERS_LATE_SEC, e) < 0)
		return -1;
	return jobs_end(db, t->job, JOB_PAUSED, t->why, t->ret_removal, e);
}

static int look_again(struct db *db, const struct uuid *video_id, struct err *e)
{
	struct db_arg late = db_int(LEFTOVERS_LAST_SEC);
	char prefix[OUTPUTS_PREFIX_SIZE];

	outputs_prefix(video_id, prefix);
	return db_exec(db, SQL_LOOK_AGAIN, DB_ARGS(db_text(prefix), late, late), NULL, e);
}

static int work_remove(struct db *db, const struct transition *t, struct err *e)
{
	const struct uuid *video = &t->job->video_id;

	if (purchases_orphan(db, video, e) < 0 || (t->look_again && look_again(db, video, e) < 0))
		return -1;
	return db_exec(db, SQL_REMOVE, DB_ARGS(db_uuid(video)), NULL, e);
}

int steps_begin(
	struct db *db, const struct job *job, const struct step_ref *s, const struct video *v, struct err *e)
{
	return transact(db, &(struct transition){.job = job, .step = s, .video = v}, work_begin, e);
}

int steps_done(struct db *db, const struct job *job, const struct step_ref *s, const char *artefact,
	int64_t bytes, const char *result, const struct video *v, struct err *e)
{
	struct transition t = {
		.job = job, .step = s, .video = v, .artefact = artefact, .bytes = bytes, .result = result};

	return transact(db, &t, work_done, e);
}

int steps_retry(struct db *db, const struct job *job, const struct step_ref *s, int64_t delay_ms,
	const char *why, struct err *e)
{
	struct transition t = {.job = job, .step = s, .delay_ms = delay_ms, .why = why};

	return transact(db, &t, work_retry, e);
}

int steps_fail(struct db *db, const struct job *job, const struct step_ref *s, const char *why, struct err *e)
{
	return transact(db, &(struct transition){.job = job, .step = s, .why = why}, work_fail, e);
}

int steps_progress(struct db *db, const struct job *job, const struct video *v, struct err *e)
{
	return transact(db, &(struct transition){.job = job, .video = v}, write_progress, e);
}

int steps_complete(
	struct db *db, const struct job *job, const struct video *v, bool *ret_removal, struct err *e)
{
	struct transition t = {.job = job, .video = v, .ret_removal = ret_removal};

	return transact(db, &t, work_complete, e);
}

int steps_give_up(struct db *db, const struct job *job, enum job_end how, const struct video *v,
	const char *why, bool *ret_removal, struct err *e)
{
	struct transition t = {.job = job, .video = v, .how = how, .why = why, .ret_removal = ret_removal};

	return transact(db, &t, work_give_up, e);
}

int steps_pause(struct db *db, const struct job *job, const struct video *v, enum pause_reason reason,
	const char *vendor, int64_t need_milli, const char *why, bool *ret_removal, struct err *e)
{
	struct transition t = {.job = job,
		.video = v,
		.reason = reason,
		.vendor = vendor,
		.need_milli = need_milli,
		.why = why,
		.ret_removal = ret_removal};

	return transact(db, &t, work_pause, e);
}

int steps_remove_video(struct db *db, const struct job *job, bool look_again, struct err *e)
{
	return transact(db, &(struct transition){.job = job, .look_again = look_again}, work_remove, e);
}
