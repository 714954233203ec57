/*
 * What a video would cost and whether it may: pure estimates, the limits of one video, and a store's day on a
 * real server, where each state of a purchase and of a video counts as it should.
 */

#include "lib/video/estimate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/db.h"
#include "lib/io/json.h"
#include "lib/video/migrate.h"
#include "lib/video/models.h"
#include "lib/video/problems.h"
#include "lib/video/settings.h"
#include "lib/video/stores.h"
#include "tests/unit/servers.h"

static char gen45[] = "gen4.5", turbo[] = "gen4_turbo", speaker[] = "eleven_multilingual_v2", prompt[] = "p",
	    image[] = "/assets/a.jpg", script[] = "Caf\u00e9 \U0001F4A1.";

static struct settings bought(void)
{
	return (struct settings){
		.scene_provider = SCENES_RUNWAY,
		.voice_provider = VOICES_ELEVENLABS,
		.runway_model = gen45,
		.elevenlabs_model = speaker,
	};
}

/* Three scenes of 2.5, 4 and 10 s, the second with an image, and seven spoken characters. */
static struct video film(struct scene scenes[static 3])
{
	scenes[0] = (struct scene){.prompt = prompt, .duration_ms = 2500};
	scenes[1] = (struct scene){.prompt = prompt, .duration_ms = 4000, .image_url = image, .model = turbo};
	scenes[2] = (struct scene){.prompt = prompt, .duration_ms = 10000};
	return (struct video){
		.scenes = scenes, .scene_count = 3, .aspect = ASPECT_9_16, .voiceover_script = script};
}

static const struct {
	const char *title;
	int mode, scene_provider, voice_provider;
	int64_t credits, characters;
} price_cases[] = {
	{"all bought", MODE_FULL, SCENES_RUNWAY, VOICES_ELEVENLABS, 3 * 12 + 4 * 5 + 10 * 12, 7},
	{"a draft", MODE_DRAFT, SCENES_RUNWAY, VOICES_ELEVENLABS, 0, 0},
	{"scenes made here", MODE_FULL, SCENES_LOCAL, VOICES_ELEVENLABS, 0, 7},
	{"spoken here", MODE_FULL, SCENES_RUNWAY, VOICES_LOCAL, 176, 0},
	{"nothing bought", MODE_FULL, SCENES_LOCAL, VOICES_LOCAL, 0, 0},
};

static void test_prices(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(price_cases); i++) {
		struct scene scenes[3];
		struct video v = film(scenes);
		struct settings s = bought();
		struct scene_choice choices[3];
		struct estimate t = {-1, -1};
		AUTO_PROBLEMS p = {0};

		v.mode = price_cases[i].mode;
		s.scene_provider = price_cases[i].scene_provider;
		s.voice_provider = price_cases[i].voice_provider;
		assert_true(estimate_video(&v, &s, choices, &t, &p));
		if (t.credits_milli != price_cases[i].credits * 1000 ||
			t.characters != price_cases[i].characters)
			fail_msg("%s: %lld credits, %lld characters", price_cases[i].title,
				(long long)t.credits_milli, (long long)t.characters);
		assert_int_equal(choices[1].model != NULL, price_cases[i].credits > 0);
		assert_int_equal(p.count, 0);
	}
}

static void test_silence_costs_nothing(void **state)
{
	struct scene scenes[3];
	struct video v = film(scenes);
	struct settings s = bought();
	struct estimate t;
	AUTO_PROBLEMS p = {0};

	(void)state;
	v.voiceover_script = NULL;
	assert_true(estimate_video(&v, &s, NULL, &t, &p));
	assert_int_equal(t.characters, 0);
}

static void test_what_no_model_can_make_is_pointed_at(void **state)
{
	struct scene scenes[3];
	struct video v = film(scenes);
	struct settings s = bought();
	struct estimate t;
	AUTO_PROBLEMS p = {0};

	(void)state;
	scenes[1].image_url = NULL;
	scenes[2].duration_ms = 10001;
	assert_false(estimate_video(&v, &s, NULL, &t, &p));
	assert_int_equal(p.count, 2);
	assert_string_equal(p.list[0].path, "/scenes/1/model");
	assert_string_equal(p.list[0].message, "is a model that needs an image: give the scene an imageUrl");
	assert_string_equal(p.list[1].path, "/scenes/2/duration");
	assert_string_equal(p.list[1].message, "is longer than the 10 seconds that gen4.5 can make");

	v.mode = MODE_DRAFT;
	assert_true(estimate_video(&v, &s, NULL, &t, &p)); /* made here it can be */
	assert_int_equal(p.count, 2);
}

static void check_json(const struct video *v, const struct settings *s, const char *expected)
{
	struct scene_choice choices[3];
	struct estimate t;
	AUTO_PROBLEMS p = {0};
	AUTO_BUF text = BUF_INIT(4000);

	assert_true(estimate_video(v, s, choices, &t, &p));

	AUTO(json) o = estimate_json(v, s, choices, &t);

	json_write(o, &text);
	assert_string_equal(buf_text(&text), expected);
}

#define LOCAL_SCENE "{\"model\":null,\"endpoint\":null,\"ratio\":null,\"seconds\":null,\"credits\":0}"

static void test_json(void **state)
{
	struct scene scenes[3];
	struct video v = film(scenes);
	struct settings s = bought();

	(void)state;
	s.max_video_credits = 3000;
	s.max_store_day_characters = 500;
	check_json(&v, &s,
		"{\"mode\":\"full\",\"credits\":176,\"characters\":7,\"scenes\":["
		"{\"model\":\"gen4.5\",\"endpoint\":\"text_to_video\",\"ratio\":\"720:1280\",\"seconds\":3,"
		"\"credits\":36},"
		"{\"model\":\"gen4_turbo\",\"endpoint\":\"image_to_video\",\"ratio\":\"720:1280\","
		"\"seconds\":4,\"credits\":20},"
		"{\"model\":\"gen4.5\",\"endpoint\":\"text_to_video\",\"ratio\":\"720:1280\",\"seconds\":10,"
		"\"credits\":120}],"
		"\"voice\":{\"model\":\"eleven_multilingual_v2\",\"characters\":7},"
		"\"limits\":{\"videoCredits\":3000,\"videoCharacters\":null,\"storeDayCredits\":null,"
		"\"storeDayCharacters\":500}}");

	v.mode = MODE_DRAFT;
	s.max_video_credits = s.max_store_day_characters = 0;
	check_json(&v, &s,
		"{\"mode\":\"draft\",\"credits\":0,\"characters\":0,\"scenes\":[" LOCAL_SCENE "," LOCAL_SCENE
		"," LOCAL_SCENE "],\"voice\":{\"model\":null,\"characters\":0},"
		"\"limits\":{\"videoCredits\":null,\"videoCharacters\":null,\"storeDayCredits\":null,"
		"\"storeDayCharacters\":null}}");
}

static void test_limits_of_one_video(void **state)
{
	struct settings s = {.max_video_credits = 176, .max_video_characters = 6};
	struct estimate within = {176000, 6}, over = {176001, 7}, much = {INT64_MAX / 4, 1000000};
	AUTO_PROBLEMS p = {0};

	(void)state;
	assert_true(budget_video_ok(&s, &within, &p));
	assert_false(budget_video_ok(&s, &over, &p));
	assert_int_equal(p.count, 2);
	assert_string_equal(p.list[0].path, "");
	assert_string_equal(
		p.list[0].message, "may cost 176.001 credits; one video may cost no more than 176");
	assert_string_equal(p.list[1].message, "may cost 7 characters; one video may cost no more than 6");

	s = (struct settings){0};
	assert_true(budget_video_ok(&s, &much, &p));
}

static struct test_server server;
static struct db *db, *other;
static struct err err;

#define OK(call)                                                                                             \
	do {                                                                                                 \
		if ((call) < 0)                                                                              \
			fail_msg("%s: %s", #call, err.text);                                                 \
	} while (0)

static void put_store(const char *id)
{
	AUTO_STORE s = {.id = xstrdup(id), .name = xstrdup("A shop"), .niche = xstrdup("prints")};

	OK(stores_put(db, &s, &err));
}

static int start_all(void **state)
{
	struct db_options o;

	(void)state;
	test_db_create(&server);
	o = test_db_options(&server);
	db = db_new(&o);
	other = db_new(&o);
	OK(migrate_run(db, "db", 5, &err));
	put_store("shop");
	put_store("neighbour");
	return 0;
}

static int stop_all(void **state)
{
	(void)state;
	db_free(db);
	db_free(other);
	test_server_remove(&server);
	db_library_end();
	return 0;
}

static int empty(void **state)
{
	(void)state;
	OK(db_exec(db, "DELETE FROM purchases", DB_NO_ARGS, NULL, &err));
	OK(db_exec(db, "DELETE FROM videos", DB_NO_ARGS, NULL, &err));
	return 0;
}

/* A video with a job in that state (of jobs), that may buy so much. */
static struct uuid put_video(const char *store, int job_state, int64_t credits, int64_t characters)
{
	struct uuid id = uuid_new();

	OK(db_exec(db,
		"INSERT INTO videos (id, store_id, title, style, aspect_ratio, music_volume, created_at, "
		"updated_at, estimate_credits_milli, estimate_characters) SELECT ?, id, 'A film', 'story', "
		"'9:16', 30, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), ? * 1000, ? FROM stores WHERE public_id = ?",
		DB_ARGS(db_uuid(&id), db_int(credits), db_int(characters), db_text(store)), NULL, &err));
	OK(db_exec(db,
		"INSERT INTO jobs (video_id, store_id, kind, state, priority, rank_key, created_at, "
		"due_at, lease_until, lease_token, finished_at) SELECT id, store_id, 'make', ?, 5, 0, "
		"created_at, IF(? = 2, created_at, NULL), IF(? = 1, created_at, NULL), IF(? = 1, 7, NULL), "
		"IF(? >= 3, created_at, NULL) FROM videos WHERE id = ?",
		DB_ARGS(db_int(job_state), db_int(job_state), db_int(job_state), db_int(job_state),
			db_int(job_state), db_uuid(&id)),
		NULL, &err));
	return id;
}

struct bought {
	const char *vendor, *state;
	int64_t estimate, cost; /* cost -1: not said */
	int days_ago;
};

static void put_purchase(const char *store, const struct uuid *video, const struct bought *b)
{
	struct uuid id = uuid_new();

	OK(db_exec(db,
		"INSERT INTO purchases (id, video_id, store_id, vendor, kind, item, input_hash, "
		"request_hash, state, token, "
		"vendor_id, request, estimate_milli, cost_milli, artefact, created_at) SELECT ?, ?, id, ?, "
		"'scene', 0, REPEAT('h', 32), REPEAT('r', 32), ?, 7, 'task', '{}', ? * 1000, ?, 'a.mp4', "
		"UTC_TIMESTAMP(3) - INTERVAL ? DAY FROM stores WHERE public_id = ?",
		DB_ARGS(db_uuid(&id), db_uuid(video), db_text(b->vendor), db_text(b->state),
			db_int(b->estimate), b->cost < 0 ? db_null() : db_int(b->cost * 1000),
			db_int(b->days_ago), db_text(store)),
		NULL, &err));
}

/* What the store may still spend of 1000 a day, found by asking. */
static int64_t left_of_1000(const char *unit)
{
	bool credits = strcmp(unit, "credits") == 0;
	struct settings s = {
		.max_store_day_credits = credits ? 1000 : 0, .max_store_day_characters = credits ? 0 : 1000};
	struct estimate much = {credits ? 5000000 : 0, credits ? 0 : 5000};
	int64_t left = -1;
	const char *at;

	OK(db_begin(db, &err));
	assert_int_equal(budget_check(db, &s, "shop", &much, &err), -1);
	db_rollback(db);
	assert_int_equal(err.kind, ERR_PERM);
	assert_int_equal(err.http_status, 402);
	at = strstr(err.text, "a day; ");
	if (!at || !strstr(err.text, unit))
		fail_msg("%s", err.text);

	AUTO_FREE char *number =
		xstrndup(at + strlen("a day; "), strspn(at + strlen("a day; "), "0123456789"));

	assert_true(text_to_i64(number, 0, 1000, &left));
	return left;
}

/* One purchase of an ended video and what it leaves of 1000. */
static const struct {
	struct bought b;
	int64_t left;
} spent_cases[] = {
	{{"runway", "intended", 100, -1, 0}, 900},
	{{"runway", "known", 100, -1, 0}, 900},
	{{"runway", "kept", 100, -1, 0}, 900},
	{{"runway", "kept", 100, 60, 0}, 940},
	{{"runway", "kept", 100, 140, 0}, 860},
	{{"runway", "kept", 100, 0, 0}, 1000},
	{{"runway", "unknown", 100, -1, 0}, 900},
	{{"runway", "written_off", 100, -1, 0}, 900},
	{{"runway", "refused", 100, -1, 0}, 1000},
	{{"runway", "failed", 100, 0, 0}, 1000},
	{{"runway", "failed", 100, 30, 0}, 970},
	{{"runway", "failed", 100, -1, 0}, 900},
	{{"runway", "cancelled", 100, -1, 0}, 900},
	{{"runway", "cancelled", 100, 0, 0}, 1000},
	{{"runway", "cancelled", 100, 20, 0}, 980},
	{{"runway", "removing", 100, 60, 0}, 940},
	{{"runway", "removed", 100, 60, 0}, 940},
	{{"runway", "kept", 100, 100, 1}, 1000},
	{{"runway", "kept", 2000, -1, 0}, 0},
	{{"elevenlabs", "kept", 100, 100, 0}, 1000},
};

static void test_what_counts_as_spent(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spent_cases); i++) {
		const struct bought *b = &spent_cases[i].b;

		(void)empty(NULL);

		struct uuid mine = put_video("shop", 3, 0, 0), theirs = put_video("neighbour", 3, 0, 0);

		put_purchase("shop", &mine, b);
		put_purchase("neighbour", &theirs, b);

		int64_t left = left_of_1000("credits");

		if (left != spent_cases[i].left)
			fail_msg("%s %s, estimate %lld, cost %lld, %d days ago: %lld left", b->vendor,
				b->state, (long long)b->estimate, (long long)b->cost, b->days_ago,
				(long long)left);
	}
}

static void test_characters_have_a_limit_of_their_own(void **state)
{
	static const struct bought speech = {"elevenlabs", "kept", 100, 90, 0},
				   clip = {"runway", "kept", 300, -1, 0};
	struct uuid ended = put_video("shop", 3, 0, 0);

	(void)state;
	(void)put_video("shop", 0, 0, 25);
	put_purchase("shop", &ended, &speech);
	put_purchase("shop", &ended, &clip);
	assert_int_equal(left_of_1000("characters"), 1000 - 90 - 25);
	assert_int_equal(left_of_1000("credits"), 700);
}

/* A video that may buy 400, with one purchase, and what both leave of 1000. */
static const struct {
	const char *title;
	int job_state;
	struct bought b;
	int64_t left;
} promise_cases[] = {
	{"waiting", 0, {"runway", "refused", 100, -1, 0}, 600},
	{"running", 1, {"runway", "refused", 100, -1, 0}, 600},
	{"to be tried again", 2, {"runway", "refused", 100, -1, 0}, 600},
	{"done", 3, {"runway", "refused", 100, -1, 0}, 1000},
	{"failed", 4, {"runway", "refused", 100, -1, 0}, 1000},
	{"cancelled", 5, {"runway", "refused", 100, -1, 0}, 1000},
	{"paused", 6, {"runway", "refused", 100, -1, 0}, 1000},
	{"one on its way", 1, {"runway", "intended", 100, -1, 0}, 600},
	{"one accepted", 1, {"runway", "known", 100, -1, 0}, 600},
	{"one here, cheaper", 1, {"runway", "kept", 100, 60, 0}, 640},
	{"one here since yesterday", 1, {"runway", "kept", 100, 100, 1}, 700},
	{"one unknown", 1, {"runway", "unknown", 100, -1, 0}, 600},
	{"one to be repeated", 1, {"runway", "written_off", 100, -1, 0}, 500},
	{"one that failed and was charged", 1, {"runway", "failed", 100, 100, 0}, 500},
	{"one that was cancelled", 1, {"runway", "cancelled", 100, -1, 0}, 500},
	{"one that was cancelled before it began", 1, {"runway", "cancelled", 100, 0, 0}, 600},
	{"more than it needs", 1, {"runway", "kept", 500, 500, 1}, 1000},
	{"a voice", 1, {"elevenlabs", "kept", 300, 300, 0}, 600},
};

static void test_what_unfinished_videos_may_still_buy(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(promise_cases); i++) {
		(void)empty(NULL);

		struct uuid mine = put_video("shop", promise_cases[i].job_state, 400, 0);

		(void)put_video("neighbour", promise_cases[i].job_state, 400, 0);
		put_purchase("shop", &mine, &promise_cases[i].b);

		int64_t left = left_of_1000("credits");

		if (left != promise_cases[i].left)
			fail_msg("%s: %lld left", promise_cases[i].title, (long long)left);
	}
}

/* However a request came about, and whatever was promised: what is spent stays below the limit. */
static void test_the_last_word_is_on_what_is_spent(void **state)
{
	static const struct bought clip = {"runway", "kept", 900, -1, 0},
				   last = {"runway", "intended", 100, -1, 0};
	struct settings s = {.max_store_day_credits = 1000};
	struct uuid mine = put_video("shop", 1, 400, 0);
	struct err e;

	(void)state;
	put_purchase("shop", &mine, &clip);
	put_purchase("shop", &mine, &last);
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(budget_spend(db, &s, &mine, "runway", 100000, &e), 0);
	s.max_store_day_credits = 999;
	assert_int_equal(budget_spend(db, &s, &mine, "runway", 100000, &e), -1);
	assert_int_equal(e.kind, ERR_BLOCKED);
	assert_non_null(strstr(e.text, "999 credits a day; 99 are left"));
	assert_int_equal(budget_spend(db, &s, &mine, "elevenlabs", INT64_MAX / 2, &e), 0);
	s.max_store_day_credits = 0;
	assert_int_equal(budget_spend(db, &s, &mine, "runway", 100001, &e), 0);
	db_rollback(db);
}

static void test_deleted_videos_buy_nothing_more(void **state)
{
	struct uuid mine = put_video("shop", 0, 400, 0);

	(void)state;
	OK(db_exec(db, "UPDATE videos SET deleted_at = UTC_TIMESTAMP(3) WHERE id = ?",
		DB_ARGS(db_uuid(&mine)), NULL, &err));
	assert_int_equal(left_of_1000("credits"), 1000);
}

static void test_at_the_limit(void **state)
{
	struct settings s = {.max_store_day_credits = 1000};
	struct estimate just = {600000, 99999}, over = {600001, 0}, free_of_charge = {0, 0};

	(void)state;
	(void)put_video("shop", 0, 400, 0);
	OK(db_begin(db, &err));
	OK(budget_check(db, &s, "shop", &just, &err));
	assert_int_equal(budget_check(db, &s, "shop", &over, &err), -1);
	assert_string_equal(err.text, "The store may spend 1000 credits a day; 600 are left until midnight "
				      "UTC, and this may cost 600.001.");
	(void)put_video("shop", 0, 5000, 0);
	OK(budget_check(db, &s, "shop", &free_of_charge, &err)); /* a draft is always welcome */
	db_rollback(db);
}

static void test_an_unknown_store(void **state)
{
	struct settings s = {.max_store_day_credits = 1000};
	struct estimate t = {1, 0};

	(void)state;
	assert_int_equal(budget_check(db, &s, "nobody", &t, &err), -1);
	assert_int_equal(err.kind, ERR_PERM);
	assert_int_equal(err.http_status, 404);
	assert_string_equal(err.text, "storeId");
}

/* Whether another connection can lock the store's row now. */
static bool store_is_free(void)
{
	AUTO(db_rows) rows = NULL;
	struct err e = {0};

	OK(db_exec(other, "SET SESSION innodb_lock_wait_timeout = 1", DB_NO_ARGS, NULL, &err));
	OK(db_begin(other, &err));
	int r = db_query(
		other, "SELECT id FROM stores WHERE public_id = 'shop' FOR UPDATE", DB_NO_ARGS, &rows, &e);
	db_rollback(other);
	assert_true(r == 0 || e.kind == ERR_TEMP);
	return r == 0;
}

static void test_the_store_is_locked_where_there_is_a_limit(void **state)
{
	struct settings limited = {.max_store_day_credits = 1000}, unlimited = {0};
	struct estimate t = {1000, 0};

	(void)state;
	OK(db_begin(db, &err));
	OK(budget_check(db, &unlimited, "shop", &t, &err));
	assert_true(store_is_free());
	OK(budget_check(db, &limited, "shop", &t, &err));
	assert_false(store_is_free());
	db_rollback(db);
	assert_true(store_is_free());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prices),
		cmocka_unit_test(test_silence_costs_nothing),
		cmocka_unit_test(test_what_no_model_can_make_is_pointed_at),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_limits_of_one_video),
		cmocka_unit_test_setup(test_what_counts_as_spent, empty),
		cmocka_unit_test_setup(test_characters_have_a_limit_of_their_own, empty),
		cmocka_unit_test_setup(test_what_unfinished_videos_may_still_buy, empty),
		cmocka_unit_test_setup(test_the_last_word_is_on_what_is_spent, empty),
		cmocka_unit_test_setup(test_deleted_videos_buy_nothing_more, empty),
		cmocka_unit_test_setup(test_at_the_limit, empty),
		cmocka_unit_test_setup(test_an_unknown_store, empty),
		cmocka_unit_test_setup(test_the_store_is_locked_where_there_is_a_limit, empty),
	};

	return cmocka_run_group_tests_name("estimate", tests, start_all, stop_all);
}
