#ifndef VIDEOD_DAEMON_VENDOR_KEEPER_H
#define VIDEOD_DAEMON_VENDOR_KEEPER_H

/*
 * Keeps what was paid for in the storage too, where that survives the loss of this host: put there as soon as
 * it is kept here, beside all other work; removed there when nobody uses it any more. Each is done again
 * until it is true: the ledger says what is left to do.
 */

#include <stdbool.h>
#include <stddef.h>

#include "daemon/vendor/bought.h"

struct engine;
struct err;
struct keeper;

/* "bought/ab/<purchase>-<token>.mp4", and of what is known of it "….mp4.json". */
#define KEEPER_KEY_SIZE (BOUGHT_NAME_SIZE + 16)
void keeper_key(const char *name, char out[static KEEPER_KEY_SIZE]);
void keeper_beside_key(const char *name, char out[static KEEPER_KEY_SIZE]);

/* *ret NULL: the storage is no safer than bought_dir. */
int keeper_new(struct engine *en, struct keeper **ret, struct err *e);
void keeper_free(struct keeper *k);
/* NULL is allowed from here on. */
void keeper_soon(struct keeper *k); /* something was kept or let go */
/* The daemon is about to end: what this host alone has is put, nothing else is begun. */
void keeper_close(struct keeper *k);
bool keeper_is_busy(const struct keeper *k);

#endif
