/* A piece of a film works with the processors that no other child has. */

#include "daemon/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/engine.h"

#define MOST 8

static unsigned at_most(unsigned v, unsigned max)
{
	return v < max ? v : max;
}

/* How many a piece has when, itself included, so many children are at work. */
static unsigned threads(unsigned children, unsigned share)
{
	struct engine engine = {.used = {[PLACE_CHILD] = children}};
	struct run run = {.engine = &engine, .tools = {.ffmpeg = "ffmpeg", .threads = share}};
	struct film_tools tools = run_piece_tools(&run);

	assert_string_equal(tools.ffmpeg, "ffmpeg");
	assert_int_equal(run.tools.threads, share);
	return tools.threads;
}

static void alone_it_has_them_all(void **state)
{
	unsigned processors = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);

	(void)state;
	assert_int_equal(threads(1, 1), at_most(processors, MOST));
}

static void among_many_it_has_its_share(void **state)
{
	unsigned processors = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);

	(void)state;
	assert_int_equal(threads(processors, 1), 1);
	assert_int_equal(threads(2 * processors, 1), 1);
}

static void never_less_than_its_share(void **state)
{
	unsigned processors = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);

	(void)state;
	assert_int_equal(threads(2 * processors, 3), 3);
	assert_int_equal(threads(1, processors + MOST), processors + MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone_it_has_them_all),
		cmocka_unit_test(among_many_it_has_its_share),
		cmocka_unit_test(never_less_than_its_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
