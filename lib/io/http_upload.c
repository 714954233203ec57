/*
 * The body of a request: bytes in memory, then a file, then bytes in memory again, which is what a form with
 * a file in it needs. The file is read as it is sent, so its length does not matter. How much is sent is
 * fixed when it is opened, because the request's head says it: a file that has grown since is cut, and one
 * that has shrunk ends the request.
 */

#include "lib/io/http_priv.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"

int http_upload_open(struct http_upload *u, const struct http_request *q, struct err *e)
{
	int fd = -1;
	int64_t file_len = 0;

	if (q->body_file != NULL && fs_open(q->body_file, &fd, &file_len, e) < 0)
		return -1;
	*u = (struct http_upload){
		.body = q->body,
		.body_len = q->body_len,
		.fd = fd,
		.file_len = file_len,
		.tail = q->body_tail,
		.tail_len = q->body_tail_len,
	};
	return 0;
}

void http_upload_close(struct http_upload *u)
{
	if (u->fd >= 0)
		(void)close(steal_fd(&u->fd));
}

int64_t http_upload_bytes(const struct http_upload *u)
{
	return (int64_t)(u->body_len + u->tail_len) + u->file_len;
}

static ssize_t read_memory(const char **from, size_t *left, void *p, size_t max)
{
	size_t n = *left < max ? *left : max;

	memcpy(p, *from, n);
	*from += n;
	*left -= n;
	return (ssize_t)n;
}

static ssize_t read_file(struct http_upload *u, void *p, size_t max, struct err *e)
{
	size_t want = (uint64_t)u->file_len < max ? (size_t)u->file_len : max;
	ssize_t n;

	do
		n = read(u->fd, p, want);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set_errno(e, ERR_TEMP, errno, "the file to be sent cannot be read");
	if (n == 0)
		return err_set(e, ERR_TEMP, "the file to be sent has become shorter");
	u->file_len -= n;
	return n;
}

ssize_t http_upload_read(struct http_upload *u, void *p, size_t max, struct err *e)
{
	if (u->body_len > 0)
		return read_memory(&u->body, &u->body_len, p, max);
	if (u->file_len > 0)
		return read_file(u, p, max, e);
	return u->tail_len > 0 ? read_memory(&u->tail, &u->tail_len, p, max) : 0;
}
