/*
 * The pool in a child process. Each of its responders writes its process id into a pipe when it starts and
 * then waits for a signal, so the test sees every start as it happens.
 */

#include "cgi/pool.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"

static char folder[32], path[48];

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/videod-pool.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/s", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

/* The pool's own exit status: 0 after its signal, 2 when it could not begin. */
static pid_t start_pool(unsigned size, int report_fd)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;

	struct err e;
	int fd = -1, r;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_set_level(LOG_LEVEL_ERROR);
	(void)umask(0117);
	r = pool_run(path, size, &fd, &e);
	if (r != 0)
		_exit(r > 0 ? 0 : 2);

	pid_t own = getpid();

	if (fd < 0 || write(report_fd, &own, sizeof(own)) != sizeof(own))
		_exit(3);
	for (;;)
		(void)pause();
}

static pid_t next_start(int fd)
{
	pid_t pid = 0;

	assert_int_equal(read(fd, &pid, sizeof(pid)), sizeof(pid));
	return pid;
}

static int wait_exit(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool can_connect(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);

	bool ok = connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;

	(void)close(fd);
	return ok;
}

static void test_life(void **state)
{
	struct stat st;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);

	pid_t pool = start_pool(2, fds[1]);
	pid_t first = next_start(fds[0]), second = next_start(fds[0]);

	assert_int_not_equal(first, second);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_true(can_connect());

	int64_t killed_ms = clock_mono_ms();

	assert_int_equal(kill(first, SIGKILL), 0);
	pid_t third = next_start(fds[0]);

	assert_true(third != first && third != second);
	assert_in_range(clock_mono_ms() - killed_ms, POOL_RESTART_MS - 1, 60000);

	assert_int_equal(kill(pool, SIGTERM), 0);
	assert_int_equal(wait_exit(pool), 0);
	assert_int_equal(kill(second, 0), -1);
	assert_int_equal(kill(third, 0), -1);
	assert_int_equal(stat(path, &st), -1);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* Its responders do not outlive a pool that was killed; the pipe's end says that all are gone. */
static void test_pool_killed(void **state)
{
	int fds[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(fds), 0);

	pid_t pool = start_pool(2, fds[1]);

	(void)close(fds[1]);
	(void)next_start(fds[0]);
	(void)next_start(fds[0]);
	assert_int_equal(kill(pool, SIGKILL), 0);
	assert_int_equal(waitpid(pool, NULL, 0), pool);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	(void)close(fds[0]);

	/* what it left behind is replaced by the next */
	assert_false(can_connect());
	assert_int_equal(pipe(fds), 0);
	pool = start_pool(1, fds[1]);
	(void)next_start(fds[0]);
	assert_true(can_connect());

	/* one that is in use is not */
	assert_int_equal(wait_exit(start_pool(1, fds[1])), 2);
	assert_true(can_connect());

	assert_int_equal(kill(pool, SIGINT), 0);
	assert_int_equal(wait_exit(pool), 0);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void test_not_a_socket(void **state)
{
	struct err e;
	FILE *file = fopen(path, "w");
	int fd = -1;

	(void)state;
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(pool_run(path, 1, &fd, &e), -1);
	assert_non_null(strstr(e.text, "is not a socket"));
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(fd, -1);
}

static void test_bad_paths(void **state)
{
	struct err e;
	char longer[200];
	int fd = -1;

	(void)state;
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(pool_run(longer, 1, &fd, &e), -1);
	assert_int_equal(pool_run("/nonexistent/folder/s", 1, &fd, &e), -1);
	assert_int_equal(fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pool_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_a_socket, setup, teardown),
		cmocka_unit_test(test_bad_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
