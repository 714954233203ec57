/* A process that holds keys leaves no core and shows its memory to nobody. */

#include "daemon/dumps.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/macros.h"

/* In a child, because it cannot be taken back. */
static int state_after_forbidding(void)
{
	struct rlimit core;

	dumps_forbid();
	if (getrlimit(RLIMIT_CORE, &core) < 0)
		return 9;
	return (prctl(PR_GET_DUMPABLE) != 0 ? 1 : 0) | (core.rlim_cur != 0 || core.rlim_max != 0 ? 2 : 0);
}

static void test_dumps_are_forbidden(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(state_after_forbidding());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (IS_SANITIZED)
		assert_true(WEXITSTATUS(status) & 1); /* or leaks could not be looked for */
	else
		assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_dumps_are_forbidden)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
