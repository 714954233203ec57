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
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cgi/fcgi.h"
#include "cgi/reply.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/cache.h"
#include "lib/io/db.h"
#include "lib/io/json.h"
#include "lib/video/migrate.h"
#include "lib/video/status.h"
#include "tests/unit/servers.h"

#define NO_ID "018f3c1e-2b7a-4c55-9d0e-0123456789ab"
#define CALM  "10000000-0000-4000-8000-000000000001"

static struct {
	struct test_server db, cache;
	struct app app;
	char wake_path[96];
	int wake_fd;
} house;

static void must(int r, const struct err *e)
{
	if (r < 0)
		fail_msg("%s", e->text);
}

static int group_setup(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct err e;

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	test_db_create(&house.db);
	test_cache_create(&house.cache);

	struct db_options options = test_db_options(&house.db);

	house.app.db = db_new(&options);
	house.app.cache = cache_new(house.cache.socket, 1000);
	must(migrate_run(house.app.db, "db", 5, &e), &e);

	(void)snprintf(house.wake_path, sizeof(house.wake_path), "%s/wake", house.db.folder);
	memcpy(at.sun_path, house.wake_path, strlen(house.wake_path));
	house.wake_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(house.wake_fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;

	static char user[] = "root", name[] = "videod", empty[] = "";

	house.app.settings = (struct settings){
		.db_socket = house.db.socket,
		.db_user = user,
		.db_name = name,
		.public_url = empty,
		.wake_socket = house.wake_path,
		.priority = 5,
	};
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	db_free(house.app.db);
	cache_free(house.app.cache);
	db_library_end();
	(void)close(house.wake_fd);
	test_server_remove(&house.cache);
	test_server_remove(&house.db);
	return 0;
}

/* An answer, parsed. */
struct answer {
	int status;
	char *location, *text;
	struct json *body; /* NULL for none */
};

static void answer_done(struct answer *a)
{
	free(a->location);
	free(a->text);
	json_free(a->body);
}

#define AUTO_ANSWER CLEANUP(answer_done) struct answer

static struct answer ask(const char *method, const char *uri, const char *body)
{
	struct fcgi_request in = {
		.method = method,
		.uri = uri,
		.content_type = body ? "application/json" : "",
		.request_id = "",
		.body = body ? body : "",
		.body_len = body ? strlen(body) : 0,
	};
	AUTO_REPLY r = {0};
	struct answer a = {0};
	struct err e;

	reply_init(&r, "test");
	router_answer(&house.app, &in, &r);
	a.status = r.status;
	a.location = xstrdup(r.location);
	a.text = xstrdup(buf_text(&r.body));
	if (r.body.len > 0)
		must(json_parse(r.body.data, r.body.len, &a.body, &e), &e);
	return a;
}

static void check(const char *method, const char *uri, const char *body, int status, const char *part)
{
	AUTO_ANSWER a = ask(method, uri, body);

	if (a.status != status || (part && !strstr(a.text, part)))
		fail_msg("%s %s: %d %s", method, uri, a.status, a.text);
}

static const char *text_at(const struct answer *a, const char *key)
{
	const char *s = json_string(json_get(a->body, key));

	return s ? s : "";
}

static int setup(void **state)
{
	static const char *const clean[] = {"DELETE FROM videos", "DELETE FROM products",
		"DELETE FROM stores", "DELETE FROM music_tracks",
		"INSERT INTO music_tracks (id, name, category, duration_ms, file, preview_url, created_at) "
		"VALUES "
		"(UNHEX('10000000000040008000000000000001'), 'Still', 'calm', 61500, 'a.mp3', "
		"'/assets/a.mp3', "
		"UTC_TIMESTAMP(3)), "
		"(UNHEX('10000000000040008000000000000002'), 'Up', 'upbeat', 30000, 'b.mp3', NULL, "
		"UTC_TIMESTAMP(3))"};
	struct err e;
	char drop[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(clean); i++)
		must(db_exec(house.app.db, clean[i], DB_NO_ARGS, NULL, &e), &e);
	check("PUT", "/videos/stores/s1", "{\"name\":\"One\",\"currency\":\"EUR\"}", 201, NULL);
	check("PUT", "/videos/products/p1",
		"{\"storeId\":\"s1\",\"title\":\"Lamp\",\"sellingPrice\":29.5,"
		"\"images\":[{\"url\":\"/assets/l.jpg\",\"alt\":\"a lamp\"}]}",
		201, NULL);
	check("PUT", "/videos/products/p2", "{\"storeId\":\"s1\",\"title\":\"Chair\"}", 201, NULL);
	while (recv(house.wake_fd, drop, sizeof(drop), 0) > 0)
		;
	return 0;
}

static bool woken(void)
{
	char drop[8];

	return recv(house.wake_fd, drop, sizeof(drop), 0) == 1;
}

#define BODY(store, more)                                                                                    \
	"{\"storeId\":\"" store "\",\"title\":\"T\",\"style\":\"story\",\"aspectRatio\":\"1:1\","            \
	"\"scenes\":[{\"prompt\":\"a\",\"duration\":2.5,\"textOverlay\":\"x\"},"                             \
	"{\"prompt\":\"b\",\"duration\":1}]" more "}"

static void create(const char *uri, const char *body, char path[static 64])
{
	AUTO_ANSWER a = ask("POST", uri, body);

	if (a.status != 202)
		fail_msg("POST %s: %d %s", uri, a.status, a.text);
	assert_string_equal(text_at(&a, "status"), "pending");
	assert_int_equal(json_int(json_get(a.body, "progress")), 0);
	assert_int_equal(json_count(a.body), 3);
	(void)snprintf(path, 64, "/videos/%s", text_at(&a, "videoId"));
	assert_string_equal(a.location, path);
	assert_true(woken());
	assert_false(woken());
}

static void test_create_and_show(void **state)
{
	char path[64], status[80];

	(void)state;
	create("/videos", BODY("s1", ",\"productId\":\"p1\",\"musicTrackId\":\"" CALM "\",\"musicVolume\":0"),
		path);

	AUTO_ANSWER a = ask("GET", path, NULL);

	assert_int_equal(a.status, 200);
	assert_string_equal(text_at(&a, "videoId"), path + 8);
	assert_string_equal(text_at(&a, "id"), path + 8);
	assert_string_equal(text_at(&a, "storeId"), "s1");
	assert_string_equal(text_at(&a, "productId"), "p1");
	assert_string_equal(text_at(&a, "title"), "T");
	assert_string_equal(text_at(&a, "style"), "story");
	assert_string_equal(text_at(&a, "aspectRatio"), "1:1");
	assert_string_equal(text_at(&a, "musicTrackId"), CALM);
	assert_int_equal(json_int(json_get(a.body, "musicVolume")), 0);
	assert_int_equal(strlen(text_at(&a, "createdAt")), 24);
	assert_non_null(strstr(a.text, "\"completedAt\":null"));
	assert_non_null(strstr(a.text, "\"videoUrl\":null"));
	assert_non_null(strstr(a.text,
		"\"scenes\":[{\"prompt\":\"a\",\"duration\":2.5,\"imageUrl\":null,\"textOverlay\":\"x\","
		"\"model\":null,\"generation\":null},"
		"{\"prompt\":\"b\",\"duration\":1,\"imageUrl\":null,\"textOverlay\":null,"
		"\"model\":null,\"generation\":null}]"));
	assert_non_null(strstr(a.text, "\"mode\":\"full\",\"model\":null,\"reuse\":true,"));
	assert_non_null(strstr(a.text, "\"voiceVolume\":100,\"revision\":1,\"pause\":null,"
				       "\"estimate\":{\"credits\":0,\"characters\":0},"
				       "\"cost\":{\"credits\":0,\"characters\":0}"));

	(void)snprintf(status, sizeof(status), "%s/status", path);
	AUTO_ANSWER s = ask("GET", status, NULL);

	assert_int_equal(s.status, 200);
	assert_string_equal(text_at(&s, "videoId"), path + 8);
	assert_string_equal(text_at(&s, "status"), "pending");
	assert_null(json_get(s.body, "storeId"));
	check("HEAD", path, NULL, 200, NULL);
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

	AUTO_ANSWER s = ask("GET", status, NULL);

	assert_true(cache_get(house.app.cache, key, &cached));
	assert_string_equal(buf_text(&cached), s.text);

	check("DELETE", path, NULL, 204, NULL);
	assert_true(woken());
	buf_clear(&cached);
	assert_false(cache_get(house.app.cache, key, &cached));
	check("DELETE", path, NULL, 404, "\"not_found\"");
	check("GET", path, NULL, 404, "\"not_found\"");
	check("GET", status, NULL, 404, "\"not_found\"");
	check("GET", "/videos/store/s1", NULL, 200, "{\"videos\":[],\"total\":0,\"hasMore\":false}");
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
		AUTO_ANSWER a = ask(refusals[i].method, refusals[i].uri, refusals[i].body);

		if (a.status != refusals[i].status || !strstr(a.text, refusals[i].part))
			fail_msg("%s: %d %s", refusals[i].title, a.status, a.text);
		if (woken())
			fail_msg("%s: woke the daemon", refusals[i].title);
	}
	check("GET", "/videos/store/s1", NULL, 200, "\"total\":0");
}

/* Another store's product is as unknown as one that is not there; moving a product to another store is
 * refused. */
static void test_other_store(void **state)
{
	(void)state;
	check("PUT", "/videos/stores/s2", "{\"name\":\"Two\"}", 201, NULL);
	check("POST", "/videos", BODY("s2", ",\"productId\":\"p1\""), 404, "\"/productId\"");
	check("PUT", "/videos/products/p1", "{\"storeId\":\"s2\",\"title\":\"x\"}", 409, "\"conflict\"");
	check("GET", "/videos/products/p1", NULL, 200, "\"storeId\":\"s1\"");
}

static void test_product_video(void **state)
{
	char path[64];

	(void)state;
	create("/videos/product/p1", NULL, path);
	AUTO_ANSWER a = ask("GET", path, NULL);

	assert_string_equal(text_at(&a, "style"), "product_showcase");
	assert_string_equal(text_at(&a, "aspectRatio"), "9:16");
	assert_string_equal(text_at(&a, "productId"), "p1");
	assert_string_equal(text_at(&a, "voiceId"), "default");
	assert_true(json_count(json_get(a.body, "scenes")) >= 1);
	assert_true(strlen(text_at(&a, "voiceoverScript")) > 0);
	assert_true(strlen(text_at(&a, "musicTrackId")) == 36);
	assert_int_equal(json_int(json_get(a.body, "musicVolume")), 30);

	create("/videos/product/p1?style=lifestyle",
		"{\"aspectRatio\":\"16:9\",\"voiceId\":\"male\",\"musicVolume\":0}", path);
	AUTO_ANSWER b = ask("GET", path, NULL);

	assert_string_equal(text_at(&b, "style"), "lifestyle");
	assert_string_equal(text_at(&b, "aspectRatio"), "16:9");
	assert_string_equal(text_at(&b, "voiceId"), "male");
	assert_string_equal(text_at(&b, "musicTrackId"), "");
	assert_int_equal(json_int(json_get(b.body, "musicVolume")), 0);

	create("/videos/product/p2?style=lifestyle", "{}", path);
	AUTO_ANSWER c = ask("GET", path, NULL);

	assert_string_equal(text_at(&c, "musicTrackId"), CALM);
}

static void test_list(void **state)
{
	char first[64], second[64], third[64];

	(void)state;
	create("/videos", BODY("s1", ",\"productId\":\"p1\""), first);
	create("/videos", BODY("s1", ",\"productId\":\"p1\""), second);
	create("/videos", BODY("s1", ""), third);

	AUTO_ANSWER all = ask("GET", "/videos/store/s1", NULL);
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

	check("GET", "/videos/store/s1?limit=2", NULL, 200, "\"total\":3,\"hasMore\":true}");
	check("GET", "/videos/store/s1?limit=2&offset=1", NULL, 200, "\"total\":3,\"hasMore\":false}");
	check("GET", "/videos/store/s1?offset=9", NULL, 200, "{\"videos\":[],\"total\":3,\"hasMore\":false}");
	check("GET", "/videos/store/s1?productId=p1", NULL, 200, "\"total\":2,");
	check("GET", "/videos/store/s1?productId=p2", NULL, 200, "\"total\":0,");
	check("GET", "/videos/store/s1?status=pending", NULL, 200, "\"total\":3,");
	check("GET", "/videos/store/s1?status=completed", NULL, 200, "\"total\":0,");
}

/* What a PUT or GET answers can be put again, and changes nothing. */
static void test_put_again(void **state)
{
	static const char *const things[] = {
		"/videos/stores/s1", "/videos/products/p1", "/videos/products/p2"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(things); i++) {
		AUTO_ANSWER got = ask("GET", things[i], NULL);
		AUTO_ANSWER put = ask("PUT", things[i], got.text);
		AUTO_ANSWER again = ask("GET", things[i], NULL);

		if (got.status != 200 || put.status != 200 || put.location)
			fail_msg("%s: %d %d %s", things[i], got.status, put.status, put.text);
		assert_string_equal(put.text, got.text);
		assert_string_equal(again.text, got.text);
	}
	check("GET", "/videos/products/p1", NULL, 200, "\"sellingPrice\":29.5");
	check("GET", "/videos/stores/s1", NULL, 200, "\"currency\":\"EUR\"");
}

static void test_put_location(void **state)
{
	AUTO_ANSWER a = ask("PUT", "/videos/stores/new", "{\"name\":\"N\"}");

	(void)state;
	assert_int_equal(a.status, 201);
	assert_string_equal(a.location, "/videos/stores/new");
	assert_string_equal(text_at(&a, "id"), "new");
}

static void test_lists_of_things(void **state)
{
	(void)state;
	check("GET", "/videos/stores", NULL, 200, "{\"stores\":[{\"id\":\"s1\",\"name\":\"One\"");
	check("GET", "/videos/stores", NULL, 200, "],\"total\":1,\"hasMore\":false}");
	check("GET", "/videos/stores/s1/products?limit=1", NULL, 200, "\"total\":2,\"hasMore\":true}");
	check("GET", "/videos/stores/s1/products?limit=1&offset=1", NULL, 200,
		"{\"products\":[{\"id\":\"p2\"");
	check("GET", "/videos/voices/available", NULL, 200, "[{\"id\":\"default\",");
	check("GET", "/videos/music", NULL, 200,
		"[{\"id\":\"" CALM "\",\"name\":\"Still\",\"category\":\"calm\",\"duration\":61.5,"
		"\"previewUrl\":\"/assets/a.mp3\"}");
	check("GET", "/healthz", NULL, 200, "{\"status\":\"ok\"}");
}

/* For a second after a connect that failed, the database is not asked again. */
static void await(const char *path)
{
	int64_t deadline_ms = clock_mono_ms() + 5000;

	for (;;) {
		AUTO_ANSWER a = ask("GET", path, NULL);

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
	check("GET", path, NULL, 503, "\"unavailable\"");
	check("POST", "/videos", BODY("s1", ""), 503, "nothing was changed");
	check("GET", "/healthz", NULL, 503, "\"unavailable\"");
	check("GET", "/videos/voices/available", NULL, 200, NULL);
	test_db_start(&house.db);
	await(path);
	check("GET", path, NULL, 200, "\"pending\"");

	test_server_kill(&house.db);
	test_db_start(&house.db);
	check("PUT", "/videos/stores/s1", "{\"name\":\"Again\"}", 200, "Again");

	test_server_kill(&house.db);
	test_db_start(&house.db);
	check("POST", "/videos", BODY("s1", ""), 202, NULL);
}

static void test_cache_gone(void **state)
{
	char path[64], status[80];

	(void)state;
	create("/videos", BODY("s1", ""), path);
	(void)snprintf(status, sizeof(status), "%s/status", path);
	test_server_signal(&house.cache, SIGSTOP);
	check("GET", status, NULL, 200, "\"pending\"");
	test_server_signal(&house.cache, SIGCONT);
	test_server_kill(&house.cache);
	check("GET", status, NULL, 200, "\"pending\"");
	check("DELETE", path, NULL, 204, NULL);
	test_cache_start(&house.cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_create_and_show, setup),
		cmocka_unit_test_setup(test_status_refills_and_delete_forgets, setup),
		cmocka_unit_test_setup(test_refusals, setup),
		cmocka_unit_test_setup(test_other_store, setup),
		cmocka_unit_test_setup(test_product_video, setup),
		cmocka_unit_test_setup(test_list, setup),
		cmocka_unit_test_setup(test_put_again, setup),
		cmocka_unit_test_setup(test_put_location, setup),
		cmocka_unit_test_setup(test_lists_of_things, setup),
		cmocka_unit_test_setup(test_database_restarted, setup),
		cmocka_unit_test_setup(test_cache_gone, setup),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
