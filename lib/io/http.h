#ifndef VIDEOD_IO_HTTP_H
#define VIDEOD_IO_HTTP_H

/*
 * HTTP requests on libcurl: in the daemon on the multi interface and the loop, in the CLI blocking. Every
 * request has a connect timeout, a total timeout, a low-speed limit and a size limit. Redirects are not
 * followed unless asked. Failure kinds: connect, DNS, timeout and a broken connection ERR_TEMP (ERR_UNCERTAIN
 * when a request that is not safe, that is neither GET nor HEAD, was already sent); certificate, size and
 * address refusals ERR_PERM. An HTTP error status is not a failure here: see http_result.status. Errors name
 * an address without its query. No proxy, no credentials in addresses, no compression. A request that is not
 * safe is sent at most once.
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

struct http_request {
	const char *method;         /* "GET", "POST", "PUT", "DELETE", "HEAD" */
	const char *url;            /* http or https */
	const char *const *headers; /* NULL-terminated "Name: value", or NULL; redirects get them too */
	const void *body;           /* borrowed until the call ends; NULL for none */
	size_t body_len;
	int64_t timeout_ms;     /* whole request; required */
	size_t max_bytes;       /* of the answer's body; required; more is ERR_PERM */
	int body_fd;            /* > 0: the body is written there, not kept in memory; stays the caller's */
	unsigned max_redirects; /* 0: none followed; only for GET and HEAD */
	bool https_only;        /* also for redirects */
	bool public_only;       /* refuses loopback, private, link-local, multicast addresses, checked on the
				   socket that is to be connected (so DNS cannot lie) */
};

struct http_result {
	int status;               /* 100..599 */
	const char *body;         /* NUL-terminated; NULL with body_fd; valid during the callback */
	size_t body_len;          /* bytes received, with body_fd too */
	const char *content_type; /* "" when there was none */
	int64_t retry_after_sec;  /* of a Retry-After header in seconds, capped at 86400; -1 none */
};

/* Exactly one of r and e is not NULL. */
typedef void http_done_fn(const struct http_result *r, const struct err *e, void *arg);

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
