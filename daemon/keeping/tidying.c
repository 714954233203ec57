/*
 * One video at a time: lists what is below its prefix, removes what it does not name, and says so to the
 * database. What fails on the way, or is cut off, is due again later: the row says so since it was taken.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine.h"
#include "daemon/keeping/keeping_priv.h"
#include "daemon/storage.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "lib/video/leftovers.h"

#define HALF_MADE_SEC  (24 * 3600) /* no upload takes longer */
#define SWEEP_EVERY_MS (3600 * 1000)
#define VICTIMS_MAX    1000 /* of one listing; there are more: listed again */

struct tidying {
	struct engine *engine;
	struct loop_timer *timer;
	struct storage_call *call; /* under way, NULL none */
	struct leftover leftover;  /* being dealt with */
	char **victims;            /* what is to be removed; the first `at` are gone */
	size_t count, at;
	size_t listed; /* of them; what comes after may hold uploads in parts, which are not listed */
	bool more;     /* the listing was cut short */
	size_t swept;
	int64_t sweep_due_ms;
};

static void log_trouble(const char *what, const struct err *e)
{
	log_warning(what, log_text("kind", err_kind_names[e->kind]), log_text("error", e->text));
}

static void forget(struct tidying *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->victims[i]);
	free(t->victims);
	t->victims = NULL;
	t->count = t->at = 0;
	leftover_done(&t->leftover);
}

/* For another time. */
static void give_up(struct tidying *t, const struct err *e)
{
	log_trouble("old files not removed", e);
	forget(t);
	loop_timer_arm(t->timer, 0);
}

/* Removing */

static void list_next(struct tidying *t);

static void end_one(struct tidying *t)
{
	char id[UUID_TEXT_SIZE];
	struct err e;

	uuid_format(&t->leftover.video_id, id);
	if (t->listed > 0)
		log_info("old files removed", log_text("video", id), log_number("of", (int64_t)t->listed));
	if (leftovers_gone(t->engine->db, &t->leftover, &e) < 0)
		log_trouble("old files not written off", &e); /* they are looked for once more */
	forget(t);
	loop_timer_arm(t->timer, 0);
}

static void remove_next(struct tidying *t);

static void removed(const struct err *failure, void *arg)
{
	struct tidying *t = arg;

	t->call = NULL;
	if (failure) {
		give_up(t, failure);
		return;
	}
	t->at++;
	remove_next(t);
}

static void remove_next(struct tidying *t)
{
	struct storage *storage = t->engine->storage;

	if (t->at < t->count)
		t->call = storage->ops->remove(storage, t->victims[t->at], removed, t);
	else if (t->more)
		list_next(t);
	else
		end_one(t);
}

/* Listing */

/* Keys come in order, so what goes as a whole comes together. */
static void add_victim(struct tidying *t, char *victim)
{
	if (t->count > 0 && strcmp(t->victims[t->count - 1], victim) == 0) {
		free(victim);
		return;
	}
	t->victims = xreallocarray(t->victims, t->count + 1, sizeof(*t->victims));
	t->victims[t->count++] = victim;
}

static bool look_at_page(const struct storage_object *objects, size_t count, void *arg)
{
	struct tidying *t = arg;

	for (size_t i = 0; i < count; i++) {
		char *victim = leftover_of(&t->leftover, objects[i].key);

		if (victim)
			add_victim(t, victim);
	}
	t->more = t->count >= VICTIMS_MAX;
	return !t->more;
}

/* What is among them already is removed with what it holds. */
static void add_revision(struct tidying *t, int64_t before)
{
	char *prefix = leftover_revision(&t->leftover, before);

	for (size_t i = 0; prefix && i < t->listed; i++)
		if (strcmp(t->victims[i], prefix) == 0)
			free(steal_ptr(prefix));
	if (prefix)
		add_victim(t, prefix);
}

static void listed(const struct err *failure, void *arg)
{
	struct tidying *t = arg;

	t->call = NULL;
	if (failure) {
		give_up(t, failure);
		return;
	}
	t->listed = t->count;
	if (!t->more) {
		add_revision(t, 0);
		add_revision(t, 1);
	}
	remove_next(t);
}

static void list_next(struct tidying *t)
{
	struct storage *storage = t->engine->storage;
	char prefix[OUTPUTS_PREFIX_SIZE];

	for (size_t i = 0; i < t->count; i++)
		free(t->victims[i]);
	t->count = t->at = 0;
	t->more = false;
	outputs_prefix(&t->leftover.video_id, prefix);
	t->call = storage->ops->list(storage, prefix, NULL, look_at_page, listed, t);
}

/* Half-made uploads */

static void swept(const struct err *failure, void *arg)
{
	struct tidying *t = arg;

	t->call = NULL;
	if (failure)
		log_trouble("uploads that never ended not swept", failure);
	else if (t->swept > 0)
		log_info("uploads that never ended removed", log_number("uploads", (int64_t)t->swept));
	loop_timer_arm(t->timer, 0);
}

static void sweep(struct tidying *t)
{
	struct storage *storage = t->engine->storage;

	t->sweep_due_ms = clock_mono_ms() + SWEEP_EVERY_MS;
	t->call = storage->ops->sweep(storage, HALF_MADE_SEC, &t->swept, swept, t);
}

/* What comes next */

static void next(void *arg)
{
	struct tidying *t = arg;
	struct err e;
	int taken;

	if (t->call)
		return;
	if (clock_mono_ms() >= t->sweep_due_ms) {
		sweep(t);
		return;
	}
	taken = leftovers_take(t->engine->db, &t->leftover, &e);
	if (taken < 0)
		log_trouble("looking for old files", &e);
	else if (taken == 1)
		list_next(t);
}

int tidying_new(struct engine *en, struct tidying **ret, struct err *e)
{
	struct tidying *t = xcalloc(1, sizeof(*t));

	t->engine = en;
	if (loop_timer_new(en->loop, next, t, &t->timer, e) < 0) {
		free(t);
		return -1;
	}
	*ret = t;
	return 0;
}

void tidying_free(struct tidying *t)
{
	if (!t)
		return;
	storage_cancel(t->call);
	loop_timer_free(t->timer);
	forget(t);
	free(t);
}

void tidying_soon(struct tidying *t)
{
	if (t && !t->call)
		loop_timer_arm(t->timer, 0);
}
