#ifndef VIDEOD_CGI_REPLY_H
#define VIDEOD_CGI_REPLY_H

/*
 * An answer being made: status, the few headers we use, a JSON body. Errors have one form,
 * {"error":{"code","message","requestId","details":[{"path","message"}]}}, and their code follows from what
 * went wrong. Our own texts only: what a library or the database said never reaches a client.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"

struct err;
struct json;
struct problems;

#define REPLY_MAX_BYTES      (4 * 1024 * 1024) /* of any body */
#define REPLY_PAGE_MAX_BYTES (1024 * 1024)     /* a page ends early rather than grow beyond it */

/* Messages that more than one handler gives. */
#define NO_SUCH_STORE   "There is no store with this id."
#define NO_SUCH_PRODUCT "There is no product with this id."
#define NO_SUCH_VIDEO   "There is no video with this id."
#define NO_SUCH_VOICE   "There is no voice with this id."
#define BODY_IS_CUT     "The body is shorter than its Content-Length."

enum reply_error {
	REPLY_BAD_REQUEST,
	REPLY_INVALID_JSON,
	REPLY_VALIDATION_FAILED,
	REPLY_BUDGET,
	REPLY_NOT_FOUND,
	REPLY_METHOD_NOT_ALLOWED,
	REPLY_CONFLICT,
	REPLY_BODY_TOO_LARGE,
	REPLY_STORE_FULL,
	REPLY_UNSUPPORTED_MEDIA_TYPE,
	REPLY_KEY_REUSED,
	REPLY_INTERNAL,
	REPLY_UNAVAILABLE,
	REPLY_ERROR_COUNT,
};

struct reply {
	const char *request_id; /* borrowed; characters that are safe in a header */
	int status;             /* 0 while nothing was answered */
	bool head_only;         /* the headers of a body that is not sent */
	unsigned retry_after_sec;
	char *location; /* owned */
	char *allow;    /* owned */
	struct buf body;
	int64_t page_items; /* added since reply_page_begin */
};

#define AUTO_REPLY CLEANUP(reply_done) struct reply

void reply_init(struct reply *r, const char *request_id);
void reply_done(struct reply *r);

/* Each fills *r and returns 0, so that a handler can say: return reply_json(...). */
int reply_json(struct reply *r, int status, struct json *value); /* frees value */
int reply_empty(struct reply *r);                                /* 204 */
int reply_error(
	struct reply *r, enum reply_error error, const char *message); /* NULL: the code's own message */
/* As reply_error, with one detail. */
int reply_error_at(struct reply *r, enum reply_error error, const char *path, const char *message);
int reply_problems(struct reply *r, const struct problems *p); /* 400 validation_failed */
/* The answer to a failure nobody expected: 503 where trying again may help, else 500; e's text stays inside.
 */
int reply_failure(struct reply *r, const struct err *e);
/* Location: the folder ("/videos/") and an id, which is made of characters that are safe in a header. */
void reply_location(struct reply *r, const char *folder, const char *id);

/* {"<name>":[...],"total":n,"hasMore":b}, one item in memory at a time. */
void reply_page_begin(struct reply *r, const char *name);
bool reply_page_add(
	struct reply *r, struct json *item); /* frees item; false when the page is full without it */
int reply_page_end(struct reply *r, int64_t offset, int64_t total);

/* The header lines as FastCGI wants them, "Status: 202 Accepted" first, with the empty line at their end. */
void reply_head(const struct reply *r, struct buf *out);

#endif
