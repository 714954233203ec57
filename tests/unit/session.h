#ifndef VIDEOD_TESTS_UNIT_SESSION_H
#define VIDEOD_TESTS_UNIT_SESSION_H

/* One private mariadbd for a test program, and what tests say to it. What fails, fails the test. */

#include <stdint.h>

#include "lib/base/err.h"
#include "tests/unit/servers.h"

struct db;

extern struct test_server session_server;

/* Group set-up and teardown of cmocka. */
int session_start(void **state);
int session_stop(void **state);

struct db *session_new(unsigned io_timeout_sec); /* caller frees */
void session_exec(struct db *db, const char *sql);
int64_t session_number(struct db *db, const char *sql); /* the first column of the first row */
int64_t session_id(struct db *db);
void session_throw_out(int64_t id); /* from another session; returns when it is gone */

void expect_ok(int rc, const struct err *e);
void expect_rc(int rc, int wanted, const struct err *e);
void expect_err(int rc, const struct err *e, enum err_kind kind, int http_status);

#endif
