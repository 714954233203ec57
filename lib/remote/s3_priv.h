#ifndef VIDEOD_REMOTE_S3_PRIV_H
#define VIDEOD_REMOTE_S3_PRIV_H

/*
 * What the client's files share. A call (s3_call) is what the outside asks for. It is made of machines that
 * each do one thing: a signed request with its attempts, the hashing of a piece of a file, a page of a
 * listing, the giving up of uploads, the removal of a batch of keys. A machine tells its end by one callback,
 * always from the loop, is gone after it, and before it by its cancel, which takes NULL too.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/io/digest.h"
#include "lib/io/loop.h"
#include "lib/remote/s3.h"
#include "lib/remote/s3_endpoint_priv.h"
#include "lib/remote/s3_error_priv.h"
#include "lib/remote/sigv4.h"

struct buf;
struct http_result;
struct xml_node;

#define S3_KEYS_AT_ONCE 1000 /* what one DeleteObjects takes, and one page of a listing gives */
#define S3_ETAG_MAX     256
#define S3_PARTS_MAX    10000 /* of one upload */

/* Something to be done later, on the client's one timer. */
struct s3_due {
	struct s3_due *next;
	int64_t at_ms; /* clock_mono_ms */
	loop_fn *fn;
	void *arg;
	bool is_queued;
};

struct s3 {
	struct s3_spec spec; /* its texts are borrowed; region is only where we begin */
	struct s3_endpoint endpoint;
	char region[S3_REGION_MAX + 1];
	int64_t clock_offset_sec; /* what the server's clock is ahead of ours */
	bool was_fine;            /* the last answer was a success: signature and rights are right */
	struct loop_timer *timer;
	struct s3_due *due;
	struct s3_call *calls;
};

int64_t s3_now(const struct s3 *s); /* seconds since 1970, by the server's clock */

/* In the order of their times; those of one time in the order in which they were asked for. */
void s3_later(struct s3 *s, struct s3_due *d, int64_t delay_ms, loop_fn *fn, void *arg);
void s3_not_later(struct s3 *s, struct s3_due *d); /* of no effect when it is not queued */

/* Uniform in [0, whole] of min(cap, base * 2^n), n from 0. */
int64_t s3_jitter_ms(int64_t base_ms, unsigned n);
/* That, on top of what the server asks for: all whom it has sent away would come back at once. */
int64_t s3_wait_ms(int64_t base_ms, unsigned n, int64_t asked_sec);
#define S3_BASE_MS           100
#define S3_BASE_THROTTLED_MS 1000

/* Calls. The struct is the first member of each kind of call. */

struct s3_call {
	struct s3 *s;
	struct s3_call *prev, *next;
	void (*free)(struct s3_call *c);   /* gives back all that it holds, and itself; calls nobody */
	void (*cancel)(struct s3_call *c); /* instead of free, where there is something left to do; or NULL */
	s3_done_fn *done;
	void *arg;
	bool is_telling;            /* a callback of the outside's runs, and this is not to be freed */
	bool was_cancelled;         /* in it */
	struct s3_due due;          /* for s3_call_end_later, and for what else the call waits */
	struct err failure;         /* likewise */
	struct s3_request *request; /* cancelled with the call */
};

void s3_call_init(
	struct s3_call *c, struct s3 *s, void (*free_call)(struct s3_call *c), s3_done_fn *done, void *arg);
/* Frees it, then calls done, which may free the client. */
void s3_call_end(struct s3_call *c, const struct err *e);
void s3_call_end_later(struct s3_call *c, const struct err *e); /* likewise, but not now */
void s3_call_free(struct s3_call *c);                           /* without done */
/* Calls progress, which may cancel the call: that waits until it is safe. */
void s3_call_progress(struct s3_call *c, void (*progress)(int64_t sent_bytes, void *arg), int64_t sent_bytes);

/* Requests */

struct s3_hashes {
	char sha256[2 * DIGEST_SHA256_BYTES + 1]; /* hex */
	char md5[25];                             /* base64 */
};
void s3_hashes_of(const void *p, size_t n, struct s3_hashes *ret);

/* What is asked for. All of it is borrowed until the end. */
struct s3_ask {
	const char *method;
	const char *key; /* NULL: the bucket */
	const struct sigv4_pair *query;
	size_t query_count;
	const struct sigv4_pair *headers; /* those without a value are not sent */
	size_t header_count;
	const void *body;
	size_t body_len;
	const char *file; /* instead of body: a piece of it, with its hashes; bytes > 0 */
	int64_t from, bytes;
	const struct s3_hashes *hashes;
	void (*sent)(int64_t bytes, void *arg); /* of the piece; goes back where it is sent again */
	int body_fd;                            /* > 0: where the body of a success goes; else in memory */
	bool (*again)(void *arg);               /* before each attempt; false: it cannot be */
	size_t max_bytes;                       /* of a success's body; 0: few */
	const char *root;                       /* what a success's body must be, see s3_answer; or NULL */
	bool wants_etag;                        /* a success has one, of S3_ETAG_MAX bytes at most */
	bool is_slow;                           /* the server may think for as long as there is time */
	bool is_long;                           /* or for its share of it, however much that is */
	bool is_counted;   /* nothing but an attempt sends it: each may have its own effect */
	bool is_single;    /* one attempt: the caller finds out what became of it */
	int64_t deadlines; /* of how many requests it has the time; 0: one */
	void *arg;         /* of sent and again */
};

struct s3_reply {
	enum s3_what what;              /* no answer is S3_RETRY, or S3_REFUSED */
	const struct err *e;            /* NULL with S3_FINE, else why not */
	const struct http_result *http; /* with S3_FINE */
	const char *key_id;             /* with S3_FINE: that it was signed with */
	unsigned attempts;              /* that were made */
};
typedef void s3_reply_fn(const struct s3_reply *r, void *arg);

struct s3_request;
struct s3_request *s3_request_start(struct s3 *s, const struct s3_ask *ask, s3_reply_fn *done, void *arg);
void s3_request_cancel(struct s3_request *r);
bool s3_request_was_sent(const struct s3_request *r); /* an attempt, at least */

/* For how many seconds the server may be silent. tries_left: how many more there may be, this one included.
 */
int64_t s3_quiet_sec(const struct s3_ask *ask, int64_t left_ms, unsigned tries_left);

/* A piece of a file is hashed slice by slice, so that the loop lives on. h NULL: e says why. */
typedef void s3_hash_fn(const struct s3_hashes *h, const struct err *e, void *arg);
struct s3_hash;
struct s3_hash *s3_hash_start(
	struct s3 *s, const char *file, int64_t from, int64_t bytes, s3_hash_fn *done, void *arg);
void s3_hash_cancel(struct s3_hash *h);

/* Listings */

struct s3_item {
	char *key;
	char *upload_id; /* NULL: an object */
	int64_t bytes;
	int64_t modified; /* or begun; seconds since 1970 */
};

/* What is left to be listed; all owned. */
struct s3_place {
	char *after;         /* a key; NULL: from the first */
	char *token;         /* of the page before; NULL: the first one */
	char *upload_marker; /* with after, of uploads */
	char *last;          /* the object that was listed last; NULL: none yet */
	unsigned pages;      /* so far */
	unsigned idle;       /* of them the last ones that had nothing */
};
void s3_place_done(struct s3_place *p);
void s3_place_move(struct s3_place *to, struct s3_place *from); /* from is empty then */

struct s3_page {
	struct s3_item *items;
	size_t count;
	bool is_last;
	struct s3_place next; /* may be moved */
};

/* page NULL: e says why. */
typedef void s3_page_fn(struct s3_page *page, const struct err *e, void *arg);
struct s3_paging;
/* Both are copied. */
struct s3_paging *s3_page_start(struct s3 *s, bool of_uploads, const char *prefix,
	const struct s3_place *place, s3_page_fn *done, void *arg);
void s3_page_cancel(struct s3_paging *p);

/* Gives up uploads in parts: of what begins with prefix, or of that one key; begun at least so long ago by
 * the server's clock. S3_ANY_AGE: those too of which it is not known. */
#define S3_ANY_AGE INT64_MIN
typedef void s3_sweep_fn(size_t count, const struct err *e, void *arg);
struct s3_sweep;
struct s3_sweep *s3_sweep_start(
	struct s3 *s, const char *prefix, bool is_key, int64_t older_sec, s3_sweep_fn *done, void *arg);
void s3_sweep_cancel(struct s3_sweep *w);

/* Removes up to S3_KEYS_AT_ONCE keys, which are copied. */
typedef void s3_batch_fn(const struct err *e, void *arg);
struct s3_batch;
struct s3_batch *s3_batch_start(
	struct s3 *s, const char *const *keys, size_t count, s3_batch_fn *done, void *arg);
void s3_batch_cancel(struct s3_batch *b);

/* Uploads in parts; the file has bytes. */
struct s3_call *s3_multipart(
	struct s3 *s, const struct s3_put *p, int64_t bytes, s3_done_fn *done, void *arg);

/* Whether a part's ETag is its MD5. */
bool s3_etag_is_md5(const char *etag, const char *md5_base64);
/* Whether an object's ETag is that of an upload of parts with these ETags. are_md5s: each of them is the MD5
 * of what was sent as that part. */
enum s3_etag {
	S3_ETAG_THEIRS,
	S3_ETAG_ANOTHERS,
	S3_ETAG_MUTE, /* with this server, one cannot tell */
};
enum s3_etag s3_etag_of_parts(const char *etag, char *const *part_etags, unsigned count, bool are_md5s);

/* The headers that an object is put with; on PUT and on CreateMultipartUpload, not on parts. */
#define S3_OBJECT_HEADERS 7
void s3_object_headers(const struct s3 *s, const char *content_type, const char *content_disposition,
	struct sigv4_pair ret[static S3_OBJECT_HEADERS]);

/* Seconds since 1970 of "2026-01-02T03:04:05.678Z" and of "Fri, 02 Jan 2026 03:04:05 GMT"; -1: neither. */
int64_t s3_read_time(const char *text);
/* -1: there is none, or it is none. */
int64_t s3_content_length(const struct http_result *r);

#endif
