/*
 * A responder in a child process, spoken to in raw FastCGI: what it is given, what comes back, and how it
 * ends. It answers with what it was asked, so that the test sees the request through its eyes.
 */

#include "cgi/fcgi.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cgi/body.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/video/limits.h"

/* Record types and flags of the FastCGI specification, section 8. */
enum { BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6, KEEP_CONN = 1, RESPONDER_ROLE = 1 };

static struct {
	char folder[32];
	struct sockaddr_un at;
	int listen_fd;
	pid_t pid;
} responder;

/* Answers each request with a line about it, then its body; exits 0 when asked to end. */
static void respond(int listen_fd)
{
	struct fcgi *f = NULL;
	struct fcgi_request q;
	struct err e;
	int r;

	if (fcgi_open(listen_fd, &f, &e) < 0)
		_exit(3);
	while ((r = fcgi_accept(f, &q, &e)) > 0) {
		AUTO_BUF head = BUF_INIT(4096);
		AUTO_BUF body = BUF_INIT(LIMIT_BODY_BYTES);

		enum body_state state = body_read(q.body, &body);

		buf_addf(&head, "%s %s %s %s %d %zu\n", q.method, q.uri, q.content_type, q.request_id,
			(int)state, body.len);
		fcgi_send(f, &head, &body);
	}
	fcgi_free(f);
	_exit(r == 0 ? 0 : 4);
}

static int start(void **state)
{
	(void)state;
	(void)snprintf(responder.folder, sizeof(responder.folder), "/tmp/videod-fcgi.XXXXXX");
	if (!mkdtemp(responder.folder))
		return -1;
	responder.at = (struct sockaddr_un){.sun_family = AF_UNIX};
	(void)snprintf(responder.at.sun_path, sizeof(responder.at.sun_path), "%s/s", responder.folder);
	responder.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(responder.listen_fd, (struct sockaddr *)&responder.at, sizeof(responder.at)) < 0 ||
		listen(responder.listen_fd, 64) < 0)
		return -1;

	responder.pid = fork();
	if (responder.pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		respond(responder.listen_fd);
	}
	return responder.pid > 0 ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	if (responder.pid > 0) {
		(void)kill(responder.pid, SIGKILL);
		(void)waitpid(responder.pid, NULL, 0);
	}
	(void)close(responder.listen_fd);
	(void)unlink(responder.at.sun_path);
	return rmdir(responder.folder);
}

static void add_record(struct buf *out, int type, const void *p, size_t n)
{
	const uint8_t header[8] = {1, (uint8_t)type, 0, 1, (uint8_t)(n >> 8), (uint8_t)n, 0, 0};

	buf_add(out, header, sizeof(header));
	buf_add(out, p, n);
}

static void add_param(struct buf *out, const char *name, const char *value)
{
	buf_addc(out, (char)strlen(name));
	buf_addc(out, (char)strlen(value));
	buf_adds(out, name);
	buf_adds(out, value);
}

struct ask {
	const char *content_length; /* NULL: as long as the body is */
	const char *body;
	size_t body_len;
	bool keep, unfinished;
};

static int dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&responder.at, sizeof(responder.at)), 0);
	return fd;
}

static int ask(const struct ask *a)
{
	AUTO_BUF out = BUF_INIT(4 * LIMIT_BODY_BYTES);
	AUTO_BUF params = BUF_INIT(4096);
	const uint8_t begin[8] = {0, RESPONDER_ROLE, a->keep ? KEEP_CONN : 0};
	char length[32];
	int fd = dial();

	(void)snprintf(length, sizeof(length), "%zu", a->body_len);
	add_param(&params, "REQUEST_METHOD", "POST");
	add_param(&params, "REQUEST_URI", "/videos?a=%20");
	add_param(&params, "CONTENT_TYPE", "text/x");
	add_param(&params, "REQUEST_ID", "r1");
	add_param(&params, "CONTENT_LENGTH", a->content_length ? a->content_length : length);

	add_record(&out, BEGIN, begin, sizeof(begin));
	add_record(&out, PARAMS, params.data, params.len);
	add_record(&out, PARAMS, "", 0);
	for (size_t at = 0; at < a->body_len; at += 60000)
		add_record(&out, STDIN, a->body + at, a->body_len - at < 60000 ? a->body_len - at : 60000);
	if (!a->unfinished)
		add_record(&out, STDIN, "", 0);

	for (size_t at = 0; at < out.len;) {
		ssize_t n = send(fd, out.data + at, out.len - at, MSG_NOSIGNAL);

		if (n <= 0)
			break; /* it has seen enough and closed */
		at += (size_t)n;
	}
	if (a->unfinished)
		(void)shutdown(fd, SHUT_WR);
	return fd;
}

static bool read_all(int fd, void *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, (char *)p + at, n - at);

		if (got <= 0)
			return false;
		at += (size_t)got;
	}
	return true;
}

/* All of standard output up to the connection's end; closes fd. */
static void collect(int fd, struct buf *out)
{
	uint8_t header[8];

	while (read_all(fd, header, sizeof(header))) {
		size_t n = (size_t)(header[4] << 8 | header[5]), padding = header[6];
		AUTO_FREE char *content = xmalloc(n + padding + 1);

		assert_true(read_all(fd, content, n + padding));
		if (header[1] == STDOUT)
			buf_add(out, content, n);
	}
	(void)close(fd);
}

static void check(const struct ask *a, const char *expected_head, size_t expected_body)
{
	AUTO_BUF got = BUF_INIT(2 * LIMIT_BODY_BYTES);
	size_t n = strlen(expected_head);

	collect(ask(a), &got);
	assert_true(got.len >= n);
	assert_memory_equal(got.data, expected_head, n);
	assert_int_equal(got.len - n, expected_body);
	if (expected_body)
		assert_memory_equal(got.data + n, a->body, expected_body);
}

static void test_request(void **state)
{
	(void)state;
	check(&(struct ask){0}, "POST /videos?a=%20 text/x r1 0 0\n", 0);
	check(&(struct ask){.body = "a\0b", .body_len = 3}, "POST /videos?a=%20 text/x r1 0 3\n", 3);
	check(&(struct ask){.content_length = ""}, "POST /videos?a=%20 text/x r1 0 0\n", 0);
}

static void test_body_limit(void **state)
{
	AUTO_FREE char *body = xmalloc(LIMIT_BODY_BYTES + 1);

	(void)state;
	memset(body, 'x', LIMIT_BODY_BYTES + 1);
	check(&(struct ask){.body = body, .body_len = LIMIT_BODY_BYTES},
		"POST /videos?a=%20 text/x r1 0 524288\n", LIMIT_BODY_BYTES);
	check(&(struct ask){.body = body, .body_len = LIMIT_BODY_BYTES + 1},
		"POST /videos?a=%20 text/x r1 1 0\n", 0);
	check(&(struct ask){.content_length = "99999999999"}, "POST /videos?a=%20 text/x r1 1 0\n", 0);
}

static void test_cut_body(void **state)
{
	(void)state;
	check(&(struct ask){.body = "abc", .body_len = 3, .content_length = "4"},
		"POST /videos?a=%20 text/x r1 2 0\n", 0);
	check(&(struct ask){.body = "abc", .body_len = 3, .content_length = "4", .unfinished = true},
		"POST /videos?a=%20 text/x r1 2 0\n", 0);
	check(&(struct ask){.content_length = "-1"}, "POST /videos?a=%20 text/x r1 2 0\n", 0);
	check(&(struct ask){.content_length = "1x"}, "POST /videos?a=%20 text/x r1 2 0\n", 0);
}

/* A peer that wants to keep the connection is not given the responder for itself. */
static void test_keep_is_closed(void **state)
{
	(void)state;
	check(&(struct ask){.keep = true}, "POST /videos?a=%20 text/x r1 0 0\n", 0);
	check(&(struct ask){.keep = true}, "POST /videos?a=%20 text/x r1 0 0\n", 0);
}

/* What is no FastCGI, or nothing at all, costs that connection only. */
static void test_garbage(void **state)
{
	AUTO_BUF got = BUF_INIT(4096);
	int fd = dial();

	(void)state;
	assert_int_equal(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL), 18);
	collect(fd, &got);
	assert_int_equal(got.len, 0);
	(void)close(dial());
	check(&(struct ask){0}, "POST /videos?a=%20 text/x r1 0 0\n", 0);
}

/* A client that is gone before its answer does not end the responder. */
static void test_client_gone(void **state)
{
	(void)state;
	(void)close(ask(&(struct ask){.body = "abc", .body_len = 3}));
	check(&(struct ask){0}, "POST /videos?a=%20 text/x r1 0 0\n", 0);
}

/* SIGTERM ends it while it waits for a request as well as after one. */
static void test_end(void **state)
{
	int status = -1;

	(void)state;
	check(&(struct ask){0}, "POST /videos?a=%20 text/x r1 0 0\n", 0);
	assert_int_equal(kill(responder.pid, SIGTERM), 0);
	assert_int_equal(waitpid(responder.pid, &status, 0), responder.pid);
	responder.pid = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_no_socket(void **state)
{
	struct fcgi *f = NULL;
	struct err e = {0};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fcgi_open(fds[0], &f, &e), -1);
	assert_int_equal(e.kind, ERR_PERM);
	assert_non_null(strstr(e.text, "not a listening socket"));
	(void)close(fds[0]);
	(void)close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_socket),
		cmocka_unit_test_setup_teardown(test_request, start, stop),
		cmocka_unit_test_setup_teardown(test_body_limit, start, stop),
		cmocka_unit_test_setup_teardown(test_cut_body, start, stop),
		cmocka_unit_test_setup_teardown(test_keep_is_closed, start, stop),
		cmocka_unit_test_setup_teardown(test_garbage, start, stop),
		cmocka_unit_test_setup_teardown(test_client_gone, start, stop),
		cmocka_unit_test_setup_teardown(test_end, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
