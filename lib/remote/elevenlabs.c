/*
 * ElevenLabs' API over HTTP. A call is one request. Speech is read as it comes: speech_reader.c decodes it
 * into the caller's file, so that no sound is ever in memory.
 *
 * Kept here: done is called exactly once, and never after a cancel; the key is in no error; a speech that was
 * begun and is not whole is ERR_UNCERTAIN, since it was paid for.
 */

#include "lib/remote/elevenlabs.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/remote/api_priv.h"
#include "lib/remote/decimal_priv.h"
#include "lib/remote/elevenlabs_priv.h"

#define VENDOR          "elevenlabs"
#define ASK_TIMEOUT_MS  30000
#define ANSWER_MAX      ((size_t)256 * 1024)
#define LIST_MAX        ((size_t)4 * 1024 * 1024) /* a voice has kilobytes that nobody needs */
#define TIMES_MAX       ((size_t)32 * 1024 * 1024)
#define BODY_MAX        ((size_t)1024 * 1024)
#define PAGE_SIZE       50 /* of 100 that are allowed: see JSON_MAX_VALUES */
#define REQUEST_ID_MAX  128
#define CONCURRENCY_MAX 100000
#define COST_MAX        ((int64_t)1000 * 1000 * 1000 * 1000)

struct elevenlabs {
	struct api api;
};

struct elevenlabs_call {
	struct elevenlabs *elevenlabs;
	const struct operation *operation;
	struct http_call *http;
	bool ended; /* in done, or past it */
	union {
		speech_fn *speech;
		elevenlabs_voices_fn *voices;
		elevenlabs_models_fn *models;
		elevenlabs_account_fn *account;
	} done;
	void *arg;
	int64_t send_by_ms;
	struct buf body; /* sent */
	struct speech_reader *reader;
};

/* What an API call is, and what its answers are to it. */
struct operation {
	const char *method;
	int64_t timeout_ms;
	int64_t low_speed_sec; /* 0: as usual */
	size_t max_bytes;
	enum verdict_call kind;
	/* A success: tells it, and returns NULL; else says what is missing. root is NULL with a reader. */
	const char *(*take)(struct elevenlabs_call *c, const struct http_result *r, const struct json *root);
	void (*fail)(struct elevenlabs_call *c, const struct verdict *v);
};

static const char *const headers[] = {"Accept: application/json", NULL};

int elevenlabs_new(const struct elevenlabs_options *o, struct elevenlabs **ret, struct err *e)
{
	struct api api;

	if (api_init(&api, o->http, o->url, o->key, "xi-api-key: ", headers, e) < 0)
		return -1;
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->api = api;
	return 0;
}

void elevenlabs_free(struct elevenlabs *x)
{
	if (x == NULL)
		return;
	api_done(&x->api);
	free(x);
}

/* A call's life */

static void free_call(struct elevenlabs_call *c)
{
	buf_done(&c->body);
	speech_reader_free(c->reader);
	free(c);
}

void elevenlabs_call_cancel(struct elevenlabs_call *c)
{
	if (c == NULL || c->ended)
		return;
	http_cancel(c->http);
	free_call(c);
}

static void fail(struct elevenlabs_call *c, struct verdict *v)
{
	api_hide_key(&c->elevenlabs->api, v);
	c->operation->fail(c, v);
}

static void judge(struct elevenlabs_call *c, const struct http_result *r)
{
	const struct operation *o = c->operation;
	AUTO(json) root = NULL;
	const char *missing = NULL;
	struct verdict v;
	struct err ignored;

	if (r->status / 100 != 2) {
		verdict_elevenlabs(r, o->kind, &v);
		fail(c, &v);
		return;
	}
	if (r->body != NULL)
		(void)json_parse(r->body, r->body_len, &root, &ignored); /* what is no JSON has no keys */
	missing = o->take(c, r, root);
	if (missing == NULL)
		return;
	verdict_bad_body(r, o->kind, VENDOR, missing, &v);
	fail(c, &v);
}

/* That the reader did not take a piece says more than that HTTP was stopped for it. */
static void judge_silence(struct elevenlabs_call *c, const struct err *e)
{
	const struct speech_times *times = NULL;
	struct err why = *e, said;
	int64_t bytes = 0;
	struct verdict v;

	if (c->reader != NULL && !speech_reader_take(c->reader, "", 0) &&
		speech_reader_end(c->reader, &times, &bytes, &said) < 0)
		(void)err_set_http(&why, e->kind, e->http_status, "%s", said.text);
	verdict_no_answer(&why, c->operation->kind, VENDOR, &v);
	fail(c, &v);
}

static void on_answer(const struct http_result *r, const struct err *e, void *arg)
{
	struct elevenlabs_call *c = arg;

	c->http = NULL;
	c->ended = true;
	if (r != NULL)
		judge(c, r);
	else
		judge_silence(c, e);
	free_call(c);
}

static bool on_speech(const void *p, size_t n, void *arg)
{
	struct elevenlabs_call *c = arg;

	return speech_reader_take(c->reader, p, n);
}

static struct elevenlabs_call *new_call(struct elevenlabs *x, const struct operation *o, void *arg)
{
	struct elevenlabs_call *c = xcalloc(1, sizeof(*c));

	*c = (struct elevenlabs_call){
		.elevenlabs = x, .operation = o, .arg = arg, .body = BUF_INIT(BODY_MAX)};
	return c;
}

/* Takes c over: on -1 it is freed. more_bytes: of an answer that is not held. */
static int start(struct elevenlabs_call *c, const char *path, size_t more_bytes,
	struct elevenlabs_call **ret_call, struct err *e)
{
	const struct operation *o = c->operation;
	const struct http_request q = {
		.method = o->method,
		.body = c->body.len > 0 ? buf_text(&c->body) : NULL,
		.body_len = c->body.len,
		.timeout_ms = o->timeout_ms,
		.low_speed_sec = o->low_speed_sec,
		.max_bytes = o->max_bytes + more_bytes,
		.on_body = c->reader != NULL ? on_speech : NULL,
		.send_by_ms = c->send_by_ms,
	};
	int r = -1;

	if (!buf_ok(&c->body))
		(void)err_set(e, ERR_PERM, VENDOR ": the request is too large");
	else
		r = api_start(&c->elevenlabs->api, path, &q, on_answer, c, &c->http, e);
	if (r < 0)
		free_call(c);
	else
		*ret_call = c;
	return r;
}

/* Speech */

/* It is a name for people and for the vendor's support: one that no ledger would take is none. */
static const char *request_id(const struct http_result *r)
{
	const char *id = http_header(r, "request-id");
	size_t n = id != NULL ? strlen(id) : 0;

	if (n == 0 || n > REQUEST_ID_MAX)
		return "";
	for (size_t i = 0; i < n; i++)
		if (id[i] <= ' ' || id[i] > '~')
			return "";
	return id;
}

static const char *take_speech(
	struct elevenlabs_call *c, const struct http_result *r, const struct json *root UNUSED)
{
	struct speech speech = {.request_id = request_id(r), .cost_milli = -1};
	struct verdict v;
	struct err e;

	if (speech_reader_end(c->reader, &speech.times, &speech.bytes, &e) < 0) {
		verdict_bad_body(r, CALL_PAID, VENDOR, e.text, &v);
		fail(c, &v);
		return NULL;
	}
	if (!decimal_round(http_header(r, "character-cost"), 3, COST_MAX, &speech.cost_milli) ||
		speech.cost_milli < 0)
		speech.cost_milli = -1;
	const char *most = http_header(r, "maximum-concurrent-requests");
	if (most != NULL)
		(void)text_to_i64(most, 0, CONCURRENCY_MAX, &speech.concurrency);
	c->done.speech(&speech, NULL, c->arg);
	return NULL;
}

static void fail_speech(struct elevenlabs_call *c, const struct verdict *v)
{
	c->done.speech(NULL, v, c->arg);
}

static const struct operation speaking = {
	.method = "POST",
	.timeout_ms = ELEVENLABS_SPEAK_MS,
	.low_speed_sec = ELEVENLABS_SPEAK_MS / 1000,
	.max_bytes = TIMES_MAX,
	.kind = CALL_PAID,
	.take = take_speech,
	.fail = fail_speech,
};

int elevenlabs_speak(struct elevenlabs *x, const struct speech_order *o, int fd, int64_t max_bytes,
	speech_fn *done, void *arg, struct elevenlabs_call **ret_call, struct err *e)
{
	AUTO_BUF path = BUF_INIT(1024);
	struct elevenlabs_call *c = new_call(x, &speaking, arg);

	buf_adds(&path, "/v1/text-to-speech/");
	text_url_encode(o->voice_id, false, &path);
	buf_adds(&path, "/with-timestamps?output_format=");
	text_url_encode(o->format, false, &path);
	c->done.speech = done;
	c->send_by_ms = o->send_by_ms;
	c->reader = speech_reader_new(fd, max_bytes);
	elevenlabs_speak_body(o, &c->body);
	if (o->voice_id[strspn(o->voice_id, ".")] != '\0' && buf_ok(&path))
		return start(c, buf_text(&path), (size_t)max_bytes / 3 * 4, ret_call, e);
	free_call(c);
	return err_set(e, ERR_PERM, VENDOR ": this is no id of a voice");
}

/* Voices */

static const char *take_voices(
	struct elevenlabs_call *c, const struct http_result *r UNUSED, const struct json *root)
{
	AUTO_FREE struct elevenlabs_voice *list = NULL;
	struct elevenlabs_voices page;

	if (!elevenlabs_read_voices(root, &list, &page))
		return "no list of voices";
	c->done.voices(&page, NULL, c->arg);
	return NULL;
}

static void fail_voices(struct elevenlabs_call *c, const struct verdict *v)
{
	c->done.voices(NULL, v, c->arg);
}

static const struct operation listing_voices = {
	.method = "GET",
	.timeout_ms = ASK_TIMEOUT_MS,
	.max_bytes = LIST_MAX,
	.kind = CALL_FREE,
	.take = take_voices,
	.fail = fail_voices,
};

int elevenlabs_voices(struct elevenlabs *x, const char *page_token, elevenlabs_voices_fn *done, void *arg,
	struct elevenlabs_call **ret_call, struct err *e)
{
	AUTO_BUF path = BUF_INIT(LIST_MAX);
	struct elevenlabs_call *c = new_call(x, &listing_voices, arg);

	buf_addf(&path, "/v2/voices?page_size=%d", PAGE_SIZE);
	if (page_token != NULL) {
		buf_adds(&path, "&next_page_token=");
		text_url_encode(page_token, false, &path);
	}
	c->done.voices = done;
	return start(c, buf_text(&path), 0, ret_call, e);
}

/* Models */

static const char *take_models(
	struct elevenlabs_call *c, const struct http_result *r UNUSED, const struct json *root)
{
	AUTO_FREE struct elevenlabs_model *list = NULL;
	size_t count = 0;

	if (!elevenlabs_read_models(root, &list, &count))
		return "no list of models";
	c->done.models(list, count, NULL, c->arg);
	return NULL;
}

static void fail_models(struct elevenlabs_call *c, const struct verdict *v)
{
	c->done.models(NULL, 0, v, c->arg);
}

static const struct operation listing_models = {
	.method = "GET",
	.timeout_ms = ASK_TIMEOUT_MS,
	.max_bytes = LIST_MAX,
	.kind = CALL_FREE,
	.take = take_models,
	.fail = fail_models,
};

int elevenlabs_models(struct elevenlabs *x, elevenlabs_models_fn *done, void *arg,
	struct elevenlabs_call **ret_call, struct err *e)
{
	struct elevenlabs_call *c = new_call(x, &listing_models, arg);

	c->done.models = done;
	return start(c, "/v1/models", 0, ret_call, e);
}

/* Account */

static const char *take_account(
	struct elevenlabs_call *c, const struct http_result *r UNUSED, const struct json *root)
{
	struct elevenlabs_account account;

	if (!elevenlabs_read_account(root, &account))
		return "no credit";
	c->done.account(&account, NULL, c->arg);
	return NULL;
}

static void fail_account(struct elevenlabs_call *c, const struct verdict *v)
{
	c->done.account(NULL, v, c->arg);
}

static const struct operation reading_account = {
	.method = "GET",
	.timeout_ms = ASK_TIMEOUT_MS,
	.max_bytes = ANSWER_MAX,
	.kind = CALL_FREE,
	.take = take_account,
	.fail = fail_account,
};

int elevenlabs_account(struct elevenlabs *x, elevenlabs_account_fn *done, void *arg,
	struct elevenlabs_call **ret_call, struct err *e)
{
	struct elevenlabs_call *c = new_call(x, &reading_account, arg);

	c->done.account = done;
	return start(c, "/v1/user/subscription", 0, ret_call, e);
}
