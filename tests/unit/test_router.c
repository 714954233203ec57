/* Routing: which paths there are, what they allow, and what is refused before a handler is called. */

#include "cgi/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cgi/again.h"
#include "cgi/brand.h"
#include "cgi/estimate.h"
#include "cgi/fcgi.h"
#include "cgi/ops.h"
#include "cgi/products.h"
#include "cgi/reply.h"
#include "cgi/uploads.h"
#include "cgi/uri.h"
#include "cgi/videos.h"
#include "cgi/voices.h"
#include "lib/base/err.h"
#include "tests/unit/sent_body.h"

#define ID    "018f3c1e-2b7a-4c55-9d0e-0123456789ab"
#define KEY64 "a123456789a123456789a123456789a123456789a123456789a123456789a123"

static const struct {
	const char *method, *path;
	handler_fn *handler;
	const char *key; /* "" for none */
} found[] = {
	{"POST", "/videos", serve_video_create, ""},
	{"GET", "/videos/" ID, serve_video, ""},
	{"HEAD", "/videos/" ID, serve_video, ""},
	{"PATCH", "/videos/" ID, serve_video_change, ""},
	{"DELETE", "/videos/" ID, serve_video_delete, ""},
	{"GET", "/videos/018F3C1E-2B7A-4C55-9D0E-0123456789AB", serve_video, ""},
	{"GET", "/videos/" ID "/status", serve_video_status, ""},
	{"POST", "/videos/estimate", serve_estimate, ""},
	{"POST", "/videos/" ID "/cancel", serve_video_cancel, ""},
	{"POST", "/videos/" ID "/retry", serve_video_retry, ""},
	{"POST", "/videos/" ID "/render", serve_video_render, ""},
	{"POST", "/videos/" ID "/scenes/1/regenerate", serve_scene_regenerate, ""},
	{"POST", "/videos/" ID "/scenes/50/regenerate", serve_scene_regenerate, ""},
	{"GET", "/videos/store/s1", serve_store_videos, "s1"},
	{"GET", "/videos/stores/s1/brand", serve_brand, "s1"},
	{"PUT", "/videos/stores/s1/brand", serve_brand_put, "s1"},
	{"DELETE", "/videos/stores/s1/brand", serve_brand_delete, "s1"},
	{"POST", "/videos/stores/s1/uploads", serve_upload, "s1"},
	{"GET", "/videos/store/status", serve_store_videos, "status"},
	{"GET", "/videos/%73tore/s%31", serve_store_videos, "s1"},
	{"GET", "/videos/store/" KEY64, serve_store_videos, KEY64},
	{"POST", "/videos/product/p-1._A", serve_product_video, "p-1._A"},
	{"GET", "/videos/voices/available", serve_voices, ""},
	{"GET", "/videos/voices/21m00Tcm4TlvDq8ikWAM/preview", serve_voice_preview, "21m00Tcm4TlvDq8ikWAM"},
	{"GET", "/videos/voices/_-/preview", serve_voice_preview, "_-"},
	{"GET", "/videos/voices/available/preview", serve_voice_preview, "available"},
	{"GET", "/videos/music", serve_music, ""},
	{"GET", "/videos/stores", serve_stores, ""},
	{"GET", "/videos/stores/s1", serve_store, "s1"},
	{"PUT", "/videos/stores/s1", serve_store_put, "s1"},
	{"GET", "/videos/stores/s1/products", serve_store_products, "s1"},
	{"GET", "/videos/products/p1", serve_product, "p1"},
	{"PUT", "/videos/products/p1", serve_product_put, "p1"},
	{"GET", "/healthz", serve_health, ""},
};

static struct router_match find(const char *method, const char *target, struct request *q)
{
	AUTO_URI uri = {0};
	struct err e;

	*q = (struct request){0};
	assert_int_equal(uri_parse(target, &uri, &e), 0);
	return router_find(method, &uri, q);
}

static void test_found(void **state)
{
	struct uuid id;

	(void)state;
	assert_true(uuid_parse_text(ID, &id));
	for (size_t i = 0; i < ARRAY_LEN(found); i++) {
		struct request q;
		struct router_match m = find(found[i].method, found[i].path, &q);

		if (!m.route || m.route->handler != found[i].handler || strcmp(q.key, found[i].key) != 0)
			fail_msg("%s %s: not its handler, or key \"%s\"", found[i].method, found[i].path,
				q.key);
		if (strstr(m.route->pattern, "{id}") && !uuid_equal(&q.id, &id))
			fail_msg("%s: not its id", found[i].path);
	}
}

static void test_scene_number(void **state)
{
	struct request q;

	(void)state;
	assert_non_null(find("POST", "/videos/" ID "/scenes/37/regenerate", &q).route);
	assert_int_equal(q.scene, 37);
}

static const char *const unknown[] = {
	"/",
	"/video",
	"/videos/",
	"/videos//",
	"//videos",
	"/VIDEOS",
	"/videosx",
	"/videos/1",
	"/videos/voices",
	"/videos/voices/available/",
	"/videos/" ID "/",
	"/videos/" ID "x",
	"/videos/018f3c1e2b7a4c559d0e0123456789ab",
	"/videos/" ID "/status/",
	"/videos/" ID "/nothing",
	"/videos/" ID "/cancel/",
	"/videos/" ID "/scenes/1",
	"/videos/" ID "/scenes//regenerate",
	"/videos/" ID "/scenes/0/regenerate",
	"/videos/" ID "/scenes/01/regenerate",
	"/videos/" ID "/scenes/51/regenerate",
	"/videos/" ID "/scenes/1000/regenerate",
	"/videos/" ID "/scenes/99999999999999999999/regenerate",
	"/videos/" ID "/scenes/-1/regenerate",
	"/videos/" ID "/scenes/1x/regenerate",
	"/videos/voices/a.b/preview",
	"/videos/voices//preview",
	"/videos/voices/" KEY64 "4/preview",
	"/videos/status",
	"/videos/store",
	"/videos/store/",
	"/videos/store/-a",
	"/videos/store/a%20b",
	"/videos/store/..",
	"/videos/store/" KEY64 "4",
	"/videos/store/%C3%A9",
	"/videos/store/a/b",
	"/videos/stores/s1/videos",
	"/videos/product/p1/x",
	"/healthz/",
	"/videos/../healthz",
};

static void test_unknown(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		struct request q;
		struct router_match m = find("GET", unknown[i], &q);

		if (m.route || m.allowed)
			fail_msg("%s: known as %s", unknown[i],
				m.route ? m.route->pattern : "another method's");
	}
}

static const struct {
	const char *title, *method, *uri, *content_type, *body;
	int64_t announced; /* bytes of the body; 0: as many as there are */
	int status;
	const char *text;  /* part of the answer's body */
	const char *allow; /* NULL: none */
} refused[] = {
	{"unknown path", "GET", "/nothing", "", "", 0, 404, "\"not_found\"", NULL},
	{"bad target", "GET", "/videos/a%2Fb", "", "", 0, 400, "encoded slash", NULL},
	{"no target", "GET", "", "", "", 0, 400, "\"bad_request\"", NULL},
	{"wrong method", "GET", "/videos", "", "", 0, 405, "\"method_not_allowed\"", "POST"},
	{"another wrong method", "PUT", "/videos/" ID, "", "", 0, 405, "\"code\"",
		"GET, HEAD, PATCH, DELETE"},
	{"wrong method of a store", "POST", "/videos/stores/a", "", "", 0, 405, "\"code\"",
		"GET, HEAD, PUT, DELETE"},
	{"an unknown method", "BREW", "/healthz", "", "", 0, 405, "\"code\"", "GET, HEAD"},
	{"HEAD where there is no GET", "HEAD", "/videos", "", "", 0, 405, "\"code\"", "POST"},
	{"a method in lower case", "get", "/healthz", "", "", 0, 405, "\"code\"", "GET, HEAD"},
	{"a query where there is none", "GET", "/videos/music?x=1", "", "", 0, 400, "\"?x\"", NULL},
	{"no body", "POST", "/videos", "application/json", "", 0, 400, "\"invalid_json\"", NULL},
	{"no content type", "POST", "/videos", "", "{}", 0, 415, "\"unsupported_media_type\"", NULL},
	{"a form", "POST", "/videos", "application/x-www-form-urlencoded", "a=1", 0, 415, "\"code\"", NULL},
	{"too large", "POST", "/videos", "application/json", "", LIMIT_BODY_BYTES + 1, 413,
		"\"body_too_large\"", NULL},
	{"cut", "POST", "/videos", "application/json", "", 1, 400, "shorter", NULL},
	{"broken JSON", "POST", "/videos", "application/json", "{\"a\":", 0, 400, "\"invalid_json\"", NULL},
	{"too deep", "POST", "/videos", "application/json", "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", 0,
		400, "\"invalid_json\"", NULL},
	{"invalid UTF-8", "POST", "/videos", "application/json", "{\"title\":\"\xff\"}", 0, 400,
		"\"invalid_json\"", NULL},
	{"not an object", "POST", "/videos", "application/json", "[]", 0, 400, "\"validation_failed\"", NULL},
	{"an optional body must be JSON too", "POST", "/videos/product/p", "text/plain", "x", 0, 415,
		"\"code\"", NULL},
	{"a query and a body at once", "POST", "/videos/product/p?style=x", "application/json", "{\"x\":1}",
		0, 400, "\"?style\"", NULL},
	{"its other half", "POST", "/videos/product/p?style=x", "application/json", "{\"x\":1}", 0, 400,
		"\"/x\"", NULL},
	{"a bad page", "GET", "/videos/stores?limit=0", "", "", 0, 400, "\"?limit\"", NULL},
	{"a bad status", "GET", "/videos/store/s?status=done", "", "", 0, 400, "\"?status\"", NULL},
};

static void test_refused(void **state)
{
	struct app app = {0}; /* no handler gets as far as the database */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct sent_body sent = sent_body_of(refused[i].body, strlen(refused[i].body),
			refused[i].announced > 0 ? refused[i].announced : -1);
		struct fcgi_request in = {
			.method = refused[i].method,
			.uri = refused[i].uri,
			.content_type = refused[i].content_type,
			.request_id = "",
			.body = &sent.body,
		};
		AUTO_REPLY r = {0};

		reply_init(&r, "id");
		router_answer(&app, &in, &r);
		if (r.status != refused[i].status || !strstr(buf_text(&r.body), refused[i].text))
			fail_msg("%s: %d %s", refused[i].title, r.status, buf_text(&r.body));
		if ((r.allow != NULL) != (refused[i].allow != NULL) ||
			(r.allow && strcmp(r.allow, refused[i].allow) != 0))
			fail_msg("%s: Allow: %s", refused[i].title, r.allow ? r.allow : "-");
	}
}

static const struct {
	const char *content_type;
	bool json;
} types[] = {
	{"application/json", true},
	{"Application/JSON", true},
	{"application/json;charset=utf-8", true},
	{"application/json; charset=UTF-8", true},
	{"application/json ; charset=\"utf-8\"", true},
	{"", false},
	{"application/jsonp", false},
	{"application/json+ld", false},
	{"application/vnd.api+json", false},
	{"application/json, text/plain", false},
	{"application/json; charset=latin1", false},
	{"application/json; charset=utf-8x", false},
	{"application/json; version=1", false},
	{"text/json", false},
	{"text/plain", false},
};

static void test_content_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (router_is_json(types[i].content_type) != types[i].json)
			fail_msg("\"%s\"", types[i].content_type);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_scene_number),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_content_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
