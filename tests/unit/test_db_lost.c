/* The database connection where the server dies, stops answering, throws its clients out or is not there. */

#include "lib/io/db.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "tests/unit/loopback.h"
#include "tests/unit/session.h"

static void test_an_idle_connection_is_replaced_unnoticed(void **state)
{
	static const char insert[] = "INSERT INTO idle VALUES (?)";
	AUTO(db) db = session_new(10);
	struct err e;

	(void)state;
	session_exec(db, "CREATE TABLE idle (id INT PRIMARY KEY)");
	for (int64_t i = 0; i < 3; i++) {
		int64_t id = session_id(db);

		expect_ok(db_exec(db, insert, DB_ARGS(db_int(i)), NULL, &e), &e);
		session_throw_out(id);
		if (i == 0)
			expect_ok(db_exec(db, insert, DB_ARGS(db_int(10)), NULL, &e), &e);
		else if (i == 1)
			assert_int_equal(session_number(db, "SELECT COUNT(*) FROM idle"), 3);
		else
			expect_ok(db_begin(db, &e), &e);
		assert_true(session_id(db) != id);
	}
	expect_ok(db_exec(db, insert, DB_ARGS(db_int(11)), NULL, &e), &e);
	expect_ok(db_commit(db, &e), &e);
	assert_int_equal(session_number(db, "SELECT COUNT(*) FROM idle"), 5);
}

static void test_a_lost_transaction_leaves_nothing(void **state)
{
	static const char insert[] = "INSERT INTO lost VALUES (?)";
	AUTO(db) db = session_new(10);
	struct err e;

	(void)state;
	session_exec(db, "CREATE TABLE lost (id INT PRIMARY KEY)");

	expect_ok(db_begin(db, &e), &e);
	expect_ok(db_exec(db, insert, DB_ARGS(db_int(1)), NULL, &e), &e);
	session_throw_out(session_id(db));
	expect_err(db_exec(db, insert, DB_ARGS(db_int(2)), NULL, &e), &e, ERR_TEMP, 503);
	expect_err(db_exec(db, insert, DB_ARGS(db_int(3)), NULL, &e), &e, ERR_TEMP, 503);
	db_rollback(db);
	assert_int_equal(session_number(db, "SELECT COUNT(*) FROM lost"), 0);

	/* Gone before COMMIT was sent: certainly rolled back, so not uncertain. */
	expect_ok(db_begin(db, &e), &e);
	expect_ok(db_exec(db, insert, DB_ARGS(db_int(4)), NULL, &e), &e);
	session_throw_out(session_id(db));
	expect_err(db_commit(db, &e), &e, ERR_TEMP, 503);
	assert_int_equal(session_number(db, "SELECT COUNT(*) FROM lost"), 0);
}

/* As when its client is stopped, or its host lost: somebody else gets the row. */
static void test_an_idle_transaction_keeps_its_locks_not_for_long(void **state)
{
	static const char update[] = "UPDATE held SET v=v+1 WHERE id=1";
	AUTO(db) stopped = session_new(3);
	AUTO(db) db = session_new(30);
	struct err e;

	(void)state;
	session_exec(db, "CREATE TABLE held (id INT PRIMARY KEY, v INT)");
	session_exec(db, "INSERT INTO held VALUES (1, 0)");
	expect_ok(db_begin(stopped, &e), &e);
	session_exec(stopped, update);
	session_exec(db, update);
	expect_err(db_commit(stopped, &e), &e, ERR_TEMP, 503);
	assert_int_equal(session_number(db, "SELECT v FROM held"), 1);
	session_exec(stopped, update);
	assert_int_equal(session_number(db, "SELECT v FROM held"), 2);
}

/* Runs a statement that another session blocks, and has it struck there. */
static int run_struck(struct db *db, const char *sql, const char *pattern, enum test_blow blow, struct err *e)
{
	pid_t pid = test_db_strike_while(&session_server, pattern, blow);
	int rc = db_exec(db, sql, DB_NO_ARGS, NULL, e);

	test_db_expect_struck(pid);
	return rc;
}

static void test_a_lost_reply_says_what_is_open(void **state)
{
	static const char update[] = "UPDATE replies SET v=v+1 WHERE id=1";
	AUTO(db) db = session_new(60);
	AUTO(db) blocker = session_new(60);
	AUTO(db_rows) rows = NULL;
	struct err e;

	(void)state;
	session_exec(db, "CREATE TABLE replies (id INT PRIMARY KEY, v INT)");
	session_exec(db, "INSERT INTO replies VALUES (1, 0)");
	expect_ok(db_begin(blocker, &e), &e);
	session_exec(blocker, "UPDATE replies SET v=100 WHERE id=1");

	expect_err(run_struck(db, update, "UPDATE replies%", KILL_SESSION, &e), &e, ERR_UNCERTAIN, 503);

	expect_ok(db_begin(db, &e), &e);
	expect_err(run_struck(db, update, "UPDATE replies%", KILL_SESSION, &e), &e, ERR_TEMP, 503);
	db_rollback(db);

	pid_t pid = test_db_strike_while(&session_server, "SELECT SLEEP(50)%", KILL_SESSION);

	expect_err(db_query(db, "SELECT SLEEP(50), 1", DB_NO_ARGS, &rows, &e), &e, ERR_TEMP, 503);
	test_db_expect_struck(pid);
	db_rollback(blocker);
	session_exec(db, update);
	assert_int_equal(session_number(db, "SELECT v FROM replies"), 1);
}

static void test_a_lost_commit_is_uncertain(void **state)
{
	AUTO(db) db = session_new(60);
	AUTO(db) blocker = session_new(60);
	struct err e;

	(void)state;
	session_exec(db, "CREATE TABLE commits (id INT PRIMARY KEY)");
	expect_ok(db_begin(db, &e), &e);
	session_exec(db, "INSERT INTO commits VALUES (1)");
	expect_ok(db_script(blocker, "FLUSH TABLES WITH READ LOCK;", &e), &e);

	pid_t pid = test_db_strike_while(&session_server, "COMMIT", KILL_SESSION);

	expect_err(db_commit(db, &e), &e, ERR_UNCERTAIN, 503);
	test_db_expect_struck(pid);
	expect_ok(db_script(blocker, "UNLOCK TABLES;", &e), &e);
	db_rollback(db);
	assert_int_equal(session_number(db, "SELECT COUNT(*) FROM commits"), 0);
}

static void test_the_server_dies_and_comes_back(void **state)
{
	static const char insert[] = "INSERT INTO deaths VALUES (?)";
	static const char count[] = "SELECT COUNT(*) FROM deaths";
	AUTO(db) db = session_new(60);
	AUTO(db) blocker = session_new(60);
	struct err e;
	AUTO(db_rows) rows = NULL;

	(void)state;
	session_exec(db, "CREATE TABLE deaths (id INT PRIMARY KEY)");
	expect_ok(db_exec(db, insert, DB_ARGS(db_int(1)), NULL, &e), &e);
	assert_int_equal(session_number(db, count), 1);
	test_server_kill(&session_server);
	expect_err(db_query(db, count, DB_NO_ARGS, &rows, &e), &e, ERR_TEMP, 503);
	expect_err(db_exec(db, insert, DB_ARGS(db_int(2)), NULL, &e), &e, ERR_TEMP, 503);
	expect_err(db_begin(db, &e), &e, ERR_TEMP, 503);

	test_db_start(&session_server);
	assert_int_equal(session_number(db, count), 1);
	expect_ok(db_exec(db, insert, DB_ARGS(db_int(2)), NULL, &e), &e);

	expect_ok(db_begin(db, &e), &e);
	expect_ok(db_exec(db, insert, DB_ARGS(db_int(3)), NULL, &e), &e);
	expect_ok(db_script(blocker, "FLUSH TABLES WITH READ LOCK;", &e), &e);

	pid_t pid = test_db_strike_while(&session_server, "COMMIT", KILL_SERVER);

	expect_err(db_commit(db, &e), &e, ERR_UNCERTAIN, 503);
	test_db_expect_struck(pid);
	test_server_kill(&session_server);
	test_db_start(&session_server);
	assert_int_equal(session_number(db, count), 2);
}

static void expect_within(int64_t begin_ms, int64_t least_ms, int64_t most_ms)
{
	int64_t ms = clock_mono_ms() - begin_ms;

	if (ms < least_ms || ms > most_ms)
		fail_msg("took %lld ms", (long long)ms);
}

/* The server is there again, but db does not ask it at once. */
static void wait_until_back(struct db *db)
{
	int64_t give_up_ms = clock_mono_ms() + 20000;
	struct err e;

	for (;;) {
		AUTO(db_rows) rows = NULL;

		if (db_query(db, "SELECT 1", DB_NO_ARGS, &rows, &e) == 0)
			return;
		if (e.kind != ERR_TEMP || clock_mono_ms() > give_up_ms)
			fail_msg("%s", e.text);
		(void)poll(NULL, 0, 10);
	}
}

/*
 * That the server ends a statement after a second. False where we gave it up, which is due a second later,
 * but comes first on a machine that stands still in between.
 */
static bool is_ended_in_its_work(struct db *db)
{
	static const char slow[] = "SELECT COUNT(*) FROM seq_1_to_1000000000 WHERE seq % 3 = 1";
	AUTO(db_rows) rows = NULL;
	struct err e;

	wait_until_back(db);

	int64_t begin_ms = clock_mono_ms();

	expect_err(db_query(db, slow, DB_NO_ARGS, &rows, &e), &e, ERR_TEMP, 503);
	if (strstr(e.text, "(1969)") == NULL) { /* ER_STATEMENT_TIMEOUT */
		print_message("%s\n", e.text);
		return false;
	}
	assert_true(clock_mono_ms() - begin_ms >= 900);
	return true;
}

static int64_t id_or_none(struct db *db)
{
	AUTO(db_rows) rows = NULL;
	struct err e;

	return db_query(db, "SELECT CONNECTION_ID()", DB_NO_ARGS, &rows, &e) == 0 && db_next(rows)
		       ? db_get_int(rows, 0)
		       : -1;
}

static int64_t value_in(struct db *db, int64_t row)
{
	AUTO(db_rows) rows = NULL;
	struct err e;

	expect_ok(db_query(db, "SELECT v FROM slow WHERE id=?", DB_ARGS(db_int(row)), &rows, &e), &e);
	assert_true(db_next(rows));
	return db_get_int(rows, 0);
}

/* The same of one that waits for a lock: then it is certain, and its session is still there. */
static bool is_ended_in_its_wait(struct db *db, struct db *blocker, int64_t row)
{
	static const char lock[] = "UPDATE slow SET v=1 WHERE id=?";
	static const char update[] = "UPDATE slow SET v=2 WHERE id=?";
	struct err e;

	wait_until_back(db);

	int64_t id = id_or_none(db);

	expect_ok(db_begin(blocker, &e), &e);
	expect_ok(db_exec(blocker, lock, DB_ARGS(db_int(row)), NULL, &e), &e);

	int64_t begin_ms = clock_mono_ms();

	assert_int_equal(db_exec(db, update, DB_ARGS(db_int(row)), NULL, &e), -1);

	int64_t took_ms = clock_mono_ms() - begin_ms;

	db_rollback(blocker);
	if (id < 0 || id_or_none(db) != id) {
		print_message("%s\n", e.text);
		return false;
	}
	expect_err(-1, &e, ERR_TEMP, 503);
	assert_true(took_ms >= 900);
	assert_int_equal(value_in(blocker, row), 0);
	return true;
}

static void test_statements_are_limited_in_time(void **state)
{
	AUTO(db) db = session_new(1);
	AUTO(db) blocker = session_new(60);
	bool in_work = false, in_wait = false;

	(void)state;
	session_exec(blocker, "CREATE TABLE slow (id INT PRIMARY KEY, v INT)");
	session_exec(blocker, "INSERT INTO slow VALUES (1, 0), (2, 0), (3, 0)");
	for (int64_t row = 1; row <= 3; row++) {
		in_work = in_work || is_ended_in_its_work(db);
		in_wait = in_wait || is_ended_in_its_wait(db, blocker, row);
	}
	assert_true(in_work);
	assert_true(in_wait);
}

static void test_a_stopped_server_is_given_up(void **state)
{
	static const char insert[] = "INSERT INTO stopped VALUES (NULL)";
	struct db_options options = test_db_options(&session_server);
	AUTO(db) patient = session_new(20);
	AUTO(db) reader = session_new(1);
	AUTO(db) writer = session_new(1);
	AUTO(db_rows) rows = NULL;
	struct err e;

	(void)state;
	options.connect_timeout_sec = options.io_timeout_sec = 1;

	AUTO(db) late = db_new(&options);

	session_exec(patient, "CREATE TABLE stopped (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=MEMORY");
	expect_ok(db_exec(writer, insert, DB_NO_ARGS, NULL, &e), &e);
	(void)session_id(reader);
	test_server_signal(&session_server, SIGSTOP);

	int64_t begin_ms = clock_mono_ms();
	int rc_read = db_query(reader, "SELECT 1", DB_NO_ARGS, &rows, &e);
	enum err_kind read_kind = e.kind;
	int rc_write = db_exec(writer, insert, DB_NO_ARGS, NULL, &e);
	enum err_kind write_kind = e.kind;
	int rc_connect = db_query(late, "SELECT 1", DB_NO_ARGS, &rows, &e);

	test_server_signal(&session_server, SIGCONT);
	expect_within(begin_ms, 4500, 15000);
	assert_int_equal(rc_read, -1);
	assert_int_equal(read_kind, ERR_TEMP);
	assert_int_equal(rc_write, -1);
	assert_int_equal(write_kind, ERR_UNCERTAIN);
	expect_err(rc_connect, &e, ERR_TEMP, 503);
	wait_until_back(late);
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

/* How many connections have come since this was asked last. */
static int64_t arrivals(int listen_fd)
{
	struct pollfd p = {.fd = listen_fd, .events = POLLIN};
	int64_t n = 0;

	for (; poll(&p, 1, 0) > 0; n++)
		(void)close(accept(listen_fd, NULL, NULL));
	return n;
}

/* A host that takes a connection and says nothing: the dearest kind of outage. */
static void test_an_outage_is_not_paid_for_at_each_call(void **state)
{
	struct db_options options = {.host = "127.0.0.1",
		.user = "root",
		.name = "videod",
		.connect_timeout_sec = 1,
		.io_timeout_sec = 1};
	AUTO_CLOSE int silent_fd = loopback_bind(&options.port);
	AUTO(db) db = db_new(&options);
	AUTO(db_rows) rows = NULL;
	struct err first, e;
	int64_t begin_ms = clock_mono_ms(), asked;

	(void)state;
	assert_int_equal(listen(silent_fd, 8), 0);
	expect_err(db_query(db, "SELECT 1", DB_NO_ARGS, &rows, &first), &first, ERR_TEMP, 503);
	assert_true(clock_mono_ms() - begin_ms >= 900);
	asked = arrivals(silent_fd);
	assert_int_equal(asked, 1);

	/* Asking takes a second, and for another one nobody asks: so once in two, on a slow machine too. */
	for (int i = 0; i < 100; i++) {
		expect_err(i % 2 ? db_begin(db, &e) : db_query(db, "SELECT 1", DB_NO_ARGS, &rows, &e), &e,
			ERR_TEMP, 503);
		assert_string_equal(e.text, first.text);
		asked += arrivals(silent_fd);
		assert_true(asked <= 1 + (clock_mono_ms() - begin_ms) / 1900);
	}

	/* Then it is asked again, which takes its time again. */
	for (int64_t before = asked; asked == before; asked += arrivals(silent_fd)) {
		expect_within(begin_ms, 0, 20000);
		expect_err(db_query(db, "SELECT 1", DB_NO_ARGS, &rows, &e), &e, ERR_TEMP, 503);
		(void)poll(NULL, 0, 10);
	}
	assert_true(clock_mono_ms() - begin_ms >= 2900);
}

/* Runs statements over an outage of the server, and gives back what was logged. Caller frees. */
static char *log_of_an_outage(bool log_outages)
{
	struct db_options options = test_db_options(&session_server);
	FILE *log = tmpfile();
	int stderr_fd = dup(STDERR_FILENO);
	char text[4096];
	struct err e;

	options.log_outages = log_outages;

	AUTO(db) db = db_new(&options);
	AUTO(db_rows) rows = NULL;

	assert_true(log && stderr_fd >= 0 && dup2(fileno(log), STDERR_FILENO) >= 0);
	wait_until_back(db);
	test_server_kill(&session_server);
	for (int i = 0; i < 100; i++)
		assert_int_equal(db_query(db, "SELECT 1", DB_NO_ARGS, &rows, &e), -1);
	test_db_start(&session_server);
	wait_until_back(db);
	assert_true(dup2(stderr_fd, STDERR_FILENO) >= 0);
	(void)close(stderr_fd);
	rewind(log);
	text[fread(text, 1, sizeof(text) - 1, log)] = '\0';
	(void)fclose(log);
	return xstrdup(text);
}

static void test_an_outage_is_logged_once(void **state)
{
	AUTO_FREE char *logged = log_of_an_outage(true), *silent = log_of_an_outage(false);
	const char *out = strstr(logged, "database is out of reach error=");

	(void)state;
	assert_string_equal(silent, "");
	assert_non_null(out);
	assert_null(strstr(out + 1, "database is out of reach"));
	assert_non_null(strstr(out, "database is back"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_idle_connection_is_replaced_unnoticed),
		cmocka_unit_test(test_a_lost_transaction_leaves_nothing),
		cmocka_unit_test(test_an_idle_transaction_keeps_its_locks_not_for_long),
		cmocka_unit_test(test_a_lost_reply_says_what_is_open),
		cmocka_unit_test(test_a_lost_commit_is_uncertain),
		cmocka_unit_test(test_the_server_dies_and_comes_back),
		cmocka_unit_test(test_statements_are_limited_in_time),
		cmocka_unit_test(test_a_stopped_server_is_given_up),
		cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_an_outage_is_not_paid_for_at_each_call),
		cmocka_unit_test(test_an_outage_is_logged_once),
	};

	return cmocka_run_group_tests(tests, session_start, session_stop);
}
