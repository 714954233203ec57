#ifndef VIDEOD_TESTS_UNIT_HTTP_SERVER_H
#define VIDEOD_TESTS_UNIT_HTTP_SERVER_H

/* A scripted HTTP server on loopback; its paths are the table in http_server.c. It dies with the test
 * process. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HTTP_SERVER_BIG_BYTES 3000000u        /* of /big: byte i is 'a' + i % 23 */
#define HTTP_SERVER_SECRET    "key=hush-hush" /* in what it sends; no error may show it */

struct http_server {
	unsigned port;
	unsigned closed_port; /* nobody listens there, and nobody can begin to */
	unsigned deaf_port;   /* connections are never accepted, so nothing is read or said */
	unsigned shut_port;   /* they are closed at once, unread */
	unsigned plain_port;  /* whatever comes is answered with plain text, TLS too */
	pid_t pid;
	struct http_seen {
		unsigned connections, requests;
		unsigned unsafe;     /* requests that are neither GET nor HEAD */
		unsigned body_bytes; /* of the last request */
		uint32_t body_hash;  /* of them, as http_server_hash says */
	} * seen;                    /* counts so far; read atomically while calls are under way */
};

void http_server_start(struct http_server *s);
void http_server_stop(const struct http_server *s);
/* Begins with hash 0, and goes on with what it gave last. */
uint32_t http_server_hash(uint32_t hash, const void *p, size_t n);

#endif
