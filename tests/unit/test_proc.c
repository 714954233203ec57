/*
 * Children: how they end and what is reported, what they are started with, and that nothing outlives its
 * proc. The children are short shell scripts; where one must be seen to die, it holds a pipe whose end of
 * file tells.
 */

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
#include "tests/unit/descriptors.h"

#define DEADLINE_MS 20000
#define GIVE_UP_MS  20000
#define OUT_MAX     65536

struct fixture {
	struct loop *loop;
	struct proc *proc;
	unsigned done_calls;
	struct proc_result result; /* out and err_tail point into the two buffers */
	struct buf out, tail;
	struct buf lines; /* each in brackets */
	unsigned line_calls;
	bool free_in_callback;
	bool stop_at_line;
	int life_fd;        /* end of file when everybody who held the other end is gone */
	char life_path[64]; /* the other end, a fifo; $0 of the scripts */
};

static struct err err;

static int set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){.out = BUF_INIT(1 << 20),
		.tail = BUF_INIT(1 << 16),
		.lines = BUF_INIT(1 << 20),
		.life_fd = -1};
	assert_int_equal(loop_new(&f.loop, &err), 0);
	*state = &f;
	return 0;
}

static void drop_life_line(struct fixture *f)
{
	if (f->life_fd >= 0) {
		close(steal_fd(&f->life_fd));
		(void)unlink(f->life_path);
	}
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	loop_free(f->loop);
	buf_done(&f->out);
	buf_done(&f->tail);
	buf_done(&f->lines);
	drop_life_line(f);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left, not even a zombie */
	assert_int_equal(errno, ECHILD);
	return 0;
}

static void on_done(const struct proc_result *r, void *arg)
{
	struct fixture *f = arg;

	f->done_calls++;
	buf_add(&f->out, r->out, r->out_len);
	buf_adds(&f->tail, r->err_tail);
	f->result = *r;
	f->result.out = buf_text(&f->out);
	f->result.err_tail = buf_text(&f->tail);
	assert_int_equal(strlen(r->out), strnlen(r->out, r->out_len));
	if (f->free_in_callback)
		proc_free(f->proc);
	loop_quit(f->loop);
}

static void on_line(const char *line, void *arg)
{
	struct fixture *f = arg;

	f->line_calls++;
	buf_addf(&f->lines, "[%s]", line);
	if (f->stop_at_line)
		proc_stop(f->proc);
	else if (f->free_in_callback) {
		proc_free(f->proc);
		loop_quit(f->loop);
	}
}

static void start(struct fixture *f, struct proc_spec spec, const char *script)
{
	const char *const argv[] = {"sh", "-c", script, f->life_path, NULL};

	spec.argv = spec.argv != NULL ? spec.argv : argv;
	spec.deadline_ms = spec.deadline_ms > 0 ? spec.deadline_ms : DEADLINE_MS;
	if (proc_start(f->loop, &spec, on_done, f, &f->proc, &err) < 0)
		fail_msg("%s: %s", script, err.text);
	assert_int_equal(f->done_calls, 0);
}

static const struct proc_result *run(struct fixture *f, struct proc_spec spec, const char *script)
{
	buf_clear(&f->out);
	buf_clear(&f->tail);
	buf_clear(&f->lines);
	f->done_calls = 0;
	start(f, spec, script);
	assert_int_equal(loop_run(f->loop, &err), 0);
	return &f->result;
}

static const struct end_case {
	const char *title, *script;
	bool ok;
	int exit_code, signo;
	const char *out, *err_tail;
} end_cases[] = {
	{"success", "echo fine", true, 0, 0, "fine\n", ""},
	{"exit code and both outputs", "echo out; echo why >&2; exit 3", false, 3, 0, "out\n", "why"},
	{"killed by a signal", "kill -SEGV $$", false, -1, SIGSEGV, "", ""},
	{"ended by SIGTERM from elsewhere", "kill -TERM $$", false, -1, SIGTERM, "", ""},
	{"standard input is empty", "cat; echo end", true, 0, 0, "end\n", ""},
	{"closes its output and goes on", "exec >&- 2>&-; exit 4", false, 4, 0, "", ""},
	{"no output", ":", true, 0, 0, "", ""},
	{"output without an end of line", "printf abc", true, 0, 0, "abc", ""},
	{"printable tail", "printf 'a\\001b\\033[31m\\tc\\r\\nd\\re\\377\\n\\n' >&2", true, 0, 0, "",
		"a?b?[31m c\nd\ne?"},
};

static void test_ends_are_reported(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(end_cases); i++) {
		const struct end_case *c = &end_cases[i];
		const struct proc_result *r = run(f, (struct proc_spec){.out_max_bytes = OUT_MAX}, c->script);
		if (r->ok != c->ok || r->exit_code != c->exit_code || r->signo != c->signo || r->timed_out ||
			strcmp(r->out, c->out) != 0 || strcmp(r->err_tail, c->err_tail) != 0)
			fail_msg("%s: ok %d exit %d signal %d out '%s' err '%s'", c->title, r->ok,
				r->exit_code, r->signo, r->out, r->err_tail);
		assert_int_equal(f->done_calls, 1);
	}
}

static void test_deadline_ends_a_child_with_sigterm(void **state)
{
	struct fixture *f = *state;
	const struct proc_result *r = run(f, (struct proc_spec){.deadline_ms = 50}, "exec sleep 100");

	assert_true(r->timed_out);
	assert_false(r->ok);
	assert_int_equal(r->signo, SIGTERM);
}

static void test_deadline_kills_a_child_that_ignores_sigterm(void **state)
{
	struct fixture *f = *state;
	int64_t before_ms = clock_mono_ms();
	const struct proc_result *r = run(f, (struct proc_spec){.deadline_ms = 200, .grace_ms = 100},
		"trap '' TERM; while :; do sleep 100; done");

	assert_true(r->timed_out);
	assert_int_equal(r->signo, SIGKILL);
	assert_true(clock_mono_ms() - before_ms >= 299);
}

static void test_an_exit_of_zero_after_the_deadline_is_no_success(void **state)
{
	struct fixture *f = *state;
	const struct proc_result *r = run(f, (struct proc_spec){.deadline_ms = 200},
		"trap 'exit 0' TERM; while :; do sleep 0.01; done");

	assert_int_equal(r->exit_code, 0);
	assert_true(r->timed_out);
	assert_false(r->ok);
}

static void test_stop_is_asked_for_and_done_still_called(void **state)
{
	struct fixture *f = *state;

	f->stop_at_line = true;
	const struct proc_result *r = run(f, (struct proc_spec){.on_line = on_line, .grace_ms = 50},
		"trap '' TERM; echo ready; while :; do sleep 100; done");
	assert_false(r->ok);
	assert_false(r->timed_out);
	assert_int_equal(r->signo, SIGKILL);
	assert_int_equal(f->done_calls, 1);
}

/* The end of file of a life line is the death of everybody who held its other end. */
static void make_life_line(struct fixture *f)
{
	assert_true(
		snprintf(f->life_path, sizeof(f->life_path), "/tmp/test_proc.%d.fifo", (int)getpid()) > 0);
	(void)unlink(f->life_path);
	assert_int_equal(mkfifo(f->life_path, 0600), 0);
	f->life_fd = open(f->life_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(f->life_fd >= 0);
}

static void wait_for_death(struct fixture *f)
{
	struct pollfd p = {.fd = f->life_fd, .events = POLLIN};
	char c;

	assert_int_equal(poll(&p, 1, GIVE_UP_MS), 1);
	assert_int_equal(read(f->life_fd, &c, 1), 0);
}

static const struct group_case {
	const char *title, *script; /* $0 is the life line */
	bool timed_out;
} group_cases[] = {
	{"grandchildren die when the child ends", "exec 3>$0; sleep 100 & sleep 100 & exit 0", false},
	{"those that ignore SIGTERM too", "exec 3>$0; (trap '' TERM; sleep 100; sleep 100) & exit 0", false},
	{"grandchildren die with the deadline", "exec 3>$0; sleep 100 & sleep 100", true},
	{"a grandchild that never stops writing", "exec 3>$0; yes & yes >&2 & exit 0", false},
};

static void test_the_whole_group_dies(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(group_cases); i++) {
		const struct group_case *c = &group_cases[i];
		print_message("case: %s\n", c->title);
		make_life_line(f);
		const struct proc_result *r =
			run(f, (struct proc_spec){.deadline_ms = c->timed_out ? 200 : 0}, c->script);
		assert_int_equal(r->timed_out, c->timed_out);
		wait_for_death(f);
		drop_life_line(f);
	}
}

/* It makes a session of its own, keeps our standard output, and tells its pid so that we can end it. */
static void test_a_grandchild_outside_the_group_cannot_hold_us(void **state)
{
	struct fixture *f = *state;
	int64_t before_ms = clock_mono_ms();
	const struct proc_result *r = run(f, (struct proc_spec){.out_max_bytes = OUT_MAX},
		"exec 3>&1; { setsid sh -c 'echo $$; exec sleep 100' & } | head -n 1 | tr -d '\\n'");

	assert_true(r->ok);
	assert_true(clock_mono_ms() - before_ms < GIVE_UP_MS);
	int64_t escaped = 0;
	assert_true(text_to_i64(r->out, 2, INT32_MAX, &escaped));
	assert_int_equal(kill((pid_t)escaped, SIGKILL), 0);
}

static void test_output_beyond_its_limit_is_a_failure_and_stops_it(void **state)
{
	struct fixture *f = *state;
	const struct proc_result *r =
		run(f, (struct proc_spec){.out_max_bytes = 10000}, "exec yes 0123456789");

	assert_false(r->ok);
	assert_false(r->timed_out);
	assert_int_equal(r->signo, SIGTERM);
	assert_int_equal(r->out_len, 10000);
	assert_memory_equal(r->out, "0123456789\n0123456789\n", 22);

	r = run(f, (struct proc_spec){.out_max_bytes = 5}, "printf 12345");
	assert_true(r->ok);
	assert_string_equal(r->out, "12345");
	r = run(f, (struct proc_spec){.out_max_bytes = 4}, "printf 12345");
	assert_false(r->ok);
	assert_int_equal(r->exit_code == 0 || r->signo == SIGTERM, 1);
	assert_string_equal(r->out, "1234");
}

static void test_large_output_is_read_whole_or_discarded(void **state)
{
	struct fixture *f = *state;
	const char *script = "head -c 500000 /dev/zero | tr '\\0' x";
	const struct proc_result *r = run(f, (struct proc_spec){.out_max_bytes = 500000}, script);

	assert_true(r->ok);
	assert_int_equal(r->out_len, 500000);
	r = run(f, (struct proc_spec){.out_max_bytes = 0}, script);
	assert_true(r->ok);
	assert_int_equal(r->out_len, 0);
}

static void test_the_end_of_standard_error_is_kept(void **state)
{
	struct fixture *f = *state;
	const struct proc_result *r = run(f, (struct proc_spec){.out_max_bytes = 0},
		"i=0; while [ $i -lt 3000 ]; do echo line $i >&2; i=$((i+1)); done; echo the end >&2");

	assert_true(r->ok);
	assert_true(strlen(r->err_tail) <= PROC_STDERR_TAIL && strlen(r->err_tail) > PROC_STDERR_TAIL - 16);
	assert_string_equal(r->err_tail + strlen(r->err_tail) - 17, "line 2999\nthe end");
	r = run(f, (struct proc_spec){.out_max_bytes = 0}, "head -c 100000 /dev/zero >&2; printf abc >&2");
	assert_int_equal(strlen(r->err_tail), PROC_STDERR_TAIL);
	assert_string_equal(r->err_tail + PROC_STDERR_TAIL - 5, "??abc");
}

static const struct line_case {
	const char *title, *script, *lines;
} line_cases[] = {
	{"two lines", "printf 'a=1\\nb=2\\n'", "[a=1][b=2]"},
	{"the last without its end", "printf 'a\\nb'", "[a][b]"},
	{"empty lines", "printf '\\n\\nx\\n'", "[][][x]"},
	{"in pieces", "printf ab; sleep 0.05; printf 'c\\nd'; sleep 0.05; printf 'e\\n'", "[abc][de]"},
	{"none", ":", ""},
};

static void test_lines_are_given_as_they_come(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(line_cases); i++) {
		const struct line_case *c = &line_cases[i];
		(void)run(f, (struct proc_spec){.on_line = on_line}, c->script);
		if (strcmp(buf_text(&f->lines), c->lines) != 0)
			fail_msg("%s: %s", c->title, buf_text(&f->lines));
	}
}

static void test_a_long_line_is_cut_and_the_next_is_whole(void **state)
{
	struct fixture *f = *state;

	(void)run(f, (struct proc_spec){.on_line = on_line},
		"head -c 100000 /dev/zero | tr '\\0' x; echo; echo next");
	assert_int_equal(f->line_calls, 2);
	assert_int_equal(strspn(buf_text(&f->lines) + 1, "x"), 1023);
	assert_string_equal(buf_text(&f->lines) + 1024, "][next]");
}

static void test_free_kills_at_once_and_calls_nothing(void **state)
{
	struct fixture *f = *state;
	char c;

	make_life_line(f);
	start(f, (struct proc_spec){.on_line = on_line},
		"trap '' TERM; exec 3>$0; sleep 100 & printf x >&3; echo; wait");
	struct pollfd p = {.fd = f->life_fd, .events = POLLIN};
	assert_int_equal(poll(&p, 1, GIVE_UP_MS), 1); /* it has set its trap and started the other */
	assert_int_equal(read(f->life_fd, &c, 1), 1);
	int64_t before_ms = clock_mono_ms();
	pid_t pid = proc_pid(f->proc);
	assert_int_equal(getpgid(pid), pid);
	proc_free(f->proc);
	assert_true(clock_mono_ms() - before_ms < 1000); /* the grace would be 2000 */
	assert_int_equal(kill(pid, 0), -1);
	wait_for_death(f);
	assert_int_equal(loop_step(f->loop, 10, &err), 0);
	assert_int_equal(f->done_calls, 0);
	assert_int_equal(f->line_calls, 0);
	proc_free(NULL);
}

static void test_free_inside_its_callbacks(void **state)
{
	struct fixture *f = *state;

	f->free_in_callback = true;
	start(f, (struct proc_spec){.on_line = on_line}, "echo one; echo two; exec sleep 100");
	assert_int_equal(loop_run(f->loop, &err), 0);
	assert_int_equal(loop_step(f->loop, 0, &err), 0);
	assert_int_equal(f->line_calls, 1);
	assert_int_equal(f->done_calls, 0);
	(void)run(f, (struct proc_spec){.out_max_bytes = 0}, ":");
	assert_int_equal(f->done_calls, 1);
}

static void test_the_environment_is_clean(void **state)
{
	struct fixture *f = *state;
	const char *const argv[] = {"env", NULL};
	const char *const own[] = {"A=1", "B=two words", NULL};
	char expected[4096];

	setenv("A_SECRET", "of ours", 1);
	const struct proc_result *r =
		run(f, (struct proc_spec){.argv = argv, .out_max_bytes = OUT_MAX}, "env");
	(void)snprintf(expected, sizeof(expected), "PATH=%s\nLC_ALL=C.UTF-8\n", getenv("PATH"));
	assert_string_equal(r->out, expected);
	r = run(f, (struct proc_spec){.argv = argv, .env = own, .out_max_bytes = OUT_MAX}, "env");
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
	struct fixture *f = *state;
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
		run(f, (struct proc_spec){.argv = argv, .out_max_bytes = OUT_MAX}, "cat");
	assert_non_null(strstr(r->out, "SigBlk:\t0000000000000000\n"));
	assert_true(ignores_nothing(r->out));
	r = run(f, (struct proc_spec){.argv = list, .out_max_bytes = OUT_MAX}, "ls");
	assert_string_equal(r->out, "0\n1\n2\n3\n"); /* 3 is the folder that ls reads */

	assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	close(leaky_fd);
}

static void test_folder_and_nice_are_applied(void **state)
{
	struct fixture *f = *state;
	char expected[32];

	errno = 0;
	(void)snprintf(expected, sizeof(expected), "/usr\n%d\n", getpriority(PRIO_PROCESS, 0) + 3);
	const struct proc_result *r = run(
		f, (struct proc_spec){.folder = "/usr", .nice = 3, .out_max_bytes = OUT_MAX}, "pwd; nice");
	assert_string_equal(r->out, expected);
}

static void test_limits_are_applied(void **state)
{
	const struct proc_spec spec = {.out_max_bytes = OUT_MAX,
		.limits = {.memory_bytes = INT64_C(1) << 50, .cpu_sec = 77, .file_bytes = 1024 * 1024}};
	const struct proc_result *r = run(*state, spec, "cat /proc/self/limits");

	assert_non_null(strstr(r->out, "Max cpu time              77                   79 "));
	assert_non_null(strstr(r->out, "Max address space         1125899906842624     1125899906842624 "));
	assert_non_null(strstr(r->out, "Max file size             1048576              1048576 "));
	assert_non_null(strstr(r->out, "Max core file size        0                    0 "));
}

/* A program that computes for ever ends by itself. */
static void test_a_limit_ends_what_goes_beyond_it(void **state)
{
	const struct proc_spec spec = {.out_max_bytes = OUT_MAX, .limits = {.cpu_sec = 1}};
	const struct proc_result *r = run(*state, spec, "while :; do :; done");

	assert_false(r->ok);
	assert_false(r->timed_out);
	assert_int_equal(r->signo, SIGXCPU);
}

static void test_it_starts_from_a_parent_without_standard_files(void **state)
{
	struct fixture *f = *state;
	int saved[3];

	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
		assert_true(saved[fd] >= 0);
		close(fd);
	}
	const struct proc_result *r =
		run(f, (struct proc_spec){.out_max_bytes = OUT_MAX}, "cat; echo out; echo err >&2");
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
	struct fixture f = {.lines = BUF_INIT(100)};
	const char *const argv[] = {
		"sh", "-c", "trap '' TERM HUP; exec 3>$0; echo up; exec sleep 100", life_path, NULL};
	const struct proc_spec spec = {.argv = argv, .deadline_ms = DEADLINE_MS, .on_line = on_line};

	if (loop_new(&f.loop, &err) < 0 || proc_start(f.loop, &spec, on_done, &f, &f.proc, &err) < 0)
		_exit(1);
	while (f.line_calls == 0)
		if (loop_step(f.loop, GIVE_UP_MS, &err) < 0)
			_exit(1);
	if (write(ready_fd, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void test_a_child_dies_with_its_parent(void **state)
{
	struct fixture *f = *state;
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
	struct fixture *f = *state;
	const char *const good[] = {"true", NULL};
	const char *const bad[] = {"/no/such/program", NULL};
	const struct proc_spec bad_spec = {.argv = bad, .deadline_ms = DEADLINE_MS};

	(void)run(f, (struct proc_spec){.argv = good}, "true"); /* the loop makes its one timer descriptor */
	size_t before = descriptors_open();
	for (int i = 0; i < 200; i++) {
		assert_true(run(f, (struct proc_spec){.argv = good, .out_max_bytes = 10}, "true")->ok);
		assert_int_equal(proc_start(f->loop, &bad_spec, on_done, f, &f->proc, &err), -1);
		f->done_calls = 0;
		start(f, (struct proc_spec){.argv = good}, "true");
		proc_free(f->proc);
	}
	assert_int_equal(descriptors_open(), before);
}

static void test_many_at_once(void **state)
{
	struct fixture *f = *state;
	struct fixture many[30];

	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		many[i] = (struct fixture){.loop = f->loop, .out = BUF_INIT(100), .tail = BUF_INIT(100)};
		char script[64];
		(void)snprintf(script, sizeof(script), "printf %zu; exit %zu", i, i);
		start(&many[i], (struct proc_spec){.out_max_bytes = 100}, script);
	}
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		while (many[i].done_calls == 0)
			assert_int_equal(loop_step(f->loop, GIVE_UP_MS, &err), 0);
		assert_int_equal(many[i].result.exit_code, i);
		int64_t printed = -1;
		assert_true(text_to_i64(many[i].result.out, 0, 100, &printed));
		assert_int_equal(printed, i);
		buf_done(&many[i].out);
		buf_done(&many[i].tail);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ends_are_reported),
		TEST(test_deadline_ends_a_child_with_sigterm),
		TEST(test_deadline_kills_a_child_that_ignores_sigterm),
		TEST(test_an_exit_of_zero_after_the_deadline_is_no_success),
		TEST(test_stop_is_asked_for_and_done_still_called),
		TEST(test_the_whole_group_dies),
		TEST(test_a_grandchild_outside_the_group_cannot_hold_us),
		TEST(test_output_beyond_its_limit_is_a_failure_and_stops_it),
		TEST(test_large_output_is_read_whole_or_discarded),
		TEST(test_the_end_of_standard_error_is_kept),
		TEST(test_lines_are_given_as_they_come),
		TEST(test_a_long_line_is_cut_and_the_next_is_whole),
		TEST(test_free_kills_at_once_and_calls_nothing),
		TEST(test_free_inside_its_callbacks),
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
