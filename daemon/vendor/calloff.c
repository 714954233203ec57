/*
 * Calls off at the vendor what nobody waits for any more, one task after the other. The ledger is the list of
 * what is left to do, so nothing is remembered here but the batch at work, and what fails is met again.
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

struct calloff {
	struct engine *engine;
	struct loop_timer *timer;
	struct runway_call *call;
	struct purchase *list; /* the batch at work, NULL none */
	size_t count, at;
	bool again; /* asked for meanwhile */
};

static void step_on(struct calloff *c);

static void log_trouble(const char *what, const struct err *e)
{
	log_warning(what, log_text("kind", err_kind_names[e->kind]), log_text("error", e->text));
}

static void log_task(enum log_level level, const char *what, const struct calloff *c, const char *why)
{
	const struct purchase *p = &c->list[c->at];
	char video[UUID_TEXT_SIZE];

	uuid_format(&p->video_id, video);
	log_write(level, what,
		LOG_PAIRS(log_text("video", video), log_text("step", p->kind), log_number("item", p->item),
			log_text("vendor_id", p->vendor_id), log_text(why ? "why" : NULL, why)));
}

/* This one is dealt with, or for another time; the next. */
static void go_on(struct calloff *c)
{
	c->at++;
	loop_timer_arm(c->timer, 0);
}

static void settle(struct calloff *c, enum purchase_state to)
{
	struct err e;

	if (purchases_cancelled(c->engine->db, &c->list[c->at].id, to, &e) < 0)
		log_trouble("calling off", &e);
	else
		log_task(LOG_LEVEL_INFO, to == PURCHASE_KNOWN ? "finished task kept" : "task cancelled", c,
			NULL);
	go_on(c);
}

static void failed(struct calloff *c, const struct err *e)
{
	log_task(LOG_LEVEL_WARNING, "task not cancelled yet", c, e->text);
	go_on(c);
}

static void cancelled(const struct verdict *v, void *arg)
{
	struct calloff *c = arg;

	c->call = NULL;
	if (v)
		failed(c, &v->err);
	else
		settle(c, PURCHASE_CANCELLED);
}

static void cancel_task(struct calloff *c)
{
	struct err e;

	if (runway_cancel(c->engine->runway, c->list[c->at].vendor_id, cancelled, c, &c->call, &e) < 0)
		failed(c, &e);
}

/* 1 its video may still want the clip, 0 it is deleted, -1. */
static int video_is_there(const struct calloff *c, struct err *e)
{
	AUTO_VIDEO v = {.status = 0};

	return videos_get(c->engine->db, &c->list[c->at].video_id, &v, e);
}

static void asked(const struct runway_task *t, const struct verdict *v, void *arg)
{
	struct calloff *c = arg;
	struct err e;
	int there;

	c->call = NULL;
	if (v) {
		failed(c, &v->err);
		return;
	}
	if (t->state == RUNWAY_GONE || t->state == RUNWAY_CANCELLED) {
		settle(c, PURCHASE_CANCELLED);
		return;
	}
	there = t->state == RUNWAY_SUCCEEDED ? video_is_there(c, &e) : 0;
	if (there < 0)
		failed(c, &e);
	else if (there == 1)
		settle(c, PURCHASE_KNOWN);
	else
		cancel_task(c);
}

static void end_batch(struct calloff *c)
{
	bool more = c->again;

	purchases_free(c->list, c->count);
	c->list = NULL;
	c->count = c->at = 0;
	c->again = false;
	if (more)
		loop_timer_arm(c->timer, 0);
}

static void begin_batch(struct calloff *c)
{
	struct err e;

	if (purchases_to_cancel(c->engine->db, VENDOR, BATCH, &c->list, &c->count, &e) < 0) {
		log_trouble("calling off", &e);
		return;
	}
	step_on(c);
}

static void step_on(struct calloff *c)
{
	struct err e;

	if (c->at == c->count)
		end_batch(c);
	else if (runway_task(c->engine->runway, c->list[c->at].vendor_id, asked, c, &c->call, &e) < 0)
		failed(c, &e);
}

static void on_timer(void *arg)
{
	struct calloff *c = arg;

	if (c->list)
		step_on(c);
	else
		begin_batch(c);
}

int calloff_new(struct engine *en, struct calloff **ret, struct err *e)
{
	struct calloff *c = xcalloc(1, sizeof(*c));

	c->engine = en;
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
	runway_call_cancel(c->call);
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
