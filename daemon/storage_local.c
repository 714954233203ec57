/*
 * Finished films in a folder that nginx serves. A file appears under its name whole or not at all.
 *
 * Calls take turns: one does a slice of its work (some MiB, some files), then the loop may do other things,
 * then the next call. So nothing ends before the loop has it, and a large file holds up nobody. During its
 * slice a call may be cancelled by its own callback: it is freed after it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/storage.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/base/walk.h"
#include "lib/io/loop.h"

#define PUT_MODE    0644
#define GET_MODE    0640
#define FOLDER_MODE 0755
#define PAGE_FILES  256     /* a slice */
#define HALF_MADE   ".tmp-" /* see fs.c */

struct local_call;

struct storage_local {
	struct storage base; /* first */
	char *root;
	struct loop_timer *turn;
	struct local_call *calls; /* the first has its turn next */
	struct local_call *busy;  /* in its slice, and not among them */
};

/* 1 over, 0 there is more to do, -1 failed. */
typedef int slice_fn(struct local_call *c, struct err *e);

struct local_call {
	struct storage_call base; /* first */
	struct storage_local *storage;
	slice_fn *slice;
	storage_done_fn *done;
	void *arg;
	char *from, *to;           /* copying */
	struct fs_copying copying; /* to is NULL before it began */
	int64_t bytes;             /* get: what it must have */
	void (*progress)(int64_t sent_bytes, void *arg);
	struct walk *walk;
	storage_list_fn *page;
	int64_t older_than; /* sweep: seconds since 1970 */
	size_t *count;
	struct local_call *next;
	bool cancelled;
};

static struct storage_local *local_of(struct storage *s)
{
	return (struct storage_local *)(void *)s;
}

/* Turns */

static void call_free(struct local_call *c)
{
	fs_copying_done(&c->copying);
	walk_free(c->walk);
	free(c->from);
	free(c->to);
	free(c);
}

static void append(struct storage_local *s, struct local_call *c)
{
	struct local_call **tail = &s->calls;

	while (*tail)
		tail = &(*tail)->next;
	c->next = NULL;
	*tail = c;
	loop_timer_arm(s->turn, 0);
}

static void cancel(struct storage_call *call)
{
	struct local_call *c = (struct local_call *)call, **p = &c->storage->calls;

	if (c == c->storage->busy) {
		c->cancelled = true;
		return;
	}
	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	call_free(c);
}

static void take_turn(void *arg)
{
	struct storage_local *s = arg;
	struct local_call *c = s->calls;
	storage_done_fn *done;
	void *done_arg;
	struct err e;
	int over;

	if (!c)
		return;
	s->calls = c->next;
	s->busy = c;
	over = c->slice(c, &e);
	s->busy = NULL;
	if (s->calls)
		loop_timer_arm(s->turn, 0);

	if (over == 0 && !c->cancelled) {
		append(s, c);
		return;
	}
	done = c->cancelled ? NULL : c->done;
	done_arg = c->arg;
	call_free(c);
	if (done) /* the last thing: it may free the storage */
		done(over < 0 ? &e : NULL, done_arg);
}

static struct local_call *call_new(struct storage *s, slice_fn *slice, storage_done_fn *done, void *arg)
{
	struct local_call *c = xcalloc(1, sizeof(*c));

	*c = (struct local_call){
		.base.cancel = cancel,
		.storage = local_of(s),
		.slice = slice,
		.done = done,
		.arg = arg,
		.copying = {.from = -1, .to = {.fd = -1}},
	};
	append(c->storage, c);
	return c;
}

static char *path_of(struct storage *s, const char *key)
{
	return xasprintf("%s/%s", local_of(s)->root, key);
}

/* Putting and getting */

static int copy_some(struct local_call *c, struct err *e)
{
	if (c->progress) /* before each slice, so that it may be cancelled until it has its name */
		c->progress(c->copying.bytes, c->arg);
	return c->cancelled ? 0 : fs_copying_go_on(&c->copying, e);
}

static int put_begin(struct local_call *c, struct err *e)
{
	AUTO_FREE char *folder = xstrndup(c->to, (size_t)(strrchr(c->to, '/') - c->to));

	c->slice = copy_some;
	if (fs_mkdirs(folder, FOLDER_MODE, e) < 0)
		return -1;
	return fs_copying_begin(&c->copying, c->from, c->to, PUT_MODE, e);
}

static struct storage_call *put(
	struct storage *s, const struct storage_put *p, storage_done_fn *done, void *arg)
{
	struct local_call *c = call_new(s, put_begin, done, arg);

	c->from = xstrdup(p->file); /* nginx knows type and name by the key */
	c->to = path_of(s, p->key);
	c->progress = p->progress;
	return &c->base;
}

static int get_begin(struct local_call *c, struct err *e)
{
	int64_t bytes = 0;
	int found = fs_size(c->from, &bytes, e);

	c->slice = copy_some;
	if (found < 0)
		return -1;
	if (found == 0)
		return err_set(e, ERR_PERM, "%s is not there", c->from);
	if (c->bytes >= 0 && bytes != c->bytes)
		return err_set(e, ERR_PERM, "%s has other than %lld bytes", c->from, (long long)c->bytes);
	return fs_copying_begin(&c->copying, c->from, c->to, GET_MODE, e);
}

static struct storage_call *get(
	struct storage *s, const char *key, int64_t bytes, const char *file, storage_done_fn *done, void *arg)
{
	struct local_call *c = call_new(s, get_begin, done, arg);

	c->from = path_of(s, key);
	c->to = xstrdup(file);
	c->bytes = bytes;
	return &c->base;
}

/* Removing */

static int remove_entry(const struct local_call *c, enum walk_event event, const char *path, struct err *e)
{
	AUTO_FREE char *whole = xasprintf("%s/%s", c->storage->root, path);
	int r = event == WALK_FILE ? unlink(whole) : rmdir(whole);

	return r == 0 || errno == ENOENT ? 0 : fs_failed(e, "remove", whole);
}

static int remove_some(struct local_call *c, struct err *e)
{
	for (int i = 0; i < PAGE_FILES; i++) {
		enum walk_event event;
		const char *path;

		if (walk_next(c->walk, &event, &path, e) < 0)
			return -1;
		if (event == WALK_END)
			return 1;
		if (remove_entry(c, event, path, e) < 0)
			return -1;
	}
	return 0;
}

static int remove_one(struct local_call *c, struct err *e)
{
	if (unlink(c->to) == 0 || errno == ENOENT)
		return 1;
	return fs_failed(e, "remove", c->to);
}

static struct storage_call *remove_all(
	struct storage *s, const char *prefix, storage_done_fn *done, void *arg)
{
	bool is_folder = prefix[0] && prefix[strlen(prefix) - 1] == '/';
	struct local_call *c = call_new(s, is_folder ? remove_some : remove_one, done, arg);

	if (is_folder)
		c->walk = walk_new(c->storage->root, prefix, NULL);
	else
		c->to = path_of(s, prefix);
	return &c->base;
}

/* Listing and sweeping */

static bool is_half_made(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strncmp(slash ? slash + 1 : path, HALF_MADE, strlen(HALF_MADE)) == 0;
}

/* 1 a file of so many bytes, 0 it is none or went meanwhile. */
static int look_at(const struct local_call *c, const char *path, struct stat *ret)
{
	AUTO_FREE char *whole = xasprintf("%s/%s", c->storage->root, path);

	return lstat(whole, ret) == 0 && S_ISREG(ret->st_mode);
}

struct page {
	struct storage_object objects[PAGE_FILES];
	size_t count;
};

static void page_done(struct page *p)
{
	for (size_t i = 0; i < p->count; i++)
		free((void *)(uintptr_t)p->objects[i].key);
}

/* 1 that was the last of it, 0, -1. */
static int fill_page(const struct local_call *c, struct page *p, struct err *e)
{
	while (p->count < PAGE_FILES) {
		enum walk_event event;
		const char *path;
		struct stat st;

		if (walk_next(c->walk, &event, &path, e) < 0)
			return -1;
		if (event == WALK_END)
			return 1;
		if (event == WALK_FILE && !is_half_made(path) && look_at(c, path, &st))
			p->objects[p->count++] =
				(struct storage_object){xstrdup(path), st.st_size, st.st_mtime};
	}
	return 0;
}

static int list_some(struct local_call *c, struct err *e)
{
	CLEANUP(page_done) struct page p = {.count = 0};
	int over = fill_page(c, &p, e);

	if (over >= 0 && p.count > 0 && !c->page(p.objects, p.count, c->arg))
		return 1;
	return over;
}

static struct storage_call *list(struct storage *s, const char *prefix, const char *after,
	storage_list_fn *page, storage_done_fn *done, void *arg)
{
	struct local_call *c = call_new(s, list_some, done, arg);

	c->walk = walk_new(c->storage->root, prefix, after);
	c->page = page;
	return &c->base;
}

static void sweep_file(const struct local_call *c, const char *path)
{
	AUTO_FREE char *whole = xasprintf("%s/%s", c->storage->root, path);
	struct stat st;

	if (is_half_made(path) && look_at(c, path, &st) && st.st_mtime <= c->older_than && unlink(whole) == 0)
		++*c->count;
}

static int sweep_some(struct local_call *c, struct err *e)
{
	for (int i = 0; i < PAGE_FILES; i++) {
		enum walk_event event;
		const char *path;

		if (walk_next(c->walk, &event, &path, e) < 0)
			return -1;
		if (event == WALK_END)
			return 1;
		if (event == WALK_FILE)
			sweep_file(c, path);
	}
	return 0;
}

static struct storage_call *sweep(
	struct storage *s, int64_t older_sec, size_t *ret_count, storage_done_fn *done, void *arg)
{
	struct local_call *c = call_new(s, sweep_some, done, arg);

	*ret_count = 0;
	c->walk = walk_new(c->storage->root, "", NULL);
	c->older_than = time(NULL) - older_sec;
	c->count = ret_count;
	return &c->base;
}

static char *no_link(struct storage *s, const char *key, int64_t seconds, int64_t *ret_sec)
{
	(void)s;
	(void)key;
	(void)seconds;
	(void)ret_sec;
	return NULL; /* nginx serves it to everybody */
}

static void free_local(struct storage *base)
{
	struct storage_local *s = local_of(base);

	while (s->calls) {
		struct local_call *c = s->calls;

		s->calls = c->next;
		call_free(c);
	}
	loop_timer_free(s->turn);
	free(s->root);
	free(s);
}

static const struct storage_ops ops = {
	.name = "local",
	.put = put,
	.get = get,
	.remove = remove_all,
	.list = list,
	.sweep = sweep,
	.link = no_link,
	.free = free_local,
};

static void set_id(struct storage_local *s)
{
	AUTO_FREE char *where = xasprintf("local:%s", s->root);

	storage_set_id(&s->base, where);
}

int storage_local_new(struct loop *loop, const char *root, struct storage **ret_storage, struct err *e)
{
	struct storage_local *s = xcalloc(1, sizeof(*s));

	s->base.ops = &ops;
	s->root = xstrdup(root);
	set_id(s);
	if (loop_timer_new(loop, take_turn, s, &s->turn, e) < 0) {
		free_local(&s->base);
		return -1;
	}
	*ret_storage = &s->base;
	return 0;
}
