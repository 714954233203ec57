#ifndef VIDEOD_CGI_FCGI_H
#define VIDEOD_CGI_FCGI_H

/*
 * FastCGI (libfcgi): one request at a time from a listening socket that several responders share. The peer is
 * the web server, which is trusted to send a request in one go (nginx: fastcgi_request_buffering on). Each
 * connection carries one request: one kept open would hold its responder while others wait.
 */

#include "lib/base/macros.h"

struct body;
struct buf;
struct err;
struct fcgi;

/* Valid until fcgi_send. No pointer is NULL but where it says so. */
struct fcgi_request {
	const char *method;
	const char *uri;             /* path and query as the client wrote them */
	const char *content_type;    /* "" for none */
	const char *request_id;      /* the web server's, "" for none */
	const char *idempotency_key; /* the client's header; NULL: it sent none */
	struct body *body;           /* what is not read of it is thrown away with the answer */
};

/*
 * listen_fd stays the caller's; it is made non-blocking. From here on SIGTERM and SIGINT are taken by
 * fcgi_accept only, so they never interrupt an answer. -1 when listen_fd is not a listening socket.
 */
int fcgi_open(int listen_fd, struct fcgi **ret_fcgi, struct err *e);
void fcgi_free(struct fcgi *f);
DEFINE_FREEP(fcgi)

/* Waits for a request. 1 there is one, 0 a signal asked to end, -1 failed. */
int fcgi_accept(struct fcgi *f, struct fcgi_request *ret_request, struct err *e);
/* Sends the answer and ends the request. A client that went away is not an error. body may be NULL. */
void fcgi_send(struct fcgi *f, const struct buf *head, const struct buf *body);

#endif
