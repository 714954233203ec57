/* Strict numbers, UTF-8, words, percent and hex coding. */

#include "lib/base/text.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"

#define UNTOUCHED 4711

static const struct {
	const char *title, *text;
	int64_t min, max;
	bool ok;
	int64_t value;
} int_cases[] = {
	{"zero", "0", 0, 10, true, 0},
	{"a number", "42", 0, 100, true, 42},
	{"negative", "-42", -100, 0, true, -42},
	{"the largest", "9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
	{"the smallest", "-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
	{"one too large", "9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
	{"one too small", "-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
	{"very long", "100000000000000000000000000000", INT64_MIN, INT64_MAX, false, 0},
	{"at the minimum", "5", 5, 9, true, 5},
	{"at the maximum", "9", 5, 9, true, 9},
	{"below", "4", 5, 9, false, 0},
	{"above", "10", 5, 9, false, 0},
	{"empty", "", 0, 9, false, 0},
	{"a sign alone", "-", -9, 9, false, 0},
	{"negative zero", "-0", -9, 9, false, 0},
	{"a plus", "+1", 0, 9, false, 0},
	{"leading zero", "01", 0, 9, false, 0},
	{"leading blank", " 1", 0, 9, false, 0},
	{"trailing blank", "1 ", 0, 9, false, 0},
	{"trailing text", "1x", 0, 9, false, 0},
	{"hexadecimal", "0x1", 0, 9, false, 0},
	{"a decimal", "1.0", 0, 9, false, 0},
	{"digits of another script", "\u0661", 0, 9, false, 0},
};

static void test_to_i64(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(int_cases); i++) {
		int64_t value = UNTOUCHED;
		bool ok = text_to_i64(int_cases[i].text, int_cases[i].min, int_cases[i].max, &value);
		int64_t expected = int_cases[i].ok ? int_cases[i].value : UNTOUCHED;

		if (ok != int_cases[i].ok || value != expected)
			fail_msg("%s: %s %" PRId64, int_cases[i].title, ok ? "read as" : "refused", value);
	}
}

static const struct {
	const char *title, *text;
	unsigned places;
	bool ok;
	int64_t value;
} scaled_cases[] = {
	{"whole", "29", 2, true, 2900},
	{"decimals", "29.99", 2, true, 2999},
	{"fewer decimals", "29.9", 2, true, 2990},
	{"a zero more", "29.990", 2, true, 2999},
	{"a decimal too many", "29.999", 2, false, 0},
	{"no places", "29", 0, true, 29},
	{"no places but a zero", "29.0", 0, true, 29},
	{"no places but a decimal", "29.5", 0, false, 0},
	{"negative", "-1", 3, true, -1000},
	{"zero", "0", 3, true, 0},
	{"negative zero", "-0.00", 1, true, 0},
	{"zero with a huge exponent", "0e99999999999999999999", 1, true, 0},
	{"exponent", "2.5e1", 0, true, 25},
	{"exponent with plus", "2.5E+1", 0, true, 25},
	{"negative exponent", "250e-1", 0, true, 25},
	{"negative exponent, too fine", "25e-1", 0, false, 0},
	{"long but whole", "100000000000000000000000e-23", 0, true, 1},
	{"small before exponent", "0.000000000000000000000001e24", 0, true, 1},
	{"the largest", "9223372036854775.807", 3, true, INT64_MAX},
	{"the smallest", "-9223372036854775.808", 3, true, INT64_MIN},
	{"one too large", "9223372036854775.808", 3, false, 0},
	{"huge exponent", "1e99999999999999999999", 3, false, 0},
	{"tiny exponent", "1e-99999999999999999999", 3, false, 0},
	{"empty", "", 2, false, 0},
	{"a sign alone", "-", 2, false, 0},
	{"a plus", "+1", 2, false, 0},
	{"leading zero", "01", 2, false, 0},
	{"no digit before the point", ".5", 2, false, 0},
	{"no digit after the point", "5.", 2, false, 0},
	{"two points", "1.2.3", 2, false, 0},
	{"a comma", "1,5", 2, false, 0},
	{"no exponent", "1e", 2, false, 0},
	{"exponent's sign alone", "1e-", 2, false, 0},
	{"fractional exponent", "1e1.0", 2, false, 0},
	{"blank", "1 ", 2, false, 0},
	{"infinity", "inf", 2, false, 0},
	{"not a number", "NaN", 2, false, 0},
	{"hexadecimal", "0x10", 2, false, 0},
};

static void test_to_scaled(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scaled_cases); i++) {
		int64_t value = UNTOUCHED;
		bool ok = text_to_scaled(
			scaled_cases[i].text, scaled_cases[i].places, INT64_MIN, INT64_MAX, &value);
		int64_t expected = scaled_cases[i].ok ? scaled_cases[i].value : UNTOUCHED;

		if (ok != scaled_cases[i].ok || value != expected)
			fail_msg("%s: %s %" PRId64, scaled_cases[i].title, ok ? "read as" : "refused", value);
	}
}

static void test_scaled_range_is_in_its_unit(void **state)
{
	int64_t value = UNTOUCHED;

	(void)state;
	assert_false(text_to_scaled("10.01", 2, 0, 1000, &value));
	assert_false(text_to_scaled("-0.01", 2, 0, 1000, &value));
	assert_false(text_to_scaled("0", 2, 1, 1000, &value));
	assert_int_equal(value, UNTOUCHED);
	assert_true(text_to_scaled("10.00", 2, 0, 1000, &value));
	assert_int_equal(value, 1000);
}

static const struct {
	const char *title, *text;
	bool ok;
	size_t points, units;
} utf8_cases[] = {
	{"empty", "", true, 0, 0},
	{"ASCII", "abc", true, 3, 3},
	{"two bytes", "é", true, 1, 1},
	{"three bytes", "京都", true, 2, 2},
	{"four bytes", "\U0001F3AC!", true, 2, 3},
	{"the last code point", "\xF4\x8F\xBF\xBF", true, 1, 2},
	{"before the surrogates", "\xED\x9F\xBF", true, 1, 1},
	{"after the surrogates", "\xEE\x80\x80", true, 1, 1},
	{"a surrogate", "\xED\xA0\x80", false, 0, 0},
	{"the last surrogate", "\xED\xBF\xBF", false, 0, 0},
	{"beyond the last code point", "\xF4\x90\x80\x80", false, 0, 0},
	{"five bytes", "\xF8\x88\x80\x80\x80", false, 0, 0},
	{"overlong slash", "\xC0\xAF", false, 0, 0},
	{"overlong in three bytes", "\xE0\x80\xAF", false, 0, 0},
	{"overlong in four bytes", "\xF0\x80\x80\xAF", false, 0, 0},
	{"a tail alone", "\x80", false, 0, 0},
	{"a tail too many", "é\x80", false, 0, 0},
	{"cut after the first of two", "\xC3", false, 0, 0},
	{"cut after two of three", "a\xE4\xBA", false, 0, 0},
	{"cut after three of four", "\xF0\x9F\x8E", false, 0, 0},
	{"a letter for a tail",
		"\xE4\xBA"
		"a",
		false, 0, 0},
	{"Latin-1", "caf\xE9 au lait", false, 0, 0},
	{"0xFF", "\xFF", false, 0, 0},
};

static void test_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(utf8_cases); i++) {
		const char *text = utf8_cases[i].text;

		if (text_utf8_valid(text, strlen(text)) != utf8_cases[i].ok)
			fail_msg("%s", utf8_cases[i].title);
		if (!utf8_cases[i].ok)
			continue;
		if (text_utf8_points(text) != utf8_cases[i].points ||
			text_utf16_units(text) != utf8_cases[i].units)
			fail_msg("%s: counted wrongly", utf8_cases[i].title);
	}
	assert_false(text_utf8_valid("é", 1)); /* the length counts, not what lies behind it */
	assert_true(text_utf8_valid("a\0b", 3));
}

static const struct {
	const char *title, *text;
	size_t max_points;
	const char *prefix, *words;
} prefix_cases[] = {
	{"all of it", "two words", 9, "two words", "two words"},
	{"more than all", "two words", 99, "two words", "two words"},
	{"inside a word", "two words", 6, "two wo", "two"},
	{"at a word's end", "two words", 3, "two", "two"},
	{"after the blank", "two words", 4, "two ", "two"},
	{"in the first word", "two words", 2, "tw", "tw"},
	{"nothing", "two words", 0, "", ""},
	{"empty", "", 5, "", ""},
	{"trailing blanks", "two   ", 99, "two   ", "two"},
	{"leading blanks", "  twelve", 5, "  twe", "  twe"},
	{"blanks only", "     ", 3, "   ", ""},
	{"a newline is a blank", "two\nwords", 6, "two\nwo", "two"},
	{"code points, not bytes", "éé ééé", 5, "éé éé", "éé"},
	{"a script without blanks", "京都大阪神戸", 3, "京都大", "京都大"},
	{"an ideographic blank", "京都　大阪", 4, "京都　大", "京都"},
	{"never inside a code point", "\U0001F3AC\U0001F3AC", 1, "\U0001F3AC", "\U0001F3AC"},
	{"a no-break space holds", "now 1\u00A0299 kr", 6, "now 1\u00A0", "now"},
	{"several words", "one two three four", 14, "one two three ", "one two three"},
};

static void test_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(prefix_cases); i++) {
		const char *text = prefix_cases[i].text;
		size_t prefix = text_utf8_prefix(text, prefix_cases[i].max_points);
		size_t words = text_word_prefix(text, prefix_cases[i].max_points);

		if (prefix != strlen(prefix_cases[i].prefix) ||
			strncmp(text, prefix_cases[i].prefix, prefix) != 0)
			fail_msg("%s: prefix \"%.*s\"", prefix_cases[i].title, (int)prefix, text);
		if (words != strlen(prefix_cases[i].words) ||
			strncmp(text, prefix_cases[i].words, words) != 0)
			fail_msg("%s: words \"%.*s\"", prefix_cases[i].title, (int)words, text);
	}
}

static const struct {
	const char *title, *text;
	bool control, blank;
} class_cases[] = {
	{"empty", "", false, true},
	{"blanks", " \t\n ", false, true},
	{"text", " a ", false, false},
	{"newline and tab are text", "a\n\tb", false, false},
	{"carriage return", "a\r", true, false},
	{"bell", "\a", true, false},
	{"escape", "\x1B[0m", true, false},
	{"the last of C0", "\x1F", true, false},
	{"delete", "\x7F", true, false},
	{"the first of C1", "\xC2\x80", true, false},
	{"next line", "\xC2\x85", true, true},
	{"the last of C1", "\xC2\x9F", true, false},
	{"no-break space", "\u00A0", false, true},
	{"letters of C1's bytes", "ß京", false, false},
	{"ideographic space", "\u3000\u2003", false, true},
	{"nothing to see", "\u200B \u00AD\u2060\uFEFF", false, true},
	{"directions, joiners and selectors", "\u202E\u200D\u2066\uFE0F\U000E0061", false, true},
	{"fillers", "\u3164\uFFA0\u115F\u2800", false, true},
	{"an emoji of several", "\U0001F469\u200D\U0001F467", false, false},
	{"zero width among letters", "\u200Ba", false, false},
};

static void test_classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(class_cases); i++) {
		if (text_has_control(class_cases[i].text) != class_cases[i].control)
			fail_msg("%s: control", class_cases[i].title);
		if (text_is_blank(class_cases[i].text) != class_cases[i].blank)
			fail_msg("%s: blank", class_cases[i].title);
	}
}

static const struct {
	const char *title, *text;
	bool plus_is_space, ok;
	const char *decoded;
} url_cases[] = {
	{"empty", "", false, true, ""},
	{"plain", "abc-1", false, true, "abc-1"},
	{"escapes of either case", "%2f%2F", false, true, "//"},
	{"UTF-8", "caf%C3%A9", false, true, "café"},
	{"at the end", "a%20", false, true, "a "},
	{"plus in a query", "a+b", true, true, "a b"},
	{"plus in a path", "a+b", false, true, "a+b"},
	{"an escaped plus", "a%2Bb", true, true, "a+b"},
	{"decoded once only", "%2541", false, true, "%41"},
	{"cut", "a%2", false, false, NULL},
	{"cut at once", "a%", false, false, NULL},
	{"not hexadecimal", "%zz", false, false, NULL},
	{"a sign for a digit", "%+1", false, false, NULL},
	{"a NUL", "a%00b", false, false, NULL},
};

static void test_url_decode(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(url_cases); i++) {
		AUTO_BUF out = BUF_INIT(100);
		bool ok = text_url_decode(
			url_cases[i].text, strlen(url_cases[i].text), url_cases[i].plus_is_space, &out);

		if (ok != url_cases[i].ok || (ok && strcmp(buf_text(&out), url_cases[i].decoded) != 0))
			fail_msg("%s: %s", url_cases[i].title, buf_text(&out));
	}

	AUTO_BUF out = BUF_INIT(100);

	assert_false(text_url_decode("a%20b", 3, false, &out)); /* the length counts */
	assert_false(text_url_decode("a\0b", 3, false, &out));
}

static void test_url_encode(void **state)
{
	AUTO_BUF out = BUF_INIT(200);

	(void)state;
	text_url_encode("/a b/é+%?&-._~09AZaz", true, &out);
	assert_string_equal(buf_text(&out), "/a%20b/%C3%A9%2B%25%3F%26-._~09AZaz");
	buf_clear(&out);
	text_url_encode("a/b", false, &out);
	assert_string_equal(buf_text(&out), "a%2Fb");
}

static void test_small_letters(void **state)
{
	char text[] = "AbZz@[`{09-\xc3\x84";

	(void)state;
	text_to_small(text);
	assert_string_equal(text, "abzz@[`{09-\xc3\x84");
}

static void test_hex(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x0F, 0xA5, 0xFF};
	char text[9];

	(void)state;
	text_hex_encode(bytes, sizeof(bytes), text);
	assert_string_equal(text, "000fa5ff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_i64),
		cmocka_unit_test(test_to_scaled),
		cmocka_unit_test(test_scaled_range_is_in_its_unit),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_url_decode),
		cmocka_unit_test(test_url_encode),
		cmocka_unit_test(test_small_letters),
		cmocka_unit_test(test_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
