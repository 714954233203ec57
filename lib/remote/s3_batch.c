/*
 * DeleteObjects of the Amazon S3 API Reference: a thousand keys in one request. The server says of which keys
 * it did not do it and why; those are asked for again, for as long as they become fewer.
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/io/xml.h"
#include "lib/remote/s3_priv.h"

#define BODY_BYTES   ((size_t)16 << 20) /* a thousand keys of a thousand bytes, escaped */
#define ANSWER_BYTES ((size_t)4 << 20)

struct s3_batch {
	struct s3 *s;
	char **keys; /* those that are left */
	size_t count;
	unsigned attempts; /* since there were last fewer of them */
	struct buf body;
	struct s3_request *request;
	struct s3_due due;
	s3_batch_fn *done;
	void *arg;
};

static const struct sigv4_pair query[] = {{"delete", NULL}};
static const struct sigv4_pair headers[] = {{"Content-Type", "application/xml"}};

static void free_batch(struct s3_batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		free(b->keys[i]);
	free(b->keys);
	buf_done(&b->body);
	free(b);
}

static void end(struct s3_batch *b, const struct err *e)
{
	b->done(e, b->arg);
	free_batch(b);
}

/* The index of a key, or count. */
static size_t find(const struct s3_batch *b, const char *key)
{
	size_t i = 0;

	while (i < b->count && strcmp(b->keys[i], key) != 0)
		i++;
	return i;
}

/* Says for each key whether it is to be tried again. e is that of the last key that was not deleted. Returns
 * what to do, S3_FINE for nothing. */
static enum s3_what read_errors(const struct s3_batch *b, const struct xml_node *root, const char *key_id,
	bool *is_left, struct err *e)
{
	enum s3_what what = S3_FINE;

	for (const struct xml_node *n = xml_child(root, "Error"); n != NULL; n = xml_next(n, "Error")) {
		AUTO_FREE char *key = xml_text(xml_child(n, "Key"));
		size_t i = find(b, key);
		struct s3_verdict v;

		s3_judge_error(n, key_id, &v);
		if (v.what == S3_NOT_FOUND)
			continue;
		(void)s3_verdict_err(&v, "DELETE of a key among others", e);
		if (i == b->count || (v.what != S3_RETRY && v.what != S3_THROTTLE))
			return S3_REFUSED;
		is_left[i] = true;
		what = v.what;
	}
	return what;
}

/* Forgets the keys that are gone. Whether there were any. */
static bool keep_left(struct s3_batch *b, const bool *is_left)
{
	size_t kept = 0, before = b->count;

	for (size_t i = 0; i < before; i++) {
		if (is_left[i])
			b->keys[kept++] = b->keys[i];
		else
			free(b->keys[i]);
	}
	b->count = kept;
	return kept < before;
}

static void ask(void *arg);

static void on_answer(const struct s3_reply *r, void *arg)
{
	struct s3_batch *b = arg;
	AUTO_FREE bool *is_left = xcalloc(b->count, sizeof(*is_left));
	AUTO(xml) x = NULL;
	enum s3_what what;
	struct err e;

	b->request = NULL;
	if (r->what != S3_FINE) {
		end(b, r->e);
		return;
	}
	if (xml_parse(r->http->body, r->http->body_len, ANSWER_BYTES, &x, &e) < 0) {
		end(b, &e);
		return;
	}
	what = read_errors(b, xml_root(x), r->key_id, is_left, &e);
	if (what == S3_FINE) {
		end(b, NULL);
		return;
	}
	if (what != S3_REFUSED && keep_left(b, is_left))
		b->attempts = 0;
	if (what == S3_REFUSED || ++b->attempts >= b->s->spec.attempts) {
		end(b, &e);
		return;
	}
	s3_later(b->s, &b->due,
		s3_jitter_ms(what == S3_THROTTLE ? S3_BASE_THROTTLED_MS : S3_BASE_MS, b->attempts), ask, b);
}

static void end_too_long(void *arg)
{
	struct err e;

	(void)err_set(&e, ERR_PERM, "S3: keys that are too long to be deleted together");
	end(arg, &e);
}

static void ask(void *arg)
{
	struct s3_batch *b = arg;

	buf_clear(&b->body);
	buf_adds(&b->body, "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>");
	for (size_t i = 0; i < b->count; i++) {
		buf_adds(&b->body, "<Object><Key>");
		xml_escape(b->keys[i], &b->body);
		buf_adds(&b->body, "</Key></Object>");
	}
	buf_adds(&b->body, "</Delete>");
	if (!buf_ok(&b->body)) {
		s3_later(b->s, &b->due, 0, end_too_long, b);
		return;
	}

	const struct s3_ask what = {
		.method = "POST",
		.query = query,
		.query_count = ARRAY_LEN(query),
		.headers = headers,
		.header_count = ARRAY_LEN(headers),
		.body = buf_text(&b->body),
		.body_len = b->body.len,
		.max_bytes = ANSWER_BYTES,
		.root = "DeleteResult",
		.is_long = true,
	};

	b->request = s3_request_start(b->s, &what, on_answer, b);
}

struct s3_batch *s3_batch_start(
	struct s3 *s, const char *const *keys, size_t count, s3_batch_fn *done, void *arg)
{
	struct s3_batch *b = xcalloc(1, sizeof(*b));

	assert(count > 0 && count <= S3_KEYS_AT_ONCE);
	*b = (struct s3_batch){
		.s = s,
		.keys = xcalloc(count, sizeof(*b->keys)),
		.count = count,
		.body = BUF_INIT(BODY_BYTES),
		.done = done,
		.arg = arg,
	};
	for (size_t i = 0; i < count; i++)
		b->keys[i] = xstrdup(keys[i]);
	ask(b);
	return b;
}

void s3_batch_cancel(struct s3_batch *b)
{
	if (b == NULL)
		return;
	s3_not_later(b->s, &b->due);
	s3_request_cancel(b->request);
	free_batch(b);
}
