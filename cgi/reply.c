/*
 * Answers. Everything a client can be told about a failure is in two tables here: the code and message for
 * each kind of error, and the reason phrase for each status. A reply is complete or absent: nothing is sent
 * before the whole body exists, so Content-Length is always right.
 */
#include "cgi/reply.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/video/problems.h"

struct error_row {
	int status;
	const char *code;
	const char *message;
};

static const struct error_row errors[] = {
	[REPLY_BAD_REQUEST] = {400, "bad_request", "The request is malformed."},
	[REPLY_INVALID_JSON] = {400, "invalid_json", "The body is not valid JSON."},
	[REPLY_VALIDATION_FAILED] = {400, "validation_failed", "The request has a problem; see details."},
	[REPLY_BUDGET] = {402, "budget", "This would cost more than the limit allows."},
	[REPLY_NOT_FOUND] = {404, "not_found", "There is nothing here."},
	[REPLY_METHOD_NOT_ALLOWED] = {405, "method_not_allowed", "This cannot be done here; see Allow."},
	[REPLY_CONFLICT] = {409, "conflict", "This contradicts what is already there."},
	[REPLY_BODY_TOO_LARGE] = {413, "body_too_large", "The body is too large."},
	[REPLY_STORE_FULL] = {413, "store_full", "The store has uploaded as much as it may."},
	[REPLY_UNSUPPORTED_MEDIA_TYPE] = {415, "unsupported_media_type",
		"The body must be sent as Content-Type: application/json, in UTF-8."},
	[REPLY_KEY_REUSED] = {422, "idempotency_key_reused",
		"This Idempotency-Key was sent with another request before."},
	[REPLY_INTERNAL] = {500, "internal",
		"Something went wrong here; it was logged under this request's id."},
	[REPLY_UNAVAILABLE] = {503, "unavailable", "Not possible right now; try again shortly."},
};
_Static_assert(ARRAY_LEN(errors) == REPLY_ERROR_COUNT, "each error has its row");

static const struct {
	int status;
	const char *text;
} reasons[] = {
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{400, "Bad Request"},
	{402, "Payment Required"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{409, "Conflict"},
	{413, "Content Too Large"},
	{415, "Unsupported Media Type"},
	{422, "Unprocessable Content"},
	{500, "Internal Server Error"},
	{503, "Service Unavailable"},
};

void reply_init(struct reply *r, const char *request_id)
{
	*r = (struct reply){.request_id = request_id, .body = BUF_INIT(REPLY_MAX_BYTES)};
}

void reply_done(struct reply *r)
{
	free(r->location);
	free(r->allow);
	buf_done(&r->body);
}

int reply_json(struct reply *r, int status, struct json *value)
{
	AUTO(json) owned = value;

	buf_clear(&r->body);
	json_write(owned, &r->body);
	assert(buf_ok(&r->body)); /* the limits of what is stored see to it */
	r->status = status;
	return 0;
}

int reply_empty(struct reply *r)
{
	buf_clear(&r->body);
	r->status = 204;
	return 0;
}

/* details: NULL for none; becomes part of the answer. */
static int answer_error(
	struct reply *r, const struct error_row *row, const char *message, struct json *details)
{
	struct json *error = json_new_object(), *body = json_new_object();

	json_put_string(error, "code", row->code);
	json_put_string(error, "message", message ? message : row->message);
	json_put_string(error, "requestId", r->request_id);
	json_put(error, "details", details ? details : json_new_array());
	json_put(body, "error", error);
	return reply_json(r, row->status, body);
}

static void add_detail(struct json *details, const char *path, const char *message)
{
	struct json *detail = json_new_object();

	json_put_string(detail, "path", path);
	json_put_string(detail, "message", message);
	json_append(details, detail);
}

int reply_error(struct reply *r, enum reply_error error, const char *message)
{
	return answer_error(r, &errors[error], message, NULL);
}

int reply_error_at(struct reply *r, enum reply_error error, const char *path, const char *message)
{
	struct json *details = json_new_array();

	add_detail(details, path, message);
	return answer_error(r, &errors[error], message, details);
}

int reply_problems(struct reply *r, const struct problems *p)
{
	struct json *details = json_new_array();
	size_t listed = p->count < LIMIT_PROBLEMS ? p->count : LIMIT_PROBLEMS;
	char message[96];

	for (size_t i = 0; i < listed; i++)
		add_detail(details, p->list[i].path, p->list[i].message);
	if (p->count == 1)
		return answer_error(r, &errors[REPLY_VALIDATION_FAILED], NULL, details);

	(void)snprintf(message, sizeof(message), "The request has %zu problems; see details%s.", p->count,
		listed < p->count ? " for the first of them" : "");
	return answer_error(r, &errors[REPLY_VALIDATION_FAILED], message, details);
}

int reply_failure(struct reply *r, const struct err *e)
{
	if (e->kind != ERR_TEMP && e->kind != ERR_UNCERTAIN)
		return reply_error(r, REPLY_INTERNAL, NULL);

	r->retry_after_sec = 1;
	if (e->kind == ERR_TEMP)
		return reply_error(r, REPLY_UNAVAILABLE,
			"The database cannot be used right now; nothing was changed. Try again shortly.");
	return reply_error(r, REPLY_UNAVAILABLE,
		"The database did not confirm the change, which may or may not have been made. "
		"Look before trying again.");
}

void reply_location(struct reply *r, const char *folder, const char *id)
{
	free(r->location);
	r->location = xasprintf("%s%s", folder, id);
}

void reply_page_begin(struct reply *r, const char *name)
{
	buf_clear(&r->body);
	buf_addf(&r->body, "{\"%s\":[", name);
	r->page_items = 0;
}

bool reply_page_add(struct reply *r, struct json *item)
{
	AUTO(json) owned = item;
	AUTO_BUF text = BUF_INIT(REPLY_PAGE_MAX_BYTES);

	json_write(owned, &text);
	if (!buf_ok(&text) || r->body.len + text.len > REPLY_PAGE_MAX_BYTES)
		return false;

	if (r->page_items++ > 0)
		buf_addc(&r->body, ',');
	buf_add(&r->body, text.data, text.len);
	return true;
}

int reply_page_end(struct reply *r, int64_t offset, int64_t total)
{
	buf_addf(&r->body, "],\"total\":%" PRId64 ",\"hasMore\":%s}", total,
		offset + r->page_items < total ? "true" : "false");
	r->status = 200;
	return 0;
}

static const char *reason_of(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Unknown";
}

void reply_head(const struct reply *r, struct buf *out)
{
	buf_addf(out, "Status: %d %s\r\n", r->status, reason_of(r->status));
	if (r->status != 204) /* which has no body, and by RFC 9110 no Content-Length */
		buf_addf(out, "Content-Type: application/json; charset=utf-8\r\nContent-Length: %zu\r\n",
			r->body.len);
	buf_addf(out, "Cache-Control: no-store\r\nX-Request-Id: %s\r\n", r->request_id);
	if (r->location)
		buf_addf(out, "Location: %s\r\n", r->location);
	if (r->allow)
		buf_addf(out, "Allow: %s\r\n", r->allow);
	if (r->retry_after_sec)
		buf_addf(out, "Retry-After: %u\r\n", r->retry_after_sec);
	buf_adds(out, "\r\n");
}
