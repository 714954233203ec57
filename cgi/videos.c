/*
 * Videos: asked for, polled, listed, deleted. A create is one transaction in lib/video/videos.c; what is done
 * here is reading what the client wants and saying what came of it. Making the film is the daemon's business,
 * which is woken.
 */
#include "cgi/videos.h"

#include <string.h>

#include "cgi/query.h"
#include "cgi/reply.h"
#include "cgi/view.h"
#include "cgi/wake.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/video/request.h"
#include "lib/video/script.h"
#include "lib/video/status.h"
#include "lib/video/stores.h"
#include "lib/video/videos.h"
#include "lib/video/voices.h"

#define NO_SUCH_VIDEO "There is no video with this id."

/* The body names something that is not there: 404 like an unknown id in the path, and the detail says which.
 */
static int answer_unknown(struct reply *r, const char *field)
{
	static const struct {
		const char *field, *path, *message;
	} table[] = {
		{"storeId", "/storeId", NO_SUCH_STORE},
		{"productId", "/productId", "The store has no product with this id."},
		{"musicTrackId", "/musicTrackId", "There is no music track with this id."},
		{"voiceId", "/voiceId", "There is no voice with this id."},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(field, table[i].field) == 0)
			return reply_error_at(r, REPLY_NOT_FOUND, table[i].path, table[i].message);
	return reply_error(r, REPLY_NOT_FOUND, NULL);
}

static int create(struct app *a, struct video *v, struct reply *r, struct err *e)
{
	char id[UUID_TEXT_SIZE];

	if (v->voice_id && !voices_find(v->voice_id))
		return answer_unknown(r, "voiceId");
	if (videos_create(a->db, v, a->settings.priority, e) < 0)
		return e->kind == ERR_PERM && e->http_status == 404 ? answer_unknown(r, e->text) : -1;

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
	return create(a, &v, r, e);
}

/* A product video has music unless its client wants none: the first track of a category that suits the style.
 */
static int choose_music(struct db *db, struct video *v, struct err *e)
{
	static const char *const categories[STYLE_COUNT][2] = {
		[STYLE_PRODUCT_SHOWCASE] = {"corporate", "upbeat"},
		[STYLE_LIFESTYLE] = {"calm", "upbeat"},
		[STYLE_TESTIMONIAL] = {"calm", "corporate"},
		[STYLE_PROMOTIONAL] = {"upbeat", "corporate"},
		[STYLE_SOCIAL_AD] = {"upbeat", "corporate"},
		[STYLE_STORY] = {"calm", "corporate"},
	};
	struct music_track *tracks = NULL;
	size_t count = 0, chosen = 0;

	if (music_list(db, &tracks, &count, e) < 0)
		return -1;

	for (size_t c = ARRAY_LEN(categories[0]); c-- > 0;)
		for (size_t i = count; i-- > 0;)
			if (strcmp(tracks[i].category, categories[v->style][c]) == 0)
				chosen = i;
	if (count > 0) {
		v->music_track_id = xmalloc(UUID_TEXT_SIZE);
		uuid_format(&tracks[chosen].id, v->music_track_id);
	}
	music_list_free(tracks, count);
	return 0;
}

/* 1 found, 0 answered, -1 failed. */
static int find_product(struct app *a, const char *id, struct product *product, struct store *store,
	struct reply *r, struct err *e)
{
	int found = products_get(a->db, id, product, e);

	if (found == 1)
		found = stores_get(a->db, product->store_id, store, e);
	return found == 0 ? reply_error(r, REPLY_NOT_FOUND, NO_SUCH_PRODUCT) : found;
}

int serve_product_video(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	static const struct query_key keys[] = {
		{.name = "style", .type = QUERY_NAME, .names = video_style_names, .name_count = STYLE_COUNT}};
	AUTO_VIDEO v = {.aspect = ASPECT_9_16, .music_volume = DEFAULT_MUSIC_VOLUME};
	AUTO_PRODUCT product = {0};
	AUTO_STORE store = {0};
	AUTO_PROBLEMS problems = {0};
	int style = STYLE_PRODUCT_SHOWCASE, found;

	(void)query_read(q->query, keys, ARRAY_LEN(keys), &style, &problems);
	if (q->body)
		(void)request_read_product_options(q->body, &v, &problems);
	if (problems.count > 0)
		return reply_problems(r, &problems);

	found = find_product(a, q->key, &product, &store, r, e);
	if (found <= 0)
		return found;

	script_write(&product, &store, style, &v);
	if (!v.voice_id)
		v.voice_id = xstrdup("default");
	if (!v.music_track_id && v.music_volume > 0 && choose_music(a->db, &v, e) < 0)
		return -1;
	return create(a, &v, r, e);
}

int serve_video(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_VIDEO v = {0};
	int found = videos_get(a->db, &q->id, &v, e);

	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_VIDEO);
	return reply_json(r, 200, view_video(&v, &a->settings));
}

/* Reached where memcached had nothing, so that it has something for the next poll. */
int serve_video_status(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_VIDEO v = {0};
	int found = videos_get(a->db, &q->id, &v, e);

	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_VIDEO);
	status_refill(a->cache, &v, &a->settings);
	return reply_json(r, 200, status_json(&v, &a->settings));
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

		struct json *item = view_video(&list[i], &a->settings);

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
	int failed = add_videos(a, list, count, r, e);

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
