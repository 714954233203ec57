/* Answers: the form of errors, pages, headers, and that nothing from inside gets out. */

#include "cgi/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/io/json.h"
#include "lib/video/problems.h"

static const struct {
	enum reply_error error;
	int status;
	const char *code;
} errors[] = {
	{REPLY_BAD_REQUEST, 400, "bad_request"},
	{REPLY_INVALID_JSON, 400, "invalid_json"},
	{REPLY_VALIDATION_FAILED, 400, "validation_failed"},
	{REPLY_BUDGET, 402, "budget"},
	{REPLY_NOT_FOUND, 404, "not_found"},
	{REPLY_METHOD_NOT_ALLOWED, 405, "method_not_allowed"},
	{REPLY_CONFLICT, 409, "conflict"},
	{REPLY_BODY_TOO_LARGE, 413, "body_too_large"},
	{REPLY_STORE_FULL, 413, "store_full"},
	{REPLY_UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type"},
	{REPLY_KEY_REUSED, 422, "idempotency_key_reused"},
	{REPLY_INTERNAL, 500, "internal"},
	{REPLY_UNAVAILABLE, 503, "unavailable"},
};

static void test_errors(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_LEN(errors), REPLY_ERROR_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		AUTO_REPLY r = {0};
		AUTO(json) body = NULL;
		struct err e;

		reply_init(&r, "id-1");
		assert_int_equal(reply_error(&r, errors[i].error, NULL), 0);
		assert_int_equal(r.status, errors[i].status);
		assert_int_equal(json_parse(r.body.data, r.body.len, &body, &e), 0);

		const struct json *error = json_get(body, "error");

		assert_string_equal(json_string(json_get(error, "code")), errors[i].code);
		assert_string_equal(json_string(json_get(error, "requestId")), "id-1");
		assert_true(strlen(json_string(json_get(error, "message"))) > 10);
		assert_int_equal(json_type_of(json_get(error, "details")), JSON_ARRAY);
		assert_int_equal(json_count(error), 4);
	}
}

static void test_detail(void **state)
{
	AUTO_REPLY r = {0};

	(void)state;
	reply_init(&r, "x");
	assert_int_equal(reply_error_at(&r, REPLY_CONFLICT, "/a", "No \"b\"."), 0);
	assert_string_equal(r.body.data,
		"{\"error\":{\"code\":\"conflict\",\"message\":\"No \\\"b\\\".\",\"requestId\":\"x\","
		"\"details\":[{\"path\":\"/a\",\"message\":\"No \\\"b\\\".\"}]}}");
}

static void test_problems(void **state)
{
	char path[] = "/scenes/0/prompt", message[] = "must be a string";
	static struct problems p;
	AUTO_REPLY r = {0};
	AUTO(json) body = NULL;
	struct err e;

	(void)state;
	for (size_t i = 0; i < LIMIT_PROBLEMS; i++)
		p.list[i] = (struct problem){path, message};
	p.count = LIMIT_PROBLEMS + 7; /* found, not all kept */
	reply_init(&r, "x");
	assert_int_equal(reply_problems(&r, &p), 0);
	assert_int_equal(r.status, 400);
	assert_int_equal(json_parse(r.body.data, r.body.len, &body, &e), 0);

	const struct json *error = json_get(body, "error"), *details = json_get(error, "details");

	assert_string_equal(json_string(json_get(error, "code")), "validation_failed");
	assert_non_null(strstr(json_string(json_get(error, "message")), "107 problems"));
	assert_int_equal(json_count(details), LIMIT_PROBLEMS);
	assert_string_equal(json_string(json_get(json_at(details, 99), "path")), path);
	assert_string_equal(json_string(json_get(json_at(details, 99), "message")), message);
}

static const struct {
	enum err_kind kind;
	int http_status, status;
	unsigned retry_after_sec;
} failures[] = {
	{ERR_TEMP, 0, 503, 1},
	{ERR_UNCERTAIN, 0, 503, 1},
	{ERR_PERM, 0, 500, 0},
	{ERR_PERM, 409, 500, 0},
	{ERR_CANCELED, 0, 500, 0},
	{ERR_BLOCKED, 0, 500, 0},
};

static void test_failures(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		AUTO_REPLY r = {0};
		struct err e = {.kind = failures[i].kind, .http_status = failures[i].http_status};

		(void)snprintf(e.text, sizeof(e.text), "SELECT secret FROM inner");
		reply_init(&r, "x");
		assert_int_equal(reply_failure(&r, &e), 0);
		if (r.status != failures[i].status || r.retry_after_sec != failures[i].retry_after_sec)
			fail_msg("case %zu: %d, retry after %u", i, r.status, r.retry_after_sec);
		assert_null(strstr(r.body.data, "secret"));
	}
}

static struct json *number(int64_t n)
{
	struct json *o = json_new_object();

	json_put_int(o, "n", n);
	return o;
}

static void test_page(void **state)
{
	AUTO_REPLY r = {0};

	(void)state;
	reply_init(&r, "x");
	reply_page_begin(&r, "things");
	assert_int_equal(reply_page_end(&r, 0, 0), 0);
	assert_string_equal(r.body.data, "{\"things\":[],\"total\":0,\"hasMore\":false}");

	reply_page_begin(&r, "things");
	assert_true(reply_page_add(&r, number(1)));
	assert_true(reply_page_add(&r, number(2)));
	(void)reply_page_end(&r, 3, 6);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body.data, "{\"things\":[{\"n\":1},{\"n\":2}],\"total\":6,\"hasMore\":true}");

	reply_page_begin(&r, "things");
	assert_true(reply_page_add(&r, number(1)));
	(void)reply_page_end(&r, 5, 6);
	assert_string_equal(r.body.data, "{\"things\":[{\"n\":1}],\"total\":6,\"hasMore\":false}");
}

/* A page of very large items ends early and says that there is more. */
static void test_page_full(void **state)
{
	static char text[REPLY_PAGE_MAX_BYTES / 4];
	AUTO_REPLY r = {0};
	size_t added = 0;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	reply_init(&r, "x");
	reply_page_begin(&r, "things");
	for (;; added++) {
		struct json *item = json_new_object();

		json_put_string(item, "text", text);
		if (!reply_page_add(&r, item))
			break;
	}
	(void)reply_page_end(&r, 0, 10);
	assert_int_equal(added, 3);
	assert_true(r.body.len < REPLY_MAX_BYTES);
	assert_non_null(strstr(r.body.data + r.body.len - 40, "\"hasMore\":true}"));
}

static void test_head(void **state)
{
	AUTO_REPLY r = {0};
	AUTO_BUF head = BUF_INIT(4096);

	(void)state;
	reply_init(&r, "abc");
	reply_location(&r, "/videos/", "7");
	(void)reply_json(&r, 202, number(1));
	reply_head(&r, &head);
	assert_string_equal(head.data,
		"Status: 202 Accepted\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: "
		"7\r\n"
		"Cache-Control: no-store\r\nX-Request-Id: abc\r\nLocation: /videos/7\r\n\r\n");

	AUTO_REPLY gone = {0};

	buf_clear(&head);
	reply_init(&gone, "abc");
	(void)reply_empty(&gone);
	reply_head(&gone, &head);
	assert_string_equal(
		head.data, "Status: 204 No Content\r\nCache-Control: no-store\r\nX-Request-Id: abc\r\n\r\n");
}

static void test_head_of_unavailable(void **state)
{
	AUTO_REPLY r = {0};
	AUTO_BUF head = BUF_INIT(4096);
	struct err e = {.kind = ERR_TEMP};

	(void)state;
	reply_init(&r, "abc");
	(void)reply_failure(&r, &e);
	reply_head(&r, &head);
	assert_non_null(strstr(head.data, "Status: 503 Service Unavailable\r\n"));
	assert_non_null(strstr(head.data, "\r\nRetry-After: 1\r\n\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_detail),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_page_full),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_head_of_unavailable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
