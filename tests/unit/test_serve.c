/*
 * The handlers against a real database and a real memcached, called as main() does but without FastCGI
 * between. Each case begins with an empty database of one store, two products and two tracks.
 */

#include "cgi/router.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/io/cache.h"
#include "lib/io/json.h"
#include "lib/video/status.h"
#include "tests/unit/house.h"

#define NO_ID "018f3c1e-2b7a-4c55-9d0e-0123456789ab"
#define CALM  "10000000-0000-4000-8000-000000000001"

#define BODY(store, more)                                                                                    \
	"{\"storeId\":\"" store "\",\"title\":\"T\",\"style\":\"story\",\"aspectRatio\":\"1:1\","            \
	"\"scenes\":[{\"prompt\":\"a\",\"duration\":2.5,\"textOverlay\":\"x\"},"                             \
	"{\"prompt\":\"b\",\"duration\":1}]" more "}"

static void create(const char *uri, const char *body, char path[static 64])
{
	AUTO_ANSWER a = house_ask("POST", uri, body);

	if (a.status != 202)
		fail_msg("POST %s: %d %s", uri, a.status, a.text);
	assert_string_equal(answer_text(&a, "status"), "pending");
	assert_int_equal(json_int(json_get(a.body, "progress")), 0);
	assert_int_equal(json_count(a.body), 3);
	(void)snprintf(path, 64, "/videos/%s", answer_text(&a, "videoId"));
	assert_string_equal(a.location, path);
	assert_true(house_woken());
	assert_false(house_woken());
}

/* Of a scene that says nothing about it. */
#define PLAIN_LOOK                                                                                           \
	"\"narration\":null,\"fit\":null,\"focus\":{\"x\":0.5,\"y\":0.5},\"transition\":null,"               \
	"\"transitionDuration\":null,\"textStyle\":null,"

static void test_create_and_show(void **state)
{
	char path[64], status[80];

	(void)state;
	create("/videos", BODY("s1", ",\"productId\":\"p1\",\"musicTrackId\":\"" CALM "\",\"musicVolume\":0"),
		path);

	AUTO_ANSWER a = house_ask("GET", path, NULL);

	assert_int_equal(a.status, 200);
	assert_string_equal(answer_text(&a, "videoId"), path + 8);
	assert_string_equal(answer_text(&a, "id"), path + 8);
	assert_string_equal(answer_text(&a, "storeId"), "s1");
	assert_string_equal(answer_text(&a, "productId"), "p1");
	assert_string_equal(answer_text(&a, "title"), "T");
	assert_string_equal(answer_text(&a, "style"), "story");
	assert_string_equal(answer_text(&a, "aspectRatio"), "1:1");
	assert_string_equal(answer_text(&a, "musicTrackId"), CALM);
	assert_int_equal(json_int(json_get(a.body, "musicVolume")), 0);
	assert_int_equal(strlen(answer_text(&a, "createdAt")), 24);
	assert_non_null(strstr(a.text, "\"completedAt\":null"));
	assert_non_null(strstr(a.text, "\"videoUrl\":null"));
	assert_non_null(strstr(a.text,
		"\"scenes\":[{\"prompt\":\"a\",\"duration\":2.5,\"imageUrl\":null,\"textOverlay\":\"x\","
		"\"model\":null," PLAIN_LOOK "\"generation\":null},"
		"{\"prompt\":\"b\",\"duration\":1,\"imageUrl\":null,\"textOverlay\":null,"
		"\"model\":null," PLAIN_LOOK "\"generation\":null}]"));
	assert_non_null(strstr(a.text, "\"mode\":\"full\",\"model\":null,\"reuse\":true,"));
	assert_int_equal(json_int(json_get(a.body, "voiceVolume")), 100);
	assert_non_null(strstr(a.text, "\"revision\":1,\"pause\":null,"
				       "\"estimate\":{\"credits\":0,\"characters\":0},"
				       "\"cost\":{\"credits\":0,\"characters\":0}"));

	(void)snprintf(status, sizeof(status), "%s/status", path);
	AUTO_ANSWER s = house_ask("GET", status, NULL);

	assert_int_equal(s.status, 200);
	assert_string_equal(answer_text(&s, "videoId"), path + 8);
	assert_string_equal(answer_text(&s, "status"), "pending");
	assert_null(json_get(s.body, "storeId"));
	house_check("HEAD", path, NULL, 200, NULL);
}

/* What nginx will read from memcached is what the responder has just said. */
static void test_status_refills_and_delete_forgets(void **state)
{
	AUTO_BUF cached = BUF_INIT(65536);
	char path[64], status[80], key[STATUS_KEY_SIZE];
	struct uuid id;

	(void)state;
	create("/videos", BODY("s1", ""), path);
	(void)snprintf(status, sizeof(status), "%s/status", path);
	assert_true(uuid_parse_text(path + 8, &id));
	status_key(&id, key);
	assert_false(cache_get(house.app.cache, key, &cached));

	AUTO_ANSWER s = house_ask("GET", status, NULL);

	assert_true(cache_get(house.app.cache, key, &cached));
	assert_string_equal(buf_text(&cached), s.text);

	house_check("DELETE", path, NULL, 204, NULL);
	assert_true(house_woken());
	buf_clear(&cached);
	assert_false(cache_get(house.app.cache, key, &cached));
	house_check("DELETE", path, NULL, 404, "\"not_found\"");
	house_check("GET", path, NULL, 404, "\"not_found\"");
	house_check("GET", status, NULL, 404, "\"not_found\"");
	house_check("GET", "/videos/store/s1", NULL, 200, "{\"videos\":[],\"total\":0,\"hasMore\":false}");
}

/* As between the daemon's word to the database and its word to memcached: once a client knows the one, the
 * other does not say less. */
static void test_status_is_not_older_in_memcached(void **state)
{
	AUTO_BUF cached = BUF_INIT(65536);
	char path[64], status[80], key[STATUS_KEY_SIZE];
	struct uuid id;

	(void)state;
	create("/videos", BODY("s1", ""), path);
	(void)snprintf(status, sizeof(status), "%s/status", path);
	assert_true(uuid_parse_text(path + 8, &id));
	status_key(&id, key);
	house_check("GET", status, NULL, 200, "\"progress\":0");
	house_sql("UPDATE videos SET status = 'generating_scenes', progress = 5");

	AUTO_ANSWER s = house_ask("GET", status, NULL);

	assert_int_equal(json_int(json_get(s.body, "progress")), 5);
	assert_true(cache_get(house.app.cache, key, &cached));
	assert_string_equal(buf_text(&cached), s.text);

	house_sql("UPDATE videos SET deleted_at = UTC_TIMESTAMP(3)");
	house_check("GET", status, NULL, 404, "\"not_found\"");
	buf_clear(&cached);
	assert_false(cache_get(house.app.cache, key, &cached));
}

static const struct {
	const char *title, *method, *uri, *body;
	int status;
	const char *part;
} refusals[] = {
	{"a video that is not there", "GET", "/videos/" NO_ID, NULL, 404, "no video"},
	{"its status", "GET", "/videos/" NO_ID "/status", NULL, 404, "no video"},
	{"deleting it", "DELETE", "/videos/" NO_ID, NULL, 404, "no video"},
	{"an unknown store", "POST", "/videos", BODY("s9", ""), 404, "\"/storeId\""},
	{"an unknown product", "POST", "/videos", BODY("s1", ",\"productId\":\"p9\""), 404, "\"/productId\""},
	{"an unknown track", "POST", "/videos", BODY("s1", ",\"musicTrackId\":\"" NO_ID "\""), 404,
		"\"/musicTrackId\""},
	{"a film of an unknown product", "POST", "/videos/product/p9", NULL, 404, "no product"},
	{"with an unknown track", "POST", "/videos/product/p1", "{\"musicTrackId\":\"" NO_ID "\"}", 404,
		"\"/musicTrackId\""},
	{"in an unknown style", "POST", "/videos/product/p1?style=loud", NULL, 400, "\"?style\""},
	{"an unknown store's list", "GET", "/videos/store/s9", NULL, 404, "no store"},
	{"its products", "GET", "/videos/stores/s9/products", NULL, 404, "no store"},
	{"the store itself", "GET", "/videos/stores/s9", NULL, 404, "no store"},
	{"an unknown product itself", "GET", "/videos/products/p9", NULL, 404, "no product"},
	{"a product of an unknown store", "PUT", "/videos/products/p3",
		"{\"storeId\":\"s9\",\"title\":\"x\"}", 404, "\"/storeId\""},
	{"an id that is not the path's", "PUT", "/videos/stores/s1", "{\"id\":\"s2\",\"name\":\"x\"}", 400,
		"\"/id\""},
	{"several problems", "POST", "/videos", "{\"storeId\":1,\"x\":2}", 400, "\"/x\""},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		AUTO_ANSWER a = house_ask(refusals[i].method, refusals[i].uri, refusals[i].body);

		if (a.status != refusals[i].status || !strstr(a.text, refusals[i].part))
			fail_msg("%s: %d %s", refusals[i].title, a.status, a.text);
		if (house_woken())
			fail_msg("%s: woke the daemon", refusals[i].title);
	}
	house_check("GET", "/videos/store/s1", NULL, 200, "\"total\":0");
}

/* Another store's product is as unknown as one that is not there; moving a product to another store is
 * refused. */
static void test_other_store(void **state)
{
	(void)state;
	house_check("PUT", "/videos/stores/s2", "{\"name\":\"Two\"}", 201, NULL);
	house_check("POST", "/videos", BODY("s2", ",\"productId\":\"p1\""), 404, "\"/productId\"");
	house_check(
		"PUT", "/videos/products/p1", "{\"storeId\":\"s2\",\"title\":\"x\"}", 409, "\"conflict\"");
	house_check("GET", "/videos/products/p1", NULL, 200, "\"storeId\":\"s1\"");
}

static void test_product_video(void **state)
{
	char path[64];

	(void)state;
	create("/videos/product/p1", NULL, path);
	AUTO_ANSWER a = house_ask("GET", path, NULL);

	assert_string_equal(answer_text(&a, "style"), "product_showcase");
	assert_string_equal(answer_text(&a, "aspectRatio"), "9:16");
	assert_string_equal(answer_text(&a, "productId"), "p1");
	assert_string_equal(answer_text(&a, "voiceId"), "default");
	assert_true(json_count(json_get(a.body, "scenes")) >= 1);
	assert_true(strlen(answer_text(&a, "voiceoverScript")) > 0);
	assert_true(strlen(answer_text(&a, "musicTrackId")) == 36);
	assert_int_equal(json_int(json_get(a.body, "musicVolume")), 30);

	create("/videos/product/p1?style=lifestyle",
		"{\"aspectRatio\":\"16:9\",\"voiceId\":\"male\",\"musicVolume\":0}", path);
	AUTO_ANSWER b = house_ask("GET", path, NULL);

	assert_string_equal(answer_text(&b, "style"), "lifestyle");
	assert_string_equal(answer_text(&b, "aspectRatio"), "16:9");
	assert_string_equal(answer_text(&b, "voiceId"), "male");
	assert_string_equal(answer_text(&b, "musicTrackId"), "");
	assert_int_equal(json_int(json_get(b.body, "musicVolume")), 0);

	create("/videos/product/p2?style=lifestyle", "{}", path);
	AUTO_ANSWER c = house_ask("GET", path, NULL);

	assert_string_equal(answer_text(&c, "musicTrackId"), CALM);
}

static void test_list(void **state)
{
	char first[64], second[64], third[64];

	(void)state;
	create("/videos", BODY("s1", ",\"productId\":\"p1\""), first);
	create("/videos", BODY("s1", ",\"productId\":\"p1\""), second);
	create("/videos", BODY("s1", ""), third);

	AUTO_ANSWER all = house_ask("GET", "/videos/store/s1", NULL);
	const struct json *videos = json_get(all.body, "videos");

	assert_int_equal(all.status, 200);
	assert_int_equal(json_count(videos), 3);
	assert_int_equal(json_int(json_get(all.body, "total")), 3);
	assert_false(json_bool(json_get(all.body, "hasMore")));
	for (size_t i = 0; i < 3; i++) {
		const struct json *v = json_at(videos, i), *product = json_get(v, "product");
		bool last = strcmp(json_string(json_get(v, "id")), third + 8) == 0;

		assert_string_equal(json_string(json_get(v, "id")), json_string(json_get(v, "videoId")));
		assert_int_equal(json_count(json_get(v, "scenes")), 2);
		assert_true(json_type_of(product) == (last ? JSON_NULL : JSON_OBJECT));
		if (!last)
			assert_string_equal(json_string(json_get(product, "title")), "Lamp");
	}
	assert_non_null(strstr(all.text,
		"\"product\":{\"id\":\"p1\",\"title\":\"Lamp\",\"images\":[{\"url\":\"/assets/l.jpg\","
		"\"alt\":\"a lamp\"}]}"));

	house_check("GET", "/videos/store/s1?limit=2", NULL, 200, "\"total\":3,\"hasMore\":true}");
	house_check("GET", "/videos/store/s1?limit=2&offset=1", NULL, 200, "\"total\":3,\"hasMore\":false}");
	house_check("GET", "/videos/store/s1?offset=9", NULL, 200,
		"{\"videos\":[],\"total\":3,\"hasMore\":false}");
	house_check("GET", "/videos/store/s1?productId=p1", NULL, 200, "\"total\":2,");
	house_check("GET", "/videos/store/s1?productId=p2", NULL, 200, "\"total\":0,");
	house_check("GET", "/videos/store/s1?status=pending", NULL, 200, "\"total\":3,");
	house_check("GET", "/videos/store/s1?status=completed", NULL, 200, "\"total\":0,");
}

/* What a PUT or GET answers can be put again, and changes nothing. */
static void test_put_again(void **state)
{
	static const char *const things[] = {
		"/videos/stores/s1", "/videos/products/p1", "/videos/products/p2"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(things); i++) {
		AUTO_ANSWER got = house_ask("GET", things[i], NULL);
		AUTO_ANSWER put = house_ask("PUT", things[i], got.text);
		AUTO_ANSWER again = house_ask("GET", things[i], NULL);

		if (got.status != 200 || put.status != 200 || put.location)
			fail_msg("%s: %d %d %s", things[i], got.status, put.status, put.text);
		assert_string_equal(put.text, got.text);
		assert_string_equal(again.text, got.text);
	}
	house_check("GET", "/videos/products/p1", NULL, 200, "\"sellingPrice\":29.5");
	house_check("GET", "/videos/stores/s1", NULL, 200, "\"currency\":\"EUR\"");
}

static void test_put_location(void **state)
{
	AUTO_ANSWER a = house_ask("PUT", "/videos/stores/new", "{\"name\":\"N\"}");

	(void)state;
	assert_int_equal(a.status, 201);
	assert_string_equal(a.location, "/videos/stores/new");
	assert_string_equal(answer_text(&a, "id"), "new");
}

static void test_lists_of_things(void **state)
{
	(void)state;
	house_check("GET", "/videos/stores", NULL, 200, "{\"stores\":[{\"id\":\"s1\",\"name\":\"One\"");
	house_check("GET", "/videos/stores", NULL, 200, "],\"total\":1,\"hasMore\":false}");
	house_check("GET", "/videos/stores/s1/products?limit=1", NULL, 200, "\"total\":2,\"hasMore\":true}");
	house_check("GET", "/videos/stores/s1/products?limit=1&offset=1", NULL, 200,
		"{\"products\":[{\"id\":\"p2\"");
	house_check("GET", "/videos/voices/available", NULL, 200, "[{\"id\":\"default\",");
	house_check("GET", "/videos/music", NULL, 200,
		"[{\"id\":\"" CALM "\",\"name\":\"Still\",\"category\":\"calm\",\"duration\":61.5,"
		"\"previewUrl\":\"/assets/a.mp3\"}");
	house_check("GET", "/healthz", NULL, 200, "{\"status\":\"ok\"}");
}

/* For a second after a connect that failed, the database is not asked again. */
static void await(const char *path)
{
	int64_t deadline_ms = clock_mono_ms() + 5000;

	for (;;) {
		AUTO_ANSWER a = house_ask("GET", path, NULL);

		if (a.status != 503)
			return;
		assert_true(clock_mono_ms() < deadline_ms);
	}
}

/* A database that went away and came back costs nobody an answer; while it is away the answer is a clear 503.
 */
static void test_database_restarted(void **state)
{
	char path[64];

	(void)state;
	create("/videos", BODY("s1", ""), path);
	test_server_kill(&house.db);
	house_check("GET", path, NULL, 503, "\"unavailable\"");
	house_check("POST", "/videos", BODY("s1", ""), 503, "nothing was changed");
	house_check("GET", "/healthz", NULL, 503, "\"unavailable\"");
	house_check("GET", "/videos/voices/available", NULL, 200, NULL);
	test_db_start(&house.db);
	await(path);
	house_check("GET", path, NULL, 200, "\"pending\"");

	test_server_kill(&house.db);
	test_db_start(&house.db);
	house_check("PUT", "/videos/stores/s1", "{\"name\":\"Again\"}", 200, "Again");

	test_server_kill(&house.db);
	test_db_start(&house.db);
	house_check("POST", "/videos", BODY("s1", ""), 202, NULL);
}

static void test_cache_gone(void **state)
{
	char path[64], status[80];

	(void)state;
	create("/videos", BODY("s1", ""), path);
	(void)snprintf(status, sizeof(status), "%s/status", path);
	test_server_signal(&house.cache, SIGSTOP);
	house_check("GET", status, NULL, 200, "\"pending\"");
	test_server_signal(&house.cache, SIGCONT);
	test_server_kill(&house.cache);
	house_check("GET", status, NULL, 200, "\"pending\"");
	house_check("DELETE", path, NULL, 204, NULL);
	test_cache_start(&house.cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_create_and_show, house_empty),
		cmocka_unit_test_setup(test_status_refills_and_delete_forgets, house_empty),
		cmocka_unit_test_setup(test_status_is_not_older_in_memcached, house_empty),
		cmocka_unit_test_setup(test_refusals, house_empty),
		cmocka_unit_test_setup(test_other_store, house_empty),
		cmocka_unit_test_setup(test_product_video, house_empty),
		cmocka_unit_test_setup(test_list, house_empty),
		cmocka_unit_test_setup(test_put_again, house_empty),
		cmocka_unit_test_setup(test_put_location, house_empty),
		cmocka_unit_test_setup(test_lists_of_things, house_empty),
		cmocka_unit_test_setup(test_database_restarted, house_empty),
		cmocka_unit_test_setup(test_cache_gone, house_empty),
	};

	return cmocka_run_group_tests(tests, house_open, house_close);
}
