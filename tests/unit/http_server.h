#ifndef VIDEOD_TESTS_UNIT_HTTP_SERVER_H
#define VIDEOD_TESTS_UNIT_HTTP_SERVER_H

/* A scripted HTTP server on loopback; its paths are the table in http_server.c. It dies with the test
 * process. */

#include <sys/types.h>

#define HTTP_SERVER_BIG_BYTES 3000000u        /* of /big: byte i is 'a' + i % 23 */
#define HTTP_SERVER_SECRET    "key=hush-hush" /* in what it sends; no error may show it */

struct http_server {
	unsigned port;
	unsigned closed_port; /* nobody listens there, and nobody can begin to */
	pid_t pid;
	struct http_seen {
		unsigned connections, requests, posts;
	} * seen; /* counts so far; read atomically while calls are under way */
};

void http_server_start(struct http_server *s);
void http_server_stop(const struct http_server *s);

#endif
