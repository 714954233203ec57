/*
 * Requests that the peer may get twice: kept connections, a body that is sent again from its start, pieces of
 * a file, and asking before a large body goes out.
 */

#include "lib/io/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "tests/unit/http_client.h"

#define FILE_BYTES 3000000
#define ROUNDS     20

static char folder[64];
static char *film; /* FILE_BYTES, no two pieces alike */

static int set_up(void **state)
{
	AUTO_FREE char *bytes = xmalloc(FILE_BYTES);
	struct err e;

	(void)snprintf(folder, sizeof(folder), "/tmp/videod-test-http-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	for (uint32_t i = 0, x = 1; i < FILE_BYTES; i++, x = x * 1664525 + 1013904223)
		bytes[i] = (char)(x >> 24);
	film = xasprintf("%s/film", folder);
	return fs_write_atomic(film, bytes, FILE_BYTES, 0644, &e) < 0 ? -1 : client_set_up(state);
}

static int tear_down(void **state)
{
	struct err e;

	free(steal_ptr(film));
	return client_tear_down(state) < 0 || fs_remove_tree(folder, &e) < 0 ? -1 : 0;
}

static uint32_t hash_of_film(size_t from, size_t n)
{
	AUTO_BUF bytes = BUF_INIT(FILE_BYTES);
	struct err e;

	if (fs_read(film, FILE_BYTES, &bytes, &e) < 0)
		fail_msg("%s", e.text);
	return http_server_hash(0, bytes.data + from, n);
}

static void must_run(struct http_client *f, const struct http_request *q)
{
	client_run(f, q, false);
	if (f->failed)
		fail_msg("%s %s: %s", q->method, q->url, f->failure.text);
}

static void test_connections_are_kept(void **state)
{
	struct http_client *f = *state;
	static const char *const methods[] = {"PUT", "POST", "DELETE", "PUT"};

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		struct http_request q = client_request(methods[i], "/plain");

		q.repeatable = true;
		q.body_file = strcmp(methods[i], "PUT") == 0 ? film : NULL;
		must_run(f, &q);
	}
	assert_int_equal(client_server.seen->connections, 1);
	assert_int_equal(client_server.seen->unsafe, ARRAY_LEN(methods));
}

/* A kept connection that is closed without an answer may have been dead before: what was sent there is sent
 * again on a new one, from its start. */
static void test_a_body_is_sent_again_from_its_start(void **state)
{
	struct http_client *f = *state;
	struct http_request kept = client_request("GET", "/plain");

	must_run(f, &kept);

	struct http_request q = client_request("PUT", "/drop");

	q.repeatable = true;
	q.body_file = film;
	client_run(f, &q, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_TEMP);
	assert_int_equal(client_server.seen->unsafe, 2);
	assert_int_equal(client_server.seen->body_bytes, FILE_BYTES);
	assert_int_equal(client_server.seen->body_hash, hash_of_film(0, FILE_BYTES));
}

/* It may be found out only while the body is sent; then it is the caller who sends it again. */
static void test_a_connection_that_was_closed_behind_our_back(void **state)
{
	struct http_client *f = *state;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct http_request q = client_request("GET", "/close");

		must_run(f, &q);
		q = client_request("PUT", "/plain");
		q.repeatable = true;
		q.body_file = film;
		client_run(f, &q, false);
		if (f->failed)
			assert_int_equal(f->failure.kind, ERR_TEMP);
		else
			assert_int_equal(client_server.seen->body_bytes, FILE_BYTES);
	}
}

static void test_failures_may_pass(void **state)
{
	struct http_client *f = *state;
	static const struct {
		const char *path;
		int64_t timeout_ms;
	} cases[] = {
		{"/drop", 20000}, {"/hang", 300}, {"/half", 300}, {"/reset", 20000}, {"/garbage", 20000}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_request q = client_request("PUT", cases[i].path);

		q.repeatable = true;
		q.timeout_ms = cases[i].timeout_ms;
		client_run(f, &q, false);
		if (!f->failed || f->failure.kind != ERR_TEMP)
			fail_msg("%s: %s", cases[i].path,
				f->failed ? err_kind_names[f->failure.kind] : "done");
	}
}

static void test_a_piece_of_a_file(void **state)
{
	struct http_client *f = *state;
	static const struct {
		int64_t from, bytes;
		unsigned sent; /* 0: it is not there */
	} cases[] = {
		{0, 0, FILE_BYTES},
		{0, 1, 1},
		{1000000, 1000001, 1000001},
		{FILE_BYTES - 7, 7, 7},
		{FILE_BYTES - 7, 0, 7},
		{FILE_BYTES - 7, 8, 0},
		{FILE_BYTES + 1, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_request q = client_request("PUT", "/plain");

		q.body_file = film;
		q.body_file_from = cases[i].from;
		q.body_file_bytes = cases[i].bytes;
		if (cases[i].sent == 0) {
			assert_int_equal(http_start(f->http, &q, client_done, f, &f->call, &f->err), -1);
			assert_int_equal(f->err.kind, ERR_TEMP);
			continue;
		}
		must_run(f, &q);
		assert_int_equal(client_server.seen->body_bytes, cases[i].sent);
		assert_int_equal(
			client_server.seen->body_hash, hash_of_film((size_t)cases[i].from, cases[i].sent));
	}
}

static void test_pieces_that_cannot_be(void **state)
{
	struct http_client *f = *state;
	struct http_request q = client_request("PUT", "/plain");

	q.body_file = film;
	q.body_file_from = -1;
	assert_int_equal(http_start(f->http, &q, client_done, f, &f->call, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_PERM);
	q.body_file_from = 0;
	q.body_file_bytes = -1;
	assert_int_equal(http_start(f->http, &q, client_done, f, &f->call, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_PERM);
}

/* What is sent, and asking first */

struct watch {
	struct http_client *client; /* first: see done_watched */
	int64_t sent;
	unsigned calls, steps_back;
};

static void on_sent(int64_t bytes, void *arg)
{
	struct watch *w = arg;

	w->calls++;
	w->steps_back += bytes < w->sent;
	w->sent = bytes;
}

static void done_watched(const struct http_result *r, const struct err *e, void *arg)
{
	client_done(r, e, ((struct watch *)arg)->client);
}

static struct watch run_watched(struct http_client *f, const struct http_request *q)
{
	struct watch w = {.client = f};

	f->done_calls = 0;
	f->call = NULL;
	if (http_start(f->http, q, done_watched, &w, &f->call, &f->err) < 0)
		fail_msg("%s", f->err.text);
	assert_int_equal(loop_run(f->loop, &f->err), 0);
	return w;
}

static void test_what_is_sent_is_told(void **state)
{
	struct http_client *f = *state;
	struct http_request q = client_request("PUT", "/plain");

	q.body_file = film;
	q.on_sent = on_sent;

	struct watch w = run_watched(f, &q);

	assert_false(f->failed);
	assert_int_equal(w.sent, FILE_BYTES);
	assert_true(w.calls > 3);
	assert_int_equal(w.steps_back, 0);
}

static void test_a_body_that_is_refused_stays_here(void **state)
{
	struct http_client *f = *state;
	struct http_request q = client_request("PUT", "/early");

	q.body_file = film;
	q.on_sent = on_sent;
	q.expect_ms = CLIENT_GIVE_UP_MS;

	struct watch w = run_watched(f, &q);

	assert_false(f->failed);
	assert_int_equal(f->result.status, 403);
	assert_int_equal(w.sent, 0);
}

/* A server that knows nothing of asking. */
static void test_asking_ends_the_wait(void **state)
{
	struct http_client *f = *state;
	struct http_request q = client_request("PUT", "/plain");

	q.body_file = film;
	q.on_sent = on_sent;
	q.expect_ms = 50;

	struct watch w = run_watched(f, &q);

	assert_int_equal(f->result.status, 200);
	assert_int_equal(w.sent, FILE_BYTES);
	q = client_request("PUT", "/echo");
	q.expect_ms = 50;
	q.body = "x";
	q.body_len = 1;
	must_run(f, &q);
	assert_non_null(strstr(buf_text(&f->body), "\r\nExpect: 100-continue\r\n"));
}

static void test_a_path_stays_as_it_is(void **state)
{
	struct http_client *f = *state;
	struct http_request q = client_request("GET", "/a/../plain");

	must_run(f, &q);
	assert_int_equal(f->result.status, 200);
	q.path_as_is = true;
	must_run(f, &q);
	assert_int_equal(f->result.status, 404);
}

static void test_certificates_that_are_not_there(void **state)
{
	struct http_client *f = *state;
	struct http_request q = client_request("GET", "/");
	char url[64];

	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/", client_server.plain_port);
	q.url = url;
	q.ca_file = "/nowhere/ca.pem";
	client_run(f, &q, false);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_PERM);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_connections_are_kept),
		TEST(test_a_body_is_sent_again_from_its_start),
		TEST(test_a_connection_that_was_closed_behind_our_back),
		TEST(test_failures_may_pass),
		TEST(test_a_piece_of_a_file),
		TEST(test_pieces_that_cannot_be),
		TEST(test_what_is_sent_is_told),
		TEST(test_a_body_that_is_refused_stays_here),
		TEST(test_asking_ends_the_wait),
		TEST(test_a_path_stays_as_it_is),
		TEST(test_certificates_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, client_begin, client_end);
}
