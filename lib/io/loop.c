/*
 * The event loop on sd-event(3). Each source wraps one sd_event_source; a wrapper's callback touches nothing
 * of its own after the user's function was called, so that a source may be freed inside its own callback.
 *
 * Children are watched through a pidfd of our own. The user's function runs while the child is still a
 * zombie: its process group can then be signalled without the risk that the number belongs to somebody else
 * by now.
 */

#include "lib/io/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-event.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"

#define USEC_PER_MSEC       1000u
#define USEC_PER_SEC        1000000u
#define NSEC_PER_USEC       1000
#define TIMER_ACCURACY_USEC USEC_PER_MSEC /* sd-event's own choice would be 250 ms */

struct loop {
	sd_event *event;
	bool quit;
};

struct loop_signal {
	loop_fn *fn;
	void *arg;
};

struct loop_io {
	sd_event_source *source;
	loop_io_fn *fn;
	void *arg;
};

struct loop_timer {
	sd_event_source *source;
	loop_fn *fn;
	void *arg;
};

struct loop_child {
	sd_event_source *source; /* of pidfd; NULL once the child has ended */
	int pidfd;
	pid_t pid;
	bool *ret_freed; /* tells the callback that is running that it was freed meanwhile */
	loop_child_fn *fn;
	void *arg;
};

static enum err_kind kind_of(int error)
{
	return error == ENOMEM || error == EMFILE || error == ENFILE || error == ENOSPC ? ERR_TEMP : ERR_PERM;
}

/* Far beyond any deadline, and small enough to be added to the clock. */
static uint64_t usec_of_ms(int64_t ms)
{
	const int64_t max_ms = INT64_C(1000) * 365 * 24 * 3600 * 10;

	if (ms <= 0)
		return 0;
	return (uint64_t)(ms < max_ms ? ms : max_ms) * USEC_PER_MSEC;
}

static int fail(struct err *e, int error, const char *what)
{
	return err_set_errno(e, kind_of(error), error, "%s", what);
}

int loop_new(struct loop **ret_loop, struct err *e)
{
	sd_event *event = NULL;
	int r = sd_event_new(&event);
	if (r < 0)
		return fail(e, -r, "event loop");

	/* Whoever started us may have ignored it, and then nobody could wait for a child. */
	(void)signal(SIGCHLD, SIG_DFL);

	struct loop *l = xcalloc(1, sizeof(*l));
	l->event = event;
	*ret_loop = l;
	return 0;
}

void loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	sd_event_unref(l->event);
	free(l);
}

int loop_run(struct loop *l, struct err *e)
{
	while (!l->quit) {
		int r = sd_event_run(l->event, UINT64_MAX);
		if (r < 0)
			return fail(e, -r, "event loop");
	}
	l->quit = false;
	return 0;
}

int loop_step(struct loop *l, int64_t timeout_ms, struct err *e)
{
	int r = sd_event_run(l->event, usec_of_ms(timeout_ms));
	return r < 0 ? fail(e, -r, "event loop") : 0;
}

void loop_quit(struct loop *l)
{
	l->quit = true;
}

void loop_watchdog(struct loop *l)
{
	(void)sd_event_set_watchdog(l->event, true); /* without one the service simply is not watched */
}

static int on_signal(sd_event_source *s UNUSED, const struct signalfd_siginfo *si UNUSED, void *userdata)
{
	struct loop_signal *sig = userdata;

	sig->fn(sig->arg);
	return 0;
}

int loop_on_signal(struct loop *l, int signo, loop_fn *fn, void *arg, struct err *e)
{
	sigset_t set;
	sd_event_source *source = NULL;

	sigemptyset(&set);
	sigaddset(&set, signo);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return fail(e, errno, "block a signal");

	struct loop_signal *sig = xcalloc(1, sizeof(*sig));
	*sig = (struct loop_signal){.fn = fn, .arg = arg};
	int r = sd_event_add_signal(l->event, &source, signo, on_signal, sig);
	if (r < 0) {
		free(sig);
		return fail(e, -r, "watch a signal");
	}

	/* It lives as long as the loop, and the loop frees both. */
	(void)sd_event_source_set_destroy_callback(source, free);
	(void)sd_event_source_set_floating(source, true);
	sd_event_source_unref(source);
	return 0;
}

static int on_io(sd_event_source *s UNUSED, int fd, uint32_t revents, void *userdata)
{
	struct loop_io *io = userdata;

	io->fn(fd, revents, io->arg);
	return 0;
}

int loop_io_new(struct loop *l, int fd, uint32_t epoll_events, loop_io_fn *fn, void *arg,
	struct loop_io **ret_io, struct err *e)
{
	struct loop_io *io = xcalloc(1, sizeof(*io));
	*io = (struct loop_io){.fn = fn, .arg = arg};
	int r = sd_event_add_io(l->event, &io->source, fd, epoll_events, on_io, io);
	if (r < 0) {
		free(io);
		return fail(e, -r, "watch a descriptor");
	}
	*ret_io = io;
	return 0;
}

void loop_io_set(struct loop_io *io, uint32_t epoll_events)
{
	int r = sd_event_source_set_io_events(io->source, epoll_events);
	assert(r >= 0); /* only a descriptor that was closed before its source makes it fail */
}

void loop_io_free(struct loop_io *io)
{
	if (io == NULL)
		return;
	sd_event_source_disable_unref(io->source);
	free(io);
}

static int on_timer(sd_event_source *s UNUSED, uint64_t usec UNUSED, void *userdata)
{
	struct loop_timer *t = userdata;

	t->fn(t->arg);
	return 0;
}

int loop_timer_new(struct loop *l, loop_fn *fn, void *arg, struct loop_timer **ret_timer, struct err *e)
{
	struct loop_timer *t = xcalloc(1, sizeof(*t));
	*t = (struct loop_timer){.fn = fn, .arg = arg};
	int r = sd_event_add_time(
		l->event, &t->source, CLOCK_MONOTONIC, UINT64_MAX, TIMER_ACCURACY_USEC, on_timer, t);
	if (r < 0) {
		free(t);
		return fail(e, -r, "timer");
	}
	loop_timer_disarm(t);
	*ret_timer = t;
	return 0;
}

/* Not sd_event_now(): that is when this round of events began, and a callback may have taken its time since.
 */
static uint64_t now_usec(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / NSEC_PER_USEC;
}

void loop_timer_arm(struct loop_timer *t, int64_t delay_ms)
{
	int r = sd_event_source_set_time(t->source, now_usec() + usec_of_ms(delay_ms));
	assert(r >= 0);
	r = sd_event_source_set_enabled(t->source, SD_EVENT_ONESHOT);
	assert(r >= 0);
}

void loop_timer_disarm(struct loop_timer *t)
{
	int r = sd_event_source_set_enabled(t->source, SD_EVENT_OFF);
	assert(r >= 0);
}

void loop_timer_free(struct loop_timer *t)
{
	if (t == NULL)
		return;
	sd_event_source_disable_unref(t->source);
	free(t);
}

static int wait_status_of(const siginfo_t *si)
{
	if (si->si_code == CLD_EXITED)
		return W_EXITCODE(si->si_status, 0);
	return W_EXITCODE(0, si->si_status) | (si->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

static void reap(const struct loop_child *c)
{
	siginfo_t si = {0};

	(void)waitid(P_PIDFD, (id_t)c->pidfd, &si, WEXITED | WNOHANG);
}

static int on_child(sd_event_source *s UNUSED, int fd UNUSED, uint32_t revents UNUSED, void *userdata)
{
	struct loop_child *c = userdata;
	siginfo_t si = {0};
	bool freed = false;

	if (waitid(P_PIDFD, (id_t)c->pidfd, &si, WEXITED | WNOHANG | WNOWAIT) < 0)
		si = (siginfo_t){
			.si_code = CLD_KILLED, .si_status = SIGKILL}; /* somebody else took its status */

	c->source = sd_event_source_disable_unref(c->source);
	c->ret_freed = &freed;
	c->fn(c->pid, wait_status_of(&si), c->arg);
	if (!freed) {
		c->ret_freed = NULL;
		reap(c);
	}
	return 0;
}

int loop_child_new(
	struct loop *l, pid_t pid, loop_child_fn *fn, void *arg, struct loop_child **ret_child, struct err *e)
{
	AUTO_CLOSE int pidfd = pidfd_open(pid, 0); /* close-on-exec by itself */
	if (pidfd < 0)
		return fail(e, errno, "watch a child");

	struct loop_child *c = xcalloc(1, sizeof(*c));
	*c = (struct loop_child){.pid = pid, .fn = fn, .arg = arg};
	int r = sd_event_add_io(l->event, &c->source, pidfd, EPOLLIN, on_child, c);
	if (r < 0) {
		free(c);
		return fail(e, -r, "watch a child");
	}
	c->pidfd = steal_fd(&pidfd);
	*ret_child = c;
	return 0;
}

void loop_child_free(struct loop_child *c)
{
	if (c == NULL)
		return;
	if (c->ret_freed != NULL) {
		*c->ret_freed = true;
		reap(c);
	}
	sd_event_source_disable_unref(c->source);
	(void)close(c->pidfd);
	free(c);
}
