/*
 * Runway's API over HTTP (docs.dev.runwayml.com, version 2024-11-06). A call is one request, and for an
 * upload a second one to the storage that the first one names.
 *
 * Kept here: done is called exactly once, and never after a cancel; only UUIDs get into an address; the key
 * goes to the API alone, never to the storage, and into no error.
 */

#include "lib/remote/runway.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/remote/api_priv.h"
#include "lib/remote/runway_priv.h"

#define VENDOR            "runway"
#define ANSWER_MAX        ((size_t)256 * 1024)
#define FORM_MAX          ((size_t)256 * 1024)
#define ASK_TIMEOUT_MS    30000
#define UPLOAD_TIMEOUT_MS 120000
#define BOUNDARY_SIZE     48

struct runway {
	struct api api;
};

struct runway_call {
	struct runway *runway;
	const struct operation *operation;
	struct http_call *http; /* under way */
	bool ended;             /* in done, or past it */
	union {
		runway_created_fn *created;
		runway_task_fn *task;
		runway_done_fn *cancelled;
		runway_uploaded_fn *uploaded;
		runway_account_fn *account;
	} done;
	void *arg;
	int64_t send_by_ms;
	struct buf body, tail;           /* sent */
	char *model;                     /* of an account */
	char *file, *content_type, *uri; /* of an upload */
};

/* What an API call is, and what its answers are to it. */
struct operation {
	const char *method;
	int64_t timeout_ms;
	enum verdict_call kind;
	/* A success: ends the call or sends its next request, and returns NULL; else says what is missing. */
	const char *(*take)(struct runway_call *c, const struct json *root);
	void (*take_gone)(struct runway_call *c); /* there is no such task; NULL: as any other refusal */
	void (*fail)(struct runway_call *c, const struct verdict *v);
};

static const char *const headers[] = {"X-Runway-Version: 2024-11-06", "Accept: application/json", NULL};

int runway_new(const struct runway_options *o, struct runway **ret, struct err *e)
{
	struct api api;

	if (api_init(&api, o->http, o->url, o->key, "Authorization: Bearer ", headers, e) < 0)
		return -1;
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->api = api;
	return 0;
}

void runway_free(struct runway *r)
{
	if (r == NULL)
		return;
	api_done(&r->api);
	free(r);
}

/* A call's life */

static void free_call(struct runway_call *c)
{
	buf_done(&c->body);
	buf_done(&c->tail);
	free(c->model);
	free(c->file);
	free(c->content_type);
	free(c->uri);
	free(c);
}

void runway_call_cancel(struct runway_call *c)
{
	if (c == NULL || c->ended)
		return;
	http_cancel(c->http);
	free_call(c);
}

static void fail(struct runway_call *c, struct verdict *v)
{
	api_hide_key(&c->runway->api, v);
	c->ended = true;
	c->operation->fail(c, v);
}

static void judge(struct runway_call *c, const struct http_result *r)
{
	const struct operation *o = c->operation;
	AUTO(json) root = NULL;
	const char *missing = NULL;
	struct verdict v;
	struct err ignored;

	(void)json_parse(r->body, r->body_len, &root, &ignored); /* what is no JSON has no keys */
	if (r->status / 100 == 2) {
		missing = o->take(c, root);
		if (missing == NULL)
			return;
		verdict_bad_body(r, o->kind, VENDOR, missing, &v);
	} else if (r->status == 404 && o->take_gone != NULL && runway_read_gone(root)) {
		o->take_gone(c);
		return;
	} else {
		verdict_runway(r, o->kind, &v);
	}
	fail(c, &v);
}

static void on_answer(const struct http_result *r, const struct err *e, void *arg)
{
	struct runway_call *c = arg;
	struct verdict v;

	c->http = NULL;
	if (r != NULL) {
		judge(c, r);
	} else {
		verdict_no_answer(e, c->operation->kind, VENDOR, &v);
		fail(c, &v);
	}
	if (c->ended)
		free_call(c);
}

static struct runway_call *new_call(struct runway *r, const struct operation *o, void *arg)
{
	struct runway_call *c = xcalloc(1, sizeof(*c));

	*c = (struct runway_call){
		.runway = r,
		.operation = o,
		.arg = arg,
		.body = BUF_INIT(FORM_MAX),
		.tail = BUF_INIT(FORM_MAX),
	};
	return c;
}

/* Sends what is in c->body, if anything is. Takes c over: on -1 it is freed. */
static int start(struct runway_call *c, const char *path, struct runway_call **ret_call, struct err *e)
{
	const struct http_request q = {
		.method = c->operation->method,
		.body = c->body.len > 0 ? buf_text(&c->body) : NULL,
		.body_len = c->body.len,
		.timeout_ms = c->operation->timeout_ms,
		.max_bytes = ANSWER_MAX,
		.send_by_ms = c->send_by_ms,
	};
	int r = -1;

	if (!buf_ok(&c->body))
		(void)err_set(e, ERR_PERM, VENDOR ": the request is too large");
	else
		r = api_start(&c->runway->api, path, &q, on_answer, c, &c->http, e);
	if (r < 0)
		free_call(c);
	else
		*ret_call = c;
	return r;
}

/* Create */

static const char *take_created(struct runway_call *c, const struct json *root)
{
	struct runway_created created;

	if (!runway_read_created(root, &created))
		return "no id of a task";
	c->ended = true;
	c->done.created(&created, NULL, c->arg);
	return NULL;
}

static void fail_created(struct runway_call *c, const struct verdict *v)
{
	c->done.created(NULL, v, c->arg);
}

static const struct operation creating = {
	.method = "POST",
	.timeout_ms = RUNWAY_CREATE_MS,
	.kind = CALL_PAID,
	.take = take_created,
	.fail = fail_created,
};

int runway_create(struct runway *r, const struct runway_order *o, runway_created_fn *done, void *arg,
	struct runway_call **ret_call, struct err *e)
{
	AUTO_FREE char *path = xasprintf("/v1/%s", o->endpoint);
	struct runway_call *c = new_call(r, &creating, arg);

	c->done.created = done;
	c->send_by_ms = o->send_by_ms;
	runway_create_body(o, &c->body);
	return start(c, path, ret_call, e);
}

/* Ask for a task, and cancel it */

static void tell_task(struct runway_call *c, const struct runway_task *t)
{
	c->ended = true;
	c->done.task(t, NULL, c->arg);
}

static const char *take_task(struct runway_call *c, const struct json *root)
{
	struct verdict failed;
	struct runway_task task;

	if (!runway_read_task(root, &failed, &task))
		return "no state of a task";
	if (task.failed != NULL)
		api_hide_key(&c->runway->api, &failed);
	tell_task(c, &task);
	return NULL;
}

static void take_task_gone(struct runway_call *c)
{
	tell_task(c, &(const struct runway_task){.state = RUNWAY_GONE, .cost_milli = -1});
}

static void fail_task(struct runway_call *c, const struct verdict *v)
{
	c->done.task(NULL, v, c->arg);
}

static const char *take_cancelled(struct runway_call *c, const struct json *root UNUSED)
{
	c->ended = true;
	c->done.cancelled(NULL, c->arg);
	return NULL;
}

static void take_cancelled_gone(struct runway_call *c)
{
	(void)take_cancelled(c, NULL);
}

static void fail_cancelled(struct runway_call *c, const struct verdict *v)
{
	c->done.cancelled(v, c->arg);
}

static const struct operation asking = {
	.method = "GET",
	.timeout_ms = ASK_TIMEOUT_MS,
	.kind = CALL_FREE,
	.take = take_task,
	.take_gone = take_task_gone,
	.fail = fail_task,
};

static const struct operation cancelling = {
	.method = "DELETE",
	.timeout_ms = ASK_TIMEOUT_MS,
	.kind = CALL_FREE,
	.take = take_cancelled,
	.take_gone = take_cancelled_gone,
	.fail = fail_cancelled,
};

static int start_on_task(struct runway_call *c, const char *id, struct runway_call **ret_call, struct err *e)
{
	AUTO_FREE char *path = xasprintf("/v1/tasks/%s", id);

	if (runway_is_id(id))
		return start(c, path, ret_call, e);
	free_call(c);
	return err_set(e, ERR_PERM, VENDOR ": this is no id of a task");
}

int runway_task(struct runway *r, const char *id, runway_task_fn *done, void *arg,
	struct runway_call **ret_call, struct err *e)
{
	struct runway_call *c = new_call(r, &asking, arg);

	c->done.task = done;
	return start_on_task(c, id, ret_call, e);
}

int runway_cancel(struct runway *r, const char *id, runway_done_fn *done, void *arg,
	struct runway_call **ret_call, struct err *e)
{
	struct runway_call *c = new_call(r, &cancelling, arg);

	c->done.cancelled = done;
	return start_on_task(c, id, ret_call, e);
}

/* Account */

static const char *take_account(struct runway_call *c, const struct json *root)
{
	struct runway_account account;

	if (!runway_read_account(root, c->model, &account))
		return "no balance";
	c->ended = true;
	c->done.account(&account, NULL, c->arg);
	return NULL;
}

static void fail_account(struct runway_call *c, const struct verdict *v)
{
	c->done.account(NULL, v, c->arg);
}

static const struct operation reading_account = {
	.method = "GET",
	.timeout_ms = ASK_TIMEOUT_MS,
	.kind = CALL_FREE,
	.take = take_account,
	.fail = fail_account,
};

int runway_account(struct runway *r, const char *model, runway_account_fn *done, void *arg,
	struct runway_call **ret_call, struct err *e)
{
	struct runway_call *c = new_call(r, &reading_account, arg);

	c->done.account = done;
	c->model = xstrdup(model);
	return start(c, "/v1/organization", ret_call, e);
}

/* Upload */

static void fail_upload(struct runway_call *c, const struct verdict *v)
{
	c->done.uploaded(NULL, v, c->arg);
}

/* The storage answers what it likes, but for its status. Whatever it did not take needs a new slot. */
static void on_stored(const struct http_result *r, const struct err *e, void *arg)
{
	struct runway_call *c = arg;
	struct verdict v;

	c->http = NULL;
	if (r != NULL && r->status / 100 == 2) {
		c->ended = true;
		c->done.uploaded(c->uri, NULL, c->arg);
	} else if (r != NULL) {
		verdict_bad_body(r, CALL_FREE, VENDOR, "the picture was not stored", &v);
		fail(c, &v);
	} else {
		verdict_no_answer(e, CALL_FREE, VENDOR, &v);
		fail(c, &v);
	}
	free_call(c);
}

static int store(struct runway_call *c, const struct runway_slot *slot, struct err *e)
{
	char boundary[BOUNDARY_SIZE], type[BOUNDARY_SIZE + 64];

	(void)snprintf(
		boundary, sizeof(boundary), "%016" PRIx64 "%016" PRIx64, clock_random(), clock_random());
	(void)snprintf(type, sizeof(type), "Content-Type: multipart/form-data; boundary=%s", boundary);
	buf_clear(&c->body);
	runway_form_head(slot, boundary, c->content_type, &c->body);
	runway_form_tail(boundary, &c->tail);
	if (!buf_ok(&c->body))
		return err_set(e, ERR_TEMP, VENDOR ": the form of an upload is too large");

	const struct http_request q = {
		.method = "POST",
		.url = slot->url,
		.headers = (const char *const[]){type, NULL},
		.body = buf_text(&c->body),
		.body_len = c->body.len,
		.body_file = c->file,
		.body_tail = buf_text(&c->tail),
		.body_tail_len = c->tail.len,
		.timeout_ms = UPLOAD_TIMEOUT_MS,
		.max_bytes = ANSWER_MAX,
		.https_only = !c->runway->api.is_local,
		.public_only = !c->runway->api.is_local,
	};
	return http_start(c->runway->api.http, &q, on_stored, c, &c->http, e);
}

static const char *take_slot(struct runway_call *c, const struct json *root)
{
	struct runway_slot slot;
	struct verdict v;
	struct err e;

	if (!runway_read_slot(root, &slot))
		return "no place for an upload";
	c->uri = xstrdup(slot.uri);
	if (store(c, &slot, &e) < 0) {
		verdict_no_answer(&e, CALL_FREE, VENDOR, &v);
		fail(c, &v);
	}
	return NULL;
}

static const struct operation uploading = {
	.method = "POST",
	.timeout_ms = ASK_TIMEOUT_MS,
	.kind = CALL_FREE,
	.take = take_slot,
	.fail = fail_upload,
};

int runway_upload(struct runway *r, const char *file, const char *content_type, runway_uploaded_fn *done,
	void *arg, struct runway_call **ret_call, struct err *e)
{
	if (runway_file_name(content_type) == NULL)
		return err_set(e, ERR_PERM, VENDOR ": a picture of a type that it does not take");
	struct runway_call *c = new_call(r, &uploading, arg);

	c->done.uploaded = done;
	c->file = xstrdup(file);
	c->content_type = xstrdup(content_type);
	runway_slot_body(content_type, &c->body);
	return start(c, "/v1/uploads", ret_call, e);
}
