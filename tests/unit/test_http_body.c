/* Bodies that are not held in memory: those that are sent from a file, and answers that are given away. */

#include "lib/io/http.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "tests/unit/http_client.h"

#define HUGE_BYTES  200000000 /* a film; sparse */
#define MEMORY_KB   16384     /* what sending and receiving it may cost */
#define PIECE_BYTES 65536

static char folder[64];

static int set_up(void **state)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/videod-test-http-XXXXXX");
	return mkdtemp(folder) ? client_set_up(state) : -1;
}

static int tear_down(void **state)
{
	struct err e;

	return client_tear_down(state) < 0 || fs_remove_tree(folder, &e) < 0 ? -1 : 0;
}

/* Caller frees. */
static char *path_of(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

static char *put_file(const char *name, const char *text)
{
	char *path = path_of(name);
	struct err e;

	if (fs_write_atomic(path, text, strlen(text), 0644, &e) < 0)
		fail_msg("%s", e.text);
	return path;
}

/* Sending */

static const struct upload_case {
	const char *method, *body, *file, *tail;
	const char *sent; /* headers and body, behind those that are always the same */
} upload_cases[] = {
	{"POST", "--x\r\n", "the clip", "\r\n--x--", "Content-Length: 20\r\n\r\n--x\r\nthe clip\r\n--x--"},
	{"PUT", NULL, "the film", NULL, "Content-Length: 8\r\n\r\nthe film"},
	{"POST", "a", "", "b", "Content-Length: 2\r\n\r\nab"},
	{"PUT", NULL, "", NULL, "Content-Length: 0\r\n\r\n"},
	{"POST", "a", NULL, "b", "Content-Length: 2\r\n\r\nab"},
	{"DELETE", NULL, "which", NULL, "Content-Length: 5\r\n\r\nwhich"},
};

static void test_a_file_is_sent_between_its_borders(void **state)
{
	struct http_client *f = *state;

	for (size_t i = 0; i < 2 * ARRAY_LEN(upload_cases); i++) {
		const struct upload_case *c = &upload_cases[i / 2];
		AUTO_FREE char *file = put_file("file", c->file ? c->file : "");
		struct http_request q = client_request(c->method, "/echo");
		AUTO_FREE char *expected =
			xasprintf("%s /echo?" HTTP_SERVER_SECRET
				  " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: videod\r\n"
				  "Accept: */*\r\nAuthorization: Bearer hush-hush\r\n%s",
				c->method, client_server.port, c->sent);

		q.body = c->body;
		q.body_len = c->body ? strlen(c->body) : 0;
		q.body_file = c->file ? file : NULL;
		q.body_tail = c->tail;
		q.body_tail_len = c->tail ? strlen(c->tail) : 0;
		client_run(f, &q, i % 2 == 1);
		if (f->failed)
			fail_msg("%s", f->failure.text);
		assert_string_equal(buf_text(&f->body), expected);
	}
}

static long memory_kb(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

static void test_a_film_is_sent_in_little_memory(void **state)
{
	struct http_client *f = *state;
	AUTO_FREE char *file = put_file("film", "begin");
	struct http_request q = client_request("PUT", "/plain");
	static const char zeros[PIECE_BYTES];
	uint32_t hash = http_server_hash(0, "begin", 5);
	long before_kb = memory_kb();

	assert_int_equal(truncate(file, HUGE_BYTES), 0);
	for (size_t left = HUGE_BYTES - 5, n; left > 0; left -= n) {
		n = left < PIECE_BYTES ? left : PIECE_BYTES;
		hash = http_server_hash(hash, zeros, n);
	}
	q.body_file = file;
	client_run(f, &q, false);
	if (f->failed)
		fail_msg("%s", f->failure.text);
	assert_int_equal(client_server.seen->body_bytes, HUGE_BYTES);
	assert_int_equal(client_server.seen->body_hash, hash);
	assert_true(memory_kb() - before_kb < MEMORY_KB);
}

static void test_files_that_cannot_be_sent(void **state)
{
	struct http_client *f = *state;
	AUTO_FREE char *pipe_path = path_of("pipe"), *missing = path_of("missing");
	AUTO_FREE char *file = put_file("file", "text");
	const char *const wrong[] = {missing, folder, pipe_path};
	struct http_request q = client_request("PUT", "/plain");
	struct rlimit all, none;

	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		q.body_file = wrong[i];
		assert_int_equal(http_start(f->http, &q, client_done, f, &f->call, &f->err), -1);
		if (f->err.kind != ERR_PERM || !strstr(f->err.text, wrong[i]) || strstr(f->err.text, "hush"))
			fail_msg("%s: %s", err_kind_names[f->err.kind], f->err.text);
	}

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = all;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	q.body_file = file;
	int r = http_start(f->http, &q, client_done, f, &f->call, &f->err);

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
	assert_int_equal(r, -1);
	assert_int_equal(f->err.kind, ERR_TEMP);
	assert_int_equal(f->err.sys_errno, EMFILE);
	assert_int_equal(client_server.seen->connections, 0);
}

/* Its length was said when it began: the peer never had the whole request, and what came later is not sent.
 */
static void test_a_file_that_changes_under_way(void **state)
{
	struct http_client *f = *state;
	AUTO_FREE char *file = put_file("file", "123456789");
	struct http_request q = client_request("POST", "/echo");

	q.body_file = file;
	q.body_tail = "tail";
	q.body_tail_len = 4;
	client_start(f, &q);
	assert_int_equal(truncate(file, 4), 0);
	assert_int_equal(loop_run(f->loop, &f->err), 0);
	assert_true(f->failed);
	assert_int_equal(f->failure.kind, ERR_TEMP);
	assert_non_null(strstr(f->failure.text, "has become shorter"));
	assert_int_equal(client_server.seen->unsafe, 0);

	f->done_calls = 0;
	client_start(f, &q);
	assert_int_equal(truncate(file, 1000), 0);
	assert_int_equal(loop_run(f->loop, &f->err), 0);
	assert_false(f->failed);
	assert_non_null(strstr(buf_text(&f->body), "\r\nContent-Length: 8\r\n\r\n1234tail"));
}

static void test_a_refusal_in_the_middle_is_an_answer(void **state)
{
	struct http_client *f = *state;
	AUTO_FREE char *file = put_file("film", "begin");
	struct http_request q = client_request("PUT", "/early");

	assert_int_equal(truncate(file, HUGE_BYTES), 0);
	q.body_file = file;
	client_run(f, &q, false);
	if (f->failed)
		fail_msg("%s", f->failure.text);
	assert_int_equal(f->result.status, 403);
	assert_string_equal(buf_text(&f->body), "no");
}

/* Receiving */

struct taker {
	struct http_client *client; /* first: the callbacks of the client get this */
	size_t bytes, pieces, most_pieces;
	uint32_t hash;
};

static bool take(const void *p, size_t n, void *arg)
{
	struct taker *t = arg;

	if (t->pieces == t->most_pieces)
		return false;
	t->pieces++;
	t->bytes += n;
	t->hash = http_server_hash(t->hash, p, n);
	return true;
}

static void taken(const struct http_result *r, const struct err *e, void *arg)
{
	client_done(r, e, ((struct taker *)arg)->client);
}

static struct taker run_taking(struct http_client *f, const struct http_request *q, size_t most_pieces)
{
	struct taker t = {.client = f, .most_pieces = most_pieces};

	f->done_calls = 0;
	f->call = NULL;
	if (http_start(f->http, q, taken, &t, &f->call, &f->err) < 0)
		fail_msg("%s", f->err.text);
	assert_int_equal(loop_run(f->loop, &f->err), 0);
	return t;
}

static void test_an_answer_is_given_away_in_pieces(void **state)
{
	struct http_client *f = *state;
	struct http_request q = client_request("POST", "/big");
	uint32_t hash = 0;

	for (unsigned i = 0; i < HTTP_SERVER_BIG_BYTES; i++)
		hash = http_server_hash(hash, &(char){(char)('a' + i % 23)}, 1);
	q.on_body = take;
	q.max_bytes = HTTP_SERVER_BIG_BYTES;

	struct taker t = run_taking(f, &q, SIZE_MAX);

	assert_false(f->failed);
	assert_null(f->result.body);
	assert_int_equal(f->result.body_len, HTTP_SERVER_BIG_BYTES);
	assert_int_equal(t.bytes, HTTP_SERVER_BIG_BYTES);
	assert_int_equal(t.hash, hash);
	assert_true(t.pieces > 1);

	q.max_bytes--;
	(void)run_taking(f, &q, SIZE_MAX);
	assert_int_equal(f->failure.kind, ERR_UNCERTAIN);
}

static void test_a_piece_that_is_not_taken_ends_the_call(void **state)
{
	struct http_client *f = *state;
	const struct {
		const char *method;
		enum err_kind kind;
	} cases[] = {{"GET", ERR_TEMP}, {"POST", ERR_UNCERTAIN}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_request q = client_request(cases[i].method, "/big");

		q.on_body = take;
		q.max_bytes = HTTP_SERVER_BIG_BYTES;

		struct taker t = run_taking(f, &q, 1);

		assert_int_equal(t.pieces, 1);
		assert_true(f->failed);
		assert_int_equal(f->failure.kind, cases[i].kind);
		assert_int_equal(f->failure.http_status, 200);
		assert_non_null(strstr(f->failure.text, "the answer was not taken"));
	}
}

/* What an error says is readable, and never taken for what was asked for. */
static void test_the_body_of_an_error_is_kept_apart(void **state)
{
	struct http_client *f = *state;
	const struct {
		const char *path;
		int status;
		size_t bytes;
		char first;
	} cases[] = {
		{"/busy", 503, 4, 'b'},
		{"/moved", 302, 5, 'm'},
		{"/no-such", 404, 0, '\0'},
		{"/error-big", 500, HTTP_ERROR_BODY_MAX, 'e'},
		{"/error-endless", 502, HTTP_ERROR_BODY_MAX, '0'},
	};

	for (size_t i = 0; i < 3 * ARRAY_LEN(cases); i++) {
		struct http_request q = client_request(i % 2 ? "POST" : "GET", cases[i / 3].path);
		FILE *file = tmpfile();
		struct taker t = {0};

		assert_non_null(file);
		q.max_bytes = 1; /* is for what was asked for */
		q.on_body = i % 3 == 1 ? take : NULL;
		q.body_fd = i % 3 == 2 ? fileno(file) : 0;
		t = run_taking(f, &q, SIZE_MAX);
		if (f->failed)
			fail_msg("%s", f->failure.text);
		assert_int_equal(f->result.status, cases[i / 3].status);
		assert_int_equal(f->result.body_len, cases[i / 3].bytes);
		assert_int_equal(f->body.len, cases[i / 3].bytes);
		assert_int_equal(buf_text(&f->body)[0], cases[i / 3].first);
		assert_int_equal(t.pieces, 0);
		assert_int_equal(lseek(fileno(file), 0, SEEK_END), 0);
		assert_int_equal(fclose(file), 0);
	}
}

static void test_only_the_final_answer_is_given_away(void **state)
{
	struct http_client *f = *state;
	struct http_request q = client_request("GET", "/moved");

	q.on_body = take;
	q.max_redirects = 1;

	struct taker t = run_taking(f, &q, SIZE_MAX);

	assert_int_equal(f->result.status, 200);
	assert_int_equal(t.bytes, 5);
	assert_int_equal(t.hash, http_server_hash(0, "hello", 5));
}

/* Headers */

static void expect_headers(const struct http_result *r, const struct err *e, void *arg)
{
	const char *const *expected = arg; /* request-id, x-empty */
	static const char *const names[] = {"request-id", "x-EMPTY"};

	assert_null(e);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = http_header(r, names[i]);

		if (!expected[i])
			assert_null(value);
		else
			assert_string_equal(value, expected[i]);
	}
	assert_null(http_header(r, "X-None"));
	assert_null(http_header(&(struct http_result){.status = 200}, names[0]));
}

static void test_headers_of_the_final_answer(void **state)
{
	struct http_client *f = *state;
	const char *named[] = {"first", ""}, *unnamed[] = {NULL, NULL};
	struct http_request q = client_request("GET", "/named");

	assert_int_equal(http_blocking(&q, expect_headers, named, &f->err), 0);
	q = client_request("GET", "/named-elsewhere");
	q.max_redirects = 1;
	assert_int_equal(http_blocking(&q, expect_headers, unnamed, &f->err), 0);
	assert_int_equal(client_server.seen->requests, 3);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_is_sent_between_its_borders),
		TEST(test_a_film_is_sent_in_little_memory),
		TEST(test_files_that_cannot_be_sent),
		TEST(test_a_file_that_changes_under_way),
		TEST(test_a_refusal_in_the_middle_is_an_answer),
		TEST(test_an_answer_is_given_away_in_pieces),
		TEST(test_a_piece_that_is_not_taken_ends_the_call),
		TEST(test_the_body_of_an_error_is_kept_apart),
		TEST(test_only_the_final_answer_is_given_away),
		TEST(test_headers_of_the_final_answer),
	};

	return cmocka_run_group_tests(tests, client_begin, client_end);
}
