#ifndef VIDEOD_CGI_HANDLER_H
#define VIDEOD_CGI_HANDLER_H

/* What a handler is given. One request is served at a time; nothing of it outlives its answer. */

#include "lib/video/limits.h"
#include "lib/video/settings.h"
#include "lib/video/video.h"

struct body;
struct cache;
struct db;
struct err;
struct idempotency;
struct json;
struct reply;

/* What a responder holds open. */
struct app {
	struct settings settings;
	struct db *db;       /* connects at the first statement */
	struct cache *cache; /* a hint: dead is a miss */
};

struct request {
	const char *query;              /* what follows '?', still encoded; "" for none */
	const struct json *body;        /* NULL where the route takes none, or an optional one is absent */
	struct body *file;              /* ROUTE_FILE: what comes, not yet read; else NULL */
	const char *file_type;          /* its Content-Type, "" for none */
	const struct idempotency *once; /* the client's Idempotency-Key; NULL: none, or not for this route */
	struct uuid id;                 /* {id} of the path */
	char key[LIMIT_ID + 1]; /* {key} of the path: a store's or a product's id; {voice}: a voice's */
	int64_t scene;          /* {n} of the path: a scene's number from 1, as people count */
};

/*
 * 0: *r holds the answer. -1: nothing was answered and *e says why; the router then tries again what may be
 * repeated, or answers by the kind of failure.
 */
typedef int handler_fn(struct app *a, const struct request *q, struct reply *r, struct err *e);

#endif
