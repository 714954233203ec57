#ifndef VIDEOD_TESTS_UNIT_LEDGER_H
#define VIDEOD_TESTS_UNIT_LEDGER_H

/* Purchases of the shop (shop.h) as a daemon makes them. purchase_done frees; what fails, fails the test. */

#include "lib/video/purchases.h"

extern const uint8_t ledger_sunset[DIGEST_SHA256_BYTES], ledger_harbour[DIGEST_SHA256_BYTES],
	ledger_garden[DIGEST_SHA256_BYTES]; /* what three different clips are made from */

struct purchase ledger_wish(int64_t item, const uint8_t *hash); /* not written yet */
struct purchase ledger_intend(const struct job *job, int64_t item, const uint8_t *hash);
struct purchase ledger_know(const struct job *job, int64_t item, const uint8_t *hash);
struct purchase ledger_keep(const struct job *job, int64_t item, const uint8_t *hash);

/* The answer comes, by another connection; that purchases_answered gives wanted. */
void ledger_answer(struct purchase *p, enum purchase_state state, int wanted);
void ledger_expect(const struct purchase *p, enum purchase_state wanted);

#endif
