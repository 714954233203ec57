/* The database connection against a real server. */

#include "lib/io/db.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/uuid.h"
#include "tests/unit/session.h"

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
	static const char query[] = "SELECT i, u, t, m, b FROM vals WHERE u=?";
	static const char blob[] = "a\0b\xFF\0";
	struct uuid u = uuid_new(), back;
	AUTO(db_rows) rows = NULL;
	struct err e;

	expect_ok(db_exec(db, insert,
			  DB_ARGS(db_int(v->i), db_uuid(&u), db_text(v->t), db_text(v->m),
				  db_blob(blob, sizeof(blob))),
			  NULL, &e),
		&e);
	expect_ok(db_query(db, query, DB_ARGS(db_uuid(&u)), &rows, &e), &e);
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
	AUTO(db) db = session_new(10);
	AUTO_FREE char *big = xcalloc(1, 300 * 1024 + 1);

	(void)state;
	memset(big, 'x', 300 * 1024);
	session_exec(db, "CREATE TABLE vals (id INT AUTO_INCREMENT PRIMARY KEY, i BIGINT, u BINARY(16), t "
			 "VARCHAR(200) "
			 "CHARACTER SET utf8mb4, m MEDIUMTEXT CHARACTER SET utf8mb4, b BLOB)");
	for (size_t n = 0; n < ARRAY_LEN(ints) * ARRAY_LEN(texts); n++) {
		struct values v = {
			.i = ints[n % ARRAY_LEN(ints)],
			.t = texts[n / ARRAY_LEN(ints)],
			.m = n % 2 ? big : NULL,
		};

		expect_round_trip(db, &v);
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
	AUTO(db) db = session_new(10);

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
	AUTO(db) db = session_new(10);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(db_rows) rows = NULL;
		struct err e;

		expect_err(db_query(db, cases[i], DB_NO_ARGS, &rows, &e), &e, ERR_PERM, 0);
		assert_null(rows);
	}
	assert_int_equal(session_number(db, "SELECT 1"), 1);
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
	AUTO(db) db = session_new(7);

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
	AUTO(db) db = session_new(10);
	bool before[256] = {false};
	unsigned sockets = 0;

	(void)state;
	for (int fd = 0; fd < (int)ARRAY_LEN(before); fd++)
		before[fd] = is_socket(fd);
	assert_int_equal(session_number(db, "SELECT 1"), 1);
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
	AUTO(db) db = session_new(10);
	uint64_t affected = 0;
	struct err e;

	(void)state;
	session_exec(db, "CREATE TABLE matched (id INT PRIMARY KEY, v INT)");
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
	AUTO(db) db = session_new(10);

	(void)state;
	session_exec(db, "CREATE TABLE errs (id INT PRIMARY KEY, t VARCHAR(8), CONSTRAINT c CHECK (id > 0))");
	session_exec(db, "INSERT INTO errs VALUES (1, 'one'), (2, 'two')");
	for (size_t n = 0; n < 2; n++) {
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			struct err e;
			int rc = db_exec(db, cases[i].sql, DB_NO_ARGS, NULL, &e);

			if (rc != -1 || e.kind != ERR_PERM || e.http_status != cases[i].http_status ||
				!strstr(e.text, cases[i].says) || strchr(e.text, '\n'))
				fail_msg("%s: %d %s", cases[i].sql, rc, rc < 0 ? e.text : "");
		}
	}
	assert_int_equal(session_number(db, "SELECT COUNT(*) FROM errs"), 2);
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
	AUTO(db) db = session_new(10);
	int64_t before = session_number(db, status);

	(void)state;
	for (int64_t i = 0; i < 50; i++) {
		AUTO(db_rows) rows = NULL;
		struct err e;

		expect_ok(db_query(db, query, DB_ARGS(db_int(i % 10)), &rows, &e), &e);
		assert_int_equal(db_row_count(rows), 10 - i % 10);
	}
	assert_int_equal(session_number(db, status), before + 1);
	assert_int_equal(session_number(db, others), 0);
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
	AUTO(db) db = session_new(10);
	AUTO(db_rows) most = NULL;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(db_rows) rows = NULL;

		expect_err(db_query(db, cases[i].sql, DB_NO_ARGS, &rows, &e), &e, ERR_PERM, 0);
		assert_non_null(strstr(e.text, cases[i].says));
		assert_int_equal(session_number(db, "SELECT 1"), 1);
	}
	expect_ok(db_query(db, "SELECT seq FROM seq_1_to_100000", DB_NO_ARGS, &most, &e), &e);
	assert_int_equal(db_row_count(most), DB_MAX_ROWS);
}

static void test_transactions(void **state)
{
	static const char count[] = "SELECT COUNT(*) FROM trans";
	AUTO(db) db = session_new(10);
	AUTO(db) other = session_new(10);
	struct err e;

	(void)state;
	session_exec(db, "CREATE TABLE trans (id INT PRIMARY KEY)");
	expect_ok(db_begin(db, &e), &e);
	session_exec(db, "INSERT INTO trans VALUES (1)");
	assert_int_equal(session_number(other, count), 0);
	expect_ok(db_commit(db, &e), &e);
	assert_int_equal(session_number(other, count), 1);

	expect_ok(db_begin(db, &e), &e);
	session_exec(db, "INSERT INTO trans VALUES (2)");
	db_rollback(db);
	db_rollback(db);
	assert_int_equal(session_number(other, count), 1);
}

static void test_a_failed_transaction_only_ends(void **state)
{
	AUTO(db) db = session_new(10);
	struct err e;

	(void)state;
	session_exec(db, "CREATE TABLE doomed (id INT PRIMARY KEY)");
	expect_ok(db_begin(db, &e), &e);
	session_exec(db, "INSERT INTO doomed VALUES (1)");
	expect_err(db_exec(db, "INSERT INTO doomed VALUES (1)", DB_NO_ARGS, NULL, &e), &e, ERR_PERM, 409);
	expect_err(db_exec(db, "INSERT INTO doomed VALUES (2)", DB_NO_ARGS, NULL, &e), &e, ERR_TEMP, 503);
	expect_err(db_commit(db, &e), &e, ERR_TEMP, 503);
	assert_int_equal(session_number(db, "SELECT COUNT(*) FROM doomed"), 0);
	session_exec(db, "INSERT INTO doomed VALUES (3)");
	assert_int_equal(session_number(db, "SELECT id FROM doomed"), 3);
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
	AUTO(db) db = session_new(10);
	struct err e;

	(void)state;
	expect_ok(db_script(db, script, &e), &e);
	assert_int_equal(session_number(db, "SELECT COUNT(*) FROM script WHERE t IN ('a; b', 'c')"), 2);
	expect_ok(db_script(db, "", &e), &e);
	expect_ok(db_script(db, "-- only a comment;\n\n", &e), &e);

	expect_err(db_script(db,
			   "INSERT INTO script VALUES (3, 'd');\nINSERT INTO script VALUES (1, 'e');\n"
			   "INSERT INTO script VALUES (4, 'f');\n",
			   &e),
		&e, ERR_PERM, 409);
	assert_non_null(strstr(e.text, "statement 2: "));
	assert_int_equal(session_number(db, "SELECT COUNT(*) FROM script"), 3);
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
		cmocka_unit_test(test_scripts),
	};

	return cmocka_run_group_tests(tests, session_start, session_stop);
}
