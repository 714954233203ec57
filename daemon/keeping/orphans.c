/*
 * Recorded orphans are removed, a few at a time. What cannot be removed now is due again later, for as long
 * as it takes: the record goes only when the storage has nothing of it any more.
 */
#include <stdlib.h>

#include "daemon/engine.h"
#include "daemon/keeping/keeping_priv.h"
#include "daemon/storage.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "lib/video/checks.h"
#include "lib/video/orphans.h"
#include "lib/video/settings.h"

#define LINES         8 /* calls under way */
#define DOUBLINGS_MAX 20

/* One removal being carried out. */
struct line {
	struct orphans *owner;
	struct storage_call *call; /* NULL: free */
	struct orphan_due due;
};

struct orphans {
	struct engine *engine;
	struct loop_timer *timer;
	struct line lines[LINES];
	bool more; /* there were as many due as could be taken */
};

static void log_trouble(const char *what, const char *key, const struct err *e)
{
	log_warning(what, log_text("key", key), log_text("kind", err_kind_names[e->kind]),
		log_text("error", e->text));
}

static void put_off(const struct line *l, const struct err *failure)
{
	const struct engine *en = l->owner->engine;
	const struct settings *s = en->settings;
	unsigned n = l->due.tries < DOUBLINGS_MAX ? (unsigned)l->due.tries : DOUBLINGS_MAX;
	struct err e;

	log_trouble("not removed yet", l->due.key, failure);
	if (orphans_failed(en->db, l->due.key, clock_backoff_ms(n, s->backoff_ms, s->backoff_cap_ms),
		    failure->text, &e) < 0) /* due again in a minute */
		log_trouble("removal not put off", l->due.key, &e);
}

static void removed(const struct err *failure, void *arg)
{
	struct line *l = arg;
	struct err e;

	l->call = NULL;
	if (failure)
		put_off(l, failure);
	else if (orphans_done(l->owner->engine->db, l->due.key, &e) < 0)
		log_trouble("removal not recorded", l->due.key, &e);
	if (l->owner->more)
		loop_timer_arm(l->owner->timer, 0);
}

/* It may have been recorded long ago: the rows are asked once more. */
static void begin_removal(struct line *l)
{
	const struct engine *en = l->owner->engine;
	struct err e;
	int named = checks_names(en->db, l->due.key, &e);

	if (named == 0)
		l->call = en->storage->ops->remove(en->storage, l->due.key, removed, l);
	else if (named < 0)
		put_off(l, &e);
	else if (orphans_done(en->db, l->due.key, &e) < 0)
		log_trouble("orphan that is none not forgotten", l->due.key, &e);
}

/* Takes as many as there are free lines. */
static void on_timer(void *arg)
{
	struct orphans *o = arg;
	struct orphan_due due[LINES];
	struct line *free_lines[LINES];
	size_t count = 0;
	bool has_free = false;
	struct err e;
	int taken;

	for (size_t i = 0; i < LINES; i++)
		if (!o->lines[i].call)
			free_lines[count++] = &o->lines[i];
	if (count == 0)
		return;
	taken = orphans_take(o->engine->db, due, count, &e);
	o->more = taken == (int)count;
	if (taken < 0)
		log_trouble("looking for what is to be removed", "", &e);
	for (int i = 0; i < taken; i++) {
		free_lines[i]->due = due[i];
		begin_removal(free_lines[i]);
		has_free = has_free || !free_lines[i]->call;
	}
	if (o->more && has_free) /* else when one is free */
		loop_timer_arm(o->timer, 0);
}

int orphans_new(struct engine *en, struct orphans **ret, struct err *e)
{
	struct orphans *o = xcalloc(1, sizeof(*o));

	o->engine = en;
	for (size_t i = 0; i < LINES; i++)
		o->lines[i].owner = o;
	if (loop_timer_new(en->loop, on_timer, o, &o->timer, e) < 0) {
		free(o);
		return -1;
	}
	*ret = o;
	return 0;
}

void orphans_free(struct orphans *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < LINES; i++)
		storage_cancel(o->lines[i].call);
	loop_timer_free(o->timer);
	free(o);
}

void orphans_soon(struct orphans *o)
{
	loop_timer_arm(o->timer, 0);
}
