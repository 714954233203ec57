/* Videos as they are made: whole or not at all, and once for each key of a client. */

#include "lib/video/videos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/video/idempotency.h"
#include "lib/video/limits.h"
#include "tests/unit/shop.h"

#define COUNT(table) session_number(shop_db, "SELECT COUNT(*) FROM " table)

static struct idempotency key_of(const char *key, const char *body)
{
	return idempotency_of(key, "POST", "/videos", body, strlen(body));
}

/* As videos_create says, with the id of the video. */
static int create(
	struct db *db, const char *store, const struct idempotency *key, struct uuid *ret_id, struct err *e)
{
	AUTO_VIDEO v = {.store_id = xstrdup(store),
		.title = xstrdup("A film"),
		.voice_volume = 100,
		.estimate_credits_milli = 1000};
	struct settings limited = shop_settings;
	int r;

	limited.max_store_day_credits = 2;
	v.scenes = xcalloc(1, sizeof(*v.scenes));
	v.scenes[v.scene_count++] = (struct scene){.prompt = xstrdup("a scene"), .duration_ms = 1000};
	r = videos_create(db, &limited, &v, key, e);
	if (r == 0)
		*ret_id = v.id;
	return r;
}

static struct uuid created(const char *store, const struct idempotency *key)
{
	struct uuid id = {{0}};
	struct err e;

	expect_ok(create(shop_db, store, key, &id, &e), &e);
	return id;
}

/* seed A11: there is no video without its job, which would be pending for ever. */
static void test_a_video_whose_job_cannot_be_made_is_not_made(void **state)
{
	static const char *const tables[] = {"scenes", "jobs"};
	struct idempotency key = key_of("k", "{}");
	struct uuid id;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		session_exec(shop_db, i == 0 ? "CREATE TRIGGER refuse BEFORE INSERT ON scenes FOR EACH ROW "
					       "SIGNAL SQLSTATE '45000'"
					     : "CREATE TRIGGER refuse BEFORE INSERT ON jobs FOR EACH ROW "
					       "SIGNAL SQLSTATE '45000'");
		expect_err(create(shop_db, "shop-a", &key, &id, &e), &e, ERR_PERM, 0);
		session_exec(shop_db, "DROP TRIGGER refuse");
		assert_int_equal(COUNT("videos") + COUNT("scenes") + COUNT("jobs"), 0);
		assert_int_equal(COUNT("idempotency_keys"), 0);
	}
	(void)created("shop-a", &key);
	assert_int_equal(COUNT("videos"), 1);
	assert_int_equal(COUNT("jobs"), 1);
}

/* seed A10: a double click is one video. */
static void test_the_same_request_makes_one_video(void **state)
{
	struct idempotency key = key_of("k", "{}"), other = key_of("l", "{}");
	struct uuid first = created("shop-a", &key), again = created("shop-a", &key);

	(void)state;
	assert_true(uuid_equal(&first, &again));
	assert_int_equal(COUNT("videos"), 1);
	again = created("shop-a", &other);
	assert_false(uuid_equal(&first, &again));

	/* the day's limit is reached; what was ordered before is not looked at again */
	struct err e;

	expect_err(create(shop_db, "shop-a", NULL, &again, &e), &e, ERR_PERM, 402);
	again = created("shop-a", &key);
	assert_true(uuid_equal(&first, &again));
	assert_int_equal(COUNT("videos"), 2);
	assert_int_equal(COUNT("jobs"), 2);
}

static void test_its_look_is_kept(void **state)
{
	AUTO_VIDEO v, plain;
	struct err e;

	(void)state;
	video_init(&v);
	v.store_id = xstrdup("shop-a");
	v.title = xstrdup("A film");
	v.look.captions = CAPTIONS_WORDS;
	v.look.music_url = xstrdup("/assets/\u266b.mp3");
	v.scenes = xcalloc(2, sizeof(*v.scenes));
	for (; v.scene_count < 2; v.scene_count++) {
		scene_init(&v.scenes[v.scene_count]);
		v.scenes[v.scene_count].prompt = xstrdup("a scene");
		v.scenes[v.scene_count].duration_ms = 1000;
	}
	v.scenes[1].look.narration = xstrdup("Slow\ndown \U0001F600");
	v.scenes[1].look.focus_x = 0;
	expect_ok(videos_create(shop_db, &shop_settings, &v, NULL, &e), &e);

	AUTO_VIDEO got = shop_read(&v.id);
	assert_int_equal(got.look.captions, CAPTIONS_WORDS);
	assert_string_equal(got.look.music_url, v.look.music_url);
	assert_true(got.look.brand);
	assert_null(got.brand);
	assert_null(got.outputs);
	assert_null(got.scenes[0].look.narration);
	assert_string_equal(got.scenes[1].look.narration, v.scenes[1].look.narration);
	assert_int_equal(got.scenes[1].look.focus_x, 0);
	assert_int_equal(COUNT("scenes WHERE look IS NULL"), 1);

	video_init(&plain);
	plain.store_id = xstrdup("shop-a");
	plain.title = xstrdup("A plain film");
	expect_ok(videos_create(shop_db, &shop_settings, &plain, NULL, &e), &e);
	assert_int_equal(COUNT("videos WHERE look IS NULL"), 1);
}

/* Every character of the longest request may take six bytes as it is stored. */
static void test_the_longest_narrations_are_kept(void **state)
{
	AUTO_VIDEO v;
	struct err e;

	(void)state;
	video_init(&v);
	v.store_id = xstrdup("shop-a");
	v.title = xstrdup("A film");
	v.scenes = xcalloc(1, sizeof(*v.scenes));
	scene_init(&v.scenes[v.scene_count++]);
	v.scenes[0].prompt = xstrdup("a scene");
	v.scenes[0].duration_ms = 1000;
	v.scenes[0].look.narration = xasprintf("%0*d", LIMIT_NARRATION, 0);
	memset(v.scenes[0].look.narration, '"', LIMIT_NARRATION);
	expect_ok(videos_create(shop_db, &shop_settings, &v, NULL, &e), &e);

	AUTO_VIDEO got = shop_read(&v.id);
	assert_string_equal(got.scenes[0].look.narration, v.scenes[0].look.narration);
}

/* What another version wrote, or a hand. */
static void test_a_look_that_cannot_be_read(void **state)
{
	struct uuid id = created("shop-a", NULL);
	AUTO_VIDEO v = {0};
	struct err e;

	(void)state;
	session_exec(shop_db, "UPDATE videos SET look = '{\"fit\":\"stretch\"}'");
	expect_err(videos_get(shop_db, &id, &v, &e), &e, ERR_PERM, 0);
	session_exec(shop_db, "UPDATE videos SET look = NULL");
	session_exec(shop_db, "UPDATE scenes SET look = '{\"focus\":7}'");
	expect_err(videos_get(shop_db, &id, &v, &e), &e, ERR_PERM, 0);
}

static void test_a_key_is_for_one_request(void **state)
{
	static const struct {
		const char *method, *uri, *body;
	} others[] = {
		{"POST", "/videos", "{ }"},
		{"POST", "/videos/product/p", "{}"},
		{"PUT", "/videos", "{}"},
		{"POST", "/videos", ""},
	};
	struct idempotency key = key_of("k", "{}");
	struct uuid id = created("shop-a", &key);
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct idempotency other = idempotency_of(
			"k", others[i].method, others[i].uri, others[i].body, strlen(others[i].body));

		expect_err(create(shop_db, "shop-a", &other, &id, &e), &e, ERR_PERM, 422);
	}
	assert_int_equal(COUNT("videos"), 1);
	assert_int_equal(COUNT("idempotency_keys"), 1);
}

static void test_a_key_belongs_to_its_store(void **state)
{
	struct idempotency key = key_of("k", "{}"), other = key_of("k", "{ }"), upper = key_of("K", "{ }");

	(void)state;
	(void)created("shop-a", &key);
	(void)created("shop-b", &other);
	(void)created("shop-a", &upper);
	assert_int_equal(COUNT("videos"), 3);
}

static void test_a_key_is_forgotten_after_a_day(void **state)
{
	struct idempotency key = key_of("k", "{}"), other = key_of("k", "{ }");
	struct uuid first = created("shop-a", &key), again;

	(void)state;
	session_exec(
		shop_db, "UPDATE idempotency_keys SET created_at = UTC_TIMESTAMP(3) - INTERVAL 1439 MINUTE");
	again = created("shop-a", &key);
	assert_true(uuid_equal(&first, &again));
	session_exec(
		shop_db, "UPDATE idempotency_keys SET created_at = UTC_TIMESTAMP(3) - INTERVAL 1441 MINUTE");
	again = created("shop-a", &other);
	assert_false(uuid_equal(&first, &again));
	assert_int_equal(COUNT("idempotency_keys"), 1);
}

static void test_a_key_goes_with_its_video(void **state)
{
	struct idempotency key = key_of("k", "{}");

	(void)state;
	(void)created("shop-a", &key);
	session_exec(shop_db, "DELETE FROM videos");
	assert_int_equal(COUNT("idempotency_keys"), 0);
}

/* Creates in another process and connection, with the same key; 0 when it went well. */
static pid_t create_elsewhere(const struct idempotency *key)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct db *own = session_new(20);
		struct uuid id;
		struct err e;

		_exit(create(own, "shop-a", key, &id, &e) == 0 ? 0 : 1);
	}
	assert_true(pid > 0);
	return pid;
}

static void expect_done(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* seed A10: so is one where neither click has been answered yet. */
static void test_requests_at_once_make_one_video(void **state)
{
	enum { ROUNDS = 20, CLICKS = 3 };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct idempotency key = key_of("k", "{}");
		pid_t pids[CLICKS];

		for (size_t i = 0; i < CLICKS; i++)
			pids[i] = create_elsewhere(&key);
		for (size_t i = 0; i < CLICKS; i++)
			expect_done(pids[i]);
		assert_int_equal(COUNT("videos"), 1);
		assert_int_equal(COUNT("jobs"), 1);
		(void)shop_empty(NULL);
	}
}

/* Whoever waits for a request that then fails does it itself. */
static void test_a_claim_that_is_given_up_is_taken_over(void **state)
{
	struct idempotency key = key_of("k", "{}");
	int64_t store = session_number(shop_db, "SELECT id FROM stores WHERE public_id = 'shop-a'");
	struct uuid id;
	struct err e;
	pid_t pid;

	(void)state;
	expect_ok(db_begin(shop_other, &e), &e);
	assert_int_equal(idempotency_claim(shop_other, store, &key, &id, &e), 1);
	pid = create_elsewhere(&key);
	while (session_number(shop_db,
		       "SELECT CAST(variable_value AS SIGNED) FROM information_schema.global_status "
		       "WHERE variable_name = 'Innodb_row_lock_current_waits'") == 0)
		continue;
	assert_int_equal(COUNT("videos"), 0);
	db_rollback(shop_other);
	expect_done(pid);
	assert_int_equal(COUNT("videos"), 1);
}

static void test_keys_are_printable_and_short(void **state)
{
	char longest[LIMIT_CLIENT_KEY + 2];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[LIMIT_CLIENT_KEY + 1] = '\0';
	assert_false(idempotency_key_ok(longest));
	longest[LIMIT_CLIENT_KEY] = '\0';
	assert_true(idempotency_key_ok(longest));
	assert_true(idempotency_key_ok("\"8e03978e-40d5-43dd-bc93-6894a57f9324\""));
	assert_true(idempotency_key_ok("a ~"));
	assert_false(idempotency_key_ok(""));
	assert_false(idempotency_key_ok("tab\t"));
	assert_false(idempotency_key_ok("\x7f"));
	assert_false(idempotency_key_ok("caf\xc3\xa9"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_video_whose_job_cannot_be_made_is_not_made, shop_empty),
		cmocka_unit_test_setup(test_the_same_request_makes_one_video, shop_empty),
		cmocka_unit_test_setup(test_its_look_is_kept, shop_empty),
		cmocka_unit_test_setup(test_the_longest_narrations_are_kept, shop_empty),
		cmocka_unit_test_setup(test_a_look_that_cannot_be_read, shop_empty),
		cmocka_unit_test_setup(test_a_key_is_for_one_request, shop_empty),
		cmocka_unit_test_setup(test_a_key_belongs_to_its_store, shop_empty),
		cmocka_unit_test_setup(test_a_key_is_forgotten_after_a_day, shop_empty),
		cmocka_unit_test_setup(test_a_key_goes_with_its_video, shop_empty),
		cmocka_unit_test_setup(test_requests_at_once_make_one_video, shop_empty),
		cmocka_unit_test_setup(test_a_claim_that_is_given_up_is_taken_over, shop_empty),
		cmocka_unit_test(test_keys_are_printable_and_short),
	};

	return cmocka_run_group_tests(tests, shop_open, shop_close);
}
