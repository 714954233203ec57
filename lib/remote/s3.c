/*
 * The client of one bucket: what its calls share, the list of them, and the one timer on which they wait.
 *
 * Kept here: a call's done is called once, from the loop, unless it was cancelled; what a cancelled call left
 * at the server is given up after it as long as the client lives, and what is still left then is found by a
 * sweep.
 */

#include "lib/remote/s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/http.h"
#include "lib/remote/aws_credentials.h"
#include "lib/remote/s3_priv.h"

#define PART_MIN_BYTES (INT64_C(5) << 20) /* of all servers, the last part but for */
#define PARTS_MAX      64
#define ATTEMPTS_MAX   20
#define BACKOFF_CAP_MS 20000
#define URL_BYTES      16384

/* The timer */

static void arm(struct s3 *s)
{
	if (s->due == NULL) {
		loop_timer_disarm(s->timer);
		return;
	}

	int64_t wait_ms = s->due->at_ms - clock_mono_ms();

	loop_timer_arm(s->timer, wait_ms > 0 ? wait_ms : 0);
}

/* One at a time, so that the loop gets its turn in between. */
static void on_timer(void *arg)
{
	struct s3 *s = arg;
	struct s3_due *d = s->due;

	if (d != NULL && d->at_ms <= clock_mono_ms()) {
		s->due = d->next;
		d->is_queued = false;
		arm(s);
		d->fn(d->arg);
		return;
	}
	arm(s);
}

void s3_later(struct s3 *s, struct s3_due *d, int64_t delay_ms, loop_fn *fn, void *arg)
{
	struct s3_due **at = &s->due;

	s3_not_later(s, d);
	*d = (struct s3_due){.at_ms = clock_mono_ms() + delay_ms, .fn = fn, .arg = arg, .is_queued = true};
	while (*at != NULL && (*at)->at_ms <= d->at_ms)
		at = &(*at)->next;
	d->next = *at;
	*at = d;
	arm(s);
}

void s3_not_later(struct s3 *s, struct s3_due *d)
{
	if (!d->is_queued)
		return;
	for (struct s3_due **at = &s->due; *at != NULL; at = &(*at)->next) {
		if (*at != d)
			continue;
		*at = d->next;
		break;
	}
	d->is_queued = false;
	arm(s);
}

int64_t s3_jitter_ms(int64_t base_ms, unsigned n)
{
	int64_t whole = base_ms;

	while (n-- > 0 && whole < BACKOFF_CAP_MS)
		whole *= 2;
	if (whole > BACKOFF_CAP_MS)
		whole = BACKOFF_CAP_MS;
	return (int64_t)(clock_random() % (uint64_t)(whole + 1));
}

int64_t s3_wait_ms(int64_t base_ms, unsigned n, int64_t asked_sec)
{
	return asked_sec * 1000 + s3_jitter_ms(base_ms, n);
}

int64_t s3_now(const struct s3 *s)
{
	return (int64_t)time(NULL) + s->clock_offset_sec;
}

/* Calls */

void s3_call_init(
	struct s3_call *c, struct s3 *s, void (*free_call)(struct s3_call *c), s3_done_fn *done, void *arg)
{
	*c = (struct s3_call){.s = s, .free = free_call, .done = done, .arg = arg, .next = s->calls};
	if (c->next != NULL)
		c->next->prev = c;
	s->calls = c;
}

void s3_call_free(struct s3_call *c)
{
	struct s3 *s = c->s;

	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		s->calls = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	s3_not_later(s, &c->due);
	s3_request_cancel(c->request);
	c->free(c);
}

void s3_call_end(struct s3_call *c, const struct err *e)
{
	s3_done_fn *done = c->done;
	void *arg = c->arg;
	struct err why;

	if (e != NULL)
		why = *e;
	s3_call_free(c);
	if (done != NULL)
		done(e != NULL ? &why : NULL, arg);
}

static void end_done(void *arg)
{
	s3_call_end(arg, NULL);
}

static void end_failed(void *arg)
{
	struct s3_call *c = arg;

	s3_call_end(c, &c->failure);
}

void s3_call_end_later(struct s3_call *c, const struct err *e)
{
	if (e != NULL)
		c->failure = *e;
	s3_later(c->s, &c->due, 0, e != NULL ? end_failed : end_done, c);
}

static void cancel_now(void *arg)
{
	struct s3_call *c = arg;

	if (c->cancel != NULL)
		c->cancel(c);
	else
		s3_call_free(c);
}

void s3_cancel(struct s3_call *c)
{
	if (c == NULL || c->was_cancelled)
		return;
	c->done = NULL;
	c->was_cancelled = true;
	if (c->is_telling)
		s3_later(c->s, &c->due, 0, cancel_now, c);
	else
		cancel_now(c);
}

void s3_call_progress(struct s3_call *c, void (*progress)(int64_t sent_bytes, void *arg), int64_t sent_bytes)
{
	if (progress == NULL || c->was_cancelled)
		return;
	c->is_telling = true;
	progress(sent_bytes, c->arg);
	c->is_telling = false;
}

/* The client */

static int check_spec(const struct s3_spec *spec, struct err *e)
{
	const struct {
		bool is_wrong;
		const char *what;
	} rules[] = {
		{spec->part_bytes < PART_MIN_BYTES, "parts of less than 5 MiB"},
		{spec->parts_at_once < 1 || spec->parts_at_once > PARTS_MAX, "parts at once"},
		{spec->attempts < 1 || spec->attempts > ATTEMPTS_MAX, "attempts"},
		{spec->deadline_ms < 1, "a deadline"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].is_wrong)
			return err_set(e, ERR_PERM, "S3: %s that cannot be", rules[i].what);
	return 0;
}

int s3_new(const struct s3_spec *spec, struct s3 **ret_s3, struct err *e)
{
	const struct s3_endpoint_spec where = {
		.endpoint = spec->endpoint,
		.region = spec->region,
		.bucket = spec->bucket,
		.path_style = spec->path_style,
		.allow_http = spec->allow_http,
	};
	AUTO(s3) s = xcalloc(1, sizeof(*s));

	s->spec = *spec;
	if (check_spec(spec, e) < 0 || s3_endpoint_init(&s->endpoint, &where, e) < 0 ||
		loop_timer_new(spec->loop, on_timer, s, &s->timer, e) < 0)
		return -1;
	(void)snprintf(s->region, sizeof(s->region), "%s", spec->region ? spec->region : S3_REGION_DEFAULT);
	*ret_s3 = steal_ptr(s);
	return 0;
}

void s3_free(struct s3 *s)
{
	if (s == NULL)
		return;
	while (s->calls != NULL)
		s3_call_free(s->calls);
	loop_timer_free(s->timer);
	s3_endpoint_done(&s->endpoint);
	free(s);
}

/* Signed addresses */

struct presign {
	const struct s3 *s;
	const char *method, *key;
	int64_t seconds; /* wished for, then those that it is good for */
	char *url;       /* NULL until it is made */
};

static void presign_with(const struct sigv4_key *k, const struct err *e UNUSED, void *arg)
{
	struct presign *p = arg;
	AUTO_BUF path = BUF_INIT(URL_BYTES), query = BUF_INIT(URL_BYTES), url = BUF_INIT(URL_BYTES);

	if (k == NULL)
		return;

	int64_t left = aws_credentials_left_sec(p->s->spec.credentials);

	if (p->seconds > left)
		p->seconds = left > 0 ? left : 1;
	s3_endpoint_path(&p->s->endpoint, p->key, &path);

	const struct sigv4_request q = {
		.method = p->method,
		.host = p->s->endpoint.host,
		.path = buf_text(&path),
		.region = p->s->region,
		.service = "s3",
		.time = s3_now(p->s),
	};

	sigv4_presigned_query(k, &q, p->seconds, &query);
	s3_endpoint_url(&p->s->endpoint, p->key, buf_text(&query), &url);
	if (buf_ok(&path) && buf_ok(&query) && buf_ok(&url))
		p->url = buf_steal(&url);
}

char *s3_presign(struct s3 *s, const char *method, const char *key, int64_t seconds, int64_t *ret_sec)
{
	struct presign p = {.s = s, .method = method, .key = key, .seconds = seconds};

	if (seconds < 1 || seconds > SIGV4_PRESIGN_MAX_S)
		return NULL;
	aws_credentials_get(s->spec.credentials, presign_with, &p);
	aws_credentials_cancel(s->spec.credentials, &p);
	if (p.url != NULL && ret_sec != NULL)
		*ret_sec = p.seconds;
	return p.url;
}

/* What servers say */

int64_t s3_read_time(const char *text)
{
	int64_t time = clock_read_rfc3339(text);

	return time >= 0 ? time : clock_read_http(text);
}

int64_t s3_content_length(const struct http_result *r)
{
	const char *text = http_header(r, "Content-Length");
	int64_t bytes = -1;

	return text != NULL && text_to_i64(text, 0, INT64_MAX, &bytes) ? bytes : -1;
}
