/*
 * Removing objects: one, many, and all that begin with a prefix. What is not there is removed. One, and all
 * below a prefix, are removed with their uploads in parts, and these first, because one that is completed
 * becomes an object.
 */

#include <stdlib.h>

#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/remote/s3_priv.h"

/* One */

struct delete_one {
	struct s3_call call; /* first */
	char *key;
	struct s3_sweep *sweep;
};

static void free_one(struct s3_call *c)
{
	struct delete_one *d = (struct delete_one *)(void *)c;

	s3_sweep_cancel(d->sweep);
	free(d->key);
	free(d);
}

static void on_deleted(const struct s3_reply *r, void *arg)
{
	struct delete_one *d = arg;

	d->call.request = NULL;
	s3_call_end(&d->call, r->what == S3_NOT_FOUND ? NULL : r->e);
}

/* A server that does not list uploads, or not to us, keeps nobody from deleting: neither here nor in
 * on_swept. */
static void on_one_swept(size_t count UNUSED, const struct err *e, void *arg)
{
	struct delete_one *d = arg;
	const struct s3_ask ask = {.method = "DELETE", .key = d->key};

	d->sweep = NULL;
	if (e != NULL && e->kind == ERR_TEMP)
		s3_call_end(&d->call, e);
	else
		d->call.request = s3_request_start(d->call.s, &ask, on_deleted, d);
}

struct s3_call *s3_delete(struct s3 *s, const char *key, s3_done_fn *done, void *arg)
{
	struct delete_one *d = xcalloc(1, sizeof(*d));

	s3_call_init(&d->call, s, free_one, done, arg);
	d->key = xstrdup(key);
	d->sweep = s3_sweep_start(s, d->key, true, S3_ANY_AGE, on_one_swept, d);
	return &d->call;
}

/* Many */

struct delete_many {
	struct s3_call call; /* first */
	char **keys;
	size_t count, at;
	struct s3_batch *batch;
};

static void free_many(struct s3_call *c)
{
	struct delete_many *d = (struct delete_many *)(void *)c;

	s3_batch_cancel(d->batch);
	for (size_t i = 0; i < d->count; i++)
		free(d->keys[i]);
	free(d->keys);
	free(d);
}

static void on_batch(const struct err *e, void *arg);

static void next_batch(struct delete_many *d)
{
	size_t left = d->count - d->at, n = left < S3_KEYS_AT_ONCE ? left : S3_KEYS_AT_ONCE;

	d->batch = s3_batch_start(d->call.s, (const char *const *)d->keys + d->at, n, on_batch, d);
	d->at += n;
}

static void on_batch(const struct err *e, void *arg)
{
	struct delete_many *d = arg;

	d->batch = NULL;
	if (e != NULL || d->at == d->count)
		s3_call_end(&d->call, e);
	else
		next_batch(d);
}

struct s3_call *s3_delete_many(
	struct s3 *s, const char *const *keys, size_t count, s3_done_fn *done, void *arg)
{
	struct delete_many *d = xcalloc(1, sizeof(*d));

	s3_call_init(&d->call, s, free_many, done, arg);
	d->keys = xcalloc(count + 1, sizeof(*d->keys));
	d->count = count;
	for (size_t i = 0; i < count; i++)
		d->keys[i] = xstrdup(keys[i]);
	if (count > 0)
		next_batch(d);
	else
		s3_call_end_later(&d->call, NULL);
	return &d->call;
}

/*
 * All below a prefix. A pass goes through the whole listing; the passes end with one that finds nothing,
 * because a listing may be behind the truth, and what a server could not remove in one pass it may in the
 * next, as long as it removes anything.
 */

struct delete_prefix {
	struct s3_call call; /* first */
	char *prefix;
	unsigned passes;
	bool has_found, has_removed; /* something, in this pass */
	bool has_failed;             /* likewise; call.failure says why */
	struct s3_place place;
	bool is_last; /* there is no next page */
	struct s3_sweep *sweep;
	struct s3_paging *paging;
	struct s3_batch *batch;
};

static void free_prefix(struct s3_call *c)
{
	struct delete_prefix *d = (struct delete_prefix *)(void *)c;

	s3_sweep_cancel(d->sweep);
	s3_page_cancel(d->paging);
	s3_batch_cancel(d->batch);
	s3_place_done(&d->place);
	free(d->prefix);
	free(d);
}

static void on_page(struct s3_page *page, const struct err *e, void *arg);

static void begin_pass(void *arg)
{
	struct delete_prefix *d = arg;

	d->has_found = d->has_removed = d->has_failed = false;
	s3_place_done(&d->place);
	d->paging = s3_page_start(d->call.s, false, d->prefix, &d->place, on_page, d);
}

static void end_pass(struct delete_prefix *d)
{
	bool is_vain = d->has_failed && !d->has_removed;

	if (!d->has_found) {
		s3_call_end(&d->call, NULL);
		return;
	}
	if (++d->passes > d->call.s->spec.attempts || is_vain) {
		if (!d->has_failed)
			(void)err_set(&d->call.failure, ERR_TEMP, "S3: what was deleted is still listed");
		s3_call_end(&d->call, &d->call.failure);
		return;
	}
	s3_later(d->call.s, &d->call.due, d->passes > 1 ? s3_jitter_ms(S3_BASE_MS, d->passes) : 0, begin_pass,
		d);
}

static void go_on(struct delete_prefix *d)
{
	if (d->is_last)
		end_pass(d);
	else
		d->paging = s3_page_start(d->call.s, false, d->prefix, &d->place, on_page, d);
}

static void on_page_gone(const struct err *e, void *arg)
{
	struct delete_prefix *d = arg;

	d->batch = NULL;
	if (e != NULL && e->kind != ERR_TEMP) {
		s3_call_end(&d->call, e);
		return;
	}
	if (e != NULL) {
		d->call.failure = *e;
		d->has_failed = true;
	} else {
		d->has_removed = true;
	}
	go_on(d);
}

static void on_page(struct s3_page *page, const struct err *e, void *arg)
{
	struct delete_prefix *d = arg;
	const char *keys[S3_KEYS_AT_ONCE];
	size_t n = 0;

	d->paging = NULL;
	if (page == NULL) {
		s3_call_end(&d->call, e);
		return;
	}
	for (; n < page->count && n < S3_KEYS_AT_ONCE; n++)
		keys[n] = page->items[n].key;
	d->is_last = page->is_last && n == page->count;
	if (n == 0) {
		s3_place_move(&d->place, &page->next);
		go_on(d);
		return;
	}
	s3_place_done(
		&d->place); /* what has been deleted need not be there for the listing to go on behind it */
	d->place.after = xstrdup(keys[n - 1]);
	d->has_found = true;
	d->batch = s3_batch_start(d->call.s, keys, n, on_page_gone, d);
}

static void on_swept(size_t count UNUSED, const struct err *e, void *arg)
{
	struct delete_prefix *d = arg;

	d->sweep = NULL;
	if (e != NULL && e->kind == ERR_TEMP)
		s3_call_end(&d->call, e);
	else
		begin_pass(d);
}

struct s3_call *s3_delete_prefix(struct s3 *s, const char *prefix, s3_done_fn *done, void *arg)
{
	struct delete_prefix *d = xcalloc(1, sizeof(*d));

	s3_call_init(&d->call, s, free_prefix, done, arg);
	d->prefix = xstrdup(prefix);
	d->sweep = s3_sweep_start(s, prefix, false, S3_ANY_AGE, on_swept, d);
	return &d->call;
}
