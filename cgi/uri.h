#ifndef VIDEOD_CGI_URI_H
#define VIDEOD_CGI_URI_H

/* The target of a request as the client wrote it (REQUEST_URI), taken apart. */

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"

struct err;

#define URI_PATH_BYTES 1024

struct uri {
	struct buf path;   /* percent-decoded once; valid UTF-8 without control characters */
	const char *query; /* what follows '?', still encoded, "" for none; borrowed from the text */
};

#define AUTO_URI CLEANUP(uri_done) struct uri

/* 0, or -1: ERR_PERM 400 with a text for the client. An encoded slash is refused: it would change the path's
 * shape. */
int uri_parse(const char *text, struct uri *ret_uri, struct err *e);
void uri_done(struct uri *u);

/*
 * The next part of a path between slashes: moves *at behind it. False at the end. For "/a/b": "a", "b"; for
 * "/a/": "a", "".
 */
bool uri_next_part(const char **at, const char **ret_part, size_t *ret_len);

#endif
