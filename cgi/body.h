#ifndef VIDEOD_CGI_BODY_H
#define VIDEOD_CGI_BODY_H

/* What a client sends with its request. It comes once, in pieces, and is in memory only as a whole that is
 * small. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;

struct body {
	int64_t bytes; /* that the client announced; 0: none comes, -1: what it announced is no number */
	int64_t taken; /* of them so far */
	/* Up to n more bytes into p. 0: no more come. */
	size_t (*read)(struct body *b, void *p, size_t n);
};

enum body_state {
	BODY_WHOLE, /* or none */
	BODY_TOO_LARGE,
	BODY_CUT, /* the client went away, or lied about its length */
};

/* The next bytes of those announced, at most n. 0: that was all; -1: it is cut. */
ssize_t body_next(struct body *b, void *p, size_t n);
/* All of it into *out, which is empty, unless more is announced than that may hold. */
enum body_state body_read(struct body *b, struct buf *out);

#endif
