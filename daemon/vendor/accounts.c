/*
 * When the vendors are looked at, and what follows: the state in the database, one line in the log when it is
 * another one, and the videos that can go on.
 *
 * A look that comes before its time was asked for by a refusal. It lets videos go on only when it sees
 * something better than the last look did; else a vendor that refuses what its account allows would be asked
 * again without end. A look at its time always tries.
 */
#include "daemon/vendor/accounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/vendor/accounts_priv.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "lib/remote/verdict.h"
#include "lib/video/again.h"
#include "lib/video/settings.h"

#define EARLIEST_MS 5000 /* between a look and one that is asked for */
#define BATCH_MS    100  /* between two batches of videos that go on: the loop has other things to do */

static void log_trouble(const char *what, const struct inquiry *l, const struct err *e)
{
	log_warning(what, log_text("vendor", l->asker->name), log_text("kind", err_kind_names[e->kind]),
		log_text("error", e->text));
}

/* Writes what was heard, and says so when it is new. */
static void record(struct inquiry *l, const char *state)
{
	struct vendor_account a = {
		.balance_milli = l->balance_milli, .concurrency = l->concurrency, .detail = l->detail};
	bool is_ok = strcmp(state, "ok") == 0;
	struct err e;

	(void)snprintf(a.name, sizeof(a.name), "%s", l->asker->name);
	(void)snprintf(a.state, sizeof(a.state), "%s", state);
	if (vendors_write(l->engine->db, &a, &e) < 0)
		log_trouble("vendor not recorded", l, &e);
	if (strcmp(l->state, state) == 0)
		return;
	memcpy(l->state, a.state, sizeof(l->state));
	log_write(is_ok ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "vendor",
		LOG_PAIRS(log_text("vendor", a.name), log_text("state", state),
			l->detail ? log_text("why", l->detail)
				  : log_number("balance_milli", l->balance_milli)));
}

/* How many videos go on; when it is a whole batch there may be more. */
static int resume(struct inquiry *l, const char *reason, int64_t balance_milli)
{
	struct err e;
	int n = videos_resume(l->engine->db, l->asker->name, reason, NULL, balance_milli, &e);

	if (n < 0)
		log_trouble("videos not resumed", l, &e);
	if (n == VIDEOS_RESUME_MAX)
		loop_timer_arm(l->resume, BATCH_MS);
	return n < 0 ? 0 : n;
}

/* By what was heard last. */
static void resume_some(void *arg)
{
	struct inquiry *l = arg;
	struct engine *en = l->engine;
	int all = resume(l, "bad_key", -1);

	if (l->last_balance_milli != 0)
		all += resume(l, "out_of_credit", l->last_balance_milli);
	if (!l->was_at_daily_limit)
		all += resume(l, "daily_limit", -1);
	if (all == 0)
		return;
	log_info("videos go on", log_text("vendor", l->asker->name), log_number("videos", all));
	if (!en->draining)
		en->freed(en->freed_arg);
}

static void end_look(struct inquiry *l)
{
	l->last_balance_milli = l->balance_milli;
	l->was_at_daily_limit = l->at_daily_limit;
	l->busy = false;
	look_forget(l);
}

void look_answered(struct inquiry *l)
{
	const char *state = l->balance_milli == 0 ? "out_of_credit"
			    : l->at_daily_limit   ? "daily_limit"
						  : "ok";
	bool is_better = strcmp(state, l->state) != 0 || l->balance_milli > l->last_balance_milli;

	record(l, state);
	end_look(l);
	if (!l->early || is_better)
		resume_some(l);
}

void look_failed(struct inquiry *l, const char *state, const char *why)
{
	free(l->detail);
	l->detail = xstrdup(why);
	record(l, state);
	loop_timer_disarm(l->resume);
	end_look(l);
}

void look_refused(struct inquiry *l, const struct verdict *v)
{
	look_failed(l, v->reason ? v->reason : "unreachable", v->err.text);
}

static void look(void *arg)
{
	struct accounts *a = arg;
	int64_t now = clock_mono_ms(), every = a->engine->settings->probe_sec * 1000;
	bool early = now < a->due_ms;

	a->looked_ms = now;
	if (!early)
		a->due_ms = now + every;
	loop_timer_arm(a->timer, a->due_ms - now);
	for (size_t i = 0; i < ASKERS; i++) {
		struct inquiry *l = &a->looks[i];

		if (!l->asker->is_used(a->engine))
			continue;
		l->early = early && (l->early || !l->busy);
		if (l->busy)
			continue;
		l->busy = true;
		l->asker->ask(l);
	}
}

void accounts_soon(struct accounts *a)
{
	int64_t now = clock_mono_ms(), wait, at_its_time;

	if (a == NULL)
		return;
	wait = a->looked_ms + EARLIEST_MS - now;
	at_its_time = a->due_ms - now;
	if (wait < at_its_time)
		loop_timer_arm(a->timer, wait > 0 ? wait : 0);
}

void accounts_learned(struct engine *en, int place, int64_t concurrency)
{
	int64_t most =
		place == PLACE_RUNWAY ? en->settings->runway_in_flight : en->settings->elevenlabs_in_flight;

	if (concurrency == 0)
		return;
	for (size_t i = 0; en->accounts && i < ASKERS; i++)
		if ((int)accounts_askers[i].place == place)
			en->accounts->looks[i].concurrency = concurrency > 0 ? concurrency : 0;
	en->places[place] = (unsigned)(concurrency > 0 && concurrency < most ? concurrency : most);
	engine_kick(en); /* there may be more places now */
}

static int new_timers(struct accounts *a, struct err *e)
{
	for (size_t i = 0; i < ASKERS; i++)
		if (loop_timer_new(a->engine->loop, resume_some, &a->looks[i], &a->looks[i].resume, e) < 0)
			return -1;
	return loop_timer_new(a->engine->loop, look, a, &a->timer, e);
}

int accounts_new(struct engine *en, struct accounts **ret, struct err *e)
{
	struct accounts *a = xcalloc(1, sizeof(*a));

	a->engine = en;
	for (size_t i = 0; i < ASKERS; i++)
		a->looks[i] = (struct inquiry){.engine = en,
			.asker = &accounts_askers[i],
			.balance_milli = -1,
			.last_balance_milli = -1};
	if (new_timers(a, e) < 0) {
		accounts_free(a);
		return -1;
	}
	loop_timer_arm(a->timer, 0);
	*ret = a;
	return 0;
}

void accounts_free(struct accounts *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < ASKERS; i++) {
		a->looks[i].asker->cancel(a->looks[i].call);
		loop_timer_free(a->looks[i].resume);
		look_forget(&a->looks[i]);
	}
	loop_timer_free(a->timer);
	free(a);
}
