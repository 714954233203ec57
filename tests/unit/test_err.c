/* Failures: what is kept, what is cut, and that a text is always one line. */

#include "lib/base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/names.h"
#include "lib/base/text.h"

static void test_set_fills_all_members(void **state)
{
	struct err e = {.kind = ERR_BLOCKED, .sys_errno = 5, .http_status = 500};

	(void)state;
	assert_int_equal(err_set(&e, ERR_TEMP, "job %d", 7), -1);
	assert_int_equal(e.kind, ERR_TEMP);
	assert_int_equal(e.sys_errno, 0);
	assert_int_equal(e.http_status, 0);
	assert_string_equal(e.text, "job 7");
}

static void test_errno_is_kept_and_told(void **state)
{
	struct err e = {.http_status = 500};

	(void)state;
	assert_int_equal(err_set_errno(&e, ERR_PERM, ENOENT, "cannot open %s", "x"), -1);
	assert_int_equal(e.sys_errno, ENOENT);
	assert_int_equal(e.http_status, 0);
	assert_string_equal(e.text, "cannot open x: No such file or directory");
}

static void test_http_status_is_kept(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set_http(&e, ERR_PERM, 404, "no such video"), -1);
	assert_int_equal(e.http_status, 404);
	assert_int_equal(e.sys_errno, 0);
}

static void test_prefix_keeps_the_rest(void **state)
{
	struct err e;

	(void)state;
	(void)err_set_errno(&e, ERR_TEMP, EAGAIN, "read");
	assert_int_equal(err_prefix(&e, "job %d: ", 7), -1);
	assert_int_equal(e.kind, ERR_TEMP);
	assert_int_equal(e.sys_errno, EAGAIN);
	assert_string_equal(e.text, "job 7: read: Resource temporarily unavailable");
}

static void test_own_text_as_argument(void **state)
{
	struct err e;

	(void)state;
	(void)err_set(&e, ERR_TEMP, "timeout");
	(void)err_set(&e, ERR_PERM, "gave up: %s", e.text);
	assert_string_equal(e.text, "gave up: timeout");
}

static void test_text_is_one_line(void **state)
{
	struct err e;

	(void)state;
	(void)err_set(&e, ERR_PERM, "a\nb\rc\x1B[1m\x7F");
	assert_string_equal(e.text, "a b c [1m ");
}

static void test_long_text_is_cut_between_code_points(void **state)
{
	char text[2 * sizeof(((struct err *)NULL)->text)];

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		struct err e;

		memset(text, 'x', sizeof(text));
		for (size_t i = shift; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\U0001F3AC", 4);
		text[sizeof(text) - 1] = '\0';

		(void)err_set(&e, ERR_PERM, "%s", text);
		if (strlen(e.text) + 8 < sizeof(e.text) || !text_utf8_valid(e.text, strlen(e.text)))
			fail_msg("shift %zu: cut to %zu bytes", shift, strlen(e.text));

		(void)err_prefix(&e, "job 7: ");
		if (!text_utf8_valid(e.text, strlen(e.text)) || strncmp(e.text, "job 7: ", 7) != 0)
			fail_msg("shift %zu: not cut well after a prefix", shift);
	}
}

static void test_kinds_have_names(void **state)
{
	(void)state;
	for (int kind = 0; kind < ERR_KIND_COUNT; kind++)
		assert_non_null(err_kind_names[kind]);
	assert_int_equal(names_find(err_kind_names, ERR_KIND_COUNT, "uncertain"), ERR_UNCERTAIN);
	assert_int_equal(names_find(err_kind_names, ERR_KIND_COUNT, "Temp"), -1);
	assert_int_equal(names_find(err_kind_names, ERR_KIND_COUNT, NULL), -1);
	assert_string_equal(names_get(err_kind_names, ERR_KIND_COUNT, ERR_PERM), "perm");
	assert_string_equal(names_get(err_kind_names, ERR_KIND_COUNT, ERR_KIND_COUNT), "?");
	assert_string_equal(names_get(err_kind_names, ERR_KIND_COUNT, ERR_KIND_INVALID), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_fills_all_members),
		cmocka_unit_test(test_errno_is_kept_and_told),
		cmocka_unit_test(test_http_status_is_kept),
		cmocka_unit_test(test_prefix_keeps_the_rest),
		cmocka_unit_test(test_own_text_as_argument),
		cmocka_unit_test(test_text_is_one_line),
		cmocka_unit_test(test_long_text_is_cut_between_code_points),
		cmocka_unit_test(test_kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
