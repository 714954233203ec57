/* What answers of S3 servers mean: one row for each kind of answer, real ones and broken ones. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/remote/s3_error_priv.h"

#define DECLARED  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define ERROR(in) DECLARED "<Error>" in "</Error>"
#define CODE(c)   ERROR("<Code>" c "</Code><Message>why</Message><RequestId>R1</RequestId>")
#define DATE      "Sun, 06 Nov 1994 08:49:37 GMT"
#define TIME      784111777
#define DONE      "CompleteMultipartUploadResult"
#define TOKEN     "FwoGZXIvYXdzEBYaDKd0123456789abcdefghijklmnopqrstuvwxyz"

static const struct {
	const char *title;
	struct s3_answer answer;
	enum s3_what what;
	const char *code, *message, *region;
} cases[] = {
	/* successes */
	{"a plain success", {.status = 200}, S3_FINE, "", "", ""},
	{"no content", {.status = 204}, S3_FINE, "", "", ""},
	{"a success that is not XML, and need not be", {.status = 200, .body = "abc"}, S3_FINE, "", "", ""},
	{"completed", {.status = 200, .body = DECLARED "<" DONE "><ETag>x</ETag></" DONE ">", .root = DONE},
		S3_FINE, "", "", ""},
	{"completed after blanks",
		{.status = 200, .body = "  \n \n" DECLARED "\n  <" DONE " xmlns='http://s3'/>", .root = DONE},
		S3_FINE, "", "", ""},
	{"a success with an error inside",
		{.status = 200,
			.body = DECLARED "\n\n<Error><Code>InternalError</Code></Error>",
			.root = DONE},
		S3_RETRY, "InternalError", "", ""},
	{"a success with an error of a code that nobody knows",
		{.status = 200, .body = CODE("Odd"), .root = DONE}, S3_RETRY, "Odd", "why", ""},
	{"a success with an error that no retry mends",
		{.status = 200, .body = CODE("AccessDenied"), .root = DONE}, S3_DENIED, "AccessDenied", "why",
		""},
	{"a success with an error where nothing was expected", {.status = 200, .body = CODE("SlowDown")},
		S3_THROTTLE, "SlowDown", "why", ""},
	{"a success that was cut off", {.status = 200, .body = DECLARED "<" DONE "><ETag>x", .root = DONE},
		S3_RETRY, "", "", ""},
	{"a success with an empty body", {.status = 200, .body = "", .root = DONE}, S3_RETRY, "", "", ""},
	{"a success without a body", {.status = 200, .root = DONE}, S3_RETRY, "", "", ""},
	{"a success with a proxy's page",
		{.status = 200, .body = "<html><body>Hi</body></html>", .root = DONE}, S3_RETRY, "", "", ""},
	/* by code */
	{"internal", {.status = 500, .body = CODE("InternalError")}, S3_RETRY, "InternalError", "why", ""},
	{"slow down", {.status = 503, .body = CODE("SlowDown")}, S3_THROTTLE, "SlowDown", "why", ""},
	{"slow down, otherwise", {.status = 400, .body = CODE("Throttling")}, S3_THROTTLE, "Throttling",
		"why", ""},
	{"a timeout is a 400", {.status = 400, .body = CODE("RequestTimeout")}, S3_RETRY, "RequestTimeout",
		"why", ""},
	{"broken on the way", {.status = 400, .body = CODE("BadDigest")}, S3_RETRY, "BadDigest", "why", ""},
	{"broken on the way, of Ceph", {.status = 400, .body = CODE("XAmzContentSHA256Mismatch")}, S3_RETRY,
		"XAmzContentSHA256Mismatch", "why", ""},
	{"no such key", {.status = 404, .body = CODE("NoSuchKey")}, S3_NOT_FOUND, "NoSuchKey", "why", ""},
	{"no such upload", {.status = 404, .body = CODE("NoSuchUpload")}, S3_UPLOAD_GONE, "NoSuchUpload",
		"why", ""},
	{"a part is lost", {.status = 400, .body = CODE("InvalidPart")}, S3_PART_GONE, "InvalidPart", "why",
		""},
	{"a 404 of a code that nobody knows", {.status = 404, .body = CODE("NoSuchHost")}, S3_FOREIGN,
		"NoSuchHost", "why", ""},
	{"no such bucket", {.status = 404, .body = CODE("NoSuchBucket")}, S3_NO_BUCKET, "NoSuchBucket", "why",
		""},
	{"denied", {.status = 403, .body = CODE("AccessDenied")}, S3_DENIED, "AccessDenied", "why", ""},
	{"unknown key", {.status = 403, .body = CODE("InvalidAccessKeyId")}, S3_KEY, "InvalidAccessKeyId",
		"why", ""},
	{"old token", {.status = 400, .body = CODE("ExpiredToken")}, S3_KEY, "ExpiredToken", "why", ""},
	{"no ACLs here", {.status = 400, .body = CODE("AccessControlListNotSupported")}, S3_MISSET,
		"AccessControlListNotSupported", "why", ""},
	{"a family of codes", {.status = 400, .body = CODE("KMS.NotFoundException")}, S3_MISSET,
		"KMS.NotFoundException", "why", ""},
	{"full", {.status = 403, .body = CODE("QuotaExceeded")}, S3_FULL, "QuotaExceeded", "why", ""},
	{"an unknown code goes by its status", {.status = 403, .body = CODE("Odd")}, S3_DENIED, "Odd", "why",
		""},
	{"an unknown code of the server's fault", {.status = 502, .body = CODE("Odd")}, S3_RETRY, "Odd",
		"why", ""},
	{"an unknown code of ours", {.status = 400, .body = CODE("MalformedXML")}, S3_REFUSED, "MalformedXML",
		"why", ""},
	/* shapes */
	{"an empty message", {.status = 403, .body = ERROR("<Code>AccessDenied</Code><Message></Message>")},
		S3_DENIED, "AccessDenied", "", ""},
	{"an empty message, short", {.status = 403, .body = ERROR("<Code>AccessDenied</Code><Message/>")},
		S3_DENIED, "AccessDenied", "", ""},
	{"no message", {.status = 403, .body = ERROR("<Code>AccessDenied</Code>")}, S3_DENIED, "AccessDenied",
		"", ""},
	{"no code", {.status = 503, .body = ERROR("<Message>busy</Message>")}, S3_THROTTLE, "", "busy", ""},
	{"a namespace",
		{.status = 404, .body = "<e:Error xmlns:e='http://s3'><e:Code>NoSuchKey</e:Code></e:Error>"},
		S3_NOT_FOUND, "NoSuchKey", "", ""},
	{"a code with odd bytes is none", {.status = 500, .body = ERROR("<Code>In ternal</Code>")}, S3_RETRY,
		"", "", ""},
	{"a message of many lines is one",
		{.status = 500, .body = ERROR("<Code>InternalError</Code><Message>a\n\tb\n</Message>")},
		S3_RETRY, "InternalError", "a b", ""},
	{"a message with what we sent",
		{.status = 403,
			.body = ERROR(
				"<Code>AccessDenied</Code><Message>Token " TOKEN "== is bad</Message>")},
		S3_DENIED, "AccessDenied", "Token ... is bad", ""},
	{"a message with the key's id",
		{.status = 403,
			.key_id = "AKIDSHORT",
			.body = ERROR("<Code>InvalidAccessKeyId</Code>"
				      "<Message>key AKIDSHORT unknown, AKIDSHORT/x</Message>")},
		S3_KEY, "InvalidAccessKeyId", "key ... unknown, .../x", ""},
	{"a message with the key's id, which is short",
		{.status = 403,
			.key_id = "y",
			.body = ERROR("<Code>InvalidAccessKeyId</Code><Message>your key</Message>")},
		S3_KEY, "InvalidAccessKeyId", "your key", ""},
	{"a message with a signed address",
		{.status = 403,
			.body = ERROR("<Code>AccessDenied</Code><Message>at https://h/k?X-Amz-Signature=1 "
				      "now</Message>")},
		S3_DENIED, "AccessDenied", "at https://h/k? now", ""},
	{"a page in HTML", {.status = 502, .body = "<html><head><title>502</title></head><br></html>"},
		S3_RETRY, "", "", ""},
	{"a page with a DOCTYPE", {.status = 503, .body = "<!DOCTYPE html><html></html>"}, S3_THROTTLE, "",
		"", ""},
	{"an entity bomb",
		{.status = 500, .body = "<!DOCTYPE x [<!ENTITY a 'b'>]><Error><Code>&a;</Code></Error>"},
		S3_RETRY, "", "", ""},
	{"cut off", {.status = 404, .body = DECLARED "<Error><Code>NoSuchBucket</Co"}, S3_FOREIGN, "", "",
		""},
	{"a page that knows no such host", {.status = 404, .body = "<html><br></html>"}, S3_FOREIGN, "", "",
		""},
	{"a page that knows no such host, of text", {.status = 404, .body = "404 page not found"}, S3_FOREIGN,
		"", "", ""},
	{"a page of 404 that happens to be XML", {.status = 404, .body = "<html/>"}, S3_FOREIGN, "", "", ""},
	{"an error without a code", {.status = 404, .body = ERROR("<Message>where?</Message>")}, S3_FOREIGN,
		"", "where?", ""},
	{"a proxy takes no such request", {.status = 400, .body = "<html></html>"}, S3_FOREIGN, "", "", ""},
	{"a proxy takes no such method", {.status = 405, .body = "<html></html>"}, S3_FOREIGN, "", "", ""},
	{"a proxy takes no so large body", {.status = 413, .body = "<html></html>"}, S3_FOREIGN, "", "", ""},
	{"another host's proxy", {.status = 421, .body = "<html></html>"}, S3_FOREIGN, "", "", ""},
	{"a page of 403", {.status = 403, .body = "<html></html>"}, S3_DENIED, "", "", ""},
	/* by status */
	{"HEAD: not there", {.status = 404}, S3_NOT_FOUND, "", "", ""},
	{"HEAD: denied", {.status = 403}, S3_DENIED, "", "", ""},
	{"HEAD: a token that has expired", {.status = 400}, S3_KEY, "", "", ""},
	{"unauthorized", {.status = 401}, S3_KEY, "", "", ""},
	{"a request's time is over", {.status = 408}, S3_RETRY, "", "", ""},
	{"too many", {.status = 429}, S3_THROTTLE, "", "", ""},
	{"range", {.status = 416}, S3_REFUSED, "", "", ""},
	{"gateway", {.status = 504}, S3_RETRY, "", "", ""},
	{"not implemented", {.status = 501}, S3_MISSET, "", "", ""},
	{"disk full", {.status = 507}, S3_FULL, "", "", ""},
	{"interim", {.status = 100}, S3_RETRY, "", "", ""},
	/* regions */
	{"HEAD: another region", {.status = 301, .region = "eu-west-1"}, S3_REGION, "", "", "eu-west-1"},
	{"HEAD: another region, as 400", {.status = 400, .region = "eu-west-1"}, S3_REGION, "", "",
		"eu-west-1"},
	{"HEAD: a key that is none, in our own region",
		{.status = 400, .region = "eu-west-1", .signed_for = "eu-west-1"}, S3_KEY, "", "",
		"eu-west-1"},
	{"HEAD: another region than that of which we knew",
		{.status = 400, .region = "eu-west-1", .signed_for = "us-east-1"}, S3_REGION, "", "",
		"eu-west-1"},
	{"HEAD: denied, with its region", {.status = 403, .region = "eu-west-1"}, S3_DENIED, "", "",
		"eu-west-1"},
	{"malformed: another region",
		{.status = 400,
			.body = ERROR("<Code>AuthorizationHeaderMalformed</Code><Region>r2</Region>")},
		S3_REGION, "AuthorizationHeaderMalformed", "", "r2"},
	{"malformed, and no region", {.status = 400, .body = CODE("AuthorizationHeaderMalformed")}, S3_REGION,
		"AuthorizationHeaderMalformed", "why", ""},
	{"the header goes before the body",
		{.status = 301,
			.region = "eu-west-1",
			.body = ERROR("<Code>PermanentRedirect</Code><Region>r2</Region>")},
		S3_REGION, "PermanentRedirect", "", "eu-west-1"},
	{"a region that is none", {.status = 301, .region = "evil.example/"}, S3_REGION, "", "", ""},
	{"a temporary redirect to nowhere", {.status = 307}, S3_RETRY, "", "", ""},
	{"a temporary redirect with its code", {.status = 307, .body = CODE("TemporaryRedirect")}, S3_RETRY,
		"TemporaryRedirect", "why", ""},
	{"a temporary redirect to a region",
		{.status = 307, .region = "r2", .body = CODE("TemporaryRedirect")}, S3_REGION,
		"TemporaryRedirect", "why", "r2"},
	/* clocks */
	{"skewed", {.status = 403, .body = CODE("RequestTimeTooSkewed"), .date = DATE}, S3_CLOCK,
		"RequestTimeTooSkewed", "why", ""},
	{"skewed, and only the body says by how much",
		{.status = 403,
			.body = ERROR("<Code>RequestTimeTooSkewed</Code>"
				      "<ServerTime>1994-11-06T08:49:37Z</ServerTime>")},
		S3_CLOCK, "RequestTimeTooSkewed", "", ""},
	{"skewed, and nobody says by how much",
		{.status = 403, .body = CODE("RequestTimeTooSkewed"), .date = "yesterday"}, S3_DENIED,
		"RequestTimeTooSkewed", "why", ""},
	{"HEAD: skewed", {.status = 403, .date = DATE, .now = TIME + 1000}, S3_CLOCK, "", "", ""},
	{"HEAD: not skewed", {.status = 403, .date = DATE, .now = TIME - 800}, S3_DENIED, "", "", ""},
};

static void answers(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct s3_answer a = cases[i].answer;
		struct s3_verdict v;

		a.body_n = a.body != NULL ? strlen(a.body) : 0;
		a.now = a.now != 0 ? a.now : TIME;
		s3_judge(&a, &v);
		if (v.what != cases[i].what || strcmp(v.code, cases[i].code) != 0 ||
			strcmp(v.message, cases[i].message) != 0 || strcmp(v.region, cases[i].region) != 0)
			fail_msg("%s: %d \"%s\" \"%s\" \"%s\"", cases[i].title, (int)v.what, v.code,
				v.message, v.region);
		if (v.what == S3_CLOCK && v.server_time != TIME)
			fail_msg("%s: the server's time is %lld", cases[i].title, (long long)v.server_time);
	}
}

/* Where a key that is not accepted looks like one that is not allowed to. */
static void doubts(void **state UNUSED)
{
	static const struct {
		struct s3_answer answer;
		bool may_be_key;
	} rows[] = {
		{{.status = 403}, true},
		{{.status = 403, .body = CODE("AccessDenied")}, false},
		{{.status = 403, .body = "<html></html>"}, false},
		{{.status = 404}, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct s3_answer a = rows[i].answer;
		struct s3_verdict v;

		a.body_n = a.body != NULL ? strlen(a.body) : 0;
		s3_judge(&a, &v);
		assert_int_equal(v.may_be_key, rows[i].may_be_key);
	}
}

/* The end of a long message is cut off, but no key is shown by half. */
static void an_id_at_the_end(void **state UNUSED)
{
	char body[600];
	struct s3_verdict v;

	(void)snprintf(body, sizeof(body),
		ERROR("<Code>InvalidAccessKeyId</Code><Message>%.*s AKIDSECRET</Message>"), 190,
		"- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - "
		"- - "
		"- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - "
		"- - "
		"- - - - - - - - - - - - - - - - - -");
	s3_judge(&(struct s3_answer){.status = 403,
			 .body = body,
			 .body_n = strlen(body),
			 .key_id = "AKIDSECRET",
			 .retry_after_s = -1},
		&v);
	assert_non_null(strstr(v.message, "..."));
	assert_null(strstr(v.message, "AKID"));
}

static void waits(void **state UNUSED)
{
	static const struct {
		int64_t says, wait;
	} rows[] = {{-1, 0}, {0, 0}, {7, 7}, {86400, 86400}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct s3_answer a = {.status = 503, .retry_after_s = rows[i].says};
		struct s3_verdict v;

		s3_judge(&a, &v);
		assert_int_equal(v.wait_s, rows[i].wait);
	}
}

/* What does not fit is cut, or left out where half of it is of no use. */
static void long_words(void **state UNUSED)
{
	char long_word[400], body[1200];
	struct s3_verdict v;

	for (size_t i = 0; i < sizeof(long_word) - 1; i++)
		long_word[i] = "word "[i % 5];
	long_word[sizeof(long_word) - 1] = '\0';
	(void)snprintf(body, sizeof(body), ERROR("<Code>%.*s</Code><Message>%s\xc3\xbc</Message>"), 100,
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAA"
		"AAAA",
		long_word);
	s3_judge(&(struct s3_answer){.status = 500,
			 .body = body,
			 .body_n = strlen(body),
			 .request_id = "with blanks",
			 .retry_after_s = -1},
		&v);
	assert_string_equal(v.code, "");
	assert_string_equal(v.request_id, "");
	assert_int_equal(strlen(v.message), sizeof(v.message) - 1);
}

static void texts(void **state UNUSED)
{
	static const struct {
		struct s3_answer answer;
		enum err_kind kind;
		const char *text;
	} rows[] = {
		{{.status = 503, .body = CODE("SlowDown"), .request_id = "tx1-2"}, ERR_TEMP,
			"PUT b/k: status 503, SlowDown: why (request tx1-2)"},
		{{.status = 403, .body = ERROR("<Code>AccessDenied</Code><Message/>")}, ERR_BLOCKED,
			"PUT b/k: status 403, AccessDenied: the access key does not allow it"},
		{{.status = 404}, ERR_PERM, "PUT b/k: status 404: it is not there"},
		{{.status = 400, .body = CODE("EntityTooLarge")}, ERR_PERM,
			"PUT b/k: status 400, EntityTooLarge: why (request R1)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct s3_answer a = rows[i].answer;
		struct s3_verdict v;
		struct err e;

		a.body_n = a.body != NULL ? strlen(a.body) : 0;
		s3_judge(&a, &v);
		assert_int_equal(s3_verdict_err(&v, "PUT b/k", &e), -1);
		assert_string_equal(e.text, rows[i].text);
		assert_int_equal(e.kind, rows[i].kind);
		assert_int_equal(e.http_status, rows[i].answer.status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(doubts),
		cmocka_unit_test(an_id_at_the_end),
		cmocka_unit_test(waits),
		cmocka_unit_test(long_words),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
