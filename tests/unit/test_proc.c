/* Children: how they end, what is reported of them, and that nothing outlives its proc. */

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
	struct child_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(end_cases); i++) {
		const struct end_case *c = &end_cases[i];
		const struct proc_result *r =
			child_run(f, (struct proc_spec){.out_max_bytes = OUT_MAX}, c->script);
		if (r->ok != c->ok || r->exit_code != c->exit_code || r->signo != c->signo || r->timed_out ||
			strcmp(r->out, c->out) != 0 || strcmp(r->err_tail, c->err_tail) != 0)
			fail_msg("%s: ok %d exit %d signal %d out '%s' err '%s'", c->title, r->ok,
				r->exit_code, r->signo, r->out, r->err_tail);
		assert_int_equal(f->done_calls, 1);
	}
}

static void test_deadline_ends_a_child_with_sigterm(void **state)
{
	struct child_fixture *f = *state;
	const struct proc_result *r = child_run(f, (struct proc_spec){.deadline_ms = 50}, "exec sleep 100");

	assert_true(r->timed_out);
	assert_false(r->ok);
	assert_int_equal(r->signo, SIGTERM);
}

/*
 * Runs a script that says "ready" when its deadline may come. Where that came first, as it does on a machine
 * that stands still for a while, the script gets more time. *spec is left as it was at last.
 */
static const struct proc_result *run_until_ready(
	struct child_fixture *f, struct proc_spec *spec, const char *script)
{
	spec->on_line = child_line;
	for (spec->deadline_ms = 200; spec->deadline_ms < DEADLINE_MS; spec->deadline_ms *= 8) {
		const struct proc_result *r = child_run(f, *spec, script);
		if (strcmp(buf_text(&f->lines), "[ready]") == 0)
			return r;
	}
	fail_msg("never ready: %s", script);
	return NULL;
}

static void test_deadline_kills_a_child_that_ignores_sigterm(void **state)
{
	struct child_fixture *f = *state;
	struct proc_spec spec = {.grace_ms = 100};
	const struct proc_result *r =
		run_until_ready(f, &spec, "trap '' TERM; echo ready; while :; do sleep 100; done");

	assert_true(r->timed_out);
	assert_int_equal(r->signo, SIGKILL);
	assert_true(clock_mono_ms() - f->begun_ms >= spec.deadline_ms + spec.grace_ms - 1);
}

static void test_an_exit_of_zero_after_the_deadline_is_no_success(void **state)
{
	struct child_fixture *f = *state;
	struct proc_spec spec = {.grace_ms = GIVE_UP_MS};
	const struct proc_result *r =
		run_until_ready(f, &spec, "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done");

	assert_int_equal(r->exit_code, 0);
	assert_true(r->timed_out);
	assert_false(r->ok);
}

static void test_stop_is_asked_for_and_done_still_called(void **state)
{
	struct child_fixture *f = *state;

	f->stop_at_line = true;
	const struct proc_result *r = child_run(f, (struct proc_spec){.on_line = child_line, .grace_ms = 50},
		"trap '' TERM; echo ready; while :; do sleep 100; done");
	assert_false(r->ok);
	assert_false(r->timed_out);
	assert_int_equal(r->signo, SIGKILL);
	assert_int_equal(f->done_calls, 1);
}

/* The end of file of a life line is the death of everybody who held its other end. */
static const struct group_case {
	const char *title, *script; /* $0 is the life line */
	bool timed_out;
} group_cases[] = {
	{"grandchildren die when the child ends", "exec 3>$0; sleep 100 & sleep 100 & exit 0", false},
	{"those that ignore SIGTERM too", "exec 3>$0; (trap '' TERM; sleep 100; sleep 100) & exit 0", false},
	{"grandchildren die with the deadline", "exec 3>$0; sleep 100 & echo ready; sleep 100", true},
	{"a grandchild that never stops writing", "exec 3>$0; yes & yes >&2 & exit 0", false},
};

static void test_the_whole_group_dies(void **state)
{
	struct child_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(group_cases); i++) {
		const struct group_case *c = &group_cases[i];
		print_message("case: %s\n", c->title);
		make_life_line(f);
		struct proc_spec spec = {0};
		const struct proc_result *r =
			c->timed_out ? run_until_ready(f, &spec, c->script) : child_run(f, spec, c->script);
		assert_int_equal(r->timed_out, c->timed_out);
		wait_for_death(f);
		drop_life_line(f);
	}
}

/* It makes a session of its own, keeps our standard output, and tells its pid so that we can end it. */
static void test_a_grandchild_outside_the_group_cannot_hold_us(void **state)
{
	struct child_fixture *f = *state;
	int64_t before_ms = clock_mono_ms();
	const struct proc_result *r = child_run(f, (struct proc_spec){.out_max_bytes = OUT_MAX},
		"exec 3>&1; { setsid sh -c 'echo $$; exec sleep 100' & } | head -n 1 | tr -d '\\n'");

	assert_true(r->ok);
	assert_true(clock_mono_ms() - before_ms < GIVE_UP_MS);
	int64_t escaped = 0;
	assert_true(text_to_i64(r->out, 2, INT32_MAX, &escaped));
	assert_int_equal(kill((pid_t)escaped, SIGKILL), 0);
}

static void test_output_beyond_its_limit_is_a_failure_and_stops_it(void **state)
{
	struct child_fixture *f = *state;
	const struct proc_result *r =
		child_run(f, (struct proc_spec){.out_max_bytes = 10000}, "exec yes 0123456789");

	assert_false(r->ok);
	assert_false(r->timed_out);
	assert_int_equal(r->signo, SIGTERM);
	assert_int_equal(r->out_len, 10000);
	assert_memory_equal(r->out, "0123456789\n0123456789\n", 22);

	r = child_run(f, (struct proc_spec){.out_max_bytes = 5}, "printf 12345");
	assert_true(r->ok);
	assert_string_equal(r->out, "12345");
	r = child_run(f, (struct proc_spec){.out_max_bytes = 4}, "printf 12345");
	assert_false(r->ok);
	assert_int_equal(r->exit_code == 0 || r->signo == SIGTERM, 1);
	assert_string_equal(r->out, "1234");
}

static void test_large_output_is_read_whole_or_discarded(void **state)
{
	struct child_fixture *f = *state;
	const char *script = "head -c 500000 /dev/zero | tr '\\0' x";
	const struct proc_result *r = child_run(f, (struct proc_spec){.out_max_bytes = 500000}, script);

	assert_true(r->ok);
	assert_int_equal(r->out_len, 500000);
	r = child_run(f, (struct proc_spec){.out_max_bytes = 0}, script);
	assert_true(r->ok);
	assert_int_equal(r->out_len, 0);
}

static void test_the_end_of_standard_error_is_kept(void **state)
{
	struct child_fixture *f = *state;
	const struct proc_result *r = child_run(f, (struct proc_spec){.out_max_bytes = 0},
		"i=0; while [ $i -lt 3000 ]; do echo line $i >&2; i=$((i+1)); done; echo the end >&2");

	assert_true(r->ok);
	assert_true(strlen(r->err_tail) <= PROC_STDERR_TAIL && strlen(r->err_tail) > PROC_STDERR_TAIL - 16);
	assert_string_equal(r->err_tail + strlen(r->err_tail) - 17, "line 2999\nthe end");
	r = child_run(
		f, (struct proc_spec){.out_max_bytes = 0}, "head -c 100000 /dev/zero >&2; printf abc >&2");
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
	struct child_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(line_cases); i++) {
		const struct line_case *c = &line_cases[i];
		(void)child_run(f, (struct proc_spec){.on_line = child_line}, c->script);
		if (strcmp(buf_text(&f->lines), c->lines) != 0)
			fail_msg("%s: %s", c->title, buf_text(&f->lines));
	}
}

static void test_a_long_line_is_cut_and_the_next_is_whole(void **state)
{
	struct child_fixture *f = *state;

	(void)child_run(f, (struct proc_spec){.on_line = child_line},
		"head -c 100000 /dev/zero | tr '\\0' x; echo; echo next");
	assert_int_equal(f->line_calls, 2);
	assert_int_equal(strspn(buf_text(&f->lines) + 1, "x"), 1023);
	assert_string_equal(buf_text(&f->lines) + 1024, "][next]");
}

static void test_free_kills_at_once_and_calls_nothing(void **state)
{
	struct child_fixture *f = *state;
	char c;

	make_life_line(f);
	child_start(f, (struct proc_spec){.on_line = child_line, .grace_ms = 3 * GIVE_UP_MS},
		"trap '' TERM; exec 3>$0; sleep 100 & printf x >&3; echo; wait");
	struct pollfd p = {.fd = f->life_fd, .events = POLLIN};
	assert_int_equal(poll(&p, 1, GIVE_UP_MS), 1); /* it has set its trap and started the other */
	assert_int_equal(read(f->life_fd, &c, 1), 1);
	int64_t before_ms = clock_mono_ms();
	pid_t pid = proc_pid(f->proc);
	assert_int_equal(getpgid(pid), pid);
	proc_free(f->proc);
	assert_true(clock_mono_ms() - before_ms < GIVE_UP_MS); /* and not after the grace */
	assert_int_equal(kill(pid, 0), -1);
	wait_for_death(f);
	assert_int_equal(loop_step(f->loop, 10, &child_err), 0);
	assert_int_equal(f->done_calls, 0);
	assert_int_equal(f->line_calls, 0);
	proc_free(NULL);
}

static void test_free_inside_its_callbacks(void **state)
{
	struct child_fixture *f = *state;

	f->free_in_callback = true;
	child_start(f, (struct proc_spec){.on_line = child_line}, "echo one; echo two; exec sleep 100");
	assert_int_equal(loop_run(f->loop, &child_err), 0);
	assert_int_equal(loop_step(f->loop, 0, &child_err), 0);
	assert_int_equal(f->line_calls, 1);
	assert_int_equal(f->done_calls, 0);
	(void)child_run(f, (struct proc_spec){.out_max_bytes = 0}, ":");
	assert_int_equal(f->done_calls, 1);
}

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
