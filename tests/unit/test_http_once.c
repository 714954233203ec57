/*
 * Requests that are not safe: each failure says rightly whether the peer may know of the request, and none is
 * sent, or even tried on a second connection, by itself.
 */

#include "lib/io/http.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/macros.h"
#include "lib/base/text.h"
#include "tests/unit/http_client.h"

enum place { SERVER, CLOSED, DEAF, SHUT, PLAIN };

static const struct failure_case {
	const char *title;
	enum place place;
	const char *scheme, *path;
	int64_t timeout_ms; /* 0: long */
	enum err_kind kind;
	int http_status;
	unsigned connections, unsafe; /* that the server has seen */
} failure_cases[] = {
	{"connection refused", CLOSED, "http", "/", 0, ERR_TEMP, 0, 0, 0},
	{"plain text for a TLS handshake", PLAIN, "https", "/", 0, ERR_TEMP, 0, 1, 0},
	{"closed at the TLS handshake", SHUT, "https", "/", 0, ERR_TEMP, 0, 1, 0},
	{"silence at the TLS handshake", DEAF, "https", "/", 300, ERR_TEMP, 0, 0, 0},
	{"silence before anything was read", DEAF, "http", "/", 300, ERR_UNCERTAIN, 0, 0, 0},
	{"closed before anything was read", SHUT, "http", "/", 0, ERR_UNCERTAIN, 0, 1, 0},
	{"closed when all was read", SERVER, "http", "/drop", 0, ERR_UNCERTAIN, 0, 1, 1},
	{"silence when all was read", SERVER, "http", "/hang", 300, ERR_UNCERTAIN, 0, 1, 1},
	{"half an answer, then silence", SERVER, "http", "/half", 300, ERR_UNCERTAIN, 200, 1, 1},
	{"half an answer, then a reset", SERVER, "http", "/reset", 0, ERR_UNCERTAIN, 200, 1, 1},
	{"garbage", SERVER, "http", "/garbage", 0, ERR_UNCERTAIN, 0, 1, 1},
	{"an answer that is too large", SERVER, "http", "/endless", 0, ERR_UNCERTAIN, 200, 1, 1},
};
static const char *const unsafe_methods[] = {"POST", "PUT", "DELETE"};

static const char *url_at(const struct failure_case *c)
{
	static char url[128];
	const unsigned ports[] = {
		[SERVER] = client_server.port,
		[CLOSED] = client_server.closed_port,
		[DEAF] = client_server.deaf_port,
		[SHUT] = client_server.shut_port,
		[PLAIN] = client_server.plain_port,
	};

	(void)snprintf(url, sizeof(url), "%s://127.0.0.1:%u%s?" HTTP_SERVER_SECRET, c->scheme,
		ports[c->place], c->path);
	return url;
}

/* The server reads what has been sent also when its client has gone, but perhaps later. */
static void wait_until_read(const struct failure_case *c)
{
	struct http_seen *seen = client_server.seen;

	for (int64_t end_ms = clock_mono_ms() + CLIENT_GIVE_UP_MS; clock_mono_ms() < end_ms; poll(NULL, 0, 1))
		if (__atomic_load_n(&seen->connections, __ATOMIC_SEQ_CST) >= c->connections &&
			__atomic_load_n(&seen->unsafe, __ATOMIC_SEQ_CST) >= c->unsafe)
			return;
}

/* Connections are accepted in their order: with an answer on a new one, those before it are counted. */
static void wait_until_accepted(struct http_client *f)
{
	struct http_request q = client_request("GET", "/plain");

	client_run(f, &q, true);
	assert_false(f->failed);
}

static bool matches(const struct http_client *f, const struct failure_case *c)
{
	return f->failed && f->failure.kind == c->kind && f->failure.http_status == c->http_status &&
	       client_server.seen->connections == c->connections && client_server.seen->unsafe == c->unsafe;
}

/* Runs a case until it comes out as it should, or has had time enough. */
static void run_case(
	struct http_client *f, const struct failure_case *c, struct http_request *q, bool is_blocking)
{
	for (;;) {
		*client_server.seen = (struct http_seen){0};
		client_run(f, q, is_blocking);
		if (f->failed && f->failure.kind == ERR_UNCERTAIN)
			wait_until_read(c);
		if (matches(f, c) || !client_give_more_time(q))
			return;
		wait_until_accepted(f);
	}
}

static void test_a_failure_says_whether_it_was_sent(void **state)
{
	struct http_client *f = *state;

	for (size_t i = 0; i < 2 * ARRAY_LEN(failure_cases) * ARRAY_LEN(unsafe_methods); i++) {
		const struct failure_case *c = &failure_cases[i / 2 / ARRAY_LEN(unsafe_methods)];
		struct http_request q =
			client_request(unsafe_methods[i / 2 % ARRAY_LEN(unsafe_methods)], "/");

		q.url = url_at(c);
		q.body = "paid";
		q.body_len = 4;
		if (c->timeout_ms > 0)
			q.timeout_ms = c->timeout_ms;
		run_case(f, c, &q, i % 2 == 1);
		if (!f->failed)
			fail_msg("%s %s: answered %d", q.method, c->title, f->result.status);
		if (f->failure.kind != c->kind || f->failure.http_status != c->http_status)
			fail_msg("%s %s: %s, status %d, %s", q.method, c->title,
				err_kind_names[f->failure.kind], f->failure.http_status, f->failure.text);
		if (client_server.seen->connections != c->connections ||
			client_server.seen->unsafe != c->unsafe)
			fail_msg("%s %s: %u connections, %u requests", q.method, c->title,
				client_server.seen->connections, client_server.seen->unsafe);
	}
}

/* On a kept connection libcurl would send it again when the server closes without an answer. */
static void test_it_is_not_repeated_on_another_connection(void **state)
{
	struct http_client *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(unsafe_methods); i++) {
		struct http_request q = client_request("GET", "/plain");

		*client_server.seen = (struct http_seen){0};
		client_run(f, &q, false);
		client_run(f, &q, false);
		assert_int_equal(client_server.seen->requests, 2);
		assert_true(client_server.seen->connections <= 1); /* it was kept */
		q = client_request(unsafe_methods[i], "/drop");
		client_run(f, &q, false);
		assert_true(f->failed);
		assert_int_equal(f->failure.kind, ERR_UNCERTAIN);
		assert_int_equal(client_server.seen->unsafe, 1);
	}
}

/* A server that answers, says nothing of closing, and closes: a safe request is repeated without a word, one
 * that is not never gets into the dead connection. */
static void test_a_connection_that_was_closed_behind_our_back(void **state)
{
	struct http_client *f = *state;

	for (unsigned i = 0; i < 20; i++) {
		struct http_request q = client_request("GET", "/close");

		*client_server.seen = (struct http_seen){0};
		client_run(f, &q, false);
		assert_false(f->failed);
		q = client_request(i % 2 ? "POST" : "PUT", "/close");
		client_run(f, &q, false);
		assert_false(f->failed);
		assert_int_equal(client_server.seen->unsafe, 1);
		q = client_request("GET", "/plain");
		client_run(f, &q, false);
		assert_false(f->failed);
		assert_int_equal(client_server.seen->requests, 3);
	}
}

/* The number behind what is in a text. */
static int64_t number_after(const char *text, const char *what)
{
	const char *at = strstr(text, what);
	char digits[24];
	int64_t n = -1;

	if (at == NULL)
		fail_msg("no \"%s\" in: %s", what, text);
	at += strlen(what);
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)strspn(at, "0123456789"), at);
	assert_true(text_to_i64(digits, 0, INT64_MAX, &n));
	return n;
}

static void test_a_limit_of_speed_counts_the_wait_too(void **state)
{
	struct http_client *f = *state;
	struct http_request q = client_request("POST", "/hang");

	q.low_speed_sec = 1;
	client_run(f, &q, false);
	assert_int_equal(f->failure.kind, ERR_UNCERTAIN);
	assert_non_null(strstr(f->failure.text, "too slow"));

	q.low_speed_sec = 60;
	q.timeout_ms = 1500;
	client_run(f, &q, false);
	assert_in_range(number_after(f->failure.text, "timed out after "), 1500, 60000 - 1);
}

/* As after a stop of the process between asking for it and sending it. */
static void test_what_is_too_late_is_not_sent(void **state)
{
	struct http_client *f = *state;
	struct http_request q = client_request("POST", "/plain");

	*client_server.seen = (struct http_seen){0};
	q.send_by_ms = clock_mono_ms() - 1;
	client_run(f, &q, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_TEMP);
	assert_non_null(strstr(f->failure.text, "too late"));
	assert_int_equal(client_server.seen->requests, 0);

	q.send_by_ms = clock_mono_ms() + CLIENT_GIVE_UP_MS;
	client_run(f, &q, false);
	assert_false(f->failed);
	assert_int_equal(client_server.seen->requests, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, client_set_up, client_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_failure_says_whether_it_was_sent),
		TEST(test_it_is_not_repeated_on_another_connection),
		TEST(test_a_connection_that_was_closed_behind_our_back),
		TEST(test_a_limit_of_speed_counts_the_wait_too),
		TEST(test_what_is_too_late_is_not_sent),
	};

	return cmocka_run_group_tests(tests, client_begin, client_end);
}
