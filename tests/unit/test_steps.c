/* The step log and the ends of a run, against a real server. */

#include "lib/video/steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/video/videos.h"
#include "tests/unit/shop.h"

static struct err err;

static int64_t number(const char *sql)
{
	return session_number(shop_db, sql);
}

static void exec(const char *sql)
{
	session_exec(shop_db, sql);
}

static void test_a_finished_step_shows_that_the_job_is_not_poison(void **state)
{
	struct step_ref step = {.kind = "scene", .item = 0, .worker = "here:1:a"};
	AUTO_VIDEO v = {.stage = xstrdup("Working"), .eta_sec = -1};

	(void)state;
	v.id = shop_video("shop-a", 1);
	for (int i = 0; i < 6; i++) {
		struct job job = shop_claim();

		step.item = i;
		assert_int_equal(steps_begin(shop_db, &job, &step, &v, &err), 1);
		assert_int_equal(steps_done(shop_db, &job, &step, "a.mp4", 7, "{}", &v, &err), 1);
		assert_int_equal(jobs_take_back(shop_other, &shop_rival, "here:1:a", &err), 1);
	}
	assert_int_equal(number("SELECT lost_count FROM jobs"), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM step_log WHERE event = 'done'"), 6);
}

static void test_writing_done_twice_writes_it_once(void **state)
{
	struct step_ref step = {.kind = "scene", .item = 0, .worker = "here:1:a"};
	AUTO_VIDEO v = {.stage = xstrdup("Working"), .eta_sec = -1};
	struct step_row *rows = NULL;
	struct job job;
	size_t n = 0;

	(void)state;
	v.id = shop_video("shop-a", 1);
	job = shop_claim();
	assert_int_equal(steps_begin(shop_db, &job, &step, &v, &err), 1);
	assert_int_equal(steps_done(shop_db, &job, &step, "a.mp4", 7, "{\"width\":3}", &v, &err), 1);
	assert_int_equal(steps_done(shop_db, &job, &step, "a.mp4", 7, "{}", &v, &err), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM step_log WHERE event = 'done'"), 1);
	expect_ok(steps_load(shop_db, &v.id, &rows, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].state, STEP_ROW_DONE);
	assert_int_equal(rows[0].bytes, 7);
	assert_string_equal(rows[0].result, "{\"width\":3}");
	steps_free(rows, n);
}

static void test_a_step_waits_for_its_next_try(void **state)
{
	struct step_ref step = {.kind = "voice", .item = 0, .worker = "here:1:a"};
	AUTO_VIDEO v = {.stage = xstrdup("Working"), .eta_sec = -1};
	struct step_row *rows = NULL;
	struct job job;
	size_t n = 0;

	(void)state;
	v.id = shop_video("shop-a", 1);
	job = shop_claim();
	assert_int_equal(steps_begin(shop_db, &job, &step, &v, &err), 1);
	assert_int_equal(steps_retry(shop_db, &job, &step, 20000, "exit status 1", &err), 1);
	expect_ok(steps_load(shop_db, &v.id, &rows, &n, &err), &err);
	assert_int_equal(rows[0].state, STEP_ROW_WAITING);
	assert_int_equal(rows[0].attempt, 1);
	assert_in_range(rows[0].due_in_ms, 15000, 20000);
	steps_free(rows, n);

	assert_int_equal(jobs_release(shop_db, &job, 30000, "waiting", &err), 1);
	assert_int_equal(jobs_claim(shop_db, &shop_rules, &job, &err), 0);
	assert_int_equal(jobs_promote(shop_db, &err), 0);
	exec("UPDATE jobs SET due_at = UTC_TIMESTAMP(3)");
	assert_int_equal(jobs_promote(shop_db, &err), 1);
	assert_int_equal(shop_claim().attempt, 2);
}

static void test_progress_never_goes_back(void **state)
{
	AUTO_VIDEO v = {.stage = xstrdup("Working"), .eta_sec = 4, .progress = 60};
	struct job job;

	(void)state;
	v.id = shop_video("shop-a", 1);
	job = shop_claim();
	assert_int_equal(steps_progress(shop_db, &job, &v, &err), 1);
	v.progress = 10;
	assert_int_equal(steps_progress(shop_db, &job, &v, &err), 1);
	assert_int_equal(number("SELECT progress FROM videos"), 60);
}

static void test_completing(void **state)
{
	AUTO_VIDEO v = {.video_key = xstrdup("videos/x/a.mp4"), .thumbnail_key = xstrdup("videos/x/a.jpg")};
	bool removal = true;
	struct job job;

	(void)state;
	v.id = shop_video("shop-a", 1);
	v.duration_ms = 1000;
	v.outputs = xstrdup("{\"films\":[]}");
	v.report = xstrdup("{\"films\":[1]}");
	job = shop_claim();
	assert_int_equal(steps_complete(shop_db, &job, &v, &removal, &err), 1);
	assert_false(removal);
	assert_int_equal(number("SELECT status = 'completed' AND progress = 100 AND completed_at IS NOT NULL "
				"FROM videos"),
		1);
	assert_int_equal(number("SELECT state FROM jobs"), JOB_DONE);
	assert_int_equal(jobs_in_use(shop_db, &v.id, &err), 0);

	AUTO_VIDEO seen = shop_read(&v.id);
	assert_string_equal(seen.outputs, v.outputs);
	assert_string_equal(seen.report, v.report);
}

static void pause_video(const struct job *job, enum pause_reason reason, int64_t need_milli)
{
	AUTO_VIDEO v = {.error = xstrdup("It waits."), .stage = xstrdup("Working")};
	bool removal = true;

	assert_int_equal(
		steps_pause(shop_db, job, &v, reason, "runway", need_milli, "402", &removal, &err), 1);
	assert_false(removal);
}

static void test_pausing(void **state)
{
	AUTO_VIDEO v = {.stage = xstrdup("Working"), .eta_sec = 9, .status = STATUS_GENERATING_SCENES};
	AUTO_VIDEO seen = {0};
	struct job job;

	(void)state;
	v.id = shop_video("shop-a", 1);
	job = shop_claim();
	assert_int_equal(steps_progress(shop_db, &job, &v, &err), 1);
	pause_video(&job, PAUSE_OUT_OF_CREDIT, 60000);
	assert_int_equal(number("SELECT state = 6 AND finished_at IS NOT NULL AND lease_until IS NULL AND "
				"last_error = '402' FROM jobs"),
		1);
	assert_int_equal(
		number("SELECT pause_vendor = 'runway' AND pause_need_milli = 60000 FROM videos"), 1);
	expect_ok(videos_get(shop_db, &v.id, &seen, &err), &err);
	assert_int_equal(seen.status, STATUS_PAUSED);
	assert_int_equal(seen.pause, PAUSE_OUT_OF_CREDIT);
	assert_string_equal(seen.error, "It waits.");
	assert_null(seen.stage);
	assert_int_equal(jobs_in_use(shop_db, &v.id, &err), 0);
	assert_int_equal(steps_progress(shop_db, &job, &v, &err), 0);
	assert_int_equal(jobs_claim(shop_db, &shop_rules, &job, &err), 0);
}

static void test_pausing_what_is_to_stop_ends_it(void **state)
{
	AUTO_VIDEO v = {.error = xstrdup("It waits.")};
	bool removal = true;
	struct job job;

	(void)state;
	v.id = shop_video("shop-a", 1);
	job = shop_claim();
	exec("UPDATE jobs SET cancel_req = 1");
	assert_int_equal(
		steps_pause(shop_db, &job, &v, PAUSE_POSSIBLE_CHARGE, NULL, 0, "lost", &removal, &err), 1);
	assert_false(removal);
	assert_int_equal(number("SELECT status = 'cancelled' AND error IS NULL FROM videos"), 1);
	assert_int_equal(number("SELECT state FROM jobs"), JOB_CANCELLED);

	(void)shop_empty(NULL);
	v.id = shop_video("shop-a", 1);
	job = shop_claim();
	assert_int_equal(videos_delete(shop_other, &v.id, &err), 1);
	assert_int_equal(
		steps_pause(shop_db, &job, &v, PAUSE_POSSIBLE_CHARGE, NULL, 0, "lost", &removal, &err), 1);
	assert_true(removal);
	assert_int_equal(shop_claim().kind, JOB_REMOVE);
}

static void test_what_is_being_cancelled_shows_it_until_it_is(void **state)
{
	AUTO_VIDEO v = {.stage = xstrdup("Working"), .eta_sec = -1, .status = STATUS_COMPOSING};
	bool removal = true;
	struct job job;

	(void)state;
	v.id = shop_video("shop-a", 1);
	job = shop_claim();
	exec("UPDATE videos SET status = 'cancelling'");
	assert_int_equal(steps_progress(shop_db, &job, &v, &err), 1);
	assert_int_equal(number("SELECT status = 'cancelling' FROM videos"), 1);
	assert_int_equal(steps_give_up(shop_db, &job, JOB_CANCELLED, &v, NULL, &removal, &err), 1);
	assert_int_equal(number("SELECT status = 'cancelled' FROM videos"), 1);
}

#define TEST(f) cmocka_unit_test_setup(f, shop_empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_finished_step_shows_that_the_job_is_not_poison),
		TEST(test_writing_done_twice_writes_it_once),
		TEST(test_a_step_waits_for_its_next_try),
		TEST(test_progress_never_goes_back),
		TEST(test_completing),
		TEST(test_pausing),
		TEST(test_pausing_what_is_to_stop_ends_it),
		TEST(test_what_is_being_cancelled_shows_it_until_it_is),
	};

	return cmocka_run_group_tests_name("steps", tests, shop_open, shop_close);
}
