/*
 * Files for keeps. A file appears under its name only when it is complete and on disk: it is written as
 * ".tmp-<random>" in the same folder, synced, renamed, and the folder is synced. What a crash leaves behind
 * has that prefix and is never served or read.
 */

#include "lib/base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"

#define COPY_BYTES   (64 * 1024)
#define SLICE_BYTES  (4 * 1024 * 1024)
#define DEPTH_MAX    32 /* of a tree that is removed: one open folder each */
#define RELATIVE_MAX 512

static enum err_kind kind_of(int sys_errno)
{
	switch (sys_errno) {
	case ENOSPC:
	case EDQUOT:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EAGAIN:
	case EINTR:
	case EBUSY:
	case ENOTEMPTY: /* somebody still adds to a folder that goes */
		return ERR_TEMP;
	default:
		return ERR_PERM;
	}
}

int fs_failed(struct err *e, const char *verb, const char *path)
{
	int saved = errno;

	return err_set_errno(e, kind_of(saved), saved, "cannot %s %s", verb, path);
}

/* The folder part of path; caller frees. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static int make_folder(const char *path, mode_t mode, struct err *e)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST && errno != EROFS && errno != EACCES && errno != EPERM)
		return fs_failed(e, "make folder", path);

	int saved = errno;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	errno = saved == EEXIST ? ENOTDIR : saved;
	return fs_failed(e, "make folder", path);
}

int fs_mkdirs(const char *path, mode_t mode, struct err *e)
{
	AUTO_FREE char *part = xstrdup(path);

	for (char *p = part; *p; p++) {
		if (*p != '/' || p == part)
			continue;
		*p = '\0';
		if (make_folder(part, mode, e) < 0)
			return -1;
		*p = '/';
	}
	return make_folder(part, mode, e);
}

int fs_read(const char *path, size_t max_bytes, struct buf *out, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *block = xmalloc(COPY_BYTES);
	size_t total = 0;

	if (fd < 0)
		return fs_failed(e, "open", path);

	for (;;) {
		ssize_t n = read(fd, block, COPY_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fs_failed(e, "read", path);
		if (n == 0)
			break;
		if ((size_t)n > max_bytes - total)
			return err_set(e, ERR_PERM, "%s has more than %zu bytes", path, max_bytes);
		total += (size_t)n;
		buf_add(out, block, (size_t)n);
	}
	if (!buf_ok(out))
		return err_set(e, ERR_PERM, "%s has more than %zu bytes", path, out->max_bytes);
	return 0;
}

int fs_open(const char *path, int *ret_fd, int64_t *ret_bytes, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* or a pipe would be waited for */
	struct stat st;

	if (fd < 0)
		return fs_failed(e, "open", path);
	if (fstat(fd, &st) < 0)
		return fs_failed(e, "look at", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_PERM, "%s is not a regular file", path);
	*ret_bytes = st.st_size;
	*ret_fd = steal_fd(&fd);
	return 0;
}

static int sync_folder_of(const char *path, struct err *e)
{
	AUTO_FREE char *folder = folder_of(path);
	AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fs_failed(e, "open", folder);
	if (fsync(fd) < 0)
		return fs_failed(e, "sync", folder);
	return 0;
}

void fs_pending_done(struct fs_pending *p)
{
	int saved = errno;

	if (p->fd >= 0)
		(void)close(p->fd);
	if (p->path)
		(void)unlink(p->path);
	free(p->path);
	errno = saved;
}

int fs_pending_open(struct fs_pending *p, const char *folder, mode_t mode, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/.tmp-%016" PRIx64, folder, clock_random());

	p->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (p->fd < 0)
		return fs_failed(e, "create", path);
	p->path = steal_ptr(path);
	if (fchmod(p->fd, mode) < 0) /* the mode asked for, whatever the umask */
		return fs_failed(e, "set the mode of", p->path);
	return 0;
}

static int open_beside(struct fs_pending *p, const char *target, mode_t mode, struct err *e)
{
	AUTO_FREE char *folder = folder_of(target);

	return fs_pending_open(p, folder, mode, e);
}

int fs_pending_sync(struct fs_pending *p, struct err *e)
{
	if (fsync(p->fd) < 0)
		return fs_failed(e, "sync", p->path);
	if (close(steal_fd(&p->fd)) < 0)
		return fs_failed(e, "close", p->path);
	return 0;
}

int fs_pending_publish(struct fs_pending *p, const char *target, struct err *e)
{
	if (p->fd >= 0 && fs_pending_sync(p, e) < 0)
		return -1;
	if (rename(p->path, target) < 0)
		return fs_failed(e, "rename to", target);
	free(steal_ptr(p->path));
	return sync_folder_of(target, e);
}

bool fs_write_all(int fd, const void *p, size_t n)
{
	for (const char *at = p; n > 0;) {
		ssize_t written = write(fd, at, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		at += written;
		n -= (size_t)written;
	}
	return true;
}

int fs_write_atomic(const char *path, const void *p, size_t n, mode_t mode, struct err *e)
{
	AUTO_PENDING file = {.fd = -1};

	if (open_beside(&file, path, mode, e) < 0)
		return -1;
	if (!fs_write_all(file.fd, p, n))
		return fs_failed(e, "write", path);
	return fs_pending_publish(&file, path, e);
}

/*
 * Lets the kernel copy a slice from where both files stand, which is a reflink where the filesystem has them.
 * Bytes, 0 at the end, -1 with errno; what it cannot do (other filesystem, odd file) the plain copy does.
 */
static ssize_t copy_in_kernel(struct fs_copying *c)
{
	ssize_t n = copy_file_range(c->from, NULL, c->to.fd, NULL, SLICE_BYTES, 0);

	if (n == 0 && c->bytes == 0) /* some file systems say so of any file */
		c->plain = true;
	if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
		c->plain = true;
	return n;
}

static ssize_t copy_plain(struct fs_copying *c)
{
	AUTO_FREE char *block = xmalloc(SLICE_BYTES);
	ssize_t n = read(c->from, block, SLICE_BYTES);

	return n > 0 && !fs_write_all(c->to.fd, block, (size_t)n) ? -1 : n;
}

static ssize_t copy_slice(struct fs_copying *c)
{
	for (;;) {
		ssize_t n = c->plain ? -1 : copy_in_kernel(c);

		if (c->plain)
			n = copy_plain(c);
		if (n >= 0 || errno != EINTR)
			return n;
	}
}

int fs_copying_begin(struct fs_copying *c, const char *from, const char *to, mode_t mode, struct err *e)
{
	c->target = xstrdup(to);
	c->from = open(from, O_RDONLY | O_CLOEXEC);
	if (c->from < 0)
		return fs_failed(e, "open", from);
	return open_beside(&c->to, to, mode, e);
}

/* Begins to write what was copied, and waits for what was copied two slices before. A hint: what it does not
 * do, the sync at the end does. */
static void write_back(const struct fs_copying *c, int64_t from)
{
	(void)sync_file_range(c->to.fd, from, 0, SYNC_FILE_RANGE_WRITE);
	if (from >= 2 * SLICE_BYTES)
		(void)sync_file_range(c->to.fd, from - 2 * SLICE_BYTES, SLICE_BYTES,
			SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
}

int fs_copying_go_on(struct fs_copying *c, struct err *e)
{
	int64_t from = c->bytes;
	ssize_t n = copy_slice(c);

	if (n < 0)
		return fs_failed(e, "copy to", c->target);
	if (n == 0)
		return fs_pending_publish(&c->to, c->target, e) < 0 ? -1 : 1;
	c->bytes += n;
	write_back(c, from);
	return 0;
}

void fs_copying_done(struct fs_copying *c)
{
	macros_closep(&c->from);
	fs_pending_done(&c->to);
	free(c->target);
}

int fs_copy_atomic(const char *from, const char *to, mode_t mode, struct err *e)
{
	AUTO_COPYING c = {.from = -1, .to = {.fd = -1}};
	int done = fs_copying_begin(&c, from, to, mode, e);

	while (done == 0)
		done = fs_copying_go_on(&c, e);
	return done < 0 ? -1 : 0;
}

int fs_rename_durable(const char *from, const char *to, struct err *e)
{
	AUTO_CLOSE int fd = open(from, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fs_failed(e, "open", from);
	if (fsync(fd) < 0)
		return fs_failed(e, "sync", from);
	if (rename(from, to) < 0)
		return fs_failed(e, "rename to", to);
	return sync_folder_of(to, e);
}

static void close_folder(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/* Removes name in folder at, whatever it is. -1 with errno. */
static int remove_at(int at, const char *name, int depth)
{
	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (depth >= DEPTH_MAX) {
		errno = ELOOP;
		return -1;
	}

	AUTO_CLOSE int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	CLEANUP(close_folder) DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		return -1;
	(void)steal_fd(&fd); /* d owns it */

	for (struct dirent *entry; (errno = 0, entry = readdir(d));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (remove_at(dirfd(d), entry->d_name, depth + 1) < 0)
			return -1;
	}
	if (errno)
		return -1;
	return unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -1 : 0;
}

int fs_remove_tree(const char *path, struct err *e)
{
	if (remove_at(AT_FDCWD, path, 0) < 0)
		return fs_failed(e, "remove", path);
	return 0;
}

int fs_size(const char *path, int64_t *ret_bytes, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : fs_failed(e, "look at", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_PERM, "%s is not a regular file", path);
	*ret_bytes = st.st_size;
	return 1;
}

bool fs_is_safe_relative(const char *path)
{
	if (!*path || strlen(path) > RELATIVE_MAX)
		return false;

	for (const char *p = path; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7F || *p == '\\')
			return false;
	}
	for (const char *part = path;; part++) {
		size_t n = strcspn(part, "/");

		if (n == 0 || (n <= 2 && strspn(part, ".") >= n))
			return false;
		part += n;
		if (!*part)
			return true;
	}
}
