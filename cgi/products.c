/*
 * Stores and their products: put, read, listed. The id is the client's own and stands in the path; a PUT
 * replaces the whole thing and answers with what is now stored.
 */
#include "cgi/products.h"

#include <stddef.h>

#include "cgi/files.h"
#include "cgi/query.h"
#include "cgi/reply.h"
#include "cgi/view.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/wake.h"
#include "lib/video/keeping.h"
#include "lib/video/request.h"
#include "lib/video/stores.h"

struct page {
	int64_t limit, offset;
};

static bool read_page(const char *query, struct page *page, struct problems *p)
{
	static const struct query_key keys[] = {
		{.name = "limit",
			.type = QUERY_INT,
			.offset = offsetof(struct page, limit),
			.min = 1,
			.max = LIMIT_PAGE},
		{.name = "offset",
			.type = QUERY_INT,
			.offset = offsetof(struct page, offset),
			.max = LIMIT_OFFSET},
	};

	*page = (struct page){.limit = DEFAULT_PAGE};
	return query_read(query, keys, ARRAY_LEN(keys), page, p);
}

int serve_stores(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_PROBLEMS problems = {0};
	struct page page;
	struct store *list = NULL;
	size_t count = 0;
	int64_t total = 0;

	if (!read_page(q->query, &page, &problems))
		return reply_problems(r, &problems);
	if (stores_list(a->db, page.limit, page.offset, &list, &count, &total, e) < 0)
		return -1;

	reply_page_begin(r, "stores");
	for (size_t i = 0; i < count; i++)
		if (!reply_page_add(r, view_store(&list[i])))
			break;
	stores_list_free(list, count);
	return reply_page_end(r, page.offset, total);
}

int serve_store(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_STORE store = {0};
	int found = stores_get(a->db, q->key, &store, e);

	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_STORE);
	return reply_json(r, 200, view_store(&store));
}

int serve_store_put(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_STORE store = {.id = xstrdup(q->key)};
	AUTO_PROBLEMS problems = {0};

	if (!request_read_store(q->body, &store, &problems))
		return reply_problems(r, &problems);

	int created = stores_put(a->db, &store, e);

	if (created < 0 && e->http_status == 409)
		return reply_error(
			r, REPLY_CONFLICT, "The store of that id was deleted and is still being removed.");
	if (created < 0)
		return -1;
	if (created)
		reply_location(r, "/videos/stores/", store.id);
	return reply_json(r, created ? 201 : 200, view_store(&store));
}

int serve_store_delete(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	int found = stores_delete(a->db, q->key, e);

	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_STORE);
	wake_daemon(a->settings.wake_socket);
	return reply_empty(r);
}

int serve_store_products(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_PROBLEMS problems = {0};
	AUTO_STORE store = {0};
	struct page page;
	struct product *list = NULL;
	size_t count = 0;
	int64_t total = 0;

	if (!read_page(q->query, &page, &problems))
		return reply_problems(r, &problems);

	int found = stores_get(a->db, q->key, &store, e);

	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_STORE);
	if (products_list(a->db, q->key, page.limit, page.offset, &list, &count, &total, e) < 0)
		return -1;

	reply_page_begin(r, "products");
	for (size_t i = 0; i < count; i++)
		if (!reply_page_add(r, view_product(&list[i])))
			break;
	products_list_free(list, count);
	return reply_page_end(r, page.offset, total);
}

int serve_product(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_PRODUCT product = {0};
	int found = products_get(a->db, q->key, &product, e);

	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_PRODUCT);
	return reply_json(r, 200, view_product(&product));
}

static int answer_refused(struct reply *r, const struct err *e)
{
	if (e->kind == ERR_PERM && e->http_status == 404)
		return reply_error_at(r, REPLY_NOT_FOUND, "/storeId", NO_SUCH_STORE);
	if (e->kind == ERR_PERM && e->http_status == 409)
		return reply_error_at(r, REPLY_CONFLICT, "/storeId", "The product belongs to another store.");
	return -1;
}

static int use_images(struct app *a, const struct product *p, struct reply *r, struct err *e)
{
	int good = 1;

	for (size_t i = 0; good == 1 && i < p->image_count; i++) {
		AUTO_FREE char *path = xasprintf("/images/%zu/url", i);

		good = files_use(a, p->images[i].url, path, r, e);
	}
	return good;
}

int serve_product_put(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_PRODUCT product = {.id = xstrdup(q->key)};
	AUTO_PROBLEMS problems = {0};

	if (!request_read_product(q->body, &product, &problems))
		return reply_problems(r, &problems);

	int used = use_images(a, &product, r, e);

	if (used <= 0)
		return used;

	int created = products_put(a->db, &product, e);

	if (created < 0)
		return answer_refused(r, e);
	if (created)
		reply_location(r, "/videos/products/", product.id);
	return reply_json(r, created ? 201 : 200, view_product(&product));
}
