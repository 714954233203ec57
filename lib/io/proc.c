/*
 * The life of a child process, driven by the loop: its output is read as it comes, a timer ends it, and its
 * end is the end of everything: while the child is still a zombie its whole group is killed, what is left in
 * the pipes is read, and the pipes are closed. So a grandchild that holds a pipe, in the group or not, cannot
 * make us wait.
 *
 * A proc may be freed by its own callbacks: proc_free only notes it then, and the proc goes when they have
 * returned.
 */

#include "lib/io/proc.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "lib/io/spawn_priv.h"

#define DEFAULT_GRACE_MS 2000
#define LINE_MAX_BYTES   1024
#define READ_BYTES       16384

struct stream {
	struct proc *proc;
	int fd; /* the reading end, non-blocking; -1 when closed */
	struct loop_io *io;
	void (*take)(struct proc *p, const char *data, size_t n);
};

struct proc {
	pid_t pid;        /* 0: not started, or reaped */
	int64_t grace_ms; /* from SIGTERM to SIGKILL */
	bool stopping;    /* SIGTERM was sent */
	bool timed_out;   /* by the deadline */
	bool too_much;    /* standard output beyond its limit */
	bool in_callback; /* of the user: proc_free must wait */
	bool freed;       /* proc_free was called in a callback */

	struct stream out, err;
	struct loop_child *child;
	struct loop_timer *timer; /* the deadline, then the grace */

	bool keep_out;
	struct buf kept;             /* of standard output */
	char line[LINE_MAX_BYTES];   /* the line that is not ended yet */
	size_t line_len;             /* the NUL fits behind it */
	char tail[PROC_STDERR_TAIL]; /* the end of standard error */
	size_t tail_len;

	void (*on_line)(const char *line, void *arg);
	proc_done_fn *done;
	void *arg;
};

static enum err_kind kind_of(int error)
{
	return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE ? ERR_TEMP : ERR_PERM;
}

static void signal_group(const struct proc *p, int signo)
{
	/* Never reaped before its group was killed: the number is ours. */
	if (p->pid > 0)
		(void)kill(-p->pid, signo);
}

static void close_stream(struct stream *s)
{
	loop_io_free(s->io);
	s->io = NULL;
	if (s->fd >= 0)
		(void)close(steal_fd(&s->fd));
}

static void destroy(struct proc *p)
{
	loop_timer_free(p->timer);
	loop_child_free(p->child);
	close_stream(&p->out);
	close_stream(&p->err);
	buf_done(&p->kept);
	free(p);
}

static void kill_and_destroy(struct proc *p)
{
	if (p->pid > 0) {
		signal_group(p, SIGKILL);
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	destroy(p);
}

void proc_free(struct proc *p)
{
	if (p == NULL)
		return;
	if (p->in_callback)
		p->freed = true;
	else
		kill_and_destroy(p);
}

static void stop(struct proc *p)
{
	if (p->stopping)
		return;
	p->stopping = true;
	signal_group(p, SIGTERM);
	loop_timer_arm(p->timer, p->grace_ms);
}

void proc_stop(struct proc *p)
{
	stop(p);
}

int proc_pid(const struct proc *p)
{
	return p->pid;
}

static void on_timer(void *arg)
{
	struct proc *p = arg;

	if (p->stopping) {
		signal_group(p, SIGKILL);
		return;
	}
	p->timed_out = true;
	stop(p);
}

static void end_line(struct proc *p)
{
	p->line[p->line_len] = '\0';
	p->line_len = 0;
	p->on_line(p->line, p->arg);
}

static void split_lines(struct proc *p, const char *data, size_t n)
{
	for (size_t i = 0; i < n && !p->freed; i++) {
		if (data[i] == '\n')
			end_line(p);
		else if (p->line_len < sizeof(p->line) - 1)
			p->line[p->line_len++] = data[i]; /* the rest of a long line is left off */
	}
}

static void take_out(struct proc *p, const char *data, size_t n)
{
	if (p->keep_out) {
		size_t room = p->kept.max_bytes - p->kept.len;
		buf_add(&p->kept, data, n < room ? n : room);
		if (n > room) {
			p->too_much = true;
			stop(p); /* it has failed already */
		}
	}
	if (p->on_line != NULL)
		split_lines(p, data, n);
}

static void take_err(struct proc *p, const char *data, size_t n)
{
	if (n > sizeof(p->tail)) {
		data += n - sizeof(p->tail);
		n = sizeof(p->tail);
	}
	size_t keep = sizeof(p->tail) - n < p->tail_len ? sizeof(p->tail) - n : p->tail_len;
	memmove(p->tail, p->tail + p->tail_len - keep, keep);
	memcpy(p->tail + keep, data, n);
	p->tail_len = keep + n;
}

/* Reads once, at most max_bytes. Bytes read; 0 when there is nothing now; -1 at the end, and the stream is
 * closed. */
static ssize_t read_stream(struct stream *s, size_t max_bytes)
{
	char data[READ_BYTES];
	ssize_t n = read(s->fd, data, max_bytes < sizeof(data) ? max_bytes : sizeof(data));
	if (n > 0) {
		s->take(s->proc, data, (size_t)n);
		return n;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	close_stream(s);
	return -1;
}

static void on_readable(int fd UNUSED, uint32_t epoll_events UNUSED, void *arg)
{
	struct stream *s = arg;
	struct proc *p = s->proc;

	p->in_callback = true;
	(void)read_stream(s, READ_BYTES);
	p->in_callback = false;
	if (p->freed)
		kill_and_destroy(p);
}

/* What the child wrote is in the pipe already: reading more would be waiting for somebody else. */
static void drain(struct stream *s)
{
	int left = 0;

	if (s->fd < 0 || ioctl(s->fd, FIONREAD, &left) < 0)
		return;
	while (left > 0 && !s->proc->freed) {
		ssize_t n = read_stream(s, (size_t)left);
		if (n <= 0)
			break;
		left -= (int)n;
	}
}

static char printable(char c)
{
	if (c == '\r' || c == '\n')
		return '\n';
	if (c == '\t')
		return ' ';
	return c < ' ' || c > '~' ? '?' : c;
}

/* ASCII without control characters but for the ends of lines; blanks at the end are left off. */
static void make_printable(const char *s, size_t n, char *out)
{
	while (n > 0 && s[n - 1] >= 0 && s[n - 1] <= ' ')
		n--;
	for (size_t i = 0; i < n; i++)
		if (s[i] != '\r' || i + 1 == n || s[i + 1] != '\n')
			*out++ = printable(s[i]);
	*out = '\0';
}

static void report(struct proc *p, int wait_status)
{
	char tail[PROC_STDERR_TAIL + 1];
	make_printable(p->tail, p->tail_len, tail);

	struct proc_result r = {
		.timed_out = p->timed_out,
		.exit_code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1,
		.signo = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0,
		.out = buf_text(&p->kept),
		.out_len = p->kept.len,
		.err_tail = tail,
	};
	r.ok = r.exit_code == 0 && !p->timed_out && !p->too_much;
	p->done(&r, p->arg);
}

static void on_end(pid_t pid UNUSED, int wait_status, void *arg)
{
	struct proc *p = arg;

	signal_group(p, SIGKILL); /* before the reap: the group is still ours by number */
	loop_child_free(p->child);
	p->child = NULL;
	p->pid = 0;
	loop_timer_disarm(p->timer);

	p->in_callback = true;
	drain(&p->err);
	drain(&p->out);
	close_stream(&p->out);
	close_stream(&p->err);
	if (p->on_line != NULL && p->line_len > 0 && !p->freed)
		end_line(p);
	if (!p->freed)
		report(p, wait_status);
	destroy(p);
}

/* Makes a pipe and watches its reading end. *ret_write_fd is the child's. */
static int open_stream(struct loop *l, struct stream *s, int *ret_write_fd, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set_errno(e, kind_of(errno), errno, "pipe");
	s->fd = fds[0];
	*ret_write_fd = fds[1];
	/* Only our end: the child's is an open file of its own, and programs expect it to block. */
	if (fcntl(s->fd, F_SETFL, O_NONBLOCK) < 0)
		return err_set_errno(e, ERR_PERM, errno, "pipe");
	return loop_io_new(l, s->fd, EPOLLIN, on_readable, s, &s->io, e);
}

static int launch(struct loop *l, const struct proc_spec *spec, struct proc *p, struct err *e)
{
	AUTO_CLOSE int out_fd = -1;
	AUTO_CLOSE int err_fd = -1;

	if (open_stream(l, &p->out, &out_fd, e) < 0 || open_stream(l, &p->err, &err_fd, e) < 0 ||
		loop_timer_new(l, on_timer, p, &p->timer, e) < 0)
		return -1;

	const struct spawn s = {
		.argv = spec->argv,
		.env = spec->env,
		.folder = spec->folder,
		.nice = spec->nice,
		.limits = spec->limits,
		.out_fd = out_fd,
		.err_fd = err_fd,
	};
	if (spawn_start(&s, &p->pid, e) < 0 || loop_child_new(l, p->pid, on_end, p, &p->child, e) < 0)
		return -1;
	loop_timer_arm(p->timer, spec->deadline_ms);
	return 0;
}

int proc_start(struct loop *l, const struct proc_spec *spec, proc_done_fn *done, void *arg,
	struct proc **ret_proc, struct err *e)
{
	assert(spec->argv[0] != NULL && spec->deadline_ms > 0);

	struct proc *p = xcalloc(1, sizeof(*p));
	*p = (struct proc){
		.grace_ms = spec->grace_ms > 0 ? spec->grace_ms : DEFAULT_GRACE_MS,
		.out = {.proc = p, .fd = -1, .take = take_out},
		.err = {.proc = p, .fd = -1, .take = take_err},
		.keep_out = spec->out_max_bytes > 0,
		.kept = BUF_INIT(spec->out_max_bytes),
		.on_line = spec->on_line,
		.done = done,
		.arg = arg,
	};
	if (launch(l, spec, p, e) < 0) {
		kill_and_destroy(p);
		return -1;
	}
	*ret_proc = p;
	return 0;
}
