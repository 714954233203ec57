#ifndef VIDEOD_TESTS_UNIT_KEYS_WORLD_H
#define VIDEOD_TESTS_UNIT_KEYS_WORLD_H

/*
 * What the tests of S3's keys live in: an environment of their own, a folder, and a server in the same loop,
 * which answers request by request as a test has written it down and fails it for any other request.
 */

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/remote/aws_credentials.h"

#define KEYS_GIVE_UP_MS 20000
#define KEYS_HUSH       "hush+hush/hush" /* a part of every secret; no error may show it */

struct keys_exchange {
	const char *asks;   /* the request's first line up to its path's end */
	const char *header; /* a line of it; NULL any */
	int status;
	const char *body;   /* NULL: silence */
	int64_t expires_in; /* where there is a %s in body; 0: what is said is a long time */
};

struct keys_world {
	struct loop *loop;
	struct http *http;
	struct aws_credentials *c;
	char folder[32];
	int listener;
	unsigned port;
	struct loop_io *accepting;
	int peer; /* one at a time; -1 none */
	struct loop_io *reading;
	struct buf request;
	const struct keys_exchange *next; /* the rest of a script; its end has asks NULL */
	unsigned told;
	char id[64]; /* of the last key that was given; "" an error */
	char secret[64];
	char token[64];
	struct err failure;
};

extern int64_t keys_clock; /* what it is now; stands still but for the test */

/* Of a test, whose *state is a world then. */
int keys_set_up(void **state);
int keys_tear_down(void **state);

void keys_set_env(const char *name, char *value); /* value is taken over; NULL: not set */
void keys_clear_env(void);
const char *keys_env(const char *name);
char *keys_write_file(
	const struct keys_world *w, const char *name, const char *text); /* path; caller frees */

/* aws_credentials_new, with this environment. configured NULL: nothing is. */
int keys_make(struct keys_world *w, const struct sigv4_key *configured, struct err *e);
void keys_make_ok(struct keys_world *w);

/* Asking, and what must come of it. Every error is looked through for secrets. */
aws_credentials_fn keys_on_key; /* arg is a world */
void keys_ask(struct keys_world *w);
void keys_run_until(struct keys_world *w, unsigned told);
void keys_run_until_asked(struct keys_world *w);                    /* all of the script */
void keys_run_until_replaced(struct keys_world *w, const char *id); /* asks on and on; always gets one */
void keys_expect_at_once(struct keys_world *w, const char *id);
void keys_expect_later(struct keys_world *w, const char *id);
void keys_expect_error(struct keys_world *w, enum err_kind kind, const char *text);

#endif
