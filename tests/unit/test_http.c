/*
 * HTTP against a server of our own. Most cases run in the loop and blocking. Every address carries a secret
 * in its query and every request in a header, and no error may show it.
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
#include "tests/unit/http_client.h"
#include "tests/unit/http_server.h"

#define GIVE_UP_MS CLIENT_GIVE_UP_MS
#define SECRET     HTTP_SERVER_SECRET
#define BIG_BYTES  HTTP_SERVER_BIG_BYTES

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
	{"GET", "/retry-soon", 0, 503, "", "", 9},
	{"GET", "/retry-past", 0, 503, "", "", 0},
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
	struct http_client *f = *state;

	for (size_t i = 0; i < 2 * ARRAY_LEN(good_cases); i++) {
		const struct good_case *c = &good_cases[i / 2];
		struct http_request q = client_request(c->method, c->path);
		q.max_redirects = c->max_redirects;
		client_run(f, &q, i % 2 == 1);
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
	/* 50 ms where it is the same however far it comes; in 500 something is sent and received, mostly */
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
	{"GET", "/garbage", 0, 0, ERR_TEMP, 0, ""},
	{"POST", "/garbage", 0, 0, ERR_UNCERTAIN, 0, ""},
	{"GET", "/echo-status", 0, 500, ERR_TEMP, 0, ""},
	{"GET", "/echo-length", 0, 500, ERR_TEMP, 200, ""},
	{"GET", "/echo-chunk", 0, 500, ERR_TEMP, 200, ""},
	{"POST", "/echo-status", 0, 500, ERR_UNCERTAIN, 0, ""},
	{"POST", "/echo-length", 0, 500, ERR_UNCERTAIN, 200, ""},
	{"POST", "/echo-chunk", 0, 500, ERR_UNCERTAIN, 200, ""},
	{"GET", "/status-999", 0, 0, ERR_TEMP, 999, ""},
	{"GET", "/huge-length", 0, 0, ERR_PERM, 200, "the answer is too large"},
	{"POST", "/huge-length", 0, 0, ERR_UNCERTAIN, 200, "the answer is too large"},
	{"GET", "/endless", 0, 0, ERR_PERM, 200, "the answer is too large"},
	{"POST", "/endless", 0, 0, ERR_UNCERTAIN, 200, "the answer is too large"},
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

static bool matches(const struct http_client *f, const struct bad_case *c)
{
	return f->failed && f->failure.kind == c->kind && f->failure.http_status == c->http_status &&
	       strstr(f->failure.text, c->text) != NULL &&
	       strncmp(f->failure.text, c->method, strlen(c->method)) == 0;
}

static void test_failures(void **state)
{
	struct http_client *f = *state;
	char closed[64], no_tls[64];

	(void)snprintf(closed, sizeof(closed), "http://127.0.0.1:%u/x?%s", client_server.closed_port, SECRET);
	(void)snprintf(no_tls, sizeof(no_tls), "https://127.0.0.1:%u/plain?%s", client_server.port, SECRET);
	for (size_t i = 0; i < 2 * ARRAY_LEN(bad_cases); i++) {
		const struct bad_case *c = &bad_cases[i / 2];
		struct http_request q = client_request(c->method, c->path);
		if (strcmp(c->path, "closed") == 0)
			q.url = closed;
		if (strcmp(c->path, "no tls") == 0)
			q.url = no_tls;
		q.max_redirects = c->max_redirects;
		if (c->timeout_ms > 0)
			q.timeout_ms = c->timeout_ms;
		do {
			client_run(f, &q, i % 2 == 1);
		} while (!matches(f, c) && client_give_more_time(&q));
		if (!f->failed)
			fail_msg("%s %s: answered %d", c->method, c->path, f->result.status);
		if (!matches(f, c))
			fail_msg("%s %s: kind %d status %d '%s'", c->method, c->path, f->failure.kind,
				f->failure.http_status, f->failure.text);
	}
}

static const char *const good_headers[] = {"Content-Type: application/json", "X-Key: abc", NULL};

static void test_what_is_sent(void **state)
{
	struct http_client *f = *state;
	char expected[512];
	struct http_request q = client_request("POST", "/echo");

	q.headers = good_headers;
	q.body = "{\"a\":1}";
	q.body_len = 7;
	client_run(f, &q, false);
	(void)snprintf(expected, sizeof(expected),
		"POST /echo?" SECRET
		" HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: videod\r\nAccept: */*\r\n"
		"Content-Type: application/json\r\nX-Key: abc\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
		client_server.port);
	assert_string_equal(buf_text(&f->body), expected);

	q = client_request("PUT", "/echo");
	q.headers = NULL;
	client_run(f, &q, true);
	(void)snprintf(expected, sizeof(expected),
		"PUT /echo?" SECRET " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: videod\r\nAccept: */*\r\n"
		"Content-Length: 0\r\n\r\n",
		client_server.port);
	assert_string_equal(buf_text(&f->body), expected);
}

static void test_a_large_body_is_sent_without_asking_first(void **state)
{
	struct http_client *f = *state;
	AUTO_FREE char *body = xcalloc(1, BIG_BYTES);
	struct http_request q = client_request("POST", "/echo");

	memset(body, 'x', BIG_BYTES);
	q.body = body;
	q.body_len = BIG_BYTES;
	client_run(f, &q, false);
	assert_false(f->failed);
	assert_non_null(strstr(buf_text(&f->body), "\r\nContent-Length: 3000000\r\n"));
	assert_null(strcasestr(buf_text(&f->body), "expect"));
}

static void test_a_body_goes_to_its_descriptor(void **state)
{
	struct http_client *f = *state;
	FILE *file = tmpfile();
	struct http_request q = client_request("GET", "/big");

	assert_non_null(file);
	q.body_fd = fileno(file);
	q.max_bytes = BIG_BYTES;
	client_run(f, &q, false);
	assert_false(f->failed);
	assert_null(f->result.body);
	assert_int_equal(f->result.body_len, BIG_BYTES);
	assert_int_equal(lseek(q.body_fd, 0, SEEK_END), BIG_BYTES);
	char tail[3];
	assert_int_equal(pread(q.body_fd, tail, 3, BIG_BYTES - 3), 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(tail[i], 'a' + (BIG_BYTES - 3 + i) % 23);

	q.max_bytes = BIG_BYTES - 1;
	client_run(f, &q, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_PERM);
	(void)fclose(file);
}

static void test_a_full_disk_is_temporary_but_what_was_bought_stays_bought(void **state)
{
	struct http_client *f = *state;
	int full_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct http_request q = client_request("GET", "/plain");

	assert_true(full_fd > 0);
	q.body_fd = full_fd;
	client_run(f, &q, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_TEMP);
	assert_int_equal(f->failure.sys_errno, ENOSPC);
	q.method = "POST";
	client_run(f, &q, false);
	assert_int_equal(f->failure.kind, ERR_UNCERTAIN);
	close(full_fd);
}

/* On a kept connection libcurl would send it again when the server closes without an answer. */
static void test_a_post_is_sent_once(void **state)
{
	struct http_client *f = *state;
	struct http_request get = client_request("GET", "/plain");

	client_run(f, &get, false);
	client_run(f, &get, false);
	assert_int_equal(client_server.seen->connections, 1); /* it was kept */
	struct http_request post = client_request("POST", "/drop");
	client_run(f, &post, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_UNCERTAIN);
	assert_int_equal(client_server.seen->unsafe, 1);
}

static void test_private_addresses_are_refused(void **state)
{
	struct http_client *f = *state;
	char by_name[64];

	(void)snprintf(by_name, sizeof(by_name), "http://liar.test:%u/plain?%s", client_server.port, SECRET);
	const char *const urls[] = {client_url("/plain"), by_name, "http://[::1]/", "http://10.0.0.1/",
		"http://0x7f.1/", "http://169.254.169.254/latest/", "http://[::ffff:127.0.0.1]/"};
	for (size_t i = 0; i < 2 * ARRAY_LEN(urls); i++) {
		struct http_request q = client_request("GET", urls[i / 2]);
		q.url = urls[i / 2];
		q.public_only = true;
		client_run(f, &q, i % 2 == 1);
		assert_true(f->failed);
		if (f->failure.kind != ERR_PERM ||
			strstr(f->failure.text, "the address is not a public one") == NULL)
			fail_msg("%s: kind %d '%s'", urls[i / 2], f->failure.kind, f->failure.text);
	}
	assert_int_equal(client_server.seen->connections, 0);
}

static void test_a_kept_connection_is_no_way_around(void **state)
{
	struct http_client *f = *state;
	struct http_request q = client_request("GET", "/plain");

	client_run(f, &q, false);
	assert_false(f->failed);
	q.public_only = true;
	client_run(f, &q, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_PERM);
	assert_non_null(strstr(f->failure.text, "the address is not a public one"));
	assert_int_equal(client_server.seen->requests, 1);
}

/* libcurl looks names up in threads. Waiting for one that is stuck would stop everything else in the daemon.
 */
static void test_a_slow_name_does_not_stop_the_loop(void **state)
{
	struct http_client *f = *state;
	struct http_request slow = client_request("GET", "http://slow.test/");
	int64_t before_ms = clock_mono_ms();

	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	slow.timeout_ms = 50;
	client_run(f, &slow, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_TEMP);
	slow.timeout_ms = GIVE_UP_MS;
	f->done_calls = 0;
	client_start(f, &slow);
	assert_int_equal(loop_step(f->loop, 10, &f->err), 0);
	http_cancel(f->call);
	http_free(steal_ptr(f->http));
	assert_true(clock_mono_ms() - before_ms < GIVE_UP_MS / 2);
	assert_int_equal(write(gate[1], "xx", 2), 2);
}

static void test_a_canceled_call_is_silent(void **state)
{
	struct http_client *f = *state;
	struct http_request hang = client_request("GET", "/hang");

	client_start(f, &hang);
	http_cancel(f->call); /* before anything was sent */
	client_start(f, &hang);
	while (__atomic_load_n(&client_server.seen->requests, __ATOMIC_SEQ_CST) == 0)
		assert_int_equal(loop_step(f->loop, 10, &f->err), 0);
	http_cancel(f->call);
	http_cancel(NULL);
	assert_int_equal(loop_step(f->loop, 10, &f->err), 0);
	assert_int_equal(f->done_calls, 0);
}

static void test_a_callback_cancels_another_call(void **state)
{
	struct http_client *f = *state;
	struct http_request q = client_request("GET", "/plain");
	struct http_call *calls[2];

	/* Whichever ends first cancels the other, which may have ended too without being told yet. */
	assert_int_equal(http_start(f->http, &q, client_done, f, &calls[0], &f->err), 0);
	q.url = client_url("/hang");
	assert_int_equal(http_start(f->http, &q, client_done, f, &calls[1], &f->err), 0);
	f->cancel_too = calls[1];
	f->call = NULL;
	assert_int_equal(loop_run(f->loop, &f->err), 0);
	assert_int_equal(loop_step(f->loop, 10, &f->err), 0);
	assert_int_equal(f->done_calls, 1);
	assert_int_equal(f->result.status, 200);
}

static void test_free_cancels_what_is_under_way(void **state)
{
	struct http_client *f = *state;

	for (unsigned i = 0; i < 5; i++) {
		struct http_request q = client_request("GET", i % 2 ? "/hang" : "/half");
		client_start(f, &q);
	}
	while (__atomic_load_n(&client_server.seen->requests, __ATOMIC_SEQ_CST) < 5)
		assert_int_equal(loop_step(f->loop, 10, &f->err), 0);
	http_free(f->http);
	f->http = NULL;
	assert_int_equal(loop_step(f->loop, 10, &f->err), 0);
	assert_int_equal(f->done_calls, 0);
}

static void on_done_go_on(const struct http_result *r, const struct err *e, void *arg)
{
	struct http_client *f = arg;
	struct http_request q = client_request("GET", "/plain");

	assert_non_null(r);
	client_done(r, e, arg);
	if (f->done_calls < f->wanted_calls)
		assert_int_equal(http_start(f->http, &q, on_done_go_on, f, &f->call, &f->err), 0);
}

static void test_a_callback_starts_the_next_call(void **state)
{
	struct http_client *f = *state;
	struct http_request q = client_request("GET", "/plain");

	f->wanted_calls = 20;
	assert_int_equal(http_start(f->http, &q, on_done_go_on, f, &f->call, &f->err), 0);
	assert_int_equal(loop_run(f->loop, &f->err), 0);
	assert_int_equal(f->done_calls, 20);
	assert_int_equal(client_server.seen->requests, 20);
	assert_int_equal(client_server.seen->connections, 1);
}

static void test_fifty_at_once_and_no_descriptor_is_lost(void **state)
{
	struct http_client *f = *state;
	size_t before = descriptors_open();
	struct http *h = NULL;

	assert_int_equal(http_new(f->loop, &h, &f->err), 0);
	f->wanted_calls = 40;
	for (unsigned i = 0; i < 50; i++) {
		struct http_request q = client_request(i % 3 ? "GET" : "POST", i < 10 ? "/hang" : "/plain");
		assert_int_equal(http_start(h, &q, client_done, f, &f->call, &f->err), 0);
	}
	f->call = NULL;
	int64_t before_ms = clock_mono_ms();
	assert_int_equal(loop_run(f->loop, &f->err), 0);
	assert_true(clock_mono_ms() - before_ms < GIVE_UP_MS / 2);
	assert_int_equal(f->done_calls, 40);
	assert_int_equal(f->result.status, 200);
	http_free(h);
	assert_in_range(descriptors_open(), before, before + 1); /* the loop's timer descriptor */
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, client_set_up, client_tear_down)

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

	return cmocka_run_group_tests(tests, client_begin, client_end);
}
