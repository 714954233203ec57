/*
 * One signed request with all its attempts: the only place that signs, sends, judges and waits. What an
 * answer means is said in s3_error.c; what follows from it is the table below. Waits are "full jitter" (AWS
 * Architecture Blog, "Exponential Backoff And Jitter"), on top of what the server asks for; one that would
 * end after the request's deadline is not begun.
 *
 * Kept here: every attempt is signed anew by the server's clock; a mistake that can be mended (region, clock,
 * key) is mended once a request. No error says more of a header or an address than method, bucket and key.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/remote/aws_credentials.h"
#include "lib/remote/s3_priv.h"

#define SMALL_ANSWER  ((size_t)256 * 1024)
#define TEXT_BYTES    16384 /* of an address or a header */
#define HEADERS_MAX   16
#define QUIET_SEC_MAX 30 /* a server that says nothing for so long is given up */
#define EXPECT_FROM   ((int64_t)1 << 20)
#define EXPECT_MS     1000

struct s3_request {
	struct s3 *s;
	struct s3_ask ask;
	struct s3_hashes hashes;
	int64_t give_up_ms;             /* clock_mono_ms */
	unsigned attempts;              /* made so far, but for those after a mistake was mended */
	unsigned mended;                /* bits of enum s3_what */
	unsigned tries;                 /* all that were made */
	char region[S3_REGION_MAX + 1]; /* that the last one was signed for */
	char *key_id;                   /* and with; NULL: there was none */
	bool waits_for_key;
	struct http_call *http;
	struct s3_due due;
	s3_reply_fn *done;
	void *arg;
};

/* The end */

static void free_request(struct s3_request *r)
{
	free(r->key_id);
	free(r);
}

static void reply(
	struct s3_request *r, enum s3_what what, const struct http_result *http, const struct err *e)
{
	const struct s3_reply reply = {
		.what = what, .e = e, .http = http, .key_id = r->key_id, .attempts = r->tries};

	r->done(&reply, r->arg);
	free_request(r);
}

/* What to do about an answer */

static bool mend_region(struct s3_request *r, const struct s3_verdict *v)
{
	struct s3 *s = r->s;
	struct s3_endpoint_spec where = {
		.region = v->region, .bucket = s->spec.bucket, .path_style = s->spec.path_style};
	struct s3_endpoint moved;
	struct err ignored;

	if (v->region[0] == '\0' || strcmp(v->region, r->region) == 0)
		return false;
	if (s->spec.endpoint == NULL) { /* AWS: its host is made of the region */
		if (s3_endpoint_init(&moved, &where, &ignored) < 0)
			return false;
		s3_endpoint_done(&s->endpoint);
		s->endpoint = moved;
	}
	log_info("the bucket is in another region", log_text("configured", r->region),
		log_text("region", v->region));
	(void)snprintf(s->region, sizeof(s->region), "%s", v->region);
	return true;
}

static bool mend_clock(struct s3_request *r, const struct s3_verdict *v)
{
	r->s->clock_offset_sec = v->server_time - (int64_t)time(NULL);
	log_warning("the clock differs from the S3 server's, which is followed",
		log_number("ahead_sec", r->s->clock_offset_sec));
	return true;
}

static bool mend_key(struct s3_request *r, const struct s3_verdict *v)
{
	struct aws_credentials *c = r->s->spec.credentials;

	return v->may_be_key ? aws_credentials_doubted(c) : aws_credentials_refused(c);
}

/* What is not listed is final. */
static const struct {
	int64_t base_ms; /* of the waits; 0: it does not pass */
	bool (*mend)(struct s3_request *r, const struct s3_verdict *v);
} rules[S3_WHAT_COUNT] = {
	[S3_RETRY] = {.base_ms = S3_BASE_MS},
	[S3_THROTTLE] = {.base_ms = S3_BASE_THROTTLED_MS},
	[S3_REGION] = {.mend = mend_region},
	[S3_FOREIGN] = {.base_ms = S3_BASE_MS},
	[S3_CLOCK] = {.mend = mend_clock},
	[S3_KEY] = {.mend = mend_key},
};

static void attempt(void *arg);

/* Waits for the next attempt, or ends with why. */
static void again_or_fail(struct s3_request *r, const struct s3_verdict *v, const struct err *why)
{
	int64_t wait_ms = 0;
	enum s3_what mistake = v->may_be_key ? S3_KEY : v->what;
	unsigned bit = 1u << mistake;

	if (rules[mistake].mend != NULL && !(r->mended & bit) && rules[mistake].mend(r, v)) {
		r->mended |= bit;
	} else {
		if (rules[v->what].base_ms == 0 || r->ask.is_single || ++r->attempts >= r->s->spec.attempts) {
			reply(r, v->what, NULL, why);
			return;
		}
		wait_ms = s3_wait_ms(rules[v->what].base_ms, r->attempts - 1, v->wait_s);
	}
	if (clock_mono_ms() + wait_ms >= r->give_up_ms) {
		reply(r, v->what, NULL, why);
		return;
	}
	s3_later(r->s, &r->due, wait_ms, attempt, r);
}

static void name_request(const struct s3_request *r, char *out, size_t size)
{
	const struct s3_ask *a = &r->ask;

	(void)snprintf(out, size, "%s %s%s%s%s%s", a->method, r->s->spec.bucket, a->key ? "/" : "",
		a->key ? a->key : "", a->query_count > 0 ? "?" : "",
		a->query_count > 0 ? a->query[0].name : "");
}

/* There is no answer: e says why. */
static void judge_silence(struct s3_request *r, const struct err *e)
{
	struct s3_verdict v = {.what = e->kind == ERR_TEMP ? S3_RETRY : S3_REFUSED};

	again_or_fail(r, &v, e);
}

static bool has_etag(const struct http_result *r)
{
	const char *etag = http_header(r, "ETag");

	return etag != NULL && *etag != '\0' && strlen(etag) <= S3_ETAG_MAX;
}

/* What is refused before an answer is a certificate, or another thing of the connection's. An answer that is
 * too large is nonsense of a server or of a proxy's, but for an object: that is another than the one
 * expected. */
static enum err_kind kind_of_silence(const struct s3_request *r, const struct err *e)
{
	if (e->kind != ERR_PERM)
		return ERR_TEMP;
	return e->http_status == 0 ? ERR_BLOCKED : r->ask.body_fd > 0 ? ERR_PERM : ERR_TEMP;
}

static void on_answer(const struct http_result *result, const struct err *e, void *arg)
{
	struct s3_request *r = arg;
	struct s3_answer answer;
	struct s3_verdict v;
	struct err failure;
	char asked[300];

	r->http = NULL;
	if (e != NULL) {
		failure = *e;
		failure.kind = kind_of_silence(r, e);
		judge_silence(r, &failure);
		return;
	}
	s3_answer_of(result, &answer);
	answer.root = r->ask.root;
	answer.now = s3_now(r->s);
	answer.signed_for = r->region;
	answer.key_id = r->key_id;
	s3_judge(&answer, &v);
	if (v.what == S3_FINE && r->ask.wants_etag && !has_etag(result))
		v.what = S3_RETRY; /* a proxy's page, say */
	r->s->was_fine = v.what == S3_FINE;
	if (v.what == S3_FINE) {
		reply(r, S3_FINE, result, NULL);
		return;
	}
	name_request(r, asked, sizeof(asked));
	(void)s3_verdict_err(&v, asked, &failure);
	again_or_fail(r, &v, &failure);
}

/* Sending */

/* What is signed, and what is sent: that, and what signing adds. */
struct letter {
	struct sigv4_pair headers[HEADERS_MAX];
	size_t header_count;
	char *lines[HEADERS_MAX + 1];
	size_t line_count;
};

static void letter_done(struct letter *l)
{
	for (size_t i = 0; i < l->line_count; i++)
		free(l->lines[i]);
}
#define AUTO_LETTER CLEANUP(letter_done) struct letter

static void add_line(struct letter *l, const char *name, const char *value)
{
	assert(l->line_count < HEADERS_MAX);
	if (value != NULL && *value != '\0')
		l->lines[l->line_count++] = xasprintf("%s: %s", name, value);
}

static void add_header(struct letter *l, const char *name, const char *value)
{
	assert(l->header_count < HEADERS_MAX);
	if (value != NULL && *value != '\0')
		l->headers[l->header_count++] = (struct sigv4_pair){name, value};
	add_line(l, name, value);
}

/* False: it would be too long. */
static bool write_letter(const struct s3_request *r, const struct sigv4_key *key, struct letter *l,
	struct buf *url, struct buf *signature)
{
	const struct s3_ask *a = &r->ask;
	const struct s3 *s = r->s;
	AUTO_BUF path = BUF_INIT(TEXT_BYTES), query = BUF_INIT(TEXT_BYTES);
	char date[SIGV4_TIME_SIZE];
	int64_t now = s3_now(s);

	for (size_t i = 0; i < a->header_count; i++)
		add_header(l, a->headers[i].name, a->headers[i].value);
	if (a->body_len > 0 || strcmp(a->method, "PUT") == 0)
		add_header(l, "Content-MD5", r->hashes.md5);

	s3_endpoint_path(&s->endpoint, a->key, &path);
	sigv4_encode_query(a->query, a->query_count, &query);
	s3_endpoint_url(&s->endpoint, a->key, buf_text(&query), url);

	const struct sigv4_request q = {
		.method = a->method,
		.host = s->endpoint.host,
		.path = buf_text(&path),
		.query = a->query,
		.query_count = a->query_count,
		.headers = l->headers,
		.header_count = l->header_count,
		.payload = r->hashes.sha256,
		.region = r->region,
		.service = "s3",
		.time = now,
	};

	sigv4_authorization(key, &q, signature);
	sigv4_time(now, date);
	add_line(l, "x-amz-date", date);
	add_line(l, "x-amz-content-sha256", r->hashes.sha256);
	add_line(l, "x-amz-security-token", key->token);
	add_line(l, "Authorization", buf_text(signature));
	return buf_ok(&path) && buf_ok(&query) && buf_ok(url) && buf_ok(signature);
}

/* A server that is silent for a fair share of the time is given up, so that there is time for another try. */
int64_t s3_quiet_sec(const struct s3_ask *ask, int64_t left_ms, unsigned tries_left)
{
	int64_t share = left_ms / 1000 / (int64_t)tries_left;
	int64_t most = ask->is_long ? INT64_MAX : QUIET_SEC_MAX;

	if (ask->is_slow)
		return left_ms / 1000 + 1;
	return share < 1 ? 1 : share < most ? share : most;
}

static void on_sent(int64_t bytes, void *arg)
{
	const struct s3_request *r = arg;

	if (r->ask.sent != NULL)
		r->ask.sent(bytes, r->ask.arg);
}

static int send_letter(struct s3_request *r, const struct letter *l, const char *url, struct err *e)
{
	const struct s3_ask *a = &r->ask;
	int64_t left_ms = r->give_up_ms - clock_mono_ms();
	/* Where all is well, asking before each part would only cost time. */
	bool asks = a->bytes >= EXPECT_FROM && !r->s->was_fine;
	const struct http_request q = {
		.method = a->method,
		.url = url,
		.headers = (const char *const *)l->lines,
		.body = a->body,
		.body_len = a->body_len,
		.body_file = a->file,
		.body_file_from = a->from,
		.body_file_bytes = a->bytes,
		.on_sent = on_sent,
		.repeatable = !a->is_counted,
		.expect_ms = asks ? EXPECT_MS : 0,
		.path_as_is = true,
		.ca_file = r->s->spec.ca_file,
		.timeout_ms = left_ms > 0 ? left_ms : 1,
		.low_speed_sec = s3_quiet_sec(a, left_ms, r->s->spec.attempts - r->attempts),
		.max_bytes = a->max_bytes > 0 ? a->max_bytes : SMALL_ANSWER,
		.body_fd = a->body_fd,
	};

	return http_start(r->s->spec.http, &q, on_answer, r, &r->http, e);
}

static void on_key(const struct sigv4_key *key, const struct err *no_key, void *arg)
{
	struct s3_request *r = arg;
	AUTO_BUF url = BUF_INIT(TEXT_BYTES), signature = BUF_INIT(TEXT_BYTES);
	AUTO_LETTER letter = {0};
	struct err e;

	r->waits_for_key = false;
	if (key == NULL) {
		judge_silence(r, no_key);
		return;
	}
	(void)snprintf(r->region, sizeof(r->region), "%s", r->s->region);
	free(r->key_id);
	r->key_id = xstrdup(key->id);
	if (!write_letter(r, key, &letter, &url, &signature))
		(void)err_set(&e, ERR_PERM, "S3: an address that is too long");
	else if (send_letter(r, &letter, buf_text(&url), &e) == 0)
		return;
	judge_silence(r, &e);
}

static void attempt(void *arg)
{
	struct s3_request *r = arg;
	struct err e;

	if (r->ask.again != NULL && !r->ask.again(r->ask.arg)) {
		(void)err_set(&e, ERR_TEMP, "S3: what was received cannot be kept");
		reply(r, S3_REFUSED, NULL, &e);
		return;
	}
	r->tries++;
	r->waits_for_key = true;
	aws_credentials_get(r->s->spec.credentials, on_key, r); /* r may be gone after it */
}

struct s3_request *s3_request_start(struct s3 *s, const struct s3_ask *ask, s3_reply_fn *done, void *arg)
{
	struct s3_request *r = xcalloc(1, sizeof(*r));
	int64_t deadlines = ask->deadlines > 0 ? ask->deadlines : 1;

	*r = (struct s3_request){
		.s = s,
		.ask = *ask,
		.give_up_ms = clock_mono_ms() + deadlines * s->spec.deadline_ms,
		.done = done,
		.arg = arg,
	};
	if (ask->hashes != NULL)
		r->hashes = *ask->hashes;
	else
		s3_hashes_of(ask->body_len > 0 ? ask->body : "", ask->body_len, &r->hashes);
	s3_later(s, &r->due, 0, attempt, r);
	return r;
}

bool s3_request_was_sent(const struct s3_request *r)
{
	return r->tries > 0;
}

void s3_request_cancel(struct s3_request *r)
{
	if (r == NULL)
		return;
	if (r->waits_for_key)
		aws_credentials_cancel(r->s->spec.credentials, r);
	http_cancel(r->http);
	s3_not_later(r->s, &r->due);
	free_request(r);
}
