/*
 * AWS Signature Version 4 by S3's rules ("Authenticating Requests (AWS Signature Version 4)" in the Amazon S3
 * API Reference): a canonical form of the request, its hash in a string to sign, and an HMAC over that with a
 * key derived from the secret for one day, region and service.
 *
 * Kept here: what is signed is exactly what is sent. A path and a query are encoded once and by one function
 * each, nothing is normalised, and blanks in a header's value are folded the way servers fold them.
 */

#include "lib/remote/sigv4.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/digest.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define TIME_MAX  253402300799   /* the last second of the year 9999 */
#define NO_LIMIT  (SIZE_MAX / 4) /* of what is as long as what the caller holds in memory anyway */
#define HEX_SIZE  (2 * DIGEST_SHA256_BYTES + 1)

struct pair {
	char *name, *value; /* owned */
	size_t order;       /* as they came */
};

struct list {
	struct pair *items;
	size_t count;
};

/* One request being signed. */
struct signing {
	const struct sigv4_key *key;
	const struct sigv4_request *request;
	int64_t presign_s; /* 0: by the Authorization header */
	char time[SIGV4_TIME_SIZE];
	struct list headers; /* sorted; names in small letters */
	struct list query;   /* encoded, in the order in which it is sent; all but the signature */
};
#define AUTO_SIGNING CLEANUP(signing_done) struct signing

/* Hops on the way may change or drop these, whatever the caller thinks. */
static const char *const never_signed[] = {
	"authorization",
	"connection",
	"expect",
	"transfer-encoding",
	"user-agent",
	"x-amzn-trace-id",
};

/* Lists of pairs */

static void list_add(struct list *l, char *name, char *value)
{
	l->items = xreallocarray(l->items, l->count + 1, sizeof(*l->items));
	l->items[l->count] = (struct pair){.name = name, .value = value, .order = l->count};
	l->count++;
}

static void list_done(struct list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->items[i].name);
		free(l->items[i].value);
	}
	free(l->items);
}

static bool list_has(const struct list *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->items[i].name, name) == 0)
			return true;
	return false;
}

static int by_name(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;
	int r = strcmp(a->name, b->name);

	return r != 0 ? r : (a->order > b->order) - (a->order < b->order);
}

static int by_name_and_value(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;
	int r = strcmp(a->name, b->name);

	return r != 0 ? r : strcmp(a->value, b->value);
}

static void list_sort(struct list *l, int (*compare)(const void *, const void *))
{
	if (l->count > 0)
		qsort(l->items, l->count, sizeof(*l->items), compare);
}

/* Encoding */

void sigv4_time(int64_t time, char out[static SIGV4_TIME_SIZE])
{
	time_t t = time < 0 ? 0 : time > TIME_MAX ? TIME_MAX : (time_t)time;
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	(void)strftime(out, SIGV4_TIME_SIZE, "%Y%m%dT%H%M%SZ", &tm);
}

void sigv4_encode_path(const char *path, struct buf *out)
{
	if (*path != '/')
		buf_addc(out, '/');
	text_url_encode(path, true, out);
}

static void add_query_pair(const char *name, const char *value, struct buf *out)
{
	text_url_encode(name, false, out);
	buf_addc(out, '=');
	text_url_encode(value != NULL ? value : "", false, out);
}

void sigv4_encode_query(const struct sigv4_pair *query, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_addc(out, '&');
		add_query_pair(query[i].name, query[i].value, out);
	}
}

static char *encoded(const char *text)
{
	AUTO_BUF b = BUF_INIT(NO_LIMIT);

	text_url_encode(text != NULL ? text : "", false, &b);
	return buf_steal(&b);
}

/* "a=1&b=" of a list that is encoded by now. */
static void join_query(const struct list *query, struct buf *out)
{
	for (size_t i = 0; i < query->count; i++) {
		if (i > 0)
			buf_addc(out, '&');
		buf_adds(out, query->items[i].name);
		buf_addc(out, '=');
		buf_adds(out, query->items[i].value);
	}
}

/* What is signed */

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Without blanks at its ends, and one space for each run of them inside, quoted or not. */
static char *folded(const char *value)
{
	AUTO_BUF b = BUF_INIT(NO_LIMIT);

	for (const char *p = value != NULL ? value : ""; *p != '\0'; p++) {
		if (is_blank(*p))
			continue;
		if (b.len > 0 && is_blank(p[-1]))
			buf_addc(&b, ' ');
		buf_addc(&b, *p);
	}
	return buf_steal(&b);
}

static char *in_small_letters(const char *name)
{
	char *small = xstrdup(name);

	text_to_small(small);
	return small;
}

static bool is_never_signed(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(never_signed); i++)
		if (strcasecmp(never_signed[i], name) == 0)
			return true;
	return false;
}

static const char *payload_of(const struct sigv4_request *q)
{
	return q->payload != NULL ? q->payload : SIGV4_UNSIGNED;
}

static void collect_headers(struct signing *s)
{
	const struct sigv4_request *q = s->request;
	struct list *to = &s->headers;
	struct list given = {0};

	list_add(to, xstrdup("host"), folded(q->host));
	if (s->presign_s == 0) {
		list_add(to, xstrdup("x-amz-date"), xstrdup(s->time));
		if (!q->without_payload_header)
			list_add(to, xstrdup("x-amz-content-sha256"), xstrdup(payload_of(q)));
		if (s->key->token != NULL)
			list_add(to, xstrdup("x-amz-security-token"), folded(s->key->token));
	}
	for (size_t i = 0; i < q->header_count; i++) {
		AUTO_FREE char *name = in_small_letters(q->headers[i].name);

		if (!is_never_signed(name) && !list_has(to, name))
			list_add(&given, steal_ptr(name), folded(q->headers[i].value));
	}
	for (size_t i = 0; i < given.count; i++)
		list_add(to, given.items[i].name, given.items[i].value);
	free(given.items); /* what was in it is in to */
	list_sort(to, by_name);
}

/* Says of each name that it is there, once: a name that comes again is one header with several values. */
static bool is_first_of_name(const struct list *headers, size_t i)
{
	return i == 0 || strcmp(headers->items[i].name, headers->items[i - 1].name) != 0;
}

static void add_signed_names(const struct list *headers, struct buf *out)
{
	for (size_t i = 0; i < headers->count; i++) {
		if (!is_first_of_name(headers, i))
			continue;
		if (i > 0)
			buf_addc(out, ';');
		buf_adds(out, headers->items[i].name);
	}
}

static void add_headers(const struct list *headers, struct buf *out)
{
	for (size_t i = 0; i < headers->count; i++) {
		if (is_first_of_name(headers, i))
			buf_addf(out, "%s%s:", i > 0 ? "\n" : "", headers->items[i].name);
		else
			buf_addc(out, ',');
		buf_adds(out, headers->items[i].value);
	}
	buf_addc(out, '\n');
}

/* "20260102/us-east-1/s3/aws4_request" */
static void add_scope(const struct signing *s, struct buf *out)
{
	buf_addf(out, "%.8s/%s/%s/aws4_request", s->time, s->request->region, s->request->service);
}

static void add_credential(const struct signing *s, struct buf *out)
{
	buf_addf(out, "%s/", s->key->id);
	add_scope(s, out);
}

static void collect_query(struct signing *s)
{
	const struct sigv4_request *q = s->request;

	for (size_t i = 0; i < q->query_count; i++)
		list_add(&s->query, encoded(q->query[i].name), encoded(q->query[i].value));
	if (s->presign_s == 0)
		return;

	AUTO_BUF credential = BUF_INIT(NO_LIMIT);
	AUTO_BUF names = BUF_INIT(NO_LIMIT);
	AUTO_FREE char *seconds = xasprintf("%" PRId64, s->presign_s);

	add_credential(s, &credential);
	add_signed_names(&s->headers, &names);
	const struct sigv4_pair added[] = {
		{"X-Amz-Algorithm", ALGORITHM},
		{"X-Amz-Credential", buf_text(&credential)},
		{"X-Amz-Date", s->time},
		{"X-Amz-Expires", seconds},
		{"X-Amz-SignedHeaders", buf_text(&names)},
		{"X-Amz-Security-Token", s->key->token},
	};
	size_t count = ARRAY_LEN(added) - (s->key->token == NULL);

	for (size_t i = 0; i < count; i++)
		list_add(&s->query, encoded(added[i].name), encoded(added[i].value));
}

static void signing_init(
	struct signing *s, const struct sigv4_key *k, const struct sigv4_request *q, int64_t presign_s)
{
	*s = (struct signing){.key = k, .request = q, .presign_s = presign_s};
	sigv4_time(q->time, s->time);
	collect_headers(s);
	collect_query(s);
}

static void signing_done(struct signing *s)
{
	list_done(&s->headers);
	list_done(&s->query);
}

/* The steps */

static void add_canonical_query(const struct list *query, struct buf *out)
{
	struct list sorted = {.count = query->count};

	if (query->count == 0)
		return;
	sorted.items = xreallocarray(NULL, query->count, sizeof(*query->items));
	memcpy(sorted.items, query->items, query->count * sizeof(*query->items));
	list_sort(&sorted, by_name_and_value);
	join_query(&sorted, out);
	free(sorted.items); /* what is in it belongs to query */
}

static void add_canonical_request(const struct signing *s, struct buf *out)
{
	const struct sigv4_request *q = s->request;

	buf_addf(out, "%s\n", q->method);
	sigv4_encode_path(q->path, out);
	buf_addc(out, '\n');
	add_canonical_query(&s->query, out);
	buf_addc(out, '\n');
	add_headers(&s->headers, out);
	buf_addc(out, '\n');
	add_signed_names(&s->headers, out);
	buf_addf(out, "\n%s", payload_of(q));
}

static void add_string_to_sign(const struct signing *s, struct buf *out)
{
	AUTO_BUF canonical = BUF_INIT(NO_LIMIT);
	uint8_t hash[DIGEST_SHA256_BYTES];
	char hex[HEX_SIZE];

	add_canonical_request(s, &canonical);
	digest_sha256(buf_text(&canonical), canonical.len, hash);
	text_hex_encode(hash, sizeof(hash), hex);
	buf_addf(out, ALGORITHM "\n%s\n", s->time);
	add_scope(s, out);
	buf_addf(out, "\n%s", hex);
}

/* The key is derived by one HMAC after another: of the day, the region, the service, and a fixed word. */
static void sign(const struct signing *s, char hex[static HEX_SIZE])
{
	AUTO_FREE char *secret = xasprintf("AWS4%s", s->key->secret);
	AUTO_BUF text = BUF_INIT(NO_LIMIT);
	char day[9] = {0};
	uint8_t key[DIGEST_SHA256_BYTES];

	memcpy(day, s->time, 8);
	add_string_to_sign(s, &text);
	const char *const steps[] = {
		s->request->region, s->request->service, "aws4_request", buf_text(&text)};

	digest_hmac_sha256(secret, strlen(secret), day, 8, key);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		digest_hmac_sha256(key, sizeof(key), steps[i], strlen(steps[i]), key);
	text_hex_encode(key, sizeof(key), hex);
	explicit_bzero(secret, strlen(secret));
}

void sigv4_canonical_request(
	const struct sigv4_key *k, const struct sigv4_request *q, int64_t presign_s, struct buf *out)
{
	AUTO_SIGNING s;

	signing_init(&s, k, q, presign_s);
	add_canonical_request(&s, out);
}

void sigv4_string_to_sign(
	const struct sigv4_key *k, const struct sigv4_request *q, int64_t presign_s, struct buf *out)
{
	AUTO_SIGNING s;

	signing_init(&s, k, q, presign_s);
	add_string_to_sign(&s, out);
}

void sigv4_authorization(const struct sigv4_key *k, const struct sigv4_request *q, struct buf *out)
{
	AUTO_SIGNING s;
	char signature[HEX_SIZE];

	signing_init(&s, k, q, 0);
	sign(&s, signature);
	buf_adds(out, ALGORITHM " Credential=");
	add_credential(&s, out);
	buf_adds(out, ", SignedHeaders=");
	add_signed_names(&s.headers, out);
	buf_addf(out, ", Signature=%s", signature);
}

void sigv4_presigned_query(
	const struct sigv4_key *k, const struct sigv4_request *q, int64_t expires_s, struct buf *out)
{
	AUTO_SIGNING s;
	char signature[HEX_SIZE];

	signing_init(&s, k, q, expires_s);
	sign(&s, signature);
	join_query(&s.query, out);
	buf_addf(out, "&X-Amz-Signature=%s", signature);
}
