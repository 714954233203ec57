#ifndef VIDEOD_DAEMON_KEEPING_KEEPING_H
#define VIDEOD_DAEMON_KEEPING_KEEPING_H

/*
 * Looks after what was published: deletes what is too old and what was of a deleted
 * store, removes from the storage what is of no use any more, signs the addresses
 * that clients want, compares the storage with the rows when an operator asks. All of it stands in the
 * database, so nothing is lost with a daemon, and any daemon may go on.
 */

#include "lib/base/macros.h"

struct engine;
struct err;
struct keeping;
struct video;

int keeping_new(struct engine *en, struct keeping **ret, struct err *e);
void keeping_free(struct keeping *k);
/* Somebody woke the daemon, a video is completed or removed, or it is time for upkeep. NULL is allowed. */
void keeping_soon(struct keeping *k);

/* The video's links and links_left_sec by its keys, where clients get signed addresses; without where they
 * cannot be signed now. */
void keeping_sign(const struct engine *en, struct video *v);

#endif
