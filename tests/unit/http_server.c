/*
 * A scripted HTTP server: a child on a loopback port that answers by a table, one process a connection, and
 * counts what it saw in memory that it shares with the test.
 */

#include "tests/unit/http_server.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "tests/unit/loopback.h"

#define REQUEST_BYTES 8192

/* In the server's processes: the one server there is. */
static struct http_server own;

static void put(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
		if (sent <= 0)
			_exit(0);
		p += sent;
		n -= (size_t)sent;
	}
}

static void puts_to(int fd, const char *s)
{
	put(fd, s, strlen(s));
}

_Noreturn static void answer_endless(int fd, const char *request UNUSED)
{
	static const char chunk[] = "10\r\n0123456789abcdef\r\n";

	puts_to(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (;;)
		put(fd, chunk, strlen(chunk));
}

_Noreturn static void answer_never(int fd UNUSED, const char *request UNUSED)
{
	for (;;)
		pause();
}

_Noreturn static void answer_half(int fd, const char *request)
{
	puts_to(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	answer_never(fd, request);
}

_Noreturn static void answer_reset(int fd, const char *request UNUSED)
{
	const struct linger at_once = {.l_onoff = 1};

	puts_to(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	_exit(0);
}

_Noreturn static void answer_nothing(int fd UNUSED, const char *request UNUSED)
{
	_exit(0);
}

static void answer_big(int fd, const char *request UNUSED)
{
	char *data = xmalloc(HTTP_SERVER_BIG_BYTES), head[128];

	for (size_t i = 0; i < HTTP_SERVER_BIG_BYTES; i++)
		data[i] = (char)('a' + i % 23);
	(void)snprintf(
		head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", HTTP_SERVER_BIG_BYTES);
	puts_to(fd, head);
	put(fd, data, HTTP_SERVER_BIG_BYTES);
	free(data);
}

static void answer_echo(int fd, const char *request)
{
	char head[128];

	(void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(request));
	puts_to(fd, head);
	puts_to(fd, request);
}

/* As a good server does it: it says no before the body is there, and reads on so that its answer is not lost.
 */
_Noreturn static void answer_early(int fd, const char *request UNUSED)
{
	char rest[4096];

	puts_to(fd, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
	(void)shutdown(fd, SHUT_WR);
	while (recv(fd, rest, sizeof(rest), 0) > 0)
		;
	_exit(0);
}

_Noreturn static void answer_and_close(int fd, const char *request UNUSED)
{
	puts_to(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	_exit(0);
}

static void answer_big_error(int fd, const char *request UNUSED)
{
	char *data = xmalloc(HTTP_SERVER_BIG_BYTES), head[128];

	memset(data, 'e', HTTP_SERVER_BIG_BYTES);
	(void)snprintf(
		head, sizeof(head), "HTTP/1.1 500 Oh\r\nContent-Length: %u\r\n\r\n", HTTP_SERVER_BIG_BYTES);
	puts_to(fd, head);
	put(fd, data, HTTP_SERVER_BIG_BYTES);
	free(data);
}

_Noreturn static void answer_endless_error(int fd, const char *request UNUSED)
{
	static const char chunk[] = "10\r\n0123456789abcdef\r\n";

	puts_to(fd, "HTTP/1.1 502 Oh\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (;;)
		put(fd, chunk, strlen(chunk));
}

static void answer_userinfo(int fd, const char *request UNUSED)
{
	char text[160];

	(void)snprintf(text, sizeof(text),
		"HTTP/1.1 302 Found\r\nLocation: http://me:pw@127.0.0.1:%u/plain\r\nContent-Length: "
		"0\r\n\r\n",
		own.port);
	puts_to(fd, text);
}

#define FOUND(to) "HTTP/1.1 302 Found\r\nLocation: " to "\r\nContent-Length: 5\r\n\r\nmoved"

static const struct answer {
	const char *path;
	const char *text; /* or: */
	void (*act)(int fd, const char *request);
} answers[] = {
	{"/plain", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello", NULL},
	{"/chunked",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
		NULL},
	{"/empty", "HTTP/1.1 204 No Content\r\n\r\n", NULL},
	{"/head", "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 1000000000\r\n\r\n", NULL},
	{"/busy", "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 4\r\n\r\nbusy", NULL},
	{"/retry-now", "HTTP/1.1 429 Slow\r\nretry-after: 0\r\nContent-Length: 0\r\n\r\n", NULL},
	{"/retry-late", "HTTP/1.1 429 Slow\r\nRetry-After: 99999999\r\nContent-Length: 0\r\n\r\n", NULL},
	{"/retry-date",
		"HTTP/1.1 503 Busy\r\nRetry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\nContent-Length: "
		"0\r\n\r\n",
		NULL},
	{"/retry-soon",
		"HTTP/1.1 503 Busy\r\nDate: Fri, 31 Dec 2100 23:59:50 GMT\r\n"
		"Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n",
		NULL},
	{"/retry-past",
		"HTTP/1.1 503 Busy\r\nDate: Fri, 31 Dec 2100 23:59:59 GMT\r\n"
		"Retry-After: Fri, 31 Dec 2100 23:59:50 GMT\r\nContent-Length: 0\r\n\r\n",
		NULL},
	{"/retry-minus", "HTTP/1.1 503 Busy\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n", NULL},
	{"/gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\n\x1f\x8bnot gz",
		NULL},
	{"/huge-length", "HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n\r\nx", NULL},
	{"/named",
		"HTTP/1.1 200 OK\r\nrequest-ID: first\r\nRequest-Id: second\r\nX-Empty:\r\n"
		"Content-Length: 0\r\n\r\n",
		NULL},
	{"/named-elsewhere",
		"HTTP/1.1 302 Found\r\nLocation: /plain\r\nRequest-Id: not-final\r\nContent-Length: "
		"5\r\n\r\nmoved",
		NULL},
	/* what came back garbled, with a key in it */
	{"/echo-status", "HTTP/1.1 hush-hush\r\n\r\n", NULL},
	{"/echo-length", "HTTP/1.1 200 OK\r\nContent-Length: hush-hush\r\n\r\n", NULL},
	{"/echo-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhush-hush\r\n", NULL},
	{"/garbage", "SSH-2.0-OpenSSH_9.2 ?" HTTP_SERVER_SECRET "\r\n\r\n", NULL},
	{"/status-999", "HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n", NULL},
	{"/moved", FOUND("/plain"), NULL},
	{"/loop", FOUND("/loop?" HTTP_SERVER_SECRET), NULL},
	{"/to-file", FOUND("file:///etc/passwd"), NULL},
	{"/to-ftp", FOUND("ftp://127.0.0.1/x?" HTTP_SERVER_SECRET), NULL},
	{"/to-nowhere", FOUND("http://:" HTTP_SERVER_SECRET), NULL},
	{"/to-user", NULL, answer_userinfo},
	{"/endless", NULL, answer_endless},
	{"/hang", NULL, answer_never},
	{"/half", NULL, answer_half},
	{"/reset", NULL, answer_reset},
	{"/drop", NULL, answer_nothing},
	{"/early", NULL, answer_early},
	{"/close", NULL, answer_and_close},
	{"/error-big", NULL, answer_big_error},
	{"/error-endless", NULL, answer_endless_error},
	{"/big", NULL, answer_big},
	{"/echo", NULL, answer_echo},
};

static void answer(int fd, const char *request)
{
	const char *path = strchr(request, ' ') + 1;
	size_t n = strcspn(path, " ?");

	__atomic_add_fetch(&own.seen->requests, 1, __ATOMIC_SEQ_CST);
	if (strncmp(request, "GET ", 4) != 0 && strncmp(request, "HEAD ", 5) != 0)
		__atomic_add_fetch(&own.seen->unsafe, 1, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		if (strlen(answers[i].path) != n || strncmp(answers[i].path, path, n) != 0)
			continue;
		if (answers[i].act != NULL)
			answers[i].act(fd, request);
		else
			puts_to(fd, answers[i].text);
		return;
	}
	puts_to(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

static size_t body_bytes_of(const char *head)
{
	const char *digit = strcasestr(head, "\r\nContent-Length: ");
	size_t n = 0;

	for (digit = digit != NULL ? digit + 18 : ""; *digit >= '0' && *digit <= '9'; digit++)
		n = n * 10 + (size_t)(*digit - '0');
	return n;
}

uint32_t http_server_hash(uint32_t hash, const void *p, size_t n)
{
	const unsigned char *byte = p;

	for (size_t i = 0; i < n; i++)
		hash = hash * 31 + byte[i];
	return hash;
}

static void note_body(const char *p, size_t n)
{
	own.seen->body_bytes += (unsigned)n;
	own.seen->body_hash = http_server_hash(own.seen->body_hash, p, n);
}

/* The body of a request of which n bytes have been read: as much of it as fits is put behind the head, all of
 * it is noted. False at the end. */
static bool read_body(int fd, char request[static REQUEST_BYTES], size_t n, size_t head_bytes)
{
	own.seen->body_bytes = own.seen->body_hash = 0;
	note_body(request + head_bytes, n - head_bytes);
	for (size_t want = head_bytes + body_bytes_of(request); n < want;) {
		char rest[4096];
		bool fits = n < REQUEST_BYTES - 1;
		char *to = fits ? request + n : rest;
		ssize_t r = recv(fd, to, fits ? REQUEST_BYTES - 1 - n : sizeof(rest), 0);

		if (r <= 0)
			return false;
		note_body(to, (size_t)r);
		n += (size_t)r;
		request[n < REQUEST_BYTES ? n : REQUEST_BYTES - 1] = '\0';
	}
	return true;
}

/* Reads a head and as much of its body as fits; the rest is read and forgotten. False at the end. */
static bool read_request(int fd, char request[static REQUEST_BYTES])
{
	size_t n = 0;
	const char *end = NULL;

	while (end == NULL) {
		ssize_t r = recv(fd, request + n, REQUEST_BYTES - 1 - n, 0);
		if (r <= 0 || request[0] < 'A') /* TLS, or something else that is no HTTP */
			return false;
		n += (size_t)r;
		request[n] = '\0';
		end = strstr(request, "\r\n\r\n");
	}
	if (strstr(request, " /early") != NULL)
		return true;
	return read_body(fd, request, n, (size_t)(end + 4 - request));
}

_Noreturn static void serve_http(int fd)
{
	static char request[REQUEST_BYTES];

	while (read_request(fd, request))
		answer(fd, request);
	_exit(0);
}

_Noreturn static void serve_nothing(int fd UNUSED)
{
	_exit(0);
}

_Noreturn static void serve_plain_text(int fd)
{
	char bytes[REQUEST_BYTES];

	if (recv(fd, bytes, sizeof(bytes), 0) > 0)
		puts_to(fd, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	_exit(0);
}

_Noreturn static void serve(int listen_fd, void (*serve_connection)(int fd))
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			__atomic_add_fetch(&own.seen->connections, 1, __ATOMIC_SEQ_CST);
		if (fd >= 0 && fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve_connection(fd);
		}
		close(fd);
	}
}

void http_server_start(struct http_server *s)
{
	int http_fd = loopback_bind(&s->port), shut_fd = loopback_bind(&s->shut_port),
	    plain_fd = loopback_bind(&s->plain_port);

	(void)loopback_bind(&s->closed_port); /* kept bound, so that nobody else gets it */
	assert_int_equal(listen(loopback_bind(&s->deaf_port), 128), 0);
	s->seen = mmap(NULL, sizeof(*s->seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(s->seen != MAP_FAILED);
	assert_int_equal(listen(http_fd, 128), 0);
	assert_int_equal(listen(shut_fd, 128), 0);
	assert_int_equal(listen(plain_fd, 128), 0);
	own = *s;
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		if (fork() == 0)
			serve(shut_fd, serve_nothing);
		if (fork() == 0)
			serve(plain_fd, serve_plain_text);
		serve(http_fd, serve_http);
	}
	close(http_fd);
	close(shut_fd);
	close(plain_fd);
}

void http_server_stop(const struct http_server *s)
{
	assert_int_equal(kill(s->pid, SIGKILL), 0); /* its connections die with it */
	assert_int_equal(waitpid(s->pid, NULL, 0), s->pid);
}
