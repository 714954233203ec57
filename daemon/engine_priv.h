#ifndef VIDEOD_DAEMON_ENGINE_PRIV_H
#define VIDEOD_DAEMON_ENGINE_PRIV_H

/* What the engine's files share: engine_step.c has one step's way from ready to ended, engine_end.c a run's
 * end. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/run.h"

#define FOREVER_MS INT64_MAX

/* The job's lease among these, NULL: it has none. */
const struct job_lease *engine_find_lease(
	const struct job_lease *leases, size_t count, const struct job *job);

/* 1 begun (and perhaps ended already), 0 the lease was lost, -1 not written. */
int engine_begin_step(struct step *s, struct err *e);
/* Kills whatever is at work for it. It waits again, and its outcome, if it had one, is forgotten. */
void engine_stop_step(struct step *s);
void engine_stop_steps(struct run *r);

bool engine_step_ready(const struct step *s, int64_t now_ms);
bool engine_any_running(const struct run *r);
/* Milliseconds until the next step that only waits for its time; FOREVER_MS: none does. */
int64_t engine_next_due(const struct run *r, int64_t now_ms);

/* Nobody renewed a lease since then, for so long that another daemon may have it by now. */
bool engine_is_stale(const struct engine *en, int64_t lease_ms);
/* Decides that it ends; the first decision stands. why NULL: as r->why says. */
void engine_set_end(struct run *r, enum run_end end, const char *why);
/* Whether it is time to end, by what its steps came to. */
void engine_decide_end(struct run *r);
/* Writes the end that was decided: 1 over (r is freed), 0 lease lost, -1 not written. */
int engine_end_run(struct run *r, struct err *e);
/* The lease is gone, or nobody knows: touches nothing more, frees r. */
void engine_drop_run(struct run *r, const char *why);
/* The database refused for good what was to be written. r may be freed. */
void engine_refused(struct run *r, const struct err *e);

#endif
