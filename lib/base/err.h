#ifndef VIDEOD_BASE_ERR_H
#define VIDEOD_BASE_ERR_H

/*
 * The one way to fail: a function returns -1 and fills a struct err on its caller's stack. The kind says what
 * the caller can DO about it; the text says what happened, for a person. The failure path never allocates.
 */

#include <stdarg.h>

#include "lib/base/macros.h"

enum err_kind {
	ERR_TEMP,      /* may work later: retry with backoff */
	ERR_PERM,      /* will never work unchanged */
	ERR_UNCERTAIN, /* an outside effect may have happened: look, then ask; never repeat blindly */
	ERR_CANCELED,  /* stopped because somebody asked */
	ERR_BLOCKED,   /* works again only after the operator has acted (credit, key) */
	ERR_KIND_COUNT,
	ERR_KIND_INVALID = -1,
};

struct err {
	enum err_kind kind;
	int sys_errno;   /* errno, or 0 */
	int http_status; /* the status a responder should answer with or a peer answered with, or 0 */
	char text[480];  /* one line, NUL-terminated */
};

/* "temp", "perm", "uncertain", "canceled", "blocked" */
extern const char *const err_kind_names[ERR_KIND_COUNT];

/* All three fill *e, cut a text that is too long, and return -1, for a caller's  return err_set(...);  */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* As err_set, and appends ": " and the text of sys_errno, which is kept. */
int err_set_errno(struct err *e, enum err_kind kind, int sys_errno, const char *fmt, ...) PRINTF_LIKE(4, 5);
int err_set_http(struct err *e, enum err_kind kind, int http_status, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Puts context before the text: "job 7: scene 2: " + text. Returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
