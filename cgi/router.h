#ifndef VIDEOD_CGI_ROUTER_H
#define VIDEOD_CGI_ROUTER_H

/* From a request to its answer: which handler, what it may be given, and what happens when it fails. */

#include "cgi/handler.h"

struct fcgi_request;
struct uri;

enum router_method {
	METHOD_GET,
	METHOD_PUT,
	METHOD_POST,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_COUNT,
	METHOD_INVALID = -1
};

enum route_flags {
	ROUTE_BODY = 1,          /* needs a JSON body */
	ROUTE_BODY_OPTIONAL = 2, /* may have one */
	ROUTE_QUERY = 4,         /* the handler reads the query; elsewhere any is a problem */
	ROUTE_ONCE = 8,          /* takes an Idempotency-Key; elsewhere it is not looked at */
	ROUTE_FILE = 16,         /* the body is a file, which the handler reads */
};

struct route {
	enum router_method method;
	const char *pattern; /* parts in braces match by their kind: see the table in router.c */
	handler_fn *handler;
	unsigned flags;
};

struct router_match {
	const struct route *route; /* NULL: none */
	unsigned allowed;          /* bits of the methods that the path knows; 0: the path is unknown */
};

/* HEAD is matched as GET. Where there is a route, *q has what its path says and nothing else. */
struct router_match router_find(const char *method, const struct uri *uri, struct request *q);

/* application/json, with charset=utf-8 or without. */
bool router_is_json(const char *content_type);

/*
 * Fills *r (inited by the caller) completely. What may be repeated is tried once more when the first try
 * failed quickly and with ERR_TEMP: a connection that the database had closed is not the client's business.
 */
void router_answer(struct app *a, const struct fcgi_request *in, struct reply *r);

#endif
