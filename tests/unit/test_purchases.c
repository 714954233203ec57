/* The ledger against a real server: nothing is bought without a row, nothing that was bought is lost. */

#include "lib/video/purchases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/db.h"
#include "lib/video/steps.h"
#include "lib/video/videos.h"
#include "tests/unit/shop.h"

static struct err err;
static const uint8_t sunset[DIGEST_SHA256_BYTES] = {1, 0, 255}, harbour[DIGEST_SHA256_BYTES] = {2},
		     garden[DIGEST_SHA256_BYTES] = {3};

static void expect(int rc, int wanted)
{
	if (rc != wanted)
		fail_msg("%d instead of %d: %s", rc, wanted, rc < 0 ? err.text : "");
}

/* A wish for a clip; purchase_done frees. */
static struct purchase wish(int64_t item, const uint8_t *hash)
{
	struct purchase p = {.id = uuid_new(),
		.vendor = "runway",
		.kind = "scene",
		.item = item,
		.request = xstrdup("{\"model\":\"gen4.5\"}"),
		.estimate_milli = 60000,
		.cost_milli = -1};

	memcpy(p.hash, hash, sizeof(p.hash));
	return p;
}

static struct purchase intend(const struct job *job, int64_t item, const uint8_t *hash)
{
	struct purchase p = wish(item, hash);

	expect(purchases_intend(shop_db, job, &p, &err), 1);
	p.token = job->token;
	p.video_id = job->video_id;
	return p;
}

static void answer(struct purchase *p, enum purchase_state state, int wanted)
{
	p->state = state;
	(void)snprintf(p->vendor_id, sizeof(p->vendor_id), "%s", state == PURCHASE_KNOWN ? "task-1" : "");
	expect(purchases_answered(shop_other, p, &err), wanted);
}

static struct purchase know(const struct job *job, int64_t item, const uint8_t *hash)
{
	struct purchase p = intend(job, item, hash);

	answer(&p, PURCHASE_KNOWN, 1);
	return p;
}

static struct purchase keep(const struct job *job, int64_t item, const uint8_t *hash)
{
	struct purchase p = know(job, item, hash);
	char id[UUID_TEXT_SIZE];

	uuid_format(&p.id, id);
	(void)snprintf(p.artefact, sizeof(p.artefact), "ab/%s-1.mp4", id);
	p.bytes = 4711;
	p.result = xstrdup("{\"width\":3}");
	p.cost_milli = 50000;
	expect(purchases_kept(shop_db, job, &p, &err), 1);
	return p;
}

/* The state of what is found for the step, or PURCHASE_STATE_COUNT for nothing. */
static int found_for(const struct job *job, int64_t item, const uint8_t *hash, bool reuse)
{
	AUTO_PURCHASE p = {.request = NULL};
	int found = purchases_find(shop_db, job, "scene", item, hash, reuse, &p, &err);

	if (found < 0)
		fail_msg("find: %s", err.text);
	return found ? p.state : PURCHASE_STATE_COUNT;
}

#define expect_found(job, item, hash, reuse, wanted)                                                         \
	assert_int_equal(found_for(job, item, hash, reuse), wanted)
#define NOTHING PURCHASE_STATE_COUNT

static void expect_state(const struct purchase *p, enum purchase_state wanted)
{
	AUTO(db_rows) rows = NULL;
	static const char sql[] = "SELECT state FROM purchases WHERE id = ?";

	expect_ok(db_query(shop_db, sql, DB_ARGS(db_uuid(&p->id)), &rows, &err), &err);
	assert_true(db_next(rows));
	assert_string_equal(db_get_text(rows, 0), purchase_state_names[wanted]);
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
	expect(steps_remove_video(shop_db, &job, &err), 1);
}

static void test_an_intent_is_found_as_it_was_written(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = {.request = NULL};
	AUTO_PURCHASE w = intend(&job, 2, sunset);

	(void)state;
	expect(purchases_find(shop_db, &job, "scene", 2, sunset, true, &p, &err), 1);
	assert_int_equal(p.state, PURCHASE_INTENDED);
	assert_true(uuid_equal(&p.id, &w.id));
	assert_true(uuid_equal(&p.video_id, &video));
	assert_string_equal(p.vendor, "runway");
	assert_string_equal(p.kind, "scene");
	assert_int_equal(p.item, 2);
	assert_memory_equal(p.hash, sunset, sizeof(sunset));
	assert_true(p.token == job.token);
	assert_false(p.cancel);
	assert_string_equal(p.vendor_id, "");
	assert_string_equal(p.request, "{\"model\":\"gen4.5\"}");
	assert_int_equal(p.estimate_milli, 60000);
	assert_int_equal(p.cost_milli, -1);
	assert_string_equal(p.artefact, "");
	assert_null(p.result);
	assert_null(p.detail);
	assert_true(p.created_ms > 1700000000000);
	assert_in_range(p.age_ms, 0, 60000);

	expect_found(&job, 2, harbour, true, NOTHING);
	expect(purchases_find(shop_db, &job, "voice", 2, sunset, true, &p, &err), 0);
}

static void test_an_intent_whose_answer_was_lost_may_be_written_again(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = intend(&job, 0, sunset);

	(void)state;
	expect(purchases_intend(shop_db, &job, &p, &err), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM purchases"), 1);
	answer(&p, PURCHASE_KNOWN, 1);
	expect(purchases_intend(shop_db, &job, &p, &err), 0); /* it is sent already: not a second time */
}

static void test_who_lost_the_lease_writes_nothing(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job old = shop_claim();
	AUTO_PURCHASE a = know(&old, 0, sunset);
	AUTO_PURCHASE b = wish(1, harbour);
	AUTO_PURCHASE other = keep(&old, 2, harbour);
	struct job fresh = shop_claim_rival();
	bool gone = true;

	(void)state;
	assert_true(fresh.token != old.token);
	expect(purchases_intend(shop_db, &old, &b, &err), 0);
	expect_found(&old, 0, sunset, true, NOTHING);
	(void)snprintf(a.artefact, sizeof(a.artefact), "ab/a.mp4");
	expect(purchases_kept(shop_db, &old, &a, &err), 0);
	expect(purchases_use(shop_db, &old, "scene", 0, &other.id, &gone, &err), 0);
	a.state = PURCHASE_FAILED;
	expect(purchases_lost(shop_db, &old, &a, &err), 0);
	expect(purchases_move(shop_db, &old, &a.id, PURCHASE_UNKNOWN, &err), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM purchases"), 2);
	assert_int_equal(number("SELECT COUNT(*) FROM purchase_uses"), 1); /* from before */
	expect_state(&a, PURCHASE_KNOWN);
}

static void test_a_late_answer_needs_no_lease(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job old = shop_claim(), fresh;
	AUTO_PURCHASE p = intend(&old, 0, sunset);
	AUTO_PURCHASE again = {.request = NULL};

	(void)state;
	fresh = shop_claim_rival();
	expect_found(&fresh, 0, sunset, true, PURCHASE_INTENDED);
	expect(purchases_move(shop_other, &fresh, &p.id, PURCHASE_UNKNOWN, &err), 1);
	expect_found(&fresh, 0, sunset, true, PURCHASE_UNKNOWN);

	p.estimate_milli = 55000;
	answer(&p, PURCHASE_KNOWN, 1);
	expect(purchases_find(shop_other, &fresh, "scene", 0, sunset, true, &again, &err), 1);
	assert_int_equal(again.state, PURCHASE_KNOWN);
	assert_string_equal(again.vendor_id, "task-1");
	assert_int_equal(again.estimate_milli, 55000);
	assert_true(again.token == fresh.token); /* taken up */
}

static void test_a_live_claims_intent_is_not_given_up(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = intend(&job, 0, sunset);

	(void)state;
	expect(purchases_move(shop_db, &job, &p.id, PURCHASE_UNKNOWN, &err), 1);
	expect_state(&p, PURCHASE_INTENDED);
	answer(&p, PURCHASE_UNKNOWN, 1); /* it says so itself */
	expect_state(&p, PURCHASE_UNKNOWN);
}

static void test_only_what_is_open_is_answered(void **state)
{
	static const bool open[PURCHASE_STATE_COUNT] = {
		[PURCHASE_INTENDED] = true, [PURCHASE_UNKNOWN] = true};

	(void)state;
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();

	for (int from = 0; from < PURCHASE_STATE_COUNT; from++) {
		AUTO_PURCHASE p = intend(&job, from, sunset);
		AUTO_FREE char *sql = xasprintf("UPDATE purchases SET state = '%s', vendor_id = 'old', "
						"artefact = 'ab/x' WHERE item = %d",
			purchase_state_names[from], from);

		expect_ok(db_script(shop_db, sql, &err), &err);
		answer(&p, PURCHASE_REFUSED, open[from] || from == PURCHASE_REFUSED);
		expect_state(&p, open[from] ? PURCHASE_REFUSED : (enum purchase_state)from);
	}
}

static void test_an_answer_twice_is_the_same_answer(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = know(&job, 0, sunset);

	(void)state;
	answer(&p, PURCHASE_KNOWN, 1);
	answer(&p, PURCHASE_UNKNOWN, 0);
	p.state = PURCHASE_KNOWN;
	(void)snprintf(p.vendor_id, sizeof(p.vendor_id), "another-task");
	expect(purchases_answered(shop_db, &p, &err), 0);
	p.token++;
	answer(&p, PURCHASE_KNOWN, 0); /* another claim's */
}

static void test_an_answer_that_is_the_artefact(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job old = shop_claim(), fresh;
	AUTO_PURCHASE p = intend(&old, 0, sunset);
	AUTO_PURCHASE again = {.request = NULL};

	(void)state;
	fresh = shop_claim_rival();
	p.state = PURCHASE_KEPT;
	(void)snprintf(p.vendor_id, sizeof(p.vendor_id), "request-1");
	(void)snprintf(p.artefact, sizeof(p.artefact), "ab/speech.mp3");
	p.bytes = 99;
	p.result = xstrdup("{\"times\":[]}");
	p.cost_milli = 61000;
	expect(purchases_answered(shop_db, &p, &err), 1);
	expect(purchases_answered(shop_db, &p, &err), 1);
	expect(purchases_find(shop_db, &fresh, "scene", 0, sunset, false, &again, &err), 1);
	assert_int_equal(again.state, PURCHASE_KEPT);
	assert_string_equal(again.artefact, "ab/speech.mp3");
	assert_int_equal(again.bytes, 99);
	assert_string_equal(again.result, "{\"times\":[]}");
	assert_int_equal(again.cost_milli, 61000);
	assert_int_equal(number("SELECT COUNT(*) FROM purchases WHERE ended_at IS NOT NULL"), 1);
}

static void test_words_of_the_vendor_fit_whatever_they_are(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = intend(&job, 0, sunset);
	AUTO_PURCHASE q = intend(&job, 1, sunset);

	(void)state;
	p.detail = xstrdup("no\xff\xfe way");
	answer(&p, PURCHASE_REFUSED, 1);
	assert_int_equal(number("SELECT detail = 'no?? way' FROM purchases WHERE item = 0"), 1);
	q.detail = xmalloc(9001);
	memset(q.detail, 'x', 9000);
	q.detail[9000] = '\0';
	answer(&q, PURCHASE_FAILED, 1);
	assert_int_equal(number("SELECT CHAR_LENGTH(detail) FROM purchases WHERE item = 1"), 2000);
}

static void test_what_is_kept_is_used(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = keep(&job, 3, sunset);
	struct purchase *used = NULL;
	size_t n = 0;

	(void)state;
	expect(purchases_kept(shop_db, &job, &p, &err), 1); /* the first answer was lost */
	expect_ok(purchases_used(shop_db, &video, &used, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_int_equal(used[0].item, 3);
	assert_int_equal(used[0].state, PURCHASE_KEPT);
	assert_string_equal(used[0].artefact, p.artefact);
	assert_int_equal(used[0].bytes, 4711);
	assert_string_equal(used[0].result, "{\"width\":3}");
	assert_int_equal(used[0].cost_milli, 50000);
	assert_int_equal(used[0].estimate_milli, 60000);
	purchases_free(used, n);
	expect(purchases_knows(shop_db, p.artefact, &err), 1);
	expect(purchases_knows(shop_db, "ab/nobodys.mp4", &err), 0);
}

static void test_equal_ones_are_taken_from_the_same_store_when_kept(void **state)
{
	(void)state;
	(void)shop_video("shop-a", 1);
	struct job first = shop_claim(), second, stranger;
	AUTO_PURCHASE kept = keep(&first, 0, sunset);
	AUTO_PURCHASE known = know(&first, 1, harbour);
	struct uuid video = shop_video("shop-a", 1);
	struct purchase *used = NULL;
	bool gone = true;
	size_t n = 0;

	second = shop_claim();
	expect_found(&second, 7, sunset, false, NOTHING); /* refused */
	expect_found(&second, 7, harbour, true, NOTHING); /* not here yet */
	expect_found(&second, 7, sunset, true, PURCHASE_KEPT);
	expect(purchases_use(shop_db, &second, "scene", 7, &kept.id, &gone, &err), 1);
	assert_false(gone);
	expect_ok(purchases_used(shop_db, &video, &used, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_int_equal(used[0].item, 7); /* the step's, not the purchase's */
	assert_true(uuid_equal(&used[0].id, &kept.id));
	purchases_free(used, n);
	expect_state(&known, PURCHASE_KNOWN);

	(void)shop_video("shop-b", 1);
	stranger = shop_claim();
	expect_found(&stranger, 0, sunset, true, NOTHING);
}

static void test_a_scene_that_moved_finds_what_it_bought(void **state)
{
	(void)state;
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE kept = keep(&job, 0, sunset);
	AUTO_PURCHASE known = know(&job, 1, harbour);

	expect_found(&job, 5, sunset, false, PURCHASE_KEPT);
	expect_found(&job, 6, harbour, false, NOTHING); /* this claim works on it for another scene */
	job = shop_claim_rival();
	expect_found(&job, 6, harbour, false, PURCHASE_KNOWN);
	expect_found(&job, 1, harbour, false, NOTHING); /* an equal scene buys its own */
	expect_found(&job, 6, harbour, false, PURCHASE_KNOWN);
}

static void test_what_is_being_removed_is_gone(void **state)
{
	(void)state;
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = keep(&job, 0, sunset);
	bool gone = false;

	session_exec(shop_db, "DELETE FROM purchase_uses");
	session_exec(shop_db, "UPDATE purchases SET state = 'removing'");
	expect_found(&job, 0, sunset, true, NOTHING);
	expect(purchases_use(shop_db, &job, "scene", 0, &p.id, &gone, &err), 1);
	assert_true(gone);
	assert_int_equal(number("SELECT COUNT(*) FROM purchase_uses"), 0);
	expect(purchases_knows(shop_db, p.artefact, &err), 1);
	expect(purchases_removed(shop_db, &p.id, &err), 0);
	expect_state(&p, PURCHASE_REMOVED);
	expect(purchases_knows(shop_db, p.artefact, &err), 0);
}

static int64_t waits_for_a_lock(void)
{
	return session_number(shop_other,
		"SELECT CAST(variable_value AS SIGNED) FROM information_schema.global_status "
		"WHERE variable_name = 'Innodb_row_lock_current_waits'");
}

/* Uses it in another process and connection; its exit status is 0 used, 1 gone. */
static pid_t use_elsewhere(const struct job *job, const struct uuid *id)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct db *own = session_new(20);
		bool gone = false;
		int rc = purchases_use(own, job, "scene", 9, id, &gone, &err);

		_exit(rc == 1 ? gone : 2);
	}
	assert_true(pid > 0);
	return pid;
}

static void test_using_waits_for_who_removes(void **state)
{
	int status = -1;
	pid_t pid;

	(void)state;
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = keep(&job, 0, sunset);

	expect_ok(db_begin(shop_db, &err), &err);
	session_exec(shop_db, "UPDATE purchases SET state = 'removing'");
	pid = use_elsewhere(&job, &p.id);
	while (waits_for_a_lock() == 0)
		continue;
	expect_ok(db_commit(shop_db, &err), &err);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

static void test_only_what_no_video_uses_is_released(void **state)
{
	struct uuid owner = shop_video("shop-a", 1), user;
	struct job job = shop_claim();
	AUTO_PURCHASE shared = keep(&job, 0, sunset);
	AUTO_PURCHASE own = keep(&job, 1, harbour);
	AUTO_PURCHASE better = keep(&job, 1, garden);
	struct purchase *list = NULL;
	bool gone = true;
	size_t n = 0;

	(void)state;
	expect(purchases_release(shop_db, &err), 0); /* its own video is there: a change may want it again */
	expect_state(&own, PURCHASE_KEPT);
	user = shop_video("shop-a", 1);
	job = shop_claim();
	expect(purchases_use(shop_db, &job, "scene", 0, &shared.id, &gone, &err), 1);
	session_exec(shop_db, "UPDATE jobs SET state = 3, finished_at = UTC_TIMESTAMP(3), run_slot = NULL, "
			      "lease_until = NULL");

	remove_video(&owner);
	expect(purchases_release(shop_db, &err), 2);
	expect(purchases_release(shop_db, &err), 0);
	expect_state(&own, PURCHASE_REMOVING);
	expect_state(&better, PURCHASE_REMOVING);
	expect_state(&shared, PURCHASE_KEPT);
	expect_ok(purchases_to_remove(shop_db, 1, &list, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_true(strcmp(list[0].artefact, own.artefact) == 0 ||
		    strcmp(list[0].artefact, better.artefact) == 0);
	purchases_free(list, n);

	remove_video(&user);
	expect(purchases_release(shop_db, &err), 1);
	expect_state(&shared, PURCHASE_REMOVING);
	assert_int_equal(number("SELECT COUNT(*) FROM purchases"), 3); /* the ledger stays */
}

static void test_what_a_step_let_go_of_is_released(void **state)
{
	struct uuid owner = shop_video("shop-a", 1);
	struct job first = shop_claim(), second;
	AUTO_PURCHASE p = keep(&first, 0, sunset);
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

	AUTO_PURCHASE better = keep(&second, 0, harbour);

	expect(purchases_release(shop_db, &err), 1);
	expect_state(&p, PURCHASE_REMOVING);
	expect_state(&better, PURCHASE_KEPT);
}

static void test_intents_that_nobody_will_answer_are_settled(void **state)
{
	(void)state;
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE dead = intend(&job, 0, sunset);

	job = shop_claim_rival();
	AUTO_PURCHASE live = intend(&job, 1, sunset);

	expect(purchases_settle(shop_db, 60, &err), 0); /* too young */
	session_exec(shop_db, "UPDATE purchases SET created_at = created_at - INTERVAL 1 HOUR");
	expect(purchases_settle(shop_db, 60, &err), 1);
	expect_state(&dead, PURCHASE_UNKNOWN);
	expect_state(&live, PURCHASE_INTENDED);
}

static void test_called_off_and_wanted_again(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE intended = intend(&job, 0, sunset);
	AUTO_PURCHASE a = know(&job, 1, sunset);
	AUTO_PURCHASE b = know(&job, 2, sunset);
	AUTO_PURCHASE kept = keep(&job, 3, sunset);
	struct purchase *list = NULL;
	size_t n = 9;

	(void)state;
	expect_ok(purchases_to_cancel(shop_db, "runway", 9, &list, &n, &err), &err);
	assert_int_equal(n, 0);
	purchases_free(list, n);

	expect(videos_delete(shop_db, &video, &err), 1);
	expect_ok(purchases_to_cancel(shop_db, "elevenlabs", 9, &list, &n, &err), &err);
	assert_int_equal(n, 0);
	purchases_free(list, n);
	expect_ok(purchases_to_cancel(shop_db, "runway", 9, &list, &n, &err), &err);
	assert_int_equal(n, 2);
	assert_true(list[0].cancel);
	assert_string_equal(list[0].vendor_id, "task-1");
	purchases_free(list, n);
	answer(&intended, PURCHASE_KNOWN, 1); /* late: now it can be called off too */
	expect_ok(purchases_to_cancel(shop_db, "runway", 2, &list, &n, &err), &err);
	assert_int_equal(n, 2); /* no more than asked for */
	purchases_free(list, n);

	expect(purchases_cancelled(shop_db, &a.id, PURCHASE_CANCELLED, &err), 0);
	expect(purchases_cancelled(shop_db, &b.id, PURCHASE_KNOWN, &err), 0);
	expect(purchases_cancelled(shop_db, &kept.id, PURCHASE_CANCELLED, &err), 0);
	expect_state(&a, PURCHASE_CANCELLED);
	expect_state(&b, PURCHASE_KNOWN);
	expect_state(&kept, PURCHASE_KEPT);
	expect_ok(purchases_to_cancel(shop_db, "runway", 9, &list, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_true(uuid_equal(&list[0].id, &intended.id));
	purchases_free(list, n);
}

static void test_a_repeat_that_was_accepted_is_counted(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = intend(&job, 0, sunset);

	(void)state;
	expect(purchases_written_off(shop_db, &video, "scene", 0, sunset, &err), 0);
	expect(purchases_move(shop_db, &job, &p.id, PURCHASE_WRITTEN_OFF, &err), 1);
	expect_state(&p, PURCHASE_INTENDED); /* only what is unknown */
	answer(&p, PURCHASE_UNKNOWN, 1);
	expect(purchases_move(shop_db, &job, &p.id, PURCHASE_WRITTEN_OFF, &err), 1);
	expect_state(&p, PURCHASE_WRITTEN_OFF);
	expect(purchases_written_off(shop_db, &video, "scene", 0, sunset, &err), 1);
	expect(purchases_written_off(shop_db, &video, "scene", 1, sunset, &err), 0);
	expect(purchases_written_off(shop_db, &video, "scene", 0, harbour, &err), 0);
	expect_found(&job, 0, sunset, true, NOTHING);
}

static void test_what_failed_says_what_it_cost(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = know(&job, 0, sunset);
	AUTO_PURCHASE kept = keep(&job, 1, harbour);
	struct purchase *list = NULL;
	size_t n = 0;

	(void)state;
	p.state = PURCHASE_FAILED;
	p.cost_milli = 0;
	p.detail = xstrdup("SAFETY.INPUT.TEXT");
	expect(purchases_lost(shop_db, &job, &p, &err), 1);
	kept.state = PURCHASE_FAILED; /* the file is gone for good */
	kept.cost_milli = -1;
	expect(purchases_lost(shop_db, &job, &kept, &err), 1);
	expect_found(&job, 0, sunset, true, NOTHING);
	expect_found(&job, 1, harbour, true, NOTHING);
	expect_ok(purchases_list(shop_db, &video, &list, &n, &err), &err);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(list[i].state, PURCHASE_FAILED);
		assert_int_equal(list[i].cost_milli, list[i].item == 0 ? 0 : 50000);
	}
	assert_int_equal(number("SELECT COUNT(*) FROM purchases WHERE detail = 'SAFETY.INPUT.TEXT'"), 1);
	purchases_free(list, n);
}

static void test_the_ledger_outlives_the_video(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE intended = intend(&job, 0, sunset);

	(void)state;
	session_exec(shop_db, "UPDATE jobs SET state = 3, finished_at = UTC_TIMESTAMP(3), run_slot = NULL, "
			      "lease_until = NULL");
	remove_video(&video);
	assert_int_equal(
		number("SELECT COUNT(*) FROM purchases WHERE cancel_req = 1 AND state = 'intended'"), 1);
	answer(&intended, PURCHASE_KNOWN, 1);
	assert_int_equal(number("SELECT COUNT(*) FROM videos"), 0);
}

#define TEST(f) cmocka_unit_test_setup(f, shop_empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_intent_is_found_as_it_was_written),
		TEST(test_an_intent_whose_answer_was_lost_may_be_written_again),
		TEST(test_who_lost_the_lease_writes_nothing),
		TEST(test_a_late_answer_needs_no_lease),
		TEST(test_a_live_claims_intent_is_not_given_up),
		TEST(test_only_what_is_open_is_answered),
		TEST(test_an_answer_twice_is_the_same_answer),
		TEST(test_an_answer_that_is_the_artefact),
		TEST(test_words_of_the_vendor_fit_whatever_they_are),
		TEST(test_what_is_kept_is_used),
		TEST(test_equal_ones_are_taken_from_the_same_store_when_kept),
		TEST(test_a_scene_that_moved_finds_what_it_bought),
		TEST(test_what_is_being_removed_is_gone),
		TEST(test_using_waits_for_who_removes),
		TEST(test_only_what_no_video_uses_is_released),
		TEST(test_what_a_step_let_go_of_is_released),
		TEST(test_intents_that_nobody_will_answer_are_settled),
		TEST(test_called_off_and_wanted_again),
		TEST(test_a_repeat_that_was_accepted_is_counted),
		TEST(test_what_failed_says_what_it_cost),
		TEST(test_the_ledger_outlives_the_video),
	};

	return cmocka_run_group_tests_name("purchases", tests, shop_open, shop_close);
}
