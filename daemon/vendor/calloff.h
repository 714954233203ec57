#ifndef VIDEOD_DAEMON_VENDOR_CALLOFF_H
#define VIDEOD_DAEMON_VENDOR_CALLOFF_H

/*
 * Cancels at the vendor what is marked so in the ledger, until it is true, whoever marked it and whatever
 * became of the video. A task that has finished meanwhile is left alone while its video is there: it was paid
 * for, and a retry fetches it.
 */

#include <stdint.h>

struct calloff;
struct engine;
struct err;
struct purchase;
struct runway_task;

int calloff_new(struct engine *en, struct calloff **ret, struct err *e);
void calloff_free(struct calloff *c);
void calloff_soon(struct calloff *c); /* NULL is allowed; also called at each upkeep */

/* A task that was asked for just now and marked by purchases_cancelling: the vendor is told at once. p is
 * copied. One that is under way is left alone; where all lines are taken the next round has it. */
void calloff_hand_over(struct calloff *c, const struct purchase *p);

/* What a task costs that is cancelled now: what the vendor says, nothing when it had not begun, else all. */
int64_t calloff_cost_milli(const struct runway_task *t, int64_t estimate_milli);

#endif
