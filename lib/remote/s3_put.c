/*
 * Putting a small file: hashed, then sent in one request. What is larger is put in parts: s3_multipart.c.
 */

#include <stdlib.h>
#include <string.h>

#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/remote/s3_priv.h"

struct put {
	struct s3_call call; /* first */
	char *file, *key, *content_type, *content_disposition;
	int64_t bytes;
	int64_t told; /* of what has been sent */
	void (*progress)(int64_t sent_bytes, void *arg);
	struct s3_hash *hash;
	struct s3_hashes hashes;
	struct sigv4_pair headers[S3_OBJECT_HEADERS];
};

void s3_object_headers(const struct s3 *s, const char *content_type, const char *content_disposition,
	struct sigv4_pair ret[static S3_OBJECT_HEADERS])
{
	const struct sigv4_pair all[S3_OBJECT_HEADERS] = {
		{"Content-Type", content_type},
		{"Content-Disposition", content_disposition},
		{"Cache-Control", s->spec.cache_control},
		{"x-amz-storage-class", s->spec.storage_class},
		{"x-amz-server-side-encryption", s->spec.sse},
		{"x-amz-server-side-encryption-aws-kms-key-id", s->spec.sse_kms_key},
		{"x-amz-tagging", s->spec.tags},
	};

	memcpy(ret, all, sizeof(all));
}

static void free_put(struct s3_call *c)
{
	struct put *p = (struct put *)(void *)c;

	s3_hash_cancel(p->hash);
	free(p->file);
	free(p->key);
	free(p->content_type);
	free(p->content_disposition);
	free(p);
}

static void on_sent(int64_t bytes, void *arg)
{
	struct put *p = arg;

	if (bytes <= p->told)
		return;
	p->told = bytes;
	s3_call_progress(&p->call, p->progress, bytes);
}

static void on_put(const struct s3_reply *r, void *arg)
{
	struct put *p = arg;

	p->call.request = NULL;
	s3_call_end(&p->call, r->e);
}

static void on_hashed(const struct s3_hashes *h, const struct err *e, void *arg)
{
	struct put *p = arg;

	p->hash = NULL;
	if (h == NULL) {
		s3_call_end(&p->call, e);
		return;
	}
	p->hashes = *h;

	const struct s3_ask ask = {
		.method = "PUT",
		.key = p->key,
		.headers = p->headers,
		.header_count = S3_OBJECT_HEADERS,
		.file = p->bytes > 0 ? p->file : NULL,
		.bytes = p->bytes,
		.hashes = &p->hashes,
		.wants_etag = true,
		.sent = on_sent,
		.arg = p,
	};

	p->call.request = s3_request_start(p->call.s, &ask, on_put, p);
}

static struct put *put_new(struct s3 *s, const struct s3_put *what, s3_done_fn *done, void *arg)
{
	struct put *p = xcalloc(1, sizeof(*p));

	s3_call_init(&p->call, s, free_put, done, arg);
	p->file = xstrdup(what->file);
	p->key = xstrdup(what->key);
	p->content_type = xstrdup(what->content_type);
	p->content_disposition = xstrdup(what->content_disposition);
	p->progress = what->progress;
	s3_object_headers(s, p->content_type, p->content_disposition, p->headers);
	return p;
}

struct s3_call *s3_put_file(struct s3 *s, const struct s3_put *what, s3_done_fn *done, void *arg)
{
	struct err e;
	int64_t bytes = 0;
	int found = fs_size(what->file, &bytes, &e);

	if (found > 0 && bytes >= s->spec.part_bytes)
		return s3_multipart(s, what, bytes, done, arg);

	struct put *p = put_new(s, what, done, arg);

	if (found > 0) {
		p->bytes = bytes;
		p->hash = s3_hash_start(s, p->file, 0, bytes, on_hashed, p);
		return &p->call;
	}
	if (found == 0)
		(void)err_set(&e, ERR_PERM, "%s is not there", p->file);
	s3_call_end_later(&p->call, &e);
	return &p->call;
}
