/* Children for the tests of proc: each is one shell script, whose end the fixture keeps. */
#include "tests/unit/children.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/macros.h"
#include "lib/io/loop.h"

struct err child_err;

int children_set_up(void **state)
{
	static struct child_fixture f;

	f = (struct child_fixture){.out = BUF_INIT(1 << 20),
		.tail = BUF_INIT(1 << 16),
		.lines = BUF_INIT(1 << 20),
		.life_fd = -1};
	assert_int_equal(loop_new(&f.loop, &child_err), 0);
	*state = &f;
	return 0;
}

void drop_life_line(struct child_fixture *f)
{
	if (f->life_fd >= 0) {
		close(steal_fd(&f->life_fd));
		(void)unlink(f->life_path);
	}
}

int children_tear_down(void **state)
{
	struct child_fixture *f = *state;

	loop_free(f->loop);
	buf_done(&f->out);
	buf_done(&f->tail);
	buf_done(&f->lines);
	drop_life_line(f);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left, not even a zombie */
	assert_int_equal(errno, ECHILD);
	return 0;
}

void child_done(const struct proc_result *r, void *arg)
{
	struct child_fixture *f = arg;

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

void child_line(const char *line, void *arg)
{
	struct child_fixture *f = arg;

	f->line_calls++;
	buf_addf(&f->lines, "[%s]", line);
	if (f->stop_at_line)
		proc_stop(f->proc);
	else if (f->free_in_callback) {
		proc_free(f->proc);
		loop_quit(f->loop);
	}
}

void child_start(struct child_fixture *f, struct proc_spec spec, const char *script)
{
	const char *const argv[] = {"sh", "-c", script, f->life_path, NULL};

	spec.argv = spec.argv != NULL ? spec.argv : argv;
	spec.deadline_ms = spec.deadline_ms > 0 ? spec.deadline_ms : DEADLINE_MS;
	f->begun_ms = clock_mono_ms();
	if (proc_start(f->loop, &spec, child_done, f, &f->proc, &child_err) < 0)
		fail_msg("%s: %s", script, child_err.text);
	assert_int_equal(f->done_calls, 0);
}

const struct proc_result *child_run(struct child_fixture *f, struct proc_spec spec, const char *script)
{
	buf_clear(&f->out);
	buf_clear(&f->tail);
	buf_clear(&f->lines);
	f->done_calls = 0;
	child_start(f, spec, script);
	assert_int_equal(loop_run(f->loop, &child_err), 0);
	return &f->result;
}

void make_life_line(struct child_fixture *f)
{
	assert_true(
		snprintf(f->life_path, sizeof(f->life_path), "/tmp/test_proc.%d.fifo", (int)getpid()) > 0);
	(void)unlink(f->life_path);
	assert_int_equal(mkfifo(f->life_path, 0600), 0);
	f->life_fd = open(f->life_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(f->life_fd >= 0);
}

void wait_for_death(struct child_fixture *f)
{
	struct pollfd p = {.fd = f->life_fd, .events = POLLIN};
	char c;

	assert_int_equal(poll(&p, 1, GIVE_UP_MS), 1);
	assert_int_equal(read(f->life_fd, &c, 1), 0);
}
