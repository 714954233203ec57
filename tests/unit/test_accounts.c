/* Looking at the vendors' accounts: what is asked, what the database knows afterwards, and who goes on. */

#include "daemon/vendor/accounts.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/engine.h"
#include "daemon/vendor/accounts_priv.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/io/http.h"
#include "lib/io/loop.h"
#include "lib/remote/elevenlabs.h"
#include "lib/remote/runway.h"
#include "lib/video/again.h"
#include "lib/video/settings.h"
#include "lib/video/steps.h"
#include "lib/video/vendors.h"
#include "tests/unit/peer.h"
#include "tests/unit/shop.h"

#define ORGANIZATION(credits, at_once, a_day, today)                                                         \
	"{\"creditBalance\":" credits                                                                        \
	",\"tier\":{\"models\":{\"gen4.5\":{\"maxConcurrentGenerations\":" at_once                           \
	",\"maxDailyGenerations\":" a_day                                                                    \
	"}}},\"usage\":{\"models\":{\"gen4.5\":{\"dailyGenerations\":" today "}}}}"
#define SUBSCRIPTION "{\"tier\":\"creator\",\"character_count\":100,\"character_limit\":1100}"
#define MODELS                                                                                               \
	"[{\"model_id\":\"m1\",\"name\":\"One\",\"can_do_text_to_speech\":true,"                             \
	"\"maximum_text_length_per_request\":5000,\"model_rates\":{\"character_cost_multiplier\":0.5}}]"
#define VOICES(id, more)                                                                                     \
	"{\"voices\":[{\"voice_id\":\"" id "\",\"name\":\"" id "\"}],\"total_count\":2," more "}"
#define LAST "\"has_more\":false,\"next_page_token\":null"

static char model[] = "gen4.5";
static const struct settings settings = {
	.runway_model = model, .runway_in_flight = 20, .elevenlabs_in_flight = 4, .probe_sec = 3600};

struct fixture {
	struct engine engine;
	struct peer *scenes, *voices;
	unsigned freed;
};

static struct err err;

static void nothing(void *arg UNUSED)
{
}

static void on_freed(void *arg)
{
	struct fixture *f = arg;

	f->freed++;
}

static int set_up(void **state)
{
	static struct fixture f;
	struct engine *en = &f.engine;

	if (shop_empty(state) != 0)
		return -1;
	f = (struct fixture){
		.engine = {.db = shop_db, .settings = &settings, .freed = on_freed, .freed_arg = &f}};
	en->places[PLACE_RUNWAY] = 20;
	en->places[PLACE_SPEECH] = 4;
	expect_ok(loop_new(&en->loop, &err), &err);
	expect_ok(http_new(en->loop, &en->http, &err), &err);
	expect_ok(loop_timer_new(en->loop, nothing, NULL, &en->pump, &err), &err);
	f.scenes = peer_new(en->loop);
	f.voices = peer_new(en->loop);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	struct engine *en = &f->engine;

	accounts_free(en->accounts);
	runway_free(en->runway);
	elevenlabs_free(en->elevenlabs);
	http_free(en->http);
	peer_free(f->scenes);
	peer_free(f->voices);
	loop_timer_free(en->pump);
	loop_free(en->loop);
	return 0;
}

static void use_runway(struct fixture *f)
{
	const struct runway_options o = {
		.http = f->engine.http, .url = peer_url(f->scenes), .key = "key_0123"};

	expect_ok(runway_new(&o, &f->engine.runway, &err), &err);
}

static void use_elevenlabs(struct fixture *f)
{
	const struct elevenlabs_options o = {
		.http = f->engine.http, .url = peer_url(f->voices), .key = "key_0123"};

	expect_ok(elevenlabs_new(&o, &f->engine.elevenlabs, &err), &err);
}

static void step(struct fixture *f)
{
	expect_ok(loop_step(f->engine.loop, 5000, &err), &err);
}

/* To the end of the next look. */
static void finish(struct fixture *f)
{
	const struct inquiry *looks = f->engine.accounts->looks;
	size_t before = peer_count(f->scenes) + peer_count(f->voices);

	while (peer_count(f->scenes) + peer_count(f->voices) == before || looks[0].busy || looks[1].busy)
		step(f);
}

/* From a new daemon's start to the end of its first look. */
static void start(struct fixture *f)
{
	accounts_free(f->engine.accounts);
	expect_ok(accounts_new(&f->engine, &f->engine.accounts, &err), &err);
	finish(f);
}

/* A vendor has refused somebody, and the last look is long enough ago. */
static void look_early(struct fixture *f)
{
	f->engine.accounts->looked_ms -= 5000;
	accounts_soon(f->engine.accounts);
	finish(f);
}

/* The time of the next look has come. */
static void look_in_time(struct fixture *f)
{
	f->engine.accounts->due_ms -= settings.probe_sec * 1000;
	loop_timer_arm(f->engine.accounts->timer, 0);
	finish(f);
}

static void say_organization(struct fixture *f, const char *body)
{
	peer_will_say(f->scenes, 200, "", body);
}

static void expect_account(const char *name, const char *want_state, int64_t want_balance_milli)
{
	struct vendor_account *list = NULL;
	size_t n = 0;
	bool found = false;

	expect_ok(vendors_list(shop_db, &list, &n, &err), &err);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].name, name) != 0)
			continue;
		found = true;
		assert_string_equal(list[i].state, want_state);
		assert_int_equal(list[i].balance_milli, want_balance_milli);
	}
	assert_true(found);
	vendors_free(list, n);
}

static void put_paused(const char *vendor, enum pause_reason reason, int64_t need_milli)
{
	AUTO_VIDEO v = {.error = NULL};
	struct uuid id = shop_video("shop-a", 1);
	struct job job = shop_claim();
	bool removal = false;

	(void)id;
	assert_int_equal(
		steps_pause(shop_db, &job, &v, reason, vendor, need_milli, "why", &removal, &err), 1);
}

static int64_t paused(void)
{
	return session_number(shop_db, "SELECT COUNT(*) FROM videos WHERE status = 'paused'");
}

static void test_runway_is_recorded(void **state)
{
	struct fixture *f = *state;

	use_runway(f);
	say_organization(f, ORGANIZATION("1234.5", "3", "200", "7"));
	start(f);
	expect_account("runway", "ok", 1234500);
	assert_int_equal(session_number(shop_db, "SELECT concurrency FROM vendors"), 3);
	assert_int_equal(f->engine.places[PLACE_RUNWAY], 3);
	assert_int_equal(f->engine.places[PLACE_SPEECH], 4);
	assert_int_equal(peer_count(f->voices), 0);
}

static void test_elevenlabs_is_read_to_the_last_page(void **state)
{
	struct fixture *f = *state;

	use_elevenlabs(f);
	peer_will_say(f->voices, 200, "", SUBSCRIPTION);
	peer_will_say(f->voices, 200, "", MODELS);
	peer_will_say(f->voices, 200, "", VOICES("anna", "\"has_more\":true,\"next_page_token\":\"t\""));
	peer_will_say(f->voices, 200, "", VOICES("otto", LAST));
	start(f);
	expect_account("elevenlabs", "ok", 1000000);
	assert_int_equal(
		session_number(shop_db, "SELECT COUNT(*) FROM voices WHERE id IN ('anna', 'otto')"), 2);
	assert_int_equal(
		session_number(shop_db,
			"SELECT COUNT(*) FROM speech_models WHERE id = 'm1' AND max_characters = 5000 "
			"AND cost_permille = 500"),
		1);

	/* A list that breaks off replaces nothing, and what was known of the balance stays. */
	peer_will_say(f->voices, 200, "", SUBSCRIPTION);
	peer_will_say(f->voices, 200, "", MODELS);
	peer_will_say(f->voices, 200, "", VOICES("vera", "\"has_more\":true,\"next_page_token\":\"t\""));
	peer_will_say(f->voices, 502, "", "<html>");
	look_in_time(f);
	expect_account("elevenlabs", "unreachable", 1000000);
	assert_int_equal(
		session_number(shop_db, "SELECT COUNT(*) FROM voices WHERE id IN ('anna', 'otto')"), 2);
	assert_int_equal(session_number(shop_db, "SELECT COUNT(*) FROM voices"), 2);
}

static void test_a_key_that_may_only_speak(void **state)
{
	struct fixture *f = *state;

	use_elevenlabs(f);
	peer_will_say(f->voices, 403, "", "{\"detail\":{\"code\":\"insufficient_permissions\"}}");
	peer_will_say(f->voices, 200, "", MODELS);
	peer_will_say(f->voices, 200, "", VOICES("anna", LAST));
	put_paused("elevenlabs", PAUSE_BAD_KEY, 0);
	start(f);
	expect_account("elevenlabs", "ok", -1);
	assert_int_equal(paused(), 0);
}

static void test_states(void **state)
{
	static const struct {
		const char *title, *state;
		int status;
		const char *body;
		int64_t balance_milli;
		unsigned places;
	} cases[] = {
		{"key", "bad_key", 401, "{\"error\":\"No API key was provided.\"}", -1, 20},
		{"no answer that is one", "unreachable", 200, "<html>", -1, 20},
		{"down", "unreachable", 503, "", -1, 20},
		{"nothing left", "out_of_credit", 200, ORGANIZATION("0", "3", "200", "7"), 0, 3},
		{"day is over", "daily_limit", 200, ORGANIZATION("5", "3", "200", "200"), 5000, 3},
		{"no daily limit", "ok", 200, ORGANIZATION("5", "null", "null", "200"), 5000, 20},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *f = *state;

		use_runway(f);
		peer_will_say(f->scenes, cases[i].status, "", cases[i].body);
		start(f);
		expect_account("runway", cases[i].state, cases[i].balance_milli);
		if (f->engine.places[PLACE_RUNWAY] != cases[i].places)
			fail_msg("%s: %u places", cases[i].title, f->engine.places[PLACE_RUNWAY]);
		(void)tear_down(state);
		(void)set_up(state);
	}
}

static void test_who_goes_on(void **state)
{
	static const struct {
		const char *title, *body;
		int64_t still; /* paused, of: bad_key, out_of_credit needing 60, daily_limit */
		unsigned freed;
	} cases[] = {
		{"all", ORGANIZATION("60", "3", "200", "7"), 0, 1},
		{"too little credit", ORGANIZATION("59", "3", "200", "7"), 1, 1},
		{"no credit", ORGANIZATION("0", "3", "200", "7"), 1, 1},
		{"the day is over", ORGANIZATION("60", "3", "200", "200"), 1, 1},
		{"no credit, the day is over", ORGANIZATION("0", "3", "200", "200"), 2, 1},
		{"no answer", "", 3, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *f = *state;

		use_runway(f);
		put_paused("runway", PAUSE_BAD_KEY, 0);
		put_paused("runway", PAUSE_OUT_OF_CREDIT, 60000);
		put_paused("runway", PAUSE_DAILY_LIMIT, 0);
		put_paused("elevenlabs", PAUSE_BAD_KEY, 0);
		say_organization(f, cases[i].body);
		start(f);
		if (paused() != cases[i].still + 1 || f->freed != cases[i].freed)
			fail_msg("%s: %d paused", cases[i].title, (int)paused());
		(void)tear_down(state);
		(void)set_up(state);
	}
}

/* A vendor that refuses what its account allows is not asked again and again. */
static void test_an_early_look_wants_something_better(void **state)
{
	struct fixture *f = *state;

	use_runway(f);
	say_organization(f, ORGANIZATION("60", "3", "200", "7"));
	start(f);
	put_paused("runway", PAUSE_BAD_KEY, 0);
	put_paused("runway", PAUSE_OUT_OF_CREDIT, 0);
	say_organization(f, ORGANIZATION("60", "3", "200", "7"));
	look_early(f);
	assert_int_equal(paused(), 2);
	say_organization(f, ORGANIZATION("59", "3", "200", "7"));
	look_early(f);
	assert_int_equal(paused(), 2);
	say_organization(f, ORGANIZATION("60", "3", "200", "7"));
	look_early(f);
	assert_int_equal(paused(), 0);
	put_paused("runway", PAUSE_OUT_OF_CREDIT, 0);
	say_organization(f, ORGANIZATION("60", "3", "200", "7"));
	look_in_time(f);
	assert_int_equal(paused(), 0);
	assert_int_equal(f->freed, 2);
}

/* The loop has other things to do: a lease to renew, an answer to write. */
static void test_many_go_on_a_batch_at_a_time(void **state)
{
	struct fixture *f = *state;

	use_runway(f);
	for (int i = 0; i < 2 * VIDEOS_RESUME_MAX + 1; i++)
		put_paused("runway", PAUSE_BAD_KEY, 0);
	say_organization(f, ORGANIZATION("60", "3", "200", "7"));
	start(f);
	assert_int_equal(paused(), VIDEOS_RESUME_MAX + 1);
	while (paused() > 0)
		step(f);
	assert_int_equal(f->freed, 3);
}

static void test_soon_is_not_at_once(void **state)
{
	struct fixture *f = *state;

	use_runway(f);
	say_organization(f, ORGANIZATION("60", "3", "200", "7"));
	start(f);
	for (int i = 0; i < 3; i++)
		accounts_soon(f->engine.accounts);
	expect_ok(loop_step(f->engine.loop, 0, &err), &err);
	assert_false(f->engine.accounts->looks[0].busy);
	assert_int_equal(peer_count(f->scenes), 1);
	accounts_soon(NULL);
}

static void test_learned(void **state)
{
	static const struct {
		int place;
		int64_t said;
		unsigned runway, speech;
	} cases[] = {
		{PLACE_RUNWAY, 5, 5, 4}, {PLACE_RUNWAY, 0, 5, 4}, /* nothing new */
		{PLACE_SPEECH, 2, 5, 2}, {PLACE_RUNWAY, 1000, 20, 2}, {PLACE_SPEECH, INT64_MAX, 20, 4},
		{PLACE_RUNWAY, 1, 1, 4}, {PLACE_RUNWAY, -1, 20, 4}, /* no limit */
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		accounts_learned(&f->engine, cases[i].place, cases[i].said);
		assert_int_equal(f->engine.places[PLACE_RUNWAY], cases[i].runway);
		assert_int_equal(f->engine.places[PLACE_SPEECH], cases[i].speech);
	}
}

static void test_ending_in_the_middle(void **state)
{
	struct fixture *f = *state;

	use_runway(f);
	use_elevenlabs(f);
	peer_will_wait(f->scenes);
	peer_will_say(f->voices, 200, "", SUBSCRIPTION);
	peer_will_say(f->voices, 200, "", MODELS);
	peer_will_say(f->voices, 200, "", VOICES("anna", "\"has_more\":true,\"next_page_token\":\"t\""));
	peer_will_wait(f->voices);
	expect_ok(accounts_new(&f->engine, &f->engine.accounts, &err), &err);
	while (peer_count(f->voices) < 4 || peer_count(f->scenes) < 1)
		step(f);
	accounts_free(NULL); /* the teardown ends it */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_runway_is_recorded),
		TEST(test_elevenlabs_is_read_to_the_last_page),
		TEST(test_a_key_that_may_only_speak),
		TEST(test_states),
		TEST(test_who_goes_on),
		TEST(test_an_early_look_wants_something_better),
		TEST(test_many_go_on_a_batch_at_a_time),
		TEST(test_soon_is_not_at_once),
		TEST(test_learned),
		TEST(test_ending_in_the_middle),
	};

	return cmocka_run_group_tests(tests, shop_open, shop_close);
}
