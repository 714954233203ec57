/* The event loop: timers, descriptors, signals, children by pidfd, freeing inside a callback, the watchdog.
 */

#include "lib/io/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"

#define GIVE_UP_MS 10000

struct fixture {
	struct loop *loop;
	struct loop_timer *timer;
	struct loop_timer *other;
	struct loop_io *io;
	struct loop_child *child;
	unsigned calls;
	unsigned wanted_calls; /* the loop ends then */
	pid_t pid;
	int wait_status;
	bool was_zombie;
	uint32_t revents;
	char order[8];
	size_t order_len;
};

static struct err err;

static int set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){.wanted_calls = 1};
	assert_int_equal(loop_new(&f.loop, &err), 0);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	loop_timer_free(f->timer);
	loop_timer_free(f->other);
	loop_io_free(f->io);
	loop_child_free(f->child);
	loop_free(f->loop);
	return 0;
}

static void count(void *arg)
{
	struct fixture *f = arg;

	if (++f->calls == f->wanted_calls)
		loop_quit(f->loop);
}

static void run(struct fixture *f)
{
	assert_int_equal(loop_run(f->loop, &err), 0);
}

static void test_quit_before_run_ends_it_at_once_and_only_once(void **state)
{
	struct fixture *f = *state;

	loop_quit(f->loop);
	run(f);
	assert_int_equal(loop_timer_new(f->loop, count, f, &f->timer, &err), 0);
	loop_timer_arm(f->timer, 0);
	run(f);
	assert_int_equal(f->calls, 1);
}

static void test_step_without_events_ends_after_its_time(void **state)
{
	struct fixture *f = *state;
	int64_t before_ms = clock_mono_ms();

	assert_int_equal(loop_step(f->loop, 20, &err), 0);
	assert_true(clock_mono_ms() - before_ms >= 19);
	assert_int_equal(loop_step(f->loop, 0, &err), 0);
}

static void test_timer_is_made_disarmed_and_fires_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(loop_timer_new(f->loop, count, f, &f->timer, &err), 0);
	assert_int_equal(loop_step(f->loop, 5, &err), 0);
	assert_int_equal(f->calls, 0);

	int64_t before_ms = clock_mono_ms();
	loop_timer_arm(f->timer, 10);
	run(f);
	assert_true(clock_mono_ms() - before_ms >= 9);
	assert_int_equal(loop_step(f->loop, 5, &err), 0);
	assert_int_equal(f->calls, 1);
}

static void test_timer_is_moved_and_disarmed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(loop_timer_new(f->loop, count, f, &f->timer, &err), 0);
	loop_timer_arm(f->timer, INT64_MAX); /* does not wrap around to now */
	assert_int_equal(loop_step(f->loop, 2, &err), 0);
	assert_int_equal(f->calls, 0);
	loop_timer_arm(f->timer, 1);
	run(f);
	assert_int_equal(f->calls, 1);
	loop_timer_arm(f->timer, 1);
	loop_timer_disarm(f->timer);
	assert_int_equal(loop_step(f->loop, 10, &err), 0);
	assert_int_equal(f->calls, 1);
}

static void note_first(void *arg)
{
	struct fixture *f = arg;

	f->order[f->order_len++] = 'a';
	count(f);
}

static void note_second(void *arg)
{
	struct fixture *f = arg;

	f->order[f->order_len++] = 'b';
	count(f);
}

static void test_timers_fire_in_the_order_of_their_times(void **state)
{
	struct fixture *f = *state;

	f->wanted_calls = 2;
	assert_int_equal(loop_timer_new(f->loop, note_first, f, &f->timer, &err), 0);
	assert_int_equal(loop_timer_new(f->loop, note_second, f, &f->other, &err), 0);
	loop_timer_arm(f->timer, 30);
	loop_timer_arm(f->other, 1);
	run(f);
	assert_string_equal(f->order, "ba");
}

static void rearm_then_free(void *arg)
{
	struct fixture *f = arg;

	if (f->calls == 0) {
		loop_timer_arm(f->timer, 1);
	} else {
		loop_timer_free(f->timer);
		f->timer = NULL;
	}
	count(f);
}

static void test_timer_rearms_and_frees_itself(void **state)
{
	struct fixture *f = *state;

	f->wanted_calls = 2;
	assert_int_equal(loop_timer_new(f->loop, rearm_then_free, f, &f->timer, &err), 0);
	loop_timer_arm(f->timer, 0);
	run(f);
	assert_int_equal(f->calls, 2);
}

static void take_byte(int fd, uint32_t revents, void *arg)
{
	struct fixture *f = arg;
	char c;

	f->revents = revents;
	if ((revents & EPOLLIN) && read(fd, &c, 1) == 1)
		f->order[f->order_len++] = c;
	count(f);
}

static void test_io_reports_the_events_that_are_asked_for(void **state)
{
	struct fixture *f = *state;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(loop_io_new(f->loop, pair[0], EPOLLIN, take_byte, f, &f->io, &err), 0);
	assert_int_equal(write(pair[1], "x", 1), 1);
	run(f);
	assert_string_equal(f->order, "x");

	f->calls = 0;
	loop_io_set(f->io, EPOLLOUT);
	run(f);
	assert_true(f->revents & EPOLLOUT);

	f->calls = 0;
	loop_io_set(f->io, 0);
	assert_int_equal(write(pair[1], "y", 1), 1);
	assert_int_equal(loop_step(f->loop, 5, &err), 0);
	assert_int_equal(f->calls, 0);
	loop_io_free(f->io);
	f->io = NULL;
	close(pair[0]);
	close(pair[1]);
}

static void free_io(int fd, uint32_t revents, void *arg)
{
	struct fixture *f = arg;

	(void)fd;
	(void)revents;
	loop_io_free(f->io);
	f->io = NULL;
	count(f);
}

static void test_io_frees_itself(void **state)
{
	struct fixture *f = *state;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(loop_io_new(f->loop, fds[1], EPOLLOUT, free_io, f, &f->io, &err), 0);
	run(f);
	assert_int_equal(loop_step(f->loop, 5, &err), 0);
	assert_int_equal(f->calls, 1);
	close(fds[0]);
	close(fds[1]);
}

static void test_io_on_what_cannot_be_watched_is_an_error(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(loop_io_new(f->loop, 9999, EPOLLIN, take_byte, f, &f->io, &err), -1);
	assert_int_equal(err.kind, ERR_PERM);
	assert_int_equal(err.sys_errno, EBADF);
}

static void test_signal_is_taken_in_the_loop(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(loop_on_signal(f->loop, SIGUSR1, count, f, &err), 0);
	assert_int_equal(raise(SIGUSR1), 0); /* would end us, were it not blocked */
	assert_int_equal(f->calls, 0);
	run(f);
	assert_int_equal(f->calls, 1);
	f->wanted_calls = 2;
	assert_int_equal(raise(SIGUSR1), 0);
	run(f);
	assert_int_equal(f->calls, 2);
}

static pid_t start_child(int exit_code, int signo)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (signo != 0) {
		(void)signal(signo, SIG_DFL);
		(void)raise(signo);
	}
	_exit(exit_code);
}

static bool is_zombie(pid_t pid)
{
	siginfo_t si = {0};

	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 && si.si_pid == pid;
}

static void on_child(pid_t pid, int wait_status, void *arg)
{
	struct fixture *f = arg;

	f->pid = pid;
	f->wait_status = wait_status;
	f->was_zombie = is_zombie(pid);
	count(f);
}

static void free_child(pid_t pid, int wait_status, void *arg)
{
	struct fixture *f = arg;

	on_child(pid, wait_status, arg);
	loop_child_free(f->child);
	f->child = NULL;
}

static const struct child_case {
	const char *title;
	int exit_code;
	int signo;
	loop_child_fn *fn;
} child_cases[] = {
	{"exit 0", 0, 0, on_child},
	{"exit 7", 7, 0, on_child},
	{"a signal", 0, SIGKILL, on_child},
	{"exit 3, freed in its callback", 3, 0, free_child},
};

static void test_child_is_reported_once_and_reaped(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(child_cases); i++) {
		const struct child_case *c = &child_cases[i];
		print_message("case: %s\n", c->title);
		f->calls = 0;
		pid_t pid = start_child(c->exit_code, c->signo);
		assert_int_equal(loop_child_new(f->loop, pid, c->fn, f, &f->child, &err), 0);
		run(f);
		assert_int_equal(f->pid, pid);
		assert_true(f->was_zombie);
		if (c->signo != 0) {
			assert_true(WIFSIGNALED(f->wait_status));
			assert_int_equal(WTERMSIG(f->wait_status), c->signo);
		} else {
			assert_true(WIFEXITED(f->wait_status));
			assert_int_equal(WEXITSTATUS(f->wait_status), c->exit_code);
		}
		assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
		assert_int_equal(loop_step(f->loop, 0, &err), 0);
		assert_int_equal(f->calls, 1);
		loop_child_free(f->child);
		f->child = NULL;
	}
}

static void test_child_freed_before_its_end_is_left_to_the_caller(void **state)
{
	struct fixture *f = *state;
	pid_t pid = start_child(5, 0);
	int wait_status = 0;

	assert_int_equal(loop_child_new(f->loop, pid, on_child, f, &f->child, &err), 0);
	loop_child_free(f->child);
	f->child = NULL;
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	assert_int_equal(WEXITSTATUS(wait_status), 5);
	assert_int_equal(loop_step(f->loop, 0, &err), 0);
	assert_int_equal(f->calls, 0);
}

static void test_watchdog_is_answered_while_the_loop_runs(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/test_loop.XXXXXX", pid[16], message[64] = "";

	assert_non_null(mkdtemp(folder));
	assert_true(snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", folder) > 0);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_true(snprintf(pid, sizeof(pid), "%d", (int)getpid()) > 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	setenv("WATCHDOG_USEC", "40000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	loop_watchdog(f->loop);

	int64_t give_up_ms = clock_mono_ms() + GIVE_UP_MS;
	for (unsigned seen = 0; seen < 3 && clock_mono_ms() < give_up_ms;) {
		assert_int_equal(loop_step(f->loop, 1000, &err), 0);
		while (recv(fd, message, sizeof(message) - 1, 0) > 0)
			seen += strcmp(message, "WATCHDOG=1") == 0;
	}
	assert_string_equal(message, "WATCHDOG=1");
	assert_true(clock_mono_ms() < give_up_ms);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	close(fd);
	unlink(address.sun_path);
	rmdir(folder);
}

static void test_freeing_nothing_is_allowed(void **state)
{
	(void)state;
	loop_free(NULL);
	loop_io_free(NULL);
	loop_timer_free(NULL);
	loop_child_free(NULL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_quit_before_run_ends_it_at_once_and_only_once),
		TEST(test_step_without_events_ends_after_its_time),
		TEST(test_timer_is_made_disarmed_and_fires_once),
		TEST(test_timer_is_moved_and_disarmed),
		TEST(test_timers_fire_in_the_order_of_their_times),
		TEST(test_timer_rearms_and_frees_itself),
		TEST(test_io_reports_the_events_that_are_asked_for),
		TEST(test_io_frees_itself),
		TEST(test_io_on_what_cannot_be_watched_is_an_error),
		TEST(test_signal_is_taken_in_the_loop),
		TEST(test_child_is_reported_once_and_reaped),
		TEST(test_child_freed_before_its_end_is_left_to_the_caller),
		TEST(test_watchdog_is_answered_while_the_loop_runs),
		TEST(test_freeing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
