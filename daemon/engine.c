/*
 * The one driver loop. A pump goes over the runs, oldest first: write what ended, end what is over, start
 * what is ready. Everything that happens only marks and kicks the pump, so there is one place where things
 * move on.
 *
 * Before a step begins its intent is in the step log; when it is done that is written before anything builds
 * on it.
 */
#include "daemon/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/removal.h"
#include "daemon/run.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/io/loop.h"
#include "lib/io/proc.h"
#include "lib/video/settings.h"
#include "lib/video/status.h"
#include "lib/video/steps.h"

#define DATABASE_RETRY_MS 1000
#define PUBLISH_MS        500
#define LEASE_MARGIN_SEC  10    /* our own lease ends that much before the database's */
#define HOLD_MS           10000 /* a video that has to wait longer gives its place to another */
#define FOREVER_MS        INT64_MAX

/* Starting and stopping work */

static void stop_step(struct step *s)
{
	bool was_running = s->state == STEP_RUNNING;

	proc_free(steal_ptr(s->proc));
	http_cancel(steal_ptr(s->call));
	macros_closep(&s->fd);
	s->fd = -1;
	if (was_running)
		s->run->engine->used[step_kinds[s->id].place]--;
	if (s->state != STEP_DONE)
		s->state = STEP_WAITING;
}

static void stop_steps(struct run *r)
{
	for (size_t i = 0; i < r->step_count; i++)
		stop_step(&r->steps[i]);
}

static void set_end(struct run *r, enum run_end end, const char *why)
{
	if (r->end != RUN_GOES_ON)
		return;
	stop_steps(r);
	r->end = end;
	(void)snprintf(r->why, sizeof(r->why), "%s", why);
	engine_kick(r->engine);
}

static void leave(struct run *r)
{
	struct engine *en = r->engine;
	struct run **p = &en->runs;

	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	en->count--;
	stop_steps(r);
	run_free(r);
	en->freed(en->freed_arg);
}

/* Nobody renewed it, and another daemon may have taken it over by now; we may have slept meanwhile. */
static bool lease_is_over(const struct run *r)
{
	return clock_mono_ms() - r->lease_ms > (r->engine->settings->lease_sec - LEASE_MARGIN_SEC) * 1000;
}

/* The lease is gone, or nobody knows: another daemon may have the video, its row, its folder. Touch nothing.
 */
static void drop(struct run *r, const char *why)
{
	outcome_log_run(LOG_LEVEL_WARNING, "lease lost", r, why);
	status_forget(r->engine->cache, &r->video.id);
	leave(r);
}

void step_ended(struct step *s, const struct err *failure)
{
	if (s->state != STEP_RUNNING)
		return;
	s->run->engine->used[step_kinds[s->id].place]--;
	s->state = STEP_ENDED;
	s->failed = failure != NULL;
	if (failure)
		s->failure = *failure;
	engine_kick(s->run->engine);
}

void step_progress(struct step *s, unsigned permille)
{
	s->permille = permille < 1000 ? permille : 1000;
}

/* 1 begun, 0 lease lost, -1 not written. */
static int begin_step(struct step *s, struct err *e)
{
	const struct step_kind *k = &step_kinds[s->id];
	struct run *r = s->run;
	struct step_ref name = outcome_ref(s);
	struct err failure;
	int w;

	run_update_progress(r);
	w = steps_begin(r->engine->db, &r->job, &name, &r->video, e);
	if (w != 1)
		return w;

	outcome_recorded(r);
	s->state = STEP_RUNNING;
	s->permille = 0;
	s->started_ms = clock_mono_ms();
	(void)snprintf(s->part, sizeof(s->part), "%s-%zu.%" PRIx64 "%s", k->name, s->item, r->job.token,
		k->extension);
	r->engine->used[k->place]++;
	if (k->begin(s, &failure) < 0)
		step_ended(s, &failure);
	return 1;
}

static int write_outcomes(struct run *r, struct err *e)
{
	for (size_t i = 0; i < r->step_count && r->end == RUN_GOES_ON; i++) {
		struct step *s = &r->steps[i];
		int w = s->state == STEP_ENDED ? outcome_write_step(s, e) : 1;

		if (w != 1)
			return w;
		if (s->state == STEP_FAILED)
			set_end(r, RUN_FAILED, s->failure.text);
	}
	return 1;
}

/* The end of a run */

/* 1 over (r is freed), 0 lease lost, -1 not written. */
static int end_run(struct run *r, struct err *e)
{
	int w = outcome_write_end(r, e);

	if (w != 1)
		return w;
	if (r->end != RUN_RELEASED && !run_remove_folder(r))
		outcome_log_run(LOG_LEVEL_WARNING, "work folder left to the sweep", r, NULL);
	leave(r);
	return 1;
}

/* The pump */

static bool any_running(const struct run *r)
{
	for (size_t i = 0; i < r->step_count; i++)
		if (r->steps[i].state == STEP_RUNNING)
			return true;
	return false;
}

static bool all_done(const struct run *r)
{
	for (size_t i = 0; i < r->step_count; i++)
		if (r->steps[i].state != STEP_DONE)
			return false;
	return true;
}

/* Milliseconds until the next step that only waits for its time; FOREVER_MS: none does. */
static int64_t next_due(const struct run *r, int64_t now)
{
	int64_t least = FOREVER_MS;

	for (size_t i = 0; i < r->step_count; i++) {
		const struct step *s = &r->steps[i];

		if (s->state == STEP_WAITING && s->due_ms > now && s->due_ms - now < least)
			least = s->due_ms - now;
	}
	return least;
}

static bool is_ready(const struct step *s, int64_t now)
{
	const struct step_kind *k = &step_kinds[s->id];

	return s->state == STEP_WAITING && s->due_ms <= now && (!k->ready || k->ready(s->run, s->item));
}

static bool any_ready(const struct run *r, int64_t now)
{
	for (size_t i = 0; i < r->step_count; i++)
		if (is_ready(&r->steps[i], now))
			return true;
	return false;
}

static int start_ready(struct run *r, struct err *e)
{
	const struct engine *en = r->engine;
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < r->step_count; i++) {
		struct step *s = &r->steps[i];
		int w;

		if (!is_ready(s, now) ||
			en->used[step_kinds[s->id].place] >= en->places[step_kinds[s->id].place])
			continue;
		w = begin_step(s, e);
		if (w != 1)
			return w;
	}
	return 1;
}

static void decide_end(struct run *r)
{
	const struct settings *s = r->engine->settings;
	int64_t now = clock_mono_ms(), due;

	if (all_done(r)) {
		set_end(r, RUN_COMPLETED, "");
		return;
	}
	if (now - r->claimed_ms > s->video_deadline_sec * 1000) {
		free(r->video.error);
		r->video.error =
			xasprintf("The video took longer than the %" PRId64 " seconds that are allowed.",
				s->video_deadline_sec);
		set_end(r, RUN_FAILED, "deadline");
		return;
	}
	if (any_running(r))
		return;
	if (r->engine->draining) {
		set_end(r, RUN_RELEASED, "drained");
		return;
	}
	due = next_due(r, now);
	if (due != FOREVER_MS && due > HOLD_MS && !any_ready(r, now)) { /* or it has only no child yet */
		r->release_ms = due;
		set_end(r, RUN_RELEASED, "waiting to try again");
	}
}

/* 1 goes on or is over, 0 lease lost, -1 failed. r may be freed after 1 only when *ret_over. */
static int advance(struct run *r, bool *ret_over, struct err *e)
{
	int w = write_outcomes(r, e);

	*ret_over = false;
	if (w == 1 && r->end == RUN_GOES_ON && !r->engine->draining)
		w = start_ready(r, e);
	if (w != 1)
		return w;
	if (r->end == RUN_GOES_ON)
		decide_end(r);
	if (r->end == RUN_GOES_ON)
		return 1;
	*ret_over = true;
	return end_run(r, e);
}

/* The database refused for good: our own fault. One more honest try to say so; then the lease runs out. */
static void refused(struct run *r, const struct err *e)
{
	outcome_log_run(LOG_LEVEL_ERROR, "database refused", r, e->text);
	if (r->end == RUN_FAILED) {
		drop(r, e->text);
		return;
	}
	stop_steps(r);
	free(r->video.error);
	r->video.error = xstrdup("The video could not be made because of an internal error.");
	r->end = RUN_FAILED;
	(void)snprintf(r->why, sizeof(r->why), "%s", e->text);
}

/* How long until this run wants to be looked at again. */
static int64_t pump_run(struct run *r)
{
	struct err e;
	bool over = false;
	int w = advance(r, &over, &e);

	if (w == 0) {
		drop(r, "the database says so");
		return FOREVER_MS;
	}
	if (w < 0 && e.kind != ERR_TEMP && e.kind != ERR_UNCERTAIN)
		refused(r, &e);
	if (w < 0)
		return DATABASE_RETRY_MS;
	return over ? FOREVER_MS : next_due(r, clock_mono_ms());
}

static void pump(void *arg)
{
	struct engine *en = arg;
	int64_t wait = FOREVER_MS;

	en->kicked = false;
	for (struct run *r = en->runs, *next; r; r = next) {
		int64_t w;

		next = r->next;
		w = pump_run(r);
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

	if (r->end != RUN_GOES_ON || lease_is_over(r))
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

static const struct job_lease *find_lease(const struct job_lease *leases, size_t count, const struct job *job)
{
	for (size_t i = 0; i < count; i++)
		if (leases[i].id == job->id && leases[i].token == job->token)
			return &leases[i];
	return NULL;
}

void engine_leases(struct engine *en, const struct job_lease *leases, size_t count, int64_t asked_ms)
{
	for (struct run *r = en->runs, *next; r; r = next) {
		const struct job_lease *l = find_lease(leases, count, &r->job);

		next = r->next;
		if (!l) {
			drop(r, "not renewed");
			continue;
		}
		r->lease_ms = asked_ms;
		if (l->cancel)
			set_end(r, RUN_CANCELLED, "asked to stop");
	}
}

bool engine_has(const struct engine *en, const struct job_lease *lease)
{
	for (const struct run *r = en->runs; r; r = r->next)
		if (find_lease(lease, 1, &r->job))
			return true;
	return removals_have(en, lease);
}

void engine_drop_stale(struct engine *en)
{
	for (struct run *r = en->runs, *next; r; r = next) {
		next = r->next;
		if (lease_is_over(r))
			drop(r, "the database did not answer for a whole lease");
	}
}

void engine_drain(struct engine *en)
{
	en->draining = true;
	engine_kick(en);
}

void engine_hand_back(struct engine *en)
{
	for (struct run *r = en->runs; r; r = r->next)
		set_end(r, RUN_RELEASED, "the daemon stops");
}
