/*
 * Reading a body by what was announced of it: one that would be too large is refused before its first byte is
 * looked at, and one that ends early is never taken for a whole.
 */
#include "cgi/body.h"

#include "lib/base/buf.h"

#define CHUNK_BYTES 16384

ssize_t body_next(struct body *b, void *p, size_t n)
{
	int64_t rest = b->bytes - b->taken;
	size_t got;

	if (b->bytes < 0)
		return -1;
	if (rest == 0)
		return 0;
	got = b->read(b, p, (uint64_t)rest < n ? (size_t)rest : n);
	b->taken += (int64_t)got;
	return got > 0 ? (ssize_t)got : -1;
}

enum body_state body_read(struct body *b, struct buf *out)
{
	char chunk[CHUNK_BYTES];
	ssize_t n;

	if (b->bytes > 0 && (uint64_t)b->bytes > out->max_bytes)
		return BODY_TOO_LARGE;
	while ((n = body_next(b, chunk, sizeof(chunk))) > 0)
		buf_add(out, chunk, (size_t)n);
	if (n == 0)
		return BODY_WHOLE;
	buf_clear(out);
	return BODY_CUT;
}
