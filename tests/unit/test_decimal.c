/* Numbers as vendors print them, to whole thousandths and other units. */

#include "lib/remote/decimal_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/macros.h"

static void test_decimal(void **state UNUSED)
{
	static const struct {
		const char *text;
		unsigned places;
		int64_t max;
		bool ok;
		int64_t value;
	} cases[] = {
		{"0", 3, 10, true, 0},
		{"-0", 3, 10, true, 0},
		{"0.071", 3, 1000, true, 71},
		{"0.0714", 3, 1000, true, 71},
		{"0.0715", 3, 1000, true, 72},
		{"0.07149999999999999999999999999", 3, 1000, true, 71},
		{"0.07100000000000001", 3, 1000, true, 71},
		{"123456789.123456789012", 3, INT64_MAX, true, 123456789123},
		{"12", 3, 12000, true, 12000},
		{"12", 3, 11999, false, 0},
		{"2.5e1", 3, 100000, true, 25000},
		{"25E-1", 3, 100000, true, 2500},
		{"1e-7", 3, 100, true, 0},
		{"5e-4", 3, 100, true, 1},
		{"4.9e-4", 3, 100, true, 0},
		{"99.9", 0, 100, true, 100},
		{"99.9", 0, 99, false, 0},
		{"-1.5", 0, 100, true, -2},
		{"0e99999999999", 3, 100, true, 0},
		{"0.0000e+5", 3, 100, true, 0},
		{"1e18", 0, INT64_MAX, true, 1000000000000000000},
		{"9223372036854775807", 0, INT64_MAX, true, INT64_MAX},
		{"9223372036854775808", 0, INT64_MAX, false, 0},
		{"9223372036854775807.5", 0, INT64_MAX, false, 0},
		{"1e999999999999999999999", 3, INT64_MAX, false, 0},
		{"1e-999999999999999999999", 3, INT64_MAX, true, 0},
		{"", 3, 100, false, 0},
		{"-", 3, 100, false, 0},
		{"+1", 3, 100, false, 0},
		{"01", 3, 100, false, 0},
		{".5", 3, 100, false, 0},
		{"5.", 3, 100, false, 0},
		{"1e", 3, 100, false, 0},
		{"1e+", 3, 100, false, 0},
		{"1e1.5", 3, 100, false, 0},
		{" 1", 3, 100, false, 0},
		{"1 ", 3, 100, false, 0},
		{"0x10", 3, 100, false, 0},
		{"NaN", 3, 100, false, 0},
		{NULL, 3, 100, false, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t value = 4711;
		bool ok = decimal_round(cases[i].text, cases[i].places, cases[i].max, &value);

		if (ok != cases[i].ok || value != (ok ? cases[i].value : 4711))
			fail_msg("%s: %s %lld", cases[i].text != NULL ? cases[i].text : "NULL",
				ok ? "is" : "is none,", (long long)value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_decimal)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
