#ifndef VIDEOD_BASE_BUF_H
#define VIDEOD_BASE_BUF_H

/*
 * A growing byte buffer with a limit. Always NUL-terminated once something was added (data is never NULL for
 * buf_text). Going over the limit drops the addition and sets a sticky flag, so that a chain of additions is
 * checked once, at its end.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/macros.h"

struct buf {
	char *data;       /* owned; NULL while nothing was added */
	size_t len;       /* bytes without the terminating NUL */
	size_t cap;       /* bytes allocated */
	size_t max_bytes; /* len never exceeds it */
	bool failed;      /* something did not fit */
};

#define BUF_INIT(max) ((struct buf){.max_bytes = (max)})
#define AUTO_BUF      CLEANUP(buf_done) struct buf

void buf_done(struct buf *b);  /* frees; b may be used again */
void buf_clear(struct buf *b); /* len 0, flag off, memory kept */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool buf_ok(const struct buf *b);          /* nothing was dropped */
const char *buf_text(const struct buf *b); /* "" when empty; valid until the next addition */
char *buf_steal(struct buf *b);            /* caller frees; never NULL; b is empty after */

#endif
