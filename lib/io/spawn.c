/*
 * fork(2) and execve(2), carefully: everything that allocates or searches is done before the fork, and
 * between fork and exec the child makes system calls only (signal-safety(7)), because a library of ours may
 * have a thread that held a lock. A child that cannot exec says so through a close-on-exec pipe; an end of
 * file there means that the new program runs. All signals are blocked around the fork, so that none of our
 * handlers runs in the child.
 */

#include "lib/io/spawn_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"

#define DEFAULT_PATH  "/usr/local/bin:/usr/bin:/bin"
#define FIRST_FREE_FD (STDERR_FILENO + 1)
#define CPU_GRACE_SEC 2

/* What the child needs, made before the fork. */
struct plan {
	const struct spawn *spawn;
	const char *program; /* argv[0] after the look-up */
	const char *const *env;
	int null_fd;
	int status_fd; /* where a failure is written */
	pid_t parent;
};

/* What a child that could not exec says. */
struct failure {
	int error;
	int step; /* index of the step that failed */
};

static enum err_kind kind_of(int error)
{
	return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE ? ERR_TEMP : ERR_PERM;
}

static int enter_group(const struct plan *p)
{
	/* The parent may have died before prctl(2) was called; then nobody would ever kill us. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != p->parent)
		return -1;
	return setpgid(0, 0);
}

/* exec resets handlers but keeps what is ignored and what is blocked. */
static int reset_signals(const struct plan *p UNUSED)
{
	const struct sigaction normal = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++)
		(void)sigaction(signo, &normal, NULL); /* fails for those that have no other action */
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int add_nice(const struct plan *p)
{
	errno = 0;
	return p->spawn->nice != 0 && nice(p->spawn->nice) == -1 && errno != 0 ? -1 : 0;
}

static int limit(int resource, int64_t most, int64_t grace)
{
	const struct rlimit r = {(rlim_t)most, (rlim_t)(most + grace)};

	return most > 0 ? setrlimit((__rlimit_resource_t)resource, &r) : 0;
}

static int set_limits(const struct plan *p)
{
	const struct proc_limits *l = &p->spawn->limits;
	const struct rlimit no_core = {0, 0};

	/* SIGXCPU first, which says what it is about; at the hard limit it would be SIGKILL */
	if (setrlimit(RLIMIT_CORE, &no_core) < 0 || limit(RLIMIT_AS, l->memory_bytes, 0) < 0 ||
		limit(RLIMIT_CPU, l->cpu_sec, CPU_GRACE_SEC) < 0)
		return -1;
	return limit(RLIMIT_FSIZE, l->file_bytes, 0);
}

static int enter_folder(const struct plan *p)
{
	return p->spawn->folder == NULL ? 0 : chdir(p->spawn->folder);
}

static int connect_stdio(const struct plan *p)
{
	/* Copied out of the way first: a parent that was started without 0, 1 and 2 may have them there. */
	const int from[] = {p->null_fd, p->spawn->out_fd, p->spawn->err_fd};
	int high[ARRAY_LEN(from)];

	for (int i = 0; i < (int)ARRAY_LEN(from); i++)
		if ((high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD)) < 0)
			return -1;
	for (int i = 0; i < (int)ARRAY_LEN(from); i++)
		if (dup2(high[i], i) < 0) /* the copy is not close-on-exec */
			return -1;
	/* Ours are all close-on-exec already; a library's may not be. Linux before 5.11 cannot do it. */
	(void)close_range(FIRST_FREE_FD, UINT_MAX, CLOSE_RANGE_CLOEXEC);
	return 0;
}

/* execve(2) takes char ** for historical reasons and writes nothing. */
static char *const *vector(const char *const *v)
{
	return (char *const *)(uintptr_t)v;
}

static int execute(const struct plan *p)
{
	return execve(p->program, vector(p->spawn->argv), vector(p->env));
}

static const struct {
	const char *name; /* as an error text says it */
	int (*run)(const struct plan *p);
} steps[] = {
	{"own process group", enter_group},
	{"signals", reset_signals},
	{"nice", add_nice},
	{"limits", set_limits},
	{"working folder", enter_folder},
	{"standard files", connect_stdio},
	{"exec", execute},
};

_Noreturn static void run_child(const struct plan *p)
{
	for (int i = 0; i < (int)ARRAY_LEN(steps); i++) {
		if (steps[i].run(p) == 0)
			continue;
		struct failure f = {.error = errno, .step = i};
		ssize_t n = write(p->status_fd, &f, sizeof(f)); /* less than PIPE_BUF: whole or not at all */
		_exit(n == (ssize_t)sizeof(f) ? 127 : 126);
	}
	_exit(126); /* not reached: the last step does not return 0 */
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* NULL when it is nowhere in PATH. Caller frees. Empty and relative folders of PATH are passed over. */
static char *find_program(const char *name)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/') != NULL)
		return xstrdup(name);
	for (const char *at = path != NULL ? path : DEFAULT_PATH; *at != '\0';) {
		size_t n = strcspn(at, ":");
		char *candidate = xasprintf("%.*s/%s", (int)n, at, name);
		if (*at == '/' && is_program(candidate))
			return candidate;
		free(candidate);
		at += n + (at[n] == ':');
	}
	return NULL;
}

static int read_failure(int fd, struct failure *f)
{
	ssize_t n;

	do {
		n = read(fd, f, sizeof(*f));
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*f) ? 1 : 0;
}

/* A child without a program: it ends at once by itself. */
static void wait_for(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static pid_t fork_quietly(const struct plan *p)
{
	sigset_t all, before;

	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid == 0)
		run_child(p);
	int error = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}

static int start(
	const struct plan *p, int status_read_fd, int *status_write_fd, pid_t *ret_pid, struct err *e)
{
	const char *name = p->spawn->argv[0];
	pid_t pid = fork_quietly(p);
	if (pid < 0)
		return err_set_errno(e, kind_of(errno), errno, "%s: fork", name);

	/* Here as well as in the child: whoever comes first, the group is there when we need it. */
	(void)setpgid(pid, pid);
	(void)close(steal_fd(status_write_fd)); /* or there would be no end of file */

	struct failure f;
	if (read_failure(status_read_fd, &f)) {
		wait_for(pid);
		return err_set_errno(e, kind_of(f.error), f.error, "%s: %s", name, steps[f.step].name);
	}
	*ret_pid = pid;
	return 0;
}

/* Moves the pipe out of the way of the child's standard files, for a parent that was started without them. */
static int raise_fd(int *fd)
{
	if (*fd >= FIRST_FREE_FD)
		return 0;
	int high = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	if (high < 0)
		return -1;
	(void)close(*fd);
	*fd = high;
	return 0;
}

int spawn_start(const struct spawn *s, pid_t *ret_pid, struct err *e)
{
	const char *name = s->argv[0];

	AUTO_FREE char *program = find_program(name);
	if (program == NULL)
		return err_set_errno(e, ERR_PERM, ENOENT, "%s: not in PATH", name);

	const char *our_path = getenv("PATH");
	AUTO_FREE char *path = xasprintf("PATH=%s", our_path != NULL ? our_path : DEFAULT_PATH);
	const char *const clean_env[] = {path, "LC_ALL=C.UTF-8", NULL};

	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set_errno(e, kind_of(errno), errno, "%s: pipe", name);
	AUTO_CLOSE int status_read_fd = fds[0];
	AUTO_CLOSE int status_write_fd = fds[1];
	AUTO_CLOSE int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null_fd < 0 || raise_fd(&status_write_fd) < 0)
		return err_set_errno(e, kind_of(errno), errno, "%s: descriptors", name);

	const struct plan plan = {
		.spawn = s,
		.program = program,
		.env = s->env != NULL ? s->env : clean_env,
		.null_fd = null_fd,
		.status_fd = status_write_fd,
		.parent = getpid(),
	};
	return start(&plan, status_read_fd, &status_write_fd, ret_pid, e);
}
