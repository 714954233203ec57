/* The growing buffer: always terminated, never over its limit, and honest about what was dropped. */

#include "lib/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_empty(void **state)
{
	AUTO_BUF b = BUF_INIT(10);

	(void)state;
	assert_string_equal(buf_text(&b), "");
	assert_true(buf_ok(&b));
	buf_add(&b, NULL, 0);
	buf_adds(&b, "");
	buf_addf(&b, "%s", "");
	assert_int_equal(b.len, 0);
	assert_true(buf_ok(&b));
}

static void test_additions_follow_each_other(void **state)
{
	AUTO_BUF b = BUF_INIT(100);

	(void)state;
	buf_add(&b, "a\0b", 3);
	buf_adds(&b, "cd");
	buf_addc(&b, 'e');
	buf_addf(&b, "%d-%s", 42, "x");
	assert_int_equal(b.len, 10);
	assert_memory_equal(b.data, "a\0bcde42-x", 11);
	assert_true(buf_ok(&b));
}

static void test_limit_is_exact_and_sticky(void **state)
{
	AUTO_BUF b = BUF_INIT(4);

	(void)state;
	buf_adds(&b, "1234");
	assert_true(buf_ok(&b));
	buf_addc(&b, '5');
	assert_false(buf_ok(&b));
	assert_string_equal(buf_text(&b), "1234");

	buf_clear(&b);
	assert_true(buf_ok(&b));
	assert_string_equal(buf_text(&b), "");
	buf_adds(&b, "12345");
	buf_addc(&b, '1'); /* would fit, but would leave a hole */
	assert_false(buf_ok(&b));
	assert_string_equal(buf_text(&b), "");

	buf_clear(&b);
	buf_addf(&b, "%05d", 1);
	assert_false(buf_ok(&b));
	assert_string_equal(buf_text(&b), "");
}

static void test_no_limit_means_nothing_fits(void **state)
{
	AUTO_BUF b = BUF_INIT(0);

	(void)state;
	buf_addc(&b, 'x');
	assert_false(buf_ok(&b));
	assert_string_equal(buf_text(&b), "");
}

static void test_huge_addition_does_not_wrap(void **state)
{
	AUTO_BUF b = BUF_INIT(100);

	(void)state;
	buf_adds(&b, "abc");
	buf_add(&b, "x", (size_t)-2);
	assert_false(buf_ok(&b));
	assert_string_equal(buf_text(&b), "abc");
}

static void test_grows_and_stays_terminated(void **state)
{
	AUTO_BUF b = BUF_INIT(100000);

	(void)state;
	for (size_t i = 0; i < 100000; i++) {
		buf_addc(&b, (char)('a' + i % 26));
		assert_true(b.len < b.cap && b.data[b.len] == '\0');
	}
	assert_int_equal(strlen(buf_text(&b)), 100000);
	assert_int_equal(b.data[99999], 'a' + 99999 % 26);
	assert_true(buf_ok(&b));
}

static void test_steal_gives_away(void **state)
{
	AUTO_BUF b = BUF_INIT(10);
	AUTO_FREE char *none = buf_steal(&b);

	(void)state;
	assert_string_equal(none, "");
	buf_adds(&b, "text");

	AUTO_FREE char *text = buf_steal(&b);

	assert_string_equal(text, "text");
	assert_null(b.data);
	buf_adds(&b, "0123456789");
	assert_true(buf_ok(&b));
	buf_addc(&b, 'x');
	assert_false(buf_ok(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_additions_follow_each_other),
		cmocka_unit_test(test_limit_is_exact_and_sticky),
		cmocka_unit_test(test_no_limit_means_nothing_fits),
		cmocka_unit_test(test_huge_addition_does_not_wrap),
		cmocka_unit_test(test_grows_and_stays_terminated),
		cmocka_unit_test(test_steal_gives_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
