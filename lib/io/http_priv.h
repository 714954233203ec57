#ifndef VIDEOD_IO_HTTP_PRIV_H
#define VIDEOD_IO_HTTP_PRIV_H

/* The parts of http.c that do not need libcurl. */

#include <stdbool.h>

struct err;
struct http_request;

struct http_method {
	const char *name;
	bool is_safe; /* changes nothing at the peer: RFC 9110, section 9.2.1 */
};

/* NULL when it is none that we know. */
const struct http_method *http_find_method(const char *name);
/* All but the address. 0, or -1 with ERR_PERM. */
int http_check_request(const struct http_request *q, const struct http_method *m, struct err *e);
/* http_address_is_public of a numerical address; false when it is none. */
bool http_text_is_public(const char *ip);

#endif
