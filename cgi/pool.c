/*
 * The pool. The parent holds the socket and its responders' process ids and does nothing but wait: for a
 * child's end, for the time to start the next, or for the signal to end. All signals are taken at that one
 * place (sigtimedwait), so none is lost and no handler is needed. A responder dies with its parent.
 */
#include "cgi/pool.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/macros.h"

#define POOL_BACKLOG 512

struct slot {
	pid_t pid;      /* 0: none is running */
	int64_t due_ms; /* when the next is started, while none is running */
};

struct pool {
	struct slot slots[POOL_MAX];
	unsigned size;
	sigset_t signals;  /* taken by the parent */
	sigset_t original; /* what a responder starts with */
};

static int address(const char *path, struct sockaddr_un *ret_address, struct err *e)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(e, ERR_PERM, "%s: longer than a socket's path can be (%zu bytes)", path,
			sizeof(a.sun_path) - 1);
	memcpy(a.sun_path, path, strlen(path));
	*ret_address = a;
	return 0;
}

/* Removes what an earlier run left. Anything but a socket, or one that somebody answers at, is left alone. */
static int remove_stale(const char *path, const struct sockaddr_un *at, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_set_errno(e, ERR_PERM, errno, "%s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_PERM, "%s: exists and is not a socket", path);

	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_set_errno(e, ERR_TEMP, errno, "socket");
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 || errno == EAGAIN)
		return err_set(e, ERR_PERM, "%s: somebody listens there already", path);
	if (errno != ECONNREFUSED)
		return err_set_errno(e, ERR_PERM, errno, "%s", path);
	return unlink(path) < 0 ? err_set_errno(e, ERR_PERM, errno, "%s", path) : 0;
}

static int open_socket(const char *path, int *ret_fd, struct err *e)
{
	struct sockaddr_un at;

	if (address(path, &at, e) < 0 || remove_stale(path, &at, e) < 0)
		return -1;

	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set_errno(e, ERR_TEMP, errno, "socket");
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, POOL_BACKLOG) < 0)
		return err_set_errno(e, ERR_PERM, errno, "%s", path);
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* Ours only: another pool may have replaced it meanwhile. */
static void remove_socket(const char *path, const struct stat *ours)
{
	struct stat now;

	if (lstat(path, &now) == 0 && now.st_dev == ours->st_dev && now.st_ino == ours->st_ino)
		(void)unlink(path);
}

/* True in the new responder. */
static bool start_one(const struct pool *p, struct slot *s)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0) {
		log_warning("cannot start a responder", log_text("error", strerror(errno)));
		s->due_ms = clock_mono_ms() + POOL_RESTART_MS;
		return false;
	}
	if (pid > 0) {
		s->pid = pid;
		return false;
	}

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) /* gone before the line above */
		_exit(0);
	(void)sigprocmask(SIG_SETMASK, &p->original, NULL);
	return true;
}

/* Starts what is due; true in a new responder. *ret_wait_ms: until the next is due, -1 none is. */
static bool start_due(struct pool *p, int64_t *ret_wait_ms)
{
	int64_t now = clock_mono_ms();

	*ret_wait_ms = -1;
	for (unsigned i = 0; i < p->size; i++) {
		struct slot *s = &p->slots[i];

		if (!s->pid && s->due_ms <= now && start_one(p, s))
			return true;
		if (!s->pid && (*ret_wait_ms < 0 || s->due_ms - now < *ret_wait_ms))
			*ret_wait_ms = s->due_ms > now ? s->due_ms - now : 0;
	}
	return false;
}

static void reap(struct pool *p, bool expected)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned i = 0; i < p->size; i++) {
			if (p->slots[i].pid == pid)
				p->slots[i] = (struct slot){.due_ms = clock_mono_ms() + POOL_RESTART_MS};
		}
		if (!expected)
			log_warning("a responder ended", log_number("pid", pid),
				log_number("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
				log_number("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
	}
}

/* The next signal, or 0 after wait_ms (-1: no limit). */
static int wait_signal(const struct pool *p, int64_t wait_ms)
{
	struct timespec limit = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
	int signo = wait_ms < 0 ? sigwaitinfo(&p->signals, NULL) : sigtimedwait(&p->signals, NULL, &limit);

	return signo > 0 ? signo : 0;
}

static unsigned signal_all(const struct pool *p, int signo)
{
	unsigned running = 0;

	for (unsigned i = 0; i < p->size; i++) {
		if (!p->slots[i].pid)
			continue;
		running++;
		(void)kill(p->slots[i].pid, signo);
	}
	return running;
}

static void stop_all(struct pool *p)
{
	int64_t deadline_ms = clock_mono_ms() + POOL_STOP_MS;

	for (unsigned running = signal_all(p, SIGTERM); running > 0; running = signal_all(p, 0)) {
		int64_t left_ms = deadline_ms - clock_mono_ms();

		if (left_ms <= 0)
			(void)signal_all(p, SIGKILL);
		(void)wait_signal(p, left_ms > 0 ? left_ms : POOL_STOP_MS);
		reap(p, true);
	}
}

/* 0 in a responder, 1 in the parent at the end. */
static int supervise(struct pool *p)
{
	for (;;) {
		int64_t wait_ms;

		if (start_due(p, &wait_ms))
			return 0;
		switch (wait_signal(p, wait_ms)) {
		case SIGCHLD:
			reap(p, false);
			break;
		case SIGTERM:
		case SIGINT:
			stop_all(p);
			return 1;
		}
	}
}

int pool_run(const char *path, unsigned size, int *ret_fd, struct err *e)
{
	struct pool p = {.size = size};
	struct stat ours;
	AUTO_CLOSE int fd = -1;

	assert(size >= 1 && size <= POOL_MAX);
	if (open_socket(path, &fd, e) < 0)
		return -1;
	if (lstat(path, &ours) < 0)
		return err_set_errno(e, ERR_PERM, errno, "%s", path);

	sigemptyset(&p.signals);
	sigaddset(&p.signals, SIGCHLD);
	sigaddset(&p.signals, SIGTERM);
	sigaddset(&p.signals, SIGINT);
	if (sigprocmask(SIG_BLOCK, &p.signals, &p.original) < 0)
		return err_set_errno(e, ERR_PERM, errno, "sigprocmask");

	log_info("listening", log_text("socket", path), log_number("responders", size));
	if (supervise(&p) == 0) {
		*ret_fd = steal_fd(&fd);
		return 0;
	}
	remove_socket(path, &ours);
	return 1;
}
