/*
 * Asking for a task until it is over. A poll that fails says nothing about the task, so it is asked again;
 * only what the vendor says of the task itself, or its time being up, ends the wait. A task belongs to its
 * purchase, so any daemon goes on asking where another stopped.
 */
#include "daemon/engine.h"
#include "daemon/run.h"
#include "daemon/vendor/scene_priv.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/remote/runway.h"
#include "lib/video/settings.h"

#define POLL_CAP_MS     60000
#define POLL_MADE_SHARE 900 /* per mille of the step: made; the rest is bringing it here */

/* Never sooner, since the vendor wants no more than that, and not all tasks in step. */
static int64_t poll_wait_ms(const struct scene_work *w)
{
	int64_t ms = scene_engine(w)->settings->runway_poll_ms;

	return ms + (int64_t)(clock_random() % (uint64_t)(ms / 4 + 1));
}

static void poll_failed(struct scene_work *w, const struct verdict *v)
{
	int64_t least = poll_wait_ms(w), wait = clock_backoff_ms(w->failures++, least, POLL_CAP_MS);

	if (v && v->err.kind == ERR_BLOCKED) {
		scene_refused(w, v);
		return;
	}
	if (v && v->wait_ms > wait)
		wait = v->wait_ms;
	if (wait < least)
		wait = least;
	scene_later(w, scene_ask, wait);
}

/* Ends */

/* The task is over without a clip: 1 written. Otherwise the step is over, and tried again it asks again. */
static bool write_lost(struct scene_work *w, enum purchase_state how, int64_t cost_milli, const char *why)
{
	const struct run *r = w->s->run;
	struct err e;
	int n;

	w->p.state = (int)how;
	w->p.cost_milli = cost_milli;
	w->p.detail = xstrdup(why); /* purchase_done frees it; there was none */
	n = purchases_lost(r->engine->db, &r->job, &w->p, &e);
	if (n == 1)
		return true;
	w->s->paid = true;
	if (n == 0)
		scene_lease_lost(w);
	else
		scene_database_failed(w, &e);
	return false;
}

static void task_failed(struct scene_work *w, const struct runway_task *t)
{
	if (write_lost(w, PURCHASE_FAILED, t->cost_milli, t->failed->err.text))
		scene_refused(w, t->failed);
}

static void task_gone(struct scene_work *w, const struct runway_task *t)
{
	struct err e;

	if (!write_lost(w, PURCHASE_CANCELLED, t->cost_milli, "the task is gone at the vendor"))
		return;
	(void)err_set(&e, ERR_TEMP, "the task %s is gone at the vendor", w->p.vendor_id);
	scene_end(w, &e);
}

static void task_succeeded(struct scene_work *w, const struct runway_task *t)
{
	w->base.may_rest = false;
	w->s->paid = true;
	w->p.cost_milli = t->cost_milli;
	step_progress(w->s, POLL_MADE_SHARE);
	scene_fetch(w, t->output);
}

static void called_off(const struct verdict *v, void *arg)
{
	struct scene_work *w = arg;
	struct verdict late = {.told = "The video service took too long to make a scene."};

	w->call = NULL;
	if (v) {
		poll_failed(w, v);
		return;
	}
	if (!write_lost(w, PURCHASE_CANCELLED, -1, "it took too long"))
		return;
	(void)err_set(&late.err, ERR_PERM, "the task %s took too long", w->p.vendor_id);
	scene_refused(w, &late);
}

static void task_goes_on(struct scene_work *w, const struct runway_task *t)
{
	int64_t deadline_ms = scene_engine(w)->settings->runway_task_deadline_sec * 1000;
	struct err e;

	if (clock_mono_ms() - w->born_ms <= deadline_ms) {
		step_progress(w->s, t->permille * POLL_MADE_SHARE / 1000);
		scene_later(w, scene_ask, poll_wait_ms(w));
	} else if (runway_cancel(scene_engine(w)->runway, w->p.vendor_id, called_off, w, &w->call, &e) < 0) {
		poll_failed(w, NULL);
	}
}

/* Asking */

static void polled(const struct runway_task *t, const struct verdict *v, void *arg)
{
	static void (*const by_state[RUNWAY_STATE_COUNT])(
		struct scene_work * w, const struct runway_task *t) = {
		[RUNWAY_PENDING] = task_goes_on,
		[RUNWAY_THROTTLED] = task_goes_on,
		[RUNWAY_RUNNING] = task_goes_on,
		[RUNWAY_SUCCEEDED] = task_succeeded,
		[RUNWAY_FAILED] = task_failed,
		[RUNWAY_CANCELLED] = task_gone,
		[RUNWAY_GONE] = task_gone,
	};
	struct scene_work *w = arg;

	w->call = NULL;
	if (v) {
		poll_failed(w, v);
		return;
	}
	w->failures = 0;
	by_state[t->state](w, t);
}

void scene_ask(struct scene_work *w)
{
	struct err e;

	if (runway_task(scene_engine(w)->runway, w->p.vendor_id, polled, w, &w->call, &e) < 0)
		poll_failed(w, NULL);
}

void scene_poll(struct scene_work *w)
{
	w->born_ms = clock_mono_ms() - w->p.age_ms;
	w->base.may_rest = true;
	scene_later(w, scene_ask, poll_wait_ms(w));
}
