/* See sent_body.h. */

#include "tests/unit/sent_body.h"

#include <string.h>

static size_t read_some(struct body *b, void *p, size_t n)
{
	struct sent_body *s = (struct sent_body *)b; /* its first member */

	if (s->piece > 0 && n > s->piece)
		n = s->piece;
	if (n > s->left)
		n = s->left;
	memcpy(p, s->from, n);
	s->from += n;
	s->left -= n;
	return n;
}

struct sent_body sent_body_of(const char *p, size_t n, int64_t announced)
{
	return (struct sent_body){
		.body = {.bytes = announced < 0 ? (int64_t)n : announced, .read = read_some},
		.from = p,
		.left = n,
	};
}
