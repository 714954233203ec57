/* See peer.h. Everything here happens in the loop that the client under test runs in. */

#include "tests/unit/peer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "tests/unit/loopback.h"

#define REQUEST_MAX ((size_t)1024 * 1024)

struct connection {
	struct peer *peer;
	struct loop_io *io;
	int fd; /* -1: over */
	struct buf request;
};

struct answer {
	char *text; /* NULL: none */
	bool hang_up;
};

struct peer {
	struct loop *loop;
	struct loop_io *io;
	int fd;
	char url[64];
	struct answer answers[PEER_REQUESTS];
	struct connection connections[PEER_REQUESTS];
	size_t answer_count, count;
	char *requests[PEER_REQUESTS];
	size_t request_count;
};

static void end(struct connection *c)
{
	loop_io_free(c->io);
	c->io = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static size_t promised_bytes(const char *head)
{
	const char *digit = strcasestr(head, "\r\nContent-Length: ");
	size_t n = 0;

	for (digit = digit != NULL ? digit + 18 : ""; *digit >= '0' && *digit <= '9'; digit++)
		n = n * 10 + (size_t)(*digit - '0');
	return n;
}

static bool is_whole(const struct buf *request)
{
	const char *text = buf_text(request), *end_of_head = strstr(text, "\r\n\r\n");

	if (end_of_head == NULL)
		return false;
	return request->len >= (size_t)(end_of_head + 4 - text) + promised_bytes(text);
}

static void answer(struct connection *c)
{
	struct peer *p = c->peer;
	size_t i = p->request_count++;

	assert_true(i < p->answer_count);
	p->requests[i] = buf_steal(&c->request);
	const char *text = p->answers[i].text;
	for (size_t n = text != NULL ? strlen(text) : 0; n > 0;) {
		ssize_t sent = send(c->fd, text, n, MSG_NOSIGNAL);
		if (sent <= 0)
			break; /* it does not want to hear all of it */
		text += sent;
		n -= (size_t)sent;
	}
	if (p->answers[i].hang_up)
		end(c);
}

static void on_request(int fd, uint32_t events, void *arg)
{
	struct connection *c = arg;
	char bytes[8192];
	ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

	(void)events;
	if (n <= 0) {
		end(c);
		return;
	}
	buf_add(&c->request, bytes, (size_t)n);
	assert_true(buf_ok(&c->request));
	if (is_whole(&c->request))
		answer(c);
}

static void on_connection(int fd, uint32_t events, void *arg)
{
	struct peer *p = arg;
	struct connection *c = &p->connections[p->count];
	struct err e;

	(void)events;
	assert_true(p->count < PEER_REQUESTS);
	p->count++;
	*c = (struct connection){
		.peer = p, .fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC), .request = BUF_INIT(REQUEST_MAX)};
	assert_true(c->fd >= 0);
	assert_int_equal(loop_io_new(p->loop, c->fd, EPOLLIN, on_request, c, &c->io, &e), 0);
}

struct peer *peer_new(struct loop *l)
{
	struct peer *p = xcalloc(1, sizeof(*p));
	unsigned port;
	struct err e;

	p->loop = l;
	p->fd = loopback_bind(&port);
	assert_int_equal(listen(p->fd, PEER_REQUESTS), 0);
	(void)snprintf(p->url, sizeof(p->url), "http://127.0.0.1:%u", port);
	assert_int_equal(loop_io_new(l, p->fd, EPOLLIN, on_connection, p, &p->io, &e), 0);
	return p;
}

void peer_free(struct peer *p)
{
	loop_io_free(p->io);
	close(p->fd);
	for (size_t i = 0; i < p->count; i++) {
		end(&p->connections[i]);
		buf_done(&p->connections[i].request);
	}
	for (size_t i = 0; i < p->answer_count; i++)
		free(p->answers[i].text);
	for (size_t i = 0; i < p->request_count; i++)
		free(p->requests[i]);
	free(p);
}

const char *peer_url(const struct peer *p)
{
	return p->url;
}

static void add(struct peer *p, char *text, bool hang_up)
{
	assert_true(p->answer_count < PEER_REQUESTS);
	p->answers[p->answer_count++] = (struct answer){text, hang_up};
}

static char *compose(int status, const char *headers, size_t promised, const char *body)
{
	return xasprintf("HTTP/1.1 %d Status\r\nContent-Type: application/json\r\nConnection: close\r\n"
			 "Content-Length: %zu\r\n%s\r\n%s",
		status, promised, headers, body);
}

void peer_will_say(struct peer *p, int status, const char *headers, const char *body)
{
	add(p, compose(status, headers, strlen(body), body), true);
}

void peer_will_break_off(struct peer *p, const char *body)
{
	add(p, compose(200, "", 2 * strlen(body), body), true);
}

void peer_will_hang_up(struct peer *p)
{
	add(p, NULL, true);
}

void peer_will_wait(struct peer *p)
{
	add(p, NULL, false);
}

size_t peer_count(const struct peer *p)
{
	return p->request_count;
}

const char *peer_request(const struct peer *p, size_t i)
{
	assert_true(i < p->request_count);
	return p->requests[i];
}

const char *peer_body(const struct peer *p, size_t i)
{
	return strstr(peer_request(p, i), "\r\n\r\n") + 4;
}
