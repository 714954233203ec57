/* The folder of what was paid for: written, sealed, taken, swept. The ledger is a real one. */

#include "daemon/vendor/bought.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/engine.h"
#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/video/purchases.h"
#include "lib/video/videos.h"
#include "tests/unit/shop.h"

#define FOLDERS 256

static char folder[64];
static struct settings settings;
static struct engine engine;
static struct err err;
static char name[BOUGHT_NAME_SIZE];
static struct purchase purchase; /* that the file is named for */

static int set_up(void **state)
{
	(void)shop_empty(state);
	(void)snprintf(folder, sizeof(folder), "/tmp/videod-test-bought-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	settings = (struct settings){.bought_dir = folder};
	engine = (struct engine){.db = shop_db, .settings = &settings};
	purchase = (struct purchase){.id = uuid_new(), .vendor = "runway", .kind = "scene", .bytes = 6};
	bought_name(&purchase, 1, "mp4", name);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return fs_remove_tree(folder, &err);
}

static char *path_of(const char *suffix)
{
	return xasprintf("%s/%s%s", folder, name, suffix);
}

static bool is_there(const char *suffix)
{
	AUTO_FREE char *path = path_of(suffix);

	return access(path, F_OK) == 0;
}

static void write_part(const char *text, int64_t reserve)
{
	AUTO_CLOSE int fd = bought_open(&engine, name, reserve, &err);

	expect_ok(fd < 0 ? -1 : 0, &err);
	assert_true(fs_write_all(fd, text, strlen(text)));
}

static void put_sealed(const char *text)
{
	write_part(text, 0);
	expect_ok(bought_seal(&engine, name, (int64_t)strlen(text), &err), &err);
}

static void test_a_name_tells_purchase_and_claim(void **state)
{
	struct purchase p = {.id = {{0xab, 0xcd}}};

	(void)state;
	bought_name(&p, 0x1f, "mp4", name);
	assert_string_equal(name, "ab/abcd0000-0000-0000-0000-000000000000-1f.mp4");
}

static void test_sealed_it_has_its_name_and_size(void **state)
{
	AUTO_BUF text = BUF_INIT(100);
	AUTO_FREE char *path = path_of("");

	(void)state;
	write_part("a clip", 100000);
	assert_true(is_there(".part"));
	assert_false(is_there(""));
	expect_ok(bought_seal(&engine, name, 6, &err), &err);
	assert_false(is_there(".part"));
	expect_ok(fs_read(path, 100, &text, &err), &err);
	assert_string_equal(buf_text(&text), "a clip");
	expect_ok(bought_seal(&engine, name, 6, &err), &err); /* said again */
}

static void test_less_than_it_should_be_is_not_sealed(void **state)
{
	(void)state;
	write_part("a cl", 0);
	expect_err(bought_seal(&engine, name, 6, &err), &err, ERR_TEMP, 0);
	assert_false(is_there(""));
}

static void test_disk_is_set_aside(void **state)
{
	AUTO_FREE char *path = path_of(".part");
	struct stat st;

	(void)state;
	write_part("x", 1 << 20);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_blocks * 512 >= 1 << 20);
	assert_int_equal(st.st_size, 1);
}

static void test_what_was_set_aside_stays_when_it_is_opened_again(void **state)
{
	AUTO_FREE char *path = path_of(".part");
	struct stat st;

	(void)state;
	write_part("", 1 << 20);
	write_part("x", 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_blocks * 512 >= 1 << 20);
	write_part("", 0); /* a download that begins again */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
}

/* A file stands where a folder was: nobody can write there, an administrator neither. */
static void test_a_folder_that_takes_nothing(void **state)
{
	AUTO_FREE char *to = xasprintf("%s/none/taken", folder), *away = xasprintf("%s.away", folder);

	(void)state;
	expect_ok(bought_check_folder(&engine, &err), &err);
	put_sealed("a clip");
	expect_err(bought_take(&engine, name, 6, to, &err), &err, ERR_TEMP, 0);
	assert_int_equal(rename(folder, away), 0);
	assert_true(close(open(folder, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) == 0);
	assert_int_equal(bought_check_folder(&engine, &err), -1);
	assert_non_null(strstr(err.text, "bought_dir: "));
	expect_err(bought_open(&engine, name, 100, &err), &err, ERR_TEMP, 0);
	expect_err(bought_seal(&engine, name, 6, &err), &err, ERR_TEMP, 0);
	assert_int_equal(unlink(folder), 0);
	assert_int_equal(rename(away, folder), 0);
}

static void test_taken_it_stays(void **state)
{
	AUTO_FREE char *to = xasprintf("%s/taken", folder);
	int64_t bytes = 0;

	(void)state;
	put_sealed("a clip");
	for (int i = 0; i < 2; i++) { /* over itself, too */
		expect_ok(bought_take(&engine, name, 6, to, &err), &err);
		assert_int_equal(fs_size(to, &bytes, &err), 1);
		assert_int_equal(bytes, 6);
	}
	expect_ok(unlink(to), &err);
	assert_true(is_there(""));
}

static void test_gone_or_changed_is_said(void **state)
{
	AUTO_FREE char *to = xasprintf("%s/taken", folder);

	(void)state;
	expect_err(bought_take(&engine, name, 6, to, &err), &err, ERR_PERM, 0);
	put_sealed("a clip");
	expect_err(bought_take(&engine, name, 7, to, &err), &err, ERR_PERM, 0);
	assert_int_not_equal(access(to, F_OK), 0);
}

static void put_beside(void)
{
	AUTO_FREE char *path = path_of(".json");

	expect_ok(fs_write_atomic(path, "{}", 2, 0600, &err), &err);
}

static void test_discarded_nothing_is_left(void **state)
{
	(void)state;
	put_sealed("a clip");
	write_part("another", 0);
	put_beside();
	bought_discard(&engine, name);
	assert_false(is_there("") || is_there(".part") || is_there(".json"));
}

/* Sweeping */

static void make_old(const char *suffix)
{
	AUTO_FREE char *path = path_of(suffix);
	const struct timespec long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

	assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
}

static void sweep_all(void)
{
	for (int i = 0; i < FOLDERS; i++)
		bought_sweep(&engine);
}

/* It is intended for a new video. */
static struct job intend(void)
{
	static char request[] = "{}";
	struct job job;

	purchase.video_id = shop_video("shop-a", 1);
	purchase.request = request;
	job = shop_claim();
	expect_ok(purchases_intend(shop_db, &shop_settings, &job, &purchase, &err) - 1, &err);
	return job;
}

/* It is kept, and the file is its artefact. */
static void keep(void)
{
	static char result[] = "{}";
	struct job job = intend();

	(void)snprintf(purchase.vendor_id, sizeof(purchase.vendor_id), "task-1");
	memcpy(purchase.artefact, name, sizeof(purchase.artefact));
	purchase.result = result;
	expect_ok(purchases_kept(shop_db, &job, &purchase, &err) - 1, &err);
}

static void test_what_nobody_knows_is_swept_when_it_is_old(void **state)
{
	(void)state;
	put_sealed("a clip");
	write_part("a part", 0);
	put_beside();
	sweep_all();
	assert_true(is_there("") && is_there(".part") && is_there(".json"));
	make_old("");
	make_old(".part");
	make_old(".json");
	sweep_all();
	assert_false(is_there("") || is_there(".part") || is_there(".json"));
}

static void test_what_is_kept_stays_however_old(void **state)
{
	(void)state;
	put_sealed("a clip");
	put_beside();
	keep();
	write_part("a part", 0);
	make_old("");
	make_old(".json");
	make_old(".part");
	sweep_all();
	assert_true(is_there("") && is_there(".json"));
	assert_false(is_there(".part"));
}

/* Speech that was sealed, and whose daemon could not say so. */
static void test_what_may_yet_be_heard_of_stays(void **state)
{
	static const char *const states[] = {"intended", "unknown", "written_off"};

	(void)state;
	(void)intend();
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		AUTO_FREE char *sql = xasprintf("UPDATE purchases SET state = '%s'", states[i]);

		put_sealed("speech");
		put_beside();
		make_old("");
		make_old(".json");
		expect_ok(db_script(shop_db, sql, &err), &err);
		sweep_all();
		assert_true(is_there("") && is_there(".json"));
	}
	session_exec(shop_db, "UPDATE purchases SET state = 'refused'");
	sweep_all();
	assert_false(is_there("") || is_there(".json"));
}

/* More files in one folder than are looked at in a call: what is young must not hide what is old. */
static void test_all_of_a_folder_is_looked_at(void **state)
{
	static const int many = 1200;

	(void)state;
	for (int i = 0; i < many; i++) {
		(void)snprintf(name, sizeof(name), "ab/file-%d.mp4", i);
		put_sealed("x");
		if (i % 2)
			make_old("");
	}
	for (int i = 0; i < 8; i++)
		sweep_all();
	for (int i = 0; i < many; i++) {
		(void)snprintf(name, sizeof(name), "ab/file-%d.mp4", i);
		assert_int_equal(is_there(""), i % 2 == 0);
	}
}

static void test_what_is_of_no_use_any_more_goes(void **state)
{
	(void)state;
	put_sealed("a clip");
	put_beside();
	keep();
	bought_sweep(&engine);
	assert_true(is_there(""));
	session_exec(shop_db, "UPDATE purchases SET state = 'removing'");
	bought_sweep(&engine);
	assert_false(is_there("") || is_there(".json"));
	assert_int_equal(
		session_number(shop_db, "SELECT COUNT(*) FROM purchases WHERE state = 'removed'"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_name_tells_purchase_and_claim),
		TEST(test_sealed_it_has_its_name_and_size),
		TEST(test_less_than_it_should_be_is_not_sealed),
		TEST(test_disk_is_set_aside),
		TEST(test_what_was_set_aside_stays_when_it_is_opened_again),
		TEST(test_a_folder_that_takes_nothing),
		TEST(test_taken_it_stays),
		TEST(test_gone_or_changed_is_said),
		TEST(test_discarded_nothing_is_left),
		TEST(test_what_nobody_knows_is_swept_when_it_is_old),
		TEST(test_what_is_kept_stays_however_old),
		TEST(test_what_may_yet_be_heard_of_stays),
		TEST(test_all_of_a_folder_is_looked_at),
		TEST(test_what_is_of_no_use_any_more_goes),
	};

	return cmocka_run_group_tests_name("bought", tests, shop_open, shop_close);
}
