/*
 * One step's way from ready to ended. Its intent is in the step log before it begins. While it runs it has a
 * place of its kind, and it gives the place back exactly once: when it ends, or when it is stopped.
 */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/engine_priv.h"
#include "daemon/provider.h"
#include "daemon/storage.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/io/http.h"
#include "lib/io/proc.h"
#include "lib/remote/verdict.h"
#include "lib/video/steps.h"

void engine_stop_step(struct step *s)
{
	bool was_running = s->state == STEP_RUNNING;
	struct work *work = steal_ptr(s->work);

	if (work)
		work->stop(work);
	proc_free(steal_ptr(s->proc));
	http_cancel(steal_ptr(s->call));
	storage_cancel(steal_ptr(s->put));
	macros_closep(&s->fd);
	s->fd = -1;
	if (was_running)
		s->run->engine->used[step_place(s)]--;
	if (s->state != STEP_DONE)
		s->state = STEP_WAITING;
}

void engine_stop_steps(struct run *r)
{
	for (size_t i = 0; i < r->step_count; i++)
		engine_stop_step(&r->steps[i]);
}

static void prepare(struct step *s)
{
	const struct step_kind *k = &step_kinds[s->id];

	s->state = STEP_RUNNING;
	s->permille = 0;
	s->started_ms = clock_mono_ms();
	s->told = s->reason = s->vendor = NULL;
	s->wait_ms = s->need_milli = 0;
	s->paid = s->outage = false;
	(void)snprintf(s->part, sizeof(s->part), "%s-%zu.%" PRIx64 "%s", k->name, s->item, s->run->job.token,
		k->extension);
	s->run->engine->used[step_place(s)]++;
}

int engine_begin_step(struct step *s, struct err *e)
{
	struct run *r = s->run;
	struct step_ref name = outcome_ref(s);
	struct err failure;
	int w;

	run_update_progress(r);
	w = steps_begin(r->engine->db, &r->job, &name, &r->video, e);
	if (w != 1)
		return w;

	outcome_recorded(r);
	prepare(s);
	if (step_kinds[s->id].begin(s, &failure) < 0)
		step_ended(s, &failure);
	return 1;
}

void step_ended(struct step *s, const struct err *failure)
{
	if (s->state != STEP_RUNNING)
		return;
	s->run->engine->used[step_place(s)]--;
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

void step_refused(struct step *s, const struct verdict *v, const char *vendor, int64_t need_milli)
{
	if (s->state != STEP_RUNNING)
		return;
	s->told = v->told;
	s->reason = v->reason;
	s->vendor = vendor;
	s->wait_ms = v->wait_ms;
	s->outage = v->outage;
	s->need_milli = need_milli;
	step_ended(s, &v->err);
}

bool engine_step_ready(const struct step *s, int64_t now_ms)
{
	const struct step_kind *k = &step_kinds[s->id];

	return s->state == STEP_WAITING && s->due_ms <= now_ms && (!k->ready || k->ready(s->run, s->item));
}

bool engine_any_running(const struct run *r)
{
	for (size_t i = 0; i < r->step_count; i++)
		if (r->steps[i].state == STEP_RUNNING)
			return true;
	return false;
}

int64_t engine_next_due(const struct run *r, int64_t now_ms)
{
	int64_t least = FOREVER_MS;

	for (size_t i = 0; i < r->step_count; i++) {
		const struct step *s = &r->steps[i];

		if (s->state == STEP_WAITING && s->due_ms > now_ms && s->due_ms - now_ms < least)
			least = s->due_ms - now_ms;
	}
	return least;
}
