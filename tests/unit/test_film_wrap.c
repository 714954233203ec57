/* Line breaking: whole words, even lines, scripts without blanks, and nothing lost. */

#include "daemon/film/wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/macros.h"

/* Lines joined with '|', as code points below 128, others as '*'. */
static void join(const struct wrap *w, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < w->line_count; i++) {
		if (i > 0 && n + 1 < size)
			out[n++] = '|';
		for (size_t p = w->lines[i].first; p < w->lines[i].end && n + 1 < size; p++)
			out[n++] = w->points[p] < 128 ? (char)w->points[p] : '*';
	}
	out[n] = '\0';
}

static void lines_break_where_they_may(void **state)
{
	(void)state;
	static const struct {
		const char *title, *text;
		double width;
		const char *lines;
	} cases[] = {
		{"fits", "Shop now", 20, "Shop now"},
		{"between words", "Shop now and save", 6, "Shop now|and save"},
		{"evenly", "one two three four", 9, "one two|three four"},
		{"after a hyphen", "hand-made things", 6, "hand-made|things"},
		{"a word too long", "Donaudampfschiff", 5, "Donauda|mpfschiff"},
		{"wanted breaks", "a\nb", 20, "a|b"},
		{"between ideographs", "\xE8\xBF\x99\xE6\x98\xAF\xE4\xB8\x80\xE4\xB8\xAA", 2.2, "**|**"},
		{"not before a closing mark", "\xE8\xBF\x99\xE6\x98\xAF\xE3\x80\x82", 2.2, "*|**"},
		{"no base without its mark",
			"e\xCC\x81"
			"e\xCC\x81",
			0.1, "e*|e*"},
		{"nothing", "", 5, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct wrap w;
		char lines[256];

		wrap_init(&w, cases[i].text);
		wrap_lines(&w, cases[i].width);
		join(&w, lines, sizeof(lines));
		if (strcmp(lines, cases[i].lines) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", cases[i].title, lines, cases[i].lines);
	}
}

static void direction_of_the_first_letter(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool right_to_left;
	} cases[] = {
		{"Hello \xD7\xA9", false},
		{"\xD7\xA9\xD7\x9C abc", true},
		{"50% \xD9\x85", true},
		{"50%", false},
		{"\xD0\x9F \xD7\xA9", false},
		{"\xE4\xBD\xA0\xD7\xA9", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct wrap w;

		wrap_init(&w, cases[i].text);
		if (wrap_is_right_to_left(&w) != cases[i].right_to_left)
			fail_msg("\"%s\"", cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_break_where_they_may),
		cmocka_unit_test(direction_of_the_first_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
