/* Orders against a real ledger: what is found leads to what is done, and an answer is written whatever
 * happens. */

#include "daemon/vendor/buy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/engine.h"
#include "daemon/run.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/io/loop.h"
#include "lib/remote/verdict.h"
#include "tests/unit/shop.h"

#define PATIENCE_MS 20000
#define ANSWER_MS   60000

static struct err err;
static struct settings settings;
static struct engine engine;
static struct run run;
static struct step step, again; /* two tries of the same step */
static const uint8_t hash[DIGEST_SHA256_BYTES] = {7};

/* What the step was told */
static struct {
	int times;
	struct step *step;
	bool accepted;
	int state;
	struct verdict verdict;
} told;

static int set_up(void **state)
{
	(void)shop_empty(state);
	settings = shop_settings;
	engine = (struct engine){.db = shop_db, .settings = &settings};
	if (loop_new(&engine.loop, &err) < 0 || engine_init(&engine, &err) < 0)
		return -1;
	(void)shop_video("shop-a", 1);
	run = (struct run){.engine = &engine, .job = shop_claim(), .video = {.reuse = true}};
	step = again = (struct step){.run = &run, .id = STEP_SCENE};
	memset(&told, 0, sizeof(told));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	engine_done(&engine);
	loop_free(engine.loop);
	return 0;
}

static void tell(struct step *s, const struct purchase *p, const struct verdict *v, void *arg)
{
	(void)arg;
	told.times++;
	told.step = s;
	told.accepted = !v;
	told.state = p->state;
	if (v)
		told.verdict = *v;
}

static void wait_for_orders(void)
{
	int64_t deadline = clock_mono_ms() + PATIENCE_MS;

	while (orders_pending(&engine)) {
		if (clock_mono_ms() > deadline)
			fail_msg("an order is never over");
		expect_ok(loop_step(engine.loop, 100, &err), &err);
	}
}

static struct wish wish(void)
{
	return (struct wish){.id = uuid_new(),
		.vendor = "runway",
		.request_hash = hash,
		.hash = hash,
		.request = "{}",
		.estimate_milli = 24000,
		.answer_ms = ANSWER_MS};
}

/* What is to be done, or -1. */
static int look_as(struct step *s, const struct wish *w, struct order **ret_order)
{
	AUTO_PURCHASE p = {.request = NULL};
	enum buy_next next;

	return buy_look(s, w, &next, &p, ret_order, &err) < 0 ? -1 : (int)next;
}

static int look(void)
{
	struct wish w = wish();
	struct order *o = NULL;

	return look_as(&step, &w, &o);
}

static struct order *intend(void)
{
	struct wish w = wish();
	struct order *o = NULL;

	expect_ok(buy_intend(&step, &w, &o, &err), &err);
	order_on_done(o, tell, NULL);
	return o;
}

static void deny(struct order *o, enum err_kind kind)
{
	struct verdict v = {.told = "No."};

	(void)err_set(&v.err, kind, "the vendor's words");
	order_denied(o, &v);
	wait_for_orders();
}

#define expect_rows(state, wanted)                                                                           \
	assert_int_equal(                                                                                    \
		session_number(shop_db, "SELECT COUNT(*) FROM purchases WHERE state = '" state "'"), wanted)

static void next_claim(void)
{
	run.job = shop_claim_rival();
}

static void test_intent_before_answer_before_step(void **state)
{
	struct order *o;

	(void)state;
	assert_int_equal(look(), BUY_SEND);
	o = intend();
	expect_rows("intended", 1);
	assert_true(orders_pending(&engine));
	order_known(o, "task-1", 25000);
	expect_rows("known", 1);
	assert_int_equal(told.times, 0); /* from the loop only */
	wait_for_orders();
	assert_int_equal(told.times, 1);
	assert_true(told.accepted && told.step == &step);
	assert_int_equal(session_number(shop_db, "SELECT estimate_milli FROM purchases"), 25000);
	assert_int_equal(look(), BUY_ASK);
}

static void test_what_is_kept_is_taken(void **state)
{
	(void)state;
	order_kept(intend(), "request-1", "ab/x-1.mp3", 5, 17000, "{}");
	wait_for_orders();
	assert_int_equal(told.state, PURCHASE_KEPT);
	expect_rows("kept", 1);
	assert_int_equal(session_number(shop_db, "SELECT cost_milli FROM purchases"), 17000);
	assert_int_equal(look(), BUY_TAKE);
}

static void test_refused_it_may_be_bought_again(void **state)
{
	(void)state;
	deny(intend(), ERR_TEMP);
	assert_false(told.accepted);
	assert_int_equal(told.verdict.err.kind, ERR_TEMP);
	assert_string_equal(told.verdict.told, "No.");
	expect_rows("refused", 1);
	assert_int_equal(look(), BUY_SEND);
}

static void test_not_sent_is_refused(void **state)
{
	struct err e;

	(void)state;
	(void)err_set(&e, ERR_UNCERTAIN, "no descriptor");
	order_not_sent(intend(), &e);
	wait_for_orders();
	assert_int_equal(told.verdict.err.kind, ERR_TEMP);
	expect_rows("refused", 1);
}

static void test_unknown_is_not_repeated(void **state)
{
	(void)state;
	deny(intend(), ERR_UNCERTAIN);
	assert_int_equal(told.verdict.err.kind, ERR_UNCERTAIN);
	expect_rows("unknown", 1);
	expect_err(look(), &err, ERR_UNCERTAIN, 0);
	next_claim();
	expect_err(look(), &err, ERR_UNCERTAIN, 0);
	expect_rows("unknown", 1);
}

static void test_unknown_is_repeated_once_where_that_is_set(void **state)
{
	(void)state;
	settings.unknown_charge = UNKNOWN_REPEAT_ONCE;
	deny(intend(), ERR_UNCERTAIN);
	assert_int_equal(look(), BUY_SEND);
	expect_rows("written_off", 1);
	deny(intend(), ERR_UNCERTAIN);
	expect_err(look(), &err, ERR_UNCERTAIN, 0);
	expect_rows("written_off", 1);
	expect_rows("unknown", 1);
}

/* As after kill -9: the row is there, its order is not. */
static void die(void)
{
	(void)intend();
	orders_free(&engine);
	session_exec(shop_db, "UPDATE purchases SET state = 'intended'");
}

static void let_it_age(void)
{
	session_exec(shop_db, "UPDATE purchases SET created_at = created_at - INTERVAL 60 SECOND");
}

/* Its daemon may be alive, and write the answer down. */
static void test_an_intent_of_a_lost_claim_is_waited_for(void **state)
{
	struct order *asleep = intend();

	(void)state;
	engine.orders = NULL; /* another daemon's */
	next_claim();
	settings.unknown_charge = UNKNOWN_REPEAT_ONCE;
	expect_err(look(), &err, ERR_TEMP, 0);
	assert_true(step.paid);
	assert_in_range(step.wait_ms, ANSWER_MS / 2, ANSWER_MS);
	expect_rows("intended", 1);
	engine.orders = asleep;
	order_abandon(asleep);
	order_known(asleep, "task-1", -1);
	wait_for_orders();
	assert_int_equal(look(), BUY_ASK);
}

static void test_an_intent_of_a_lost_claim_is_unknown_when_no_answer_can_come(void **state)
{
	(void)state;
	die();
	next_claim();
	let_it_age();
	expect_err(look(), &err, ERR_UNCERTAIN, 0);
	expect_rows("unknown", 1);
}

static void test_an_intent_of_a_dead_daemon_is_unknown_at_once(void **state)
{
	(void)state;
	die();
	assert_int_equal(jobs_take_back(shop_other, &shop_rival, shop_rules.worker, &err), 1);
	expect_rows("unknown", 1);
	run.job = shop_claim();
	expect_err(look(), &err, ERR_UNCERTAIN, 0);
}

/* Its answer could not be written, and is not under way any more. */
static void test_an_intent_of_our_own_is_unknown_at_once(void **state)
{
	(void)state;
	die();
	expect_err(look(), &err, ERR_UNCERTAIN, 0);
	expect_rows("unknown", 1);
}

static void test_the_answer_to_a_request_that_was_written_off_is_called_off(void **state)
{
	struct order *o = intend();

	(void)state;
	order_abandon(o);
	engine.orders = NULL;
	next_claim();
	let_it_age();
	settings.unknown_charge = UNKNOWN_REPEAT_ONCE;
	assert_int_equal(look(), BUY_SEND);
	expect_rows("written_off", 1);
	engine.orders = o;
	order_known(o, "task-1", -1);
	wait_for_orders();
	assert_int_equal(session_number(shop_db, "SELECT COUNT(*) FROM purchases WHERE state = 'known' AND "
						 "vendor_id = 'task-1' AND cancel_req = 1"),
		1);
}

static void test_a_step_that_was_stopped_leaves_its_order(void **state)
{
	(void)state;
	order_abandon(intend());
	assert_true(orders_pending(&engine));
	order_known(engine.orders, "task-1", -1);
	wait_for_orders();
	assert_int_equal(told.times, 0);
	expect_rows("known", 1);
}

static void test_the_next_try_waits_for_the_same_order(void **state)
{
	struct order *o = intend(), *found = NULL;
	struct wish w = wish();

	(void)state;
	order_abandon(o);
	assert_int_equal(look_as(&again, &w, &found), BUY_WAIT);
	assert_ptr_equal(found, o);
	order_on_done(found, tell, NULL);
	order_known(o, "task-1", -1);
	wait_for_orders();
	assert_ptr_equal(told.step, &again);
	expect_rows("known", 1);
}

static void test_a_late_answer_is_written_after_the_lease_was_lost(void **state)
{
	struct order *o = intend();

	(void)state;
	order_abandon(o);
	next_claim();
	order_kept(o, "request-1", "ab/x-1.mp3", 5, -1, "{}");
	wait_for_orders();
	expect_rows("kept", 1);
	assert_int_equal(look(), BUY_TAKE);
}

static void test_without_the_lease_nothing_is_intended(void **state)
{
	struct wish w = wish();
	struct order *o = NULL;

	(void)state;
	(void)shop_claim_rival();
	expect_err(buy_intend(&step, &w, &o, &err), &err, ERR_CANCELED, 0);
	assert_false(orders_pending(&engine));
	assert_int_equal(session_number(shop_db, "SELECT COUNT(*) FROM purchases"), 0);
}

static void test_nothing_is_bought_for_a_video_that_is_about_to_end(void **state)
{
	struct wish w = wish();
	struct order *o = NULL;

	(void)state;
	run.settling = RUN_FAILED;
	expect_err(buy_intend(&step, &w, &o, &err), &err, ERR_TEMP, 0);
	assert_int_equal(session_number(shop_db, "SELECT COUNT(*) FROM purchases"), 0);
}

static bool it_is_here(const struct engine *en, struct purchase *p)
{
	(void)en;
	(void)snprintf(p->vendor_id, sizeof(p->vendor_id), "request-1");
	(void)snprintf(p->artefact, sizeof(p->artefact), "ab/x-1.mp3");
	p->bytes = 5;
	return true;
}

static void test_an_answer_that_is_here_all_the_same_is_recovered(void **state)
{
	struct wish w = wish();
	struct order *o = NULL;

	(void)state;
	(void)intend();
	orders_free(&engine);
	next_claim();
	w.recover = it_is_here;
	assert_int_equal(look_as(&step, &w, &o), BUY_TAKE);
	expect_rows("kept", 1);
}

static void test_an_answer_waits_for_the_database(void **state)
{
	struct order *o = intend();

	(void)state;
	test_server_kill(&session_server);
	order_known(o, "task-1", -1);
	assert_int_equal(told.times, 0);
	test_db_start(&session_server);
	wait_for_orders();
	assert_true(told.accepted);
	expect_rows("known", 1);
}

static void count(void *call)
{
	++*(int *)call;
}

static void test_the_end_cancels_what_is_under_way(void **state)
{
	int cancelled = 0;

	(void)state;
	order_set_call(intend(), count, &cancelled);
	orders_free(&engine);
	assert_int_equal(cancelled, 1);
	expect_rows("unknown", 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_intent_before_answer_before_step),
		TEST(test_what_is_kept_is_taken),
		TEST(test_refused_it_may_be_bought_again),
		TEST(test_not_sent_is_refused),
		TEST(test_unknown_is_not_repeated),
		TEST(test_unknown_is_repeated_once_where_that_is_set),
		TEST(test_an_intent_of_a_lost_claim_is_waited_for),
		TEST(test_an_intent_of_a_lost_claim_is_unknown_when_no_answer_can_come),
		TEST(test_an_intent_of_a_dead_daemon_is_unknown_at_once),
		TEST(test_an_intent_of_our_own_is_unknown_at_once),
		TEST(test_the_answer_to_a_request_that_was_written_off_is_called_off),
		TEST(test_a_step_that_was_stopped_leaves_its_order),
		TEST(test_the_next_try_waits_for_the_same_order),
		TEST(test_a_late_answer_is_written_after_the_lease_was_lost),
		TEST(test_without_the_lease_nothing_is_intended),
		TEST(test_nothing_is_bought_for_a_video_that_is_about_to_end),
		TEST(test_an_answer_that_is_here_all_the_same_is_recovered),
		TEST(test_an_answer_waits_for_the_database),
		TEST(test_the_end_cancels_what_is_under_way),
	};

	return cmocka_run_group_tests_name("buy", tests, shop_open, shop_close);
}
