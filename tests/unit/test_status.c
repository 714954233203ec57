/* What a client polls: the JSON of every state, the URLs, and what memcached is given. */

#include "lib/video/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/cache.h"
#include "lib/io/json.h"
#include "lib/video/settings.h"
#include "tests/unit/servers.h"

#define ID "01234567-89ab-cdef-0123-456789abcdef"

static char site[] = "https://shop.example", empty[] = "";

static struct video video_at(int status)
{
	struct video v = {.status = status, .progress = 42, .eta_sec = -1};

	assert_true(uuid_parse_text(ID, &v.id));
	return v;
}

static void check_json(const struct video *v, const struct settings *s, const char *expected)
{
	AUTO(json) o = status_json(v, s);
	AUTO_BUF text = BUF_INIT(4096);

	json_write(o, &text);
	assert_string_equal(buf_text(&text), expected);
}

static void test_absent_is_left_out(void **state)
{
	struct settings s = {.public_url = empty};
	struct video v = video_at(STATUS_PENDING);

	(void)state;
	check_json(&v, &s, "{\"videoId\":\"" ID "\",\"status\":\"pending\",\"progress\":42}");
}

static void test_under_way(void **state)
{
	struct settings s = {.public_url = empty};
	AUTO_VIDEO v = video_at(STATUS_GENERATING_SCENES);

	(void)state;
	v.stage = xstrdup("Generating scene 2 of 4");
	v.eta_sec = 0;
	check_json(&v, &s,
		"{\"videoId\":\"" ID "\",\"status\":\"generating_scenes\",\"progress\":42,"
		"\"stage\":\"Generating scene 2 of 4\",\"etaSeconds\":0}");
}

static void test_completed_is_100_and_has_no_stage(void **state)
{
	struct settings s = {.public_url = site};
	AUTO_VIDEO v = video_at(STATUS_COMPLETED);

	(void)state;
	v.stage = xstrdup("Publishing");
	v.eta_sec = 1;
	v.error = xstrdup("an earlier try failed");
	v.duration_ms = 8053;
	v.video_key = xstrdup("videos/a.mp4");
	v.thumbnail_key = xstrdup("videos/a.jpg");
	check_json(&v, &s,
		"{\"videoId\":\"" ID "\",\"status\":\"completed\",\"progress\":100,"
		"\"videoUrl\":\"https://shop.example/media/videos/a.mp4\","
		"\"thumbnailUrl\":\"https://shop.example/media/videos/a.jpg\",\"duration\":8.053}");
}

static void test_failed_says_why(void **state)
{
	struct settings s = {.public_url = empty};
	AUTO_VIDEO v = video_at(STATUS_FAILED);

	(void)state;
	v.stage = xstrdup("Composing");
	v.error = xstrdup("Picture 1 is not \"a\" picture");
	check_json(&v, &s,
		"{\"videoId\":\"" ID "\",\"status\":\"failed\",\"progress\":42,"
		"\"error\":\"Picture 1 is not \\\"a\\\" picture\"}");
}

static const struct {
	const char *json; /* after "progress" */
	unsigned ttl_sec;
} status_cases[STATUS_COUNT] = {
#define LIVE ",\"stage\":\"Scene 2\",\"etaSeconds\":9,\"error\":\"E\"}", STATUS_LIVE_SEC
	[STATUS_PENDING] = {LIVE},
	[STATUS_GENERATING_SCENES] = {LIVE},
	[STATUS_GENERATING_VOICEOVER] = {LIVE},
	[STATUS_COMPOSING] = {LIVE},
	[STATUS_PROCESSING] = {LIVE},
	[STATUS_COMPLETED] = {"}", STATUS_ENDED_SEC},
	[STATUS_FAILED] = {",\"error\":\"E\"}", STATUS_ENDED_SEC},
	[STATUS_PAUSED] = {",\"error\":\"E\",\"pause\":\"bad_key\"}", STATUS_ENDED_SEC},
	[STATUS_CANCELLING] = {LIVE},
	[STATUS_CANCELLED] = {",\"error\":\"E\"}", STATUS_ENDED_SEC},
#undef LIVE
};

/* Whatever the row still holds, a client sees what its status has. */
static void test_each_status(void **state)
{
	struct settings s = {.public_url = empty};

	(void)state;
	for (int status = 0; status < STATUS_COUNT; status++) {
		AUTO_VIDEO v = video_at(status);
		AUTO_FREE char *expected =
			xasprintf("{\"videoId\":\"" ID "\",\"status\":\"%s\",\"progress\":%d%s",
				video_status_names[status], status == STATUS_COMPLETED ? 100 : 42,
				status_cases[status].json);

		v.stage = xstrdup("Scene 2");
		v.eta_sec = 9;
		v.error = xstrdup("E");
		v.pause = status == STATUS_PAUSED ? PAUSE_BAD_KEY : PAUSE_NONE;
		check_json(&v, &s, expected);
	}
}

static void test_why_it_is_paused(void **state)
{
	static const char *const reasons[PAUSE_COUNT] = {
		"possible_charge", "out_of_credit", "bad_key", "daily_limit", "store_limit"};
	struct settings s = {.public_url = empty};

	(void)state;
	for (int reason = 0; reason < PAUSE_COUNT; reason++) {
		struct video v = video_at(STATUS_PAUSED);
		AUTO_FREE char *expected =
			xasprintf("{\"videoId\":\"" ID "\",\"status\":\"paused\",\"progress\":42,"
				  "\"pause\":\"%s\"}",
				reasons[reason]);

		v.pause = reason;
		check_json(&v, &s, expected);
	}
}

static void test_a_draft_says_so(void **state)
{
	struct settings s = {.public_url = empty};
	struct video v = video_at(STATUS_COMPOSING);

	(void)state;
	v.mode = MODE_DRAFT;
	check_json(&v, &s,
		"{\"videoId\":\"" ID "\",\"status\":\"composing\",\"progress\":42,\"mode\":\"draft\"}");
}

/* While it is made again, and where that came to nothing. */
static void test_the_film_before_is_still_shown(void **state)
{
	static const int statuses[] = {
		STATUS_PENDING, STATUS_COMPOSING, STATUS_PAUSED, STATUS_CANCELLED, STATUS_FAILED};
	struct settings s = {.public_url = site};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		AUTO_VIDEO v = video_at(statuses[i]);

		v.revision = 2;
		v.duration_ms = 8053;
		v.video_key = xstrdup("videos/a.mp4");
		v.thumbnail_key = xstrdup("videos/a.jpg");

		AUTO(json) o = status_json(&v, &s);

		assert_string_equal(
			json_string(json_get(o, "videoUrl")), "https://shop.example/media/videos/a.mp4");
		assert_string_equal(
			json_string(json_get(o, "thumbnailUrl")), "https://shop.example/media/videos/a.jpg");
		assert_string_equal(json_number_text(json_get(o, "duration")), "8.053");
		assert_int_equal(json_int(json_get(o, "progress")), 42);
	}
}

static void check_cached(struct cache *c, const char *part)
{
	AUTO_BUF text = BUF_INIT(4096);
	bool found = cache_get(c, "videod:status:" ID, &text);

	assert_int_equal(found, part != NULL);
	if (part && !strstr(buf_text(&text), part))
		fail_msg("%s: no %s", buf_text(&text), part);
}

static void test_published(void **state)
{
	struct settings s = {.public_url = empty};
	struct video v = video_at(STATUS_PENDING);
	struct test_server server = {0};

	(void)state;
	test_cache_create(&server);
	struct cache *c = cache_new(server.socket, 1000);

	uint64_t version;

	assert_int_equal(status_swap(c, CACHE_NOTHING, &v, &s), 1);
	check_cached(c, "\"progress\":42");
	v.progress = 50;
	assert_int_equal(status_swap(c, CACHE_NOTHING, &v, &s), 0);
	check_cached(c, "\"progress\":42");
	assert_true(status_look(c, &v.id, &version));
	assert_int_equal(status_swap(c, version, &v, &s), 1);
	check_cached(c, "\"progress\":50");
	assert_true(status_look(c, &v.id, &version));
	status_forget(c, &v.id);
	check_cached(c, NULL);
	assert_int_equal(status_swap(c, version, &v, &s), 0);
	check_cached(c, NULL);

	cache_free(c);
	test_server_remove(&server);
}

/* Seconds that memcached still keeps the status: the meta command of its protocol. */
static int64_t kept_for(const struct test_server *server)
{
	static const char ask[] = "mg videod:status:" ID " t\r\n";
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[64] = "";
	int64_t ttl_sec = 0;

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", server->socket);
	assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(write(fd, ask, strlen(ask)), strlen(ask));
	for (size_t n = 0; !strchr(answer, '\n');) {
		ssize_t got = read(fd, answer + n, sizeof(answer) - 1 - n);

		assert_true(got > 0);
		n += (size_t)got;
	}
	answer[strcspn(answer, "\r\n")] = '\0';
	if (strncmp(answer, "HD t", 4) != 0 || !text_to_i64(answer + 4, 0, 3600, &ttl_sec))
		fail_msg("%s", answer);
	return ttl_sec;
}

/* What waits for somebody is kept as long as what is over. */
static void test_kept_as_long_as_it_holds(void **state)
{
	struct settings s = {.public_url = empty};
	struct test_server server = {0};

	(void)state;
	test_cache_create(&server);
	struct cache *c = cache_new(server.socket, 1000);

	for (int status = 0; status < STATUS_COUNT; status++) {
		struct video v = video_at(status);

		v.pause = PAUSE_BAD_KEY;
		status_forget(c, &v.id);
		assert_int_equal(status_swap(c, CACHE_NOTHING, &v, &s), 1);

		int64_t ttl_sec = kept_for(&server), wanted_sec = status_cases[status].ttl_sec;

		if (ttl_sec > wanted_sec || ttl_sec + 2 < wanted_sec)
			fail_msg("%s: %lld s", video_status_names[status], (long long)ttl_sec);
	}
	cache_free(c);
	test_server_remove(&server);
}

static void test_published_to_nobody(void **state)
{
	struct settings s = {.public_url = empty};
	struct video v = video_at(STATUS_PENDING);
	AUTO(cache) c = cache_new(NULL, 10);

	(void)state;
	assert_int_equal(status_swap(c, CACHE_NOTHING, &v, &s), -1);
	status_forget(c, &v.id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absent_is_left_out),
		cmocka_unit_test(test_under_way),
		cmocka_unit_test(test_completed_is_100_and_has_no_stage),
		cmocka_unit_test(test_failed_says_why),
		cmocka_unit_test(test_each_status),
		cmocka_unit_test(test_why_it_is_paused),
		cmocka_unit_test(test_a_draft_says_so),
		cmocka_unit_test(test_the_film_before_is_still_shown),
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_kept_as_long_as_it_holds),
		cmocka_unit_test(test_published_to_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
