/* Keys for S3 that are fetched: of the container's endpoint, of the instance's metadata service, by many. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "lib/remote/s3.h"
#include "tests/unit/keys_world.h"

#define ROLES "/latest/meta-data/iam/security-credentials/"

static void set_instance(const struct keys_world *w)
{
	keys_set_env("AWS_EC2_METADATA_SERVICE_ENDPOINT", xasprintf("http://127.0.0.1:%u/", w->port));
}

static void set_container(const struct keys_world *w)
{
	keys_set_env("AWS_CONTAINER_CREDENTIALS_FULL_URI", xasprintf("http://localhost:%u/v2/keys", w->port));
}

/* The container's endpoint */

#define KEYS(id)                                                                                             \
	"{\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"" KEYS_HUSH                                       \
	"\",\"Token\":\"tok\",\"Expiration\":\"%s\"}"

static void container(void **state)
{
	struct keys_world *w = *state;
	static const struct keys_exchange plain[] = {{"GET /v2/keys", NULL, 200, KEYS("C1"), 0}, {0}};
	static const struct keys_exchange with_token[] = {
		{"GET /v2/keys", "\r\nAuthorization: Basic abc=\r\n", 200, KEYS("C2"), 0}, {0}};
	static const struct keys_exchange with_file[] = {
		{"GET /v2/keys", "\r\nAuthorization: from-a-file\r\n", 200, KEYS("C3"), 0}, {0}};
	static const struct keys_exchange with_newer[] = {
		{"GET /v2/keys", "\r\nAuthorization: newer\r\n", 200, KEYS("C4"), 0}, {0}};

	set_container(w);
	keys_make_ok(w);
	w->next = plain;
	keys_expect_later(w, "C1");
	assert_string_equal(w->secret, KEYS_HUSH);
	assert_string_equal(w->token, "tok");
	keys_expect_at_once(w, "C1");

	keys_set_env("AWS_CONTAINER_AUTHORIZATION_TOKEN", xstrdup("Basic abc="));
	w->next = with_token;
	assert_true(aws_credentials_refused(w->c));
	keys_expect_later(w, "C2");

	keys_set_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", keys_write_file(w, "token", "from-a-file\n"));
	w->next = with_file;
	assert_true(aws_credentials_refused(w->c));
	keys_expect_later(w, "C3");
	free(keys_write_file(w, "token", "newer"));
	w->next = with_newer;
	assert_true(aws_credentials_refused(w->c));
	keys_expect_later(w, "C4");

	/* a header more would be somebody's own */
	free(keys_write_file(w, "token", "a\r\nHost: b"));
	assert_true(aws_credentials_refused(w->c));
	keys_expect_error(w, ERR_BLOCKED, "token");
	assert_int_equal(unlink(keys_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")), 0);
	keys_expect_error(w, ERR_BLOCKED, "token");
}

/* The instance's metadata service */

#define TOKEN_ASKED                                                                                          \
	{                                                                                                    \
		"PUT /latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: ", 200, "tok-" KEYS_HUSH, 0  \
	}
#define SHOWN "\r\nX-aws-ec2-metadata-token: tok-" KEYS_HUSH "\r\n"
#define ROLE_ASKED                                                                                           \
	{                                                                                                    \
		"GET " ROLES, SHOWN, 200, "my-role\nanother\n", 0                                            \
	}
#define ALL_OF(id)                                                                                           \
	"{\"Code\":\"Success\",\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"" KEYS_HUSH                  \
	"\",\"Token\":\"tok\",\"Expiration\":\"%s\"}"
#define KEYS_ASKED(id, expires_in)                                                                           \
	{                                                                                                    \
		"GET " ROLES "my-role", SHOWN, 200, ALL_OF(id), expires_in                                   \
	}

static void instance(void **state)
{
	struct keys_world *w = *state;
	static const struct keys_exchange script[] = {TOKEN_ASKED, ROLE_ASKED, KEYS_ASKED("I1", 0),
		TOKEN_ASKED, ROLE_ASKED, KEYS_ASKED("I2", 0), {0}};

	set_instance(w);
	keys_make_ok(w);
	w->next = script;
	keys_expect_later(w, "I1");
	keys_expect_at_once(w, "I1");
	assert_true(aws_credentials_refused(w->c));
	keys_expect_later(w, "I2");
	keys_expect_at_once(w, "I2");
	assert_null(w->next->asks);
}

/* One that may have been refused is asked for again; where there is no other one, it is as good as before. */
static void doubted(void **state)
{
	struct keys_world *w = *state;
	static const struct keys_exchange first[] = {TOKEN_ASKED, ROLE_ASKED, KEYS_ASKED("I1", 3600), {0}};
	static const struct keys_exchange away[] = {{"PUT /latest/api/token", NULL, 503, "no", 0}, {0}};
	static const struct keys_exchange back[] = {TOKEN_ASKED, ROLE_ASKED, KEYS_ASKED("I2", 3600), {0}};

	set_instance(w);
	keys_make_ok(w);
	w->next = first;
	keys_expect_later(w, "I1");
	w->next = away;
	assert_true(aws_credentials_doubted(w->c));
	keys_expect_later(w, "I1");
	keys_expect_at_once(w, "I1");
	w->next = back;
	assert_true(aws_credentials_doubted(w->c));
	keys_expect_later(w, "I2");
	keys_expect_at_once(w, "I2");
}

/* Five minutes before they expire they are replaced, while the old ones are given out. */
static void replaced_in_time(void **state)
{
	struct keys_world *w = *state;
	static const struct keys_exchange first[] = {TOKEN_ASKED, ROLE_ASKED, KEYS_ASKED("I1", 3600), {0}};
	static const struct keys_exchange second[] = {TOKEN_ASKED, ROLE_ASKED, KEYS_ASKED("I2", 3600), {0}};

	set_instance(w);
	keys_make_ok(w);
	w->next = first;
	keys_expect_later(w, "I1");
	keys_clock += 3600 - 301;
	keys_expect_at_once(w, "I1");
	keys_clock += 2;
	w->next = second;
	keys_expect_at_once(w, "I1");
	keys_expect_at_once(w, "I1"); /* one fetch is enough */
	keys_run_until_replaced(w, "I2");
}

/* A fetch that fails is nobody's trouble while the old ones hold. */
static void kept_while_they_hold(void **state)
{
	struct keys_world *w = *state;
	static const struct keys_exchange first[] = {TOKEN_ASKED, ROLE_ASKED, KEYS_ASKED("I1", 3600), {0}};
	static const struct keys_exchange away[] = {{"PUT /latest/api/token", NULL, 503, "no", 0}, {0}};
	static const struct keys_exchange back[] = {TOKEN_ASKED, ROLE_ASKED, KEYS_ASKED("I2", 3600), {0}};

	set_instance(w);
	keys_make_ok(w);
	w->next = first;
	keys_expect_later(w, "I1");
	keys_clock += 3600 - 1;
	w->next = away;
	keys_expect_at_once(w, "I1");
	keys_clock += 1; /* now somebody has to wait for what was begun */
	keys_expect_error(w, ERR_TEMP, "status 503");
	keys_clock -= 1;
	keys_expect_at_once(w, "I1");
	keys_clock += 1;
	w->next = back;
	keys_expect_later(w, "I2");
}

/* What has little time left when it comes is replaced after half of it; what has none is used for a minute.
 */
static void short_lived(void **state)
{
	static const struct {
		int64_t expires_in, held, replaced_at, gone_at;
	} rows[] = {
		{400, 199, 200, 400},
		{3, 0, 1, 3},
		{-5, 59, 60, 60},
	};
	struct keys_world *w = *state;

	set_container(w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct keys_exchange first[] = {
			{"GET /v2/keys", NULL, 200, KEYS("C1"), rows[i].expires_in}, {0}};
		static const struct keys_exchange second[] = {
			{"GET /v2/keys", NULL, 200, KEYS("C2"), 0}, {0}};
		int64_t begun = keys_clock;

		keys_make_ok(w);
		w->next = first;
		keys_expect_later(w, "C1");
		keys_clock = begun + rows[i].held;
		keys_expect_at_once(w, "C1");
		w->next = second;
		keys_clock = begun + rows[i].replaced_at;
		if (rows[i].replaced_at < rows[i].gone_at) {
			keys_expect_at_once(w, "C1");
			keys_run_until_replaced(w, "C2");
		} else {
			keys_expect_later(w, "C2");
		}
		aws_credentials_free(steal_ptr(w->c));
	}
}

/* An address that is signed with them is good for as long as they are at most. */
static void addresses_die_with_them(void **state)
{
	static const struct {
		int64_t wished, expected;
		const char *said;
	} rows[] = {
		{60, 60, "X-Amz-Expires=60&"},
		{3000, 3000, "X-Amz-Expires=3000&"},
		{86400, 3000, "X-Amz-Expires=3000&"},
	};
	struct keys_world *w = *state;
	static const struct keys_exchange script[] = {{"GET /v2/keys", NULL, 200, KEYS("C1"), 3600}, {0}};
	AUTO(s3) s = NULL;
	struct err e;

	set_container(w);
	keys_make_ok(w);
	w->next = script;
	keys_expect_later(w, "C1");
	keys_clock += 600;

	const struct s3_spec spec = {
		.loop = w->loop,
		.http = w->http,
		.credentials = w->c,
		.bucket = "films",
		.part_bytes = 5 << 20,
		.parts_at_once = 1,
		.attempts = 1,
		.deadline_ms = 1000,
	};

	assert_int_equal(s3_new(&spec, &s, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t seconds = 0;
		AUTO_FREE char *url = s3_presign(s, "GET", "k", rows[i].wished, &seconds);

		assert_non_null(url);
		assert_int_equal(seconds, rows[i].expected);
		assert_non_null(strstr(url, rows[i].said));
	}
}

static void what_it_says_instead(void **state)
{
	static const struct {
		const char *title;
		struct keys_exchange script[4];
		enum err_kind kind;
		const char *text;
	} rows[] = {
		{"no token", {{"PUT /latest/api/token", NULL, 200, "", 0}}, ERR_TEMP, "no token"},
		{"a token of two lines", {{"PUT /latest/api/token", NULL, 200, KEYS_HUSH "\r\nx: y", 0}},
			ERR_TEMP, "no token"},
		{"no tokens", {{"PUT /latest/api/token", NULL, 403, KEYS_HUSH, 0}}, ERR_BLOCKED,
			"status 403"},
		{"away", {{"PUT /latest/api/token", NULL, 500, KEYS_HUSH, 0}}, ERR_TEMP, "status 500"},
		{"a redirect", {{"PUT /latest/api/token", NULL, 302, KEYS_HUSH, 0}}, ERR_TEMP, "status 302"},
		{"an old token", {TOKEN_ASKED, {"GET " ROLES, SHOWN, 401, KEYS_HUSH, 0}}, ERR_TEMP,
			"status 401"},
		{"no role", {TOKEN_ASKED, {"GET " ROLES, SHOWN, 404, KEYS_HUSH, 0}}, ERR_BLOCKED,
			"status 404"},
		{"an empty list", {TOKEN_ASKED, {"GET " ROLES, SHOWN, 200, "", 0}}, ERR_BLOCKED, "role"},
		{"a role with a path", {TOKEN_ASKED, {"GET " ROLES, SHOWN, 200, "../../" KEYS_HUSH, 0}},
			ERR_BLOCKED, "role"},
		{"not JSON",
			{TOKEN_ASKED, ROLE_ASKED,
				{"GET " ROLES "my-role", SHOWN, 200, "<html>" KEYS_HUSH, 0}},
			ERR_TEMP, "keys"},
		{"a list",
			{TOKEN_ASKED, ROLE_ASKED,
				{"GET " ROLES "my-role", SHOWN, 200, "[\"" KEYS_HUSH "\"]", 0}},
			ERR_TEMP, "keys"},
		{"no secret",
			{TOKEN_ASKED, ROLE_ASKED,
				{"GET " ROLES "my-role", SHOWN, 200,
					"{\"AccessKeyId\":\"I\",\"Token\":\"" KEYS_HUSH "\"}", 0}},
			ERR_TEMP, "without keys"},
		{"not a success",
			{TOKEN_ASKED, ROLE_ASKED,
				{"GET " ROLES "my-role", SHOWN, 200,
					"{\"Code\":\"Failed\",\"AccessKeyId\":\"I\",\"SecretAccessKey\":"
					"\"" KEYS_HUSH "\"}",
					0}},
			ERR_TEMP, "without keys"},
		{"no time",
			{TOKEN_ASKED, ROLE_ASKED,
				{"GET " ROLES "my-role", SHOWN, 200,
					"{\"AccessKeyId\":\"I\",\"SecretAccessKey\":\"" KEYS_HUSH
					"\",\"Expiration\":\"tomorrow\"}",
					0}},
			ERR_TEMP, "validity"},
		{"a header in a key",
			{TOKEN_ASKED, ROLE_ASKED,
				{"GET " ROLES "my-role", SHOWN, 200,
					"{\"AccessKeyId\":\"I\\r\\nx: y\",\"SecretAccessKey\":\"" KEYS_HUSH
					"\"}",
					0}},
			ERR_TEMP, "without keys"},
	};
	struct keys_world *w = *state;

	set_instance(w);
	keys_make_ok(w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct keys_exchange script[5] = {0};

		memcpy(script, rows[i].script, sizeof(rows[i].script));
		w->next = script;
		keys_expect_later(w, "");
		if (w->failure.kind != rows[i].kind || strstr(w->failure.text, rows[i].text) == NULL)
			fail_msg("%s: %s", rows[i].title, w->failure.text);
		assert_null(w->next->asks);
		w->next = NULL;
	}
}

/* A service that takes the connection and says nothing is given up soon. */
static void silence(void **state)
{
	struct keys_world *w = *state;
	static const struct keys_exchange script[] = {{"PUT /latest/api/token", NULL, 0, NULL, 0}, {0}};
	int64_t begun = clock_mono_ms();

	set_instance(w);
	keys_make_ok(w);
	w->next = script;
	keys_expect_error(w, ERR_TEMP, "token");
	assert_true(clock_mono_ms() - begun >= 1500);
}

/* Who waits */

static void many_wait_for_one(void **state)
{
	struct keys_world *w = *state;
	static const struct keys_exchange script[] = {{"GET /v2/keys", NULL, 200, KEYS("C"), 0}, {0}};
	struct keys_world other = {0};

	set_container(w);
	keys_make_ok(w);
	w->next = script;
	keys_ask(w);
	aws_credentials_get(w->c, keys_on_key, &other);
	keys_ask(w);
	aws_credentials_cancel(w->c, &other);
	keys_run_until(w, 2);
	assert_int_equal(w->told, 2);
	assert_int_equal(other.told, 0);
	assert_string_equal(w->id, "C");
}

/* Asks again from inside, as a call that is tried again does. */
static void ask_again(const struct sigv4_key *key, const struct err *e, void *arg)
{
	struct keys_world *w = arg;
	static const struct keys_exchange better[] = {{"GET /v2/keys", NULL, 200, KEYS("C"), 0}, {0}};

	keys_on_key(key, e, w);
	if (e == NULL)
		return;
	w->next = better;
	aws_credentials_get(w->c, ask_again, w);
}

static void asked_from_inside(void **state)
{
	struct keys_world *w = *state;
	static const struct keys_exchange away[] = {{"GET /v2/keys", NULL, 500, "", 0}, {0}};

	set_container(w);
	keys_make_ok(w);
	w->next = away;
	aws_credentials_get(w->c, ask_again, w);
	keys_run_until(w, 2);
	assert_string_equal(w->id, "C");
}

static void freed_while_somebody_waits(void **state)
{
	struct keys_world *w = *state;
	static const struct keys_exchange script[] = {{"GET /v2/keys", NULL, 0, NULL, 0}, {0}};

	set_container(w);
	keys_make_ok(w);
	w->next = script;
	keys_ask(w);
	keys_run_until_asked(w);
	aws_credentials_free(steal_ptr(w->c));
	assert_int_equal(w->told, 0);
}

#define HERE(test) cmocka_unit_test_setup_teardown(test, keys_set_up, keys_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HERE(container),
		HERE(instance),
		HERE(doubted),
		HERE(replaced_in_time),
		HERE(kept_while_they_hold),
		HERE(short_lived),
		HERE(addresses_die_with_them),
		HERE(what_it_says_instead),
		HERE(silence),
		HERE(many_wait_for_one),
		HERE(asked_from_inside),
		HERE(freed_while_somebody_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
