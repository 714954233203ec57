/*
 * The growing buffer. Invariants: data[len] is NUL once data is not NULL; len <= max_bytes; after something
 * did not fit nothing more is added, so that what is there is always a whole prefix of what was meant.
 */

#include "lib/base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"

#define BUF_FIRST_BYTES 64

/* Makes room for n more bytes and the NUL; false (and the flag) where the limit forbids it. */
static bool reserve(struct buf *b, size_t n)
{
	if (b->failed || n > b->max_bytes - b->len) {
		b->failed = true;
		return false;
	}
	if (b->len + n < b->cap)
		return true;

	size_t cap = b->cap ? b->cap : BUF_FIRST_BYTES;

	while (cap <= b->len + n)
		cap = cap > SIZE_MAX / 2 ? SIZE_MAX : cap * 2;
	b->data = xrealloc(b->data, cap);
	b->cap = cap;
	return true;
}

void buf_done(struct buf *b)
{
	free(b->data);
	*b = BUF_INIT(b->max_bytes);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || !reserve(b, n))
		return;

	memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);

	int n = vsnprintf(NULL, 0, fmt, ap);

	if (n < 0)
		b->failed = true;
	else if (n > 0 && reserve(b, (size_t)n))
		b->len += (size_t)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
}

bool buf_ok(const struct buf *b)
{
	return !b->failed;
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *buf_steal(struct buf *b)
{
	char *data = b->data ? b->data : xstrdup("");

	*b = BUF_INIT(b->max_bytes);
	return data;
}
