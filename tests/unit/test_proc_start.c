/* Children: what they are started with, the limits they are under, and that they end with their parent. */

#include "lib/io/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/text.h"
#include "lib/io/loop.h"
#include "tests/unit/children.h"
#include "tests/unit/descriptors.h"

static void test_the_environment_is_clean(void **state)
{
	struct child_fixture *f = *state;
	const char *const argv[] = {"env", NULL};
	const char *const own[] = {"A=1", "B=two words", NULL};
	char expected[4096];

	setenv("A_SECRET", "of ours", 1);
	const struct proc_result *r =
		child_run(f, (struct proc_spec){.argv = argv, .out_max_bytes = OUT_MAX}, "env");
	(void)snprintf(expected, sizeof(expected), "PATH=%s\nLC_ALL=C.UTF-8\n", getenv("PATH"));
	assert_string_equal(r->out, expected);
	r = child_run(f, (struct proc_spec){.argv = argv, .env = own, .out_max_bytes = OUT_MAX}, "env");
	assert_string_equal(r->out, "A=1\nB=two words\n");
	unsetenv("A_SECRET");
}

/* None, or the two that are the C library's own: posix_spawn(3), and so make, leaves those ignored. */
static bool ignores_nothing(const char *status)
{
	return strstr(status, "SigIgn:\t0000000000000000\n") || strstr(status, "SigIgn:\t0000000180000000\n");
}

static void test_it_starts_with_default_signals_and_no_descriptor_of_ours(void **state)
{
	struct child_fixture *f = *state;
	const char *const argv[] = {"cat", "/proc/self/status", NULL};
	const char *const list[] = {"ls", "/proc/self/fd", NULL};
	sigset_t blocked, before;

	int leaky_fd = open("/dev/null", O_RDONLY); /* as a library might open one: not close-on-exec */
	assert_true(leaky_fd >= 0);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGUSR1);
	assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
	assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);

	const struct proc_result *r =
		child_run(f, (struct proc_spec){.argv = argv, .out_max_bytes = OUT_MAX}, "cat");
	assert_non_null(strstr(r->out, "SigBlk:\t0000000000000000\n"));
	assert_true(ignores_nothing(r->out));
	r = child_run(f, (struct proc_spec){.argv = list, .out_max_bytes = OUT_MAX}, "ls");
	assert_string_equal(r->out, "0\n1\n2\n3\n"); /* 3 is the folder that ls reads */

	assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	close(leaky_fd);
}

static void test_folder_and_nice_are_applied(void **state)
{
	struct child_fixture *f = *state;
	char expected[32];

	errno = 0;
	(void)snprintf(expected, sizeof(expected), "/usr\n%d\n", getpriority(PRIO_PROCESS, 0) + 3);
	const struct proc_result *r = child_run(
		f, (struct proc_spec){.folder = "/usr", .nice = 3, .out_max_bytes = OUT_MAX}, "pwd; nice");
	assert_string_equal(r->out, expected);
}

static void test_limits_are_applied(void **state)
{
	const struct proc_spec spec = {.out_max_bytes = OUT_MAX,
		.limits = {.memory_bytes = INT64_C(1) << 50, .cpu_sec = 77, .file_bytes = 1024 * 1024}};
	const struct proc_result *r = child_run(*state, spec, "cat /proc/self/limits");

	assert_non_null(strstr(r->out, "Max cpu time              77                   79 "));
	assert_non_null(strstr(r->out, "Max address space         1125899906842624     1125899906842624 "));
	assert_non_null(strstr(r->out, "Max file size             1048576              1048576 "));
	assert_non_null(strstr(r->out, "Max core file size        0                    0 "));
}

/* A program that computes for ever ends by itself. */
static void test_a_limit_ends_what_goes_beyond_it(void **state)
{
	const struct proc_spec spec = {.out_max_bytes = OUT_MAX, .limits = {.cpu_sec = 1}};
	const struct proc_result *r = child_run(*state, spec, "while :; do :; done");

	assert_false(r->ok);
	assert_false(r->timed_out);
	assert_int_equal(r->signo, SIGXCPU);
}

static void test_it_starts_from_a_parent_without_standard_files(void **state)
{
	struct child_fixture *f = *state;
	int saved[3];

	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
		assert_true(saved[fd] >= 0);
		close(fd);
	}
	const struct proc_result *r =
		child_run(f, (struct proc_spec){.out_max_bytes = OUT_MAX}, "cat; echo out; echo err >&2");
	for (int fd = 0; fd < 3; fd++) {
		assert_int_equal(dup2(saved[fd], fd), fd);
		close(saved[fd]);
	}
	assert_true(r->ok);
	assert_string_equal(r->out, "out\n");
	assert_string_equal(r->err_tail, "err");
}

/* Starts a child that would live on, says so, and waits to be killed. */
_Noreturn static void be_a_parent(const char *life_path, int ready_fd)
{
	struct child_fixture f = {.lines = BUF_INIT(100)};
	const char *const argv[] = {
		"sh", "-c", "trap '' TERM HUP; exec 3>$0; echo up; exec sleep 100", life_path, NULL};
	const struct proc_spec spec = {.argv = argv, .deadline_ms = DEADLINE_MS, .on_line = child_line};

	if (loop_new(&f.loop, &child_err) < 0 ||
		proc_start(f.loop, &spec, child_done, &f, &f.proc, &child_err) < 0)
		_exit(1);
	while (f.line_calls == 0)
		if (loop_step(f.loop, GIVE_UP_MS, &child_err) < 0)
			_exit(1);
	if (write(ready_fd, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void test_a_child_dies_with_its_parent(void **state)
{
	struct child_fixture *f = *state;
	int ready[2];
	char c;

	make_life_line(f);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t parent = fork();
	assert_true(parent >= 0);
	if (parent == 0)
		be_a_parent(f->life_path, ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(read(f->life_fd, &c, 1), -1); /* alive: nothing to read, and no end of file */
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	wait_for_death(f);
	close(ready[0]);
}

static void test_two_hundred_runs_leak_no_descriptor(void **state)
{
	struct child_fixture *f = *state;
	const char *const good[] = {"true", NULL};
	const char *const bad[] = {"/no/such/program", NULL};
	const struct proc_spec bad_spec = {.argv = bad, .deadline_ms = DEADLINE_MS};

	(void)child_run(
		f, (struct proc_spec){.argv = good}, "true"); /* the loop makes its one timer descriptor */
	size_t before = descriptors_open();
	for (int i = 0; i < 200; i++) {
		assert_true(child_run(f, (struct proc_spec){.argv = good, .out_max_bytes = 10}, "true")->ok);
		assert_int_equal(proc_start(f->loop, &bad_spec, child_done, f, &f->proc, &child_err), -1);
		f->done_calls = 0;
		child_start(f, (struct proc_spec){.argv = good}, "true");
		proc_free(f->proc);
	}
	assert_int_equal(descriptors_open(), before);
}

static void test_many_at_once(void **state)
{
	struct child_fixture *f = *state;
	struct child_fixture many[30];

	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		many[i] =
			(struct child_fixture){.loop = f->loop, .out = BUF_INIT(100), .tail = BUF_INIT(100)};
		char script[64];
		(void)snprintf(script, sizeof(script), "printf %zu; exit %zu", i, i);
		child_start(&many[i], (struct proc_spec){.out_max_bytes = 100}, script);
	}
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		while (many[i].done_calls == 0)
			assert_int_equal(loop_step(f->loop, GIVE_UP_MS, &child_err), 0);
		assert_int_equal(many[i].result.exit_code, i);
		int64_t printed = -1;
		assert_true(text_to_i64(many[i].result.out, 0, 100, &printed));
		assert_int_equal(printed, i);
		buf_done(&many[i].out);
		buf_done(&many[i].tail);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_environment_is_clean),
		TEST(test_it_starts_with_default_signals_and_no_descriptor_of_ours),
		TEST(test_folder_and_nice_are_applied),
		TEST(test_limits_are_applied),
		TEST(test_a_limit_ends_what_goes_beyond_it),
		TEST(test_it_starts_from_a_parent_without_standard_files),
		TEST(test_a_child_dies_with_its_parent),
		TEST(test_two_hundred_runs_leak_no_descriptor),
		TEST(test_many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
