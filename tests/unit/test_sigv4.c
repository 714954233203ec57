/*
 * The signer against signatures of others: tests/data/sigv4, where README.md says whose. Every case that its
 * list names is run by its class, and the cases of each class are counted, so that none is lost on the way.
 */

#include "lib/remote/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/base/text.h"
#include "lib/io/digest.h"
#include "lib/io/json.h"
#include "lib/remote/s3_endpoint_priv.h"

#define DATA      "tests/data/sigv4/"
#define FILE_MAX  (1 << 20)
#define PAIRS_MAX 32
#define HEX_SIZE  (2 * DIGEST_SHA256_BYTES + 1)

enum class { CORE, HEADER, PRESIGN, PERIPHERAL, NEGATIVE, CLASS_COUNT };
static const char *const class_names[] = {
	[CORE] = "core",
	[HEADER] = "header",
	[PRESIGN] = "presign",
	[PERIPHERAL] = "peripheral",
	[NEGATIVE] = "negative",
};

/* A request as a case tells it; its strings are owned by what it was read from, or by itself. */
struct given {
	struct sigv4_key key;
	struct sigv4_request q;
	struct sigv4_pair query[PAIRS_MAX], headers[PAIRS_MAX];
	char payload[HEX_SIZE];
	int64_t presign_s;
	char *owned[4 * PAIRS_MAX];
	size_t owned_count;
};
#define AUTO_GIVEN CLEANUP(given_done) struct given

static void given_done(struct given *g)
{
	for (size_t i = 0; i < g->owned_count; i++)
		free(g->owned[i]);
}

static char *keep(struct given *g, char *text)
{
	assert_true(g->owned_count < ARRAY_LEN(g->owned));
	g->owned[g->owned_count++] = text;
	return text;
}

static void add_pair(struct sigv4_pair *to, size_t *count, const char *name, const char *value)
{
	assert_true(*count < PAIRS_MAX);
	to[(*count)++] = (struct sigv4_pair){name, value};
}

static void hash_body(struct given *g, const char *body, size_t n)
{
	uint8_t hash[DIGEST_SHA256_BYTES];

	digest_sha256(body, n, hash);
	text_hex_encode(hash, sizeof(hash), g->payload);
	g->q.payload = g->payload;
}

static char *read_file(const char *path)
{
	AUTO_BUF b = BUF_INIT(FILE_MAX);
	struct err e;

	if (fs_read(path, FILE_MAX, &b, &e) < 0)
		fail_msg("%s", e.text);
	return buf_steal(&b);
}

static struct json *read_json(const char *path)
{
	AUTO_FREE char *text = read_file(path);
	struct json *root = NULL;
	struct err e;

	if (json_parse(text, strlen(text), &root, &e) < 0)
		fail_msg("%s: %s", path, e.text);
	return root;
}

static const char *member(const struct json *object, const char *key)
{
	const char *text = json_string(json_get(object, key));

	if (text == NULL)
		fail_msg("no %s", key);
	return text;
}

static int64_t seconds(const char *text, const char *form)
{
	struct tm tm = {0};
	const char *end = strptime(text, form, &tm);

	assert_true(end != NULL && *end == '\0');
	return (int64_t)timegm(&tm);
}

/* What comes out */

struct signed_form {
	struct buf canonical, to_sign, result; /* Authorization's value, or the query */
};
#define AUTO_FORM CLEANUP(signed_form_done) struct signed_form

static void signed_form_done(struct signed_form *f)
{
	buf_done(&f->canonical);
	buf_done(&f->to_sign);
	buf_done(&f->result);
}

static void sign(const struct given *g, struct signed_form *f)
{
	f->canonical = f->to_sign = f->result = BUF_INIT(FILE_MAX);
	sigv4_canonical_request(&g->key, &g->q, g->presign_s, &f->canonical);
	sigv4_string_to_sign(&g->key, &g->q, g->presign_s, &f->to_sign);
	if (g->presign_s > 0)
		sigv4_presigned_query(&g->key, &g->q, g->presign_s, &f->result);
	else
		sigv4_authorization(&g->key, &g->q, &f->result);
	assert_true(buf_ok(&f->canonical) && buf_ok(&f->to_sign) && buf_ok(&f->result));
}

static const char *signature_of(const struct signed_form *f)
{
	return buf_text(&f->result) + f->result.len - (HEX_SIZE - 1);
}

static void expect(const char *title, const char *what, const char *is, const char *wanted)
{
	if (strcmp(is, wanted) != 0)
		fail_msg("%s: %s:\n%s\n--- instead of\n%s", title, what, is, wanted);
}

/* The SDK's suite: a request as it goes over the wire, but that its target is not encoded. */

static char *decoded(struct given *g, const char *p, size_t n)
{
	AUTO_BUF b = BUF_INIT(FILE_MAX);

	assert_true(text_url_decode(p, n, false, &b));
	return keep(g, buf_steal(&b));
}

static void read_target(struct given *g, char *target)
{
	char *query = strchr(target, '?');

	g->q.path = keep(g, xstrndup(target, query != NULL ? (size_t)(query - target) : strlen(target)));
	g->q.query = g->query;
	while (query != NULL && *++query != '\0') {
		size_t n = strcspn(query, "&"), name_n = strcspn(query, "=&");

		add_pair(g->query, &g->q.query_count, decoded(g, query, name_n),
			name_n < n ? decoded(g, query + name_n + 1, n - name_n - 1) : NULL);
		query = query[n] == '&' ? query + n : NULL;
	}
}

/* Lines up to an empty one; the body follows. */
static void read_request(struct given *g, char *text)
{
	char *line_end = strchr(text, '\n'), *space = strchr(text, ' ');

	assert_true(line_end != NULL && space != NULL);
	g->q.method = keep(g, xstrndup(text, (size_t)(space - text)));
	AUTO_FREE char *target = xstrndup(space + 1, (size_t)(line_end - space - 1));
	char *version = strstr(target, " HTTP/1.1");
	assert_non_null(version);
	*version = '\0';
	read_target(g, target);

	g->q.headers = g->headers;
	text = line_end + 1;
	while (*text != '\0' && *text != '\n') {
		size_t n = strcspn(text, "\n"), name_n = strcspn(text, ":");
		char *name = keep(g, xstrndup(text, name_n));
		char *value = keep(g, xstrndup(text + name_n + 1, n - name_n - 1));

		if (strcmp(name, "Host") == 0)
			g->q.host = value;
		else
			add_pair(g->headers, &g->q.header_count, name, value);
		text += n + (text[n] == '\n');
	}
	text += *text == '\n';
	hash_body(g, text, strlen(text));
}

static char *file_of_case(const char *name, const char *form, const char *file)
{
	AUTO_FREE char *path = xasprintf(DATA "aws-c-auth-v4/%s/%s%s", name, form, file);

	return read_file(path);
}

/* Whether all three come out; unless fails is set, a difference ends the test. */
static bool form_matches(const struct given *g, const char *name, const char *form, bool fails)
{
	AUTO_FREE char *canonical = file_of_case(name, form, "canonical-request.txt");
	AUTO_FREE char *to_sign = file_of_case(name, form, "string-to-sign.txt");
	AUTO_FREE char *signature = file_of_case(name, form, "signature.txt");
	AUTO_FORM f;

	sign(g, &f);
	if (!fails) {
		expect(name, "canonical request", buf_text(&f.canonical), canonical);
		expect(name, "string to sign", buf_text(&f.to_sign), to_sign);
		expect(name, "signature", signature_of(&f), signature);
	}
	return strcmp(buf_text(&f.canonical), canonical) == 0 || strcmp(buf_text(&f.to_sign), to_sign) == 0 ||
	       strcmp(signature_of(&f), signature) == 0;
}

static void run_sdk(const char *name, enum class class)
{
	AUTO_FREE char *context_path = xasprintf(DATA "aws-c-auth-v4/%s/context.json", name);
	AUTO(json) context = read_json(context_path);
	const struct json *keys = json_get(context, "credentials");
	AUTO_FREE char *request = file_of_case(name, "", "request.txt");
	AUTO_GIVEN g = {
		.key = {.id = member(keys, "access_key_id"),
			.secret = member(keys, "secret_access_key"),
			.token = json_string(json_get(keys, "token"))},
		.q = {.region = member(context, "region"),
			.service = member(context, "service"),
			.without_payload_header = !json_bool(json_get(context, "sign_body")),
			.time = seconds(member(context, "timestamp"), "%Y-%m-%dT%H:%M:%SZ")},
	};

	read_request(&g, request);
	assert_true(form_matches(&g, name, "header-", class == NEGATIVE) == (class != NEGATIVE));
	g.presign_s = json_int(json_get(context, "expiration_in_seconds"));
	assert_true(form_matches(&g, name, "query-", class == NEGATIVE) == (class != NEGATIVE));
}

/* The two lists in JSON */

static const struct json *case_of(const struct json *list, const char *name)
{
	for (size_t i = 0; i < json_count(list); i++)
		if (strcmp(member(json_at(list, i), "name"), name) == 0)
			return json_at(list, i);
	fail_msg("no case %s", name);
	return NULL;
}

static void read_common(struct given *g, const struct json *c)
{
	const struct json *headers = json_get(c, "headers");
	const struct json *value;
	const char *name;

	g->key = (struct sigv4_key){.id = member(c, "access_key"),
		.secret = member(c, "secret_key"),
		.token = json_string(json_get(c, "token"))};
	g->q.method = member(c, "method");
	g->q.region = member(c, "region");
	g->q.service = "s3";
	g->q.time = seconds(member(c, "timestamp"), "%Y%m%dT%H%M%SZ");
	g->q.query = g->query;
	g->q.headers = g->headers;
	for (size_t i = 0; (name = json_key_at(headers, i, &value)) != NULL; i++)
		add_pair(g->headers, &g->q.header_count, name, json_string(value));
}

static void run_docs(const char *name, enum class class UNUSED)
{
	AUTO(json) list = read_json(DATA "s3-docs.json");
	const struct json *c = case_of(list, name);
	AUTO_FREE char *target =
		xasprintf("%s?%s", member(c, "canonical_path"), member(c, "canonical_query"));
	AUTO_GIVEN g = {
		.q = {.payload = member(c, "payload"), .host = member(json_get(c, "headers"), "host")}};
	AUTO_FORM f;

	read_common(&g, c);
	char *path_end = strchr(target, '?');
	if (strcmp(name, "presigned-get") == 0)
		g.presign_s = 86400; /* what is in its query is what signing adds */
	else
		read_target(&g, path_end);
	g.q.path = decoded(&g, target, (size_t)(path_end - target));

	sign(&g, &f);
	expect(name, "canonical request", buf_text(&f.canonical), member(c, "canonical_request"));
	expect(name, "signature", signature_of(&f), member(c, "signature"));
}

static void read_oracle(struct given *g, const struct json *c)
{
	const struct json *query = json_get(c, "query");
	const char *body = json_string(json_get(c, "body"));

	read_common(g, c);
	g->q.path = member(c, "raw_path");
	for (size_t i = 0; i < json_count(query); i++)
		add_pair(g->query, &g->q.query_count, json_string(json_at(json_at(query, i), 0)),
			json_string(json_at(json_at(query, i), 1)));
	g->presign_s = json_int(json_get(c, "presign_expires"));
	if (json_get(c, "payload") != NULL)
		g->q.payload = member(c, "payload");
	else if (g->presign_s == 0)
		hash_body(g, body != NULL ? body : "", body != NULL ? strlen(body) : 0);
}

static void run_oracle(const char *name, enum class class)
{
	AUTO(json) list = read_json(DATA "s3-oracle.json");
	const struct json *c = case_of(list, name);
	AUTO_S3_ENDPOINT place = {0};
	AUTO_GIVEN g = {0};
	AUTO_FORM f;
	struct err e;

	/* the path has its bucket; of the place only scheme and host are wanted */
	if (s3_endpoint_init(&place,
		    &(struct s3_endpoint_spec){
			    .endpoint = member(c, "endpoint"), .bucket = "bkt", .path_style = true},
		    &e) < 0)
		fail_msg("%s: %s", name, e.text);
	read_oracle(&g, c);
	g.q.host = place.host;
	assert_true((class == PRESIGN) == (g.presign_s > 0));

	sign(&g, &f);
	expect(name, "canonical request", buf_text(&f.canonical), member(c, "canonical_request"));
	expect(name, "string to sign", buf_text(&f.to_sign), member(c, "string_to_sign"));
	expect(name, "signature", signature_of(&f), member(c, "signature"));
	if (class != PRESIGN) {
		expect(name, "authorization", buf_text(&f.result), member(c, "authorization"));
		return;
	}
	AUTO_BUF url = BUF_INIT(FILE_MAX);
	buf_adds(&url, place.origin);
	sigv4_encode_path(g.q.path, &url);
	buf_addf(&url, "?%s", buf_text(&f.result));
	expect(name, "signed address", buf_text(&url), member(c, "signed_url"));
}

/* All that is listed */

static const struct {
	const char *name;
	void (*run)(const char *name, enum class class);
} sets[] = {
	{"aws-c-auth-v4", run_sdk},
	{"s3-docs", run_docs},
	{"s3-oracle", run_oracle},
};

static void run_line(const char *line, size_t counts[static CLASS_COUNT])
{
	char set[32], name[64], class_name[32];

	if (sscanf(line, "%31s %63s %31s", set, name, class_name) != 3)
		fail_msg("not a case: %s", line);
	int class = NAMES_FIND(class_names, class_name);
	assert_true(class >= 0);
	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		if (strcmp(sets[i].name, set) == 0) {
			sets[i].run(name, (enum class) class);
			counts[class]++;
			return;
		}
	fail_msg("no set %s", set);
}

static void all_cases(void **state UNUSED)
{
	AUTO_FREE char *list = read_file(DATA "cases.tsv");
	size_t counts[CLASS_COUNT] = {0};

	for (char *line = strchr(list, '\n') + 1; *line != '\0';) {
		size_t n = strcspn(line, "\n");
		AUTO_FREE char *one = xstrndup(line, n);

		run_line(one, counts);
		line += n + (line[n] == '\n');
	}
	assert_int_equal(counts[CORE], 20);
	assert_int_equal(counts[HEADER], 26);
	assert_int_equal(counts[PRESIGN], 17);
	assert_int_equal(counts[PERIPHERAL], 2);
	assert_int_equal(counts[NEGATIVE], 3);
}

/* Shapes of which no list has a case */

static const struct sigv4_key a_key = {.id = "AKID:with/colon", .secret = "secret"};

static struct sigv4_request a_request(void)
{
	return (struct sigv4_request){
		.method = "PUT",
		.host = "h:9000",
		.path = "/b/k",
		.payload = "p",
		.region = "r",
		.service = "s3",
		.time = 1767323045,
	};
}

static void expect_canonical(const struct sigv4_request *q, int64_t presign_s, const char *wanted)
{
	AUTO_BUF b = BUF_INIT(FILE_MAX);

	sigv4_canonical_request(&a_key, q, presign_s, &b);
	assert_string_equal(buf_text(&b), wanted);
}

static void headers_that_are_added_or_changed(void **state UNUSED)
{
	static const struct sigv4_pair headers[] = {
		{"Host", "elsewhere"},
		{"X-AMZ-DATE", "never"},
		{"User-Agent", "x"},
		{"Expect", "100-continue"},
		{"Authorization", "x"},
		{"x-amz-tagging", "\t a=1 \r\n\v b "},
		{"Range", NULL},
		{"x-amz-meta-b", "2"},
		{"X-Amz-Meta-A", "1"},
		{"x-amz-meta-B", " 1"},
	};
	struct sigv4_request q = a_request();

	q.headers = headers;
	q.header_count = ARRAY_LEN(headers);
	expect_canonical(&q, 0,
		"PUT\n/b/k\n\nhost:h:9000\nrange:\nx-amz-content-sha256:p\nx-amz-date:20260102T030405Z\n"
		"x-amz-meta-a:1\nx-amz-meta-b:2,1\nx-amz-tagging:a=1 b\n\n"
		"host;range;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-meta-b;x-amz-tagging\np");
}

static void signed_headers_of_an_address(void **state UNUSED)
{
	static const struct sigv4_pair headers[] = {{"Content-Type", "video/mp4"}};
	struct sigv4_request q = a_request();

	q.headers = headers;
	q.header_count = 1;
	q.payload = NULL;
	expect_canonical(&q, 604800,
		"PUT\n/b/"
		"k\nX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%3Awith%2Fcolon%2F20260102%2Fr%2Fs3"
		"%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=604800&X-Amz-SignedHeaders="
		"content-type%3Bhost\ncontent-type:video/"
		"mp4\nhost:h:9000\n\ncontent-type;host\nUNSIGNED-PAYLOAD");
}

static void query_that_is_hard_to_sort(void **state UNUSED)
{
	static const struct sigv4_pair query[] = {
		{"b", "2"},
		{"b", "10"},
		{"ä", "&=?/ +%"},
		{"a b", NULL},
		{"a", "\xff\x01"},
		{"a+", ""},
		{"", "x"},
		{"B", "1"},
	};
	struct sigv4_request q = a_request();
	AUTO_BUF sent = BUF_INIT(1000);

	q.query = query;
	q.query_count = ARRAY_LEN(query);
	q.path = "";
	expect_canonical(&q, 0,
		"PUT\n/\n=x&%C3%A4=%26%3D%3F%2F%20%2B%25&B=1&a=%FF%01&a%20b=&a%2B=&b=10&b=2\nhost:h:9000\n"
		"x-amz-content-sha256:p\nx-amz-date:20260102T030405Z\n\nhost;x-amz-content-sha256;x-amz-"
		"date\np");
	sigv4_encode_query(query, 4, &sent);
	assert_string_equal(buf_text(&sent), "b=2&b=10&%C3%A4=%26%3D%3F%2F%20%2B%25&a%20b=");
}

static void paths(void **state UNUSED)
{
	static const struct {
		const char *path, *encoded;
	} rows[] = {
		{"", "/"},
		{"/", "/"},
		{"//", "//"},
		{"k", "/k"},
		{"/a/./../b", "/a/./../b"},
		{"/%2F%", "/%252F%25"},
		{"/~-_.!*'()", "/~-_.%21%2A%27%28%29"},
		{"/\x7f\x80\xff\n", "/%7F%80%FF%0A"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_BUF b = BUF_INIT(1000);

		sigv4_encode_path(rows[i].path, &b);
		assert_string_equal(buf_text(&b), rows[i].encoded);
	}
}

static void times(void **state UNUSED)
{
	static const struct {
		int64_t time;
		const char *text;
	} rows[] = {
		{0, "19700101T000000Z"},
		{-1, "19700101T000000Z"},
		{951782399, "20000228T235959Z"},
		{1767323045, "20260102T030405Z"},
		{INT64_MAX, "99991231T235959Z"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[SIGV4_TIME_SIZE];

		sigv4_time(rows[i].time, text);
		assert_string_equal(text, rows[i].text);
	}
}

/* What does not fit is seen, and what is inside of it never makes another signature. */
static void a_small_buffer(void **state UNUSED)
{
	const struct sigv4_request q = a_request();
	AUTO_BUF whole = BUF_INIT(FILE_MAX);

	sigv4_authorization(&a_key, &q, &whole);
	assert_true(buf_ok(&whole));
	for (size_t max = 0; max < whole.len; max += 7) {
		AUTO_BUF small = BUF_INIT(max);

		sigv4_authorization(&a_key, &q, &small);
		assert_false(buf_ok(&small));
		assert_memory_equal(buf_text(&small), whole.data, small.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_cases),
		cmocka_unit_test(headers_that_are_added_or_changed),
		cmocka_unit_test(signed_headers_of_an_address),
		cmocka_unit_test(query_that_is_hard_to_sort),
		cmocka_unit_test(paths),
		cmocka_unit_test(times),
		cmocka_unit_test(a_small_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
