/* Log lines: the form of a line, and that no value can leave it. */

#include "lib/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"

/* Standard error goes into a file between begin and end. */
struct capture {
	FILE *file;
	int saved_fd;
	char text[4096];
};

static void capture_begin(struct capture *c)
{
	c->file = tmpfile();
	assert_non_null(c->file);
	c->saved_fd = dup(STDERR_FILENO);
	assert_true(c->saved_fd >= 0);
	assert_true(dup2(fileno(c->file), STDERR_FILENO) >= 0);
}

static void capture_end(struct capture *c)
{
	(void)dup2(c->saved_fd, STDERR_FILENO);
	(void)close(c->saved_fd);
	rewind(c->file);
	c->text[fread(c->text, 1, sizeof(c->text) - 1, c->file)] = '\0';
	(void)fclose(c->file);
}

static const struct {
	const char *title, *value, *line;
} value_cases[] = {
	{"a word", "encode", "<6>step k=encode\n"},
	{"a path", "/a/b-c_d.mp4", "<6>step k=/a/b-c_d.mp4\n"},
	{"a blank", "a b", "<6>step k=\"a b\"\n"},
	{"empty", "", "<6>step k=\"\"\n"},
	{"absent", NULL, "<6>step k=\"\"\n"},
	{"an equals sign", "a=b", "<6>step k=\"a=b\"\n"},
	{"quotes", "say \"hi\"", "<6>step k=\"say \\\"hi\\\"\"\n"},
	{"a backslash", "a\\b", "<6>step k=\"a\\\\b\"\n"},
	{"a forged line", "x\n<3>all is lost", "<6>step k=\"x\\n<3>all is lost\"\n"},
	{"a carriage return", "a\rb", "<6>step k=\"a\\x0db\"\n"},
	{"an escape sequence", "\x1B[31m", "<6>step k=\"\\x1b[31m\"\n"},
	{"delete", "\x7F", "<6>step k=\"\\x7f\"\n"},
	{"letters of a language", "Café 北京", "<6>step k=\"Café 北京\"\n"},
	{"not UTF-8", "caf\xE9", "<6>step k=\"caf\\xe9\"\n"},
	{"a C1 control",
		"a\xC2\x9B"
		"b",
		"<6>step k=\"a\\xc2\\x9bb\"\n"},
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(value_cases); i++) {
		struct capture c;

		capture_begin(&c);
		log_info("step", log_text("k", value_cases[i].value));
		capture_end(&c);
		if (strcmp(c.text, value_cases[i].line) != 0)
			fail_msg("%s: %s", value_cases[i].title, c.text);
	}
}

static void test_pairs(void **state)
{
	struct capture c;

	(void)state;
	capture_begin(&c);
	log_error("all");
	log_warning(
		"step done", log_text("video", "018f"), log_number("item", 2), log_number("min", INT64_MIN));
	capture_end(&c);
	assert_string_equal(c.text, "<3>all\n<4>step done video=018f item=2 min=-9223372036854775808\n");
}

static void test_as_many_pairs_as_there_may_be(void **state)
{
	_Static_assert(LOG_PAIRS_MAX == 12, "the call below has that many");
	struct capture c;

	(void)state;
	capture_begin(&c);
	log_info("x", log_number("a", 1), log_number("b", 2), log_number("c", 3), log_number("d", 4),
		log_number("e", 5), log_number("f", 6), log_number("g", 7), log_number("h", 8),
		log_number("i", 9), log_number("j", 10), log_number("k", 11), log_number("l", 12));
	capture_end(&c);
	assert_string_equal(c.text, "<6>x a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9 j=10 k=11 l=12\n");
}

static void test_levels(void **state)
{
	struct capture c;

	(void)state;
	capture_begin(&c);
	log_debug("not told");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("told");
	log_set_level(LOG_LEVEL_ERROR);
	log_warning("not told");
	log_set_level(LOG_LEVEL_INFO);
	capture_end(&c);
	assert_string_equal(c.text, "<7>told\n");
}

static void test_long_line_is_cut(void **state)
{
	AUTO_FREE char *value = xcalloc(3000, 1);

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		struct capture c;

		memset(value, 'x', 2999);
		for (size_t i = shift; i + 3 < 2999; i += 3)
			memcpy(value + i, "京", 3);
		capture_begin(&c);
		log_info("step", log_text("k", value), log_text("after", "never"));
		log_info("next");
		capture_end(&c);

		const char *end = strchr(c.text, '\n');

		assert_non_null(end);
		if (end - c.text >= 2048 || strncmp(end - 3, "...", 3) != 0)
			fail_msg("shift %zu: the line has %d bytes", shift, (int)(end - c.text));
		if (!text_utf8_valid(c.text, strlen(c.text)) || strstr(c.text, "after"))
			fail_msg("shift %zu: not cut between code points, or something comes after", shift);
		assert_string_equal(end + 1, "<6>next\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_as_many_pairs_as_there_may_be),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_long_line_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
