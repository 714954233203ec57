/*
 * Routing. The table below is the whole HTTP surface. A handler is called only with what its route declares:
 * a parsed JSON body, a query if it reads one, ids that are well-formed; so it has its own business only. Its
 * failures are logged and turned into answers here and nowhere else.
 */
#include "cgi/router.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cgi/again.h"
#include "cgi/body.h"
#include "cgi/brand.h"
#include "cgi/estimate.h"
#include "cgi/fcgi.h"
#include "cgi/ops.h"
#include "cgi/products.h"
#include "cgi/query.h"
#include "cgi/reply.h"
#include "cgi/uploads.h"
#include "cgi/uri.h"
#include "cgi/videos.h"
#include "cgi/voices.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/idempotency.h"
#include "lib/video/request.h"

#define RETRY_WITHIN_MS 1000

static const char *const method_names[METHOD_COUNT] = {
	[METHOD_GET] = "GET",
	[METHOD_PUT] = "PUT",
	[METHOD_POST] = "POST",
	[METHOD_PATCH] = "PATCH",
	[METHOD_DELETE] = "DELETE",
};

/* The status poll takes any query, because nginx answers it from memcached without looking at one. */
static const struct route routes[] = {
	{METHOD_POST, "/videos", serve_video_create, ROUTE_BODY | ROUTE_ONCE},
	{METHOD_POST, "/videos/estimate", serve_estimate, ROUTE_BODY},
	{METHOD_GET, "/videos/{id}", serve_video, 0},
	{METHOD_PATCH, "/videos/{id}", serve_video_change, ROUTE_BODY},
	{METHOD_DELETE, "/videos/{id}", serve_video_delete, 0},
	{METHOD_GET, "/videos/{id}/status", serve_video_status, ROUTE_QUERY},
	{METHOD_POST, "/videos/{id}/cancel", serve_video_cancel, 0},
	{METHOD_POST, "/videos/{id}/retry", serve_video_retry, ROUTE_BODY_OPTIONAL},
	{METHOD_POST, "/videos/{id}/render", serve_video_render, ROUTE_BODY_OPTIONAL},
	{METHOD_POST, "/videos/{id}/scenes/{n}/regenerate", serve_scene_regenerate, ROUTE_BODY_OPTIONAL},
	{METHOD_GET, "/videos/store/{key}", serve_store_videos, ROUTE_QUERY},
	{METHOD_POST, "/videos/product/{key}", serve_product_video,
		ROUTE_BODY_OPTIONAL | ROUTE_QUERY | ROUTE_ONCE},
	{METHOD_GET, "/videos/voices/available", serve_voices, 0},
	{METHOD_GET, "/videos/voices/{voice}/preview", serve_voice_preview, 0},
	{METHOD_GET, "/videos/music", serve_music, 0},
	{METHOD_GET, "/videos/stores", serve_stores, ROUTE_QUERY},
	{METHOD_GET, "/videos/stores/{key}", serve_store, 0},
	{METHOD_PUT, "/videos/stores/{key}", serve_store_put, ROUTE_BODY},
	{METHOD_DELETE, "/videos/stores/{key}", serve_store_delete, 0},
	{METHOD_GET, "/videos/stores/{key}/products", serve_store_products, ROUTE_QUERY},
	{METHOD_GET, "/videos/stores/{key}/brand", serve_brand, 0},
	{METHOD_PUT, "/videos/stores/{key}/brand", serve_brand_put, ROUTE_BODY},
	{METHOD_DELETE, "/videos/stores/{key}/brand", serve_brand_delete, 0},
	{METHOD_POST, "/videos/stores/{key}/uploads", serve_upload, ROUTE_FILE},
	{METHOD_GET, "/videos/products/{key}", serve_product, 0},
	{METHOD_PUT, "/videos/products/{key}", serve_product_put, ROUTE_BODY},
	{METHOD_GET, "/healthz", serve_health, ROUTE_QUERY},
};

static bool part_is(const char *part, size_t n, const char *text)
{
	return strlen(text) == n && memcmp(part, text, n) == 0;
}

static bool match_id(const char *part, size_t n, struct request *q)
{
	char text[UUID_TEXT_SIZE] = "";

	if (n != UUID_TEXT_SIZE - 1)
		return false;
	memcpy(text, part, n);
	return uuid_parse_text(text, &q->id);
}

static bool match_key(const char *part, size_t n, struct request *q)
{
	if (n > LIMIT_ID)
		return false;
	memcpy(q->key, part, n);
	q->key[n] = '\0';
	return request_id_ok(q->key);
}

static bool match_voice(const char *part, size_t n, struct request *q)
{
	static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	_Static_assert(LIMIT_VOICE_ID <= LIMIT_ID, "a voice's id fits");

	if (n == 0 || n > LIMIT_VOICE_ID || strspn(part, fit) < n)
		return false;
	memcpy(q->key, part, n);
	q->key[n] = '\0';
	return true;
}

/* Written in one way only: "01" is none. */
static bool match_number(const char *part, size_t n, struct request *q)
{
	char text[4] = "";

	if (n >= sizeof(text) || *part == '0')
		return false;
	memcpy(text, part, n);
	return text_to_i64(text, 1, LIMIT_SCENES, &q->scene);
}

static const struct {
	const char *name;
	bool (*match)(const char *part, size_t n, struct request *q);
} part_kinds[] = {
	{"{id}", match_id},       /* a UUID */
	{"{key}", match_key},     /* a store's or product's id */
	{"{voice}", match_voice}, /* a voice's id */
	{"{n}", match_number},    /* a scene's number */
};

static bool match_part(
	const char *want, size_t want_len, const char *have, size_t have_len, struct request *q)
{
	for (size_t i = 0; i < ARRAY_LEN(part_kinds); i++)
		if (part_is(want, want_len, part_kinds[i].name))
			return part_kinds[i].match(have, have_len, q);
	return want_len == have_len && memcmp(want, have, want_len) == 0;
}

static bool match_path(const char *pattern, const char *path, struct request *q)
{
	const char *want, *have;
	size_t want_len, have_len;

	while (uri_next_part(&pattern, &want, &want_len))
		if (!uri_next_part(&path, &have, &have_len) || !match_part(want, want_len, have, have_len, q))
			return false;
	return !uri_next_part(&path, &have, &have_len);
}

struct router_match router_find(const char *method, const struct uri *uri, struct request *q)
{
	struct router_match found = {0};
	int wanted = NAMES_FIND(method_names, strcmp(method, "HEAD") == 0 ? "GET" : method);

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		struct request parts = {0};

		if (!match_path(routes[i].pattern, buf_text(&uri->path), &parts))
			continue;
		found.allowed |= 1U << routes[i].method;
		if ((int)routes[i].method == wanted) {
			found.route = &routes[i];
			*q = parts;
		}
	}
	return found;
}

static void answer_unmatched(const struct router_match *match, struct reply *r)
{
	AUTO_BUF allow = BUF_INIT(64);

	if (match->allowed == 0) {
		(void)reply_error(r, REPLY_NOT_FOUND, NULL);
		return;
	}
	for (size_t i = 0; i < METHOD_COUNT; i++)
		if (match->allowed & 1U << i)
			buf_addf(&allow, "%s%s", allow.len > 0 ? ", " : "",
				i == METHOD_GET ? "GET, HEAD" : method_names[i]);
	r->allow = buf_steal(&allow);
	(void)reply_error(r, REPLY_METHOD_NOT_ALLOWED, NULL);
}

bool router_is_json(const char *content_type)
{
	static const char json[] = "application/json", charset[] = "charset=";
	const char *p = content_type;

	if (strncasecmp(p, json, sizeof(json) - 1) != 0)
		return false;
	p += sizeof(json) - 1;
	p += strspn(p, " \t");
	if (*p == '\0')
		return true;
	if (*p++ != ';')
		return false;
	p += strspn(p, " \t");
	if (strncasecmp(p, charset, sizeof(charset) - 1) != 0)
		return false;
	p += sizeof(charset) - 1;
	return strcasecmp(p, "utf-8") == 0 || strcasecmp(p, "\"utf-8\"") == 0;
}

static bool refuse(struct reply *r, enum reply_error error, const char *message)
{
	(void)reply_error(r, error, message);
	return false;
}

/* True: go on, with its text in *text and *ret_body to be freed or NULL. False: it was answered. */
static bool read_body(const struct route *route, const struct fcgi_request *in, struct reply *r,
	struct buf *text, struct json **ret_body)
{
	struct err e = {0};

	if (!(route->flags & (ROUTE_BODY | ROUTE_BODY_OPTIONAL)))
		return true;
	switch (body_read(in->body, text)) {
	case BODY_TOO_LARGE:
		return refuse(r, REPLY_BODY_TOO_LARGE, NULL);
	case BODY_CUT:
		return refuse(r, REPLY_BAD_REQUEST, BODY_IS_CUT);
	case BODY_WHOLE:
		break;
	}
	if (text->len == 0)
		return (route->flags & ROUTE_BODY_OPTIONAL) ||
		       refuse(r, REPLY_INVALID_JSON, "The body is empty; a JSON object is expected.");
	if (!router_is_json(in->content_type))
		return refuse(r, REPLY_UNSUPPORTED_MEDIA_TYPE, NULL);
	/* the parser's own words: where it broke, in bytes */
	if (json_parse(text->data, text->len, ret_body, &e) < 0)
		return refuse(r, REPLY_INVALID_JSON, e.text);
	return true;
}

/* True: go on, with the client's key in *q if there is one. False: it was answered. */
static bool read_key(const struct route *route, const struct fcgi_request *in, const struct buf *text,
	struct reply *r, struct idempotency *key, struct request *q)
{
	_Static_assert(LIMIT_CLIENT_KEY == 200, "as the message says");

	if (!(route->flags & ROUTE_ONCE) || !in->idempotency_key)
		return true;
	if (!idempotency_key_ok(in->idempotency_key))
		return refuse(
			r, REPLY_BAD_REQUEST, "Idempotency-Key must be 1 to 200 printable ASCII characters.");
	*key = idempotency_of(in->idempotency_key, in->method, in->uri, buf_text(text), text->len);
	q->once = key;
	return true;
}

static int call(
	const struct route *route, struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	int64_t began_ms = clock_mono_ms();

	if (route->handler(a, q, r, e) == 0)
		return 0;
	if (e->kind != ERR_TEMP || clock_mono_ms() - began_ms > RETRY_WITHIN_MS)
		return -1;
	if (route->method != METHOD_GET && route->method != METHOD_PUT)
		return -1;
	return route->handler(a, q, r, e);
}

static void log_outcome(
	const struct fcgi_request *in, const struct reply *r, const struct err *e, int64_t began_ms)
{
	int64_t ms = clock_mono_ms() - began_ms;

	if (r->status >= 500)
		log_error("request failed", log_text("id", r->request_id), log_text("method", in->method),
			log_text("uri", in->uri), log_number("status", r->status), log_number("ms", ms),
			log_text("kind", err_kind_names[e->kind]), log_text("error", e->text));
	else
		log_debug("request", log_text("id", r->request_id), log_text("method", in->method),
			log_text("uri", in->uri), log_number("status", r->status), log_number("ms", ms));
}

static void answer(struct app *a, const struct fcgi_request *in, struct reply *r, struct err *e)
{
	AUTO_URI uri = {0};
	AUTO_PROBLEMS problems = {0};
	AUTO_BUF text = BUF_INIT(LIMIT_BODY_BYTES);
	AUTO(json) body = NULL;
	struct request q = {0};
	struct idempotency key;

	if (uri_parse(in->uri, &uri, e) < 0) {
		(void)reply_error(r, REPLY_BAD_REQUEST, e->text);
		return;
	}

	struct router_match match = router_find(in->method, &uri, &q);

	if (!match.route) {
		answer_unmatched(&match, r);
		return;
	}
	if (!(match.route->flags & ROUTE_QUERY) && !query_read(uri.query, NULL, 0, NULL, &problems)) {
		(void)reply_problems(r, &problems);
		return;
	}
	if (!read_body(match.route, in, r, &text, &body) || !read_key(match.route, in, &text, r, &key, &q))
		return;

	q.query = uri.query;
	q.body = body;
	if (match.route->flags & ROUTE_FILE) {
		q.file = in->body;
		q.file_type = in->content_type;
	}
	if (call(match.route, a, &q, r, e) < 0)
		(void)reply_failure(r, e);
}

void router_answer(struct app *a, const struct fcgi_request *in, struct reply *r)
{
	int64_t began_ms = clock_mono_ms();
	struct err e = {0};

	r->head_only = strcmp(in->method, "HEAD") == 0;
	answer(a, in, r, &e);
	log_outcome(in, r, &e, began_ms);
}
