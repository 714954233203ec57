#ifndef VIDEOD_IO_PROC_H
#define VIDEOD_IO_PROC_H

/*
 * A child process: argv only (never a shell), clean environment, own process group, killed with its parent
 * (PR_SET_PDEATHSIG), a deadline (SIGTERM, then SIGKILL to the whole group), standard input from /dev/null,
 * the last bytes of standard error kept, and always waited for.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct err;
struct loop;
struct proc;

#define PROC_STDERR_TAIL 4096

/* What a child may use at most, setrlimit(2); 0: as much as we. Beyond it calls fail, or a signal ends it. */
struct proc_limits {
	int64_t memory_bytes; /* of addresses */
	int64_t cpu_sec;      /* of all its threads together: SIGXCPU, and SIGKILL soon after */
	int64_t file_bytes;   /* of each file that it writes */
};

struct proc_spec {
	const char *const *argv; /* NULL-terminated; [0] an absolute path, or a name looked up in our PATH */
	const char *const *env;  /* NULL-terminated "K=v", all of it; NULL: PATH and LC_ALL=C.UTF-8 only */
	const char *folder;      /* working folder, or NULL */
	int64_t deadline_ms;     /* from start to SIGTERM; required */
	int64_t grace_ms;        /* from SIGTERM to SIGKILL; 0 means 2000 */
	int nice;                /* added to ours */
	struct proc_limits limits;
	size_t out_max_bytes; /* of standard output kept; 0: discarded. More is a failure and stops it */
	/* Gets each line of output as it comes, at most 1023 bytes of it; may free the proc. NULL: nobody. */
	void (*on_line)(const char *line, void *arg);
};

struct proc_result {
	bool ok;         /* exited 0, in time, output within its limit */
	bool timed_out;  /* the deadline ended it */
	int exit_code;   /* or -1 when a signal ended it */
	int signo;       /* or 0 */
	const char *out; /* NUL-terminated; valid during the callback */
	size_t out_len;
	const char *err_tail; /* the end of standard error: printable ASCII and line ends, NUL-terminated */
};

typedef void proc_done_fn(const struct proc_result *r, void *arg);

/*
 * Starts it. done is called once, from the loop, never from inside proc_start, when the child has ended; what
 * is left of its group is killed then. The proc is freed after done returns. -1 when it could not be started
 * (ERR_TEMP for a passing shortage: EAGAIN, ENOMEM, EMFILE, ENFILE; else ERR_PERM); done is not called then.
 */
int proc_start(struct loop *l, const struct proc_spec *spec, proc_done_fn *done, void *arg,
	struct proc **ret_proc, struct err *e);
/* SIGTERM now, SIGKILL after the grace; done is still called. */
void proc_stop(struct proc *p);
/* SIGKILLs the group, reaps, frees; done is not called. NULL is allowed. */
void proc_free(struct proc *p);
DEFINE_FREEP(proc)
int proc_pid(const struct proc *p);

#endif
