/*
 * What was bought, in a storage that survives the host: put, recorded, brought back, removed; and what comes
 * of a storage that fails. It is the local one, which says that it is remote; the ledger is a real one.
 */

#include "daemon/vendor/keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/engine.h"
#include "daemon/run.h"
#include "daemon/storage.h"
#include "daemon/vendor/bought.h"
#include "daemon/vendor/bring.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/io/loop.h"
#include "lib/video/purchases.h"
#include "tests/unit/ledger.h"
#include "tests/unit/shop.h"

#define CLIP  "a clip"
#define NOTE  "{\"requestId\":\"r\"}"
#define QUIET 50 /* ms without an event: nothing is under way */

static char folder[64];
static char bought[96];
static struct settings settings;
static struct engine engine;
static struct storage_ops ops; /* of the local one, changed */
static const struct storage_ops *honest;
static struct err err;
static enum err_kind fault; /* of what is refused; ERR_KIND_COUNT nothing is */
static unsigned put_count, remove_count;
static char never_taken[KEEPER_KEY_SIZE]; /* "" every key is */
static const char *let_go;                /* SQL that is run while a file is on its way up, once */

static struct {
	storage_done_fn *done;
	void *arg;
} refused;

static void refuse(const struct err *e, void *arg)
{
	struct err why;

	(void)arg;
	assert_non_null(e);
	(void)err_set(&why, fault == ERR_KIND_COUNT ? ERR_TEMP : fault, "refused");
	refused.done(&why, refused.arg);
}

static struct storage_call *put(
	struct storage *s, const struct storage_put *p, storage_done_fn *done, void *arg)
{
	static const struct storage_put nothing = {.file = "/nowhere", .key = "a/nothing"};

	put_count++;
	if (let_go)
		session_exec(shop_db, steal_ptr(let_go));
	if (fault == ERR_KIND_COUNT && strcmp(p->key, never_taken) != 0)
		return honest->put(s, p, done, arg);
	refused.done = done;
	refused.arg = arg;
	return honest->put(s, &nothing, refuse, NULL);
}

static struct storage_call *remove_counted(
	struct storage *s, const char *prefix, storage_done_fn *done, void *arg)
{
	remove_count++;
	return honest->remove(s, prefix, done, arg);
}

static int set_up(void **state)
{
	AUTO_FREE char *media = NULL;

	(void)shop_empty(state);
	(void)snprintf(folder, sizeof(folder), "/tmp/videod-test-keeper-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(bought, sizeof(bought), "%s/bought", folder);
	media = xasprintf("%s/bucket", folder);
	settings = (struct settings){.bought_dir = bought, .keep_bought = true};
	engine = (struct engine){.db = shop_db, .settings = &settings};
	fault = ERR_KIND_COUNT;
	put_count = remove_count = 0;
	let_go = NULL;
	never_taken[0] = '\0';
	if (loop_new(&engine.loop, &err) < 0 ||
		storage_local_new(engine.loop, media, &engine.storage, &err) < 0)
		return -1;
	honest = engine.storage->ops;
	ops = *honest;
	ops.is_remote = true;
	ops.put = put;
	ops.remove = remove_counted;
	engine.storage->ops = &ops;
	return keeper_new(&engine, &engine.keeper, &err);
}

static int tear_down(void **state)
{
	(void)state;
	keeper_free(engine.keeper);
	engine.storage->ops->free(engine.storage);
	loop_free(engine.loop);
	return fs_remove_tree(folder, &err);
}

static bool is_there(const char *where, const char *name, const char *suffix)
{
	AUTO_FREE char *path = xasprintf("%s/%s/%s%s", folder, where, name, suffix);

	return access(path, F_OK) == 0;
}

static void write_bought(const struct purchase *p, const char *suffix, const char *text)
{
	char path[BOUGHT_PATH_SIZE];
	AUTO_FREE char *whole = NULL;

	assert_int_equal(bought_make_folder(&engine, p->artefact, &err), 0);
	bought_path(&engine, p->artefact, path);
	whole = xasprintf("%s%s", path, suffix);
	expect_ok(fs_write_atomic(whole, text, strlen(text), 0640, &err), &err);
}

/* Kept in the ledger, and here; speech has a note beside it. */
static struct purchase keep(bool note)
{
	struct uuid id = shop_video("shop-a", 1);
	struct job job = shop_claim();
	struct purchase p = ledger_keep(&job, 0, ledger_sunset);

	(void)id;
	p.bytes = (int64_t)strlen(CLIP);
	session_exec(shop_db, "UPDATE purchases SET bytes = 6");
	write_bought(&p, "", CLIP);
	if (note)
		write_bought(&p, ".json", NOTE);
	return p;
}

/* A round, and whatever comes of it. */
static void round_of_keeper(void)
{
	int64_t last;

	keeper_soon(engine.keeper);
	do {
		last = (int64_t)put_count * 1000 + remove_count;
		for (int i = 0; i < 30; i++)
			assert_int_equal(loop_step(engine.loop, 0, &err), 0);
	} while (last != (int64_t)put_count * 1000 + remove_count);
	assert_int_equal(loop_step(engine.loop, QUIET, &err), 0);
}

static bool is_recorded(void)
{
	return session_number(shop_db, "SELECT COUNT(*) FROM purchases WHERE stored_in IS NOT NULL") == 1;
}

static void test_keys(void **state)
{
	char key[KEEPER_KEY_SIZE];

	(void)state;
	keeper_key("ab/x-1.mp4", key);
	assert_string_equal(key, "bought/ab/x-1.mp4");
	keeper_beside_key("ab/x-1.mp4", key);
	assert_string_equal(key, "bought/ab/x-1.mp4.json");
}

static void test_it_is_put_and_recorded_once(void **state)
{
	struct purchase p = keep(true);

	(void)state;
	round_of_keeper();
	assert_true(is_there("bucket/bought", p.artefact, ""));
	assert_true(is_there("bucket/bought", p.artefact, ".json"));
	assert_true(is_recorded());
	assert_int_equal(put_count, 2);
	round_of_keeper();
	assert_int_equal(put_count, 2);
	purchase_done(&p);
}

/* A file that it does not take stands in no other's way; one that refuses us is asked once a round. */
static void test_it_is_put_when_the_storage_is_back(void **state)
{
	static const struct {
		enum err_kind kind;
		unsigned asked;
	} cases[] = {{ERR_TEMP, 2}, {ERR_BLOCKED, 1}, {ERR_PERM, 2}};
	struct purchase p = keep(false), another = keep(false);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put_count = 0;
		fault = cases[i].kind;
		round_of_keeper();
		assert_int_equal(put_count, cases[i].asked);
		assert_int_equal(session_number(shop_db, "SELECT COUNT(stored_in) FROM purchases"), 0);
	}
	fault = ERR_KIND_COUNT;
	round_of_keeper();
	assert_int_equal(session_number(shop_db, "SELECT COUNT(stored_in) FROM purchases"), 2);
	assert_true(is_there("bucket/bought", p.artefact, ""));
	assert_true(is_there("bucket/bought", another.artefact, ""));
	purchase_done(&p);
	purchase_done(&another);
}

/* It is asked for a few, and no more of many; what is to go has its turn in the same round. */
static void test_one_that_is_away_holds_up_no_removal(void **state)
{
	struct purchase p[6];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		p[i] = keep(false);
	session_exec(shop_db, "UPDATE purchases SET state = 'removing' ORDER BY id LIMIT 1");
	fault = ERR_TEMP;
	round_of_keeper();
	assert_int_equal(put_count, 3);
	assert_int_equal(
		session_number(shop_db, "SELECT COUNT(*) FROM purchases WHERE state = 'removed'"), 1);
	assert_false(keeper_is_busy(engine.keeper));
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		purchase_done(&p[i]);
}

/* The next one, wherever this one was left. */
static void test_one_file_that_is_never_taken_holds_up_no_other(void **state)
{
	struct purchase first = keep(false), second = keep(false);
	struct purchase *never = memcmp(&first.id, &second.id, sizeof(first.id)) < 0 ? &first : &second;

	(void)state;
	keeper_key(never->artefact, never_taken);
	round_of_keeper();
	assert_true(is_recorded());
	assert_false(is_there("bucket/bought", never->artefact, ""));
	purchase_done(&first);
	purchase_done(&second);
}

/* What the rows say of the bucket of before is not true of this one. */
static void test_another_bucket_gets_it_too(void **state)
{
	struct purchase p = keep(false);

	(void)state;
	round_of_keeper();
	keeper_free(steal_ptr(engine.keeper));
	assert_int_equal(keeper_new(&engine, &engine.keeper, &err), 0);
	round_of_keeper();
	assert_int_equal(put_count, 1); /* the same one, after a restart */

	storage_set_id(engine.storage, "another");
	keeper_free(steal_ptr(engine.keeper));
	assert_int_equal(keeper_new(&engine, &engine.keeper, &err), 0);
	round_of_keeper();
	assert_int_equal(put_count, 2);
	assert_true(is_recorded());
	purchase_done(&p);
}

/* A daemon that is to end puts what this host alone has, and begins no other work. */
static void test_closing_it_puts_what_is_here(void **state)
{
	struct purchase p = keep(false), gone = keep(false);

	(void)state;
	assert_int_equal(bought_make_folder(&engine, gone.artefact, &err), 0);
	session_exec(shop_db, "UPDATE purchases SET state = 'removing' ORDER BY artefact LIMIT 1");
	keeper_close(engine.keeper);
	assert_true(keeper_is_busy(engine.keeper));
	round_of_keeper();
	assert_int_equal(put_count, 1);
	assert_int_equal(remove_count, 0);
	assert_true(is_recorded());
	assert_false(keeper_is_busy(engine.keeper));
	assert_false(keeper_is_busy(NULL));
	keeper_close(NULL);
	purchase_done(&p);
	purchase_done(&gone);
}

static void test_what_another_host_bought_is_its_own(void **state)
{
	struct purchase other = keep(false), p = keep(false);

	(void)state;
	bought_discard(&engine, other.artefact);
	round_of_keeper();
	assert_int_equal(put_count, 1);
	assert_true(is_recorded());
	assert_true(is_there("bucket/bought", p.artefact, ""));
	purchase_done(&other);
	purchase_done(&p);
}

static void test_nothing_is_put_unasked(void **state)
{
	struct purchase p = keep(false);

	(void)state;
	settings.keep_bought = false;
	round_of_keeper();
	assert_int_equal(put_count, 0);
	session_exec(shop_db, "UPDATE purchases SET state = 'removing'"); /* stored while it was asked for */
	round_of_keeper();
	assert_int_equal(remove_count, 2);
	ledger_expect(&p, PURCHASE_REMOVED);
	purchase_done(&p);
}

static void test_what_is_let_go_goes_from_everywhere(void **state)
{
	struct purchase p = keep(true);

	(void)state;
	round_of_keeper();
	session_exec(shop_db, "DELETE FROM videos");
	session_exec(shop_db, "UPDATE purchases SET cancel_req = 1");
	expect_rc(purchases_release(shop_db, &err), 1, &err);
	round_of_keeper();
	assert_false(is_there("bucket/bought", p.artefact, ""));
	assert_false(is_there("bucket/bought", p.artefact, ".json"));
	assert_false(is_there("bought", p.artefact, ""));
	ledger_expect(&p, PURCHASE_REMOVED);
	purchase_done(&p);
}

/* Nobody who came before has seen what is put after it. */
static void test_what_is_let_go_on_its_way_is_removed_by_who_put_it(void **state)
{
	struct purchase p = keep(true);

	(void)state;
	let_go = "UPDATE purchases SET state = 'removed'";
	round_of_keeper();
	assert_int_equal(put_count, 2);
	assert_false(is_recorded());
	assert_false(is_there("bucket/bought", p.artefact, ""));
	assert_false(is_there("bucket/bought", p.artefact, ".json"));
	purchase_done(&p);
}

/* It was lost, and fetched once more under another name: neither is the old copy the new one's, nor has it a
 * copy. */
static void test_what_is_fetched_anew_is_put_anew(void **state)
{
	struct purchase p = keep(false);
	struct job job = {.video_id = p.video_id};

	(void)state;
	let_go = "UPDATE purchases SET artefact = 'ab/anew.mp4'";
	round_of_keeper();
	assert_false(is_recorded());
	assert_false(is_there("bucket/bought", p.artefact, ""));

	session_exec(shop_db, "UPDATE purchases SET stored_in = 'somewhere'");
	job.id = session_number(shop_db, "SELECT id FROM jobs");
	job.token = (uint64_t)session_number(shop_db, "SELECT lease_token FROM jobs");
	expect_rc(purchases_kept(shop_db, &job, &p, &err), 1, &err);
	round_of_keeper();
	assert_true(is_recorded());
	assert_true(is_there("bucket/bought", p.artefact, ""));
	purchase_done(&p);
}

/* Bringing back */

struct answer {
	bool called;
	bool failed;
	struct err e;
};

static void brought(struct step *s, const struct err *failure, void *arg)
{
	struct answer *a = arg;

	(void)s;
	assert_false(a->called);
	a->called = true;
	a->failed = failure != NULL;
	if (failure)
		a->e = *failure;
}

static struct answer bring(const struct purchase *p)
{
	struct run run = {.engine = &engine};
	struct step step = {.run = &run};
	struct answer a = {.called = false};

	assert_true(bring_possible(&engine));
	(void)bring_begin(&step, p, brought, &a);
	assert_false(a.called);
	for (int i = 0; i < 100 && !a.called; i++)
		assert_int_equal(loop_step(engine.loop, 10000, &err), 0);
	assert_true(a.called);
	return a;
}

static void test_what_is_lost_is_brought_back(void **state)
{
	AUTO_FREE char *away = xasprintf("%s/away", folder);

	(void)state;
	for (int note = 0; note < 2; note++) {
		struct purchase p = keep(note);

		round_of_keeper();
		assert_int_equal(rename(bought, away), 0); /* the host is another one */
		assert_false(bring(&p).failed);
		assert_true(is_there("bought", p.artefact, ""));
		assert_int_equal(is_there("bought", p.artefact, ".json"), note);
		assert_int_equal(fs_remove_tree(away, &err), 0);
		purchase_done(&p);
	}
}

static void test_what_is_nowhere_or_another_is_not(void **state)
{
	struct purchase p = keep(false);
	struct answer a = bring(&p);

	(void)state;
	assert_true(a.failed);
	assert_int_equal(a.e.kind, ERR_PERM);
	assert_true(is_there("bought", p.artefact, "")); /* as it was */
	round_of_keeper();
	bought_discard(&engine, p.artefact);
	p.bytes++;
	a = bring(&p);
	assert_int_equal(a.e.kind, ERR_PERM);
	assert_false(is_there("bought", p.artefact, ""));
	purchase_done(&p);
}

/* Whoever bought it may not have come to putting it: that is waited for, for a while. */
static void test_how_long_it_is_awaited(void **state)
{
	struct purchase p = {.ended_age_ms = 60 * 1000};

	(void)state;
	assert_true(bring_awaited(&engine, &p));
	p.ended_age_ms = 3600 * 1000;
	assert_false(bring_awaited(&engine, &p));
	p.ended_age_ms = 0;
	memcpy(p.stored_in, engine.storage->id, sizeof(p.stored_in));
	assert_false(bring_awaited(&engine, &p));
	p.stored_in[0] ^= 1;
	assert_true(bring_awaited(&engine, &p));
	settings.keep_bought = false;
	assert_false(bring_awaited(&engine, &p));
}

static void test_a_cancelled_one_leaves_nothing(void **state)
{
	struct purchase p = keep(false);
	struct run run = {.engine = &engine};
	struct step step = {.run = &run};
	struct answer a = {.called = false};

	(void)state;
	round_of_keeper();
	bought_discard(&engine, p.artefact);
	bring_cancel(bring_begin(&step, &p, brought, &a));
	bring_cancel(NULL);
	assert_int_equal(loop_step(engine.loop, QUIET, &err), 0);
	assert_false(a.called);
	assert_false(is_there("bought", p.artefact, ""));
	purchase_done(&p);
}

static void test_nowhere_to_look(void **state)
{
	(void)state;
	ops.is_remote = false;
	assert_false(bring_possible(&engine));
	keeper_free(steal_ptr(engine.keeper));
	assert_int_equal(keeper_new(&engine, &engine.keeper, &err), 0);
	assert_null(engine.keeper);
	keeper_soon(engine.keeper);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		TEST(test_it_is_put_and_recorded_once),
		TEST(test_it_is_put_when_the_storage_is_back),
		TEST(test_one_that_is_away_holds_up_no_removal),
		TEST(test_one_file_that_is_never_taken_holds_up_no_other),
		TEST(test_another_bucket_gets_it_too),
		TEST(test_closing_it_puts_what_is_here),
		TEST(test_what_another_host_bought_is_its_own),
		TEST(test_nothing_is_put_unasked),
		TEST(test_what_is_let_go_goes_from_everywhere),
		TEST(test_what_is_let_go_on_its_way_is_removed_by_who_put_it),
		TEST(test_what_is_fetched_anew_is_put_anew),
		TEST(test_what_is_lost_is_brought_back),
		TEST(test_what_is_nowhere_or_another_is_not),
		TEST(test_how_long_it_is_awaited),
		TEST(test_a_cancelled_one_leaves_nothing),
		TEST(test_nowhere_to_look),
	};

	return cmocka_run_group_tests_name("keeper", tests, shop_open, shop_close);
}
