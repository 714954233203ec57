/*
 * Stopping a video, going on with it, making it again. Each action is one transaction that locks the job's
 * row, then the video's, looks what there is, and asks one table whether the status allows it. So of two that
 * come at once the second one sees what the first one did, also where the job was pruned long ago.
 */
#include "lib/video/again.h"

#include <stdlib.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/db.h"
#include "lib/video/estimate.h"
#include "lib/video/leftovers.h"
#include "lib/video/models.h"
#include "lib/video/problems.h"
#include "lib/video/purchases_priv.h"
#include "lib/video/videos_priv.h"

#define PRUNED_PRIORITY 5 /* of a new job where the old one, which knew its own, is gone */
#define JOB_IS_RUNNING  1 /* jobs.state */

static const char SQL_LOCK_VIDEO[] =
	"UPDATE videos SET updated_at = updated_at WHERE id = ? AND deleted_at IS NULL";
static const char SQL_LOOK[] = "SELECT v.status, v.pause_reason, j.state FROM videos v "
			       "LEFT JOIN jobs j ON j.video_id = v.id WHERE v.id = ?";
/* A running job is asked to stop, any other is over now. SET goes left to right. */
static const char SQL_CANCEL_JOB[] =
	"UPDATE jobs SET cancel_req = IF(state = 1, 1, 0), due_at = NULL, "
	"finished_at = IF(state = 1, NULL, UTC_TIMESTAMP(3)), state = IF(state = 1, 1, 5) WHERE video_id = ?";
static const char SQL_CANCEL_VIDEO[] =
	"UPDATE videos SET status = ?, error = NULL, stage = NULL, eta_sec = NULL, " NOT_PAUSED
	", updated_at = UTC_TIMESTAMP(3) WHERE id = ?";
static const char SQL_QUEUE_VIDEO[] =
	"UPDATE videos SET status = 'pending', progress = 0, stage = NULL, eta_sec = NULL, error = NULL, "
	"completed_at = NULL, revision = revision + 1, " NOT_PAUSED
	", updated_at = UTC_TIMESTAMP(3) WHERE id = ?";
static const char SQL_QUEUE_JOB[] =
	"UPDATE jobs SET state = 0, kind = 'make', attempt = 0, lost_count = 0, cancel_req = 0, due_at = "
	"NULL, "
	"started_at = NULL, finished_at = NULL, last_error = NULL, "
	"rank_key = " SQL_MS("UTC_TIMESTAMP(3)") " + priority * 600000 WHERE video_id = ?";
static const char SQL_FORGET_STEPS[] = "DELETE FROM steps WHERE video_id = ?";
static const char SQL_NEW_TAKE[] =
	"UPDATE scenes SET take = take + 1, prompt = COALESCE(?, prompt), "
	"image_url = IF(?, NULL, COALESCE(?, image_url)) WHERE video_id = ? AND no = ?";
static const char SQL_CHANGE[] =
	"UPDATE videos SET title = ?, style = ?, aspect_ratio = ?, mode = ?, model = ?, reuse = ?, "
	"voiceover_script = ?, voice_id = ?, music_track_id = ?, music_volume = ?, voice_volume = ?, "
	"estimate_credits_milli = ?, estimate_characters = ?, look = ?, "
	"updated_at = UTC_TIMESTAMP(3) WHERE id = ?";
static const char SQL_FORGET_SCENES[] = "DELETE FROM scenes WHERE video_id = ?";
static const char SQL_REQUEST[] = "SELECT " VIDEO_COLUMNS " FROM " VIDEO_TABLES " WHERE v.id = ?";
static const char SQL_MODE[] =
	"UPDATE videos SET mode = ?, estimate_credits_milli = ?, estimate_characters = ? WHERE id = ?";
static const char SQL_REFUSED[] =
	"SELECT id FROM videos WHERE pause_reason IN ('out_of_credit', 'bad_key', 'daily_limit', "
	"'store_limit') "
	"AND deleted_at IS NULL AND (? IS NULL OR pause_vendor = ?) AND (? IS NULL OR pause_reason = ?) "
	"AND (? IS NULL OR id = ?) AND (? < 0 OR COALESCE(pause_need_milli, 1) <= ?) "
	"ORDER BY updated_at LIMIT ?";
static const char SQL_SINCE_YESTERDAY[] =
	"SELECT id FROM videos WHERE pause_reason = 'store_limit' AND deleted_at IS NULL "
	"AND updated_at < UTC_DATE() LIMIT ?";
static const char SQL_KNOWN_NOW[] =
	"SELECT v.id FROM videos v WHERE v.pause_reason = 'possible_charge' AND v.deleted_at IS NULL "
	"AND NOT EXISTS (SELECT 1 FROM purchases p WHERE p.video_id = v.id "
	"AND p.state IN ('intended', 'unknown')) LIMIT ?";

/* What each action takes */

enum action { ACTION_CANCEL, ACTION_RETRY, ACTION_REGENERATE, ACTION_CHANGE, ACTION_RENDER, ACTION_COUNT };

#define UNDER_WAY                                                                                            \
	[STATUS_PENDING] = true, [STATUS_GENERATING_SCENES] = true, [STATUS_GENERATING_VOICEOVER] = true,    \
	[STATUS_COMPOSING] = true, [STATUS_PROCESSING] = true
#define OVER [STATUS_COMPLETED] = true, [STATUS_FAILED] = true, [STATUS_CANCELLED] = true

static const struct {
	const char *verb;
	bool takes[STATUS_COUNT];
} rules[] = {
	[ACTION_CANCEL] = {"cancelled",
		{UNDER_WAY, [STATUS_PAUSED] = true, [STATUS_CANCELLING] = true, [STATUS_CANCELLED] = true}},
	[ACTION_RETRY] = {"retried",
		{[STATUS_FAILED] = true, [STATUS_CANCELLED] = true, [STATUS_PAUSED] = true}},
	[ACTION_REGENERATE] = {"regenerated", {OVER, [STATUS_PAUSED] = true}},
	[ACTION_CHANGE] = {"changed", {OVER, [STATUS_PAUSED] = true}},
	[ACTION_RENDER] = {"rendered", {OVER}},
};
_Static_assert(ARRAY_LEN(rules) == ACTION_COUNT, "each action has its rule");

static const char *const because[] = {
	[STATUS_PENDING] = "it is waiting to be made",
	[STATUS_GENERATING_SCENES] = "it is being made",
	[STATUS_GENERATING_VOICEOVER] = "it is being made",
	[STATUS_COMPOSING] = "it is being made",
	[STATUS_PROCESSING] = "it is being made",
	[STATUS_COMPLETED] = "it is completed",
	[STATUS_FAILED] = "it has failed",
	[STATUS_PAUSED] = "it is paused",
	[STATUS_CANCELLING] = "it is being cancelled",
	[STATUS_CANCELLED] = "it is cancelled",
};
_Static_assert(ARRAY_LEN(because) == STATUS_COUNT, "each status has its words");

/* What there is of the video while its rows are locked. */
struct standing {
	int status, pause;
	bool running;
};

/* 1, 0 there is no such video, -1 */
static int lock_and_look(struct db *db, const struct uuid *id, struct standing *ret, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	uint64_t there = 0;

	if (videos_lock_job(db, id, e) < 0 ||
		db_exec(db, SQL_LOCK_VIDEO, DB_ARGS(db_uuid(id)), &there, e) < 0)
		return -1;
	if (there == 0)
		return 0;
	if (db_query(db, SQL_LOOK, DB_ARGS(db_uuid(id)), &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	*ret = (struct standing){
		.status = NAMES_FIND(video_status_names, db_get_text(rows, 0)),
		.pause = NAMES_FIND(pause_reason_names, db_get_text(rows, 1)),
		.running = db_get_int(rows, 2) == JOB_IS_RUNNING,
	};
	return 1;
}

static int permit(enum action action, const struct standing *now, struct err *e)
{
	if (now->status == STATUS_INVALID)
		return err_set(e, ERR_PERM, "the video has a status that is not known");
	if (rules[action].takes[now->status] && (!now->running || action == ACTION_CANCEL))
		return 0;
	return err_set_http(e, ERR_PERM, 409, "The video cannot be %s: %s.", rules[action].verb,
		because[now->running && rules[action].takes[now->status] ? STATUS_PROCESSING : now->status]);
}

/* The part of an action that is its own. 0, -1. */
typedef int work_fn(
	struct db *db, const struct uuid *id, const struct standing *now, const void *arg, struct err *e);

static int act_in_transaction(struct db *db, enum action action, const struct uuid *id, work_fn *work,
	const void *arg, struct err *e)
{
	struct standing now;
	int there = lock_and_look(db, id, &now, e);

	if (there <= 0)
		return there;
	return permit(action, &now, e) < 0 || work(db, id, &now, arg, e) < 0 ? -1 : 1;
}

static int act_once(struct db *db, enum action action, const struct uuid *id, work_fn *work, const void *arg,
	struct err *e)
{
	int done;

	if (db_begin(db, e) < 0)
		return -1;
	done = act_in_transaction(db, action, id, work, arg, e);
	if (done == 1)
		return db_commit(db, e) < 0 ? -1 : 1;
	db_rollback(db);
	return done;
}

static int act(struct db *db, enum action action, const struct uuid *id, work_fn *work, const void *arg,
	struct err *e)
{
	int done = act_once(db, action, id, work, arg, e);

	/* Nothing is committed before the commit: a connection that had gone stale, or a deadlock, costs one
	 * more try. */
	return done < 0 && e->kind == ERR_TEMP ? act_once(db, action, id, work, arg, e) : done;
}

/* Stopping */

static int work_cancel(
	struct db *db, const struct uuid *id, const struct standing *now, const void *arg, struct err *e)
{
	struct db_arg video = db_uuid(id), status = db_text(now->running ? "cancelling" : "cancelled");

	(void)arg;
	if (now->status == STATUS_CANCELLED)
		return 0;
	if (db_exec(db, SQL_CANCEL_JOB, DB_ARGS(video), NULL, e) < 0 ||
		db_exec(db, SQL_CANCEL_VIDEO, DB_ARGS(status, video), NULL, e) < 0 ||
		(!now->running && leftovers_add(db, id, LEFTOVERS_LATE_SEC, e) < 0)) /* else when it stops */
		return -1;
	return purchases_call_off(db, id, e);
}

int videos_cancel(struct db *db, const struct uuid *id, struct err *e)
{
	return act(db, ACTION_CANCEL, id, work_cancel, NULL, e);
}

/* Going on, and again */

/* Another revision each time: what is removed of the attempt before (leftovers.h) is none of this one's. */
static int queue(struct db *db, const struct uuid *id, struct err *e)
{
	struct db_arg video = db_uuid(id);
	uint64_t jobs = 0;

	if (db_exec(db, SQL_QUEUE_JOB, DB_ARGS(video), &jobs, e) < 0 ||
		db_exec(db, SQL_QUEUE_VIDEO, DB_ARGS(video), NULL, e) < 0 ||
		db_exec(db, SQL_FORGET_STEPS, DB_ARGS(video), NULL, e) < 0 ||
		purchases_call_back(db, id, e) < 0)
		return -1;
	return jobs > 0 ? 0 : videos_insert_job(db, id, "make", PRUNED_PRIORITY, e);
}

static int work_retry(
	struct db *db, const struct uuid *id, const struct standing *now, const void *arg, struct err *e)
{
	const bool *accept = arg;

	if (now->pause == PAUSE_POSSIBLE_CHARGE && !*accept)
		return err_set_http(e, ERR_PERM, 409,
			"A request may have been charged already, and a repeat may be charged once more: "
			"retry with \"acceptPossibleCharge\": true to go on.");
	if (*accept && purchases_write_off(db, id, e) < 0)
		return -1;
	return queue(db, id, e);
}

int videos_retry(struct db *db, const struct uuid *id, bool accept_possible_charge, struct err *e)
{
	return act(db, ACTION_RETRY, id, work_retry, &accept_possible_charge, e);
}

static int write_mode(struct db *db, const struct video *v, struct err *e)
{
	return db_exec(db, SQL_MODE,
		DB_ARGS(db_text(names_get(video_mode_names, MODE_COUNT, v->mode)),
			db_int(v->estimate_credits_milli), db_int(v->estimate_characters), db_uuid(&v->id)),
		NULL, e);
}

struct new_take {
	const struct settings *settings;
	int64_t scene;
	const struct scene_change *change;
};

/* Whether the scene, as it is now, may be bought once more; the video's estimate becomes that of all its
 * scenes. */
static int estimate_scene_again(struct db *db, const struct uuid *id, const struct new_take *t, struct err *e)
{
	AUTO_VIDEO v = {.title = NULL};
	AUTO_PROBLEMS problems = {.count = 0};
	AUTO_FREE struct scene_choice *choices = NULL;
	struct estimate all = {.credits_milli = 0}, one = {.credits_milli = 0};

	if (videos_load(db, SQL_REQUEST, id, &v, e) < 0)
		return -1;
	choices = xcalloc(v.scene_count + 1, sizeof(*choices));
	if (!estimate_video(&v, t->settings, choices, &all, &problems))
		return err_set_http(e, ERR_PERM, 409, "The scene cannot be generated: %s %s.",
			problems.list[0].path, problems.list[0].message);
	one.credits_milli = choices[t->scene].credits_milli;
	if (budget_check_more(db, t->settings, &v, &one, e) < 0)
		return -1;
	v.estimate_credits_milli = all.credits_milli;
	v.estimate_characters = all.characters;
	return write_mode(db, &v, e) < 0 ? -1 : videos_take_brand(db, &v, e);
}

static int work_regenerate(
	struct db *db, const struct uuid *id, const struct standing *now, const void *arg, struct err *e)
{
	const struct new_take *t = arg;
	uint64_t scenes = 0;

	(void)now;
	if (db_exec(db, SQL_NEW_TAKE,
		    DB_ARGS(db_text(t->change->prompt), db_int(t->change->no_image),
			    db_text(t->change->image_url), db_uuid(id), db_int(t->scene)),
		    &scenes, e) < 0)
		return -1;
	if (scenes == 0)
		return err_set_http(e, ERR_PERM, 404, "scene");
	if (estimate_scene_again(db, id, t, e) < 0)
		return -1;
	return queue(db, id, e);
}

int videos_regenerate(struct db *db, const struct settings *s, const struct uuid *id, int64_t scene,
	const struct scene_change *c, struct err *e)
{
	return act(db, ACTION_REGENERATE, id, work_regenerate,
		&(struct new_take){.settings = s, .scene = scene, .change = c}, e);
}

/* Another request */

struct order {
	const struct settings *settings;
	const struct video *video;
	enum video_mode mode;
};

static int write_request(struct db *db, const struct video *v, struct err *e)
{
	AUTO_FREE char *look = videos_look_text(v);
	struct db_arg music;
	struct uuid track;

	if (videos_check_music(db, v, &track, &music, e) < 0)
		return -1;
	return db_exec(db, SQL_CHANGE,
		DB_ARGS(db_text(v->title), db_text(names_get(video_style_names, STYLE_COUNT, v->style)),
			db_text(names_get(video_aspect_names, ASPECT_COUNT, v->aspect)),
			db_text(names_get(video_mode_names, MODE_COUNT, v->mode)), db_text(v->model),
			db_int(v->reuse), db_text(v->voiceover_script), db_text(v->voice_id), music,
			db_int(v->music_volume), db_int(v->voice_volume), db_int(v->estimate_credits_milli),
			db_int(v->estimate_characters), db_text(look), db_uuid(&v->id)),
		NULL, e);
}

static int work_change(
	struct db *db, const struct uuid *id, const struct standing *now, const void *arg, struct err *e)
{
	const struct order *o = arg;

	(void)now;
	if (write_request(db, o->video, e) < 0 ||
		db_exec(db, SQL_FORGET_SCENES, DB_ARGS(db_uuid(id)), NULL, e) < 0)
		return -1;
	return videos_insert_scenes(db, o->video, e);
}

int videos_change(struct db *db, const struct video *v, struct err *e)
{
	return act(db, ACTION_CHANGE, &v->id, work_change, &(struct order){.video = v}, e);
}

/* What the video costs in the mode that it has now. */
static int estimate_again(const struct settings *s, struct video *v, struct err *e)
{
	AUTO_PROBLEMS problems = {.count = 0};
	struct estimate t = {.credits_milli = 0};

	if (!estimate_video(v, s, NULL, &t, &problems))
		return err_set_http(e, ERR_PERM, 409, "The video cannot be rendered: %s %s.",
			problems.list[0].path, problems.list[0].message);
	if (v->mode != MODE_DRAFT && !budget_video_ok(s, &t, &problems))
		return err_set_http(e, ERR_PERM, 402, "%s", problems.list[0].message);
	v->estimate_credits_milli = t.credits_milli;
	v->estimate_characters = t.characters;
	return 0;
}

static int work_render(
	struct db *db, const struct uuid *id, const struct standing *now, const void *arg, struct err *e)
{
	const struct order *o = arg;
	AUTO_VIDEO v = {.title = NULL};
	bool was_draft;

	(void)now;
	if (videos_load(db, SQL_REQUEST, id, &v, e) < 0)
		return -1;
	was_draft = v.mode == MODE_DRAFT;
	v.mode = o->mode;
	if (estimate_again(o->settings, &v, e) < 0)
		return -1;
	/* What was bought already is not bought again; what has changed since is held against the day when it
	 * is. */
	if (was_draft && videos_check_budget(db, o->settings, &v, e) < 0)
		return -1;
	if (write_mode(db, &v, e) < 0 || videos_take_brand(db, &v, e) < 0)
		return -1;
	return queue(db, id, e);
}

int videos_render(
	struct db *db, const struct settings *s, const struct uuid *id, enum video_mode mode, struct err *e)
{
	return act(db, ACTION_RENDER, id, work_render, &(struct order){.settings = s, .mode = mode}, e);
}

/* Paused ones that can go on by themselves */

/* 1 it goes on, 0 it is not paused like that any more, -1 */
static int resume_in_transaction(struct db *db, const struct uuid *id, bool possible_charge, struct err *e)
{
	struct standing now;
	int there = lock_and_look(db, id, &now, e);

	if (there <= 0)
		return there;
	if (now.status != STATUS_PAUSED || (now.pause == PAUSE_POSSIBLE_CHARGE) != possible_charge)
		return 0;
	return queue(db, id, e) < 0 ? -1 : 1;
}

static int resume_one(struct db *db, const struct uuid *id, bool possible_charge, struct err *e)
{
	int resumed;

	if (db_begin(db, e) < 0)
		return -1;
	resumed = resume_in_transaction(db, id, possible_charge, e);
	if (resumed == 1)
		return db_commit(db, e) < 0 ? -1 : 1;
	db_rollback(db);
	return resumed;
}

static int resume_all(struct db *db, const char *sql, const struct db_arg *args, size_t nargs,
	bool possible_charge, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	int all = 0;

	if (db_query(db, sql, args, nargs, &rows, e) < 0)
		return -1;
	while (db_next(rows)) {
		struct uuid id = {{0}};
		int resumed;

		(void)db_get_uuid(rows, 0, &id);
		resumed = resume_one(db, &id, possible_charge, e);
		if (resumed < 0)
			return -1;
		all += resumed;
	}
	return all;
}

int videos_resume(struct db *db, const char *vendor, const char *reason, const struct uuid *id,
	int64_t balance_milli, struct err *e)
{
	struct db_arg by_vendor = db_text(vendor), by_reason = db_text(reason),
		      by_id = id ? db_uuid(id) : db_null(), balance = db_int(balance_milli);

	return resume_all(db, SQL_REFUSED,
		DB_ARGS(by_vendor, by_vendor, by_reason, by_reason, by_id, by_id, balance, balance,
			db_int(VIDEOS_RESUME_MAX)),
		false, e);
}

int videos_resume_new_day(struct db *db, struct err *e)
{
	return resume_all(db, SQL_SINCE_YESTERDAY, DB_ARGS(db_int(VIDEOS_RESUME_MAX)), false, e);
}

int videos_resume_known(struct db *db, struct err *e)
{
	return resume_all(db, SQL_KNOWN_NOW, DB_ARGS(db_int(VIDEOS_RESUME_MAX)), true, e);
}
