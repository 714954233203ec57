/*
 * Looking at an object, and bringing one here. What comes is written beside the file that it becomes, so that
 * there is all of it or nothing.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/remote/s3_priv.h"

#define FILE_MODE 0644

/* Head */

struct head {
	struct s3_call call; /* first */
	char *key;
	s3_head_fn *done;
};

static void free_head(struct s3_call *c)
{
	struct head *h = (struct head *)(void *)c;

	free(h->key);
	free(h);
}

static void on_head(const struct s3_reply *r, void *arg)
{
	struct head *h = arg;
	s3_head_fn *done = h->done;
	void *done_arg = h->call.arg;

	h->call.request = NULL;
	s3_call_free(&h->call);
	if (r->what != S3_FINE) {
		done(NULL, r->e, done_arg);
		return;
	}

	const struct s3_head head = {
		.bytes = s3_content_length(r->http),
		.modified = s3_read_time(http_header(r->http, "Last-Modified")),
		.etag = http_header(r->http, "ETag"),
		.content_type = r->http->content_type,
	};

	done(&head, NULL, done_arg);
}

struct s3_call *s3_head(struct s3 *s, const char *key, s3_head_fn *done, void *arg)
{
	struct head *h = xcalloc(1, sizeof(*h));

	s3_call_init(&h->call, s, free_head, NULL, arg);
	h->done = done;
	h->key = xstrdup(key);

	const struct s3_ask ask = {.method = "HEAD", .key = h->key, .wants_etag = true};

	h->call.request = s3_request_start(s, &ask, on_head, h);
	return &h->call;
}

/* Get */

struct get {
	struct s3_call call; /* first */
	char *key, *file, *part;
	int64_t bytes; /* that it must have; -1: not known yet */
	int fd;
};

static void free_get(struct s3_call *c)
{
	struct get *g = (struct get *)(void *)c;

	if (g->fd >= 0) {
		(void)close(g->fd);
		(void)unlink(g->part);
	}
	free(g->key);
	free(g->file);
	free(g->part);
	free(g);
}

/* What an attempt before has left is no part of this one. */
static bool begin_again(void *arg)
{
	const struct get *g = arg;

	return ftruncate(g->fd, 0) == 0 && lseek(g->fd, 0, SEEK_SET) == 0;
}

static int keep(struct get *g, int64_t bytes, struct err *e)
{
	if (bytes != g->bytes)
		return err_set(e, ERR_PERM, "GET %s/%s: has %lld bytes, not %lld", g->call.s->spec.bucket,
			g->key, (long long)bytes, (long long)g->bytes);
	if (fs_rename_durable(g->part, g->file, e) < 0) {
		e->kind = ERR_TEMP; /* our disk says nothing of the object */
		return -1;
	}
	(void)close(steal_fd(&g->fd)); /* on the disk by now */
	return 0;
}

static void on_got(const struct s3_reply *r, void *arg)
{
	struct get *g = arg;
	struct err e;

	g->call.request = NULL;
	if (r->what != S3_FINE)
		s3_call_end(&g->call, r->e);
	else if (keep(g, (int64_t)r->http->body_len, &e) < 0)
		s3_call_end(&g->call, &e);
	else
		s3_call_end(&g->call, NULL);
}

static void begin(struct get *g)
{
	const struct s3 *s = g->call.s;
	const struct s3_ask ask = {
		.method = "GET",
		.key = g->key,
		.body_fd = g->fd,
		.again = begin_again,
		.max_bytes = g->bytes > 0 ? (size_t)g->bytes : 1,
		.wants_etag = true,
		.deadlines =
			1 +
			g->bytes / s->spec.part_bytes, /* one for each part that it may have been put in */
		.arg = g,
	};

	g->call.request = s3_request_start(g->call.s, &ask, on_got, g);
}

static void on_size(const struct s3_reply *r, void *arg)
{
	struct get *g = arg;
	struct err e;

	g->call.request = NULL;
	if (r->what == S3_NOT_FOUND) { /* the key, or the bucket? An answer with a body says */
		g->bytes = 0;
		begin(g);
		return;
	}
	if (r->what != S3_FINE) {
		s3_call_end(&g->call, r->e);
		return;
	}
	g->bytes = s3_content_length(r->http);
	if (g->bytes < 0) {
		(void)err_set(
			&e, ERR_TEMP, "HEAD %s/%s: the answer has no length", g->call.s->spec.bucket, g->key);
		s3_call_end(&g->call, &e);
		return;
	}
	begin(g);
}

/* Nothing is received before it is known how much it will be. */
static void ask_size(struct get *g)
{
	const struct s3_ask ask = {.method = "HEAD", .key = g->key, .wants_etag = true};

	g->call.request = s3_request_start(g->call.s, &ask, on_size, g);
}

struct s3_call *s3_get_file(
	struct s3 *s, const char *key, int64_t bytes, const char *file, s3_done_fn *done, void *arg)
{
	struct get *g = xcalloc(1, sizeof(*g));
	struct err e;

	s3_call_init(&g->call, s, free_get, done, arg);
	g->key = xstrdup(key);
	g->file = xstrdup(file);
	g->part = xasprintf("%s.part", file);
	g->bytes = bytes;
	g->fd = open(g->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
	if (g->fd < 0) {
		(void)err_set_errno(&e, ERR_TEMP, errno, "%s", g->part);
		s3_call_end_later(&g->call, &e);
	} else if (bytes < 0) {
		ask_size(g);
	} else {
		begin(g);
	}
	return &g->call;
}
