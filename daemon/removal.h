#ifndef VIDEOD_DAEMON_REMOVAL_H
#define VIDEOD_DAEMON_REMOVAL_H

/* A deleted video's way out: its published files, its work folder, its cached status, and last its row. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct job;
struct job_lease;

/* Takes a claimed removal over. It ends by itself and leaves the engine's list; what fails is tried again
 * later. */
void removal_start(struct engine *en, const struct job *job);
bool removals_have(const struct engine *en, const struct job_lease *lease);
/* As engine_leases and engine_drop_stale: those without a lease write nothing more. */
void removals_leases(struct engine *en, const struct job_lease *leases, size_t count, int64_t asked_ms);
void removals_drop_stale(struct engine *en);
void removals_free(struct engine *en); /* those under way, without writing anything */

#endif
