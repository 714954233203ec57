/*
 * The one driver loop. A pump goes over the runs, oldest first: write what ended, end what is over; then,
 * with all of them seen, start what is ready, so that the stores share the vendors' places fairly. Everything
 * that happens only marks and kicks the pump, so there is one place where things move on.
 *
 * Before a step begins its intent is in the step log; when it is done that is written before anything builds
 * on it.
 */
#include "daemon/engine.h"

#include <stdlib.h>

#include "daemon/engine_priv.h"
#include "daemon/fair.h"
#include "daemon/removal.h"
#include "daemon/vendor/buy.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/io/loop.h"
#include "lib/video/steps.h"

#define DATABASE_RETRY_MS 1000
#define PUBLISH_MS        500

/* Looking after what is under way */

static int write_outcomes(struct run *r, struct err *e)
{
	for (size_t i = 0; i < r->step_count; i++) {
		struct step *s = &r->steps[i];
		int w = s->state == STEP_ENDED ? outcome_write_step(s, e) : 1;

		if (w != 1)
			return w;
	}
	return 1;
}

/* 1 goes on or is over, 0 lease lost, -1 failed. r is freed when *ret_over. */
static int look_after(struct run *r, bool *ret_over, struct err *e)
{
	int w = r->end == RUN_GOES_ON ? write_outcomes(r, e) : 1;

	*ret_over = false;
	if (w != 1)
		return w;
	if (r->end == RUN_GOES_ON)
		engine_decide_end(r);
	if (r->end == RUN_GOES_ON)
		return 1;
	w = engine_end_run(r, e);
	*ret_over = w == 1;
	return w;
}

/* What the database said about r, when it was not yes. */
static void not_written(struct run *r, int w, const struct err *e)
{
	if (w == 0)
		engine_drop_run(r, "the database says so");
	else if (e->kind == ERR_TEMP || e->kind == ERR_UNCERTAIN)
		r->stuck = true;
	else
		engine_refused(r, e);
}

static void look_after_all(struct engine *en)
{
	for (struct run *r = en->runs, *next; r; r = next) {
		bool over = false;
		struct err e;
		int w;

		next = r->next;
		r->stuck = false;
		w = look_after(r, &over, &e);
		if (!over && w != 1)
			not_written(r, w, &e);
	}
}

/* Starting */

static bool is_shared(enum place p)
{
	return p == PLACE_RUNWAY || p == PLACE_SPEECH;
}

static bool may_start(const struct run *r)
{
	return r->end == RUN_GOES_ON && r->settling == RUN_GOES_ON && !r->stuck && !r->engine->draining;
}

static void ask_for_shares(const struct run *r, int64_t now, struct fair shares[static PLACE_COUNT])
{
	for (size_t i = 0; i < r->step_count; i++) {
		const struct step *s = &r->steps[i];
		enum place place = step_place(s);
		bool holds = s->state == STEP_RUNNING;

		if (is_shared(place) && (holds || (may_start(r) && engine_step_ready(s, now))))
			fair_add(&shares[place], r->video.store_id, holds, !holds);
	}
}

static int start_ready(struct run *r, int64_t now, struct fair shares[static PLACE_COUNT], struct err *e)
{
	const struct engine *en = r->engine;

	for (size_t i = 0; i < r->step_count; i++) {
		struct step *s = &r->steps[i];
		enum place place = step_place(s);
		int w;

		if (!engine_step_ready(s, now) || en->used[place] >= en->places[place])
			continue;
		if (is_shared(place) && !fair_take(&shares[place], r->video.store_id))
			continue;
		w = engine_begin_step(s, e);
		if (w != 1)
			return w;
	}
	return 1;
}

static void start_all(struct engine *en)
{
	struct fair shares[PLACE_COUNT] = {0};
	int64_t now = clock_mono_ms();

	for (const struct run *r = en->runs; r; r = r->next)
		ask_for_shares(r, now, shares);
	for (int p = 0; p < PLACE_COUNT; p++)
		fair_settle(&shares[p], en->places[p]);
	for (struct run *r = en->runs, *next; r; r = next) {
		struct err e;
		int w;

		next = r->next;
		w = may_start(r) ? start_ready(r, now, shares, &e) : 1;
		if (w != 1)
			not_written(r, w, &e);
	}
	for (int p = 0; p < PLACE_COUNT; p++)
		fair_done(&shares[p]);
}

/* The pump */

/* How long until this run wants to be looked at again. */
static int64_t patience(const struct run *r, int64_t now)
{
	return r->stuck || r->end != RUN_GOES_ON ? DATABASE_RETRY_MS : engine_next_due(r, now);
}

static void pump(void *arg)
{
	struct engine *en = arg;
	int64_t wait = FOREVER_MS, now;

	en->kicked = false;
	look_after_all(en);
	start_all(en);

	now = clock_mono_ms();
	for (const struct run *r = en->runs; r; r = r->next) {
		int64_t w = patience(r, now);

		wait = w < wait ? w : wait;
	}
	if (!en->kicked && wait != FOREVER_MS)
		loop_timer_arm(en->pump, wait);
}

void engine_kick(struct engine *en)
{
	en->kicked = true;
	loop_timer_arm(en->pump, 0);
}

/* Clients see percent and stage from MySQL and memcached, the ETA from memcached. MySQL first: what a client
 * falls back to, and what another daemon goes on from, is never behind what a client saw. */
static void publish_run(struct run *r)
{
	struct engine *en = r->engine;
	struct err e;

	if (r->end != RUN_GOES_ON || engine_is_stale(en, r->lease_ms))
		return;
	run_update_progress(r);
	if (r->unwritten && steps_progress(en->db, &r->job, &r->video, &e) != 1)
		return;
	outcome_recorded(r);
}

static void publish_all(void *arg)
{
	struct engine *en = arg;

	for (struct run *r = en->runs; r; r = r->next)
		publish_run(r);
	if (en->runs) {
		loop_timer_arm(en->publish, PUBLISH_MS);
		engine_kick(en); /* deadlines */
	}
}

/* What the worker calls */

int engine_init(struct engine *en, struct err *e)
{
	if (loop_timer_new(en->loop, pump, en, &en->pump, e) < 0)
		return -1;
	return loop_timer_new(en->loop, publish_all, en, &en->publish, e);
}

void engine_done(struct engine *en)
{
	while (en->runs) {
		struct run *r = en->runs;

		en->runs = r->next;
		en->count--;
		run_free(r);
	}
	removals_free(en);
	orders_free(en);
	loop_timer_free(en->pump);
	loop_timer_free(en->publish);
}

int engine_add(struct engine *en, const struct job *job, struct err *e)
{
	struct run **tail = &en->runs, *r = NULL;
	struct err ignored;
	int found;

	if (job->kind == JOB_REMOVE) {
		removal_start(en, job);
		return 0;
	}
	found = run_new(en, job, &r, e);
	if (found <= 0) {
		(void)jobs_release(
			en->db, job, DATABASE_RETRY_MS, found < 0 ? e->text : "no video", &ignored);
		return found < 0 ? -1 : err_set(e, ERR_PERM, "the video is gone");
	}
	while (*tail)
		tail = &(*tail)->next;
	*tail = r;
	en->count++;
	outcome_log_run(LOG_LEVEL_INFO, "video begun", r, NULL);
	if (!en->runs->next)
		loop_timer_arm(en->publish, PUBLISH_MS);
	engine_kick(en);
	return 0;
}

size_t engine_count(const struct engine *en)
{
	return en->count;
}

const struct job_lease *engine_find_lease(const struct job_lease *leases, size_t count, const struct job *job)
{
	for (size_t i = 0; i < count; i++)
		if (leases[i].id == job->id && leases[i].token == job->token)
			return &leases[i];
	return NULL;
}

void engine_leases(struct engine *en, const struct job_lease *leases, size_t count, int64_t asked_ms)
{
	removals_leases(en, leases, count, asked_ms);
	for (struct run *r = en->runs, *next; r; r = next) {
		const struct job_lease *l = engine_find_lease(leases, count, &r->job);

		next = r->next;
		if (!l) {
			engine_drop_run(r, "not renewed");
			continue;
		}
		r->lease_ms = asked_ms;
		if (l->cancel)
			engine_set_end(r, RUN_CANCELLED, "asked to stop");
	}
}

bool engine_has(const struct engine *en, const struct job_lease *lease)
{
	for (const struct run *r = en->runs; r; r = r->next)
		if (engine_find_lease(lease, 1, &r->job))
			return true;
	return removals_have(en, lease);
}

void engine_drop_stale(struct engine *en)
{
	removals_drop_stale(en);
	for (struct run *r = en->runs, *next; r; r = next) {
		next = r->next;
		if (engine_is_stale(en, r->lease_ms))
			engine_drop_run(r, "the database did not answer for a whole lease");
	}
}

void engine_drain(struct engine *en)
{
	en->draining = true;
	engine_kick(en);
}

void engine_hand_back(struct engine *en)
{
	for (struct run *r = en->runs; r; r = r->next) {
		bool settles = r->settling != RUN_GOES_ON;

		engine_set_end(r, settles ? r->settling : RUN_RELEASED, settles ? NULL : "the daemon stops");
	}
}
