/* The ledger beside the steps, against a real server: what is called off, settled, let go of. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/video/purchases.h"
#include "lib/video/steps.h"
#include "lib/video/videos.h"
#include "tests/unit/ledger.h"
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

static void remove_video(const struct uuid *id)
{
	struct job job;

	expect(videos_delete(shop_db, id, &err), 1);
	job = shop_claim();
	assert_int_equal(job.kind, JOB_REMOVE);
	assert_true(uuid_equal(&job.video_id, id));
	expect(steps_remove_video(shop_db, &job, false, &err), 1);
}

static void test_only_what_no_video_uses_is_released(void **state)
{
	struct uuid owner = shop_video("shop-a", 1), user;
	struct job job = shop_claim();
	AUTO_PURCHASE shared = ledger_keep(&job, 0, ledger_sunset);
	AUTO_PURCHASE own = ledger_keep(&job, 1, ledger_harbour);
	AUTO_PURCHASE better = ledger_keep(&job, 1, ledger_garden);
	struct purchase *list = NULL;
	bool gone = true;
	size_t n = 0;

	(void)state;
	expect(purchases_release(shop_db, &err), 0); /* its own video is there: a change may want it again */
	ledger_expect(&own, PURCHASE_KEPT);
	user = shop_video("shop-a", 1);
	job = shop_claim();
	expect(purchases_use(shop_db, &job, "scene", 0, &shared.id, &gone, &err), 1);
	session_exec(shop_db, "UPDATE jobs SET state = 3, finished_at = UTC_TIMESTAMP(3), run_slot = NULL, "
			      "lease_until = NULL");

	remove_video(&owner);
	expect(purchases_release(shop_db, &err), 2);
	expect(purchases_release(shop_db, &err), 0);
	ledger_expect(&own, PURCHASE_REMOVING);
	ledger_expect(&better, PURCHASE_REMOVING);
	ledger_expect(&shared, PURCHASE_KEPT);
	expect_ok(purchases_to_remove(shop_db, 1, &list, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_true(strcmp(list[0].artefact, own.artefact) == 0 ||
		    strcmp(list[0].artefact, better.artefact) == 0);
	purchases_free(list, n);

	remove_video(&user);
	expect(purchases_release(shop_db, &err), 1);
	ledger_expect(&shared, PURCHASE_REMOVING);
	assert_int_equal(number("SELECT COUNT(*) FROM purchases"), 3); /* the ledger stays */
}

static void test_what_a_step_let_go_of_is_released(void **state)
{
	struct uuid owner = shop_video("shop-a", 1);
	struct job first = shop_claim(), second;
	AUTO_PURCHASE p = ledger_keep(&first, 0, ledger_sunset);
	bool gone = true;

	(void)state;
	(void)shop_video("shop-a", 1);
	second = shop_claim();
	expect(purchases_use(shop_db, &second, "scene", 0, &p.id, &gone, &err), 1);
	expect(purchases_use(shop_db, &second, "scene", 0, &p.id, &gone, &err), 1);
	session_exec(shop_db, "UPDATE jobs SET state = 3, finished_at = UTC_TIMESTAMP(3), run_slot = NULL, "
			      "lease_until = NULL WHERE id = (SELECT MIN(id) FROM jobs)");
	remove_video(&owner);
	expect(purchases_release(shop_db, &err), 0);

	AUTO_PURCHASE better = ledger_keep(&second, 0, ledger_harbour);

	expect(purchases_release(shop_db, &err), 1);
	ledger_expect(&p, PURCHASE_REMOVING);
	ledger_expect(&better, PURCHASE_KEPT);
}

static void test_intents_that_nobody_will_answer_are_settled(void **state)
{
	(void)state;
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE dead = ledger_intend(&job, 0, ledger_sunset);

	job = shop_claim_rival();
	AUTO_PURCHASE live = ledger_intend(&job, 1, ledger_sunset);

	expect(purchases_settle(shop_db, 60, &err), 0); /* too young */
	session_exec(shop_db, "UPDATE purchases SET created_at = created_at - INTERVAL 1 HOUR");
	expect(purchases_settle(shop_db, 60, &err), 1);
	ledger_expect(&dead, PURCHASE_UNKNOWN);
	ledger_expect(&live, PURCHASE_INTENDED);
}

static void test_called_off_and_wanted_again(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE intended = ledger_intend(&job, 0, ledger_sunset);
	AUTO_PURCHASE a = ledger_know(&job, 1, ledger_sunset);
	AUTO_PURCHASE b = ledger_know(&job, 2, ledger_sunset);
	AUTO_PURCHASE kept = ledger_keep(&job, 3, ledger_sunset);
	const struct uuid first = {{0}};
	struct purchase *list = NULL;
	size_t n = 9;

	(void)state;
	expect_ok(purchases_to_cancel(shop_db, "runway", &first, 9, &list, &n, &err), &err);
	assert_int_equal(n, 0);
	purchases_free(list, n);

	expect(videos_delete(shop_db, &video, &err), 1);
	expect_ok(purchases_to_cancel(shop_db, "elevenlabs", &first, 9, &list, &n, &err), &err);
	assert_int_equal(n, 0);
	purchases_free(list, n);
	expect_ok(purchases_to_cancel(shop_db, "runway", &first, 9, &list, &n, &err), &err);
	assert_int_equal(n, 2);
	assert_true(list[0].cancel);
	assert_string_equal(list[0].vendor_id, "task-1");
	purchases_free(list, n);
	ledger_answer(&intended, PURCHASE_KNOWN, 1); /* late: now it can be called off too */
	expect_ok(purchases_to_cancel(shop_db, "runway", &first, 2, &list, &n, &err), &err);
	assert_int_equal(n, 2); /* no more than asked for */
	purchases_free(list, n);

	expect(purchases_cancelled(shop_db, &a.id, PURCHASE_CANCELLED, -1, &err), 0);
	expect(purchases_cancelled(shop_db, &b.id, PURCHASE_KNOWN, -1, &err), 0);
	expect(purchases_cancelled(shop_db, &kept.id, PURCHASE_CANCELLED, -1, &err), 0);
	ledger_expect(&a, PURCHASE_CANCELLED);
	ledger_expect(&b, PURCHASE_KNOWN);
	ledger_expect(&kept, PURCHASE_KEPT);
	expect_ok(purchases_to_cancel(shop_db, "runway", &first, 9, &list, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_true(uuid_equal(&list[0].id, &intended.id));
	purchases_free(list, n);
}

static void test_the_ledger_outlives_the_video(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE intended = ledger_intend(&job, 0, ledger_sunset);

	(void)state;
	session_exec(shop_db, "UPDATE jobs SET state = 3, finished_at = UTC_TIMESTAMP(3), run_slot = NULL, "
			      "lease_until = NULL");
	remove_video(&video);
	assert_int_equal(
		number("SELECT COUNT(*) FROM purchases WHERE cancel_req = 1 AND state = 'intended'"), 1);
	ledger_answer(&intended, PURCHASE_KNOWN, 1);
	assert_int_equal(number("SELECT COUNT(*) FROM videos"), 0);
}

#define TEST(f) cmocka_unit_test_setup(f, shop_empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_only_what_no_video_uses_is_released),
		TEST(test_what_a_step_let_go_of_is_released),
		TEST(test_intents_that_nobody_will_answer_are_settled),
		TEST(test_called_off_and_wanted_again),
		TEST(test_the_ledger_outlives_the_video),
	};

	return cmocka_run_group_tests_name("purchases_upkeep", tests, shop_open, shop_close);
}
