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
#include "lib/io/db.h"
#include "tests/unit/ledger.h"
#include "tests/unit/shop.h"

static struct err err;

static void expect(int rc, int wanted)
{
	expect_rc(rc, wanted, &err);
}

/* Of a step that both hashes are the same for. */
static int find(struct db *db, const struct job *job, const char *kind, int64_t item, const uint8_t *hash,
	bool reuse, struct purchase *ret)
{
	const struct purchase_key key = {.kind = kind, .item = item, .request_hash = hash, .hash = hash};

	return purchases_find(db, job, &key, reuse, ret, &err);
}

static int written_off(const struct uuid *video, int64_t item, const uint8_t *hash)
{
	const struct purchase_key key = {
		.kind = "scene", .item = item, .request_hash = hash, .hash = ledger_garden};

	return purchases_written_off(shop_db, video, &key, &err);
}

/* 1 moved, 0 not, -1 the lease was lost. */
static int move(const struct job *job, const struct purchase *p, enum purchase_state to)
{
	bool moved = false;
	int rc = purchases_move(shop_db, job, &p->id, to, &moved, &err);

	if (rc < 0)
		fail_msg("move: %s", err.text);
	return rc == 1 ? moved : -1;
}

/* The state of what is found for the step, or PURCHASE_STATE_COUNT for nothing. */
static int found_for(const struct job *job, int64_t item, const uint8_t *hash, bool reuse)
{
	AUTO_PURCHASE p = {.request = NULL};
	int found = find(shop_db, job, "scene", item, hash, reuse, &p);

	if (found < 0)
		fail_msg("find: %s", err.text);
	return found ? p.state : PURCHASE_STATE_COUNT;
}

#define expect_found(job, item, hash, reuse, wanted)                                                         \
	assert_int_equal(found_for(job, item, hash, reuse), wanted)
#define NOTHING PURCHASE_STATE_COUNT

static int64_t number(const char *sql)
{
	return session_number(shop_db, sql);
}

static void test_an_intent_is_found_as_it_was_written(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = {.request = NULL};
	AUTO_PURCHASE w = ledger_intend(&job, 2, ledger_sunset);

	(void)state;
	expect(find(shop_db, &job, "scene", 2, ledger_sunset, true, &p), 1);
	assert_int_equal(p.state, PURCHASE_INTENDED);
	assert_true(uuid_equal(&p.id, &w.id));
	assert_true(uuid_equal(&p.video_id, &video));
	assert_string_equal(p.vendor, "runway");
	assert_string_equal(p.kind, "scene");
	assert_int_equal(p.item, 2);
	assert_memory_equal(p.hash, ledger_sunset, sizeof(ledger_sunset));
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

	expect_found(&job, 2, ledger_harbour, true, NOTHING);
	expect(find(shop_db, &job, "voice", 2, ledger_sunset, true, &p), 0);
}

static void test_an_intent_whose_answer_was_lost_may_be_written_again(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = ledger_intend(&job, 0, ledger_sunset);

	(void)state;
	expect(purchases_intend(shop_db, &shop_settings, &job, &p, &err), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM purchases"), 1);
	ledger_answer(&p, PURCHASE_KNOWN, 1);
	expect(purchases_intend(shop_db, &shop_settings, &job, &p, &err),
		0); /* it is sent already: not a second time */
}

static void test_nothing_is_intended_beyond_the_stores_day(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	struct settings poor = shop_settings;
	AUTO_PURCHASE first = ledger_wish(0, ledger_sunset);
	AUTO_PURCHASE second = ledger_wish(1, ledger_harbour);

	(void)state;
	poor.max_store_day_credits = first.estimate_milli / 1000;
	expect(purchases_intend(shop_db, &poor, &job, &first, &err), 1);
	expect(purchases_intend(shop_db, &poor, &job, &first, &err),
		1); /* the same once more, after a lost reply */
	expect_err(purchases_intend(shop_db, &poor, &job, &second, &err), &err, ERR_BLOCKED, 402);
	assert_int_equal(number("SELECT COUNT(*) FROM purchases"), 1);
}

static void test_who_lost_the_lease_writes_nothing(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job old = shop_claim();
	AUTO_PURCHASE a = ledger_know(&old, 0, ledger_sunset);
	AUTO_PURCHASE b = ledger_wish(1, ledger_harbour);
	AUTO_PURCHASE other = ledger_keep(&old, 2, ledger_harbour);
	struct job fresh = shop_claim_rival();
	bool gone = true;

	(void)state;
	assert_true(fresh.token != old.token);
	expect(purchases_intend(shop_db, &shop_settings, &old, &b, &err), 0);
	expect_found(&old, 0, ledger_sunset, true, NOTHING);
	(void)snprintf(a.artefact, sizeof(a.artefact), "ab/a.mp4");
	expect(purchases_kept(shop_db, &old, &a, &err), 0);
	expect(purchases_use(shop_db, &old, "scene", 0, &other.id, &gone, &err), 0);
	a.state = PURCHASE_FAILED;
	expect(purchases_lost(shop_db, &old, &a, &err), 0);
	assert_int_equal(move(&old, &a, PURCHASE_UNKNOWN), -1);
	assert_int_equal(number("SELECT COUNT(*) FROM purchases"), 2);
	assert_int_equal(number("SELECT COUNT(*) FROM purchase_uses"), 1); /* from before */
	ledger_expect(&a, PURCHASE_KNOWN);
}

static void test_a_late_answer_needs_no_lease(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job old = shop_claim(), fresh;
	AUTO_PURCHASE p = ledger_intend(&old, 0, ledger_sunset);
	AUTO_PURCHASE again = {.request = NULL};

	(void)state;
	fresh = shop_claim_rival();
	expect_found(&fresh, 0, ledger_sunset, true, PURCHASE_INTENDED);
	assert_int_equal(move(&fresh, &p, PURCHASE_UNKNOWN), 1);
	expect_found(&fresh, 0, ledger_sunset, true, PURCHASE_UNKNOWN);

	p.estimate_milli = 55000;
	ledger_answer(&p, PURCHASE_KNOWN, 1);
	expect(find(shop_other, &fresh, "scene", 0, ledger_sunset, true, &again), 1);
	assert_int_equal(again.state, PURCHASE_KNOWN);
	assert_string_equal(again.vendor_id, "task-1");
	assert_int_equal(again.estimate_milli, 55000);
	assert_true(again.token == fresh.token); /* taken up */
}

static void test_a_live_claims_intent_is_not_given_up(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = ledger_intend(&job, 0, ledger_sunset);

	(void)state;
	assert_int_equal(move(&job, &p, PURCHASE_UNKNOWN), 0);
	ledger_expect(&p, PURCHASE_INTENDED);
	ledger_answer(&p, PURCHASE_UNKNOWN, 1); /* it says so itself */
	ledger_expect(&p, PURCHASE_UNKNOWN);
}

static void test_only_what_is_open_is_answered(void **state)
{
	static const bool open[PURCHASE_STATE_COUNT] = {
		[PURCHASE_INTENDED] = true, [PURCHASE_UNKNOWN] = true, [PURCHASE_WRITTEN_OFF] = true};

	(void)state;
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();

	for (int from = 0; from < PURCHASE_STATE_COUNT; from++) {
		AUTO_PURCHASE p = ledger_intend(&job, from, ledger_sunset);
		AUTO_FREE char *sql = xasprintf("UPDATE purchases SET state = '%s', vendor_id = 'old', "
						"artefact = 'ab/x' WHERE item = %d",
			purchase_state_names[from], from);

		expect_ok(db_script(shop_db, sql, &err), &err);
		ledger_answer(&p, PURCHASE_REFUSED, open[from] || from == PURCHASE_REFUSED);
		ledger_expect(&p, open[from] ? PURCHASE_REFUSED : (enum purchase_state)from);
	}
}

static void test_an_answer_twice_is_the_same_answer(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = ledger_know(&job, 0, ledger_sunset);

	(void)state;
	ledger_answer(&p, PURCHASE_KNOWN, 1);
	ledger_answer(&p, PURCHASE_UNKNOWN, 0);
	p.state = PURCHASE_KNOWN;
	(void)snprintf(p.vendor_id, sizeof(p.vendor_id), "another-task");
	expect(purchases_answered(shop_db, &p, &err), 0);
	p.token++;
	ledger_answer(&p, PURCHASE_KNOWN, 0); /* another claim's */
}

static void test_an_answer_that_is_the_artefact(void **state)
{
	(void)shop_video("shop-a", 1);
	struct job old = shop_claim(), fresh;
	AUTO_PURCHASE p = ledger_intend(&old, 0, ledger_sunset);
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
	expect(find(shop_db, &fresh, "scene", 0, ledger_sunset, false, &again), 1);
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
	AUTO_PURCHASE p = ledger_intend(&job, 0, ledger_sunset);
	AUTO_PURCHASE q = ledger_intend(&job, 1, ledger_sunset);

	(void)state;
	p.detail = xstrdup("no\xff\xfe way");
	ledger_answer(&p, PURCHASE_REFUSED, 1);
	assert_int_equal(number("SELECT detail = 'no?? way' FROM purchases WHERE item = 0"), 1);
	q.detail = xmalloc(9001);
	memset(q.detail, 'x', 9000);
	q.detail[9000] = '\0';
	ledger_answer(&q, PURCHASE_FAILED, 1);
	assert_int_equal(number("SELECT CHAR_LENGTH(detail) FROM purchases WHERE item = 1"), 2000);
}

static void test_what_is_kept_is_used(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = ledger_keep(&job, 3, ledger_sunset);
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
	expect(purchases_knows(shop_db, &p.id, &err), 1);
	expect(purchases_knows(shop_db, &video, &err), 0);
}

static void test_equal_ones_are_taken_from_the_same_store_when_kept(void **state)
{
	(void)state;
	(void)shop_video("shop-a", 1);
	struct job first = shop_claim(), second, stranger;
	AUTO_PURCHASE kept = ledger_keep(&first, 0, ledger_sunset);
	AUTO_PURCHASE known = ledger_know(&first, 1, ledger_harbour);
	struct uuid video = shop_video("shop-a", 1);
	struct purchase *used = NULL;
	bool gone = true;
	size_t n = 0;

	second = shop_claim();
	expect_found(&second, 7, ledger_sunset, false, NOTHING); /* refused */
	expect_found(&second, 7, ledger_harbour, true, NOTHING); /* not here yet */
	expect_found(&second, 7, ledger_sunset, true, PURCHASE_KEPT);
	expect(purchases_use(shop_db, &second, "scene", 7, &kept.id, &gone, &err), 1);
	assert_false(gone);
	expect_ok(purchases_used(shop_db, &video, &used, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_int_equal(used[0].item, 7); /* the step's, not the purchase's */
	assert_true(uuid_equal(&used[0].id, &kept.id));
	purchases_free(used, n);
	ledger_expect(&known, PURCHASE_KNOWN);

	(void)shop_video("shop-b", 1);
	stranger = shop_claim();
	expect_found(&stranger, 0, ledger_sunset, true, NOTHING);
}

static void test_a_scene_that_moved_finds_what_it_bought(void **state)
{
	(void)state;
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE kept = ledger_keep(&job, 0, ledger_sunset);
	AUTO_PURCHASE known = ledger_know(&job, 1, ledger_harbour);

	expect_found(&job, 5, ledger_sunset, false, PURCHASE_KEPT);
	expect_found(&job, 6, ledger_harbour, false, NOTHING); /* this claim works on it for another scene */
	job = shop_claim_rival();
	expect_found(&job, 6, ledger_harbour, false, PURCHASE_KNOWN);
	expect_found(&job, 1, ledger_harbour, false, NOTHING); /* an equal scene buys its own */
	expect_found(&job, 6, ledger_harbour, false, PURCHASE_KNOWN);
	ledger_expect(&kept, PURCHASE_KEPT);
	ledger_expect(&known, PURCHASE_KNOWN);
}

static void test_what_is_being_removed_is_gone(void **state)
{
	(void)state;
	(void)shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = ledger_keep(&job, 0, ledger_sunset);
	bool gone = false;

	session_exec(shop_db, "DELETE FROM purchase_uses");
	session_exec(shop_db, "UPDATE purchases SET state = 'removing'");
	expect_found(&job, 0, ledger_sunset, true, NOTHING);
	expect(purchases_use(shop_db, &job, "scene", 0, &p.id, &gone, &err), 1);
	assert_true(gone);
	assert_int_equal(number("SELECT COUNT(*) FROM purchase_uses"), 0);
	expect(purchases_knows(shop_db, &p.id, &err), 1);
	expect(purchases_removed(shop_db, &p.id, &err), 0);
	ledger_expect(&p, PURCHASE_REMOVED);
	expect(purchases_knows(shop_db, &p.id, &err), 0);
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
	AUTO_PURCHASE p = ledger_keep(&job, 0, ledger_sunset);

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

static void test_a_repeat_that_was_accepted_is_counted(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = ledger_intend(&job, 0, ledger_sunset);

	(void)state;
	expect(written_off(&video, 0, ledger_sunset), 0);
	assert_int_equal(move(&job, &p, PURCHASE_WRITTEN_OFF), 0);
	ledger_expect(&p, PURCHASE_INTENDED); /* only what is unknown */
	ledger_answer(&p, PURCHASE_UNKNOWN, 1);
	assert_int_equal(move(&job, &p, PURCHASE_WRITTEN_OFF), 1);
	ledger_expect(&p, PURCHASE_WRITTEN_OFF);
	expect(written_off(&video, 0, ledger_sunset), 1);
	expect(written_off(&video, 1, ledger_sunset), 0);
	expect(written_off(&video, 0, ledger_harbour), 0);
	expect_found(&job, 0, ledger_sunset, true, NOTHING);
	assert_int_equal(move(&job, &p, PURCHASE_WRITTEN_OFF), 0);
}

/* The claim of a purchase is lost, and a repeat of it accepted: its answer comes all the same. */
static struct purchase written_off_before_its_answer(void)
{
	(void)shop_video("shop-a", 1);
	struct job old = shop_claim(), fresh;
	struct purchase p = ledger_intend(&old, 0, ledger_sunset);

	fresh = shop_claim_rival();
	assert_int_equal(move(&fresh, &p, PURCHASE_UNKNOWN), 1);
	assert_int_equal(move(&fresh, &p, PURCHASE_WRITTEN_OFF), 1);
	return p;
}

static void test_a_task_that_was_written_off_is_called_off(void **state)
{
	AUTO_PURCHASE p = written_off_before_its_answer();

	(void)state;
	ledger_answer(&p, PURCHASE_UNKNOWN, 0);
	ledger_expect(&p, PURCHASE_WRITTEN_OFF);
	ledger_answer(&p, PURCHASE_KNOWN, 1);
	ledger_answer(&p, PURCHASE_KNOWN, 1);
	ledger_expect(&p, PURCHASE_KNOWN);
	assert_int_equal(
		number("SELECT COUNT(*) FROM purchases WHERE vendor_id = 'task-1' AND cancel_req = 1 "
		       "AND ended_at IS NULL"),
		1);
}

static void test_speech_that_was_written_off_is_kept(void **state)
{
	AUTO_PURCHASE p = written_off_before_its_answer();

	(void)state;
	p.state = PURCHASE_KEPT;
	(void)snprintf(p.vendor_id, sizeof(p.vendor_id), "request-1");
	(void)snprintf(p.artefact, sizeof(p.artefact), "ab/speech.mp3");
	p.cost_milli = 61000;
	expect(purchases_answered(shop_db, &p, &err), 1);
	assert_int_equal(number("SELECT cost_milli FROM purchases WHERE state = 'kept'"), 61000);
	expect(purchases_release(shop_db, &err), 0); /* its video is there */
	ledger_expect(&p, PURCHASE_KEPT);
}

static void test_a_video_finds_its_own_by_what_was_asked_for(void **state)
{
	static const uint8_t one[DIGEST_SHA256_BYTES] = {9}, other[DIGEST_SHA256_BYTES] = {8};
	const struct purchase_key changed = {"scene", 0, ledger_sunset,
					  one}, /* a setting, a picture's bytes */
		equal = {"scene", 0, one, ledger_sunset}, neither = {"scene", 0, one, other};
	struct job job;

	(void)state;
	(void)shop_video("shop-a", 1);
	job = shop_claim();
	for (int state_of = PURCHASE_INTENDED; state_of <= PURCHASE_UNKNOWN; state_of++) {
		AUTO_PURCHASE p = {.request = NULL}, q = {.request = NULL}, none = {.request = NULL};
		AUTO_PURCHASE made UNUSED = ledger_intend(&job, 0, ledger_sunset);
		AUTO_FREE char *sql = xasprintf("UPDATE purchases SET vendor_id = 'x', artefact = 'x', "
						"state = '%s'",
			purchase_state_names[state_of]);

		expect_ok(db_script(shop_db, sql, &err), &err);
		expect(purchases_find(shop_db, &job, &changed, false, &p, &err), 1);
		assert_int_equal(p.state, state_of);
		assert_memory_equal(p.request_hash, ledger_sunset, sizeof(ledger_sunset));
		expect(purchases_find(shop_db, &job, &equal, false, &q, &err), 1);
		expect(purchases_find(shop_db, &job, &neither, true, &none, &err), 0);
		session_exec(shop_db, "DELETE FROM purchases");
	}
}

static void test_other_videos_find_it_by_its_content_only(void **state)
{
	static const uint8_t one[DIGEST_SHA256_BYTES] = {9};
	const struct purchase_key changed = {"scene", 0, ledger_sunset, one},
				  equal = {"scene", 0, one, ledger_sunset};
	AUTO_PURCHASE p = {.request = NULL};
	struct job job;

	(void)state;
	(void)shop_video("shop-a", 1);
	job = shop_claim();
	AUTO_PURCHASE made UNUSED = ledger_keep(&job, 0, ledger_sunset);

	(void)shop_video("shop-a", 1);
	job = shop_claim();
	expect(purchases_find(shop_db, &job, &changed, true, &p, &err), 0);
	expect(purchases_find(shop_db, &job, &equal, true, &p, &err), 1);
}

static void test_what_failed_says_what_it_cost(void **state)
{
	struct uuid video = shop_video("shop-a", 1);
	struct job job = shop_claim();
	AUTO_PURCHASE p = ledger_know(&job, 0, ledger_sunset);
	AUTO_PURCHASE kept = ledger_keep(&job, 1, ledger_harbour);
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
	expect_found(&job, 0, ledger_sunset, true, NOTHING);
	expect_found(&job, 1, ledger_harbour, true, NOTHING);
	expect_ok(purchases_list(shop_db, &video, &list, &n, &err), &err);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(list[i].state, PURCHASE_FAILED);
		assert_int_equal(list[i].cost_milli, list[i].item == 0 ? 0 : 50000);
	}
	assert_int_equal(number("SELECT COUNT(*) FROM purchases WHERE detail = 'SAFETY.INPUT.TEXT'"), 1);
	purchases_free(list, n);
}

#define TEST(f) cmocka_unit_test_setup(f, shop_empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_intent_is_found_as_it_was_written),
		TEST(test_an_intent_whose_answer_was_lost_may_be_written_again),
		TEST(test_nothing_is_intended_beyond_the_stores_day),
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
		TEST(test_a_repeat_that_was_accepted_is_counted),
		TEST(test_a_task_that_was_written_off_is_called_off),
		TEST(test_speech_that_was_written_off_is_kept),
		TEST(test_a_video_finds_its_own_by_what_was_asked_for),
		TEST(test_other_videos_find_it_by_its_content_only),
		TEST(test_what_failed_says_what_it_cost),
	};

	return cmocka_run_group_tests_name("purchases", tests, shop_open, shop_close);
}
