/*
 * DeleteObjects of the Amazon S3 API Reference: a thousand keys in one request. The server says of which keys
 * it did not do it and why; those are asked for again, and as long as they become fewer without an end.
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

/* What came of it */

struct outcome {
	const char **left; /* keys that are to be tried again; as many as there are keys at most */
	size_t left_count;
	bool has_failed; /* one of them for good */
	struct err e;    /* of the last one that failed */
};

static bool has_key(const struct s3_batch *b, const char *key)
{
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->keys[i], key) == 0)
			return true;
	return false;
}

static void note_error(const struct s3_batch *b, const struct xml_node *n, char *key, struct outcome *o)
{
	struct s3_verdict v;

	s3_judge_error(n, &v);
	if (v.what == S3_NOT_FOUND)
		return;
	(void)s3_verdict_err(&v, "DELETE of a key among others", &o->e);
	if ((v.what != S3_RETRY && v.what != S3_THROTTLE) || !has_key(b, key))
		o->has_failed = true;
	else if (o->left_count < b->count)
		o->left[o->left_count++] = steal_ptr(key);
	free(key);
}

static void read_outcome(const struct s3_batch *b, const struct xml_node *root, struct outcome *o)
{
	for (const struct xml_node *n = xml_child(root, "Error"); n != NULL; n = xml_next(n, "Error"))
		note_error(b, n, xml_text(xml_child(n, "Key")), o);
}
