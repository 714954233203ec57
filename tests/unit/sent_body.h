#ifndef VIDEOD_TESTS_SENT_BODY_H
#define VIDEOD_TESTS_SENT_BODY_H

/* A request's body that is in memory already. */

#include <stddef.h>
#include <stdint.h>

#include "cgi/body.h"

struct sent_body {
	struct body body;
	const char *from;
	size_t left, piece; /* at most so many bytes at once; 0: any */
};

/* announced -1: as many bytes as there are. */
struct sent_body sent_body_of(const char *p, size_t n, int64_t announced);

#endif
