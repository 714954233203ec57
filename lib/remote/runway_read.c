/* Reading what Runway answers, and writing what it is sent. Pure; fuzzed. Keys that are not known are
 * skipped. */

#include "lib/remote/runway_priv.h"

#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/names.h"
#include "lib/io/json.h"
#include "lib/io/uuid.h"
#include "lib/remote/api_priv.h"
#include "lib/remote/decimal_priv.h"

#define ADDRESS_MAX 8192
#define DOMAIN_MAX  253
#define URL_MAX     2048 /* what Runway takes */
#define COUNT_MAX   1000000

static const char *const state_names[RUNWAY_STATE_COUNT] = {
	[RUNWAY_PENDING] = "PENDING",
	[RUNWAY_THROTTLED] = "THROTTLED",
	[RUNWAY_RUNNING] = "RUNNING",
	[RUNWAY_SUCCEEDED] = "SUCCEEDED",
	[RUNWAY_FAILED] = "FAILED",
	[RUNWAY_CANCELLED] = "CANCELLED",
	[RUNWAY_GONE] = "", /* said by status 404 alone */
};

/* These make sound, and charge for it, unless told otherwise. The others do not know the key. */
static const char *const sounding_models[] = {"veo3.1", "veo3.1_fast"};

/* What Runway takes for a picture, and what it is called in an upload. */
static const struct {
	const char *content_type, *file_name;
} pictures[] = {
	{"image/jpeg", "picture.jpg"},
	{"image/png", "picture.png"},
	{"image/webp", "picture.webp"},
};

bool runway_is_id(const char *s)
{
	struct uuid id;

	return s != NULL && uuid_parse_text(s, &id);
}

static bool is_address(const char *s, const char *scheme, size_t max)
{
	size_t n = strlen(scheme), len = s != NULL ? strlen(s) : 0;

	if (len <= n || len > max || strncmp(s, scheme, n) != 0)
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

static bool is_web_address(const char *s)
{
	return is_address(s, "https://", ADDRESS_MAX) || is_address(s, "http://", ADDRESS_MAX);
}

bool runway_takes_url(const char *url)
{
	if (!is_address(url, "https://", URL_MAX))
		return false;
	const char *host = url + strlen("https://");
	size_t n = strcspn(host, ":/?#"), letters = 0, dots = 0;

	for (size_t i = 0; i < n; i++) {
		char lower = (char)(host[i] | 0x20);
		bool is_letter = lower >= 'a' && lower <= 'z';

		if (!is_letter && strchr("0123456789-.", host[i]) == NULL)
			return false; /* also '@': credentials */
		letters += is_letter;
		dots += host[i] == '.';
	}
	return n > 0 && n <= DOMAIN_MAX && letters > 0 && dots > 0 && host[0] != '.';
}

void runway_create_body(const struct runway_order *o, struct buf *out)
{
	AUTO(json) body = json_new_object();

	json_put_string(body, "model", o->model);
	if (o->image_uri != NULL)
		json_put_string(body, "promptImage", o->image_uri);
	if (o->prompt[0] != '\0')
		json_put_string(body, "promptText", o->prompt);
	json_put_string(body, "ratio", o->ratio);
	json_put_int(body, "duration", o->seconds);
	json_put_int(body, "seed", o->seed);
	if (NAMES_FIND(sounding_models, o->model) >= 0)
		json_put_bool(body, "audio", false);
	json_write(body, out);
}

bool runway_read_created(const struct json *root, struct runway_created *ret)
{
	const char *id = json_string(json_get(root, "id"));

	if (!runway_is_id(id))
		return false;
	*ret = (struct runway_created){
		.id = id,
		.estimate_milli = api_milli(json_get(json_get(root, "estimatedCost"), "credits")),
	};
	return true;
}

static unsigned permille_of(const struct json *progress)
{
	int64_t v = 0;

	(void)decimal_round(json_number_text(progress), 3, 1000, &v);
	return v > 0 ? (unsigned)v : 0;
}

bool runway_read_task(const struct json *root, struct verdict *failed, struct runway_task *ret)
{
	int state = NAMES_FIND(state_names, json_string(json_get(root, "status")));
	const char *output = json_string(json_at(json_get(root, "output"), 0));

	if (state < 0 || state == RUNWAY_GONE || (state == RUNWAY_SUCCEEDED && !is_web_address(output)))
		return false;
	*ret = (struct runway_task){
		.state = state,
		.permille = state == RUNWAY_RUNNING ? permille_of(json_get(root, "progress")) : 0,
		.output = state == RUNWAY_SUCCEEDED ? output : NULL,
		.cost_milli = api_milli(json_get(json_get(root, "cost"), "credits")),
	};
	if (state != RUNWAY_FAILED)
		return true;
	verdict_runway_task(
		json_string(json_get(root, "failureCode")), json_string(json_get(root, "failure")), failed);
	ret->failed = failed;
	return true;
}

bool runway_read_gone(const struct json *root)
{
	const char *error = json_string(json_get(root, "error"));

	return error != NULL && strcasestr(error, "not find task") != NULL;
}

/* A limit: null is none (-1); what is not said, or is no number, is not_said. */
static int64_t limit_of(const struct json *model, const char *key, int64_t not_said)
{
	int64_t v = not_said;

	if (json_has(model, key) && json_get(model, key) == NULL)
		return -1;
	return decimal_round(json_number_text(json_get(model, key)), 0, COUNT_MAX, &v) && v >= 0 ? v
												 : not_said;
}

bool runway_read_account(const struct json *root, const char *model, struct runway_account *ret)
{
	const struct json *limits = json_get(json_get(json_get(root, "tier"), "models"), model);
	const struct json *used = json_get(json_get(json_get(root, "usage"), "models"), model);
	const struct json *balance = json_get(root, "creditBalance");
	int64_t milli = api_milli(balance);

	if (json_number_text(balance) == NULL)
		return false;
	*ret = (struct runway_account){
		.balance_milli = milli > 0 ? milli : 0, /* an overdrawn account has nothing left */
		.concurrency = limit_of(limits, "maxConcurrentGenerations", 0),
		.daily_limit = limit_of(limits, "maxDailyGenerations", -1),
		.daily_used = limit_of(used, "dailyGenerations", 0),
	};
	return true;
}

bool runway_read_slot(const struct json *root, struct runway_slot *ret)
{
	const struct json *fields = json_get(root, "fields"), *value = NULL;
	const char *url = json_string(json_get(root, "uploadUrl")),
		   *uri = json_string(json_get(root, "runwayUri"));

	if (!is_web_address(url) || !is_address(uri, "runway://", ADDRESS_MAX) ||
		json_type_of(fields) != JSON_OBJECT)
		return false;
	for (size_t i = 0; i < json_count(fields); i++) {
		const char *key = json_key_at(fields, i, &value);

		if (json_string(value) == NULL || strpbrk(key, "\"\r\n") != NULL)
			return false;
	}
	*ret = (struct runway_slot){.url = url, .uri = uri, .fields = fields};
	return true;
}

const char *runway_file_name(const char *content_type)
{
	for (size_t i = 0; i < ARRAY_LEN(pictures); i++)
		if (strcmp(pictures[i].content_type, content_type) == 0)
			return pictures[i].file_name;
	return NULL;
}

void runway_slot_body(const char *content_type, struct buf *out)
{
	AUTO(json) body = json_new_object();

	json_put_string(body, "filename", runway_file_name(content_type));
	json_put_string(body, "type", "ephemeral");
	json_write(body, out);
}

void runway_form_head(
	const struct runway_slot *s, const char *boundary, const char *content_type, struct buf *out)
{
	const struct json *value = NULL;

	for (size_t i = 0; i < json_count(s->fields); i++) {
		const char *key = json_key_at(s->fields, i, &value);

		buf_addf(out, "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", boundary,
			key, json_string(value));
	}
	buf_addf(out,
		"--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
		"Content-Type: %s\r\n\r\n",
		boundary, runway_file_name(content_type), content_type);
}

void runway_form_tail(const char *boundary, struct buf *out)
{
	buf_addf(out, "\r\n--%s--\r\n", boundary);
}
