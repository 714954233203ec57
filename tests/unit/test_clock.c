/* Times for people, waits between tries, randomness. */

#include "lib/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/macros.h"

static const struct {
	const char *title;
	int64_t wall_ms;
	const char *text;
} time_cases[] = {
	{"the epoch", 0, "1970-01-01T00:00:00.000Z"},
	{"milliseconds", 1767323045678, "2026-01-02T03:04:05.678Z"},
	{"leading zeros", 1767323045007, "2026-01-02T03:04:05.007Z"},
	{"a leap day", 1709208000000, "2024-02-29T12:00:00.000Z"},
	{"after 2038", 4102444800000, "2100-01-01T00:00:00.000Z"},
	{"the last one", 253402300799999, "9999-12-31T23:59:59.999Z"},
	{"too late", INT64_MAX, "9999-12-31T23:59:59.999Z"},
	{"before the epoch", -1, "1970-01-01T00:00:00.000Z"},
};

static void test_rfc3339(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(time_cases); i++) {
		char text[25];

		clock_rfc3339(time_cases[i].wall_ms, text);
		if (strcmp(text, time_cases[i].text) != 0)
			fail_msg("%s: %s", time_cases[i].title, text);
	}
}

static void test_what_others_write(void **state)
{
	static const struct {
		const char *text;
		int64_t sec; /* by the one reader; the other one does not take it */
		int64_t (*read)(const char *text);
	} rows[] = {
		{"2026-01-02T03:04:05Z", 1767323045, clock_read_rfc3339},
		{"2026-01-02T03:04:05.678Z", 1767323045, clock_read_rfc3339},
		{"2026-01-02T03:04:05.123456789Z", 1767323045, clock_read_rfc3339},
		{"1970-01-01T00:00:00Z", 0, clock_read_rfc3339},
		{"2026-01-02T03:04:05", -1, clock_read_rfc3339},
		{"2026-01-02T03:04:05.Z", -1, clock_read_rfc3339},
		{"2026-01-02T03:04:05+09:00", -1, clock_read_rfc3339},
		{"2026-01-02T03:04:05Z ", -1, clock_read_rfc3339},
		{"2026-1-2T03:04:05Z", -1, clock_read_rfc3339},
		{"2026-13-02T03:04:05Z", -1, clock_read_rfc3339},
		{"1969-12-31T23:59:58Z", -1, clock_read_rfc3339},
		{"Fri, 02 Jan 2026 03:04:05 GMT", 1767323045, clock_read_http},
		{"Fri, 02 Jan 2026 03:04:05", -1, clock_read_http},
		{"Fri, 02 Jan 2026 03:04:05 GMT+1", -1, clock_read_http},
		{"Fri, 2 Jan 2026 03:04:05 GMT", -1, clock_read_http},
		{"Fri, 02 Abc 2026 03:04:05 GMT", -1, clock_read_http},
		{"yesterday", -1, clock_read_http},
		{"", -1, clock_read_http},
		{NULL, -1, clock_read_http},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool is_rfc3339 = rows[i].read == clock_read_rfc3339;

		if (rows[i].read(rows[i].text) != rows[i].sec)
			fail_msg("\"%s\": %lld", rows[i].text, (long long)rows[i].read(rows[i].text));
		assert_int_equal((is_rfc3339 ? clock_read_http : clock_read_rfc3339)(rows[i].text), -1);
	}
}

static const struct {
	const char *title;
	unsigned n;
	int64_t base_ms, cap_ms, least, most;
} wait_cases[] = {
	{"the first", 0, 10000, 300000, 5000, 10000},
	{"the second", 1, 10000, 300000, 10000, 20000},
	{"the fifth", 4, 10000, 300000, 80000, 160000},
	{"at the cap", 5, 10000, 300000, 150000, 300000},
	{"far over the cap", 4000000000, 10000, 300000, 150000, 300000},
	{"a base over the cap", 0, 10000, 4000, 2000, 4000},
	{"an odd wait", 0, 3, 300000, 1, 3},
	{"no wait", 7, 0, 300000, 0, 0},
	{"a cap of nothing", 7, 10, 0, 0, 0},
	{"no overflow", 80, 3, INT64_MAX, INT64_MAX / 2, INT64_MAX},
};

static void test_backoff_keeps_its_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wait_cases); i++) {
		for (int k = 0; k < 200; k++) {
			int64_t wait = clock_backoff_ms(
				wait_cases[i].n, wait_cases[i].base_ms, wait_cases[i].cap_ms);

			if (wait < wait_cases[i].least || wait > wait_cases[i].most)
				fail_msg("%s: %lld", wait_cases[i].title, (long long)wait);
		}
	}
}

static void test_backoff_is_spread(void **state)
{
	int halves[2] = {0, 0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		halves[clock_backoff_ms(0, 10000, 300000) >= 7500]++;
	assert_in_range(halves[0], 300, 700); /* 12 standard deviations */
	assert_in_range(halves[1], 300, 700);
}

static void test_clocks_advance(void **state)
{
	int64_t before = clock_mono_ms();

	(void)state;
	assert_true(before > 0);
	assert_true(clock_mono_ms() >= before);
	assert_true(clock_random() != clock_random());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc3339),
		cmocka_unit_test(test_what_others_write),
		cmocka_unit_test(test_backoff_keeps_its_range),
		cmocka_unit_test(test_backoff_is_spread),
		cmocka_unit_test(test_clocks_advance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
