#ifndef VIDEOD_TESTS_UNIT_HTTP_CLIENT_H
#define VIDEOD_TESTS_UNIT_HTTP_CLIENT_H

/* The client's side of the tests of HTTP: a loop, one call at a time, what came of it. */

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/io/http.h"
#include "tests/unit/http_server.h"

#define CLIENT_GIVE_UP_MS 20000

struct http_client {
	struct loop *loop;
	struct http *http;
	struct http_call *call;
	unsigned done_calls, wanted_calls; /* the loop ends when they are equal */
	bool failed;
	struct http_result result; /* body and content_type point into the two buffers */
	struct buf body, content_type;
	struct err failure;
	struct http_call *cancel_too; /* in the callback */
	struct err err;               /* for the test's own calls */
};

extern struct http_server client_server;

/* Of a group, and of a test, whose *state is a client then. */
int client_begin(void **state);
int client_end(void **state);
int client_set_up(void **state);
int client_tear_down(void **state);

const char *client_url(const char *path); /* valid until the next call; what has a scheme is left as it is */
/* With a secret in the query and one in a header. */
struct http_request client_request(const char *method, const char *path);
void client_start(struct http_client *c, const struct http_request *q);
/* Runs one call to its end, and fails when an error shows a secret. */
void client_run(struct http_client *c, const struct http_request *q, bool blocking);
/*
 * After a call with a short timeout that did not end as it should: on a machine that stood still meanwhile it
 * may have had no time to be sent or answered, and is to be run again with eight times as much. False: it had
 * time.
 */
bool client_give_more_time(struct http_request *q);
void client_done(const struct http_result *r, const struct err *e, void *arg);

#endif
