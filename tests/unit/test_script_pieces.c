/* Where a script is cut, and that nothing of it is lost. */

#include "daemon/vendor/script_pieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/text.h"

static const struct {
	const char *title, *script;
	size_t max;
	const char *pieces; /* with '|' between them */
} cases[] = {
	{"short enough", "One. Two.", 9, "One. Two."},
	{"nothing", "", 5, ""},
	{"white space only", " \n\t ", 5, ""},
	{"white space around", "  One.  ", 8, "One."},
	{"after sentences", "One. Two. Three.", 12, "One. Two.|Three."},
	{"not in a number", "It is 3.5 m. Long!", 12, "It is 3.5 m.|Long!"},
	{"a quote belongs to what it closes", "\"Go!\" she said. Yes.", 15, "\"Go!\" she said.|Yes."},
	{"the sentence inside a quote", "He said \"go.\" So I went.", 16, "He said \"go.\"|So I went."},
	{"a line break ends a sentence", "A title\nand the text", 12, "A title|and the text"},
	{"clauses where a sentence is too long", "One, two, three four five.", 12,
		"One, two,|three four|five."},
	{"words where a clause is too long", "one two three", 8, "one two|three"},
	{"within a word that is too long", "abcdefghij", 4, "abcd|efgh|ij"},
	{"exactly at the limit", "One. Two", 4, "One.|Two"},
	{"code points, not bytes", "\u00e4\u00f6\u00fc. \u00e4\u00f6\u00fc.", 4,
		"\u00e4\u00f6\u00fc.|\u00e4\u00f6\u00fc."},
	{"ideographic marks need no blank", "\u4f60\u597d\u3002\u518d\u89c1\u3002", 4,
		"\u4f60\u597d\u3002|\u518d\u89c1\u3002"},
	{"beyond the basic plane", "\U0001F600\U0001F600\U0001F600", 2, "\U0001F600\U0001F600|\U0001F600"},
	{"a limit of nothing is one", "ab", 0, "a|b"},
	{"narrations apart, short as they are", "One.\fTwo, three.\fFour", 100, "One.|Two, three.|Four"},
	{"nothing over the seam", "One two\fthree. Four", 12, "One two|three. Four"},
	{"a narration of several pieces", "One. Two. Three.\fFour.", 10, "One. Two.|Three.|Four."},
	{"a narration as long as a piece", "abcd\fef", 4, "abcd|ef"},
	{"narrations of nothing", "\fOne. \f\f Two.\f", 100, "One.|Two."},
};

static void join(const char *script, const struct script_piece *list, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(out, '|');
		buf_add(out, script + list[i].at, list[i].len);
	}
}

static void test_cuts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF got = BUF_INIT(1000);
		struct script_piece *list = NULL;
		size_t n = script_pieces(cases[i].script, cases[i].max, &list);

		join(cases[i].script, list, n, &got);
		free(list);
		if (strcmp(buf_text(&got), cases[i].pieces) != 0)
			fail_msg("%s: \"%s\" instead of \"%s\"", cases[i].title, buf_text(&got),
				cases[i].pieces);
	}
}

static bool is_white(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] != ' ' && s[i] != '\n')
			return false;
	return true;
}

/* Whatever the limit: in order, each within it and none empty, and between them nothing but white space. */
static void test_nothing_is_lost(void **state)
{
	static const char script[] =
		"Meet the lamp. It turns, it glows: it is yours \u2014 for $29.99!\n\nNo cables (none!). "
		"\u201cBest of 2026\u201d, they say\u2026 Order now; pay later. "
		"\u4f60\u597d\u3002\u518d\u89c1";

	(void)state;
	for (size_t max = 1; max < sizeof(script); max++) {
		struct script_piece *list = NULL;
		size_t n = script_pieces(script, max, &list), end = 0;

		for (size_t i = 0; i < n; i++) {
			AUTO_BUF text = BUF_INIT(sizeof(script));

			buf_add(&text, script + list[i].at, list[i].len);
			assert_true(list[i].len > 0 && list[i].at >= end);
			assert_true(is_white(script + end, list[i].at - end));
			assert_true(text_utf8_valid(buf_text(&text), text.len));
			assert_true(text_utf8_points(buf_text(&text)) <= max);
			end = list[i].at + list[i].len;
		}
		assert_true(is_white(script + end, strlen(script) - end));
		free(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_nothing_is_lost),
	};

	return cmocka_run_group_tests_name("script_pieces", tests, NULL, NULL);
}
