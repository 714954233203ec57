/*
 * The queue against a real server: who gets a job, who keeps it, who may write.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/video/jobs.h"
#include "lib/video/jobs_priv.h"
#include "lib/video/settings.h"
#include "lib/video/steps.h"
#include "lib/video/videos.h"
#include "tests/unit/shop.h"

static struct db *db, *other; /* two daemons' connections */
static struct err err;

static struct jobs_rules rules = {
	.worker = "here:1:a", .lease_sec = 60, .store_in_flight = 2, .lost_leases = 3};
static struct jobs_rules rival = {
	.worker = "there:2:b", .lease_sec = 60, .store_in_flight = 2, .lost_leases = 3};

#define OK(call)                                                                                             \
	do {                                                                                                 \
		if ((call) < 0)                                                                              \
			fail_msg("%s: %s", #call, err.text);                                                 \
	} while (0)

static int64_t one(const char *text)
{
	return session_number(db, text);
}

static void sql(const char *text)
{
	session_exec(db, text);
}

static struct uuid put_video(const char *store, int64_t priority)
{
	struct settings settings = {.priority = priority};
	AUTO_VIDEO v = {.store_id = xstrdup(store), .title = xstrdup("A film"), .music_volume = 30};

	v.scenes = xcalloc(1, sizeof(*v.scenes));
	v.scenes[0] = (struct scene){.prompt = xstrdup("a scene"), .duration_ms = 1000};
	v.scene_count = 1;
	OK(videos_create(db, &settings, &v, NULL, &err));
	return v.id;
}

static int open_both(void **state)
{
	if (shop_open(state) != 0)
		return -1;
	db = shop_db;
	other = shop_other;
	return 0;
}

static struct job claim(struct db *d, const struct jobs_rules *r)
{
	struct job job = {0};
	int c = jobs_claim(d, r, &job, &err);

	if (c != 1)
		fail_msg("claim gave %d %s", c, c < 0 ? err.text : "");
	return job;
}

static void nothing_to_claim(struct db *d, const struct jobs_rules *r)
{
	struct job job;

	assert_int_equal(jobs_claim(d, r, &job, &err), 0);
}

static void test_a_job_is_claimed_once(void **state)
{
	struct uuid id = put_video("shop-a", 5);
	struct job job = claim(db, &rules);

	(void)state;
	assert_true(uuid_equal(&job.video_id, &id));
	assert_int_equal(job.attempt, 1);
	nothing_to_claim(other, &rival);
}

static void test_claims_of_two_connections_never_overlap(void **state)
{
	enum { N = 40 };
	struct jobs_rules wide = rules, wide_rival = rival;
	int64_t seen[N];

	(void)state;
	wide.store_in_flight = wide_rival.store_in_flight = N;
	for (int i = 0; i < N; i++)
		(void)put_video("shop-a", 5);
	for (int i = 0; i < N; i++) {
		seen[i] = i % 2 ? claim(db, &wide).id : claim(other, &wide_rival).id;
		for (int k = 0; k < i; k++)
			assert_true(seen[k] != seen[i]);
	}
	nothing_to_claim(db, &wide);
}

static void test_a_stores_limit_holds_and_stores_take_turns(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		(void)put_video("shop-a", 5);
	(void)put_video("shop-b", 5);
	(void)claim(db, &rules);
	(void)claim(db, &rules); /* the least served store: shop-b, though its job is younger */
	assert_int_equal(one("SELECT COUNT(DISTINCT store_id) FROM jobs WHERE state = 1"), 2);
	(void)claim(db, &rules);
	nothing_to_claim(db, &rules); /* shop-a has its two */
	assert_int_equal(one("SELECT COUNT(*) FROM jobs WHERE state = 1"), 3);
}

static void test_priority_goes_first_but_ages(void **state)
{
	struct uuid late, urgent;
	struct job job;

	(void)state;
	late = put_video("shop-a", 5);
	urgent = put_video("shop-a", 0);
	job = claim(db, &rules);
	assert_true(uuid_equal(&job.video_id, &urgent));
	job = claim(db, &rules);
	assert_true(uuid_equal(&job.video_id, &late));

	(void)shop_empty(NULL);
	late = put_video("shop-a", 5);
	sql("UPDATE jobs SET rank_key = rank_key - 3600000"); /* an hour ago */
	(void)put_video("shop-a", 0);
	job = claim(db, &rules);
	assert_true(uuid_equal(&job.video_id, &late));
}

static void test_renewing_lists_what_is_still_ours(void **state)
{
	struct job_lease *leases = NULL;
	struct job a, b;
	size_t n = 0;

	(void)state;
	(void)put_video("shop-a", 5);
	(void)put_video("shop-a", 5);
	a = claim(db, &rules);
	b = claim(other, &rival);
	sql("UPDATE jobs SET lease_until = UTC_TIMESTAMP(3) + INTERVAL 1 SECOND, cancel_req = 1");
	OK(jobs_renew(db, &rules, &leases, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(leases[0].id, a.id);
	assert_true(leases[0].token == a.token);
	assert_true(leases[0].cancel);
	free(leases);
	assert_int_equal(
		one("SELECT COUNT(*) FROM jobs WHERE lease_until > UTC_TIMESTAMP(3) + INTERVAL 30 SECOND"),
		1);
	assert_true(b.id != a.id);
}

static void test_an_expired_lease_is_taken_over_and_the_old_owner_writes_nothing(void **state)
{
	struct step_ref step = {.kind = "scene", .item = 0, .worker = "here:1:a"};
	AUTO_VIDEO v = {.stage = xstrdup("Working"), .progress = 50, .eta_sec = -1};
	struct job old, fresh;

	(void)state;
	v.id = put_video("shop-a", 5);
	old = claim(db, &rules);
	assert_int_equal(jobs_reap(other, &rival, &err), 0); /* not expired yet */
	sql("UPDATE jobs SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND");
	assert_int_equal(jobs_reap(other, &rival, &err), 1);
	fresh = claim(other, &rival);
	assert_int_equal(fresh.id, old.id);
	assert_int_equal(fresh.attempt, 2);

	assert_int_equal(steps_begin(db, &old, &step, &v, &err), 0);
	assert_int_equal(steps_progress(db, &old, &v, &err), 0);
	assert_int_equal(jobs_release(db, &old, 0, "", &err), 0);
	assert_int_equal(one("SELECT COUNT(*) FROM steps"), 0);
	assert_int_equal(one("SELECT progress FROM videos"), 0);
	assert_int_equal(steps_begin(other, &fresh, &step, &v, &err), 1);
	assert_int_equal(one("SELECT progress FROM videos"), 50);
}

static void test_a_job_that_loses_its_daemon_too_often_is_given_up(void **state)
{
	(void)state;
	(void)put_video("shop-a", 5);
	for (int i = 0; i < 3; i++) {
		(void)claim(db, &rules);
		assert_int_equal(jobs_take_back(other, &rival, "nobody", &err), 0);
		assert_int_equal(jobs_take_back(other, &rival, "here:1:a", &err), 1);
	}
	nothing_to_claim(db, &rules);
	assert_int_equal(one("SELECT state FROM jobs"), JOB_FAILED);
	assert_int_equal(one("SELECT status = 'failed' AND error IS NOT NULL FROM videos"), 1);
}

static void test_a_lease_that_nobody_works_on_is_given_back(void **state)
{
	struct job_lease *leases = NULL;
	struct job a, b;
	size_t n = 0;

	(void)state;
	(void)put_video("shop-a", 5);
	(void)put_video("shop-a", 5);
	a = claim(db, &rules);
	b = claim(db, &rules);
	OK(jobs_renew(db, &rules, &leases, &n, &err));
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++)
		if (leases[i].id == a.id)
			assert_int_equal(jobs_disown(db, &rules, &leases[i], &err), 1);
	assert_int_equal(jobs_fence(db, &a, &err), 0);
	assert_int_equal(jobs_fence(db, &b, &err), 1);
	assert_int_equal(one("SELECT COUNT(*) FROM step_log WHERE event = 'lost'"), 1);

	/* who has it now keeps it */
	assert_int_equal(claim(other, &rival).id, a.id);
	for (size_t i = 0; i < n; i++)
		if (leases[i].id == a.id)
			assert_int_equal(jobs_disown(db, &rules, &leases[i], &err), 0);
	free(leases);
}

static void test_draining_costs_no_attempt(void **state)
{
	struct job job;

	(void)state;
	(void)put_video("shop-a", 5);
	job = claim(db, &rules);
	assert_int_equal(jobs_release(db, &job, 0, "drained", &err), 1);
	assert_int_equal(claim(other, &rival).attempt, 1);
}

static void test_deleting_a_running_video_cancels_it_then_removes_it(void **state)
{
	struct job_lease *leases = NULL;
	AUTO_VIDEO v = {.video_key = xstrdup("videos/x/a.mp4"), .thumbnail_key = xstrdup("videos/x/a.jpg")};
	struct uuid id = put_video("shop-a", 5);
	struct job job = claim(db, &rules), removal_job;
	bool removal = false;
	size_t n = 0;

	(void)state;
	v.id = id;
	assert_int_equal(videos_delete(other, &id, &err), 1);
	assert_int_equal(videos_delete(other, &id, &err), 0); /* unknown from now on */
	OK(jobs_renew(db, &rules, &leases, &n, &err));
	assert_true(n == 1 && leases[0].cancel);
	free(leases);

	/* even one that completes at that very moment */
	assert_int_equal(steps_complete(db, &job, &v, &removal, &err), 1);
	assert_true(removal);
	removal_job = claim(db, &rules);
	assert_int_equal(removal_job.kind, JOB_REMOVE);
	assert_int_equal(steps_remove_video(db, &removal_job, false, &err), 1);
	assert_int_equal(one("SELECT COUNT(*) FROM videos"), 0);
	assert_int_equal(one("SELECT COUNT(*) FROM jobs"), 0);
}

/* Not innodb_trx: it shows old rows to whoever asks it all the time. */
static int64_t waits_for_a_lock(void)
{
	AUTO(db_rows) rows = NULL;

	OK(db_query(other,
		"SELECT CAST(variable_value AS SIGNED) FROM information_schema.global_status "
		"WHERE variable_name = 'Innodb_row_lock_current_waits'",
		DB_NO_ARGS, &rows, &err));
	assert_true(db_next(rows));
	return db_get_int(rows, 0);
}

/* Deletes in another process and connection; its exit status is what videos_delete gave. */
static pid_t delete_elsewhere(const struct uuid *id)
{
	struct db_options o = test_db_options(&session_server);
	pid_t pid = fork();

	if (pid == 0) {
		struct db *own = db_new(&o);

		_exit(videos_delete(own, id, &err) == 1 ? 0 : 1);
	}
	assert_true(pid > 0);
	return pid;
}

static void test_deleting_while_a_transition_is_written_ends_neither(void **state)
{
	struct uuid id = put_video("shop-a", 5);
	struct job job = claim(db, &rules);
	int status = -1;
	pid_t pid;

	(void)state;
	OK(db_begin(db, &err));
	assert_int_equal(jobs_fence(db, &job, &err), 1);
	pid = delete_elsewhere(&id);
	while (waits_for_a_lock() == 0)
		continue;
	sql("UPDATE videos SET progress = 7");
	OK(db_commit(db, &err));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(one("SELECT deleted_at IS NOT NULL AND progress = 7 FROM videos"), 1);
	assert_int_equal(one("SELECT cancel_req FROM jobs"), 1);
}

static void test_deleting_what_waits_or_has_ended_removes_it_at_once(void **state)
{
	struct uuid id = put_video("shop-a", 5);
	bool removal;
	struct job job;
	AUTO_VIDEO v = {.error = xstrdup("It failed.")};

	(void)state;
	assert_int_equal(videos_delete(db, &id, &err), 1);
	assert_int_equal(claim(db, &rules).kind, JOB_REMOVE);

	(void)shop_empty(NULL);
	v.id = id = put_video("shop-a", 5);
	job = claim(db, &rules);
	assert_int_equal(steps_give_up(db, &job, JOB_FAILED, &v, "why", &removal, &err), 1);
	sql("DELETE FROM jobs"); /* pruned long ago */
	assert_int_equal(videos_delete(db, &id, &err), 1);
	assert_int_equal(claim(db, &rules).kind, JOB_REMOVE);
}

static void test_a_removal_is_never_given_up(void **state)
{
	struct uuid id = put_video("shop-a", 5);

	(void)state;
	assert_int_equal(videos_delete(db, &id, &err), 1);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(claim(db, &rules).kind, JOB_REMOVE);
		assert_int_equal(jobs_take_back(other, &rival, "here:1:a", &err), 1);
	}
}

static const struct {
	const char *title;
	int64_t delay_ms;
	bool deleted;
} releases[] = {{"later", 30000, false}, {"now", 0, false}, {"later, deleted", 30000, true}};

static void test_releasing_what_is_to_stop_ends_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
		struct uuid id = put_video("shop-a", 5);
		struct job job = claim(db, &rules);

		if (releases[i].deleted)
			assert_int_equal(videos_delete(other, &id, &err), 1);
		else
			sql("UPDATE jobs SET cancel_req = 1");
		assert_int_equal(jobs_release(db, &job, releases[i].delay_ms, "waiting", &err), 1);
		if (releases[i].deleted)
			assert_int_equal(claim(db, &rules).kind, JOB_REMOVE);
		else if (one("SELECT state FROM jobs") != JOB_CANCELLED ||
			 one("SELECT status = 'cancelled' FROM videos") != 1)
			fail_msg("%s: not over", releases[i].title);
		(void)shop_empty(NULL);
	}
}

static void test_taking_back_what_is_to_stop_ends_it(void **state)
{
	(void)state;
	(void)put_video("shop-a", 5);
	(void)claim(db, &rules);
	sql("UPDATE jobs SET cancel_req = 1");
	assert_int_equal(jobs_take_back(other, &rival, "here:1:a", &err), 1);
	assert_int_equal(one("SELECT state FROM jobs"), JOB_CANCELLED);
	assert_int_equal(one("SELECT status = 'cancelled' FROM videos"), 1);
}

static void test_a_removal_that_is_put_off_stays_a_removal(void **state)
{
	struct uuid id = put_video("shop-a", 5);
	struct job job;

	(void)state;
	assert_int_equal(videos_delete(db, &id, &err), 1);
	job = claim(db, &rules);
	assert_int_equal(jobs_release(db, &job, 30000, "the storage is down", &err), 1);
	assert_int_equal(one("SELECT state = 2 AND kind = 'remove' FROM jobs"), 1);
}

/* The unique key refuses a slot that the lists did not show as taken. */
static void test_a_claim_goes_on_to_the_next_slot(void **state)
{
	struct jobs_rules wide = rules;

	(void)state;
	wide.store_in_flight = 3;
	(void)put_video("shop-a", 5);
	(void)put_video("shop-a", 5);
	(void)claim(db, &wide);
	OK(db_begin(other, &err)); /* a rival's claim that is not committed yet */
	OK(db_exec(other,
		"UPDATE jobs SET state = 1, run_slot = 1, lease_token = 7, worker = 'there', lease_until = "
		"UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE WHERE state = 0",
		DB_NO_ARGS, NULL, &err));
	(void)put_video("shop-a", 5);

	struct db_options o = test_db_options(&session_server);
	pid_t pid = fork();

	if (pid == 0) {
		struct db *own = db_new(&o);
		struct job job;

		_exit(jobs_claim(own, &wide, &job, &err) == 1 ? 0 : 1);
	}
	assert_true(pid > 0);
	while (waits_for_a_lock() == 0)
		continue;
	OK(db_commit(other, &err));

	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(one("SELECT COUNT(DISTINCT run_slot) FROM jobs WHERE state = 1"), 3);
}

static void test_a_kind_that_is_not_known_is_left_alone(void **state)
{
	struct job job;

	(void)state;
	(void)put_video("shop-a", 0);
	sql("UPDATE jobs SET kind = 'sing'");
	assert_int_equal(jobs_claim(db, &rules, &job, &err), -1);
	assert_int_equal(err.kind, ERR_PERM);
	assert_non_null(strstr(err.text, "sing"));
	assert_int_equal(one("SELECT state = 0 AND attempt = 0 FROM jobs"), 1);

	(void)put_video("shop-b", 5); /* what is known goes on, in other stores and in its own */
	assert_int_equal(claim(db, &rules).kind, JOB_MAKE);
	(void)put_video("shop-a", 5);
	assert_int_equal(claim(db, &rules).kind, JOB_MAKE);
	assert_int_equal(jobs_claim(db, &rules, &job, &err), -1);
	assert_int_equal(one("SELECT COUNT(*) FROM jobs WHERE state = 1"), 2);
}

static void test_pruning_keeps_as_many_as_told(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++)
		(void)put_video("shop-a", 5);
	sql("UPDATE jobs SET state = IF(id % 3 = 0, IF(id % 2 = 0, 4, 6), 3), finished_at = UTC_TIMESTAMP(3) "
	    "- INTERVAL id SECOND");
	assert_int_equal(jobs_prune(db, 2, 1, &err), 4); /* what is as old as the last one kept stays */
	assert_int_equal(one("SELECT COUNT(*) FROM videos"), 9);
}

/* The plan decides whether claiming stays flat: see the top of lib/video/jobs.c. */
static void test_the_plan_of_the_claim(void **state)
{
	static char explain_waiting[512], explain_pick[512];
	AUTO(db_rows) waiting = NULL;
	AUTO(db_rows) pick = NULL;

	(void)state;
	for (int i = 0; i < 2; i++)
		(void)put_video(i ? "shop-a" : "shop-b", 5);
	sql("SET SESSION foreign_key_checks = 0");
	sql("INSERT INTO jobs (video_id, store_id, kind, priority, rank_key, created_at, state, finished_at) "
	    "SELECT UNHEX(MD5(CONCAT(seq.a, '-', s.id))), s.id, 'make', 5, seq.a, UTC_TIMESTAMP(3), "
	    "IF(seq.a % 2, 0, 3), IF(seq.a % 2, NULL, UTC_TIMESTAMP(3)) FROM stores s JOIN "
	    "(SELECT d1.n + 10 * d2.n + 100 * d3.n + 1000 * d4.n a FROM "
	    "(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION "
	    "SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) d1 JOIN "
	    "(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION "
	    "SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) d2 JOIN "
	    "(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION "
	    "SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) d3 JOIN "
	    "(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) d4) seq");
	OK(db_script(db, "ANALYZE TABLE jobs;\n", &err));
	(void)snprintf(explain_waiting, sizeof(explain_waiting), "EXPLAIN %s", jobs_sql_waiting);
	OK(db_query(db, explain_waiting, DB_NO_ARGS, &waiting, &err));
	assert_int_equal(db_row_count(waiting), 1);
	assert_true(db_next(waiting));
	assert_string_equal(db_get_text(waiting, 5), "k_claim");
	assert_non_null(strstr(db_get_text(waiting, 9), "Using index for group-by"));

	(void)snprintf(explain_pick, sizeof(explain_pick), "EXPLAIN %s", jobs_sql_pick);
	OK(db_query(db, explain_pick, DB_ARGS(db_int(1), db_int(4)), &pick, &err));
	assert_int_equal(db_row_count(pick), 1);
	assert_true(db_next(pick));
	assert_string_equal(db_get_text(pick, 5), "k_claim");
	assert_null(strstr(db_get_text(pick, 9), "filesort"));
	assert_null(strstr(db_get_text(pick, 9), "temporary"));

	sql("DELETE FROM jobs");
	sql("SET SESSION foreign_key_checks = 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_job_is_claimed_once, shop_empty),
		cmocka_unit_test_setup(test_claims_of_two_connections_never_overlap, shop_empty),
		cmocka_unit_test_setup(test_a_stores_limit_holds_and_stores_take_turns, shop_empty),
		cmocka_unit_test_setup(test_priority_goes_first_but_ages, shop_empty),
		cmocka_unit_test_setup(test_renewing_lists_what_is_still_ours, shop_empty),
		cmocka_unit_test_setup(
			test_an_expired_lease_is_taken_over_and_the_old_owner_writes_nothing, shop_empty),
		cmocka_unit_test_setup(test_a_job_that_loses_its_daemon_too_often_is_given_up, shop_empty),
		cmocka_unit_test_setup(test_a_lease_that_nobody_works_on_is_given_back, shop_empty),
		cmocka_unit_test_setup(test_draining_costs_no_attempt, shop_empty),
		cmocka_unit_test_setup(test_deleting_a_running_video_cancels_it_then_removes_it, shop_empty),
		cmocka_unit_test_setup(test_deleting_while_a_transition_is_written_ends_neither, shop_empty),
		cmocka_unit_test_setup(test_deleting_what_waits_or_has_ended_removes_it_at_once, shop_empty),
		cmocka_unit_test_setup(test_a_removal_is_never_given_up, shop_empty),
		cmocka_unit_test_setup(test_releasing_what_is_to_stop_ends_it, shop_empty),
		cmocka_unit_test_setup(test_taking_back_what_is_to_stop_ends_it, shop_empty),
		cmocka_unit_test_setup(test_a_removal_that_is_put_off_stays_a_removal, shop_empty),
		cmocka_unit_test_setup(test_a_claim_goes_on_to_the_next_slot, shop_empty),
		cmocka_unit_test_setup(test_a_kind_that_is_not_known_is_left_alone, shop_empty),
		cmocka_unit_test_setup(test_pruning_keeps_as_many_as_told, shop_empty),
		cmocka_unit_test_setup(test_the_plan_of_the_claim, shop_empty),
	};

	return cmocka_run_group_tests_name("jobs", tests, open_both, shop_close);
}
