#ifndef VIDEOD_DAEMON_STORAGE_H
#define VIDEOD_DAEMON_STORAGE_H

/*
 * Where files are kept for others: finished films for clients, bought ones for ourselves. A storage is a
 * table of functions. Keys are ours: lower-case ASCII letters, digits, '-', '.', '/', as
 * "videos/<id>/<revision>/video.mp4" and "bought/ab/<purchase>-<token>.mp4".
 *
 * Each call ends by calling done exactly once, from the loop, never before the call returns; storage_cancel
 * ends it without. Failures: ERR_TEMP what another try may mend, ERR_BLOCKED what the operator must mend
 * (a wrong key, no bucket, no rights), ERR_PERM what will never work.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct err;
struct http;
struct loop;
struct settings;
struct storage;

/* A call under way. Who asked for it frees nothing: it is gone when done is called, and after storage_cancel.
 * A storage begins its own struct with it. */
struct storage_call {
	void (*cancel)(struct storage_call *c);
};

typedef void storage_done_fn(const struct err *e, void *arg); /* e NULL: done */

struct storage_put {
	const char *file; /* absolute; may be gone as soon as done is called */
	const char *key;
	const char *content_type;
	const char *file_name; /* what a browser would save it as; NULL: it is not said */
	/* NULL; never goes back. Also just before the file gets its name: storage_cancel then still ends it.
	 */
	void (*progress)(int64_t sent_bytes, void *arg);
};

struct storage_object {
	const char *key; /* valid during the call */
	int64_t bytes;
	int64_t modified; /* seconds since 1970, -1 not known */
};
/* One page of a listing, in the order of the keys; false: enough, done follows. */
typedef bool storage_list_fn(const struct storage_object *objects, size_t count, void *arg);

struct storage_ops {
	const char *name;
	bool is_remote; /* survives the loss of this host */
	/* Puts a file under key, complete or not at all; the same key again is success. */
	struct storage_call *(*put)(
		struct storage *s, const struct storage_put *p, storage_done_fn *done, void *arg);
	/* Brings an object here as the new file, complete or not at all. ERR_PERM: it is not there, or has
	 * other than bytes (-1: any). */
	struct storage_call *(*get)(struct storage *s, const char *key, int64_t bytes, const char *file,
		storage_done_fn *done, void *arg);
	/* Removes everything below a prefix that ends with '/', or what is at one whole key; half-made
	 * uploads too. Nothing there is success. */
	struct storage_call *(*remove)(
		struct storage *s, const char *prefix, storage_done_fn *done, void *arg);
	/* Lists what is below a prefix that ends with '/' or is "", keys after `after` only (NULL: all).
	 * No key that is listed ends with '/'. */
	struct storage_call *(*list)(struct storage *s, const char *prefix, const char *after,
		storage_list_fn *page, storage_done_fn *done, void *arg);
	/* Gives up half-made uploads that were begun at least so long ago; says in *ret_count how many, which
	 * is valid until done returns. */
	struct storage_call *(*sweep)(
		struct storage *s, int64_t older_sec, size_t *ret_count, storage_done_fn *done, void *arg);
	/* An address that works for so long without any right to the storage; caller frees. *ret_sec (NULL is
	 * allowed) says for how long: less than wished for where the keys to sign it hold no longer. NULL:
	 * all that is here is public, or the keys are not here yet. */
	char *(*link)(struct storage *s, const char *key, int64_t seconds, int64_t *ret_sec);
	void (*free)(struct storage *s); /* cancels what is under way */
};

#define STORAGE_ID_SIZE 33
struct storage {
	const struct storage_ops *ops;
	char id[STORAGE_ID_SIZE]; /* of the place: the same after a restart, another one's of another folder
				     or bucket */
};

/* For those who make one: where, in words. */
void storage_set_id(struct storage *s, const char *where);

/* Stops it; done is not called any more. NULL is allowed. */
void storage_cancel(struct storage_call *c);

/* root: media_dir */
int storage_local_new(struct loop *loop, const char *root, struct storage **ret_storage, struct err *e);
/* The bucket that the settings name; they are borrowed. ERR_PERM: they do not fit together. */
int storage_s3_new(struct loop *loop, struct http *http, const struct settings *settings,
	struct storage **ret_storage, struct err *e);

#endif
