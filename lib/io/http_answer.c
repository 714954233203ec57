/*
 * Where the body of an answer goes. What was asked for, an answer with a status of 2xx, goes where the
 * request says and never beyond its limit. Anything else is what a peer says instead: it is kept in memory,
 * where it can be read, as far as a person or a parser could want it, and never mixed into what was asked
 * for.
 */

#include "lib/io/http_priv.h"

#include <errno.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"

#define RETRY_AFTER_MAX_SEC 86400

void http_answer_init(struct http_answer *a, const struct http_request *q, void *arg)
{
	*a = (struct http_answer){
		.max_bytes = q->max_bytes,
		.body_fd = q->body_fd,
		.on_body = q->on_body,
		.arg = arg,
		.body = BUF_INIT(q->max_bytes > HTTP_ERROR_BODY_MAX ? q->max_bytes : HTTP_ERROR_BODY_MAX),
	};
}

void http_answer_done(struct http_answer *a)
{
	buf_done(&a->body);
}

static int take_error(struct http_answer *a, const void *p, size_t n)
{
	size_t room = HTTP_ERROR_BODY_MAX - a->received_bytes;

	a->is_cut = n > room;
	buf_add(&a->body, p, a->is_cut ? room : n);
	a->received_bytes += a->is_cut ? room : n;
	return a->is_cut;
}

int http_answer_take(
	struct http_answer *a, int status, int64_t declared_bytes, const void *p, size_t n, struct err *e)
{
	if (status < 200 || status > 299)
		return take_error(a, p, n);
	if (n > a->max_bytes - a->received_bytes ||
		(declared_bytes > 0 && (uint64_t)declared_bytes > a->max_bytes))
		return err_set(e, ERR_PERM, "the answer is too large");

	a->was_given_away = a->body_fd > 0 || a->on_body != NULL;
	if (a->on_body != NULL && !a->on_body(p, n, a->arg))
		return err_set(e, ERR_TEMP, "the answer was not taken");
	if (a->body_fd > 0 && !fs_write_all(a->body_fd, p, n))
		return err_set_errno(e, ERR_TEMP, errno, "keep the answer");
	if (!a->was_given_away)
		buf_add(&a->body, p, n);
	a->received_bytes += n;
	return 0;
}

int64_t http_retry_after_sec(const char *value, const char *date)
{
	int64_t until = clock_read_http(value), now = clock_read_http(date);
	int64_t sec = until > now ? until - now : 0;

	if (value == NULL || (!text_to_i64(value, 0, INT64_MAX, &sec) && (until < 0 || now < 0)))
		return -1;
	return sec < RETRY_AFTER_MAX_SEC ? sec : RETRY_AFTER_MAX_SEC;
}
