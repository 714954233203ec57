/* Migrations against a real server: our own, and folders that are wrong, run twice, at once, or break in the
 * middle. */

#include "lib/video/migrate.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "tests/unit/servers.h"

#define ONE   "CREATE TABLE one (id INT PRIMARY KEY);\n"
#define TWO   "INSERT INTO one VALUES (1);\nINSERT INTO one VALUES (2);\n"
#define THREE "ALTER TABLE one ADD COLUMN t INT;\n"

static struct test_server server;

static struct db *connect_to(const char *name)
{
	struct db_options options = test_db_options(&server);

	options.name = name;
	options.io_timeout_sec = 60;
	return db_new(&options);
}

static struct db *fresh_database(const char *name)
{
	AUTO(db) admin = connect_to(NULL);
	AUTO_FREE char *sql = xasprintf("CREATE DATABASE %s;\n", name);
	struct err e;

	if (db_script(admin, sql, &e) < 0)
		fail_msg("%s", e.text);
	return connect_to(name);
}

static int64_t number(struct db *db, const char *sql)
{
	AUTO(db_rows) rows = NULL;
	struct err e;

	if (db_query(db, sql, DB_NO_ARGS, &rows, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(db_next(rows));
	return db_get_int(rows, 0);
}

/* A folder of the test's own, gone at the end of its scope. */
struct folder {
	char path[160];
};

static void folder_done(struct folder *f)
{
	struct err e;

	if (fs_remove_tree(f->path, &e) < 0)
		(void)fprintf(stderr, "%s\n", e.text);
}

#define AUTO_FOLDER CLEANUP(folder_done) struct folder

static struct folder new_folder(void)
{
	struct folder f;

	(void)snprintf(f.path, sizeof(f.path), "%s/migrations.XXXXXX", server.folder);
	assert_non_null(mkdtemp(f.path));
	return f;
}

static void put_file(const struct folder *f, const char *name, const char *sql)
{
	AUTO_FREE char *path = xasprintf("%s/%s", f->path, name);
	struct err e;

	if (fs_write_atomic(path, sql, strlen(sql), 0600, &e) < 0)
		fail_msg("%s", e.text);
}

static void expect_applied(struct db *db, const struct folder *f, int count)
{
	struct err e;
	int rc = migrate_run(db, f->path, 10, &e);

	if (rc != count)
		fail_msg("%d: %s", rc, rc < 0 ? e.text : "");
}

static void expect_refused(struct db *db, const struct folder *f, enum err_kind kind, const char *says)
{
	struct err e;

	assert_int_equal(migrate_run(db, f->path, 0, &e), -1);
	if (e.kind != kind || !strstr(e.text, says))
		fail_msg("wanted \"%s\", got %s: %s", says, err_kind_names[e.kind], e.text);
}

static int is_sql(const struct dirent *entry)
{
	return strstr(entry->d_name, ".sql") != NULL;
}

static void test_our_own(void **state)
{
	AUTO(db) db = fresh_database("own");
	AUTO_FREE struct dirent **list = NULL;
	int files = scandir("db", &list, is_sql, NULL);
	struct err e;

	(void)state;
	for (int i = 0; i < files; i++)
		free(list[i]);
	assert_true(files >= 2);

	int applied = migrate_run(db, "db", 10, &e);

	if (applied < 0)
		fail_msg("%s", e.text);
	assert_int_equal(applied, files);
	assert_int_equal(migrate_run(db, "db", 10, &e), 0);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM schema_migrations"), files);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM music_tracks"), 3);
}

static void run_script(struct db *db, const char *sql)
{
	struct err e;

	if (db_script(db, sql, &e) < 0)
		fail_msg("%s: %s", sql, e.text);
}

/* Ours up to that number. */
static void link_our_own(const struct folder *f, const char *last)
{
	AUTO_FREE struct dirent **list = NULL;
	AUTO_FREE char *from = realpath("db", NULL);
	int files = scandir("db", &list, is_sql, NULL);

	for (int i = 0; i < files; i++) {
		AUTO_FREE char *source = xasprintf("%s/%s", from, list[i]->d_name);
		AUTO_FREE char *target = xasprintf("%s/%s", f->path, list[i]->d_name);

		if (strcmp(list[i]->d_name, last) < 0)
			assert_int_equal(symlink(source, target), 0);
		free(list[i]);
	}
}

#define A_STORE                                                                                              \
	"INSERT INTO stores (public_id, name, currency, locale, created_at, updated_at) VALUES ('s', 'S', "  \
	"'USD', 'en-US', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3));\n"
#define A_VIDEO                                                                                              \
	"INSERT INTO videos (id, store_id, title, style, aspect_ratio, music_volume, created_at, "           \
	"updated_at) "                                                                                       \
	"SELECT UNHEX(MD5('v')), id, 'T', 'story', '1:1', 0, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM "       \
	"stores;\n"                                                                                          \
	"INSERT INTO scenes (video_id, no, prompt, duration_ms) SELECT id, 0, 'p', 1000 FROM videos;\n"      \
	"INSERT INTO jobs (video_id, store_id, kind, priority, rank_key, created_at) "                       \
	"SELECT id, store_id, 'make', 5, 1, UTC_TIMESTAMP(3) FROM videos;\n"

static void test_what_was_there_before_vendors_goes_on(void **state)
{
	AUTO(db) db = fresh_database("older");
	AUTO_FOLDER f = new_folder();
	struct err e;

	(void)state;
	link_our_own(&f, "003");
	expect_applied(db, &f, 2);
	run_script(db, A_STORE A_VIDEO);
	if (migrate_run(db, "db", 10, &e) < 1)
		fail_msg("%s", e.text);
	assert_int_equal(number(db, "SELECT mode = 'full' AND model IS NULL AND reuse = 1 AND voice_volume = "
				    "100 AND revision = 1 AND pause_reason IS NULL FROM videos"),
		1);
	assert_int_equal(number(db, "SELECT take = 0 AND model IS NULL FROM scenes"), 1);
	run_script(db, "UPDATE jobs SET state = 6, finished_at = UTC_TIMESTAMP(3)");
}

static void test_the_schema_refuses_what_cannot_be(void **state)
{
	static const char *const wrong[] = {
		"UPDATE videos SET status = 'paused'",
		"UPDATE videos SET pause_reason = 'bad_key'",
		"UPDATE videos SET voice_volume = 101",
		"UPDATE videos SET status = 'completed', progress = 100",
		"UPDATE jobs SET state = 7, finished_at = UTC_TIMESTAMP(3)",
		"UPDATE jobs SET state = 6",
		"UPDATE purchases SET state = 'known'",
		"UPDATE purchases SET state = 'kept', vendor_id = 'x'",
		"INSERT INTO purchase_uses SELECT UNHEX(MD5('nobody')), 'scene', 0, id FROM purchases",
		"INSERT INTO purchase_uses SELECT id, 'scene', 0, UNHEX(MD5('nothing')) FROM videos",
	};
	AUTO(db) db = fresh_database("strict");
	struct err e;

	(void)state;
	if (migrate_run(db, "db", 10, &e) < 0)
		fail_msg("%s", e.text);
	run_script(db, A_STORE A_VIDEO
		"INSERT INTO purchases (id, video_id, store_id, vendor, kind, item, "
		"input_hash, request_hash, state, token, request, estimate_milli, created_at) "
		"SELECT UNHEX(MD5('p')), id, store_id, 'runway', 'scene', 0, "
		"UNHEX(SHA2('h', 256)), UNHEX(SHA2('r', 256)), 'intended', 1, '{}', 0, UTC_TIMESTAMP(3) FROM "
		"videos;\n");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (db_script(db, wrong[i], &e) == 0)
			fail_msg("taken: %s", wrong[i]);
	run_script(db, "UPDATE videos SET status = 'paused', pause_reason = 'bad_key'");
}

static void test_each_is_applied_once(void **state)
{
	AUTO(db) db = fresh_database("once");
	AUTO_FOLDER f = new_folder();

	(void)state;
	put_file(&f, "001_one.sql", ONE);
	put_file(&f, "README", "not a migration");
	expect_applied(db, &f, 1);
	expect_applied(db, &f, 0);
	put_file(&f, "002_two.sql", TWO);
	put_file(&f, "003_three.sql", THREE);
	expect_applied(db, &f, 2);
	expect_applied(db, &f, 0);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM one WHERE t IS NULL"), 2);
	assert_int_equal(
		number(db, "SELECT COUNT(*) FROM schema_migrations WHERE applied_at <= UTC_TIMESTAMP(3) "
			   "AND name IN ('001_one.sql', '002_two.sql', '003_three.sql')"),
		3);
}

static void test_many_at_once(void **state)
{
	AUTO(db) db = fresh_database("many");
	AUTO_FOLDER f = new_folder();
	pid_t pids[6];
	int total = 0;

	(void)state;
	put_file(&f, "001_one.sql", ONE);
	put_file(&f, "002_two.sql", TWO);
	put_file(&f, "003_three.sql", THREE);
	for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			struct err e;
			int applied = migrate_run(connect_to("many"), f.path, 50, &e);

			_exit(applied < 0 ? 100 : applied);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
		int status = -1;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 3);
		total += WEXITSTATUS(status);
	}
	assert_int_equal(total, 3);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM one"), 2);
}

static void test_folders_that_are_wrong(void **state)
{
	static const struct {
		const char *title, *files[3], *says;
	} cases[] = {
		{"empty", {NULL}, "no migrations"},
		{"a gap", {"001_one.sql", "003_three.sql"}, "003_three.sql is there where 002_... should be"},
		{"not from 001", {"002_two.sql"}, "002_two.sql is there where 001_"},
		{"a number twice", {"001_one.sql", "001_other.sql"}, "001_other.sql is there where 002_"},
		{"no number", {"one.sql"}, "one.sql: not named like"},
		{"two digits", {"01_one.sql"}, "not named like"},
		{"no name", {"001_.sql"}, "not named like"},
		{"upper case", {"001_One.sql"}, "not named like"},
		{"two endings", {"001_one.sql.sql"}, "not named like"},
	};
	AUTO(db) db = fresh_database("wrong");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FOLDER f = new_folder();

		for (size_t n = 0; n < ARRAY_LEN(cases[i].files) && cases[i].files[n]; n++)
			put_file(&f, cases[i].files[n], ONE);
		print_message("  %s\n", cases[i].title);
		expect_refused(db, &f, ERR_PERM, cases[i].says);
	}

	struct folder absent = {.path = "/nonexistent"};

	expect_refused(db, &absent, ERR_PERM, "/nonexistent");
	assert_int_equal(
		number(db, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema=DATABASE()"),
		0);
}

static void test_databases_that_do_not_match(void **state)
{
	static const struct {
		const char *title, *sql, *says;
	} cases[] = {
		{"newer", "INSERT INTO schema_migrations VALUES (3, '003_new.sql', NOW());\n",
			"003_new.sql, which is not in"},
		{"renamed", "UPDATE schema_migrations SET name='002_old.sql' WHERE version=2;\n",
			"002_old.sql where"},
		{"a gap", "DELETE FROM schema_migrations WHERE version=1;\n", "no version 1"},
	};
	AUTO(db) db = fresh_database("unmatched");
	AUTO_FOLDER f = new_folder();

	(void)state;
	put_file(&f, "001_one.sql", ONE);
	put_file(&f, "002_two.sql", TWO);
	expect_applied(db, &f, 2);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e;

		print_message("  %s\n", cases[i].title);
		assert_int_equal(db_script(db,
					 "DELETE FROM schema_migrations;\n"
					 "INSERT INTO schema_migrations VALUES (1, '001_one.sql', NOW()), "
					 "(2, '002_two.sql', NOW());\n",
					 &e),
			0);
		expect_applied(db, &f, 0);
		assert_int_equal(db_script(db, cases[i].sql, &e), 0);
		expect_refused(db, &f, ERR_PERM, cases[i].says);
	}
	assert_int_equal(number(db, "SELECT COUNT(*) FROM one"), 2);
}

static void test_a_file_that_fails_is_not_applied(void **state)
{
	AUTO(db) db = fresh_database("failing");
	AUTO_FOLDER f = new_folder();

	(void)state;
	put_file(&f, "001_one.sql", ONE);
	put_file(&f, "002_two.sql", TWO "INSERT INTO one VALUES (1);\n");
	put_file(&f, "003_three.sql", THREE);
	expect_refused(db, &f, ERR_PERM, "002_two.sql: statement 3: ");
	assert_int_equal(number(db, "SELECT COUNT(*) FROM one"), 0);
	assert_int_equal(number(db, "SELECT MAX(version) FROM schema_migrations"), 1);

	put_file(&f, "002_two.sql", TWO);
	expect_applied(db, &f, 2);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM one"), 2);
}

static void test_files_that_are_not_text(void **state)
{
	static const char *const bad[] = {"SELECT '\xFF';\n", "SELECT '\xC0\x80';\n"};
	AUTO(db) db = fresh_database("bytes");
	AUTO_FOLDER f = new_folder();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		put_file(&f, "001_one.sql", bad[i]);
		expect_refused(db, &f, ERR_PERM, "001_one.sql: not UTF-8");
	}
}

static void test_the_lock_is_waited_for(void **state)
{
	AUTO(db) db = fresh_database("waiting");
	AUTO(db) other = connect_to("waiting");
	AUTO_FOLDER f = new_folder();

	(void)state;
	put_file(&f, "001_one.sql", ONE);
	assert_int_equal(number(other, "SELECT GET_LOCK('videod_migrate', 0)"), 1);
	expect_refused(db, &f, ERR_TEMP, "somebody else");
	assert_int_equal(number(other, "SELECT RELEASE_LOCK('videod_migrate')"), 1);
	expect_applied(db, &f, 1);
	assert_int_equal(number(other, "SELECT GET_LOCK('videod_migrate', 0)"), 1);
}

static void test_a_connection_lost_in_the_middle(void **state)
{
	AUTO(db) db = fresh_database("middle");
	AUTO_FOLDER f = new_folder();
	struct err e;

	(void)state;
	put_file(&f, "001_one.sql", ONE);
	expect_applied(db, &f, 1);
	put_file(&f, "002_two.sql", TWO "DO SLEEP(50);\nINSERT INTO one VALUES (3);\n");

	pid_t pid = test_db_strike_while(&server, "DO SLEEP(50)", KILL_SESSION);

	assert_int_equal(migrate_run(db, f.path, 10, &e), -1);
	test_db_expect_struck(pid);
	assert_int_equal(e.kind, ERR_TEMP);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM one"), 0);
	put_file(&f, "002_two.sql", TWO);
	expect_applied(db, &f, 1);
}

static int start(void **state)
{
	(void)state;
	test_db_create(&server);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	test_server_remove(&server);
	db_library_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_our_own),
		cmocka_unit_test(test_what_was_there_before_vendors_goes_on),
		cmocka_unit_test(test_the_schema_refuses_what_cannot_be),
		cmocka_unit_test(test_each_is_applied_once),
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_folders_that_are_wrong),
		cmocka_unit_test(test_databases_that_do_not_match),
		cmocka_unit_test(test_a_file_that_fails_is_not_applied),
		cmocka_unit_test(test_files_that_are_not_text),
		cmocka_unit_test(test_the_lock_is_waited_for),
		cmocka_unit_test(test_a_connection_lost_in_the_middle),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
