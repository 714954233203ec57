#ifndef VIDEOD_TESTS_CHILDREN_H
#define VIDEOD_TESTS_CHILDREN_H

/* Short shell scripts as children of a loop, and what became of them. */

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/io/proc.h"

#define DEADLINE_MS 20000
#define GIVE_UP_MS  20000
#define OUT_MAX     65536

struct child_fixture {
	struct loop *loop;
	struct proc *proc;
	int64_t begun_ms; /* when the last script was, by clock_mono_ms() */
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

extern struct err child_err;

/* Of each test. The latter sees that no child is left. */
int children_set_up(void **state);
int children_tear_down(void **state);
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, children_set_up, children_tear_down)

void child_done(const struct proc_result *r, void *arg);
void child_line(const char *line, void *arg);
/* A script, or spec.argv where that is set; run waits for its end, the result is valid until the next. */
void child_start(struct child_fixture *f, struct proc_spec spec, const char *script);
const struct proc_result *child_run(struct child_fixture *f, struct proc_spec spec, const char *script);

/* Where one must be seen to die it holds a pipe, whose end of file tells. */
void make_life_line(struct child_fixture *f);
void drop_life_line(struct child_fixture *f);
void wait_for_death(struct child_fixture *f);

#endif
