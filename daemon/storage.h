#ifndef VIDEOD_DAEMON_STORAGE_H
#define VIDEOD_DAEMON_STORAGE_H

/*
 * Where finished films are kept. A storage is a table of functions; keys are ours ("videos/<id>/<name>"), a
 * key's content never changes. Each call ends by calling done exactly once, from the loop or before it
 * returns.
 */

struct err;
struct storage;

typedef void storage_done_fn(const struct err *e, void *arg); /* e NULL: done */

struct storage_ops {
	const char *name;
	/* Puts a file under key, complete or not at all; the same key again is success. */
	void (*put)(struct storage *s, const char *file, const char *key, const char *content_type,
		storage_done_fn *done, void *arg);
	/* Removes everything below "videos/<id>/", or what is at one whole key; nothing there is success. */
	void (*remove)(struct storage *s, const char *prefix, storage_done_fn *done, void *arg);
	void (*free)(struct storage *s);
};

struct storage {
	const struct storage_ops *ops;
};

struct storage *storage_local_new(const char *root); /* root: media_dir */

#endif
