/*
 * Asking for a task until it is over. A poll that fails says nothing about the task, so it is asked again;
 * only what the vendor says of the task itself, or its time being up, ends the wait. A task belongs to its
 * purchase, so any daemon goes on asking where another stopped.
 *
 * Nothing is bought a second time here unless the first one was cancelled by ourselves or cost nothing: what
 * was charged, or may have been, is for a person to repeat.
 */
#include <stdlib.h>

#include "daemon/engine.h"
#include "daemon/run.h"
#include "daemon/vendor/calloff.h"
#include "daemon/vendor/scene_priv.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/remote/runway.h"
#include "lib/video/settings.h"

#define POLL_CAP_MS     60000
#define POLL_MADE_SHARE 900 /* per mille of the step: made; the rest is bringing it here */
#define FAILURES_MAX    5   /* in a row, for a task that is past its time */
#define GONE_MAX        30  /* in a row, some minutes: one 404 may be the vendor's own bad moment */

/* Never sooner, since the vendor wants no more than that, and not all tasks in step. */
static int64_t poll_wait_ms(const struct scene_work *w)
{
	int64_t ms = scene_engine(w)->settings->runway_poll_ms;

	return ms + (int64_t)(clock_random() % (uint64_t)(ms / 4 + 1));
}

static bool is_late(const struct scene_work *w)
{
	return clock_mono_ms() - w->born_ms > scene_engine(w)->settings->runway_task_deadline_sec * 1000;
}

/* Where the task is not known to be over it stays known: it is called off with the video. */
static void end_late(struct scene_work *w)
{
	struct verdict late = {.told = "The video service took too long to make a scene."};

	(void)err_set(&late.err, ERR_PERM, "the task %s took too long", w->p.vendor_id);
	scene_refused(w, &late);
}

static void poll_failed(struct scene_work *w, const struct verdict *v)
{
	int64_t least = poll_wait_ms(w), wait = clock_backoff_ms(w->failures++, least, POLL_CAP_MS);

	if (v && v->err.kind == ERR_BLOCKED) {
		scene_refused(w, v);
		return;
	}
	if (is_late(w) && w->failures > FAILURES_MAX) {
		end_late(w);
		return;
	}
	if (v && v->wait_ms > wait)
		wait = v->wait_ms;
	if (wait < least)
		wait = least;
	scene_later(w, scene_ask, wait);
}

/* Ends */

bool scene_lost(struct scene_work *w, enum purchase_state how, int64_t cost_milli, const char *why)
{
	const struct run *r = w->s->run;
	struct err e;
	int n;

	w->p.state = (int)how;
	w->p.cost_milli = cost_milli;
	free(w->p.detail);
	w->p.detail = xstrdup(why); /* purchase_done frees it */
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

/* A failure that cost something is not repeated by itself, whatever the vendor thinks of a repeat. */
static void task_failed(struct scene_work *w, const struct runway_task *t)
{
	struct verdict v = *t->failed;
	bool refunded = t->cost_milli == 0;

	if (!scene_lost(w, PURCHASE_FAILED, calloff_cost_milli(t, w->p.estimate_milli), v.err.text))
		return;
	if (!refunded && v.err.kind == ERR_TEMP) {
		v.err.kind = ERR_PERM;
		v.told = "The video service could not generate the scene, and charged for it. A retry "
			 "requests "
			 "it once more.";
	}
	scene_refused(w, &v);
}

/* By somebody else, or the service itself. */
static void task_cancelled(struct scene_work *w, const struct runway_task *t)
{
	struct verdict v = {
		.told = "The video service cancelled the scene, and charged for it. A retry requests "
			"it once more."};
	bool refunded = t->cost_milli == 0;

	if (!scene_lost(w, PURCHASE_CANCELLED, calloff_cost_milli(t, w->p.estimate_milli),
		    "the task was cancelled at the vendor"))
		return;
	if (refunded)
		v.told = NULL;
	(void)err_set(&v.err, refunded ? ERR_TEMP : ERR_PERM, "the task %s was cancelled at the vendor",
		w->p.vendor_id);
	scene_refused(w, &v);
}

/* 1 it was cancelled by us, so that it may be bought anew; 0 not, -1 not known. */
static int is_called_off(const struct scene_work *w)
{
	AUTO_PURCHASE now = {.state = PURCHASE_KNOWN};
	struct err e;

	if (purchases_get(scene_engine(w)->db, &w->p.id, &now, &e) < 0)
		return -1;
	return now.state == PURCHASE_CANCELLED || (now.state == PURCHASE_KNOWN && now.cancel == CANCEL_ASKED);
}

/* Told of no such task. What is settled as unknown is looked at again: the setting decides what follows. */
static void task_gone(struct scene_work *w, const struct runway_task *t)
{
	int ours = is_called_off(w);

	if (ours < 0 || (ours == 0 && ++w->gone < GONE_MAX)) {
		scene_later(w, scene_ask, poll_wait_ms(w));
		return;
	}
	if (!scene_lost(w, ours ? PURCHASE_CANCELLED : PURCHASE_UNKNOWN, t->cost_milli,
		    ours ? "cancelled at the vendor" : "the task is gone at the vendor"))
		return;
	w->base.may_rest = false;
	scene_look(w);
}

static void task_succeeded(struct scene_work *w, const struct runway_task *t)
{
	w->base.may_rest = false;
	w->s->paid = true;
	w->p.cost_milli = t->cost_milli;
	step_progress(w->s, POLL_MADE_SHARE);
	scene_fetch(w, t->output);
}

/* What it costs is in the ledger before it is cancelled, and that it was us. What an earlier attempt has
 * called off already is waited for: once it is gone it is bought anew. */
static void call_off(struct scene_work *w, const struct runway_task *t)
{
	const struct engine *en = scene_engine(w);
	struct err e;
	int mine =
		purchases_cancelling(en->db, &w->p.id, true, calloff_cost_milli(t, w->p.estimate_milli), &e);

	if (mine < 1) {
		poll_failed(w, NULL);
		return;
	}
	calloff_hand_over(en->calloff, &w->p);
	if (w->p.cancel == CANCEL_ASKED)
		scene_later(w, scene_ask, poll_wait_ms(w));
	else
		end_late(w);
}

static void task_goes_on(struct scene_work *w, const struct runway_task *t)
{
	if (is_late(w)) {
		call_off(w, t);
		return;
	}
	step_progress(w->s, t->permille * POLL_MADE_SHARE / 1000);
	scene_later(w, scene_ask, poll_wait_ms(w));
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
		[RUNWAY_CANCELLED] = task_cancelled,
		[RUNWAY_GONE] = task_gone,
	};
	struct scene_work *w = arg;

	w->call = NULL;
	if (v) {
		poll_failed(w, v);
		return;
	}
	w->failures = 0;
	if (t->state != RUNWAY_GONE)
		w->gone = 0;
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
	w->failures = w->gone = 0;
	w->base.may_rest = true;
	scene_later(w, scene_ask, poll_wait_ms(w));
}
