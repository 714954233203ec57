/* The cache against a real memcached, also one that is not there, goes away or stops answering. */

#include "lib/io/cache.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "tests/unit/servers.h"

#define TIMEOUT_MS 200

static struct test_server server;

static struct cache *new_cache(void)
{
	return cache_new(server.socket, TIMEOUT_MS);
}

static bool set(struct cache *c, const char *key, const char *text)
{
	return cache_set(c, key, text, strlen(text), 60);
}

/* "" is a miss. */
static void expect(struct cache *c, const char *key, const char *text)
{
	AUTO_BUF out = BUF_INIT(64 * 1024);

	assert_int_equal(cache_get(c, key, &out), *text != '\0');
	assert_string_equal(buf_text(&out), text);
}

static void test_set_get_add_delete(void **state)
{
	AUTO(cache) c = new_cache();

	(void)state;
	expect(c, "k", "");
	assert_true(set(c, "k", "one"));
	expect(c, "k", "one");
	assert_true(set(c, "k", "two"));
	assert_false(cache_add(c, "k", "three", 5, 60));
	expect(c, "k", "two");
	assert_true(cache_delete(c, "k"));
	expect(c, "k", "");
	assert_true(cache_delete(c, "k"));
	assert_false(cache_replace(c, "k", "three", 5, 60));
	expect(c, "k", "");
	assert_true(cache_add(c, "k", "four", 4, 60));
	expect(c, "k", "four");
	assert_true(cache_replace(c, "k", "five", 4, 60));
	expect(c, "k", "five");
}

static void test_values(void **state)
{
	static const size_t sizes[] = {0, 1, 1000, 64 * 1024};
	AUTO(cache) c = new_cache();
	AUTO_FREE char *value = xmalloc(64 * 1024 + 1);

	(void)state;
	for (size_t i = 0; i < 64 * 1024 + 1; i++)
		value[i] = (char)(i % 251);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		AUTO_BUF out = BUF_INIT(64 * 1024);

		assert_true(cache_set(c, "v", value, sizes[i], 60));
		assert_true(cache_get(c, "v", &out));
		assert_int_equal(out.len, sizes[i]);
		if (sizes[i])
			assert_memory_equal(out.data, value, sizes[i]);
	}
	assert_false(cache_set(c, "v", value, 64 * 1024 + 1, 60));
}

static void test_a_value_that_does_not_fit_is_a_miss(void **state)
{
	AUTO(cache) c = new_cache();
	AUTO_BUF out = BUF_INIT(5);

	(void)state;
	assert_true(set(c, "fit", "123456"));
	assert_false(cache_get(c, "fit", &out));
	assert_int_equal(out.len, 0);
	assert_true(buf_ok(&out));
	assert_true(set(c, "fit", "12345"));
	assert_true(cache_get(c, "fit", &out));
}

static void test_no_server(void **state)
{
	static const char *const servers[] = {
		NULL, "", "/nonexistent/socket", "127.0.0.1:1", "nonexistent.invalid", "localhost:port"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		AUTO(cache) c = cache_new(servers[i], TIMEOUT_MS);

		assert_false(set(c, "k", "v"));
		assert_false(cache_add(c, "k", "v", 1, 60));
		expect(c, "k", "");
		assert_false(cache_delete(c, "k"));
	}
}

/* Tries until the server is asked again after its rest. */
static void set_within(struct cache *c, int64_t most_ms)
{
	int64_t end_ms = clock_mono_ms() + most_ms;

	while (!set(c, "again", "v"))
		assert_true(clock_mono_ms() < end_ms);
}

static void test_a_restart_is_not_noticed(void **state)
{
	AUTO(cache) c = new_cache();

	(void)state;
	assert_true(set(c, "k", "v"));
	test_server_kill(&server);
	test_cache_start(&server);
	assert_true(set(c, "k", "w"));
	expect(c, "k", "w");
}

static void test_a_server_that_is_away_comes_back(void **state)
{
	AUTO(cache) c = new_cache();

	(void)state;
	assert_true(set(c, "k", "v"));
	test_server_kill(&server);
	for (int i = 0; i < 3; i++) {
		expect(c, "k", "");
		assert_false(set(c, "k", "w"));
		assert_false(cache_delete(c, "k"));
	}
	test_cache_start(&server);
	set_within(c, 10000);
	expect(c, "again", "v");
}

static void test_a_stopped_server_costs_its_timeout_once(void **state)
{
	AUTO(cache) c = new_cache();
	AUTO(cache) late = new_cache();

	(void)state;
	assert_true(set(c, "k", "v"));
	test_server_signal(&server, SIGSTOP);

	int64_t begin_ms = clock_mono_ms();
	AUTO_BUF out = BUF_INIT(100);
	bool got = false;

	for (int i = 0; i < 1000; i++)
		got |= cache_get(c, "k", &out) || cache_set(c, "k", "w", 1, 60);

	int64_t used_ms = clock_mono_ms() - begin_ms;

	got |= cache_get(late, "k", &out);

	int64_t late_ms = clock_mono_ms() - begin_ms - used_ms;

	test_server_signal(&server, SIGCONT);
	assert_false(got);
	assert_in_range(used_ms, TIMEOUT_MS / 2, 4 * TIMEOUT_MS);
	assert_in_range(late_ms, TIMEOUT_MS / 2, 4 * TIMEOUT_MS);
	set_within(c, 10000);
}

static int start(void **state)
{
	(void)state;
	test_cache_create(&server);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	test_server_remove(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_get_add_delete),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_a_value_that_does_not_fit_is_a_miss),
		cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_a_restart_is_not_noticed),
		cmocka_unit_test(test_a_server_that_is_away_comes_back),
		cmocka_unit_test(test_a_stopped_server_costs_its_timeout_once),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
