/*
 * Finished films in a folder that nginx serves. A file appears under its name whole or not at all.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/storage.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"

struct storage_local {
	struct storage base; /* first */
	char *root;
};

static const char *root_of(const struct storage *s)
{
	return ((const struct storage_local *)(const void *)s)->root;
}

static int copy_in(const struct storage *s, const char *file, const char *key, struct err *e)
{
	AUTO_FREE char *to = xasprintf("%s/%s", root_of(s), key);
	AUTO_FREE char *folder = xstrdup(to);

	*strrchr(folder, '/') = '\0';
	if (fs_mkdirs(folder, 0755, e) < 0)
		return -1;
	return fs_copy_atomic(file, to, 0644, e);
}

static void put(struct storage *s, const char *file, const char *key, const char *content_type,
	storage_done_fn *done, void *arg)
{
	struct err e;

	(void)content_type; /* nginx knows it from the name */
	done(copy_in(s, file, key, &e) < 0 ? &e : NULL, arg);
}

static void remove_all(struct storage *s, const char *prefix, storage_done_fn *done, void *arg)
{
	AUTO_FREE char *path = xasprintf("%s/%s", root_of(s), prefix);
	struct err e;

	done(fs_remove_tree(path, &e) < 0 ? &e : NULL, arg);
}

static void free_local(struct storage *s)
{
	struct storage_local *l = (struct storage_local *)(void *)s;

	free(l->root);
	free(l);
}

static const struct storage_ops ops = {.name = "local", .put = put, .remove = remove_all, .free = free_local};

struct storage *storage_local_new(const char *root)
{
	struct storage_local *l = xcalloc(1, sizeof(*l));

	l->base.ops = &ops;
	l->root = xstrdup(root);
	return &l->base;
}
