/*
 * HTTP against a server of our own: a child on a loopback port that answers by a script, one process a
 * connection, and counts what it saw in shared memory. Most cases run in the loop and blocking. Every address
 * carries a secret in its query, and no error may show it.
 */

#include "lib/io/http.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
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

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"

#define GIVE_UP_MS    20000
#define REQUEST_BYTES 8192
#define BIG_BYTES     3000000u
#define SECRET        "key=hush-hush"

/* The server */

static struct seen {
	unsigned connections, requests, posts;
} * seen; /* shared with the server's processes */
static unsigned server_port, closed_port;
static pid_t server_pid;

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
	char *data = xmalloc(BIG_BYTES), head[128];

	for (size_t i = 0; i < BIG_BYTES; i++)
		data[i] = (char)('a' + i % 23);
	(void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", BIG_BYTES);
	puts_to(fd, head);
	put(fd, data, BIG_BYTES);
	free(data);
}

static void answer_echo(int fd, const char *request)
{
	char head[128];

	(void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(request));
	puts_to(fd, head);
	puts_to(fd, request);
}

static void answer_userinfo(int fd, const char *request UNUSED)
{
	char text[160];

	(void)snprintf(text, sizeof(text),
		"HTTP/1.1 302 Found\r\nLocation: http://me:pw@127.0.0.1:%u/plain\r\nContent-Length: "
		"0\r\n\r\n",
		server_port);
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
	{"/retry-minus", "HTTP/1.1 503 Busy\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n", NULL},
	{"/gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\n\x1f\x8bnot gz",
		NULL},
	{"/huge-length", "HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n\r\n", NULL},
	{"/garbage", "SSH-2.0-OpenSSH_9.2 ?" SECRET "\r\n\r\n", NULL},
	{"/status-999", "HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n", NULL},
	{"/moved", FOUND("/plain"), NULL},
	{"/loop", FOUND("/loop?" SECRET), NULL},
	{"/to-file", FOUND("file:///etc/passwd"), NULL},
	{"/to-ftp", FOUND("ftp://127.0.0.1/x?" SECRET), NULL},
	{"/to-nowhere", FOUND("http://:" SECRET), NULL},
	{"/to-user", NULL, answer_userinfo},
	{"/endless", NULL, answer_endless},
	{"/hang", NULL, answer_never},
	{"/half", NULL, answer_half},
	{"/reset", NULL, answer_reset},
	{"/drop", NULL, answer_nothing},
	{"/big", NULL, answer_big},
	{"/echo", NULL, answer_echo},
};

static void answer(int fd, const char *request)
{
	const char *path = strchr(request, ' ') + 1;
	size_t n = strcspn(path, " ?");

	__atomic_add_fetch(&seen->requests, 1, __ATOMIC_SEQ_CST);
	if (strncmp(request, "POST ", 5) == 0)
		__atomic_add_fetch(&seen->posts, 1, __ATOMIC_SEQ_CST);
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
	for (size_t want = (size_t)(end + 4 - request) + body_bytes_of(request); n < want;) {
		char rest[4096];
		bool fits = n < REQUEST_BYTES - 1;
		ssize_t r = fits ? recv(fd, request + n, REQUEST_BYTES - 1 - n, 0)
				 : recv(fd, rest, sizeof(rest), 0);
		if (r <= 0)
			return false;
		n += (size_t)r;
		request[n < REQUEST_BYTES ? n : REQUEST_BYTES - 1] = '\0';
	}
	return true;
}

_Noreturn static void serve_connection(int fd)
{
	static char request[REQUEST_BYTES];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	__atomic_add_fetch(&seen->connections, 1, __ATOMIC_SEQ_CST);
	while (read_request(fd, request))
		answer(fd, request);
	_exit(0);
}

_Noreturn static void serve(int listen_fd)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0 && fork() == 0)
			serve_connection(fd);
		close(fd);
	}
}

static int listen_somewhere(unsigned *ret_port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	*ret_port = ntohs(in.sin_port);
	return fd;
}

static int start_server(void **state)
{
	(void)state;
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(seen != MAP_FAILED);
	(void)listen_somewhere(
		&closed_port); /* kept bound, never listening: refuses, and nobody else gets it */
	int fd = listen_somewhere(&server_port);
	assert_int_equal(listen(fd, 128), 0);
	server_pid = fork();
	assert_true(server_pid >= 0);
	if (server_pid == 0)
		serve(fd);
	close(fd);
	setenv("http_proxy", "http://127.0.0.1:9", 1); /* never to be used */
	setenv("https_proxy", "http://127.0.0.1:9", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
	return 0;
}

static int stop_server(void **state)
{
	(void)state;
	assert_int_equal(kill(server_pid, SIGKILL), 0); /* its connections die with it */
	assert_int_equal(waitpid(server_pid, NULL, 0), server_pid);
	return 0;
}

/* Names: libcurl's calls come here, because a program's own function goes before the C library's. */

static const struct name {
	const char *name;
	const char *ip; /* NULL: there is no such name */
	bool is_slow;
} names[] = {
	{"no-such-host.test", NULL, false},
	{"liar.test", "127.0.0.1", false}, /* anybody may say so of a name of his */
	{"slow.test", NULL, true},
};
static int gate[2]; /* a slow look-up goes on when something is written to it */

int getaddrinfo(
	const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret_list)
{
	__typeof__(&getaddrinfo) real = (__typeof__(&getaddrinfo))dlsym(RTLD_NEXT, "getaddrinfo");
	char c;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(names[i].name, name) != 0)
			continue;
		if (names[i].is_slow && read(gate[0], &c, 1) != 1)
			return EAI_FAIL;
		return names[i].ip != NULL ? real(names[i].ip, service, hints, ret_list) : EAI_NONAME;
	}
	return real(name, service, hints, ret_list);
}

/* The client */

struct fixture {
	struct loop *loop;
	struct http *http;
	struct http_call *call;
	unsigned done_calls, wanted_calls; /* the loop ends when they are equal */
	bool failed;
	struct http_result result; /* body and content_type point into the two buffers */
	struct buf body, content_type;
	struct err failure;
	struct http_call *cancel_too; /* in the callback */
};

static struct err err;

static int set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){.wanted_calls = 1, .body = BUF_INIT(1 << 22), .content_type = BUF_INIT(100)};
	assert_int_equal(loop_new(&f.loop, &err), 0);
	assert_int_equal(http_new(f.loop, &f.http, &err), 0);
	*seen = (struct seen){0};
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	http_free(f->http);
	loop_free(f->loop);
	buf_done(&f->body);
	buf_done(&f->content_type);
	return 0;
}

static void on_done(const struct http_result *r, const struct err *e, void *arg)
{
	struct fixture *f = arg;

	assert_true((r == NULL) != (e == NULL));
	f->failed = e != NULL;
	buf_clear(&f->body);
	buf_clear(&f->content_type);
	if (e != NULL) {
		f->failure = *e;
	} else {
		f->result = *r;
		buf_add(&f->body, r->body != NULL ? r->body : "", r->body != NULL ? r->body_len : 0);
		buf_adds(&f->content_type, r->content_type);
		f->result.content_type = buf_text(&f->content_type);
	}
	http_cancel(f->call); /* of no effect: it has ended */
	http_cancel(f->cancel_too);
	f->cancel_too = NULL;
	if (++f->done_calls == f->wanted_calls)
		loop_quit(f->loop);
}

static const char *url_of(const char *path)
{
	static char url[512];

	if (strstr(path, "://") != NULL)
		return path;
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%.100s?%s", server_port, path, SECRET);
	return url;
}

static struct http_request request_to(const char *method, const char *path)
{
	return (struct http_request){
		.method = method, .url = url_of(path), .timeout_ms = GIVE_UP_MS, .max_bytes = 1000000};
}

static void start(struct fixture *f, const struct http_request *q)
{
	if (http_start(f->http, q, on_done, f, &f->call, &err) < 0)
		fail_msg("%s: %s", q->url, err.text);
	assert_int_equal(f->done_calls, 0);
}

static void run(struct fixture *f, const struct http_request *q, bool blocking)
{
	f->done_calls = 0;
	f->wanted_calls = blocking ? 0 : 1;
	f->call = NULL;
	if (blocking) {
		assert_int_equal(http_blocking(q, on_done, f, &err), 0);
	} else {
		start(f, q);
		assert_int_equal(loop_run(f->loop, &err), 0);
	}
	assert_int_equal(f->done_calls, 1);
	if (f->failed && strstr(f->failure.text, "hush") != NULL)
		fail_msg("the error shows the query: %s", f->failure.text);
}

static const struct good_case {
	const char *method, *path;
	unsigned max_redirects;
	int status;
	const char *body, *content_type;
	int64_t retry_after_sec;
} good_cases[] = {
	{"GET", "/plain", 0, 200, "hello", "text/plain", -1},
	{"GET", "/chunked", 0, 200, "abcdefg", "", -1},
	{"GET", "/empty", 0, 204, "", "", -1},
	{"HEAD", "/head", 0, 200, "", "video/mp4", -1},
	{"GET", "/no-such", 0, 404, "", "", -1},
	{"GET", "/busy", 0, 503, "busy", "", 120},
	{"GET", "/retry-now", 0, 429, "", "", 0},
	{"GET", "/retry-late", 0, 429, "", "", 86400},
	{"GET", "/retry-date", 0, 503, "", "", -1},
	{"GET", "/retry-minus", 0, 503, "", "", -1},
	{"GET", "/gzip", 0, 200, "\x1f\x8bnot gz", "", -1}, /* not asked for, not unpacked */
	{"GET", "/moved", 0, 302, "moved", "", -1},
	{"GET", "/moved", 1, 200, "hello", "text/plain", -1},
	{"GET", "/to-file", 0, 302, "moved", "", -1},
	{"POST", "/plain", 0, 200, "hello", "text/plain", -1},
	{"PUT", "/empty", 0, 204, "", "", -1},
	{"DELETE", "/empty", 0, 204, "", "", -1},
	{"POST", "/moved", 0, 302, "moved", "", -1},
};

static void test_answers(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < 2 * ARRAY_LEN(good_cases); i++) {
		const struct good_case *c = &good_cases[i / 2];
		struct http_request q = request_to(c->method, c->path);
		q.max_redirects = c->max_redirects;
		run(f, &q, i % 2 == 1);
		if (f->failed)
			fail_msg("%s %s: %s", c->method, c->path, f->failure.text);
		if (f->result.status != c->status || strcmp(buf_text(&f->body), c->body) != 0 ||
			f->result.body_len != strlen(c->body) ||
			strcmp(f->result.content_type, c->content_type) != 0 ||
			f->result.retry_after_sec != c->retry_after_sec)
			fail_msg("%s %s: %d '%s' %zu '%s' %lld", c->method, c->path, f->result.status,
				buf_text(&f->body), f->result.body_len, f->result.content_type,
				(long long)f->result.retry_after_sec);
	}
}

static const struct bad_case {
	const char *method, *path;
	unsigned max_redirects;
	int64_t timeout_ms; /* 0: long */
	enum err_kind kind;
	int http_status;
	const char *text; /* part of the error's, behind the address */
} bad_cases[] = {
	{"GET", "/hang", 0, 50, ERR_TEMP, 0, "timed out"},
	{"POST", "/hang", 0, 50, ERR_UNCERTAIN, 0, "timed out"},
	{"PUT", "/hang", 0, 50, ERR_UNCERTAIN, 0, "timed out"},
	{"DELETE", "/hang", 0, 50, ERR_UNCERTAIN, 0, "timed out"},
	{"HEAD", "/hang", 0, 50, ERR_TEMP, 0, "timed out"},
	{"GET", "/half", 0, 50, ERR_TEMP, 200, "timed out"},
	{"POST", "/half", 0, 50, ERR_UNCERTAIN, 200, "timed out"},
	{"GET", "/reset", 0, 0, ERR_TEMP, 200, ""},
	{"POST", "/reset", 0, 0, ERR_UNCERTAIN, 200, ""},
	{"GET", "/drop", 0, 0, ERR_TEMP, 0, "Empty reply"},
	{"POST", "/drop", 0, 0, ERR_UNCERTAIN, 0, "Empty reply"},
	{"GET", "/garbage", 0, 0, ERR_PERM, 0, ""},
	{"POST", "/garbage", 0, 0, ERR_UNCERTAIN, 0, ""},
	{"GET", "/status-999", 0, 0, ERR_TEMP, 999, ""},
	{"GET", "/huge-length", 0, 0, ERR_PERM, 200, "Maximum file size exceeded"},
	{"POST", "/huge-length", 0, 0, ERR_PERM, 200, "Maximum file size exceeded"},
	{"GET", "/endless", 0, 0, ERR_PERM, 200, "the answer is too large"},
	{"POST", "/endless", 0, 0, ERR_PERM, 200, "the answer is too large"},
	{"GET", "/loop", 3, 0, ERR_PERM, 302, "Maximum (3) redirects followed"},
	{"GET", "/to-file", 3, 0, ERR_PERM, 302, "not supported or disabled"},
	{"GET", "/to-ftp", 3, 0, ERR_PERM, 302, "not supported or disabled"},
	{"GET", "/to-user", 3, 0, ERR_PERM, 302, ""},
	{"GET", "/to-nowhere", 3, 0, ERR_PERM, 302, ""},
	{"GET", "closed", 0, 0, ERR_TEMP, 0, "connect"},
	{"POST", "closed", 0, 0, ERR_TEMP, 0, "connect"},
	{"POST", "http://no-such-host.test/x?" SECRET, 0, 0, ERR_TEMP, 0, "Could not resolve host"},
	{"GET", "no tls", 0, 0, ERR_TEMP, 0, ""},
};

static void test_failures(void **state)
{
	struct fixture *f = *state;
	char closed[64], no_tls[64];

	(void)snprintf(closed, sizeof(closed), "http://127.0.0.1:%u/x?%s", closed_port, SECRET);
	(void)snprintf(no_tls, sizeof(no_tls), "https://127.0.0.1:%u/plain?%s", server_port, SECRET);
	for (size_t i = 0; i < 2 * ARRAY_LEN(bad_cases); i++) {
		const struct bad_case *c = &bad_cases[i / 2];
		struct http_request q = request_to(c->method, c->path);
		if (strcmp(c->path, "closed") == 0)
			q.url = closed;
		if (strcmp(c->path, "no tls") == 0)
			q.url = no_tls;
		q.max_redirects = c->max_redirects;
		if (c->timeout_ms > 0)
			q.timeout_ms = c->timeout_ms;
		run(f, &q, i % 2 == 1);
		if (!f->failed)
			fail_msg("%s %s: answered %d", c->method, c->path, f->result.status);
		if (f->failure.kind != c->kind || f->failure.http_status != c->http_status ||
			strstr(f->failure.text, c->text) == NULL ||
			strncmp(f->failure.text, c->method, strlen(c->method)) != 0)
			fail_msg("%s %s: kind %d status %d '%s'", c->method, c->path, f->failure.kind,
				f->failure.http_status, f->failure.text);
	}
}

static const char *const header_injection[] = {"X-A: b\r\nX-C: d", NULL};
static const char *const header_without_colon[] = {"X-A b", NULL};
static const char *const header_without_name[] = {": b", NULL};
static const char *const good_headers[] = {"Content-Type: application/json", "X-Key: abc", NULL};

static const struct wrong_case {
	const char *title;
	struct http_request request; /* unset members are filled in */
	const char *text;
} wrong_cases[] = {
	{"method", {.method = "BREW"}, "unknown HTTP method"},
	{"method in small letters", {.method = "get"}, "unknown HTTP method"},
	{"no timeout", {.timeout_ms = -1}, "GET: the request has no timeout"},
	{"body of a GET", {.body = "x", .body_len = 1}, "GET: the request cannot have a body"},
	{"redirects of a POST", {.method = "POST", .max_redirects = 1},
		"POST: the request must not follow redirects"},
	{"a header that brings another", {.headers = header_injection}, "GET: malformed header"},
	{"a header without a colon", {.headers = header_without_colon}, "GET: malformed header"},
	{"a header without a name", {.headers = header_without_name}, "GET: malformed header"},
	{"no scheme", {.url = "127.0.0.1/x?" SECRET}, "GET: malformed address"},
	{"empty", {.url = ""}, "GET: malformed address"},
	{"no host", {.url = "http://?" SECRET}, "GET: malformed address"},
	{"a blank in the host", {.url = "http://a b/?" SECRET}, "GET: malformed address"},
	{"a line end", {.url = "http://127.0.0.1/\r\nX: y?" SECRET}, "GET: malformed address"},
	{"user and password", {.url = "http://me:hush@127.0.0.1/"}, "GET: the address carries credentials"},
	{"user only", {.url = "http://hush@127.0.0.1/"}, "GET: the address carries credentials"},
	{"a file", {.url = "file:///etc/passwd"}, "GET: the address is not http or https"},
	{"another scheme", {.url = "gopher://127.0.0.1/?" SECRET}, "GET: the address is not http or https"},
	{"http where https is asked for", {.url = "http://127.0.0.1/?" SECRET, .https_only = true},
		"GET: the address is not https"},
};

static void test_wrong_requests_are_not_sent(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < 2 * ARRAY_LEN(wrong_cases); i++) {
		const struct wrong_case *c = &wrong_cases[i / 2];
		struct http_request q = c->request;
		q.method = q.method != NULL ? q.method : "GET";
		q.url = q.url != NULL ? q.url : url_of("/plain");
		q.timeout_ms = q.timeout_ms != 0 ? q.timeout_ms : GIVE_UP_MS;
		q.max_bytes = 1000;
		int r = i % 2 == 0 ? http_start(f->http, &q, on_done, f, &f->call, &err)
				   : http_blocking(&q, on_done, f, &err);
		if (r != -1 || err.kind != ERR_PERM || strcmp(err.text, c->text) != 0)
			fail_msg("%s: %d, kind %d '%s'", c->title, r, err.kind, err.text);
	}
	struct http_request unlimited = {.method = "GET", .url = url_of("/plain"), .timeout_ms = GIVE_UP_MS};
	assert_int_equal(http_start(f->http, &unlimited, on_done, f, &f->call, &err), -1);
	assert_string_equal(err.text, "GET: the request has no limit of size");
	assert_int_equal(f->done_calls, 0);
	assert_int_equal(seen->requests, 0);
}

static void test_what_is_sent(void **state)
{
	struct fixture *f = *state;
	char expected[512];
	struct http_request q = request_to("POST", "/echo");

	q.headers = good_headers;
	q.body = "{\"a\":1}";
	q.body_len = 7;
	run(f, &q, false);
	(void)snprintf(expected, sizeof(expected),
		"POST /echo?" SECRET
		" HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: videod\r\nAccept: */*\r\n"
		"Content-Type: application/json\r\nX-Key: abc\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
		server_port);
	assert_string_equal(buf_text(&f->body), expected);

	q = request_to("PUT", "/echo");
	run(f, &q, true);
	(void)snprintf(expected, sizeof(expected),
		"PUT /echo?" SECRET " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: videod\r\nAccept: */*\r\n"
		"Content-Length: 0\r\n\r\n",
		server_port);
	assert_string_equal(buf_text(&f->body), expected);
}

static void test_a_large_body_is_sent_without_asking_first(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *body = xcalloc(1, BIG_BYTES);
	struct http_request q = request_to("POST", "/echo");

	memset(body, 'x', BIG_BYTES);
	q.body = body;
	q.body_len = BIG_BYTES;
	run(f, &q, false);
	assert_false(f->failed);
	assert_non_null(strstr(buf_text(&f->body), "\r\nContent-Length: 3000000\r\n"));
	assert_null(strcasestr(buf_text(&f->body), "expect"));
}

static void test_a_body_goes_to_its_descriptor(void **state)
{
	struct fixture *f = *state;
	FILE *file = tmpfile();
	struct http_request q = request_to("GET", "/big");

	assert_non_null(file);
	q.body_fd = fileno(file);
	q.max_bytes = BIG_BYTES;
	run(f, &q, false);
	assert_false(f->failed);
	assert_null(f->result.body);
	assert_int_equal(f->result.body_len, BIG_BYTES);
	assert_int_equal(lseek(q.body_fd, 0, SEEK_END), BIG_BYTES);
	char tail[3];
	assert_int_equal(pread(q.body_fd, tail, 3, BIG_BYTES - 3), 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(tail[i], 'a' + (BIG_BYTES - 3 + i) % 23);

	q.max_bytes = BIG_BYTES - 1;
	run(f, &q, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_PERM);
	(void)fclose(file);
}

static void test_a_full_disk_is_temporary_but_what_was_bought_stays_bought(void **state)
{
	struct fixture *f = *state;
	int full_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct http_request q = request_to("GET", "/plain");

	assert_true(full_fd > 0);
	q.body_fd = full_fd;
	run(f, &q, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_TEMP);
	assert_int_equal(f->failure.sys_errno, ENOSPC);
	q.method = "POST";
	run(f, &q, false);
	assert_int_equal(f->failure.kind, ERR_UNCERTAIN);
	close(full_fd);
}

/* On a kept connection libcurl would send it again when the server closes without an answer. */
static void test_a_post_is_sent_once(void **state)
{
	struct fixture *f = *state;
	struct http_request get = request_to("GET", "/plain");

	run(f, &get, false);
	run(f, &get, false);
	assert_int_equal(seen->connections, 1); /* it was kept */
	struct http_request post = request_to("POST", "/drop");
	run(f, &post, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_UNCERTAIN);
	assert_int_equal(seen->posts, 1);
}

static void test_private_addresses_are_refused(void **state)
{
	struct fixture *f = *state;
	char by_name[64];

	(void)snprintf(by_name, sizeof(by_name), "http://liar.test:%u/plain?%s", server_port, SECRET);
	const char *const urls[] = {url_of("/plain"), by_name, "http://[::1]/", "http://10.0.0.1/",
		"http://0x7f.1/", "http://169.254.169.254/latest/", "http://[::ffff:127.0.0.1]/"};
	for (size_t i = 0; i < 2 * ARRAY_LEN(urls); i++) {
		struct http_request q = request_to("GET", urls[i / 2]);
		q.url = urls[i / 2];
		q.public_only = true;
		run(f, &q, i % 2 == 1);
		assert_true(f->failed);
		if (f->failure.kind != ERR_PERM ||
			strstr(f->failure.text, "the address is not a public one") == NULL)
			fail_msg("%s: kind %d '%s'", urls[i / 2], f->failure.kind, f->failure.text);
	}
	assert_int_equal(seen->connections, 0);
}

static void test_a_kept_connection_is_no_way_around(void **state)
{
	struct fixture *f = *state;
	struct http_request q = request_to("GET", "/plain");

	run(f, &q, false);
	assert_false(f->failed);
	q.public_only = true;
	run(f, &q, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_PERM);
	assert_non_null(strstr(f->failure.text, "the address is not a public one"));
	assert_int_equal(seen->requests, 1);
}

/* libcurl looks names up in threads. Waiting for one that is stuck would stop everything else in the daemon.
 */
static void test_a_slow_name_does_not_stop_the_loop(void **state)
{
	struct fixture *f = *state;
	struct http_request slow = request_to("GET", "http://slow.test/");
	int64_t before_ms = clock_mono_ms();

	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	slow.timeout_ms = 50;
	run(f, &slow, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_TEMP);
	slow.timeout_ms = GIVE_UP_MS;
	f->done_calls = 0;
	start(f, &slow);
	assert_int_equal(loop_step(f->loop, 10, &err), 0);
	http_cancel(f->call);
	http_free(steal_ptr(f->http));
	assert_true(clock_mono_ms() - before_ms < GIVE_UP_MS / 2);
	assert_int_equal(write(gate[1], "xx", 2), 2);
}

static void test_a_canceled_call_is_silent(void **state)
{
	struct fixture *f = *state;
	struct http_request hang = request_to("GET", "/hang");

	start(f, &hang);
	http_cancel(f->call); /* before anything was sent */
	start(f, &hang);
	while (__atomic_load_n(&seen->requests, __ATOMIC_SEQ_CST) == 0)
		assert_int_equal(loop_step(f->loop, 10, &err), 0);
	http_cancel(f->call);
	http_cancel(NULL);
	assert_int_equal(loop_step(f->loop, 10, &err), 0);
	assert_int_equal(f->done_calls, 0);
}

static void test_a_callback_cancels_another_call(void **state)
{
	struct fixture *f = *state;
	struct http_request q = request_to("GET", "/plain");
	struct http_call *calls[2];

	/* Whichever ends first cancels the other, which may have ended too without being told yet. */
	assert_int_equal(http_start(f->http, &q, on_done, f, &calls[0], &err), 0);
	q.url = url_of("/hang");
	assert_int_equal(http_start(f->http, &q, on_done, f, &calls[1], &err), 0);
	f->cancel_too = calls[1];
	f->call = NULL;
	assert_int_equal(loop_run(f->loop, &err), 0);
	assert_int_equal(loop_step(f->loop, 10, &err), 0);
	assert_int_equal(f->done_calls, 1);
	assert_int_equal(f->result.status, 200);
}

static void test_free_cancels_what_is_under_way(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 5; i++) {
		struct http_request q = request_to("GET", i % 2 ? "/hang" : "/half");
		start(f, &q);
	}
	while (__atomic_load_n(&seen->requests, __ATOMIC_SEQ_CST) < 5)
		assert_int_equal(loop_step(f->loop, 10, &err), 0);
	http_free(f->http);
	f->http = NULL;
	assert_int_equal(loop_step(f->loop, 10, &err), 0);
	assert_int_equal(f->done_calls, 0);
}

static void on_done_go_on(const struct http_result *r, const struct err *e, void *arg)
{
	struct fixture *f = arg;
	struct http_request q = request_to("GET", "/plain");

	assert_non_null(r);
	on_done(r, e, arg);
	if (f->done_calls < f->wanted_calls)
		assert_int_equal(http_start(f->http, &q, on_done_go_on, f, &f->call, &err), 0);
}

static void test_a_callback_starts_the_next_call(void **state)
{
	struct fixture *f = *state;
	struct http_request q = request_to("GET", "/plain");

	f->wanted_calls = 20;
	assert_int_equal(http_start(f->http, &q, on_done_go_on, f, &f->call, &err), 0);
	assert_int_equal(loop_run(f->loop, &err), 0);
	assert_int_equal(f->done_calls, 20);
	assert_int_equal(seen->requests, 20);
	assert_int_equal(seen->connections, 1);
}

static size_t open_fds(void)
{
	size_t n = 0;
	DIR *d = opendir("/proc/self/fd");

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* Ten of them hang; forty are answered meanwhile. */
static void test_fifty_at_once_and_no_descriptor_is_lost(void **state)
{
	struct fixture *f = *state;
	size_t before = open_fds();
	struct http *h = NULL;

	assert_int_equal(http_new(f->loop, &h, &err), 0);
	f->wanted_calls = 40;
	for (unsigned i = 0; i < 50; i++) {
		struct http_request q = request_to(i % 3 ? "GET" : "POST", i < 10 ? "/hang" : "/plain");
		assert_int_equal(http_start(h, &q, on_done, f, &f->call, &err), 0);
	}
	f->call = NULL;
	int64_t before_ms = clock_mono_ms();
	assert_int_equal(loop_run(f->loop, &err), 0);
	assert_true(clock_mono_ms() - before_ms < GIVE_UP_MS / 2);
	assert_int_equal(f->done_calls, 40);
	assert_int_equal(f->result.status, 200);
	http_free(h);
	assert_in_range(open_fds(), before, before + 1); /* the loop's timer descriptor */
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),
		TEST(test_failures),
		TEST(test_wrong_requests_are_not_sent),
		TEST(test_what_is_sent),
		TEST(test_a_large_body_is_sent_without_asking_first),
		TEST(test_a_body_goes_to_its_descriptor),
		TEST(test_a_full_disk_is_temporary_but_what_was_bought_stays_bought),
		TEST(test_a_post_is_sent_once),
		TEST(test_private_addresses_are_refused),
		TEST(test_a_kept_connection_is_no_way_around),
		TEST(test_a_slow_name_does_not_stop_the_loop),
		TEST(test_a_canceled_call_is_silent),
		TEST(test_a_callback_cancels_another_call),
		TEST(test_free_cancels_what_is_under_way),
		TEST(test_a_callback_starts_the_next_call),
		TEST(test_fifty_at_once_and_no_descriptor_is_lost),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
