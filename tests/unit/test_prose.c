/* Where sentences end, which are passed over, how they are said and shortened, and how long they take. */

#include "lib/video/prose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"

static const struct {
	const char *text, *sentences; /* each followed by '|' */
} splits[] = {
	{"", ""},
	{"One lamp. Two lamps! Three lamps? Four", "One lamp.|Two lamps!|Three lamps?|"},
	{"A line\nand another one\n", "A line|and another one|"},
	{"It is 2.5 cm. High and wide", "It is 2.5 cm.|High and wide|"},
	{"Height approx. 42 cm. Oak, e.g. Solid oak.", "Height approx. 42 cm.|Oak, e.g. Solid oak.|"},
	{"Works with Yahoo! and more. Really", "Works with Yahoo! and more.|"},
	{"He said \"Yes it is.\" Then he left.", "He said \"Yes it is.\"|Then he left.|"},
	{"Warm light (and dim.) Solid oak.", "Warm light (and dim.)|Solid oak.|"},
	{"What?! Is it?! Yes it is", "Is it?!|Yes it is|"},
	{"Features:\nSolid oak\nNew\n----\n***\n42", "Solid oak|42|"},
	{"\u67d4\u3089\u304b\u3044\u5149\u3002\u624b\u4f5c\u308a\u3067\u3059\u3002",
		"\u67d4\u3089\u304b\u3044\u5149\u3002|\u624b\u4f5c\u308a\u3067\u3059\u3002|"},
	{"\u0647\u0644 \u0647\u0648 \u062c\u0645\u064a\u0644\u061f \u0646\u0639\u0645 \u062c\u062f\u0627.",
		"\u0647\u0644 \u0647\u0648 \u062c\u0645\u064a\u0644\u061f|\u0646\u0639\u0645 "
		"\u062c\u062f\u0627.|"},
};

static void test_sentences(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(splits); i++) {
		AUTO_BUF found = BUF_INIT(1024);
		const char *at = splits[i].text, *s;
		size_t n = 0;

		while ((s = prose_next_sentence(&at, &n))) {
			buf_add(&found, s, n);
			buf_addc(&found, '|');
		}
		if (strcmp(buf_text(&found), splits[i].sentences) != 0)
			fail_msg("%s: %s", splits[i].text, buf_text(&found));
	}
}

static const struct {
	const char *text, *sentence, *name;
} said[] = {
	{"Solid oak", "Solid oak.", "Solid oak"},
	{"Solid oak.", "Solid oak.", "Solid oak"},
	{"Solid oak!", "Solid oak!", "Solid oak"},
	{"Is it?!", "Is it?!", "Is it"},
	{"Soft\u2026", "Soft.", "Soft"},
	{"Soft -", "Soft.", "Soft"},
	{"He said \"Yes.\"", "He said \"Yes.\"", "He said \"Yes.\""},
	{"Warm \U0001F525\ufe0f light \u2728", "Warm light.", "Warm light"},
	{"Lamp\u2122 2000\u00ae", "Lamp 2000.", "Lamp 2000"},
	{"\U0001F600", "", ""},
	{"!!!", "!!!", ""},
	{"\u767d\u3044\u6728\u3002", "\u767d\u3044\u6728\u3002", "\u767d\u3044\u6728"},
	{"", "", ""},
};

static void test_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		AUTO_BUF sentence = BUF_INIT(256);
		AUTO_BUF name = BUF_INIT(256);

		prose_add_spoken(&sentence, said[i].text, strlen(said[i].text));
		prose_add_spoken_name(&name, said[i].text);
		assert_string_equal(buf_text(&sentence), said[i].sentence);
		assert_string_equal(buf_text(&name), said[i].name);
	}
}

static void test_said_after_something(void **state)
{
	AUTO_BUF out = BUF_INIT(256);

	(void)state;
	buf_adds(&out, "One. ");
	prose_add_spoken(&out, "\U0001F600", 4);
	assert_string_equal(buf_text(&out), "One. ");
	prose_add_spoken(&out, "Two", 3);
	assert_string_equal(buf_text(&out), "One. Two.");
}

static const struct {
	const char *text;
	size_t max;
	const char *shortened;
} shortened[] = {
	{"Oak Desk Lamp", 13, "Oak Desk Lamp"},
	{"Oak Desk Lamp", 12, "Oak Desk\u2026"},
	{"Oak, Desk Lamp", 9, "Oak\u2026"},
	{"Unbreakable", 5, "Unbr\u2026"},
	{"\u767d\u3044\u6728\u306e\u30e9\u30f3\u30d7", 4, "\u767d\u3044\u6728\u2026"},
	{"", 5, ""},
};

static void test_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shortened); i++) {
		AUTO_BUF out = BUF_INIT(256);

		prose_add_short(&out, shortened[i].text, shortened[i].max);
		assert_string_equal(buf_text(&out), shortened[i].shortened);
	}
}

static const struct {
	const char *text;
	size_t words;
} lengths[] = {
	{"", 0},
	{"Solid oak base.", 3},
	{"  two   words ", 2},
	{"2980 yen", 5},
	{"a 30-day trial", 5},
	{"\u767d\u3044\u6728\u306e\u30e9\u30f3\u30d7", 4},
	{"\u4e00 \u4e8c", 2},
	{"Donaudampfschifffahrtsgesellschaft", 3},
};

static void test_spoken_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
		assert_int_equal(
			prose_spoken_words(lengths[i].text, strlen(lengths[i].text)), lengths[i].words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_said_after_something),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_spoken_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
