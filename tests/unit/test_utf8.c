/* Code points out of UTF-8 and into it, at the edges of each length. */

#include "lib/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"

static const struct {
	uint32_t point;
	const char *bytes;
} edges[] = {
	{0x01, "\x01"},
	{0x7F, "\x7F"},
	{0x80, "\xC2\x80"},
	{0x7FF, "\xDF\xBF"},
	{0x800, "\xE0\xA0\x80"},
	{0x964, "\xE0\xA5\xA4"},
	{0xFFFF, "\xEF\xBF\xBF"},
	{0x10000, "\xF0\x90\x80\x80"},
	{0x10FFFF, "\xF4\x8F\xBF\xBF"},
};

static void test_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
		AUTO_BUF out = BUF_INIT(8);
		const char *s = edges[i].bytes;

		utf8_add(&out, edges[i].point);
		assert_string_equal(buf_text(&out), edges[i].bytes);
		assert_int_equal(utf8_peek(s), edges[i].point);
		assert_int_equal(utf8_next(&s), edges[i].point);
		assert_ptr_equal(s, edges[i].bytes + strlen(edges[i].bytes));
	}
}

/* At the end it stays, and a code point that is cut off is not read past the end. */
static void test_the_end(void **state)
{
	static const char cut[] = "\xF0\x9F";
	const char *s = cut;

	(void)state;
	(void)utf8_next(&s);
	assert_ptr_equal(s, cut + 2);
	assert_int_equal(utf8_next(&s), 0);
	assert_ptr_equal(s, cut + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
