/* Listing objects: page after page, until there are no more or the caller has enough. */

#include <stdlib.h>

#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/remote/s3_priv.h"

struct list {
	struct s3_call call; /* first */
	char *prefix;
	struct s3_place place; /* of the next page */
	struct s3_paging *paging;
	s3_list_fn *page;
};

static void free_list(struct s3_call *c)
{
	struct list *l = (struct list *)(void *)c;

	s3_page_cancel(l->paging);
	s3_place_done(&l->place);
	free(l->prefix);
	free(l);
}

/* Whether the caller wants more. It may also cancel. */
static bool give(struct list *l, const struct s3_page *page)
{
	bool wants_more;

	AUTO_FREE struct s3_object *objects = xcalloc(page->count + 1, sizeof(*objects));

	for (size_t i = 0; i < page->count; i++)
		objects[i] = (struct s3_object){
			.key = page->items[i].key,
			.bytes = page->items[i].bytes,
			.modified = page->items[i].modified,
		};
	if (page->count == 0)
		return true;
	l->call.is_telling = true;
	wants_more = l->page(objects, page->count, l->call.arg);
	l->call.is_telling = false;
	return wants_more && !l->call.was_cancelled;
}

static void on_page(struct s3_page *page, const struct err *e, void *arg)
{
	struct list *l = arg;

	l->paging = NULL;
	if (page == NULL) {
		s3_call_end(&l->call, e);
		return;
	}
	if (!give(l, page) || page->is_last) {
		s3_call_end(&l->call, NULL);
		return;
	}
	s3_place_move(&l->place, &page->next);
	l->paging = s3_page_start(l->call.s, false, l->prefix, &l->place, on_page, l);
}

struct s3_call *s3_list(
	struct s3 *s, const char *prefix, const char *after, s3_list_fn *page, s3_done_fn *done, void *arg)
{
	struct list *l = xcalloc(1, sizeof(*l));

	s3_call_init(&l->call, s, free_list, done, arg);
	l->prefix = xstrdup(prefix);
	l->place.after = xstrdup(after);
	l->page = page;
	l->paging = s3_page_start(s, false, l->prefix, &l->place, on_page, l);
	return &l->call;
}
