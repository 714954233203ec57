/*
 * Buying. The order of things is the whole point: the intent is committed, then the request is sent, then its
 * answer is committed, then the step goes on. Whoever finds an intent that is none of our own live orders
 * finds a request that may have been sent: nobody repeats it unasked.
 */
#include "daemon/vendor/buy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine.h"
#include "daemon/run.h"
#include "daemon/vendor/calloff.h"
#include "daemon/vendor/keeper.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "lib/remote/verdict.h"
#include "lib/video/settings.h"

#define DATABASE_RETRY_MS 1000
#define COMMIT_TRIES      3

struct order {
	struct engine *engine;
	struct step *step;          /* NULL: nobody waits for it here */
	struct purchase p;          /* as it is to be written */
	struct loop_timer *timer;   /* writes the answer, then tells it */
	void (*cancel)(void *call); /* with call: what is under way, NULL once it was answered */
	void *call;
	order_done_fn *done;
	void *arg;
	struct verdict verdict; /* unless accepted */
	bool answered, written, accepted;
	bool was_abandoned; /* its video may have been cancelled meanwhile */
	struct order *next;
};

/* Looking */

static struct order *find_order(const struct engine *en, const struct uuid *purchase_id)
{
	for (struct order *o = en->orders; o; o = o->next)
		if (uuid_equal(&o->p.id, purchase_id))
			return o;
	return NULL;
}

static const char *kind_of(const struct step *s)
{
	return step_kinds[s->id].name;
}

static int lease_lost(struct err *e)
{
	return err_set(e, ERR_CANCELED, "the lease was lost");
}

/* What is uncertain here is only a write of ours, which may be repeated; the kind is kept for the vendor. */
static int database_failed(struct err *e)
{
	if (e->kind == ERR_UNCERTAIN)
		e->kind = ERR_TEMP;
	return -1;
}

/* Somebody wrote to it since it was read: most likely its answer. */
static int changed_meanwhile(struct step *s, struct err *e)
{
	s->paid = true;
	return err_set(e, ERR_TEMP, "the ledger says something else of an earlier request by now");
}

static int move(struct step *s, struct purchase *p, enum purchase_state to, struct err *e)
{
	bool moved = false;
	int w = purchases_move(s->run->engine->db, &s->run->job, &p->id, to, &moved, e);

	if (w < 0)
		return database_failed(e);
	if (w == 0)
		return lease_lost(e);
	p->state = (int)to;
	return moved ? 0 : changed_meanwhile(s, e);
}

/* An intent of this very claim, whose answer could not be written. */
static int say_unknown(struct step *s, struct purchase *p, struct err *e)
{
	int w;

	p->state = PURCHASE_UNKNOWN;
	w = purchases_answered(s->run->engine->db, p, e);
	if (w < 0)
		return database_failed(e);
	return w == 1 ? 0 : changed_meanwhile(s, e);
}

/*
 * An intent without a live order here. A daemon that died has its intents called unknown by who proves its
 * death; one that only lost its lease may still write the answer down, as long as one can come.
 */
static int call_unknown(struct step *s, const struct wish *w, struct purchase *p, struct err *e)
{
	if (p->token == s->run->job.token)
		return say_unknown(s, p, e);
	if (p->age_ms >= w->answer_ms)
		return move(s, p, PURCHASE_UNKNOWN, e);
	s->paid = true; /* as far as anybody knows: no reason to lose patience */
	s->wait_ms = w->answer_ms - p->age_ms;
	return err_set(e, ERR_TEMP, "an earlier request may still be answered");
}

static struct purchase_key key_of(const struct step *s, const struct wish *w)
{
	return (struct purchase_key){
		.kind = kind_of(s), .item = w->item, .request_hash = w->request_hash, .hash = w->hash};
}

/* An intent without a live order, or what is unknown already. 0: it may be repeated; -1. */
static int settle_unknown(struct step *s, const struct wish *w, struct purchase *p, struct err *e)
{
	const struct engine *en = s->run->engine;
	const struct purchase_key key = key_of(s, w);

	if (p->state == PURCHASE_INTENDED && call_unknown(s, w, p, e) < 0)
		return -1;
	if (en->settings->unknown_charge == UNKNOWN_REPEAT_ONCE) {
		int written_off = purchases_written_off(en->db, &s->run->job.video_id, &key, e);

		if (written_off < 0)
			return database_failed(e);
		if (written_off == 0)
			return move(s, p, PURCHASE_WRITTEN_OFF, e);
	}
	return err_set(e, ERR_UNCERTAIN, "nobody knows whether %s accepted an earlier request", w->vendor);
}

/* 1 the answer of an earlier claim was here and is written down now, 0 it is not here, -1. */
static int recover(struct step *s, const struct wish *wish, struct purchase *p, struct err *e)
{
	const struct engine *en = s->run->engine;
	int r;

	if (!wish->recover || !wish->recover(en, p))
		return 0;
	p->state = PURCHASE_KEPT;
	r = purchases_answered(en->db, p, e);
	if (r < 0)
		return database_failed(e);
	return r == 1 ? 1 : changed_meanwhile(s, e);
}

/* What is found intended or unknown. */
static int look_closer(struct step *s, const struct wish *w, enum buy_next *ret_next, struct purchase *p,
	struct order **ret_order, struct err *e)
{
	struct order *o = find_order(s->run->engine, &p->id);
	int here;

	if (o && o->step)
		return err_set(e, ERR_TEMP, "another step waits for the same purchase");
	if (o) {
		o->step = s;
		*ret_order = o;
		*ret_next = BUY_WAIT;
		return 0;
	}
	here = recover(s, w, p, e);
	if (here < 0)
		return -1;
	*ret_next = here == 1 ? BUY_TAKE : BUY_SEND;
	return here == 1 ? 0 : settle_unknown(s, w, p, e);
}

int buy_look(struct step *s, const struct wish *w, enum buy_next *ret_next, struct purchase *ret_purchase,
	struct order **ret_order, struct err *e)
{
	const struct run *r = s->run;
	bool reuse = r->video.reuse && !w->own_only;
	const struct purchase_key key = key_of(s, w);
	int found = purchases_find(r->engine->db, &r->job, &key, reuse, ret_purchase, e);

	if (found < 0)
		return database_failed(e);
	if (found == 0) {
		*ret_next = BUY_SEND;
		return 0;
	}
	if (ret_purchase->state == PURCHASE_KEPT || ret_purchase->state == PURCHASE_KNOWN) {
		*ret_next = ret_purchase->state == PURCHASE_KEPT ? BUY_TAKE : BUY_ASK;
		return 0;
	}
	return look_closer(s, w, ret_next, ret_purchase, ret_order, e);
}

/* Orders */

static void log_order(enum log_level level, const char *what, const struct order *o, const char *why)
{
	char video[UUID_TEXT_SIZE], id[UUID_TEXT_SIZE];

	uuid_format(&o->p.video_id, video);
	uuid_format(&o->p.id, id);
	log_write(level, what,
		LOG_PAIRS(log_text("video", video), log_text("step", o->p.kind),
			log_number("item", o->p.item), log_text("purchase", id),
			log_text("state", purchase_state_names[o->p.state]),
			log_text("vendor_id", o->p.vendor_id),
			why ? log_text("why", why) : log_text(NULL, "")));
}

static void order_free(struct order *o)
{
	if (o->call)
		o->cancel(o->call);
	loop_timer_free(o->timer);
	purchase_done(&o->p);
	free(o);
}

static void leave(struct order *o)
{
	struct order **at = &o->engine->orders;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
}

static void finish(struct order *o)
{
	struct engine *en = o->engine;

	leave(o);
	if (o->was_abandoned && o->accepted)
		calloff_soon(en->calloff);
	if (o->step)
		o->done(o->step, &o->p, o->accepted ? NULL : &o->verdict, o->arg);
	order_free(o);
	engine_kick(en); /* a drain may wait for it */
}

/* Our own fault, and no use to try again: the row stays intended, which is unknown to whoever finds it. */
static void give_up_writing(struct order *o, const struct err *e)
{
	log_order(LOG_LEVEL_ERROR, "answer not recorded", o, e->text);
	o->accepted = false;
	o->written = true;
	o->verdict = (struct verdict){.err = *e};
	o->verdict.err.kind = ERR_UNCERTAIN;
}

static void write_answer(struct order *o)
{
	struct err e;
	int w = purchases_answered(o->engine->db, &o->p, &e);

	if (w >= 0) {
		o->written = true;
		if (o->p.state == PURCHASE_KEPT)
			keeper_soon(o->engine->keeper);
		log_order(o->accepted ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "paid request answered", o,
			o->accepted ? NULL : o->verdict.err.text);
	} else if (e.kind != ERR_TEMP && e.kind != ERR_UNCERTAIN) {
		give_up_writing(o, &e);
	}
	loop_timer_arm(o->timer, o->written ? 0 : DATABASE_RETRY_MS);
}

static void go_on(void *arg)
{
	struct order *o = arg;

	if (o->written)
		finish(o);
	else
		write_answer(o);
}

static void answered(struct order *o)
{
	o->call = NULL;
	o->answered = true;
	write_answer(o);
}

static struct purchase intended(const struct step *s, const struct wish *w)
{
	struct purchase p = {
		.id = w->id,
		.video_id = s->run->job.video_id,
		.item = w->item,
		.state = PURCHASE_INTENDED,
		.token = s->run->job.token,
		.request = xstrdup(w->request),
		.estimate_milli = w->estimate_milli,
		.cost_milli = -1,
	};

	(void)snprintf(p.vendor, sizeof(p.vendor), "%s", w->vendor);
	(void)snprintf(p.kind, sizeof(p.kind), "%s", kind_of(s));
	memcpy(p.request_hash, w->request_hash, sizeof(p.request_hash));
	memcpy(p.hash, w->hash, sizeof(p.hash));
	return p;
}

/* 1, 0 or -1 as purchases_intend; *ret_perhaps: the commit of one of the tries may have happened. */
static int commit_intent(
	struct engine *en, const struct job *job, const struct purchase *p, bool *ret_perhaps, struct err *e)
{
	int w = -1;

	*ret_perhaps = false;
	for (int i = 0; w < 0 && i < COMMIT_TRIES; i++) {
		w = purchases_intend(en->db, en->settings, job, p, e);
		*ret_perhaps |= w < 0 && e->kind == ERR_UNCERTAIN;
		if (w < 0 && e->kind != ERR_UNCERTAIN)
			break;
	}
	return w;
}

static struct order *order_new(struct step *s, const struct wish *w, struct err *e)
{
	struct order *o = xcalloc(1, sizeof(*o));

	*o = (struct order){.engine = s->run->engine, .step = s, .p = intended(s, w)};
	if (loop_timer_new(o->engine->loop, go_on, o, &o->timer, e) == 0)
		return o;
	order_free(o);
	return NULL;
}

static void enter(struct order *o)
{
	o->next = o->engine->orders;
	o->engine->orders = o;
}

int buy_intend(struct step *s, const struct wish *w, struct order **ret_order, struct err *e)
{
	struct order *o;
	bool perhaps;
	int committed;

	if (!run_may_buy(s->run)) {
		s->paid = true; /* nothing went wrong: no reason to lose patience */
		return err_set(e, ERR_TEMP, "the video is about to end here");
	}
	o = order_new(s, w, e);
	if (!o)
		return -1;
	committed = commit_intent(o->engine, &s->run->job, &o->p, &perhaps, e);
	if (committed == 1) {
		enter(o);
		*ret_order = o;
		return 0;
	}
	if (committed == 0)
		(void)lease_lost(e);
	if (committed < 0 && e->kind == ERR_BLOCKED) {
		s->reason = pause_reason_names[PAUSE_STORE_LIMIT];
		s->vendor = w->vendor;
		s->need_milli = w->estimate_milli;
	}
	if (!perhaps) {
		order_free(o);
		return -1;
	}
	/* its row may be there although nothing is sent: that is written when the database answers */
	o->step = NULL;
	enter(o);
	order_not_sent(o, e);
	return database_failed(e);
}

void order_on_done(struct order *o, order_done_fn *done, void *arg)
{
	o->done = done;
	o->arg = arg;
}

void order_set_call(struct order *o, void (*cancel)(void *call), void *call)
{
	o->cancel = cancel;
	o->call = call;
}

void order_abandon(struct order *o)
{
	if (!o)
		return;
	o->step = NULL;
	o->was_abandoned = true;
}

void order_known(struct order *o, const char *vendor_id, int64_t estimate_milli)
{
	o->accepted = true;
	o->p.state = PURCHASE_KNOWN;
	(void)snprintf(o->p.vendor_id, sizeof(o->p.vendor_id), "%s", vendor_id);
	if (estimate_milli >= 0)
		o->p.estimate_milli = estimate_milli;
	answered(o);
}

void order_kept(struct order *o, const char *vendor_id, const char *artefact, int64_t bytes,
	int64_t cost_milli, const char *result)
{
	o->accepted = true;
	o->p.state = PURCHASE_KEPT;
	(void)snprintf(o->p.vendor_id, sizeof(o->p.vendor_id), "%s", vendor_id);
	(void)snprintf(o->p.artefact, sizeof(o->p.artefact), "%s", artefact);
	o->p.bytes = bytes;
	o->p.cost_milli = cost_milli;
	free(o->p.result);
	o->p.result = xstrdup(result);
	answered(o);
}

void order_denied(struct order *o, const struct verdict *v)
{
	o->verdict = *v;
	o->p.state = v->err.kind == ERR_UNCERTAIN ? PURCHASE_UNKNOWN : PURCHASE_REFUSED;
	free(o->p.detail);
	o->p.detail = xstrdup(v->err.text);
	answered(o);
}

void order_not_sent(struct order *o, const struct err *e)
{
	struct verdict v = {.err = *e};

	if (v.err.kind == ERR_UNCERTAIN)
		v.err.kind = ERR_TEMP;
	(void)err_prefix(&v.err, "not sent: ");
	order_denied(o, &v);
}

/* Nobody hears of it from here on, so the ledger need not wait for that. */
static int last_words(struct order *o, struct err *e)
{
	if (o->written)
		return 0;
	if (o->call)
		o->cancel(steal_ptr(o->call));
	if (!o->answered)
		o->p.state = PURCHASE_UNKNOWN;
	return purchases_answered(o->engine->db, &o->p, e);
}

void orders_free(struct engine *en)
{
	bool writes = true;

	while (en->orders) {
		struct order *o = en->orders;
		struct err e;

		en->orders = o->next;
		log_order(LOG_LEVEL_WARNING, "stopped before the answer was recorded", o, NULL);
		if (writes && last_words(o, &e) < 0) {
			log_order(LOG_LEVEL_ERROR, "answer not recorded", o, e.text);
			writes = false; /* the database is away: it would be waited for once an order */
		}
		order_free(o);
	}
}

bool orders_pending(const struct engine *en)
{
	return en->orders != NULL;
}
