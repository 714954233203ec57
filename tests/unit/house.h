#ifndef VIDEOD_TESTS_HOUSE_H
#define VIDEOD_TESTS_HOUSE_H

/*
 * A responder without FastCGI: its handlers on a real database, a real memcached and a socket that hears
 * whom it wakes. For the tests of handlers.
 */

#include <stdbool.h>

#include "cgi/handler.h"
#include "tests/unit/servers.h"

extern struct house {
	struct test_server db, cache;
	struct app app;
	char wake_path[96];
	int wake_fd;
} house;

struct json;

int house_open(void **state);  /* group setup */
int house_close(void **state); /* group teardown */
/* Setup of a case: a store s1 with the products p1 and p2, two tracks, the settings of a local provider. */
int house_empty(void **state);

/* An answer, parsed. */
struct answer {
	int status;
	char *location, *text;
	struct json *body; /* NULL for none */
};
void answer_done(struct answer *a);
#define AUTO_ANSWER CLEANUP(answer_done) struct answer
const char *answer_text(const struct answer *a, const char *key); /* "" for none */

struct answer house_ask(const char *method, const char *uri, const char *body);
/* Fails unless the answer has that status, and that part (NULL: any) in its text. */
void house_check(const char *method, const char *uri, const char *body, int status, const char *part);
void house_must(int r, const struct err *e);
void house_sql(const char *sql); /* a constant */
bool house_woken(void);          /* since the last time it was asked */

#endif
