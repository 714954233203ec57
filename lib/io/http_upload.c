/*
 * The body of a request: bytes in memory, then a file or a piece of one, then bytes in memory again, which is
 * what a form with a file in it needs. The file is read as it is sent, so its length does not matter. How much is sent is
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

/* Which piece of a file of so many bytes is asked for. */
static int choose_piece(struct http_upload *u, const struct http_request *q, int64_t bytes, struct err *e)
{
	int64_t left = bytes - q->body_file_from;

	if (left < 0 || left < q->body_file_bytes)
		return err_set(e, ERR_TEMP, "the file to be sent has become shorter");
	u->file_from = q->body_file_from;
	u->file_len = q->body_file_bytes > 0 ? q->body_file_bytes : left;
	return 0;
}

int http_upload_open(struct http_upload *u, const struct http_request *q, struct err *e)
{
	AUTO_CLOSE int fd = -1;
	int64_t bytes = 0;
	struct http_upload made = {
		.body = q->body, .body_len = q->body_len, .tail = q->body_tail, .tail_len = q->body_tail_len};

	if (q->body_file != NULL &&
		(fs_open(q->body_file, &fd, &bytes, e) < 0 || choose_piece(&made, q, bytes, e) < 0))
		return -1;
	made.fd = steal_fd(&fd);
	*u = made;
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

bool http_upload_seek(struct http_upload *u, int64_t at)
{
	if (at < 0 || at > http_upload_bytes(u))
		return false;
	u->at = at;
	return true;
}

static ssize_t read_memory(const char *from, size_t n, void *p, size_t max)
{
	if (n > max)
		n = max;
	memcpy(p, from, n);
	return (ssize_t)n;
}

static ssize_t read_file(const struct http_upload *u, int64_t at, void *p, size_t max, struct err *e)
{
	uint64_t left = (uint64_t)(u->file_len - at);
	ssize_t n;

	do
		n = pread(u->fd, p, left < max ? (size_t)left : max, u->file_from + at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set_errno(e, ERR_TEMP, errno, "the file to be sent cannot be read");
	if (n == 0)
		return err_set(e, ERR_TEMP, "the file to be sent has become shorter");
	return n;
}

ssize_t http_upload_read(struct http_upload *u, void *p, size_t max, struct err *e)
{
	int64_t in_file = u->at - (int64_t)u->body_len, in_tail = in_file - u->file_len;
	ssize_t n = 0;

	if (in_file < 0)
		n = read_memory(u->body + u->at, (size_t)-in_file, p, max);
	else if (in_tail < 0)
		n = read_file(u, in_file, p, max, e);
	else if ((size_t)in_tail < u->tail_len)
		n = read_memory(u->tail + in_tail, u->tail_len - (size_t)in_tail, p, max);
	if (n > 0)
		u->at += n;
	return n;
}
