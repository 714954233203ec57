#ifndef VIDEOD_TESTS_UNIT_SERVERS_H
#define VIDEOD_TESTS_UNIT_SERVERS_H

/*
 * Real servers for tests: a private mariadbd and memcached, each on a unix socket in a new folder below
 * $TMPDIR or /tmp. They die with the test process. Whatever cannot be done ends the test process with a
 * message.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct db;
struct db_options;
struct err;

struct test_server {
	char folder[64];
	char socket[96];
	pid_t pid; /* 0 while it does not run */
};

/* An empty database "videod", user root without a password. Returns when it takes connections. */
void test_db_create(struct test_server *s);
void test_db_start(struct test_server *s);                      /* again, after test_server_kill */
struct db_options test_db_options(const struct test_server *s); /* borrows s; short timeouts */

/* Ends another session of the same server and waits until it is gone, and what it had open undone. */
int test_db_end_session(struct db *admin, int64_t id, struct err *e);

/* Starts a process that waits until a session runs a statement LIKE pattern and then strikes. */
enum test_blow { KILL_SESSION, KILL_SERVER };
pid_t test_db_strike_while(const struct test_server *s, const char *pattern, enum test_blow blow);
void test_db_expect_struck(pid_t pid); /* waits for it: it struck, and a session struck is gone */

void test_cache_create(struct test_server *s);
void test_cache_start(struct test_server *s);

void test_server_signal(
	const struct test_server *s, int signal_no); /* SIGSTOP: returns when all of it stands */
void test_server_kill(struct test_server *s);        /* kill -9, and wait for its end */
void test_server_remove(struct test_server *s);      /* ends it and removes its folder */

#endif
