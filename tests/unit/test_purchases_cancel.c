/* What is to be cancelled at the vendor, against a real server: who marks it, who wins, what it costs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/video/again.h"
#include "lib/video/jobs.h"
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

static void expect_row(const struct purchase *p, enum purchase_state state, int cancel, int64_t cost_milli)
{
	AUTO_PURCHASE now = {.state = -1};

	expect(purchases_get(shop_db, &p->id, &now, &err), 1);
	assert_string_equal(purchase_state_names[now.state], purchase_state_names[state]);
	assert_int_equal(now.cancel, cancel);
	assert_int_equal(now.cost_milli, cost_milli);
}

static void end_job(const struct job *job, enum job_end how)
{
	AUTO_VIDEO v = shop_read(&job->video_id);
	bool removal = false;

	v.error = xstrdup("No.");
	expect(steps_give_up(shop_db, job, how, &v, "no", &removal, &err), 1);
}

static void test_a_retry_before_the_cancel_wins(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = ledger_know(&job, 0, ledger_sunset);

	(void)state;
	end_job(&job, JOB_FAILED);
	expect_row(&p, PURCHASE_KNOWN, CANCEL_WANTED, -1);
	expect(videos_retry(shop_other, &video, false, &err), 1);
	expect(purchases_cancelling(shop_db, &p.id, false, 5000, &err), 0);
	expect_row(&p, PURCHASE_KNOWN, CANCEL_NONE, -1);
}

static void test_a_retry_after_the_cancel_loses(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = ledger_know(&job, 0, ledger_sunset);

	(void)state;
	end_job(&job, JOB_FAILED);
	expect(purchases_cancelling(shop_db, &p.id, false, 5000, &err), 1);
	expect(videos_retry(shop_other, &video, false, &err), 1);
	expect_row(&p, PURCHASE_KNOWN, CANCEL_ASKED, 5000);
	expect(purchases_cancelling(shop_db, &p.id, false, 6000, &err), 1); /* until the vendor confirms it */
	expect(purchases_cancelled(shop_db, &p.id, PURCHASE_CANCELLED, -1, &err), 0);
	expect_row(&p, PURCHASE_CANCELLED, CANCEL_ASKED, 6000);
	expect(purchases_cancelling(shop_db, &p.id, true, 1, &err), 0);
}

/* A job ends in any way: what it has at the vendor is for nobody. */
static void test_who_marks(void **state)
{
	static const enum job_end ends[] = {JOB_FAILED, JOB_CANCELLED, JOB_DONE};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		(void)shop_empty(NULL);
		(void)shop_video("shop-a", 2);
		struct job job = shop_claim();
		AUTO_PURCHASE known = ledger_know(&job, 0, ledger_sunset);
		AUTO_PURCHASE intended = ledger_intend(&job, 0, ledger_harbour);
		AUTO_PURCHASE kept = ledger_keep(&job, 1, ledger_garden);
		AUTO_VIDEO v = shop_read(&job.video_id);
		bool removal = false;

		v.video_key = xstrdup("a.mp4");
		v.thumbnail_key = xstrdup("a.jpg");
		v.duration_ms = 1000;
		if (ends[i] == JOB_DONE)
			expect(steps_complete(shop_db, &job, &v, &removal, &err), 1);
		else
			end_job(&job, ends[i]);
		expect_row(&known, PURCHASE_KNOWN, CANCEL_WANTED, -1);
		expect_row(&intended, PURCHASE_INTENDED, CANCEL_WANTED, -1);
		expect_row(&kept, PURCHASE_KEPT, CANCEL_NONE, 50000);
	}
}

static void test_lost_leases_mark(void **state)
{
	static const struct jobs_rules strict = {
		.worker = "there:2:b", .lease_sec = 60, .store_in_flight = 20, .lost_leases = 1};

	(void)state;
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = ledger_know(&job, 0, ledger_sunset);

	session_exec(shop_db, "UPDATE jobs SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND");
	expect(jobs_reap(shop_other, &strict, &err), 1);
	expect_row(&p, PURCHASE_KNOWN, CANCEL_WANTED, -1);
}

static void test_what_the_vendor_says_is_kept(void **state)
{
	static const struct {
		enum purchase_state to;
		int cancel;
		int64_t said, wanted;
	} cases[] = {
		{PURCHASE_CANCELLED, CANCEL_ASKED, -1, 0},
		{PURCHASE_CANCELLED, CANCEL_ASKED, 7000, 7000},
		{PURCHASE_FAILED, CANCEL_ASKED, 8000, 8000},
		{PURCHASE_KNOWN, CANCEL_NONE, 9000, 9000},
	};

	(void)state;
	(void)shop_video("shop-a", 9);
	struct job job = shop_claim();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_PURCHASE p = ledger_know(&job, (int64_t)i, ledger_sunset);

		expect(purchases_cancelling(shop_db, &p.id, false, 0, &err), 0); /* nobody wants that */
		expect(purchases_cancelling(shop_db, &p.id, true, 0, &err), 1);
		expect(purchases_cancelled(shop_db, &p.id, cases[i].to, cases[i].said, &err), 0);
		expect_row(&p, cases[i].to, cases[i].cancel, cases[i].wanted);
	}
}

static void test_the_round_goes_on(void **state)
{
	struct uuid after = {{0}};
	size_t n = 9, seen = 0;

	(void)state;
	(void)shop_video("shop-a", 5);
	struct job job = shop_claim();

	for (int64_t i = 0; i < 5; i++) {
		AUTO_PURCHASE p = ledger_know(&job, i, ledger_sunset);

		(void)p;
	}
	end_job(&job, JOB_FAILED);
	for (; n > 0; seen += n) {
		struct purchase *list = NULL;

		expect(purchases_to_cancel(shop_db, "runway", &after, 2, &list, &n, &err), 0);
		for (size_t i = 0; i < n; i++) {
			assert_true(memcmp(&list[i].id, &after, sizeof(after)) > 0);
			after = list[i].id;
		}
		purchases_free(list, n);
	}
	assert_int_equal(seen, 5); /* each once, though none of them was settled */
}

/* Nobody cancelled it, and the vendor does not know it: not over, and not to be repeated either. */
static void test_a_task_that_is_gone_is_unknown(void **state)
{
	(void)state;
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = ledger_know(&job, 0, ledger_sunset);

	p.state = PURCHASE_UNKNOWN;
	expect(purchases_lost(shop_db, &job, &p, &err), 1);
	expect_row(&p, PURCHASE_UNKNOWN, CANCEL_NONE, -1);
	assert_int_equal(session_number(shop_db, "SELECT COUNT(*) FROM purchases WHERE ended_at IS NULL"), 1);
}

#define TEST(f) cmocka_unit_test_setup(f, shop_empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_retry_before_the_cancel_wins),
		TEST(test_a_retry_after_the_cancel_loses),
		TEST(test_who_marks),
		TEST(test_lost_leases_mark),
		TEST(test_what_the_vendor_says_is_kept),
		TEST(test_the_round_goes_on),
		TEST(test_a_task_that_is_gone_is_unknown),
	};

	return cmocka_run_group_tests_name("purchases_cancel", tests, shop_open, shop_close);
}
