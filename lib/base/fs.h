#ifndef VIDEOD_BASE_FS_H
#define VIDEOD_BASE_FS_H

/* Files: made complete under a temporary name, synced, then renamed; folders removed as a whole. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/macros.h"

struct buf;
struct err;

/*
 * All return 0, or -1 with *e: ERR_TEMP for a full disk or a passing shortage, else ERR_PERM. The path is in
 * the text.
 */
int fs_mkdirs(const char *path, mode_t mode, struct err *e); /* like mkdir -p */
/* A larger file is ERR_PERM. */
int fs_read(const char *path, size_t max_bytes, struct buf *out, struct err *e);
/* Opens a regular file for reading, and says how long it is. The caller closes *ret_fd. */
int fs_open(const char *path, int *ret_fd, int64_t *ret_bytes, struct err *e);
int fs_write_atomic(const char *path, const void *p, size_t n, mode_t mode, struct err *e);
/* Copies from to to, atomically and durably: a reflink or a kernel copy where possible. Bounded memory. */
int fs_copy_atomic(const char *from, const char *to, mode_t mode, struct err *e);

/*
 * A file under way to its name, for what is written piece by piece, to fd. It has a temporary name in folder,
 * which is on the file system of its target, and its scope removes it unless it was published. Init with
 * {.fd = -1}.
 */
struct fs_pending {
	char *path; /* NULL before and after */
	int fd;     /* -1 before, and once it is on the disk */
};
int fs_pending_open(struct fs_pending *p, const char *folder, mode_t mode, struct err *e);
int fs_pending_sync(struct fs_pending *p, struct err *e);
int fs_pending_publish(struct fs_pending *p, const char *target, struct err *e); /* syncs it before */
void fs_pending_done(struct fs_pending *p);
#define AUTO_PENDING CLEANUP(fs_pending_done) struct fs_pending

/*
 * The same in slices of some MiB each, for who must not be held up by a large file. What was copied is on its
 * way to the disk already, so the last slice has little left to sync. Init with {.from = -1, .to = {.fd =
 * -1}}.
 */
struct fs_copying {
	int from;
	struct fs_pending to;
	char *target;
	int64_t bytes; /* copied so far */
	bool plain;    /* the kernel does not copy between these two */
};
int fs_copying_begin(struct fs_copying *c, const char *from, const char *to, mode_t mode, struct err *e);
int fs_copying_go_on(struct fs_copying *c, struct err *e); /* 1 it has its name, 0 there is more, -1 */
void fs_copying_done(struct fs_copying *c);
#define AUTO_COPYING CLEANUP(fs_copying_done) struct fs_copying

/* rename(2), with fsync(2) of the file and its folder. */
int fs_rename_durable(const char *from, const char *to, struct err *e);
int fs_remove_tree(const char *path, struct err *e); /* never follows a link; not there is success */
int fs_size(const char *path, int64_t *ret_bytes, struct err *e); /* 1 a regular file, 0 none, -1 failed */

/* For who works on files in other ways: e says errno, as above. Returns -1. */
int fs_failed(struct err *e, const char *verb, const char *path);

/* Through interruptions and short writes. False with errno set. */
bool fs_write_all(int fd, const void *p, size_t n);

/* "a/b.jpg": no leading slash, no empty, "." or ".." part, no control byte, no backslash, at most 512. */
bool fs_is_safe_relative(const char *path);

#endif
