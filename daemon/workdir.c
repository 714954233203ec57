/*
 * Who is alive is told by flock(2): the kernel lets go of a lock when its holder dies, and of nothing else.
 */
#include "daemon/workdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/uuid.h"

#define WORKERS ".workers"

/* Locked under a name that nobody looks at, then given its own, so that nobody finds it without its lock. */
static int lock_as(const char *hidden, const char *path, struct err *e)
{
	AUTO_CLOSE int fd = open(hidden, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	if (fd < 0)
		return err_set_errno(e, ERR_PERM, errno, "%s", hidden);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_set_errno(e, ERR_PERM, errno, "locking %s", hidden);
	if (rename(hidden, path) < 0)
		return err_set_errno(e, ERR_PERM, errno, "%s", path);
	return steal_fd(&fd);
}

int workdir_open(struct workdir *d, const char *root, const char *worker, struct err *e)
{
	AUTO_FREE char *workers = xasprintf("%s/" WORKERS, root);
	AUTO_FREE char *hidden = xasprintf("%s/.%s", workers, worker);

	*d = (struct workdir){
		.root = xstrdup(root), .lock_path = xasprintf("%s/%s", workers, worker), .lock_fd = -1};
	if (fs_mkdirs(workers, 0750, e) < 0)
		return -1;
	d->lock_fd = lock_as(hidden, d->lock_path, e);
	return d->lock_fd < 0 ? -1 : 0;
}

void workdir_close(struct workdir *d)
{
	if (d->lock_fd >= 0)
		(void)unlink(d->lock_path);
	macros_closep(&d->lock_fd);
	free(d->lock_path);
	free(d->root);
}

typedef void each_fn(const struct workdir *d, int folder, const char *name, void *arg);

static void each_entry(const struct workdir *d, const char *path, each_fn *fn, void *arg)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			fn(d, dirfd(dir), entry->d_name, arg);
	(void)closedir(dir);
}

struct dead_call {
	bool (*found)(const char *worker, void *arg);
	void *arg;
};

static void try_lock(const struct workdir *d, int folder, const char *name, void *arg)
{
	const struct dead_call *call = arg;
	AUTO_CLOSE int fd = -1;

	if (strcmp(name, strrchr(d->lock_path, '/') + 1) == 0)
		return;
	fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return;
	if (call->found(name, call->arg))
		(void)unlinkat(folder, name, 0);
}

void workdir_find_dead(const struct workdir *d, bool (*found)(const char *worker, void *arg), void *arg)
{
	AUTO_FREE char *workers = xasprintf("%s/" WORKERS, d->root);
	struct dead_call call = {.found = found, .arg = arg};

	each_entry(d, workers, try_lock, &call);
}

struct sweep_call {
	int (*in_use)(const struct uuid *video, void *arg);
	void *arg;
};

static void sweep_one(const struct workdir *d, int folder, const char *name, void *arg)
{
	const struct sweep_call *call = arg;
	AUTO_FREE char *path = xasprintf("%s/%s", d->root, name);
	struct uuid video;
	struct err e;

	(void)folder;
	if (!uuid_parse_text(name, &video) || call->in_use(&video, call->arg) != 0)
		return;
	if (fs_remove_tree(path, &e) < 0)
		log_warning("work folder not removed", log_text("error", e.text));
	else
		log_info("work folder swept", log_text("video", name));
}

void workdir_sweep(const struct workdir *d, int (*in_use)(const struct uuid *video, void *arg), void *arg)
{
	struct sweep_call call = {.in_use = in_use, .arg = arg};

	each_entry(d, d->root, sweep_one, &call);
}
