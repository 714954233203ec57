#ifndef VIDEOD_IO_SPAWN_PRIV_H
#define VIDEOD_IO_SPAWN_PRIV_H

/* Starting a program: the fork, and what the child does before its exec. What comes then is proc.c's. */

#include <sys/types.h>

#include "lib/io/proc.h"

struct err;

struct spawn {
	const char *const *argv; /* argv[0] without a slash is looked up in our PATH */
	const char *const *env;  /* the whole environment; NULL: PATH and LC_ALL=C.UTF-8 only */
	const char *folder;      /* working folder, or NULL */
	int nice;                /* added to ours */
	struct proc_limits limits;
	int out_fd; /* its standard output; standard input is /dev/null */
	int err_fd; /* its standard error */
};

/*
 * Returns 0 once the program runs: as the leader of its own group, within its limits and without a core file,
 * with default signals, no descriptor but the three, and killed if we die. -1: ERR_TEMP for a passing
 * shortage, else ERR_PERM; nothing is left of the child then.
 */
int spawn_start(const struct spawn *s, pid_t *ret_pid, struct err *e);

#endif
