#ifndef VIDEOD_IO_CACHE_H
#define VIDEOD_IO_CACHE_H

/*
 * memcached (libmemcached): a hint, never the truth. A dead server is a miss and costs at most the timeout
 * once a second. Keys are our own ASCII; values at most 64 kB.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct buf;
struct cache;

/* server: "/path/of/socket" or "host:port". NULL or "" makes a cache that always misses. Never NULL. */
struct cache *cache_new(const char *server, unsigned timeout_ms);
void cache_free(struct cache *c);
DEFINE_FREEP(cache)

bool cache_get(struct cache *c, const char *key, struct buf *out); /* false: miss or dead */

/* A name for just what is under a key now, or for there being nothing. */
#define CACHE_NOTHING UINT64_C(0)
bool cache_look(struct cache *c, const char *key, uint64_t *ret_version); /* false: not known */
/*
 * Stores where that version is still there: 1, 0 somebody else was faster, -1 not known. There is no other
 * way to store, so what reaches the server late, after its sender gave it up, changes nothing that is newer.
 */
int cache_swap(struct cache *c, const char *key, uint64_t version, const char *p, size_t n, unsigned ttl_sec);

/* Tries also while the server counts as dead. false: not known to be gone. */
bool cache_delete(struct cache *c, const char *key);

#endif
