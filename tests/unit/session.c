#include "tests/unit/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/macros.h"
#include "lib/io/db.h"

struct test_server session_server;

struct db *session_new(unsigned io_timeout_sec)
{
	struct db_options options = test_db_options(&session_server);

	options.io_timeout_sec = io_timeout_sec;
	return db_new(&options);
}

void expect_ok(int rc, const struct err *e)
{
	if (rc < 0)
		fail_msg("%s", e->text);
}

void expect_rc(int rc, int wanted, const struct err *e)
{
	if (rc != wanted)
		fail_msg("%d instead of %d: %s", rc, wanted, rc < 0 ? e->text : "");
}

void expect_err(int rc, const struct err *e, enum err_kind kind, int http_status)
{
	assert_int_equal(rc, -1);
	if (e->kind != kind || e->http_status != http_status)
		fail_msg("%s %d: %s", err_kind_names[e->kind], e->http_status, e->text);
}

void session_exec(struct db *db, const char *sql)
{
	struct err e;

	expect_ok(db_exec(db, sql, DB_NO_ARGS, NULL, &e), &e);
}

int64_t session_number(struct db *db, const char *sql)
{
	struct err e;
	AUTO(db_rows) rows = NULL;

	expect_ok(db_query(db, sql, DB_NO_ARGS, &rows, &e), &e);
	assert_true(db_next(rows));
	return db_get_int(rows, 0);
}

int64_t session_id(struct db *db)
{
	return session_number(db, "SELECT CONNECTION_ID()");
}

void session_throw_out(int64_t id)
{
	AUTO(db) admin = session_new(10);
	struct err e;

	expect_ok(test_db_end_session(admin, id, &e), &e);
}

int session_start(void **state)
{
	(void)state;
	test_db_create(&session_server);
	return 0;
}

int session_stop(void **state)
{
	(void)state;
	test_server_remove(&session_server);
	db_library_end();
	return 0;
}
