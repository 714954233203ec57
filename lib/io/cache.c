/*
 * memcached through libmemcached's text protocol. Invariant: a trouble never spreads. After a failure the
 * connection is dropped and, unless it can be made again at once, everything is a miss until RETRY_MS have
 * passed, so that a dead or stopped server costs its timeout once a second and no more. Every result is a
 * hint; nothing is retried twice.
 */

#include "lib/io/cache.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libmemcached/memcached.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"

#define RETRY_MS        1000
#define VALUE_MAX_BYTES (64 * 1024)
#define TTL_MAX_SEC     (30 * 24 * 3600) /* memcached takes more for a date */
#define DEFAULT_PORT    11211

struct cache {
	char *path; /* of a unix socket, or NULL */
	char *host; /* or NULL; with neither there is no server */
	in_port_t port;
	unsigned timeout_ms;
	memcached_st *client;  /* NULL while not connected */
	bool used;             /* client has had an answer */
	int64_t dead_until_ms; /* by clock_mono_ms() */
};

/* What an operation found; the union of the ways in which libmemcached says so. */
enum outcome { DONE, REFUSED, TROUBLE };

struct request {
	const char *key;
	const char *value; /* of swap */
	size_t n;
	time_t ttl_sec;
	uint64_t version;      /* of swap */
	uint64_t *ret_version; /* of look */
	struct buf *out;       /* of get */
};

typedef enum outcome operation(memcached_st *client, const struct request *r);

static void set_server(struct cache *c, const char *server)
{
	if (!server || !*server)
		return;
	if (*server == '/') {
		c->path = xstrdup(server);
		return;
	}

	const char *colon = strrchr(server, ':');
	int64_t port = DEFAULT_PORT;

	/* A port that is none leaves a name that resolves to nothing: a server that is always down. */
	if (colon && text_to_i64(colon + 1, 1, UINT16_MAX, &port))
		c->host = xstrndup(server, (size_t)(colon - server));
	else
		c->host = xstrdup(server);
	c->port = (in_port_t)port;
}

struct cache *cache_new(const char *server, unsigned timeout_ms)
{
	struct cache *c = xcalloc(1, sizeof(*c));

	c->timeout_ms = timeout_ms;
	set_server(c, server);
	return c;
}

static void disconnect(struct cache *c)
{
	if (c->client)
		memcached_free(c->client);
	c->client = NULL;
	c->used = false;
}

void cache_free(struct cache *c)
{
	if (!c)
		return;
	disconnect(c);
	free(c->path);
	free(c->host);
	free(c);
}

static void connect_lazily(struct cache *c)
{
	if (c->client)
		return;

	memcached_st *m = memcached_create(NULL);
	uint64_t usec = (uint64_t)c->timeout_ms * 1000;

	if (!m)
		abort();
	(void)memcached_behavior_set(m, MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, c->timeout_ms);
	(void)memcached_behavior_set(m, MEMCACHED_BEHAVIOR_POLL_TIMEOUT, c->timeout_ms);
	(void)memcached_behavior_set(m, MEMCACHED_BEHAVIOR_SND_TIMEOUT, usec);
	(void)memcached_behavior_set(m, MEMCACHED_BEHAVIOR_RCV_TIMEOUT, usec);
	(void)memcached_behavior_set(m, MEMCACHED_BEHAVIOR_TCP_NODELAY, 1);
	(void)memcached_behavior_set(m, MEMCACHED_BEHAVIOR_SUPPORT_CAS, 1);
	(void)(c->path ? memcached_server_add_unix_socket(m, c->path)
		       : memcached_server_add(m, c->host, c->port));
	c->client = m;
}

/* One try. A fresh connection that fails, or one that used up its time, is a dead server. */
static enum outcome try(struct cache *c, operation *op, const struct request *r)
{
	int64_t begin_ms = clock_mono_ms();

	connect_lazily(c);

	bool stale = c->used;
	enum outcome outcome = op(c->client, r);

	if (outcome != TROUBLE) {
		c->used = true;
		return outcome;
	}
	disconnect(c);
	if (!stale || clock_mono_ms() - begin_ms >= c->timeout_ms)
		c->dead_until_ms = clock_mono_ms() + RETRY_MS;
	return TROUBLE;
}

static enum outcome run(struct cache *c, operation *op, const struct request *r)
{
	for (int i = 0; i < 2; i++) {
		if ((!c->path && !c->host) || clock_mono_ms() < c->dead_until_ms)
			return TROUBLE;

		enum outcome outcome = try(c, op, r);

		if (outcome != TROUBLE)
			return outcome;
	}
	return TROUBLE;
}

static enum outcome op_get(memcached_st *client, const struct request *r)
{
	size_t n = 0;
	uint32_t flags = 0;
	memcached_return_t rc = MEMCACHED_SUCCESS;
	AUTO_FREE char *value = memcached_get(client, r->key, strlen(r->key), &n, &flags, &rc);

	if (rc == MEMCACHED_NOTFOUND)
		return REFUSED;
	if (rc != MEMCACHED_SUCCESS)
		return TROUBLE;
	if (n > VALUE_MAX_BYTES || n > r->out->max_bytes - r->out->len)
		return REFUSED;
	buf_add(r->out, value ? value : "", n);
	return DONE;
}

/* The next of an answer's values: DONE with its version, REFUSED at the end of the answer. */
static enum outcome fetch_version(memcached_st *client, uint64_t *ret_version)
{
	memcached_return_t rc = MEMCACHED_SUCCESS;
	memcached_result_st *found = memcached_fetch_result(client, NULL, &rc);

	if (!found)
		return rc == MEMCACHED_END || rc == MEMCACHED_NOTFOUND ? REFUSED : TROUBLE;
	*ret_version = memcached_result_cas(found);
	memcached_result_free(found);
	return DONE;
}

static enum outcome op_look(memcached_st *client, const struct request *r)
{
	size_t n = strlen(r->key);
	uint64_t ignored;
	enum outcome found;

	*r->ret_version = CACHE_NOTHING;
	if (memcached_mget(client, &r->key, &n, 1) != MEMCACHED_SUCCESS)
		return TROUBLE;
	found = fetch_version(client, r->ret_version);
	return found == DONE && fetch_version(client, &ignored) != REFUSED ? TROUBLE : found;
}

static enum outcome op_add(memcached_st *client, const struct request *r)
{
	memcached_return_t rc = memcached_add(client, r->key, strlen(r->key), r->value, r->n, r->ttl_sec, 0);

	if (rc == MEMCACHED_NOTSTORED || rc == MEMCACHED_DATA_EXISTS)
		return REFUSED;
	return rc == MEMCACHED_SUCCESS ? DONE : TROUBLE;
}

static enum outcome op_cas(memcached_st *client, const struct request *r)
{
	memcached_return_t rc =
		memcached_cas(client, r->key, strlen(r->key), r->value, r->n, r->ttl_sec, 0, r->version);

	if (rc == MEMCACHED_DATA_EXISTS || rc == MEMCACHED_NOTFOUND)
		return REFUSED;
	return rc == MEMCACHED_SUCCESS ? DONE : TROUBLE;
}

static enum outcome op_delete(memcached_st *client, const struct request *r)
{
	memcached_return_t rc = memcached_delete(client, r->key, strlen(r->key), 0);

	return rc == MEMCACHED_SUCCESS || rc == MEMCACHED_NOTFOUND ? DONE : TROUBLE;
}

bool cache_get(struct cache *c, const char *key, struct buf *out)
{
	struct request r = {.key = key, .out = out};

	return run(c, op_get, &r) == DONE;
}

bool cache_look(struct cache *c, const char *key, uint64_t *ret_version)
{
	struct request r = {.key = key, .ret_version = ret_version};

	return run(c, op_look, &r) != TROUBLE;
}

int cache_swap(struct cache *c, const char *key, uint64_t version, const char *p, size_t n, unsigned ttl_sec)
{
	static const int results[] = {[DONE] = 1, [REFUSED] = 0, [TROUBLE] = -1};
	struct request r = {.key = key, .value = p, .n = n, .ttl_sec = (time_t)ttl_sec, .version = version};

	assert(ttl_sec <= TTL_MAX_SEC);
	return n > VALUE_MAX_BYTES ? -1 : results[run(c, version == CACHE_NOTHING ? op_add : op_cas, &r)];
}

bool cache_delete(struct cache *c, const char *key)
{
	struct request r = {.key = key};

	c->dead_until_ms = 0;
	return run(c, op_delete, &r) == DONE;
}
