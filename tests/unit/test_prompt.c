/* Prompts: what is written in which order, and that no limit is ever passed, at any of its values. */

#include "lib/video/prompt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/text.h"
#include "lib/video/limits.h"
#include "lib/video/video.h"

#define LAMP "\U0001F4A1" /* two UTF-16 code units, four bytes */

static void test_units(void **state)
{
	static const struct {
		const char *text;
		size_t units;
	} cases[] = {{"", 0}, {"abc", 3}, {"\u00e9", 1}, {"\uFFFD", 1}, {"\uFFFF", 1}, {"\U00010000", 2},
		{"\U0010FFFF", 2}, {"a" LAMP "b", 4}, {"e\u0301", 2}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(prompt_units(cases[i].text), cases[i].units);
}

#define STORY  "Wide, slow cinematic camera, golden evening light."
#define SUFFIX "Sharp focus, no text"

static const struct {
	const char *title, *prompt, *suffix;
	int enhance;
	size_t max_units;
	const char *written;
} write_cases[] = {
	{"all of it", "A lamp.", SUFFIX, 1, 1000, "A lamp. " STORY " " SUFFIX},
	{"a sentence that does not end", "A lamp", SUFFIX, 1, 1000, "A lamp. " STORY " " SUFFIX},
	{"a question", "A lamp?", NULL, 1, 1000, "A lamp? " STORY},
	{"one that ends elsewhere", "灯。", NULL, 1, 1000, "灯。 " STORY},
	{"no suffix", "A lamp.", "", 1, 1000, "A lamp. " STORY},
	{"as it came", "A lamp", SUFFIX, 0, 1000, "A lamp"},
	{"blanks at the end", "A lamp \n", NULL, 0, 1000, "A lamp"},
	{"lines stay", "A lamp\nat night", NULL, 0, 1000, "A lamp\nat night"},
	{"just room for the client's", "A lamp.", SUFFIX, 1, 7, "A lamp."},
	{"no room for a word of ours", "A lamp.", SUFFIX, 1, 12, "A lamp."},
	{"room for one word of ours", "A lamp.", SUFFIX, 1, 13, "A lamp. Wide,"},
	{"nothing after one of ours that was cut", "A lamp.", "a b c", 1, 19, "A lamp. Wide, slow"},
	{"cut between words", "A lamp at night", SUFFIX, 1, 11, "A lamp at"},
	{"cut between words, at one's end", "A lamp at night", SUFFIX, 1, 9, "A lamp at"},
	{"nothing after the client's that was cut", "A lamp at midnight", "b", 1, 12, "A lamp at"},
	{"one endless word", "lamplamplamp", SUFFIX, 1, 4, "lamp"},
	{"pairs are not cut", LAMP LAMP, NULL, 0, 3, LAMP},
	{"pairs that fit", LAMP LAMP, NULL, 0, 4, LAMP LAMP},
	{"no room for a pair", LAMP, NULL, 0, 1, ""},
	{"a suffix in one word", "A lamp.", "高清高清高清高清", 1, 7 + 1 + sizeof(STORY) - 1 + 1 + 7,
		"A lamp. " STORY},
	{"no room", "A lamp.", SUFFIX, 1, 0, ""},
};

static void test_what_is_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(write_cases); i++) {
		AUTO_BUF out = BUF_INIT(8000);

		prompt_write(write_cases[i].prompt, STYLE_STORY, write_cases[i].suffix,
			write_cases[i].enhance, write_cases[i].max_units, &out);
		if (strcmp(buf_text(&out), write_cases[i].written) != 0)
			fail_msg("%s: \"%s\"", write_cases[i].title, buf_text(&out));
	}
}

static void test_each_style_asks_for_something_else(void **state)
{
	char seen[STYLE_COUNT][200];

	(void)state;
	for (int style = 0; style < STYLE_COUNT; style++) {
		AUTO_BUF out = BUF_INIT(sizeof(seen[0]) - 1);

		prompt_write("A lamp.", style, NULL, 1, 1000, &out);
		assert_true(buf_ok(&out) && out.len > strlen("A lamp. "));
		memcpy(seen[style], buf_text(&out), out.len + 1);
		for (int before = 0; before < style; before++)
			assert_string_not_equal(seen[style], seen[before]);
	}
}

/* Whether text is the beginning of whole and stops between two of its words. */
static bool is_cut_between_words(const char *text, const char *whole)
{
	size_t n = strlen(text);

	return strncmp(text, whole, n) == 0 && (!whole[n] || n == 0 || strchr(" \n.", whole[n]));
}

static void test_every_limit(void **state)
{
	static const char prompt[] = "Caf\u00e9 " LAMP " au lait, " LAMP LAMP " \u5149 l'\u00e9t\u00e9";
	AUTO_BUF whole = BUF_INIT(8000);

	(void)state;
	prompt_write(prompt, STYLE_LIFESTYLE, SUFFIX, 1, 1000, &whole);
	for (size_t max = 5; max <= prompt_units(buf_text(&whole)) + 1; max++) {
		AUTO_BUF out = BUF_INIT(8000);

		prompt_write(prompt, STYLE_LIFESTYLE, SUFFIX, 1, max, &out);
		if (prompt_units(buf_text(&out)) > max || !text_utf8_valid(buf_text(&out), out.len) ||
			!is_cut_between_words(buf_text(&out), buf_text(&whole)))
			fail_msg("%zu: \"%s\"", max, buf_text(&out));
	}
}

static void test_the_longest_prompt_fits(void **state)
{
	AUTO_BUF prompt = BUF_INIT(8000), out = BUF_INIT(8000);

	(void)state;
	for (size_t i = 0; i < LIMIT_PROMPT / 2; i++)
		buf_adds(&prompt, LAMP " ");
	prompt_write(buf_text(&prompt), STYLE_STORY, SUFFIX, 1, 1000, &out);
	assert_int_equal(prompt_units(buf_text(&out)), 998); /* 333 lamps and the blanks between */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_what_is_written),
		cmocka_unit_test(test_each_style_asks_for_something_else),
		cmocka_unit_test(test_every_limit),
		cmocka_unit_test(test_the_longest_prompt_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
