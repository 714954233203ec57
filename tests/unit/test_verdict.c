/* What every known answer of a vendor means: the tables of providers' codes, statuses and bodies, row by row.
 */

#include "lib/remote/verdict.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/http.h"

#define BLOCKED ERR_BLOCKED
#define DOCS    ",\"docUrl\":\"https://docs.example/api\"}"

typedef void judge_fn(const struct http_result *r, enum verdict_call call, struct verdict *ret);

struct answer {
	const char *title;
	int status;
	const char *body; /* NULL: none */
	enum err_kind paid, free;
	const char *reason;
	bool image;
};

static struct http_result result_of(int status, const char *body)
{
	return (struct http_result){.status = status,
		.body = body,
		.body_len = body != NULL ? strlen(body) : 0,
		.content_type = "application/json",
		.retry_after_sec = -1};
}

static void expect_text(const char *title, const char *is, const char *want)
{
	is = is != NULL ? is : "nothing";
	want = want != NULL ? want : "nothing";
	if (strcmp(is, want) != 0)
		fail_msg("%s: %s, not %s", title, is, want);
}

static void check_one(judge_fn *judge, const struct answer *a, enum verdict_call call, enum err_kind want)
{
	struct http_result r = result_of(a->status, a->body);
	struct verdict v;

	memset(&v, 0xff, sizeof(v));
	judge(&r, call, &v);
	expect_text(a->title, err_kind_names[v.err.kind], err_kind_names[want]);
	expect_text(a->title, v.reason, want == ERR_BLOCKED ? a->reason : NULL);
	if (v.image != a->image)
		fail_msg("%s: image", a->title);
	if (v.outage != (want == ERR_TEMP)) /* whatever an answer says of later, it says of any request */
		fail_msg("%s: outage", a->title);
	if (v.told == NULL || v.told[strlen(v.told) - 1] != '.')
		fail_msg("%s: the client is told nothing", a->title);
	if (v.err.http_status != a->status || v.err.text[0] == '\0' || v.wait_ms != 0)
		fail_msg("%s: status, text or wait", a->title);
}

static void check_answers(judge_fn *judge, const struct answer *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		check_one(judge, &list[i], CALL_PAID, list[i].paid);
		check_one(judge, &list[i], CALL_FREE, list[i].free);
	}
}

#define BOTH(kind) .paid = (kind), .free = (kind)

static const struct answer runway_answers[] = {
	{"validation", 400,
		"{\"error\":\"Validation of body "
		"failed\",\"issues\":[{\"expected\":\"string\",\"code\":\"invalid_type\","
		"\"path\":[\"model\"],\"message\":\"Invalid input\"}]" DOCS,
		BOTH(ERR_PERM)},
	{"picture that cannot be fetched", 400,
		"{\"error\":\"Validation of body "
		"failed\",\"issues\":[{\"code\":\"custom\",\"path\":[\"promptImage\"],"
		"\"message\":\"Failed to fetch asset\"}]" DOCS,
		BOTH(ERR_PERM), .image = true},
	{"picture, the second issue", 400,
		"{\"error\":\"x\",\"issues\":[{\"path\":[]},{\"path\":[\"promptImage\",0,\"uri\"]}]}",
		BOTH(ERR_PERM), .image = true},
	{"prompt too long", 400,
		"{\"error\":\"Validation of body "
		"failed\",\"issues\":[{\"code\":\"too_big\",\"path\":[\"promptText\"]}]" DOCS,
		BOTH(ERR_PERM)},
	{"issues of wrong types", 400,
		"{\"error\":\"x\",\"issues\":[1,null,{\"path\":\"promptImage\"},{\"path\":[7]}]}",
		BOTH(ERR_PERM)},
	{"no credit", 400, "{\"error\":\"You do not have enough credits to run this task.\"" DOCS,
		BOTH(BLOCKED), "out_of_credit"},
	{"old version", 400,
		"{\"error\":\"The API version that was provided in the X-Runway-Version header is not "
		"valid.\"" DOCS,
		BOTH(BLOCKED), "bad_key"},
	{"bare 400", 400, NULL, .paid = ERR_PERM, .free = ERR_TEMP},
	{"no key", 401, "{\"error\":\"No API key was provided. Set it.\"" DOCS, BOTH(BLOCKED), "bad_key"},
	{"wrong host", 401, "{\"error\":\"Incorrect hostname for API key\",\"details\":\"...\"}",
		BOTH(BLOCKED), "bad_key"},
	{"401 in HTML", 401, "<html>Unauthorized</html>", BOTH(BLOCKED), "bad_key"},
	{"402", 402, "{\"error\":\"pay\"}", BOTH(BLOCKED), "out_of_credit"},
	{"403", 403, "{\"error\":\"Forbidden\"}", BOTH(ERR_PERM)},
	{"403 of somebody between", 403, "<html>Request blocked</html>", .paid = ERR_PERM, .free = ERR_TEMP},
	{"no such task", 404, "{\"error\":\"Could not find Task\"}", BOTH(ERR_PERM)},
	{"404 in HTML", 404, "<html>no such page</html>", .paid = ERR_PERM, .free = ERR_TEMP},
	{"405", 405, "{\"error\":\"Method not allowed\"}", BOTH(ERR_PERM)},
	{"408", 408, "", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"409", 409, "{\"error\":\"conflict\"}", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"425", 425, "", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"451", 451, "{\"error\":\"forbidden\"}", BOTH(ERR_PERM)},
	{"460 of a balancer", 460, "", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"499 of a proxy", 499, "", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"413", 413, "{\"error\":\"too large\"}", BOTH(ERR_PERM)},
	{"422", 422, "{\"error\":\"unprocessable\"}", BOTH(ERR_PERM)},
	{"daily limit", 429, "{\"error\":\"Your daily task limit has been reached.\"" DOCS, BOTH(BLOCKED),
		"daily_limit"},
	{"429", 429, "{\"error\":\"Too many requests\"}", BOTH(ERR_TEMP)},
	{"429 in HTML", 429, "<html>slow down</html>", BOTH(ERR_TEMP)},
	{"429 in half a JSON", 429, "{\"error\":\"Your daily task", BOTH(ERR_TEMP)},
	{"redirect", 302, "", BOTH(ERR_TEMP)},
	{"redirect that repeats it", 308, "", BOTH(ERR_TEMP)},
	{"done, see elsewhere", 303, "", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"500", 500, "{\"error\":\"Internal server error\"}", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"500 that speaks of credits", 500, "{\"error\":\"not enough credits\"}", .paid = ERR_UNCERTAIN,
		.free = ERR_TEMP},
	{"502 in HTML", 502, "<html><h1>502 Bad Gateway</h1></html>", .paid = ERR_UNCERTAIN,
		.free = ERR_TEMP},
	{"503", 503, "", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"504", 504, NULL, .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"599", 599, "\xff\xfe", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"a success", 200, "{}", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
};

#define NEW(type, code)                                                                                      \
	"{\"detail\":{\"type\":\"" type "\",\"code\":\"" code "\",\"message\":\"m\",\"status\":\"x\"}}"
#define OLD(status) "{\"detail\":{\"status\":\"" status "\",\"message\":\"m\"}}"

static const struct answer elevenlabs_answers[] = {
	{"parameters", 400, NEW("validation_error", "invalid_parameters"), BOTH(ERR_PERM)},
	{"too long", 400, NEW("validation_error", "text_too_long"), BOTH(ERR_PERM)},
	{"too long, old", 400, OLD("max_character_limit_exceeded"), BOTH(ERR_PERM)},
	{"empty", 400, NEW("validation_error", "empty_text"), BOTH(ERR_PERM)},
	{"voice id", 400, NEW("validation_error", "invalid_voice_id"), BOTH(ERR_PERM)},
	{"voice settings", 400, NEW("validation_error", "invalid_voice_settings"), BOTH(ERR_PERM)},
	{"model", 400, NEW("validation_error", "unsupported_model"), BOTH(ERR_PERM)},
	{"format", 400, NEW("validation_error", "invalid_output_format"), BOTH(ERR_PERM)},
	{"key", 401, NEW("authentication_error", "invalid_api_key"), BOTH(BLOCKED), "bad_key"},
	{"key as 400", 400, OLD("invalid_api_key"), BOTH(BLOCKED), "bad_key"},
	{"no key", 401, NEW("authentication_error", "missing_api_key"), BOTH(BLOCKED), "bad_key"},
	{"quota as 401", 401, OLD("quota_exceeded"), BOTH(BLOCKED), "out_of_credit"},
	{"credits", 402, NEW("payment_required", "insufficient_credits"), BOTH(BLOCKED), "out_of_credit"},
	{"plan", 402, NEW("payment_required", "paid_plan_required"), BOTH(ERR_PERM)},
	{"subscription", 403, NEW("authorization_error", "subscription_required"), BOTH(ERR_PERM)},
	{"feature", 403, NEW("authorization_error", "feature_not_available"), BOTH(ERR_PERM)},
	{"voice access", 403, NEW("authorization_error", "voice_access_denied"), BOTH(ERR_PERM)},
	{"permissions", 403, NEW("authorization_error", "insufficient_permissions"), BOTH(BLOCKED),
		"bad_key"},
	{"voice", 404, NEW("not_found", "voice_not_found"), BOTH(ERR_PERM)},
	{"model", 404, NEW("not_found", "model_not_found"), BOTH(ERR_PERM)},
	{"concurrency", 429, NEW("rate_limit_error", "concurrent_limit_exceeded"), BOTH(ERR_TEMP)},
	{"concurrency, old", 429, OLD("too_many_concurrent_requests"), BOTH(ERR_TEMP)},
	{"rate", 429, NEW("rate_limit_error", "rate_limit_exceeded"), BOTH(ERR_TEMP)},
	{"busy", 429, OLD("system_busy"), BOTH(ERR_TEMP)},
	{"busy as 503", 503, OLD("system_busy"), BOTH(ERR_TEMP)},
	{"internal", 500, NEW("internal_error", "internal_error"), BOTH(ERR_TEMP)},
	{"unavailable", 503, NEW("service_unavailable", "service_unavailable"), BOTH(ERR_TEMP)},
	{"unknown code, known status", 429, "{\"detail\":{\"code\":\"new\",\"status\":\"quota_exceeded\"}}",
		BOTH(BLOCKED), "out_of_credit"},
	{"code before status", 401,
		"{\"detail\":{\"code\":\"insufficient_credits\",\"status\":\"invalid_api_key\"}}",
		BOTH(BLOCKED), "out_of_credit"},
	{"validation list", 422,
		"{\"detail\":[{\"loc\":[\"body\",\"text\"],\"msg\":\"field "
		"required\",\"type\":\"value_error\"}]}",
		BOTH(ERR_PERM)},
	{"bare string", 401, "{\"detail\":\"Unauthorized\"}", BOTH(BLOCKED), "bad_key"},
	{"bare string that is a code", 401, "{\"detail\":\"quota_exceeded\"}", BOTH(BLOCKED),
		"out_of_credit"},
	{"unknown code by status", 400, NEW("validation_error", "of_tomorrow"), BOTH(ERR_PERM)},
	{"unknown code of a 500", 500, NEW("internal_error", "of_tomorrow"), .paid = ERR_UNCERTAIN,
		.free = ERR_TEMP},
	{"wrong types", 400, "{\"detail\":{\"code\":5,\"status\":[]}}", BOTH(ERR_PERM)},
	{"null", 400, "{\"detail\":null}", .paid = ERR_PERM, .free = ERR_TEMP},
	{"404 in HTML", 404, "<html></html>", .paid = ERR_PERM, .free = ERR_TEMP},
	{"402 empty", 402, "", BOTH(BLOCKED), "out_of_credit"},
	{"403 empty", 403, "", .paid = ERR_PERM, .free = ERR_TEMP},
	{"429 in HTML", 429, "<html>", BOTH(ERR_TEMP)},
	{"408", 408, "", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"409", 409, "{\"detail\":\"conflict\"}", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"409, and why", 409, NEW("rate_limit_error", "system_busy"), BOTH(ERR_TEMP)},
	{"425", 425, "", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"499 of a proxy", 499, "", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"redirect", 301, "", BOTH(ERR_TEMP)},
	{"done, see elsewhere", 303, "", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"500 in HTML", 500, "<html>oops</html>", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
	{"503 in half a JSON", 503, "{\"detail\":{\"status\":\"system_busy\"", .paid = ERR_UNCERTAIN,
		.free = ERR_TEMP},
	{"502 empty", 502, "", .paid = ERR_UNCERTAIN, .free = ERR_TEMP},
};

static void test_runway(void **state UNUSED)
{
	check_answers(verdict_runway, runway_answers, ARRAY_LEN(runway_answers));
}

static void test_elevenlabs(void **state UNUSED)
{
	check_answers(verdict_elevenlabs, elevenlabs_answers, ARRAY_LEN(elevenlabs_answers));
}

static void test_failed_tasks(void **state UNUSED)
{
	static const struct {
		const char *code;
		enum err_kind kind;
		bool image;
		const char *told; /* a word of it */
	} cases[] = {
		{"SAFETY.INPUT.TEXT", ERR_PERM, false, "prompt was refused"},
		{"SAFETY.INPUT.IMAGE", ERR_PERM, false, "picture was refused"},
		{"SAFETY.INPUT.AUDIO", ERR_PERM, false, "refused by the content rules"},
		{"SAFETY.INPUT.TEXT.CODE7", ERR_PERM, false, "prompt was refused"},
		{"SAFETY.OUTPUT.VIDEO", ERR_PERM, false, "withheld"},
		{"SAFETY", ERR_PERM, false, "refused by the content rules"},
		{"INPUT_PREPROCESSING.SAFETY.TEXT", ERR_PERM, false, "prompt was refused"},
		{"INTERNAL.SAFETY", ERR_PERM, false, "refused by the content rules"},
		{"SOMETHING.NEW.SAFETY.X", ERR_PERM, false, "refused by the content rules"},
		{"INPUT_PREPROCESSING.INTERNAL", ERR_TEMP, false, "could not"},
		{"INTERNAL.BAD_OUTPUT.CODE01", ERR_PERM, false, "another prompt"},
		{"ASSET.INVALID", ERR_PERM, true, "picture cannot be used"},
		{"THIRD_PARTY.UNAVAILABLE", ERR_TEMP, false, "could not"},
		{"INTERNAL", ERR_TEMP, false, "could not"},
		{"INTERNAL.CODE99", ERR_TEMP, false, "could not"},
		{"UNSAFETY.X", ERR_TEMP, false, "could not"},
		{"SAFETYX", ERR_TEMP, false, "could not"},
		{"", ERR_TEMP, false, "could not"},
		{"...", ERR_TEMP, false, "could not"},
		{NULL, ERR_TEMP, false, "could not"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *title = cases[i].code != NULL ? cases[i].code : "(none)";
		struct verdict v;

		verdict_runway_task(cases[i].code, "An unexpected\nerror occurred.", &v);
		expect_text(title, err_kind_names[v.err.kind], err_kind_names[cases[i].kind]);
		expect_text(title, v.reason, NULL);
		if (v.outage)
			fail_msg("%s: it is about this task", title);
		if (v.image != cases[i].image || strstr(v.told, cases[i].told) == NULL)
			fail_msg("%s: image or told: %s", title, v.told);
		if (strstr(v.err.text, "An unexpected error occurred.") == NULL)
			fail_msg("%s: %s", title, v.err.text);
	}
}

static void test_wait(void **state UNUSED)
{
	static const struct {
		int status;
		int64_t retry_after_sec, wait_ms;
	} cases[] = {
		{429, -1, 0}, {429, 0, 0}, {429, 7, 7000}, {503, 60, 60000},
		{429, 86400, 900000}, /* the cap */
		{400, 60, 0},         /* not to be repeated at all */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_result r = result_of(cases[i].status, "{\"error\":\"x\",\"detail\":\"x\"}");
		struct verdict v;

		r.retry_after_sec = cases[i].retry_after_sec;
		verdict_runway(&r, CALL_FREE, &v);
		assert_int_equal(v.wait_ms, cases[i].wait_ms);
		verdict_elevenlabs(&r, CALL_FREE, &v);
		assert_int_equal(v.wait_ms, cases[i].wait_ms);
	}
}

static void test_no_answer(void **state UNUSED)
{
	static const struct {
		enum err_kind is;
		enum verdict_call call;
		enum err_kind want;
	} cases[] = {
		{ERR_TEMP, CALL_PAID, ERR_TEMP},
		{ERR_PERM, CALL_PAID, ERR_TEMP},
		{ERR_UNCERTAIN, CALL_PAID, ERR_UNCERTAIN},
		{ERR_TEMP, CALL_FREE, ERR_TEMP},
		{ERR_PERM, CALL_FREE, ERR_TEMP},
		{ERR_UNCERTAIN, CALL_FREE, ERR_TEMP},
	};
	static const char *const vendors[] = {"runway", "elevenlabs"};

	for (size_t i = 0; i < ARRAY_LEN(cases) * ARRAY_LEN(vendors); i++) {
		const char *vendor = vendors[i % 2];
		struct err e;
		struct verdict v;

		(void)err_set(&e, cases[i / 2].is, "POST https://x/y: timeout");
		verdict_no_answer(&e, cases[i / 2].call, vendor, &v);
		assert_int_equal(v.err.kind, cases[i / 2].want);
		assert_int_equal(v.outage, v.err.kind == ERR_TEMP);
		assert_ptr_equal(strstr(v.err.text, vendor), v.err.text);
		assert_non_null(strstr(v.err.text, "timeout"));
		assert_non_null(strstr(v.told, vendor[0] == 'r' ? "video service" : "voice service"));
	}
}

static void test_bad_body(void **state UNUSED)
{
	struct http_result r = result_of(200, "{\"id\":");
	struct verdict v;

	verdict_bad_body(&r, CALL_PAID, "runway", "no id", &v);
	assert_int_equal(v.err.kind, ERR_UNCERTAIN);
	assert_string_equal(v.err.text, "runway: status 200: no id: {\"id\":");
	verdict_bad_body(&r, CALL_FREE, "elevenlabs", "no list", &v);
	assert_int_equal(v.err.kind, ERR_TEMP);
	r.body = NULL; /* it went elsewhere */
	r.body_len = 1000;
	verdict_bad_body(&r, CALL_PAID, "elevenlabs", "it breaks off", &v);
	assert_string_equal(v.err.text, "elevenlabs: status 200: it breaks off");
}

/* What a vendor says may be anything; what we make of it is one line without secrets. */
static void test_words(void **state UNUSED)
{
	static const struct {
		const char *body, *words;
	} cases[] = {
		{"", ""},
		{" \n ", ""},
		{"a\r\n\tb\x01"
		 "c\x7f",
			"a b c"},
		{"\xff\xc3\xa9\xc3", "?\xc3\xa9?"},
		{"a\xc2\x85z", "a??z"},
		{"see https://h/p?sig=secret&x=1, \"http://h?key=1\" why? <https://x/?a>",
			"see https://h/p? \"http://h?\" why? <https://x/?>"},
		{"?no=address", "?no=address"},
	};
	struct verdict v;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_result r = result_of(403, cases[i].body);
		AUTO_FREE char *want = xasprintf(
			"runway: status 403%s%s", cases[i].words[0] != '\0' ? ": " : "", cases[i].words);

		verdict_runway(&r, CALL_PAID, &v);
		assert_string_equal(v.err.text, want);
	}

	AUTO_FREE char *huge = xmalloc(100001);
	for (size_t i = 0; i < 100000; i++)
		huge[i] = "\xf0\x9f\x98\x80"[i % 4];
	huge[100000] = '\0';
	struct http_result r = result_of(403, huge);
	verdict_runway(&r, CALL_PAID, &v);
	assert_true(strlen(v.err.text) > 300 && text_utf8_valid(v.err.text, strlen(v.err.text)));
	r.body_len = 0;
	verdict_runway(&r, CALL_PAID, &v);
	assert_string_equal(v.err.text, "runway: status 403");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runway),
		cmocka_unit_test(test_elevenlabs),
		cmocka_unit_test(test_failed_tasks),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_bad_body),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
