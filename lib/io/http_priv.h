#ifndef VIDEOD_IO_HTTP_PRIV_H
#define VIDEOD_IO_HTTP_PRIV_H

/* The parts of a transfer that do not need libcurl. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/io/http.h"

struct http_method {
	const char *name;
	bool is_safe; /* changes nothing at the peer: RFC 9110, section 9.2.1 */
};

/* NULL when it is none that we know. */
const struct http_method *http_find_method(const char *name);
/* All but the address. 0, or -1 with ERR_PERM. */
int http_check_request(const struct http_request *q, const struct http_method *m, struct err *e);

/* The parts of an address; NULL for those that it does not have. */
struct http_address {
	char *scheme, *host, *port, *path, *user, *password;
};
/* 0 with the text "GET https://host/path" that names the request in errors, which the caller frees, or -1
 * with ERR_PERM. */
int http_check_address(
	const struct http_request *q, const struct http_address *a, char **ret_where, struct err *e);
/* http_address_is_public of a numerical address; false when it is none. */
bool http_text_is_public(const char *ip);

/* Not empty, and without a character that what the peer sent, or an address with its query, could bring. */
bool http_text_is_plain(const char *s);

/* What a request sends: three parts, one behind the other. */
struct http_upload {
	const char *body; /* borrowed, as tail is */
	size_t body_len;
	int fd;            /* of body_file; -1 none */
	int64_t file_from; /* the piece of it that is sent */
	int64_t file_len;
	const char *tail;
	size_t tail_len;
	int64_t at; /* how much of all has been read */
};

/* -1 when body_file cannot be opened, or ends before the piece that was asked for. */
int http_upload_open(struct http_upload *u, const struct http_request *q, struct err *e);
void http_upload_close(struct http_upload *u);
int64_t http_upload_bytes(const struct http_upload *u); /* all of it */
/* Up to max bytes of what comes next; 0 at the end; -1 with ERR_TEMP when the file ended before its length.
 */
ssize_t http_upload_read(struct http_upload *u, void *p, size_t max, struct err *e);
/* Goes on from there. False when there is no such place. */
bool http_upload_seek(struct http_upload *u, int64_t at);

/* What becomes of the answer's body. */
struct http_answer {
	size_t max_bytes;
	int body_fd; /* borrowed; as http_request says */
	http_body_fn *on_body;
	void *arg;
	struct buf body;       /* kept in memory */
	size_t received_bytes; /* kept in memory or given away */
	bool was_given_away;
	bool is_cut; /* enough of an error's body: the rest is not wanted */
};

void http_answer_init(struct http_answer *a, const struct http_request *q, void *arg);
void http_answer_done(struct http_answer *a);
/* A piece of the body of an answer with this status, whose head declared so many bytes (-1: none). 0 go on, 1
 * enough, -1 with *e. */
int http_answer_take(
	struct http_answer *a, int status, int64_t declared_bytes, const void *p, size_t n, struct err *e);
/* The seconds that a Retry-After header asks for, up to a day; a date's, from the Date header's on. -1: there
 * is none (NULL), or it cannot be read. */
int64_t http_retry_after_sec(const char *value, const char *date);

#endif
