#ifndef VIDEOD_IO_HTTP_TRANSFER_PRIV_H
#define VIDEOD_IO_HTTP_TRANSFER_PRIV_H

/* One request on libcurl, whoever drives it: http.c, by the loop or blocking. */

#include "lib/io/http.h"

struct http_transfer;

/* NULL with *e filled: as http_start says. libcurl has been started. */
struct http_transfer *http_transfer_new(
	const struct http_request *q, http_done_fn *done, void *arg, struct err *e);
/* Out of its CURLM by now. */
void http_transfer_free(struct http_transfer *t);

/* The CURL of it. Its CURLOPT_PRIVATE is the driver's. */
void *http_transfer_handle(const struct http_transfer *t);
/* "GET https://host/path", as errors say it. */
const char *http_transfer_where(const struct http_transfer *t);

/* It has ended with this CURLcode: calls done, once. */
void http_transfer_conclude(struct http_transfer *t, int curl_code);

#endif
