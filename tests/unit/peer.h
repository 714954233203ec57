#ifndef VIDEOD_TESTS_UNIT_PEER_H
#define VIDEOD_TESTS_UNIT_PEER_H

/*
 * A vendor for tests of its client: listens on loopback within the test's own loop, answers one request after
 * the other as it was told, closes each connection after it, and keeps what it was asked.
 */

#include <stddef.h>

#define PEER_REQUESTS 24

struct loop;
struct peer;

struct peer *peer_new(struct loop *l);
void peer_free(struct peer *p);             /* before the loop */
const char *peer_url(const struct peer *p); /* "http://127.0.0.1:4711" */

/* The next answers, in the order of the calls. headers: "Name: value\r\n..." or "". */
void peer_will_say(struct peer *p, int status, const char *headers, const char *body);
void peer_will_break_off(struct peer *p, const char *body); /* says that twice as much comes */
void peer_will_hang_up(struct peer *p);                     /* without a word */
void peer_will_wait(struct peer *p);                        /* and never answer */

size_t peer_count(const struct peer *p);                  /* requests so far */
const char *peer_request(const struct peer *p, size_t i); /* all of it */
const char *peer_body(const struct peer *p, size_t i);    /* its body */

#endif
