#ifndef VIDEOD_REMOTE_S3_H
#define VIDEOD_REMOTE_S3_H

/*
 * One bucket of an S3 server, on the loop. Every request has an overall deadline, and is tried again with
 * full jitter where that can help (see s3_request.c's table). Every call is gone when its done is called:
 * exactly once, from the loop, unless it is cancelled. done may free the client. Keys are any UTF-8 without
 * control characters; they are encoded once and never normalised.
 *
 * Failures: ERR_TEMP (the server is away, busy, or cut us off, for the whole deadline), ERR_BLOCKED (what the
 * operator must mend: access keys, rights, bucket, region, certificates), ERR_PERM (it is not there; it does
 * not fit). Texts hold no access key, no signature and no signed address.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct aws_credentials;
struct err;
struct http;
struct loop;
struct s3;
struct s3_call;

/* The texts are borrowed as long as the client lives. */
struct s3_spec {
	struct loop *loop;
	struct http *http;
	struct aws_credentials *credentials; /* borrowed */
	const char *endpoint;                /* scheme, host and perhaps a port; NULL: AWS, by region */
	const char *region;                  /* NULL: us-east-1, until the server says otherwise */
	const char *bucket;
	bool path_style;     /* else virtual-host: the bucket is part of the host's name */
	bool allow_http;     /* also where it is not loopback */
	const char *ca_file; /* NULL: the system's */
	const char *storage_class, *sse, *sse_kms_key, *tags,
		*cache_control; /* of what is put; NULL: not said */
	int64_t part_bytes;     /* 5 MiB at least; larger files have more of it, so that 10,000 do */
	unsigned parts_at_once;
	unsigned attempts;   /* of one request */
	int64_t deadline_ms; /* of one request with all its attempts; a file's transfer has as many as parts
			      */
};

/* ERR_PERM: it does not fit together (http to a host that is not loopback, a bucket's name that is none). */
int s3_new(const struct s3_spec *spec, struct s3 **ret_s3, struct err *e);
void s3_free(struct s3 *s); /* cancels what is under way */
DEFINE_FREEP(s3)
/* done is not called any more, nor is any other callback. What an upload has left is given up behind it, as
 * long as the client lives. Also from the call's own callbacks. NULL is allowed. */
void s3_cancel(struct s3_call *c);

typedef void s3_done_fn(const struct err *e, void *arg); /* e NULL: done */

struct s3_put {
	const char *file; /* is read again for each attempt: it must not change */
	const char *key;
	const char *content_type, *content_disposition; /* NULL: not said */
	void (*progress)(
		int64_t sent_bytes, void *arg); /* NULL; never goes back; calls no s3_* but s3_cancel */
};
/* In one request, or in parts from part_bytes on. An upload of the same key that somebody left is given up
 * first. */
struct s3_call *s3_put_file(struct s3 *s, const struct s3_put *p, s3_done_fn *done, void *arg);

struct s3_head {
	int64_t bytes;
	int64_t modified; /* seconds since 1970 */
	const char *etag; /* as it came, with its quotes */
	const char *content_type;
};
/* h NULL: e says why; ERR_PERM when it is not there. */
typedef void s3_head_fn(const struct s3_head *h, const struct err *e, void *arg);
struct s3_call *s3_head(struct s3 *s, const char *key, s3_head_fn *done, void *arg);

/* Streams into file + ".part", and renames it when it is whole and has bytes (-1: whatever it has). */
struct s3_call *s3_get_file(
	struct s3 *s, const char *key, int64_t bytes, const char *file, s3_done_fn *done, void *arg);

/* And uploads of it in parts that somebody left. */
struct s3_call *s3_delete(struct s3 *s, const char *key, s3_done_fn *done, void *arg);
/* Any number of keys, a thousand a request; those that the server would not are tried again. The keys are
 * copied. */
struct s3_call *s3_delete_many(
	struct s3 *s, const char *const *keys, size_t count, s3_done_fn *done, void *arg);
/* All that begins with prefix: lists and deletes until nothing is listed, uploads in parts too. */
struct s3_call *s3_delete_prefix(struct s3 *s, const char *prefix, s3_done_fn *done, void *arg);

struct s3_object {
	const char *key;
	int64_t bytes;
	int64_t modified;
};
/* A page, by ListObjectsV2, in the order of the keys. False: enough; done follows. */
typedef bool s3_list_fn(const struct s3_object *objects, size_t count, void *arg);
struct s3_call *s3_list(
	struct s3 *s, const char *prefix, const char *after, s3_list_fn *page, s3_done_fn *done, void *arg);

/* Gives up uploads in parts below prefix that were begun at least older_sec ago, by the server's clock; not
 * those of which it does not say when. *ret_count says how many, and must live until done. */
struct s3_call *s3_sweep_uploads(
	struct s3 *s, const char *prefix, int64_t older_sec, size_t *ret_count, s3_done_fn *done, void *arg);

/* A signed address, method "GET" or "PUT", good for 1..604800 seconds from now; *ret_sec (NULL is allowed)
 * says for how many: fewer than wished for where temporary keys, with which it dies, have less left. NULL:
 * the keys are not here yet (fetched soon), it would be longer than 16 KiB, or seconds are out of their
 * range. Caller frees. */
char *s3_presign(struct s3 *s, const char *method, const char *key, int64_t seconds, int64_t *ret_sec);

#endif
