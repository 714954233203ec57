/* The database connection against a real server, also one that dies, stops answering or throws its clients
 * out. */

#include "lib/io/db.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/uuid.h"
#include "tests/unit/servers.h"

static struct test_server server;

static struct db *new_db(unsigned io_timeout_sec)
{
	struct db_options options = test_db_options(&server);

	options.io_timeout_sec = io_timeout_sec;
	return db_new(&options);
}

static void expect_ok(int rc, const struct err *e)
{
	if (rc < 0)
		fail_msg("%s", e->text);
}

static void expect_err(int rc, const struct err *e, enum err_kind kind, int http_status)
{
	assert_int_equal(rc, -1);
	if (e->kind != kind || e->http_status != http_status)
		fail_msg("%s %d: %s", err_kind_names[e->kind], e->http_status, e->text);
}

static void exec(struct db *db, const char *sql)
{
	struct err e;

	expect_ok(db_exec(db, sql, DB_NO_ARGS, NULL, &e), &e);
}

static int64_t number(struct db *db, const char *sql)
{
	struct err e;
	AUTO(db_rows) rows = NULL;

	expect_ok(db_query(db, sql, DB_NO_ARGS, &rows, &e), &e);
	assert_true(db_next(rows));
	return db_get_int(rows, 0);
}

static int64_t connection_id(struct db *db)
{
	return number(db, "SELECT CONNECTION_ID()");
}

/* Asks a session, from another one, to end, and waits until it has. */
static void throw_out(int64_t id)
{
	static const char left[] = "SELECT COUNT(*) FROM information_schema.processlist WHERE id=?";
	AUTO(db) admin = new_db(10);
	AUTO_FREE char *kill_sql = xasprintf("KILL CONNECTION %lld;\n", (long long)id);
	struct err e;

	expect_ok(db_script(admin, kill_sql, &e), &e);
	for (int64_t n = 1; n > 0;) {
		AUTO(db_rows) rows = NULL;

		expect_ok(db_query(admin, left, DB_ARGS(db_int(id)), &rows, &e), &e);
		assert_true(db_next(rows));
		n = db_get_int(rows, 0);
	}
}

struct values {
	int64_t i;
	const char *t; /* VARCHAR */
	const char *m; /* MEDIUMTEXT */
};

static void expect_text(const struct db_rows *rows, unsigned col, const char *wanted)
{
	assert_int_equal(db_is_null(rows, col), wanted == NULL);
	if (!wanted) {
		assert_null(db_get_text(rows, col));
		return;
	}
	assert_int_equal(db_get_len(rows, col), strlen(wanted));
	assert_string_equal(db_get_text(rows, col), wanted);
}

static void expect_round_trip(struct db *db, const struct values *v)
{
	static const char insert[] = "INSERT INTO vals (i, u, t, m, b) VALUES (?, ?, ?, ?, ?)";
	static const char query[] = "SELECT i, u, t, m, b FROM vals WHERE id=?";
	static const char blob[] = "a\0b\xFF\0";
	struct uuid u = uuid_new(), back;
	AUTO(db_rows) rows = NULL;
	struct err e;

	expect_ok(db_exec(db, insert,
			  DB_ARGS(db_int(v->i), db_uuid(&u), db_text(v->t), db_text(v->m),
				  db_blob(blob, sizeof(blob))),
			  NULL, &e),
		&e);
	expect_ok(db_query(db, query, DB_ARGS(db_int((int64_t)db_insert_id(db))), &rows, &e), &e);
	assert_int_equal(db_row_count(rows), 1);
	assert_true(db_next(rows));
	assert_true(db_get_int(rows, 0) == v->i);
	assert_true(db_get_uuid(rows, 1, &back) && uuid_equal(&u, &back));
	expect_text(rows, 2, v->t);
	expect_text(rows, 3, v->m);
	assert_int_equal(db_get_len(rows, 4), sizeof(blob));
	assert_memory_equal(db_get_text(rows, 4), blob, sizeof(blob));
	assert_false(db_get_uuid(rows, 4, &back));
	assert_false(db_next(rows));
}

static void test_values_come_back_as_they_went(void **state)
{
	static const int64_t ints[] = {0, 1, -1, INT64_MAX, INT64_MIN};
	static const char *const texts[] = {NULL, "", "a",
		"\xF0\x9F\x8E\xAC \xE6\x98\xA0\xE7\x94\xBB \xC3\xA9", "it's \"\\ ?", "trailing  "};
	AUTO(db) db = new_db(10);
	AUTO_FREE char *big = xcalloc(1, 300 * 1024 + 1);

	(void)state;
	memset(big, 'x', 300 * 1024);
	exec(db, "CREATE TABLE vals (id INT AUTO_INCREMENT PRIMARY KEY, i BIGINT, u BINARY(16), t "
		 "VARCHAR(200) "
		 "CHARACTER SET utf8mb4, m MEDIUMTEXT CHARACTER SET utf8mb4, b BLOB)");
	for (size_t n = 0; n < ARRAY_LEN(ints) * ARRAY_LEN(texts); n++) {
		struct values v = {
			.i = ints[n % ARRAY_LEN(ints)],
			.t = texts[n / ARRAY_LEN(ints)],
			.m = n % 2 ? big : NULL,
		};

		expect_round_trip(db, &v);
		assert_int_equal(db_insert_id(db), n + 1);
	}
}

static void test_columns_of_other_types(void **state)
{
	static const struct {
		const char *sql, *text;
		bool is_int;
	} cases[] = {
		{"SELECT TIMESTAMP'2026-01-02 03:04:05.678'", "2026-01-02 03:04:05.678", false},
		{"SELECT CAST('2026-01-02' AS DATE)", "2026-01-02", false},
		{"SELECT CAST(12.50 AS DECIMAL(10,2))", "12.50", false},
		{"SELECT SUM(x) FROM (SELECT 9000000000 x UNION ALL SELECT -1) s", "8999999999", true},
		{"SELECT COUNT(*) FROM (SELECT 1) s", "1", true},
		{"SELECT CAST(255 AS UNSIGNED)", "255", true},
		{"SELECT CAST(9223372036854775807 AS UNSIGNED)", "9223372036854775807", true},
		{"SELECT 2.5e0", "2.5", false},
		{"SELECT REPEAT('1234567890', 20)",
			"123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
			"5678901234567890"
			"123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
			"5678901234567890",
			false},
		{"SELECT -1.7976931348623157e308", "-1.7976931348623157e308", false},
		{"SELECT 1=1", "1", true},
		{"SELECT UNIX_TIMESTAMP('1970-01-01 00:00:01')", "1", true},
		{"SELECT JSON_OBJECT('a', 1)", "{\"a\": 1}", false},
	};
	AUTO(db) db = new_db(10);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(db_rows) rows = NULL;
		int64_t value;
		struct err e;

		expect_ok(db_query(db, cases[i].sql, DB_NO_ARGS, &rows, &e), &e);
		assert_true(db_next(rows));
		if (strcmp(db_get_text(rows, 0), cases[i].text) != 0)
			fail_msg("%s: %s", cases[i].sql, db_get_text(rows, 0));
		if (text_to_i64(cases[i].text, INT64_MIN, INT64_MAX, &value) != cases[i].is_int)
			fail_msg("%s: a number or not?", cases[i].sql);
		if (cases[i].is_int)
			assert_true(db_get_int(rows, 0) == value);
	}
}

static void test_numbers_that_do_not_fit_are_refused(void **state)
{
	static const char *const cases[] = {
		"SELECT CAST(18446744073709551615 AS UNSIGNED)",
		"SELECT SUM(x) FROM (SELECT 9223372036854775807 x UNION ALL SELECT 1) s",
	};
	AUTO(db) db = new_db(10);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(db_rows) rows = NULL;
		struct err e;

		expect_err(db_query(db, cases[i], DB_NO_ARGS, &rows, &e), &e, ERR_PERM, 0);
		assert_null(rows);
	}
	assert_int_equal(number(db, "SELECT 1"), 1);
}

static void test_session(void **state)
{
	static const struct {
		const char *sql, *text;
	} cases[] = {
		{"SELECT @@session.time_zone", "+00:00"},
		{"SELECT @@session.tx_isolation", "READ-COMMITTED"},
		{"SELECT @@session.autocommit", "1"},
		{"SELECT @@session.character_set_connection", "utf8mb4"},
		{"SELECT @@session.character_set_results", "utf8mb4"},
		{"SELECT @@session.max_statement_time", "7.000000"},
		{"SELECT @@session.innodb_lock_wait_timeout", "7"},
		{"SELECT FIND_IN_SET('STRICT_ALL_TABLES', @@session.sql_mode) > 0", "1"},
	};
	AUTO(db) db = new_db(7);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(db_rows) rows = NULL;
		struct err e;

		expect_ok(db_query(db, cases[i].sql, DB_NO_ARGS, &rows, &e), &e);
		assert_true(db_next(rows));
		if (strcmp(db_get_text(rows, 0), cases[i].text) != 0)
			fail_msg("%s: %s", cases[i].sql, db_get_text(rows, 0));
	}
}

static bool is_socket(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

static void test_sockets_are_closed_on_exec(void **state)
{
	AUTO(db) db = new_db(10);
	bool before[256] = {false};
	unsigned sockets = 0;

	(void)state;
	for (int fd = 0; fd < (int)ARRAY_LEN(before); fd++)
		before[fd] = is_socket(fd);
	assert_int_equal(number(db, "SELECT 1"), 1);
	for (int fd = 0; fd < (int)ARRAY_LEN(before); fd++) {
		if (before[fd] || !is_socket(fd))
			continue;
		sockets++;
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	assert_int_equal(sockets, 1);
}

static void test_affected_rows_are_the_matched_ones(void **state)
{
	static const char update[] = "UPDATE matched SET v=? WHERE v>=?";
	AUTO(db) db = new_db(10);
	uint64_t affected = 0;
	struct err e;

	(void)state;
	exec(db, "CREATE TABLE matched (id INT PRIMARY KEY, v INT)");
	expect_ok(db_exec(db, "INSERT INTO matched VALUES (1, 5), (2, 5)", DB_NO_ARGS, &affected, &e), &e);
	assert_int_equal(affected, 2);
	expect_ok(db_exec(db, update, DB_ARGS(db_int(5), db_int(5)), &affected, &e), &e);
	assert_int_equal(affected, 2);
	expect_ok(db_exec(db, update, DB_ARGS(db_int(5), db_int(6)), &affected, &e), &e);
	assert_int_equal(affected, 0);
}

static void test_errors_of_statements(void **state)
{
	static const struct {
		const char *sql, *says;
		int http_status;
	} cases[] = {
		{"INSERT INTO errs VALUES (1, 'again')", "(1062)", 409},
		{"UPDATE errs SET id=1", "(1062)", 409},
		{"INSERT INTO errs VALUES (3, 'too long for it')", "(1406)", 0},
		{"INSERT INTO errs VALUES (3000000000, 'x')", "(1264)", 0},
		{"INSERT INTO errs VALUES (-1, 'x')", "(4025)", 0},
		{"INSERT INTO absent VALUES (1)", "(1146)", 0},
		{"INSERT\nINTO", "(1064)", 0},
	};
	AUTO(db) db = new_db(10);

	(void)state;
	exec(db, "CREATE TABLE errs (id INT PRIMARY KEY, t VARCHAR(8), CONSTRAINT c CHECK (id > 0))");
	exec(db, "INSERT INTO errs VALUES (1, 'one'), (2, 'two')");
	for (size_t n = 0; n < 2; n++) {
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			struct err e;
			int rc = db_exec(db, cases[i].sql, DB_NO_ARGS, NULL, &e);

			if (rc != -1 || e.kind != ERR_PERM || e.http_status != cases[i].http_status ||
				!strstr(e.text, cases[i].says) || strchr(e.text, '\n'))
				fail_msg("%s: %d %s", cases[i].sql, rc, rc < 0 ? e.text : "");
		}
	}
	assert_int_equal(number(db, "SELECT COUNT(*) FROM errs"), 2);
}

static void test_statements_are_prepared_once(void **state)
{
	static const char status[] =
		"SELECT CAST(variable_value AS SIGNED) FROM information_schema.session_status "
		"WHERE variable_name='COM_STMT_PREPARE'";
	static const char others[] =
		"SELECT CAST(SUM(variable_value) AS SIGNED) FROM information_schema.session_status "
		"WHERE variable_name IN ('COM_STMT_RESET', 'COM_STMT_CLOSE', 'COM_STMT_FETCH')";
	static const char query[] = "SELECT seq FROM seq_1_to_10 WHERE seq>?";
	AUTO(db) db = new_db(10);
	int64_t before = number(db, status);

	(void)state;
	for (int64_t i = 0; i < 50; i++) {
		AUTO(db_rows) rows = NULL;
		struct err e;

		expect_ok(db_query(db, query, DB_ARGS(db_int(i % 10)), &rows, &e), &e);
		assert_int_equal(db_row_count(rows), 10 - i % 10);
	}
	assert_int_equal(number(db, status), before + 1);
	assert_int_equal(number(db, others), 0);
}

static void test_results_are_bounded(void **state)
{
	static const struct {
		const char *sql, *says;
	} cases[] = {
		{"SELECT seq FROM seq_1_to_100001", "more than 100000 rows"},
		{"SELECT seq FROM seq_1_to_10000000", "more than 100000 rows"},
		{"SELECT REPEAT('x', 1000000) FROM seq_1_to_100", "more than 67108864 bytes"},
	};
	AUTO(db) db = new_db(10);
	AUTO(db_rows) most = NULL;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(db_rows) rows = NULL;

		expect_err(db_query(db, cases[i].sql, DB_NO_ARGS, &rows, &e), &e, ERR_PERM, 0);
		assert_non_null(strstr(e.text, cases[i].says));
		assert_int_equal(number(db, "SELECT 1"), 1);
	}
	expect_ok(db_query(db, "SELECT seq FROM seq_1_to_100000", DB_NO_ARGS, &most, &e), &e);
	assert_int_equal(db_row_count(most), DB_MAX_ROWS);
}

static void test_transactions(void **state)
{
	static const char count[] = "SELECT COUNT(*) FROM trans";
	AUTO(db) db = new_db(10);
	AUTO(db) other = new_db(10);
	struct err e;

	(void)state;
	exec(db, "CREATE TABLE trans (id INT PRIMARY KEY)");
	expect_ok(db_begin(db, &e), &e);
	exec(db, "INSERT INTO trans VALUES (1)");
	assert_int_equal(number(other, count), 0);
	expect_ok(db_commit(db, &e), &e);
	assert_int_equal(number(other, count), 1);

	expect_ok(db_begin(db, &e), &e);
	exec(db, "INSERT INTO trans VALUES (2)");
	db_rollback(db);
	db_rollback(db);
	assert_int_equal(number(other, count), 1);
}

static void test_a_failed_transaction_only_ends(void **state)
{
	AUTO(db) db = new_db(10);
	struct err e;

	(void)state;
	exec(db, "CREATE TABLE doomed (id INT PRIMARY KEY)");
	expect_ok(db_begin(db, &e), &e);
	exec(db, "INSERT INTO doomed VALUES (1)");
	expect_err(db_exec(db, "INSERT INTO doomed VALUES (1)", DB_NO_ARGS, NULL, &e), &e, ERR_PERM, 409);
	expect_err(db_exec(db, "INSERT INTO doomed VALUES (2)", DB_NO_ARGS, NULL, &e), &e, ERR_TEMP, 503);
	expect_err(db_commit(db, &e), &e, ERR_TEMP, 503);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM doomed"), 0);
	exec(db, "INSERT INTO doomed VALUES (3)");
	assert_int_equal(number(db, "SELECT id FROM doomed"), 3);
}

static void test_an_idle_connection_is_replaced_unnoticed(void **state)
{
	static const char insert[] = "INSERT INTO idle VALUES (?)";
	AUTO(db) db = new_db(10);
	struct err e;

	(void)state;
	exec(db, "CREATE TABLE idle (id INT PRIMARY KEY)");
	for (int64_t i = 0; i < 3; i++) {
		int64_t id = connection_id(db);

		expect_ok(db_exec(db, insert, DB_ARGS(db_int(i)), NULL, &e), &e);
		throw_out(id);
		if (i == 0)
			expect_ok(db_exec(db, insert, DB_ARGS(db_int(10)), NULL, &e), &e);
		else if (i == 1)
			assert_int_equal(number(db, "SELECT COUNT(*) FROM idle"), 3);
		else
			expect_ok(db_begin(db, &e), &e);
		assert_true(connection_id(db) != id);
	}
	expect_ok(db_exec(db, insert, DB_ARGS(db_int(11)), NULL, &e), &e);
	expect_ok(db_commit(db, &e), &e);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM idle"), 5);
}

static void test_a_lost_transaction_leaves_nothing(void **state)
{
	static const char insert[] = "INSERT INTO lost VALUES (?)";
	AUTO(db) db = new_db(10);
	struct err e;

	(void)state;
	exec(db, "CREATE TABLE lost (id INT PRIMARY KEY)");

	expect_ok(db_begin(db, &e), &e);
	expect_ok(db_exec(db, insert, DB_ARGS(db_int(1)), NULL, &e), &e);
	throw_out(connection_id(db));
	expect_err(db_exec(db, insert, DB_ARGS(db_int(2)), NULL, &e), &e, ERR_TEMP, 503);
	expect_err(db_exec(db, insert, DB_ARGS(db_int(3)), NULL, &e), &e, ERR_TEMP, 503);
	db_rollback(db);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM lost"), 0);

	/* Gone before COMMIT was sent: certainly rolled back, so not uncertain. */
	expect_ok(db_begin(db, &e), &e);
	expect_ok(db_exec(db, insert, DB_ARGS(db_int(4)), NULL, &e), &e);
	throw_out(connection_id(db));
	expect_err(db_commit(db, &e), &e, ERR_TEMP, 503);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM lost"), 0);
}

/* Runs a statement that another session blocks, and has it struck there. */
static int run_struck(struct db *db, const char *sql, const char *pattern, enum test_blow blow, struct err *e)
{
	pid_t pid = test_db_strike_while(&server, pattern, blow);
	int rc = db_exec(db, sql, DB_NO_ARGS, NULL, e);

	test_db_expect_struck(pid);
	return rc;
}

static void test_a_lost_reply_says_what_is_open(void **state)
{
	static const char update[] = "UPDATE replies SET v=v+1 WHERE id=1";
	AUTO(db) db = new_db(60);
	AUTO(db) blocker = new_db(60);
	AUTO(db_rows) rows = NULL;
	struct err e;

	(void)state;
	exec(db, "CREATE TABLE replies (id INT PRIMARY KEY, v INT)");
	exec(db, "INSERT INTO replies VALUES (1, 0)");
	expect_ok(db_begin(blocker, &e), &e);
	exec(blocker, "UPDATE replies SET v=100 WHERE id=1");

	expect_err(run_struck(db, update, "UPDATE replies%", KILL_SESSION, &e), &e, ERR_UNCERTAIN, 503);

	expect_ok(db_begin(db, &e), &e);
	expect_err(run_struck(db, update, "UPDATE replies%", KILL_SESSION, &e), &e, ERR_TEMP, 503);
	db_rollback(db);

	pid_t pid = test_db_strike_while(&server, "SELECT SLEEP(50)%", KILL_SESSION);

	expect_err(db_query(db, "SELECT SLEEP(50), 1", DB_NO_ARGS, &rows, &e), &e, ERR_TEMP, 503);
	test_db_expect_struck(pid);
	db_rollback(blocker);
	exec(db, update);
	assert_int_equal(number(db, "SELECT v FROM replies"), 1);
}

static void test_a_lost_commit_is_uncertain(void **state)
{
	AUTO(db) db = new_db(60);
	AUTO(db) blocker = new_db(60);
	struct err e;

	(void)state;
	exec(db, "CREATE TABLE commits (id INT PRIMARY KEY)");
	expect_ok(db_begin(db, &e), &e);
	exec(db, "INSERT INTO commits VALUES (1)");
	expect_ok(db_script(blocker, "FLUSH TABLES WITH READ LOCK;", &e), &e);

	pid_t pid = test_db_strike_while(&server, "COMMIT", KILL_SESSION);

	expect_err(db_commit(db, &e), &e, ERR_UNCERTAIN, 503);
	test_db_expect_struck(pid);
	expect_ok(db_script(blocker, "UNLOCK TABLES;", &e), &e);
	db_rollback(db);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM commits"), 0);
}

static void test_the_server_dies_and_comes_back(void **state)
{
	static const char insert[] = "INSERT INTO deaths VALUES (?)";
	static const char count[] = "SELECT COUNT(*) FROM deaths";
	AUTO(db) db = new_db(60);
	AUTO(db) blocker = new_db(60);
	struct err e;
	AUTO(db_rows) rows = NULL;

	(void)state;
	exec(db, "CREATE TABLE deaths (id INT PRIMARY KEY)");
	expect_ok(db_exec(db, insert, DB_ARGS(db_int(1)), NULL, &e), &e);
	assert_int_equal(number(db, count), 1);
	test_server_kill(&server);
	expect_err(db_query(db, count, DB_NO_ARGS, &rows, &e), &e, ERR_TEMP, 503);
	expect_err(db_exec(db, insert, DB_ARGS(db_int(2)), NULL, &e), &e, ERR_TEMP, 503);
	expect_err(db_begin(db, &e), &e, ERR_TEMP, 503);

	test_db_start(&server);
	assert_int_equal(number(db, count), 1);
	expect_ok(db_exec(db, insert, DB_ARGS(db_int(2)), NULL, &e), &e);

	expect_ok(db_begin(db, &e), &e);
	expect_ok(db_exec(db, insert, DB_ARGS(db_int(3)), NULL, &e), &e);
	expect_ok(db_script(blocker, "FLUSH TABLES WITH READ LOCK;", &e), &e);

	pid_t pid = test_db_strike_while(&server, "COMMIT", KILL_SERVER);

	expect_err(db_commit(db, &e), &e, ERR_UNCERTAIN, 503);
	test_db_expect_struck(pid);
	test_server_kill(&server);
	test_db_start(&server);
	assert_int_equal(number(db, count), 2);
}

static void expect_within(int64_t begin_ms, int64_t least_ms, int64_t most_ms)
{
	int64_t ms = clock_mono_ms() - begin_ms;

	if (ms < least_ms || ms > most_ms)
		fail_msg("took %lld ms", (long long)ms);
}

static void test_statements_are_limited_in_time(void **state)
{
	AUTO(db) db = new_db(1);
	AUTO(db) blocker = new_db(60);
	AUTO(db_rows) rows = NULL;
	struct err e;

	(void)state;
	exec(blocker, "CREATE TABLE slow (id INT PRIMARY KEY, v INT)");
	exec(blocker, "INSERT INTO slow VALUES (1, 0)");

	int64_t begin_ms = clock_mono_ms();

	expect_err(db_query(db, "SELECT COUNT(*) FROM seq_1_to_1000000000 WHERE seq % 3 = 1", DB_NO_ARGS,
			   &rows, &e),
		&e, ERR_TEMP, 503);
	expect_within(begin_ms, 900, 1900);

	int64_t id = connection_id(db);

	expect_ok(db_begin(blocker, &e), &e);
	exec(blocker, "UPDATE slow SET v=1");
	begin_ms = clock_mono_ms();
	expect_err(db_exec(db, "UPDATE slow SET v=2", DB_NO_ARGS, NULL, &e), &e, ERR_TEMP, 503);
	expect_within(begin_ms, 900, 1900);
	db_rollback(blocker);
	assert_int_equal(number(db, "SELECT v FROM slow"), 0);
	assert_true(connection_id(db) == id);
}

static void test_a_stopped_server_is_given_up(void **state)
{
	static const char insert[] = "INSERT INTO stopped VALUES (NULL)";
	struct db_options options = test_db_options(&server);
	AUTO(db) reader = new_db(1);
	AUTO(db) writer = new_db(1);
	AUTO(db_rows) rows = NULL;
	struct err e;

	(void)state;
	options.connect_timeout_sec = options.io_timeout_sec = 1;

	AUTO(db) late = db_new(&options);

	exec(writer, "CREATE TABLE stopped (id INT AUTO_INCREMENT PRIMARY KEY)");
	expect_ok(db_exec(writer, insert, DB_NO_ARGS, NULL, &e), &e);
	(void)connection_id(reader);
	test_server_signal(&server, SIGSTOP);

	int64_t begin_ms = clock_mono_ms();
	int rc_read = db_query(reader, "SELECT 1", DB_NO_ARGS, &rows, &e);
	enum err_kind read_kind = e.kind;
	int rc_write = db_exec(writer, insert, DB_NO_ARGS, NULL, &e);
	enum err_kind write_kind = e.kind;
	int rc_connect = db_query(late, "SELECT 1", DB_NO_ARGS, &rows, &e);

	test_server_signal(&server, SIGCONT);
	expect_within(begin_ms, 4500, 9000);
	assert_int_equal(rc_read, -1);
	assert_int_equal(read_kind, ERR_TEMP);
	assert_int_equal(rc_write, -1);
	assert_int_equal(write_kind, ERR_UNCERTAIN);
	expect_err(rc_connect, &e, ERR_TEMP, 503);
	assert_int_equal(number(late, "SELECT 1"), 1);
}

static void test_scripts(void **state)
{
	static const char script[] = "-- A comment; with a semicolon;\n"
				     "\n"
				     "CREATE TABLE script (\n"
				     "  id INT PRIMARY KEY, -- not; here\n"
				     "  -- nor here;\n"
				     "  t VARCHAR(20)\n"
				     ");  \r\n"
				     "INSERT INTO script VALUES (1, 'a; b');\n"
				     "SELECT * FROM script;\n"
				     "-- between\n"
				     "INSERT INTO script VALUES (2, 'c')";
	AUTO(db) db = new_db(10);
	struct err e;

	(void)state;
	expect_ok(db_script(db, script, &e), &e);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM script WHERE t IN ('a; b', 'c')"), 2);
	expect_ok(db_script(db, "", &e), &e);
	expect_ok(db_script(db, "-- only a comment;\n\n", &e), &e);

	expect_err(db_script(db,
			   "INSERT INTO script VALUES (3, 'd');\nINSERT INTO script VALUES (1, 'e');\n"
			   "INSERT INTO script VALUES (4, 'f');\n",
			   &e),
		&e, ERR_PERM, 409);
	assert_non_null(strstr(e.text, "statement 2: "));
	assert_int_equal(number(db, "SELECT COUNT(*) FROM script"), 3);
}

static void test_no_server(void **state)
{
	struct db_options options = {.socket = "/nonexistent/socket", .user = "root", .name = "videod"};
	AUTO(db) db = db_new(&options);
	AUTO(db_rows) rows = NULL;
	struct err e;

	(void)state;
	expect_err(db_query(db, "SELECT 1", DB_NO_ARGS, &rows, &e), &e, ERR_TEMP, 503);
	assert_non_null(strstr(e.text, "connect"));
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
		cmocka_unit_test(test_values_come_back_as_they_went),
		cmocka_unit_test(test_columns_of_other_types),
		cmocka_unit_test(test_numbers_that_do_not_fit_are_refused),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_sockets_are_closed_on_exec),
		cmocka_unit_test(test_affected_rows_are_the_matched_ones),
		cmocka_unit_test(test_errors_of_statements),
		cmocka_unit_test(test_statements_are_prepared_once),
		cmocka_unit_test(test_results_are_bounded),
		cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_a_failed_transaction_only_ends),
		cmocka_unit_test(test_an_idle_connection_is_replaced_unnoticed),
		cmocka_unit_test(test_a_lost_transaction_leaves_nothing),
		cmocka_unit_test(test_a_lost_reply_says_what_is_open),
		cmocka_unit_test(test_a_lost_commit_is_uncertain),
		cmocka_unit_test(test_the_server_dies_and_comes_back),
		cmocka_unit_test(test_statements_are_limited_in_time),
		cmocka_unit_test(test_a_stopped_server_is_given_up),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_no_server),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
