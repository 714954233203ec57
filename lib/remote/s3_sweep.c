/*
 * Giving up uploads in parts that somebody has left: listed page after page, aborted one by one. What is gone
 * by then was aborted or completed by somebody else, which is as good.
 */

#include <stdlib.h>
#include <string.h>

#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/remote/s3_priv.h"

struct s3_sweep {
	struct s3 *s;
	char *prefix;
	bool is_key;
	int64_t older_sec;
	struct s3_place place; /* of the next page */
	bool is_last;          /* there is no next page */
	struct s3_item *items; /* those of this page that are to go */
	size_t item_count, at;
	size_t count; /* given up so far */
	struct sigv4_pair query[1];
	struct s3_paging *paging;
	struct s3_request *request;
	s3_sweep_fn *done;
	void *arg;
};

static void drop_items(struct s3_sweep *w)
{
	for (size_t i = 0; i < w->item_count; i++) {
		free(w->items[i].key);
		free(w->items[i].upload_id);
	}
	free(steal_ptr(w->items));
	w->item_count = w->at = 0;
}

static void free_sweep(struct s3_sweep *w)
{
	drop_items(w);
	s3_place_done(&w->place);
	free(w->prefix);
	free(w);
}

static void end(struct s3_sweep *w, const struct err *e)
{
	w->done(w->count, e, w->arg);
	free_sweep(w);
}

static void go_on(struct s3_sweep *w);

static void on_aborted(const struct s3_reply *r, void *arg)
{
	struct s3_sweep *w = arg;

	w->request = NULL;
	if (r->what != S3_FINE && r->what != S3_UPLOAD_GONE && r->what != S3_NOT_FOUND) {
		end(w, r->e);
		return;
	}
	w->count += r->what == S3_FINE;
	w->at++;
	go_on(w);
}

static bool is_wanted(const struct s3_sweep *w, const struct s3_item *i)
{
	bool is_old = w->older_sec == S3_ANY_AGE ||
		      (i->modified >= 0 && s3_now(w->s) - i->modified >= w->older_sec);

	return is_old && (!w->is_key || strcmp(i->key, w->prefix) == 0);
}

static void on_page(struct s3_page *page, const struct err *e, void *arg)
{
	struct s3_sweep *w = arg;

	w->paging = NULL;
	if (page == NULL) {
		end(w, e);
		return;
	}
	drop_items(w);
	w->items = xcalloc(page->count + 1, sizeof(*w->items));
	for (size_t i = 0; i < page->count; i++) {
		if (!is_wanted(w, &page->items[i]))
			continue;
		w->items[w->item_count++] = page->items[i];
		page->items[i] = (struct s3_item){0};
	}
	s3_place_move(&w->place, &page->next);
	w->is_last = page->is_last;
	go_on(w);
}

static void go_on(struct s3_sweep *w)
{
	if (w->at < w->item_count) {
		w->query[0] = (struct sigv4_pair){"uploadId", w->items[w->at].upload_id};

		const struct s3_ask ask = {
			.method = "DELETE",
			.key = w->items[w->at].key,
			.query = w->query,
			.query_count = ARRAY_LEN(w->query),
		};

		w->request = s3_request_start(w->s, &ask, on_aborted, w);
	} else if (w->is_last) {
		end(w, NULL);
	} else {
		w->paging = s3_page_start(w->s, true, w->prefix, &w->place, on_page, w);
	}
}

struct s3_sweep *s3_sweep_start(
	struct s3 *s, const char *prefix, bool is_key, int64_t older_sec, s3_sweep_fn *done, void *arg)
{
	struct s3_sweep *w = xcalloc(1, sizeof(*w));

	*w = (struct s3_sweep){
		.s = s,
		.prefix = xstrdup(prefix),
		.is_key = is_key,
		.older_sec = older_sec,
		.done = done,
		.arg = arg,
	};
	go_on(w);
	return w;
}

void s3_sweep_cancel(struct s3_sweep *w)
{
	if (w == NULL)
		return;
	s3_page_cancel(w->paging);
	s3_request_cancel(w->request);
	free_sweep(w);
}

/* The call */

struct sweep_call {
	struct s3_call call; /* first */
	struct s3_sweep *sweep;
	size_t *ret_count;
};

static void free_call(struct s3_call *c)
{
	struct sweep_call *w = (struct sweep_call *)(void *)c;

	s3_sweep_cancel(w->sweep);
	free(w);
}

static void on_swept(size_t count, const struct err *e, void *arg)
{
	struct sweep_call *w = arg;

	w->sweep = NULL;
	*w->ret_count = count;
	s3_call_end(&w->call, e);
}

struct s3_call *s3_sweep_uploads(
	struct s3 *s, const char *prefix, int64_t older_sec, size_t *ret_count, s3_done_fn *done, void *arg)
{
	struct sweep_call *w = xcalloc(1, sizeof(*w));

	s3_call_init(&w->call, s, free_call, done, arg);
	w->ret_count = ret_count;
	w->sweep = s3_sweep_start(s, prefix, false, older_sec, on_swept, w);
	return &w->call;
}
