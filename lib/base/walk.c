/*
 * A folder's names are read at once and sorted as parts of paths, a folder with its '/': "a-b", "a.b", "a/",
 * "ab". One list of names is held for each level.
 */
#include "lib/base/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"

#define DEPTH_MAX 32

struct level {
	char *path; /* below root, with '/' at its end, or "" */
	char **names;
	size_t count, at;
};

struct walk {
	char *root, *start, *after;
	struct level levels[DEPTH_MAX];
	size_t depth;
	bool begun;
	char *told; /* the path that the caller has */
};

struct walk *walk_new(const char *root, const char *start, const char *after)
{
	struct walk *w = xcalloc(1, sizeof(*w));

	w->root = xstrdup(root);
	w->start = xstrdup(start);
	w->after = xstrdup(after);
	return w;
}

static void pop(struct walk *w)
{
	struct level *l = &w->levels[--w->depth];

	for (size_t i = 0; i < l->count; i++)
		free(l->names[i]);
	free(l->names);
	free(l->path);
}

void walk_free(struct walk *w)
{
	if (!w)
		return;
	while (w->depth > 0)
		pop(w);
	free(w->told);
	free(w->after);
	free(w->start);
	free(w->root);
	free(w);
}

static bool is_folder(DIR *d, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* Whether something at path, or below it where it is a folder, comes behind w->after. */
static bool is_wanted(const struct walk *w, const char *path)
{
	size_t n = strlen(path);

	if (!w->after || strcmp(path, w->after) > 0)
		return true;
	return path[n - 1] == '/' && strncmp(w->after, path, n) == 0;
}

static void add_name(const struct walk *w, struct level *l, DIR *d, const struct dirent *entry)
{
	AUTO_FREE char *name = xasprintf("%s%s", entry->d_name, is_folder(d, entry) ? "/" : "");
	AUTO_FREE char *path = xasprintf("%s%s", l->path, name);

	if (!is_wanted(w, path))
		return;
	if ((l->count & (l->count - 1)) == 0) /* is full at the powers of two */
		l->names = xreallocarray(l->names, l->count ? l->count * 2 : 1, sizeof(*l->names));
	l->names[l->count++] = steal_ptr(name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* 1, 0 it is not there (any more), -1. */
static int open_folder(const struct walk *w, const char *path, DIR **ret, struct err *e)
{
	AUTO_FREE char *whole = xasprintf("%s/%s", w->root, path);
	AUTO_CLOSE int fd = open(whole, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : fs_failed(e, "open", whole);
	*ret = fdopendir(fd);
	if (!*ret)
		return fs_failed(e, "read", whole);
	(void)steal_fd(&fd); /* *ret owns it */
	return 1;
}

/* Goes down into path. 1, 0 it is not there (any more), -1. */
static int push(struct walk *w, const char *path, struct err *e)
{
	struct level *l = &w->levels[w->depth];
	DIR *d = NULL;
	int found;

	if (w->depth == DEPTH_MAX) {
		errno = ELOOP;
		return fs_failed(e, "open", path);
	}
	found = open_folder(w, path, &d, e);
	if (found != 1 || !d)
		return found;
	*l = (struct level){.path = xstrdup(path)};
	w->depth++;
	for (const struct dirent *entry; (entry = readdir(d));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			add_name(w, l, d, entry);
	(void)closedir(d);
	if (l->count > 0)
		qsort(l->names, l->count, sizeof(*l->names), by_name);
	return 1;
}

static void tell(struct walk *w, char *path, const char **ret_path)
{
	free(w->told);
	w->told = path;
	*ret_path = path;
}

int walk_next(struct walk *w, enum walk_event *ret_event, const char **ret_path, struct err *e)
{
	if (!w->begun && push(w, w->start, e) < 0)
		return -1;
	w->begun = true;
	while (w->depth > 0) {
		struct level *l = &w->levels[w->depth - 1];

		if (l->at == l->count) {
			tell(w, xstrdup(l->path), ret_path);
			pop(w);
			*ret_event = WALK_LEFT;
			return 0;
		}

		AUTO_FREE char *path = xasprintf("%s%s", l->path, l->names[l->at++]);

		if (path[strlen(path) - 1] != '/') {
			tell(w, steal_ptr(path), ret_path);
			*ret_event = WALK_FILE;
			return 0;
		}
		if (push(w, path, e) < 0)
			return -1;
	}
	*ret_event = WALK_END;
	*ret_path = "";
	return 0;
}
