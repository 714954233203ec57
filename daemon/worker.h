#ifndef VIDEOD_DAEMON_WORKER_H
#define VIDEOD_DAEMON_WORKER_H

/*
 * The daemon's side of the queue: claims jobs while there is room (woken by a datagram, polling as the
 * fallback), renews the leases, takes over what dead daemons left, keeps the tables tidy, and drains on
 * SIGTERM.
 */

#include <sys/types.h>

#include "daemon/engine.h"
#include "daemon/workdir.h"
#include "lib/video/jobs.h"

struct loop_io;
struct loop_timer;

struct worker {
	struct engine *engine;
	struct workdir workdir;
	struct jobs_rules rules;
	char id[JOBS_WORKER_SIZE]; /* host:pid:nonce */
	int wake_fd;
	char *wake_path;
	ino_t wake_inode; /* of our socket there, 0 before */
	struct loop_io *wake;
	struct loop_timer *claim, *renew, *upkeep, *drain, *answers;
	bool draining;
	bool drained;          /* its time is over: nothing is waited for any more */
	int64_t answers_by_ms; /* clock_mono_ms: until then a drain waits for answers to paid requests */
};

/* Opens the wake socket, takes the work folder, sweeps it, begins to claim. The engine's worker id is set
 * here. */
int worker_init(struct worker *w, struct engine *en, struct err *e);
void worker_done(struct worker *w);

#endif
