#ifndef VIDEOD_REMOTE_RUNWAY_H
#define VIDEOD_REMOTE_RUNWAY_H

/*
 * Runway's API, version 2024-11-06: create a video task, ask for it, cancel it, upload a picture, read the
 * account. Each call is one HTTP request (an upload two), ends by calling done exactly once from the loop,
 * and is given up by its own deadline. *ret_call is gone when done is called; runway_call_cancel ends it
 * without done (and frees what belongs to it). Exactly one of the result and v is not NULL in done. Never
 * retries: who calls decides.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"
#include "lib/remote/verdict.h"

#define RUNWAY_CREATE_MS 60000 /* no answer to a create comes later */

struct buf;
struct http;
struct runway;
struct runway_call; /* an API call under way */

struct runway_options {
	struct http *http;
	const char *url; /* "https://api.dev.runwayml.com"; http is taken for loopback only */
	const char *key; /* copied; appears in no error and no log */
};
int runway_new(const struct runway_options *o, struct runway **ret, struct err *e);
void runway_free(struct runway *r);
DEFINE_FREEP(runway)

struct runway_order {
	const char *endpoint; /* "text_to_video", "image_to_video" */
	const char *model, *ratio, *prompt;
	int seconds;
	int64_t seed;          /* 0..4294967295 */
	const char *image_uri; /* https or runway://; NULL for text_to_video */
	int64_t send_by_ms;    /* see http_request */
};
/* The JSON of a create, with no key that the model's endpoint does not know. */
void runway_create_body(const struct runway_order *o, struct buf *out);

struct runway_created {
	const char *id;         /* a task's UUID; checked to be one */
	int64_t estimate_milli; /* thousandths of a credit, -1 not said */
};
typedef void runway_created_fn(const struct runway_created *c, const struct verdict *v, void *arg);
/* Paid. -1: nothing was sent (*e says why) and done is not called. */
int runway_create(struct runway *r, const struct runway_order *o, runway_created_fn *done, void *arg,
	struct runway_call **ret_call, struct err *e);

enum runway_state {
	RUNWAY_PENDING,
	RUNWAY_THROTTLED,
	RUNWAY_RUNNING,
	RUNWAY_SUCCEEDED,
	RUNWAY_FAILED,
	RUNWAY_CANCELLED,
	RUNWAY_GONE, /* there is no such task (any more): 404 */
	RUNWAY_STATE_COUNT
};
struct runway_task {
	int state;          /* enum runway_state */
	unsigned permille;  /* RUNNING */
	const char *output; /* SUCCEEDED: the clip's address, signed: never logged; NULL otherwise */
	int64_t cost_milli; /* thousandths of a credit, -1 not said */
	const struct verdict *failed; /* FAILED: what its failureCode means; NULL otherwise */
};
typedef void runway_task_fn(const struct runway_task *t, const struct verdict *v, void *arg);
int runway_task(struct runway *r, const char *id, runway_task_fn *done, void *arg,
	struct runway_call **ret_call, struct err *e);

/* v NULL: it is cancelled, or was gone already. */
typedef void runway_done_fn(const struct verdict *v, void *arg);
int runway_cancel(struct runway *r, const char *id, runway_done_fn *done, void *arg,
	struct runway_call **ret_call, struct err *e);

/* Puts a picture there for 24 hours: uri is what runway_order.image_uri takes. The file is streamed. */
typedef void runway_uploaded_fn(const char *uri, const struct verdict *v, void *arg);
int runway_upload(struct runway *r, const char *file, const char *content_type, runway_uploaded_fn *done,
	void *arg, struct runway_call **ret_call, struct err *e);

struct runway_account {
	int64_t balance_milli;
	int64_t concurrency;             /* of the model, -1 no limit, 0 not said */
	int64_t daily_limit, daily_used; /* generations of the model, -1 no limit */
};
typedef void runway_account_fn(const struct runway_account *a, const struct verdict *v, void *arg);
int runway_account(struct runway *r, const char *model, runway_account_fn *done, void *arg,
	struct runway_call **ret_call, struct err *e);

void runway_call_cancel(struct runway_call *c); /* done is not called; NULL is allowed */

/* Whether Runway would fetch a picture from this address: https, a domain name, at most 2048 characters. */
bool runway_takes_url(const char *url);

#endif
