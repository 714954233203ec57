/*
 * HTTP against a server of our own. Most cases run in the loop and blocking. Every address carries a secret
 * in its query, and no error may show it.
 */

#include "lib/io/http.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
#include "tests/unit/descriptors.h"
#include "tests/unit/http_server.h"

#define GIVE_UP_MS 20000
#define SECRET     HTTP_SERVER_SECRET
#define BIG_BYTES  HTTP_SERVER_BIG_BYTES

static struct http_server server;

static int start_server(void **state)
{
	(void)state;
	http_server_start(&server);
	setenv("http_proxy", "http://127.0.0.1:9", 1); /* never to be used */
	setenv("https_proxy", "http://127.0.0.1:9", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
	return 0;
}

static int stop_server(void **state)
{
	(void)state;
	http_server_stop(&server);
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
	*server.seen = (struct http_seen){0};
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
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%.100s?%s", server.port, path, SECRET);
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
	/* 50 ms where it is the same however far it comes; 500 ms are enough to send and to get something */
	{"GET", "/hang", 0, 50, ERR_TEMP, 0, "timed out"},
	{"POST", "/hang", 0, 500, ERR_UNCERTAIN, 0, "timed out"},
	{"PUT", "/hang", 0, 500, ERR_UNCERTAIN, 0, "timed out"},
	{"DELETE", "/hang", 0, 500, ERR_UNCERTAIN, 0, "timed out"},
	{"HEAD", "/hang", 0, 50, ERR_TEMP, 0, "timed out"},
	{"GET", "/half", 0, 500, ERR_TEMP, 200, "timed out"},
	{"POST", "/half", 0, 500, ERR_UNCERTAIN, 200, "timed out"},
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

	(void)snprintf(closed, sizeof(closed), "http://127.0.0.1:%u/x?%s", server.closed_port, SECRET);
	(void)snprintf(no_tls, sizeof(no_tls), "https://127.0.0.1:%u/plain?%s", server.port, SECRET);
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

static const char *const good_headers[] = {"Content-Type: application/json", "X-Key: abc", NULL};

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
		server.port);
	assert_string_equal(buf_text(&f->body), expected);

	q = request_to("PUT", "/echo");
	run(f, &q, true);
	(void)snprintf(expected, sizeof(expected),
		"PUT /echo?" SECRET " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: videod\r\nAccept: */*\r\n"
		"Content-Length: 0\r\n\r\n",
		server.port);
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
	assert_int_equal(server.seen->connections, 1); /* it was kept */
	struct http_request post = request_to("POST", "/drop");
	run(f, &post, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_UNCERTAIN);
	assert_int_equal(server.seen->posts, 1);
}

static void test_private_addresses_are_refused(void **state)
{
	struct fixture *f = *state;
	char by_name[64];

	(void)snprintf(by_name, sizeof(by_name), "http://liar.test:%u/plain?%s", server.port, SECRET);
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
	assert_int_equal(server.seen->connections, 0);
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
	assert_int_equal(server.seen->requests, 1);
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
	while (__atomic_load_n(&server.seen->requests, __ATOMIC_SEQ_CST) == 0)
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
	while (__atomic_load_n(&server.seen->requests, __ATOMIC_SEQ_CST) < 5)
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
	assert_int_equal(server.seen->requests, 20);
	assert_int_equal(server.seen->connections, 1);
}

static void test_fifty_at_once_and_no_descriptor_is_lost(void **state)
{
	struct fixture *f = *state;
	size_t before = descriptors_open();
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
	assert_in_range(descriptors_open(), before, before + 1); /* the loop's timer descriptor */
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),
		TEST(test_failures),
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
