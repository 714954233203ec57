/*
 * Videos: asked for, polled, listed, deleted. A create is one transaction in lib/video/videos.c; what is done
 * here is reading what the client wants and saying what came of it. Making the film is the daemon's business,
 * which is woken.
 */
#include "cgi/videos.h"

#include <string.h>

#include "cgi/files.h"
#include "cgi/links.h"
#include "cgi/order.h"
#include "cgi/query.h"
#include "cgi/reply.h"
#include "cgi/view.h"
#include "lib/base/err.h"
#include "lib/io/json.h"
#include "lib/io/wake.h"
#include "lib/video/addresses.h"
#include "lib/video/purchases.h"
#include "lib/video/request.h"
#include "lib/video/status.h"
#include "lib/video/stores.h"
#include "lib/video/videos.h"

static int create(
	struct app *a, struct video *v, const struct idempotency *key, struct reply *r, struct err *e)
{
	char id[UUID_TEXT_SIZE];
	int checked = order_check(a, v, r, e);

	if (checked > 0)
		checked = files_use_video(a, v, r, e);
	if (checked <= 0)
		return checked;
	if (videos_create(a->db, &a->settings, v, key, e) < 0)
		return order_refused(r, e);

	wake_daemon(a->settings.wake_socket);
	uuid_format(&v->id, id);
	reply_location(r, "/videos/", id);
	return reply_json(r, 202, view_accepted(v));
}

int serve_video_create(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_VIDEO v = {0};
	AUTO_PROBLEMS problems = {0};

	if (!request_read_video(q->body, &v, &problems))
		return reply_problems(r, &problems);
	return create(a, &v, q->once, r, e);
}

int serve_product_video(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	static const struct query_key keys[] = {
		{.name = "style", .type = QUERY_NAME, .names = video_style_names, .name_count = STYLE_COUNT}};
	AUTO_VIDEO v = order_defaults();
	AUTO_PROBLEMS problems = {0};
	int style = STYLE_PRODUCT_SHOWCASE, written;

	(void)query_read(q->query, keys, ARRAY_LEN(keys), &style, &problems);
	if (q->body)
		(void)request_read_product_options(q->body, &v, &problems);
	if (problems.count > 0)
		return reply_problems(r, &problems);

	written = order_product(a, q->key, style, &v, r, e);
	return written <= 0 ? written : create(a, &v, q->once, r, e);
}

static void bought_done(struct view_bought *b)
{
	purchases_free(b->used, b->used_count);
	purchases_free(b->ledger, b->ledger_count);
}

int serve_video(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_VIDEO v = {0};
	CLEANUP(bought_done) struct view_bought bought = {0};
	int found = videos_get(a->db, &q->id, &v, e);

	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_VIDEO);
	if (links_renew(a, &v, 1, e) < 0)
		return -1;
	if (purchases_used(a->db, &q->id, &bought.used, &bought.used_count, e) < 0 ||
		purchases_list(a->db, &q->id, &bought.ledger, &bought.ledger_count, e) < 0)
		return -1;
	return reply_json(r, 200, view_video(&v, &bought, &a->settings));
}

/* Reached where memcached had nothing, or did not answer in time. */
int serve_video_status(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_VIDEO v = {0};
	int found = status_get(a->db, a->cache, &a->settings, &q->id, &v, e);

	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_VIDEO);
	if (!links_end_soon(&v, &a->settings))
		return reply_json(r, 200, status_json(&v, &a->settings));

	/* what memcached has by now is without them */
	AUTO_VIDEO again = {0};

	if (links_renew(a, &v, 1, e) < 0)
		return -1;
	found = status_get(a->db, a->cache, &a->settings, &q->id, &again, e);
	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_VIDEO);
	return reply_json(r, 200, status_json(&again, &a->settings));
}

int serve_video_delete(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	int found = videos_delete(a->db, &q->id, e);

	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_VIDEO);
	status_forget(a->cache, &q->id);
	wake_daemon(a->settings.wake_socket);
	return reply_empty(r);
}

/* The products of a page's videos, each read once. */
struct seen {
	struct product list[LIMIT_PAGE];
	size_t count;
};

static void seen_done(struct seen *s)
{
	for (size_t i = 0; i < s->count; i++)
		product_done(&s->list[i]);
}

/* 1 with *ret_product owned by s, 0 it is not there any more, -1 failed. At most LIMIT_PAGE different ids are
 * asked for. */
static int seen_product(
	struct seen *s, struct db *db, const char *id, const struct product **ret_product, struct err *e)
{
	size_t i = 0;

	while (i < s->count && strcmp(s->list[i].id, id) != 0)
		i++;
	if (i == s->count) {
		int found = products_get(db, id, &s->list[i], e);

		if (found <= 0)
			return found;
		s->count++;
	}
	*ret_product = &s->list[i];
	return 1;
}

static int add_videos(struct app *a, const struct video *list, size_t count, struct reply *r, struct err *e)
{
	CLEANUP(seen_done) struct seen seen = {.count = 0};

	for (size_t i = 0; i < count; i++) {
		const struct product *product = NULL;

		if (list[i].product_id && seen_product(&seen, a->db, list[i].product_id, &product, e) < 0)
			return -1;

		struct json *item = view_video(&list[i], NULL, &a->settings);

		if (product)
			json_put(item, "product", view_product_brief(product));
		else
			json_put_string(item, "product", NULL);
		if (!reply_page_add(r, item))
			break;
	}
	return 0;
}

struct list_query {
	int status;
	char product_id[LIMIT_ID + 1];
	int64_t limit, offset;
};

static int list_videos(
	struct app *a, const char *store_id, const struct list_query *want, struct reply *r, struct err *e)
{
	struct videos_filter filter = {
		.store_id = store_id,
		.status = want->status,
		.product_id = want->product_id[0] ? want->product_id : NULL,
		.limit = want->limit,
		.offset = want->offset,
	};
	struct video *list = NULL;
	size_t count = 0;
	int64_t total = 0;

	if (videos_list(a->db, &filter, &list, &count, &total, e) < 0)
		return -1;

	reply_page_begin(r, "videos");
	int failed = links_renew(a, list, count, e);

	if (failed == 0)
		failed = add_videos(a, list, count, r, e);

	videos_list_free(list, count);
	return failed < 0 ? -1 : reply_page_end(r, want->offset, total);
}

int serve_store_videos(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	static const struct query_key keys[] = {
		{.name = "status",
			.type = QUERY_NAME,
			.offset = offsetof(struct list_query, status),
			.names = video_status_names,
			.name_count = STATUS_COUNT},
		{.name = "productId", .type = QUERY_ID, .offset = offsetof(struct list_query, product_id)},
		{.name = "limit",
			.type = QUERY_INT,
			.offset = offsetof(struct list_query, limit),
			.min = 1,
			.max = LIMIT_PAGE},
		{.name = "offset",
			.type = QUERY_INT,
			.offset = offsetof(struct list_query, offset),
			.max = LIMIT_OFFSET},
	};
	struct list_query want = {.status = STATUS_INVALID, .limit = DEFAULT_PAGE};
	AUTO_PROBLEMS problems = {0};
	AUTO_STORE store = {0};

	if (!query_read(q->query, keys, ARRAY_LEN(keys), &want, &problems))
		return reply_problems(r, &problems);

	int found = stores_get(a->db, q->key, &store, e);

	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_STORE);
	return list_videos(a, q->key, &want, r, e);
}
