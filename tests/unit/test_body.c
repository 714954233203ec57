/* Bodies as they come, in pieces of any size, and what is no whole one. */

#include "cgi/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "tests/unit/sent_body.h"

static const struct {
	const char *title, *sent;
	int64_t announced;
	size_t piece, max;
	enum body_state state;
	size_t read; /* bytes */
} cases[] = {
	{"none", "", 0, 0, 10, BODY_WHOLE, 0},
	{"a whole one", "abcdef", 6, 0, 10, BODY_WHOLE, 6},
	{"byte by byte", "abcdef", 6, 1, 10, BODY_WHOLE, 6},
	{"as much as there may be", "abcdef", 6, 4, 6, BODY_WHOLE, 6},
	{"a byte too many", "abcdef", 6, 0, 5, BODY_TOO_LARGE, 0},
	{"far too many", "", INT64_MAX, 0, 5, BODY_TOO_LARGE, 0},
	{"more than was announced", "abcdef", 3, 0, 10, BODY_WHOLE, 3},
	{"less than was announced", "abc", 6, 2, 10, BODY_CUT, 0},
	{"nothing of it", "", 6, 0, 10, BODY_CUT, 0},
};

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO_BUF out = BUF_INIT(cases[i].max);
		struct sent_body sent =
			sent_body_of(cases[i].sent, strlen(cases[i].sent), cases[i].announced);

		sent.piece = cases[i].piece;
		if (body_read(&sent.body, &out) != cases[i].state || out.len != cases[i].read ||
			memcmp(buf_text(&out), cases[i].sent, out.len) != 0)
			fail_msg("%s: %zu bytes", cases[i].title, out.len);
	}
}

static void test_no_number(void **state)
{
	AUTO_BUF out = BUF_INIT(10);
	struct sent_body sent = sent_body_of("abc", 3, -1);

	(void)state;
	sent.body.bytes = -1;
	assert_int_equal(body_read(&sent.body, &out), BODY_CUT);
	assert_int_equal(sent.left, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
