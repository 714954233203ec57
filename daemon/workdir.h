#ifndef VIDEOD_DAEMON_WORKDIR_H
#define VIDEOD_DAEMON_WORKDIR_H

/*
 * The work folder of this host: one folder a video, and a lock file for each living daemon. A lock that can
 * be taken belongs to a daemon that is dead, whatever killed it, so what it left can be taken over at once.
 */

#include <stdbool.h>

struct err;
struct uuid;

struct workdir {
	char *root;
	char *lock_path; /* ours: <root>/.workers/<worker id> */
	int lock_fd;
};

int workdir_open(struct workdir *d, const char *root, const char *worker, struct err *e);
void workdir_close(struct workdir *d); /* our lock file goes */

/* Calls found for each daemon of this host that is dead, and forgets it when found says that it has been
 * dealt with. */
void workdir_find_dead(const struct workdir *d, bool (*found)(const char *worker, void *arg), void *arg);
/* Removes the folders of videos that nobody works on: in_use says 1 (stays) or 0. */
void workdir_sweep(const struct workdir *d, int (*in_use)(const struct uuid *video, void *arg), void *arg);

#endif
