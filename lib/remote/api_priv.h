#ifndef VIDEOD_REMOTE_API_PRIV_H
#define VIDEOD_REMOTE_API_PRIV_H

/* What both vendors' clients share: where a vendor is, the headers of each request, and keeping the key out
 * of what is told. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/io/http.h"

struct err;
struct json;
struct verdict;

#define API_HEADERS_MAX 4

struct api {
	struct http *http;
	char *url; /* without a slash at its end */
	char *key;
	char *headers[API_HEADERS_MAX + 1]; /* NULL-terminated */
	bool is_local;                      /* on loopback, where http will do */
};

/*
 * headers: API_HEADERS_MAX at most, the key not among them: key_prefix and the key are one. ERR_PERM for an
 * address that is neither https nor on loopback, and for a key that does not fit into a header.
 */
int api_init(struct api *a, struct http *http, const char *url, const char *key, const char *key_prefix,
	const char *const *headers, struct err *e);
void api_done(struct api *a);

/* What http_start takes, but the address is a path, the headers are the vendor's, and https is seen to. */
int api_start(struct api *a, const char *path, const struct http_request *q, http_done_fn *done, void *arg,
	struct http_call **ret_call, struct err *e);

/* A vendor may have repeated the key that it does not like. */
void api_hide_key(const struct api *a, struct verdict *v);

/* A number of credits in thousandths; -1 where v is no number, negative, or absurd. */
int64_t api_milli(const struct json *v);

#endif
