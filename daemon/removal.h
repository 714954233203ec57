#ifndef VIDEOD_DAEMON_REMOVAL_H
#define VIDEOD_DAEMON_REMOVAL_H

/* A deleted video's way out: its published files, its work folder, its cached status, and last its row. */

struct engine;
struct job;
struct removal;

/* Takes a claimed removal over. It ends by itself and leaves the engine's list; what fails is tried again
 * later. */
void removal_start(struct engine *en, const struct job *job);
void removals_free(struct engine *en); /* those under way, without writing anything */

#endif
