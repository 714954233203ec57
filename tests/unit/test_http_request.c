/* Requests that are a mistake of ours: refused for a reason that shows no secret, and nothing is sent. */

#include "lib/io/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "tests/unit/http_server.h"

#define SECRET HTTP_SERVER_SECRET

static const char *const header_injection[] = {"X-A: b\r\nX-C: d", NULL};
static const char *const header_without_colon[] = {"X-A b", NULL};
static const char *const header_without_name[] = {": b", NULL};

static const struct wrong_case {
	const char *title;
	struct http_request request; /* unset members are filled in */
	const char *text;
} wrong_cases[] = {
	{"method", {.method = "BREW"}, "unknown HTTP method"},
	{"method in small letters", {.method = "get"}, "unknown HTTP method"},
	{"no timeout", {.timeout_ms = -1}, "GET: the request has no timeout"},
	{"no limit", {.max_bytes = SIZE_MAX}, "GET: the request has no limit of size"},
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

static void on_done(const struct http_result *r UNUSED, const struct err *e UNUSED, void *arg)
{
	++*(unsigned *)arg;
}

static void test_wrong_requests_are_not_sent(void **state)
{
	struct http_server server;
	struct loop *loop;
	struct http *http;
	struct http_call *call;
	unsigned done_calls = 0;
	struct err err;

	(void)state;
	http_server_start(&server);
	assert_int_equal(loop_new(&loop, &err), 0);
	assert_int_equal(http_new(loop, &http, &err), 0);

	AUTO_FREE char *url = xasprintf("http://127.0.0.1:%u/plain?%s", server.port, SECRET);

	for (size_t i = 0; i < 2 * ARRAY_LEN(wrong_cases); i++) {
		const struct wrong_case *c = &wrong_cases[i / 2];
		struct http_request q = c->request;

		q.method = q.method ? q.method : "GET";
		q.url = q.url ? q.url : url;
		q.timeout_ms = q.timeout_ms ? q.timeout_ms : 20000;
		q.max_bytes = q.max_bytes ? q.max_bytes : 1000;

		int r = i % 2 == 0 ? http_start(http, &q, on_done, &done_calls, &call, &err)
				   : http_blocking(&q, on_done, &done_calls, &err);

		if (r != -1 || err.kind != ERR_PERM || strcmp(err.text, c->text) != 0)
			fail_msg("%s: %d, kind %d '%s'", c->title, r, err.kind, err.text);
	}
	http_free(http);
	loop_free(loop);
	assert_int_equal(done_calls, 0);
	assert_int_equal(server.seen->connections, 0);
	http_server_stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_wrong_requests_are_not_sent)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
