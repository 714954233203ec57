/* Argument vectors: copies, in order, NULL-terminated at every moment. */

#include "lib/base/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_order_and_end(void **state)
{
	static const char *const more[] = {"-y", "-i", NULL};
	static const char *const expected[] = {"ffmpeg", "-y", "-i", "scene 3.mp4", ""};
	AUTO_ARGS a = {0};

	(void)state;
	args_add(&a, "ffmpeg");
	assert_null(a.v[1]);
	args_adds(&a, more);
	args_addf(&a, "scene %d.mp4", 3);
	args_add(&a, "");

	assert_int_equal(a.n, ARRAY_LEN(expected));
	for (size_t i = 0; i < a.n; i++)
		assert_string_equal(a.v[i], expected[i]);
	assert_null(a.v[a.n]);
}

static void test_strings_are_copied(void **state)
{
	AUTO_ARGS a = {0};
	char text[] = "before";

	(void)state;
	args_add(&a, text);
	memcpy(text, "behind", sizeof(text));
	assert_string_equal(a.v[0], "before");
}

static void test_full_vector(void **state)
{
	AUTO_ARGS a = {0};

	(void)state;
	for (int i = 0; i < ARGS_MAX; i++)
		args_addf(&a, "%d", i);
	assert_int_equal(a.n, ARGS_MAX);
	assert_string_equal(a.v[ARGS_MAX - 1], "1023");
	assert_null(a.v[ARGS_MAX]);
}

static void test_done_may_be_used_again(void **state)
{
	AUTO_ARGS a = {0};

	(void)state;
	args_done(&a);
	args_add(&a, "one");
	args_done(&a);
	assert_null(a.v);
	assert_int_equal(a.n, 0);
	args_add(&a, "two");
	assert_string_equal(a.v[0], "two");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_end),
		cmocka_unit_test(test_strings_are_copied),
		cmocka_unit_test(test_full_vector),
		cmocka_unit_test(test_done_may_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
