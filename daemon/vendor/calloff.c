/*
 * Calls off at the vendor what nobody waits for any more, a few tasks at a time. The ledger is the list of
 * what is left to do, so nothing is remembered here but the batch at work and how far the round has come.
 * What fails is met again in the next round: it never stands in the way of others.
 *
 * A task is asked for first, and the ledger is asked again immediately before the cancel: a retry that came
 * in between has it. What is handed over was just asked for, so it begins with the cancel.
 */
#include "daemon/vendor/calloff.h"

#include <stdbool.h>
#include <stdlib.h>

#include "daemon/engine.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "lib/remote/runway.h"
#include "lib/video/purchases.h"
#include "lib/video/videos.h"

#define VENDOR "runway"
#define BATCH  20
#define LINES  8 /* calls under way */

/* One task being dealt with. */
struct line {
	struct calloff *owner;
	struct runway_call *call;
	const struct purchase *p; /* of the batch, or what was handed over; NULL: free */
	struct purchase handed;   /* over by a step, whose own copy ends with it */
};

struct calloff {
	struct engine *engine;
	struct loop_timer *timer;
	struct line lines[LINES];
	struct purchase *list;  /* the batch at work, NULL none */
	size_t count, at, left; /* begun are at, not dealt with are left */
	struct uuid after;      /* the round has come so far */
	bool progress;          /* some of the batch are settled */
	bool again;             /* asked for meanwhile */
};

static void log_trouble(const char *what, const struct err *e)
{
	log_warning(what, log_text("kind", err_kind_names[e->kind]), log_text("error", e->text));
}

static void log_task(enum log_level level, const char *what, const struct purchase *p, const char *why)
{
	char video[UUID_TEXT_SIZE];

	uuid_format(&p->video_id, video);
	log_write(level, what,
		LOG_PAIRS(log_text("video", video), log_text("step", p->kind), log_number("item", p->item),
			log_text("vendor_id", p->vendor_id), log_text(why ? "why" : NULL, why)));
}

int64_t calloff_cost_milli(const struct runway_task *t, int64_t estimate_milli)
{
	if (t->cost_milli >= 0)
		return t->cost_milli;
	return t->state == RUNWAY_PENDING || t->state == RUNWAY_THROTTLED ? 0 : estimate_milli;
}

/* This one is dealt with, or for another time; the next. */
static void end_line(struct line *l)
{
	struct calloff *c = l->owner;

	if (l->p == &l->handed)
		l->handed = (struct purchase){0};
	else
		c->left--;
	l->p = NULL;
	if (c->list)
		loop_timer_arm(c->timer, 0);
}

static void settle(struct line *l, enum purchase_state to, int64_t cost_milli)
{
	static const char *const said[PURCHASE_STATE_COUNT] = {
		[PURCHASE_KNOWN] = "finished task kept",
		[PURCHASE_CANCELLED] = "task cancelled",
		[PURCHASE_FAILED] = "task to be cancelled had failed",
	};
	struct err e;

	if (purchases_cancelled(l->owner->engine->db, &l->p->id, to, cost_milli, &e) < 0) {
		log_trouble("calling off", &e);
	} else {
		log_task(LOG_LEVEL_INFO, said[to], l->p, NULL);
		l->owner->progress |= l->p != &l->handed;
	}
	end_line(l);
}

static void failed(struct line *l, const struct err *e)
{
	log_task(LOG_LEVEL_WARNING, "task not cancelled yet", l->p, e->text);
	end_line(l);
}

static void cancelled(const struct verdict *v, void *arg)
{
	struct line *l = arg;

	l->call = NULL;
	if (v)
		failed(l, &v->err);
	else
		settle(l, PURCHASE_CANCELLED, -1);
}

static void tell_vendor(struct line *l)
{
	struct err e;

	if (runway_cancel(l->owner->engine->runway, l->p->vendor_id, cancelled, l, &l->call, &e) < 0)
		failed(l, &e);
}

static void cancel_task(struct line *l, const struct runway_task *t)
{
	struct err e;
	int mine = purchases_cancelling(
		l->owner->engine->db, &l->p->id, false, calloff_cost_milli(t, l->p->estimate_milli), &e);

	if (mine < 0)
		failed(l, &e);
	else if (mine == 0)
		end_line(l); /* wanted again */
	else
		tell_vendor(l);
}

/* A finished task's clip is left to its video, if that is still there. */
static void task_succeeded(struct line *l, const struct runway_task *t)
{
	AUTO_VIDEO v = {.status = 0};
	struct err e;
	int there = videos_get(l->owner->engine->db, &l->p->video_id, &v, &e);

	if (there < 0)
		failed(l, &e);
	else if (there == 1)
		settle(l, PURCHASE_KNOWN, t->cost_milli);
	else
		cancel_task(l, t);
}

static void task_failed(struct line *l, const struct runway_task *t)
{
	settle(l, PURCHASE_FAILED, calloff_cost_milli(t, l->p->estimate_milli));
}

static void task_cancelled(struct line *l, const struct runway_task *t)
{
	settle(l, PURCHASE_CANCELLED, calloff_cost_milli(t, l->p->estimate_milli));
}

/* Nobody asked for that yet: before it is believed the vendor is told, should the task be there after all. */
static void task_gone(struct line *l, const struct runway_task *t)
{
	if (l->p->cancel == CANCEL_ASKED)
		settle(l, PURCHASE_CANCELLED, -1);
	else
		cancel_task(l, t);
}

static void asked(const struct runway_task *t, const struct verdict *v, void *arg)
{
	static void (*const by_state[RUNWAY_STATE_COUNT])(struct line * l, const struct runway_task *t) = {
		[RUNWAY_PENDING] = cancel_task,
		[RUNWAY_THROTTLED] = cancel_task,
		[RUNWAY_RUNNING] = cancel_task,
		[RUNWAY_SUCCEEDED] = task_succeeded,
		[RUNWAY_FAILED] = task_failed,
		[RUNWAY_CANCELLED] = task_cancelled,
		[RUNWAY_GONE] = task_gone,
	};
	struct line *l = arg;

	l->call = NULL;
	if (v)
		failed(l, &v->err);
	else
		by_state[t->state](l, t);
}

/* The batch and the round */

static void end_batch(struct calloff *c)
{
	bool whole_round = c->count < BATCH, more = c->again || (!whole_round && c->progress);

	c->after = (struct uuid){{0}};
	if (!whole_round)
		c->after = c->list[c->count - 1].id;
	purchases_free(c->list, c->count);
	c->list = NULL;
	c->count = c->at = 0;
	c->again = c->progress = false;
	if (more)
		loop_timer_arm(c->timer, 0);
}

static struct line *free_line(struct calloff *c)
{
	for (size_t i = 0; i < LINES; i++)
		if (!c->lines[i].p)
			return &c->lines[i];
	return NULL;
}

static bool is_under_way(const struct calloff *c, const struct uuid *id)
{
	for (size_t i = 0; i < LINES; i++)
		if (c->lines[i].p && uuid_equal(&c->lines[i].p->id, id))
			return true;
	return false;
}

static void begin_line(struct line *l, const struct purchase *p)
{
	struct err e;

	l->p = p;
	if (runway_task(l->owner->engine->runway, p->vendor_id, asked, l, &l->call, &e) < 0)
		failed(l, &e);
}

static void fill_lines(struct calloff *c)
{
	struct line *l;

	while (c->at < c->count && (l = free_line(c))) {
		const struct purchase *p = &c->list[c->at++];

		if (is_under_way(c, &p->id))
			c->left--;
		else
			begin_line(l, p);
	}
	if (c->left == 0)
		loop_timer_arm(c->timer, 0);
}

static int begin_batch(struct calloff *c)
{
	struct err e;

	if (purchases_to_cancel(c->engine->db, VENDOR, &c->after, BATCH, &c->list, &c->count, &e) < 0) {
		log_trouble("calling off", &e);
		return -1;
	}
	c->left = c->count;
	return 0;
}

static void on_timer(void *arg)
{
	struct calloff *c = arg;

	if (!c->list && begin_batch(c) < 0)
		return;
	if (c->left == 0)
		end_batch(c);
	else
		fill_lines(c);
}

int calloff_new(struct engine *en, struct calloff **ret, struct err *e)
{
	struct calloff *c = xcalloc(1, sizeof(*c));

	c->engine = en;
	for (size_t i = 0; i < LINES; i++)
		c->lines[i].owner = c;
	if (loop_timer_new(en->loop, on_timer, c, &c->timer, e) < 0) {
		free(c);
		return -1;
	}
	*ret = c;
	return 0;
}

void calloff_free(struct calloff *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < LINES; i++)
		runway_call_cancel(c->lines[i].call);
	loop_timer_free(c->timer);
	purchases_free(c->list, c->count);
	free(c);
}

void calloff_soon(struct calloff *c)
{
	if (!c || !c->engine->runway)
		return;
	if (c->list)
		c->again = true;
	else
		loop_timer_arm(c->timer, 0);
}

void calloff_hand_over(struct calloff *c, const struct purchase *p)
{
	struct line *l = free_line(c);

	if (is_under_way(c, &p->id))
		return;
	if (!l) {
		calloff_soon(c);
		return;
	}
	l->handed = *p;
	l->handed.request = l->handed.result = l->handed.detail = NULL; /* stay the caller's */
	l->p = &l->handed;
	tell_vendor(l);
}
