/* What goes on again of that which was paused, and what does not, against a real server. */

#include "lib/video/again.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/video/steps.h"
#include "lib/video/videos.h"
#include "tests/unit/shop.h"

static struct err err;

static void expect(int rc, int wanted)
{
	expect_rc(rc, wanted, &err);
}

static int64_t number(const char *sql)
{
	return session_number(shop_db, sql);
}

/* Three paused for credit, needing 1, 2 and an unknown number of credits, one for a key, one for a charge. */
static void put_paused(struct uuid *ids)
{
	static const struct {
		enum pause_reason reason;
		int64_t need_milli;
	} paused[] = {{PAUSE_OUT_OF_CREDIT, 1000}, {PAUSE_OUT_OF_CREDIT, 2000}, {PAUSE_OUT_OF_CREDIT, 0},
		{PAUSE_BAD_KEY, 0}, {PAUSE_POSSIBLE_CHARGE, 0}};

	(void)shop_empty(NULL);
	for (size_t i = 0; i < ARRAY_LEN(paused); i++) {
		struct job job;

		ids[i] = shop_video("shop-a", 1);
		job = shop_claim();
		shop_pause(&job, paused[i].reason, paused[i].need_milli);
	}
}

static void test_resuming_takes_what_can_go_on(void **state)
{
	static const struct {
		const char *title, *vendor, *reason;
		bool only_first;
		int64_t balance_milli;
		int wanted;
	} cases[] = {
		{"all", NULL, NULL, false, -1, 4},
		{"a vendor", "runway", NULL, false, -1, 4},
		{"another vendor", "elevenlabs", NULL, false, -1, 0},
		{"a reason", "runway", "bad_key", false, -1, 1},
		{"never a possible charge", NULL, "possible_charge", false, -1, 0},
		{"one", NULL, NULL, true, -1, 1},
		{"no credit", "runway", "out_of_credit", false, 0, 0},
		{"some credit", "runway", "out_of_credit", false, 1000, 2},
		{"enough credit", "runway", "out_of_credit", false, 2000, 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct uuid ids[5];
		int n;

		put_paused(ids);
		n = videos_resume(shop_db, cases[i].vendor, cases[i].reason,
			cases[i].only_first ? &ids[0] : NULL, cases[i].balance_milli, &err);
		if (n != cases[i].wanted)
			fail_msg("%s: %d %s", cases[i].title, n, n < 0 ? err.text : "");
		assert_int_equal(number("SELECT COUNT(*) FROM jobs WHERE state = 0"), n);
		assert_int_equal(number("SELECT COUNT(*) FROM videos WHERE status = 'pending'"), n);
		assert_int_equal(number("SELECT COUNT(*) FROM videos WHERE status = 'paused'"), 5 - n);
	}
}

static void test_what_is_deleted_does_not_go_on(void **state)
{
	struct uuid ids[5];

	(void)state;
	put_paused(ids);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		expect(videos_delete(shop_db, &ids[i], &err), 1);
	expect(videos_resume(shop_db, NULL, NULL, NULL, -1, &err), 0);
	expect(videos_resume_known(shop_db, &err), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM jobs WHERE kind = 'remove'"), 5);
}

static void test_a_late_answer_lets_it_go_on(void **state)
{
	struct uuid id = shop_video("shop-a", 1);
	struct job job = shop_claim();

	(void)state;
	shop_purchase("unknown", 0);
	shop_purchase("intended", 1);
	shop_pause(&job, PAUSE_POSSIBLE_CHARGE, 0);
	expect(videos_resume_known(shop_db, &err), 0);
	session_exec(shop_db, "UPDATE purchases SET state = 'known' WHERE item = 0");
	expect(videos_resume_known(shop_db, &err), 0);
	session_exec(shop_db, "UPDATE purchases SET state = 'refused' WHERE item = 1");
	expect(videos_resume_known(shop_db, &err), 1);
	expect(videos_resume_known(shop_db, &err), 0);
	shop_expect_claimed(&id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resuming_takes_what_can_go_on),
		cmocka_unit_test(test_what_is_deleted_does_not_go_on),
		cmocka_unit_test_setup(test_a_late_answer_lets_it_go_on, shop_empty),
	};

	return cmocka_run_group_tests_name("resume", tests, shop_open, shop_close);
}
