/*
 * What the S3 client does without a server: its timer, its waits, hashing slice by slice, times, addresses,
 * and calls that fail before anything is sent. What it does with servers, good and faulty ones, is shown by
 * tests/scenario/test_s3*.py.
 */

#include "lib/remote/s3.h"

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
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/remote/aws_credentials.h"
#include "lib/remote/base64_priv.h"
#include "lib/remote/s3_priv.h"
#include "tests/unit/loopback.h"

#define NUMBERS 1000000 /* of the file, in four bytes each: more than a slice */

static struct fixture {
	struct loop *loop;
	struct http *http;
	struct aws_credentials *credentials;
	struct s3 *s3;
	struct s3_spec spec;
	char folder[64], endpoint[64];
	char *file, *got;
	size_t swept;
	uint32_t *numbers;
	unsigned calls;
	struct err failure;
	bool has_failed;
} f;

static const char *no_env(const char *name UNUSED)
{
	return NULL;
}

static void must(int r, const struct err *e)
{
	if (r < 0)
		fail_msg("%s", e->text);
}

static int set_up(void **state UNUSED)
{
	struct aws_credentials_spec keys = {.id = "AKIDEXAMPLE", .secret = "hush-hush", .env = no_env};
	struct err e;
	unsigned port;

	f = (struct fixture){.folder = "/tmp/videod-test-s3-XXXXXX"};
	assert_non_null(mkdtemp(f.folder));
	f.file = xasprintf("%s/file", f.folder);
	f.got = xasprintf("%s/got", f.folder);
	f.numbers = xmalloc(NUMBERS * sizeof(*f.numbers));
	for (uint32_t i = 0; i < NUMBERS; i++)
		f.numbers[i] = i;
	must(fs_write_atomic(f.file, f.numbers, NUMBERS * sizeof(*f.numbers), 0644, &e), &e);
	must(loop_new(&f.loop, &e), &e);
	must(http_new(f.loop, &f.http, &e), &e);
	keys.loop = f.loop;
	keys.http = f.http;
	must(aws_credentials_new(&keys, &f.credentials, &e), &e);
	(void)loopback_bind(&port); /* nobody listens there */
	(void)snprintf(f.endpoint, sizeof(f.endpoint), "http://127.0.0.1:%u", port);
	f.spec = (struct s3_spec){
		.loop = f.loop,
		.http = f.http,
		.credentials = f.credentials,
		.endpoint = f.endpoint,
		.bucket = "films",
		.part_bytes = 5 << 20,
		.parts_at_once = 2,
		.attempts = 2,
		.deadline_ms = 20000,
	};
	must(s3_new(&f.spec, &f.s3, &e), &e);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	struct err e;

	s3_free(f.s3);
	aws_credentials_free(f.credentials);
	http_free(f.http);
	loop_free(f.loop);
	free(f.file);
	free(f.got);
	free(f.numbers);
	return fs_remove_tree(f.folder, &e);
}

static void run(void)
{
	struct err e;

	must(loop_run(f.loop, &e), &e);
}

/* The timer */

struct entry {
	struct s3_due due;
	unsigned number;
};
static unsigned order[8], order_count;

static void note(void *arg)
{
	const struct entry *entry = arg;

	order[order_count++] = entry->number;
	if (order_count == 4)
		loop_quit(f.loop);
}

static void test_later_is_in_order(void **state)
{
	static const int64_t delays[] = {30, 0, 10, 0, 20, 10};
	struct entry entries[ARRAY_LEN(delays)] = {0};

	(void)state;
	order_count = 0;
	for (unsigned i = 0; i < ARRAY_LEN(delays); i++) {
		entries[i].number = i;
		s3_later(f.s3, &entries[i].due, delays[i], note, &entries[i]);
	}
	s3_not_later(f.s3, &entries[2].due);
	s3_not_later(f.s3, &entries[2].due);
	s3_later(f.s3, &entries[4].due, 5, note, &entries[4]); /* sooner than it was */
	s3_later(f.s3, &entries[0].due, 15, note, &entries[0]);
	run();
	assert_int_equal(order_count, 4);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 3);
	assert_int_equal(order[2], 4);
	assert_int_equal(order[3], 5);
	assert_true(entries[0].due.is_queued);
	s3_not_later(f.s3, &entries[0].due);
}

static void test_waits_are_spread_and_bounded(void **state)
{
	static const struct {
		int64_t base_ms;
		unsigned n;
		int64_t most_ms;
	} rows[] = {{100, 0, 100}, {100, 3, 800}, {1000, 0, 1000}, {1000, 4, 16000}, {1000, 5, 20000},
		{100, 1000000, 20000}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t least = INT64_MAX, most = 0;

		for (unsigned j = 0; j < 1000; j++) {
			int64_t ms = s3_jitter_ms(rows[i].base_ms, rows[i].n);

			least = ms < least ? ms : least;
			most = ms > most ? ms : most;
		}
		assert_true(least >= 0 && least < rows[i].most_ms / 10);
		assert_true(most <= rows[i].most_ms && most > rows[i].most_ms - rows[i].most_ms / 10);
	}
}

static void test_who_is_sent_away_does_not_come_back_with_all_others(void **state)
{
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		int64_t ms = s3_wait_ms(S3_BASE_THROTTLED_MS, 0, 7);

		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	assert_true(least >= 7000 && least < 7100);
	assert_true(most > 7900 && most <= 8000);
}

static void test_patience_is_shared_by_the_tries_that_are_left(void **state)
{
	static const struct {
		struct s3_ask ask;
		int64_t left_ms;
		unsigned tries_left;
		int64_t sec;
	} rows[] = {
		{{0}, 60000, 5, 12},
		{{0}, 48000, 4, 12}, /* the first one is gone */
		{{0}, 12000, 1, 12},
		{{0}, 3000, 5, 1},
		{{0}, 300000, 5, 30},
		{{.is_long = true}, 300000, 5, 60},
		{{.is_long = true}, 3000, 5, 1},
		{{.is_slow = true}, 300000, 5, 301},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
			s3_quiet_sec(&rows[i].ask, rows[i].left_ms, rows[i].tries_left), rows[i].sec);
}

/* Hashes */

static struct s3_hashes hashes;

static void hashed(const struct s3_hashes *h, const struct err *e, void *arg UNUSED)
{
	f.calls++;
	f.has_failed = h == NULL;
	if (h != NULL)
		hashes = *h;
	else
		f.failure = *e;
	loop_quit(f.loop);
}

static void test_pieces_of_a_file_are_hashed(void **state)
{
	static const struct {
		int64_t from, bytes;
		bool is_there;
	} rows[] = {
		{0, NUMBERS * 4, true},
		{0, 0, true},
		{NUMBERS * 4, 0, true},
		{1, 1, true},
		{65535, 1048578, true}, /* across reads and slices */
		{1000000, NUMBERS * 4 - 1000000, true},
		{1000000, NUMBERS * 4 - 999999, false},
		{NUMBERS * 4 + 1, 1, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct s3_hashes wanted;

		f.calls = 0;
		(void)s3_hash_start(f.s3, f.file, rows[i].from, rows[i].bytes, hashed, NULL);
		assert_int_equal(f.calls, 0);
		run();
		assert_int_equal(f.calls, 1);
		assert_int_equal(f.has_failed, !rows[i].is_there);
		if (f.has_failed) {
			assert_int_equal(f.failure.kind, ERR_TEMP);
			continue;
		}
		s3_hashes_of((const char *)f.numbers + rows[i].from, (size_t)rows[i].bytes, &wanted);
		assert_string_equal(hashes.sha256, wanted.sha256);
		assert_string_equal(hashes.md5, wanted.md5);
	}
}

static void test_hashes_as_headers_want_them(void **state)
{
	struct s3_hashes h;

	(void)state;
	s3_hashes_of("", 0, &h);
	assert_string_equal(h.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_string_equal(h.md5, "1B2M2Y8AsgTpgAmY7PhCfg==");
}

static void quit(void *arg UNUSED)
{
	loop_quit(f.loop);
}

static void test_hashing_is_cancelled(void **state)
{
	struct s3_due end = {0};

	(void)state;
	f.calls = 0;
	s3_hash_cancel(s3_hash_start(f.s3, f.file, 0, NUMBERS * 4, hashed, NULL));
	s3_hash_cancel(NULL);
	s3_later(f.s3, &end, 0, quit, NULL);
	run();
	assert_int_equal(f.calls, 0);
}

/* RFC 4648, section 10 */
static void test_base64(void **state)
{
	static const char *const rows[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
		{"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
		{"\xff\xef\xbe", "/+++"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char out[16];

		base64_encode((const uint8_t *)rows[i][0], strlen(rows[i][0]), out);
		assert_string_equal(out, rows[i][1]);
	}
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t time;
	} rows[] = {
		{"2026-01-02T03:04:05.678Z", 1767323045},
		{"2026-01-02T03:04:05Z", 1767323045},
		{"Fri, 02 Jan 2026 03:04:05 GMT", 1767323045},
		{"2026-01-02T03:04:05+09:00", -1},
		{"yesterday", -1},
		{"", -1},
		{NULL, -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(s3_read_time(rows[i].text), rows[i].time);
}

/* The client */

static void test_what_does_not_fit_together(void **state)
{
	static const struct {
		const char *endpoint, *bucket;
		int64_t part_bytes, deadline_ms;
		unsigned parts_at_once, attempts;
		const char *complaint; /* NULL: accepted */
	} rows[] = {
		{NULL, "films", 5 << 20, 1, 1, 1, NULL},
		{"http://127.0.0.1:9000", "films", 5 << 20, 1, 1, 1, NULL},
		{"http://store.example", "films", 5 << 20, 1, 1, 1, "http and not this machine"},
		{NULL, "Films!", 5 << 20, 1, 1, 1, "bucket"},
		{NULL, "films", (5 << 20) - 1, 1, 1, 1, "5 MiB"},
		{NULL, "films", 5 << 20, 0, 1, 1, "deadline"},
		{NULL, "films", 5 << 20, 1, 0, 1, "parts at once"},
		{NULL, "films", 5 << 20, 1, 1, 0, "attempts"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct s3_spec spec = f.spec;
		AUTO(s3) s = NULL;
		struct err e;

		spec.endpoint = rows[i].endpoint;
		spec.bucket = rows[i].bucket;
		spec.part_bytes = rows[i].part_bytes;
		spec.deadline_ms = rows[i].deadline_ms;
		spec.parts_at_once = rows[i].parts_at_once;
		spec.attempts = rows[i].attempts;

		int r = s3_new(&spec, &s, &e);

		if (r < 0 && (!rows[i].complaint || !strstr(e.text, rows[i].complaint)))
			fail_msg("row %zu: %s", i, e.text);
		assert_int_equal(r, rows[i].complaint ? -1 : 0);
	}
}

static void test_addresses_are_signed_at_once(void **state)
{
	int64_t seconds = 0;
	AUTO_FREE char *url = s3_presign(f.s3, "GET", "a b/c+d", 600, &seconds);
	AUTO_FREE char *wanted = xasprintf("%s/films/a%%20b/c%%2Bd?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
					   "X-Amz-Credential=AKIDEXAMPLE%%2F",
		f.endpoint);

	(void)state;
	assert_non_null(url);
	assert_int_equal(strncmp(url, wanted, strlen(wanted)), 0);
	assert_non_null(strstr(url, "&X-Amz-Expires=600&"));
	assert_int_equal(seconds, 600);
	assert_null(strstr(url, "hush"));
	assert_null(s3_presign(f.s3, "GET", "a", 0, &seconds));
	assert_null(s3_presign(f.s3, "GET", "a", SIGV4_PRESIGN_MAX_S + 1, NULL));
	assert_int_equal(seconds, 600);
}

/* arg: a client that is not wanted any more, or NULL. */
static void ended(const struct err *e, void *arg)
{
	struct s3 **unwanted = arg;

	f.calls++;
	f.has_failed = e != NULL;
	if (e != NULL)
		f.failure = *e;
	if (unwanted != NULL)
		s3_free(steal_ptr(*unwanted));
	loop_quit(f.loop);
}

static void test_files_that_are_not_there(void **state)
{
	AUTO_FREE char *missing = xasprintf("%s/none", f.folder);
	AUTO_FREE char *nowhere = xasprintf("%s/none/x", f.folder);
	const struct s3_put what = {.file = missing, .key = "k"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		f.calls = 0;
		if (i == 0)
			(void)s3_put_file(f.s3, &what, ended, NULL);
		else
			(void)s3_get_file(f.s3, "k", 1, nowhere, ended, NULL);
		assert_int_equal(f.calls, 0); /* never before it returns */
		run();
		assert_int_equal(f.calls, 1);
		assert_true(f.has_failed);
		assert_int_equal(
			f.failure.kind, i == 0 ? ERR_PERM : ERR_TEMP); /* our disk: no word of the object */
	}
}

static void test_no_keys_at_all(void **state)
{
	(void)state;
	(void)s3_delete_many(f.s3, NULL, 0, ended, NULL);
	assert_int_equal(f.calls, 0);
	run();
	assert_int_equal(f.calls, 1);
	assert_false(f.has_failed);
}

/* Nothing is sent that was cut off. */
static void test_keys_that_are_too_long_together(void **state)
{
	AUTO_FREE char *key = xmalloc(4001);
	const char *keys[S3_KEYS_AT_ONCE];

	(void)state;
	memset(key, '&', 4000); /* five bytes each, escaped */
	key[4000] = '\0';
	for (size_t i = 0; i < S3_KEYS_AT_ONCE; i++)
		keys[i] = key;
	(void)s3_delete_many(f.s3, keys, S3_KEYS_AT_ONCE, ended, NULL);
	run();
	assert_true(f.has_failed);
	assert_int_equal(f.failure.kind, ERR_PERM);
	assert_non_null(strstr(f.failure.text, "too long"));
}

static void put(void)
{
	const struct s3_put what = {.file = f.file, .key = "k"};

	(void)s3_put_file(f.s3, &what, ended, NULL);
}

static void get(void)
{
	(void)s3_get_file(f.s3, "k", 1, f.got, ended, NULL);
}

static void remove_one(void)
{
	(void)s3_delete(f.s3, "k", ended, NULL);
}

static void remove_many(void)
{
	static const char *const keys[] = {"a", "b"};

	(void)s3_delete_many(f.s3, keys, ARRAY_LEN(keys), ended, NULL);
}

static void remove_prefix(void)
{
	(void)s3_delete_prefix(f.s3, "p/", ended, NULL);
}

static void list(void)
{
	(void)s3_list(f.s3, "", NULL, NULL, ended, NULL);
}

static void sweep(void)
{
	(void)s3_sweep_uploads(f.s3, "", 0, &f.swept, ended, NULL);
}

static void (*const all_calls[])(void) = {put, get, remove_one, remove_many, remove_prefix, list, sweep};

static void test_a_server_that_is_away(void **state)
{
	AUTO_FREE char *part = xasprintf("%s.part", f.got);

	(void)state;
	f.swept = 7;
	for (size_t i = 0; i < ARRAY_LEN(all_calls); i++) {
		f.calls = 0;
		all_calls[i]();
		run();
		assert_int_equal(f.calls, 1);
		assert_true(f.has_failed);
		if (f.failure.kind != ERR_TEMP || strstr(f.failure.text, "hush"))
			fail_msg("call %zu: %s", i, f.failure.text);
	}
	assert_int_equal(access(f.got, F_OK), -1);
	assert_int_equal(access(part, F_OK), -1);
	assert_int_equal(f.swept, 0);
}

static void test_calls_are_cancelled(void **state)
{
	const struct s3_put what = {.file = f.file, .key = "k"};
	struct s3_call *calls[] = {
		s3_put_file(f.s3, &what, ended, NULL),
		s3_head(f.s3, "k", NULL, NULL),
		s3_get_file(f.s3, "k", 1, f.got, ended, NULL),
		s3_delete(f.s3, "k", ended, NULL),
		s3_delete_many(f.s3, &what.key, 1, ended, NULL),
		s3_delete_prefix(f.s3, "p/", ended, NULL),
		s3_list(f.s3, "", NULL, NULL, ended, NULL),
		s3_sweep_uploads(f.s3, "", 0, &f.swept, ended, NULL),
	};
	struct s3_due end = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		s3_cancel(calls[i]);
	s3_cancel(NULL);
	s3_later(f.s3, &end, 0, quit, NULL);
	run();
	assert_int_equal(f.calls, 0);
}

static void test_calls_end_with_the_client(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all_calls); i++)
		all_calls[i]();
	s3_free(steal_ptr(f.s3));
	assert_int_equal(f.calls, 0);
}

static void test_done_may_free_the_client(void **state)
{
	(void)state;
	(void)s3_delete(f.s3, "other", ended, NULL);
	(void)s3_delete(f.s3, "k", ended, &f.s3);
	run();
	while (f.s3 != NULL)
		run();
	assert_true(f.calls >= 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_later_is_in_order),
		TEST(test_waits_are_spread_and_bounded),
		TEST(test_who_is_sent_away_does_not_come_back_with_all_others),
		TEST(test_patience_is_shared_by_the_tries_that_are_left),
		TEST(test_pieces_of_a_file_are_hashed),
		TEST(test_hashes_as_headers_want_them),
		TEST(test_hashing_is_cancelled),
		TEST(test_base64),
		TEST(test_times),
		TEST(test_what_does_not_fit_together),
		TEST(test_addresses_are_signed_at_once),
		TEST(test_files_that_are_not_there),
		TEST(test_no_keys_at_all),
		TEST(test_keys_that_are_too_long_together),
		TEST(test_a_server_that_is_away),
		TEST(test_calls_are_cancelled),
		TEST(test_calls_end_with_the_client),
		TEST(test_done_may_free_the_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
