/* The CLI's side of the HTTP API. */
#include "cli/client.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/io/json.h"
#include "lib/io/uuid.h"

#define TIMEOUT_MS      30000
#define FILE_TIMEOUT_MS 600000
#define MAX_BYTES       (4 * 1024 * 1024)

struct answer {
	int status;
	struct json *json;
	struct err failure;
	bool failed;
};

static void done(const struct http_result *r, const struct err *failure, void *arg)
{
	struct answer *a = arg;
	struct err ignored;

	a->failed = failure != NULL;
	if (failure) {
		a->failure = *failure;
		return;
	}
	a->status = r->status;
	if (r->body_len == 0 || json_parse(r->body, r->body_len, &a->json, &ignored) < 0)
		a->json = json_new_object();
}

static int send(const struct http_request *q, int *ret_status, struct json **ret_json, struct err *e)
{
	struct answer a = {0};

	if (http_blocking(q, done, &a, e) < 0)
		return -1;
	if (a.failed) {
		*e = a.failure;
		return err_prefix(e, "%s: ", q->url);
	}
	*ret_status = a.status;
	*ret_json = a.json;
	return 0;
}

/* key_header NULL: none. */
static int call(const char *method, const char *url, const struct json *body, const char *key_header,
	int *ret_status, struct json **ret_json, struct err *e)
{
	const char *headers[] = {
		"Content-Type: application/json", "Accept: application/json", key_header, NULL};
	AUTO_BUF text = BUF_INIT(MAX_BYTES);
	struct http_request q = {.method = method,
		.url = url,
		.headers = headers,
		.timeout_ms = TIMEOUT_MS,
		.max_bytes = MAX_BYTES};

	if (body) {
		json_write(body, &text);
		q.body = buf_text(&text);
		q.body_len = text.len;
	}
	return send(&q, ret_status, ret_json, e);
}

int client_call(const char *method, const char *url, const struct json *body, int *ret_status,
	struct json **ret_json, struct err *e)
{
	return call(method, url, body, NULL, ret_status, ret_json, e);
}

int client_send_file(const char *url, const char *file, const char *type, int *ret_status,
	struct json **ret_json, struct err *e)
{
	AUTO_FREE char *content_type = xasprintf("Content-Type: %s", type);
	const char *headers[] = {content_type, "Accept: application/json", NULL};

	return send(&(struct http_request){.method = "POST",
			    .url = url,
			    .headers = headers,
			    .body_file = file,
			    .timeout_ms = FILE_TIMEOUT_MS,
			    .max_bytes = MAX_BYTES},
		ret_status, ret_json, e);
}

int client_call_once(const char *method, const char *url, const struct json *body, int *ret_status,
	struct json **ret_json, struct err *e)
{
	static const char name[] = "Idempotency-Key: ";
	char header[sizeof(name) + UUID_TEXT_SIZE], key[UUID_TEXT_SIZE];
	struct uuid id = uuid_new();

	uuid_format(&id, key);
	(void)snprintf(header, sizeof(header), "%s%s", name, key);
	if (call(method, url, body, header, ret_status, ret_json, e) == 0)
		return 0;
	return call(method, url, body, header, ret_status, ret_json, e);
}

int client_error(int status, const struct json *answer, struct err *e)
{
	const struct json *error = json_get(answer, "error"), *details = json_get(error, "details");
	const char *message = json_string(json_get(error, "message"));
	AUTO_BUF text = BUF_INIT(400);

	buf_adds(&text, message ? message : "no reason given");
	for (size_t i = 0; i < json_count(details); i++) {
		const struct json *d = json_at(details, i);
		const char *path = json_string(json_get(d, "path")),
			   *what = json_string(json_get(d, "message"));

		buf_addf(&text, "; %s %s", path && *path ? path : "the body", what ? what : "");
	}
	return err_set_http(e, ERR_PERM, status, "the server answered %d: %s", status, buf_text(&text));
}
