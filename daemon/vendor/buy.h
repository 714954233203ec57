#ifndef VIDEOD_DAEMON_VENDOR_BUY_H
#define VIDEOD_DAEMON_VENDOR_BUY_H

/*
 * Buying: how a step comes to an artefact that costs money without ever paying for it twice.
 *
 * - buy_look looks what there is: kept, take it; known, go on asking for it; asked for by ourselves and not
 *   answered yet, wait; unknown, ERR_UNCERTAIN; nothing, it may be bought.
 * - What may fail for nothing comes next: an upload, setting disk aside.
 * - buy_intend commits the intent, and the caller sends at once.
 * - An order is that one request from its intent to its written answer. It belongs to the engine, not to the
 *   step: when the step is stopped (cancel, lost lease, drain) the answer is still waited for and written, so
 *   that a task that was accepted is known, and can be cancelled or fetched later.
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
	struct uuid id;     /* of the purchase to be, should it be bought: new for each buy_intend */
	const char *vendor; /* "runway", "elevenlabs" */
	int64_t item;       /* scene, or piece of the script */
	const uint8_t *request_hash, *hash; /* as in purchase_key */
	const char *request;                /* JSON for the ledger */
	int64_t estimate_milli;
	int64_t answer_ms; /* after its intent, no answer to such a request comes any more */
	bool own_only;     /* not one that another video bought */
	/*
	 * Speech, whose answer is the artefact: says whether the answer to an intent of an earlier claim is
	 * here all the same, and fills p's vendor_id, artefact, bytes, cost_milli and result from it. NULL:
	 * there is no such thing.
	 */
	bool (*recover)(const struct engine *en, struct purchase *p);
};

enum buy_next { BUY_TAKE, BUY_ASK, BUY_WAIT, BUY_SEND };

/*
 * 0 with what to do: BUY_TAKE or BUY_ASK of *ret_purchase; BUY_WAIT for *ret_order, which was without a step
 * and is now s's: say order_on_done; BUY_SEND when nothing is there (any more). *ret_purchase is filled but
 * for BUY_SEND; purchase_done frees it in any case. -1: ERR_UNCERTAIN when an earlier request is unknown (an
 * intent of an earlier claim becomes that here, once it is old enough) and the setting unknown_charge does
 * not repeat it; ERR_TEMP, with the step's wait_ms, while another daemon may still write the answer to an
 * intent; ERR_CANCELED when the lease was lost; else what the database said.
 */
int buy_look(struct step *s, const struct wish *w, enum buy_next *ret_next, struct purchase *ret_purchase,
	struct order **ret_order, struct err *e);

/* After BUY_SEND. 0: the intent is committed, send now. -1: do not; ERR_CANCELED when the lease was lost,
 * ERR_TEMP also when the video is about to fail, to pause or to be handed back. */
int buy_intend(struct step *s, const struct wish *w, struct order **ret_order, struct err *e);

/*
 * How it went, for the step: v NULL when it was accepted (p's state is KNOWN or KEPT), else why not. p lives
 * until it returns; by then the order is gone. Called from the loop, never from inside another function of
 * buy.h.
 */
typedef void order_done_fn(struct step *s, const struct purchase *p, const struct verdict *v, void *arg);
void order_on_done(struct order *o, order_done_fn *done, void *arg);
void order_abandon(struct order *o); /* the step is gone; the answer is still written. NULL is allowed */

/* The request under way: cancel ends it when the engine ends before it was answered. */
void order_set_call(struct order *o, void (*cancel)(void *call), void *call);

/*
 * The answer, to be told exactly once by who sent it, by one of these; the call is gone then. It is written,
 * again and again while the database does not answer; then done is called if a step still wants it.
 */
void order_known(struct order *o, const char *vendor_id, int64_t estimate_milli); /* accepted; -1 not said */
void order_denied(struct order *o, const struct verdict *v); /* or nobody knows: by v's kind */
/* Speech: the answer is the artefact, sealed in bought_dir. */
void order_kept(struct order *o, const char *vendor_id, const char *artefact, int64_t bytes,
	int64_t cost_milli, const char *result);
/* It could not even be sent. */
void order_not_sent(struct order *o, const struct err *e);

void orders_free(struct engine *en);          /* when the daemon ends: what has no answer is unknown */
bool orders_pending(const struct engine *en); /* a drain waits for them */

#endif
