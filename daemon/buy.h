#ifndef VIDEOD_DAEMON_BUY_H
#define VIDEOD_DAEMON_BUY_H

/*
 * Buying: how a step comes to an artefact that costs money without ever paying for it twice.
 *
 *   buy_begin   looks what there is: kept -> take it; known -> go on asking for it; unknown -> ERR_UNCERTAIN;
 *               nothing -> commits the intent, and the caller sends
 *   an order    is that one request from its intent to its written answer. It belongs to the engine, not to
 * the step: when the step is stopped (cancel, lost lease, drain) the answer is still waited for and written,
 *               so a task that was accepted is known, and can be cancelled or fetched later.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/video/purchases.h"

struct engine;
struct err;
struct order;
struct step;
struct verdict;

struct wish {
	const char *vendor; /* "runway", "elevenlabs" */
	int64_t item;       /* scene, or piece of the script */
	const uint8_t *hash;
	const char *request; /* JSON for the ledger */
	int64_t estimate_milli;
};

enum buy_next { BUY_TAKE, BUY_ASK, BUY_SEND };

/*
 * 0 with *ret_purchase (purchase_done frees) and what to do with it; with BUY_SEND the intent is committed
 * and *ret_order is made. -1: ERR_UNCERTAIN when an earlier request is unknown (an intent of an older claim
 * becomes that here) and the setting unknown_charge does not repeat it; ERR_CANCELED when the lease was lost;
 * else what the database said.
 */
int buy_begin(struct step *s, const struct wish *w, enum buy_next *ret_next, struct purchase *ret_purchase,
	struct order **ret_order, struct err *e);

/*
 * The order's answer, to be called exactly once by who sent it: vendor_id and estimate for an accepted one,
 * else v. It is written, again and again while the database does not answer; then done is called if the step
 * still wants it (never before buy_answered returned), and the order is gone.
 */
typedef void order_done_fn(struct step *s, const struct purchase *p, const struct verdict *v, void *arg);
void order_answered(struct order *o, const char *vendor_id, int64_t estimate_milli, const struct verdict *v);
/* For speech, whose answer is the artefact itself: sealed in bought_dir, kept at once. */
void order_kept(struct order *o, const char *vendor_id, const char *artefact, int64_t bytes,
	int64_t cost_milli, const char *result);
void order_on_done(struct order *o, order_done_fn *done, void *arg);
/* What cancels the call when the engine ends; freed with the order. */
void order_set_call(struct order *o, void (*cancel)(void *call), void *call);
void order_abandon(struct order *o); /* the step is gone; the answer is still written */
/* The request could not even be sent: it is refused in the ledger. */
void order_not_sent(struct order *o, const struct err *e);

void orders_free(struct engine *en);          /* when the daemon ends: what has no answer stays intended */
bool orders_pending(const struct engine *en); /* a drain waits for them */

#endif
