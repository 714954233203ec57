#ifndef VIDEOD_IO_CACHE_H
#define VIDEOD_IO_CACHE_H

/*
 * memcached (libmemcached): a hint, never the truth. A dead server is a miss and costs at most the timeout
 * once a second. Keys are our own ASCII; values at most 64 kB.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/macros.h"

struct buf;
struct cache;

/* server: "/path/of/socket" or "host:port". NULL or "" makes a cache that always misses. Never NULL. */
struct cache *cache_new(const char *server, unsigned timeout_ms);
void cache_free(struct cache *c);
DEFINE_FREEP(cache)

bool cache_get(struct cache *c, const char *key, struct buf *out); /* false: miss or dead */
bool cache_set(
	struct cache *c, const char *key, const char *p, size_t n, unsigned ttl_sec); /* false: not stored */
bool cache_add(struct cache *c, const char *key, const char *p, size_t n,
	unsigned ttl_sec); /* only where there is none */
bool cache_replace(struct cache *c, const char *key, const char *p, size_t n,
	unsigned ttl_sec);                           /* only where there is one */
bool cache_delete(struct cache *c, const char *key); /* false: not known to be gone */

#endif
