#ifndef VIDEOD_DAEMON_TIDYING_H
#define VIDEOD_DAEMON_TIDYING_H

/*
 * Rids the storage of what is of no use: files of a video that its last completed revision does not name
 * (lib/video/leftovers.h), and uploads that were begun long ago and never ended.
 */

struct engine;
struct err;
struct tidying;

int tidying_new(struct engine *en, struct tidying **ret, struct err *e); /* of en->storage */
void tidying_free(struct tidying *t);
void tidying_soon(struct tidying *t); /* at each completion and upkeep */

#endif
