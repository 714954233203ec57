/* Starts that fail: the reason comes back from the child that could not exec, and no child is left. */

#include "lib/io/proc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/io/loop.h"

#define DEADLINE_MS 20000

static int set_up(void **state)
{
	struct loop *loop;
	struct err err;

	assert_int_equal(loop_new(&loop, &err), 0);
	*state = loop;
	return 0;
}

static int tear_down(void **state)
{
	loop_free(*state);
	return 0;
}

static void on_done(const struct proc_result *r UNUSED, void *arg)
{
	++*(unsigned *)arg;
}

static const struct start_case {
	const char *title, *program, *folder;
	int sys_errno;
	const char *text; /* part of the error's */
} start_cases[] = {
	{"nowhere in PATH", "no-such-program-here", NULL, ENOENT, "no-such-program-here: not in PATH"},
	{"absolute path that is not there", "/no/such/program", NULL, ENOENT, "/no/such/program: exec: "},
	{"not executable", "/etc/passwd", NULL, EACCES, "/etc/passwd: exec: "},
	{"a folder", "/", NULL, EACCES, "/: exec: "},
	{"working folder that is not there", "true", "/no/such/folder", ENOENT, "true: working folder: "},
};

static void test_a_failed_start_is_an_error_and_leaves_nothing(void **state)
{
	struct loop *loop = *state;
	struct proc *proc;
	unsigned done_calls = 0;
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(start_cases); i++) {
		const struct start_case *c = &start_cases[i];
		const char *const argv[] = {c->program, NULL};
		const struct proc_spec spec = {.argv = argv, .folder = c->folder, .deadline_ms = DEADLINE_MS};
		if (proc_start(loop, &spec, on_done, &done_calls, &proc, &err) != -1)
			fail_msg("%s: started", c->title);
		if (err.kind != ERR_PERM || err.sys_errno != c->sys_errno ||
			strstr(err.text, c->text) == NULL)
			fail_msg("%s: kind %d errno %d '%s'", c->title, err.kind, err.sys_errno, err.text);
		if (waitpid(-1, NULL, WNOHANG) != -1)
			fail_msg("%s: a child is left", c->title);
	}
	assert_int_equal(loop_step(loop, 0, &err), 0);
	assert_int_equal(done_calls, 0);
}

static void test_a_passing_shortage_is_temporary(void **state)
{
	struct loop *loop = *state;
	struct proc *proc;
	unsigned done_calls = 0;
	struct err err;
	const char *const argv[] = {"true", NULL};
	const struct proc_spec spec = {.argv = argv, .deadline_ms = DEADLINE_MS};
	struct rlimit before;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	const struct rlimit none = {.rlim_cur = 3, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	int r = proc_start(loop, &spec, on_done, &done_calls, &proc, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(r, -1);
	assert_int_equal(err.kind, ERR_TEMP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_failed_start_is_an_error_and_leaves_nothing),
		cmocka_unit_test(test_a_passing_shortage_is_temporary),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
