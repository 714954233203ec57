#ifndef VIDEOD_IO_LOOP_H
#define VIDEOD_IO_LOOP_H

/*
 * The daemon's one event loop (sd-event). Callbacks run one at a time and must not block longer than a small
 * part of the lease. Sources are owned by who adds them and are freed before the loop; freeing one inside its
 * own callback is allowed.
 */

#include <stdint.h>
#include <sys/types.h>

#include "lib/base/macros.h"

struct err;
struct loop;
struct loop_io;
struct loop_timer;
struct loop_child;

typedef void loop_io_fn(int fd, uint32_t epoll_events, void *arg);
typedef void loop_fn(void *arg);
typedef void loop_child_fn(pid_t pid, int wait_status, void *arg); /* wait_status as waitpid(2) gives it */

int loop_new(struct loop **ret_loop, struct err *e);
void loop_free(struct loop *l);
DEFINE_FREEP(loop)
int loop_run(struct loop *l, struct err *e); /* until loop_quit; 0, or -1 */
/* At most one event; 0 also when none came in time. */
int loop_step(struct loop *l, int64_t timeout_ms, struct err *e);
void loop_quit(struct loop *l);
/* Answers systemd's watchdog (WatchdogSec=), so that a stuck loop is seen. No-op without one. */
void loop_watchdog(struct loop *l);

/* Calls fn once per signal received. signo is blocked in this process, but not in proc's children. */
int loop_on_signal(struct loop *l, int signo, loop_fn *fn, void *arg, struct err *e);

int loop_io_new(struct loop *l, int fd, uint32_t epoll_events, loop_io_fn *fn, void *arg,
	struct loop_io **ret_io, struct err *e); /* fd stays the caller's */
void loop_io_set(struct loop_io *io, uint32_t epoll_events);
void loop_io_free(struct loop_io *io);
DEFINE_FREEP(loop_io)

/* A one-shot timer, made disarmed. */
int loop_timer_new(struct loop *l, loop_fn *fn, void *arg, struct loop_timer **ret_timer, struct err *e);
void loop_timer_arm(struct loop_timer *t, int64_t delay_ms); /* from now; replaces an earlier time */
void loop_timer_disarm(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);
DEFINE_FREEP(loop_timer)

/*
 * Calls fn once when pid ends (pidfd), and reaps it right after: while fn runs it is still a zombie, so that
 * its group can be signalled safely. SIGCHLD must not be ignored: loop_new sees to it.
 */
int loop_child_new(struct loop *l, pid_t pid, loop_child_fn *fn, void *arg, struct loop_child **ret_child,
	struct err *e);
void loop_child_free(struct loop_child *c); /* no longer watched; reaped only if fn was called */
DEFINE_FREEP(loop_child)

#endif
