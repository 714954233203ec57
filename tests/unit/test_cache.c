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

#define TIMEOUT_MS 2000 /* in which memcached answers, also on a machine that is busy */

static struct test_server server;

static struct cache *new_cache(void)
{
	return cache_new(server.socket, TIMEOUT_MS);
}

static bool set(struct cache *c, const char *key, const char *text)
{
	uint64_t version;

	return cache_look(c, key, &version) && cache_swap(c, key, version, text, strlen(text), 60) > 0;
}

/* "" is a miss. */
static void expect(struct cache *c, const char *key, const char *text)
{
	AUTO_BUF out = BUF_INIT(64 * 1024);

	assert_int_equal(cache_get(c, key, &out), *text != '\0');
	assert_string_equal(buf_text(&out), text);
}

static void test_set_get_delete(void **state)
{
	AUTO(cache) c = new_cache();

	(void)state;
	expect(c, "k", "");
	assert_true(set(c, "k", "one"));
	expect(c, "k", "one");
	assert_true(set(c, "k", "two"));
	expect(c, "k", "two");
	assert_true(cache_delete(c, "k"));
	expect(c, "k", "");
	assert_true(cache_delete(c, "k"));
}

/* Whatever has happened since the look, what is stored then is stored for nothing. */
static void test_only_what_was_looked_at_is_replaced(void **state)
{
	AUTO(cache) c = new_cache();
	uint64_t nothing, one, two;

	(void)state;
	assert_true(cache_look(c, "s", &nothing));
	assert_true(nothing == CACHE_NOTHING);
	assert_int_equal(cache_swap(c, "s", nothing, "one", 3, 60), 1);
	assert_int_equal(cache_swap(c, "s", nothing, "late", 4, 60), 0);
	assert_true(cache_look(c, "s", &one));
	assert_int_equal(cache_swap(c, "s", one, "two", 3, 60), 1);
	assert_int_equal(cache_swap(c, "s", one, "late", 4, 60), 0);
	expect(c, "s", "two");
	assert_true(cache_look(c, "s", &two));
	assert_true(cache_delete(c, "s"));
	assert_int_equal(cache_swap(c, "s", two, "late", 4, 60), 0);
	expect(c, "s", "");
	assert_int_equal(cache_swap(c, "s", nothing, "three", 5, 60), 1);
	assert_int_equal(cache_swap(c, "s", two, "late", 4, 60), 0);
	expect(c, "s", "three");
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

		uint64_t version;

		assert_true(cache_look(c, "v", &version));
		assert_int_equal(cache_swap(c, "v", version, value, sizes[i], 60), 1);
		assert_true(cache_get(c, "v", &out));
		assert_int_equal(out.len, sizes[i]);
		if (sizes[i])
			assert_memory_equal(out.data, value, sizes[i]);
	}
	assert_int_equal(cache_swap(c, "w", CACHE_NOTHING, value, 64 * 1024 + 1, 60), -1);
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
		assert_int_equal(cache_swap(c, "k", CACHE_NOTHING, "v", 1, 60), -1);
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

/* What must not stay does not wait for its rest to be over. */
static void test_a_delete_is_tried_at_once(void **state)
{
	AUTO(cache) c = new_cache();
	AUTO_BUF out = BUF_INIT(100);

	(void)state;
	assert_true(set(c, "k", "v"));
	test_server_signal(&server, SIGSTOP);

	bool got = cache_get(c, "k", &out), deleted = cache_delete(c, "k");

	test_server_signal(&server, SIGCONT);
	assert_false(got);
	assert_false(deleted);
	assert_true(cache_delete(c, "k"));
	expect(c, "k", "");
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
	uint64_t version;
	bool got = false;

	for (int i = 0; i < 1000; i++)
		got |= cache_get(c, "k", &out) || cache_look(c, "k", &version) ||
		       cache_swap(c, "k", CACHE_NOTHING, "w", 1, 60) >= 0;

	int64_t used_ms = clock_mono_ms() - begin_ms;

	got |= cache_look(late, "k", &version);

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
		cmocka_unit_test(test_set_get_delete),
		cmocka_unit_test(test_only_what_was_looked_at_is_replaced),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_a_value_that_does_not_fit_is_a_miss),
		cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_a_restart_is_not_noticed),
		cmocka_unit_test(test_a_server_that_is_away_comes_back),
		cmocka_unit_test(test_a_delete_is_tried_at_once),
		cmocka_unit_test(test_a_stopped_server_costs_its_timeout_once),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
