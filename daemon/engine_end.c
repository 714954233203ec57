/*
 * How a run comes to its end. One that fails or pauses settles first: what it is paying for goes on until it
 * has ended, so that a failure never throws away what other steps bought; everything else is stopped, and
 * nothing new begins. A video that was asked to stop, or whose lease is gone, does not wait for that: what is
 * paid stays known in the ledger.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/engine_priv.h"
#include "daemon/keeping/keeping.h"
#include "daemon/provider.h"
#include "daemon/vendor/calloff.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/video/settings.h"

#define LEASE_MARGIN_SEC 10    /* our own lease ends that much before the database's */
#define HOLD_MS          10000 /* a video that has to wait longer gives its place to another */

static int64_t lease_end_ms(const struct engine *en, int64_t lease_ms)
{
	return lease_ms + (en->settings->lease_sec - LEASE_MARGIN_SEC) * 1000;
}

bool engine_is_stale(const struct engine *en, int64_t lease_ms)
{
	return clock_mono_ms() > lease_end_ms(en, lease_ms);
}

int64_t run_lease_end_ms(const struct run *r)
{
	return lease_end_ms(r->engine, r->lease_ms);
}

void engine_set_end(struct run *r, enum run_end end, const char *why)
{
	if (r->end != RUN_GOES_ON)
		return;
	engine_stop_steps(r);
	r->end = end;
	if (why)
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
	engine_stop_steps(r);
	run_free(r);
	en->freed(en->freed_arg);
}

/* What memcached has of it stays: it may be newer, from whoever has the lease now, and ours is soon gone. */
void engine_drop_run(struct run *r, const char *why)
{
	outcome_log_run(LOG_LEVEL_WARNING, "lease lost", r, why);
	leave(r);
}

int engine_end_run(struct run *r, struct err *e)
{
	int w = outcome_write_end(r, e);

	if (w != 1)
		return w;
	if (r->end == RUN_CANCELLED)
		calloff_soon(r->engine->calloff);
	if (r->end == RUN_COMPLETED)
		keeping_soon(r->engine->keeping);
	if (r->end != RUN_RELEASED && !run_remove_folder(r))
		outcome_log_run(LOG_LEVEL_WARNING, "work folder left to the sweep", r, NULL);
	leave(r);
	return 1;
}

/* Our own fault. One more honest try to say so; then the lease runs out. */
void engine_refused(struct run *r, const struct err *e)
{
	outcome_log_run(LOG_LEVEL_ERROR, "database refused", r, e->text);
	if (r->end == RUN_FAILED) {
		engine_drop_run(r, e->text);
		return;
	}
	engine_stop_steps(r);
	free(r->video.error);
	r->video.error = xstrdup("The video could not be made because of an internal error.");
	r->end = RUN_FAILED;
	(void)snprintf(r->why, sizeof(r->why), "%s", e->text);
}

/* Deciding */

static bool all_done(const struct run *r)
{
	for (size_t i = 0; i < r->step_count; i++)
		if (r->steps[i].state != STEP_DONE)
			return false;
	return true;
}

static bool any_ready(const struct run *r, int64_t now_ms)
{
	for (size_t i = 0; i < r->step_count; i++)
		if (engine_step_ready(&r->steps[i], now_ms))
			return true;
	return false;
}

static bool is_paying(const struct step *s)
{
	const struct provider *by = step_provider(s);

	return s->work && by && by->is_vendor;
}

static void stop_what_is_free(struct run *r)
{
	for (size_t i = 0; i < r->step_count; i++)
		if (r->steps[i].state == STEP_RUNNING && !is_paying(&r->steps[i]))
			engine_stop_step(&r->steps[i]);
}

/* A drain waits for what would be lost; what only waits for a vendor goes on under another daemon. */
static void stop_what_may_rest(struct run *r)
{
	for (size_t i = 0; i < r->step_count; i++) {
		struct step *s = &r->steps[i];

		if (s->state == STEP_RUNNING && s->work && s->work->may_rest)
			engine_stop_step(s);
	}
}

/* What only waits, for a vendor's place behind other videos or for its next try, takes no time of its own. */
static void count_work(struct run *r, int64_t now_ms)
{
	if (engine_any_running(r))
		r->worked_ms += now_ms - r->seen_ms;
	r->seen_ms = now_ms;
}

static bool is_too_late(const struct run *r)
{
	return r->worked_ms > r->engine->settings->video_deadline_sec * 1000;
}

static void end_too_late(struct run *r)
{
	free(r->video.error);
	r->video.error = xasprintf("The video took longer than the %" PRId64 " seconds that are allowed.",
		r->engine->settings->video_deadline_sec);
	engine_set_end(r, RUN_FAILED, "deadline");
}

static void decide_settling(struct run *r)
{
	stop_what_is_free(r);
	if (!engine_any_running(r) || is_too_late(r))
		engine_set_end(r, r->settling, NULL);
}

void engine_decide_end(struct run *r)
{
	int64_t now = clock_mono_ms(), due;

	count_work(r, now);
	if (all_done(r)) {
		engine_set_end(r, RUN_COMPLETED, "");
		return;
	}
	if (r->engine->draining)
		stop_what_may_rest(r);
	if (r->settling != RUN_GOES_ON) {
		decide_settling(r);
		return;
	}
	if (is_too_late(r)) {
		end_too_late(r);
		return;
	}
	if (engine_any_running(r))
		return;
	if (r->engine->draining) {
		engine_set_end(r, RUN_RELEASED, "drained");
		return;
	}
	due = engine_next_due(r, now);
	if (due != FOREVER_MS && due > HOLD_MS && !any_ready(r, now)) { /* or it has only no place yet */
		r->release_ms = due;
		engine_set_end(r, RUN_RELEASED, "waiting to try again");
	}
}

bool run_may_buy(const struct run *r)
{
	return r->end == RUN_GOES_ON && r->settling == RUN_GOES_ON && !r->engine->draining;
}
