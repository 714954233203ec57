#ifndef VIDEOD_IO_HTTP_H
#define VIDEOD_IO_HTTP_H

/*
 * HTTP requests on libcurl: in the daemon on the multi interface and the loop, in the CLI blocking. Every
 * request has a connect timeout, a total timeout, a low-speed limit and a size limit. Redirects are not
 * followed unless asked. An HTTP error status is not a failure here: see http_result.status. Errors name an
 * address without its query, and never show a header. No proxy, no credentials in addresses, no compression.
 *
 * Kinds of failure. A request that is neither safe (GET, HEAD) nor said to be repeatable is sent at most
 * once, on a connection of its own. No request asks first by "Expect: 100-continue" unless it says so. From
 * the moment its first byte may have gone out, every failure of one that is sent at most once is
 * ERR_UNCERTAIN, whatever the reason: a timeout, a broken connection, half an answer, one that is too large
 * or was not taken. There is one exception: when body_file ended too early the peer never had the whole
 * request, and the kind is ERR_TEMP. Before that moment nothing was sent, and the kind is that of a safe
 * request: ERR_TEMP for a look-up, a connect or a TLS handshake that failed or took too long, and for any
 * broken or silent connection; ERR_PERM for certificates, addresses and sizes that are refused.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct err;
struct loop;
struct sockaddr;
struct http;
struct http_call;
struct http_transfer;

#define HTTP_ERROR_BODY_MAX ((size_t)64 * 1024)

/* A piece of a 2xx answer's body. False: not taken, and the call fails with ERR_TEMP. Calls no http_*. */
typedef bool http_body_fn(const void *p, size_t n, void *arg);
/* So many bytes of the request's body have been handed on, all in all; goes back where they are sent again.
 * For bodies with a body_file only. Calls no http_*. */
typedef void http_sent_fn(int64_t body_bytes, void *arg);

struct http_request {
	const char *method;         /* "GET", "POST", "PUT", "DELETE", "HEAD" */
	const char *url;            /* http or https */
	const char *const *headers; /* NULL-terminated "Name: value", or NULL; redirects get them too */
	const void *body;           /* borrowed until the call ends; NULL for none */
	size_t body_len;
	const char *body_file;   /* a file that is sent after body, piece by piece, as long as it is at the
				    start; one that cannot be opened fails http_start. NULL for none */
	int64_t body_file_from;  /* a piece of it only: from here, */
	int64_t body_file_bytes; /* so many bytes, which must be there; 0: to its end */
	const void *body_tail;   /* sent after body_file; borrowed as body is */
	size_t body_tail_len;
	http_sent_fn *on_sent; /* told, with the call's arg; NULL for none */
	bool repeatable;     /* the peer may get it twice without harm: it uses kept connections, may be sent
				again on a new one, and fails as a safe one does */
	int64_t expect_ms;   /* asks by "Expect: 100-continue", and sends the body after so long without an
				answer; 0: does not ask */
	bool path_as_is;     /* "/../" and "/./" in url stay what they are */
	const char *ca_file; /* who may sign the peer's certificate besides whom the system trusts, or NULL */
	int64_t timeout_ms;  /* whole request; required */
	int64_t low_speed_sec;  /* given up after so long with hardly a byte in either direction, the wait for
				   the first byte of the answer included; 0: 60. A call whose peer may think
				   for longer says as many seconds as timeout_ms is */
	size_t max_bytes;       /* of a 2xx answer's body; required; more is ERR_PERM */
	int body_fd;            /* > 0: a 2xx answer's body is written there; stays the caller's */
	http_body_fn *on_body;  /* or it is given to this, with the call's arg, as it comes; NULL for none */
	unsigned max_redirects; /* 0: none followed; only for GET and HEAD */
	bool https_only;        /* also for redirects */
	int64_t send_by_ms;     /* clock_mono_ms after which it is not sent any more, ERR_TEMP: whoever was
				   stopped in between may have lost the right to; 0: no such time */
	bool public_only;       /* refuses loopback, private, link-local, multicast addresses, checked on the
				   socket that is to be connected (so DNS cannot lie) */
};

struct http_result {
	int status;               /* 100..599 */
	const char *body;         /* NUL-terminated; valid during the callback. Other than 2xx: cut at
				     HTTP_ERROR_BODY_MAX. NULL when it went to body_fd or on_body */
	size_t body_len;          /* of body, or bytes that went there */
	const char *content_type; /* "" when there was none */
	int64_t retry_after_sec;  /* of a Retry-After header in seconds, capped at 86400; -1 none */
	const struct http_transfer *transfer; /* for http_header */
};

/* Exactly one of r and e is not NULL. */
typedef void http_done_fn(const struct http_result *r, const struct err *e, void *arg);

/* A header of the final answer, in any case of letters; the first of several. Valid during the callback; NULL
 * for none. */
const char *http_header(const struct http_result *r, const char *name);

/* Call http_free before loop_free. SIGPIPE is ignored from here on. */
int http_new(struct loop *l, struct http **ret_http, struct err *e);
void http_free(struct http *h); /* cancels what is under way, without callbacks; not from inside one */
DEFINE_FREEP(http)

/*
 * done is called once, from the loop, and *ret_call is gone after it. -1 when the request itself is wrong;
 * done is not called then.
 */
int http_start(struct http *h, const struct http_request *q, http_done_fn *done, void *arg,
	struct http_call **ret_call, struct err *e);
void http_cancel(struct http_call *c); /* done is not called; NULL is allowed */

/* Blocking; the callback runs before it returns. For the CLI. */
int http_blocking(const struct http_request *q, http_done_fn *done, void *arg, struct err *e);

/* Part of the public internet: not private, loopback, link-local, multicast, ... nor IPv6 standing for it. */
bool http_address_is_public(const struct sockaddr *sa);

#endif
