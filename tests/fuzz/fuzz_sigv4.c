/*
 * Any bytes as a request to be signed: lines of path, query and headers. What is signed has its form whatever
 * is in them, comes out the same in any order of headers, and is what an encoded address says.
 */

#include "lib/remote/sigv4.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"

#define OUT_MAX    (8 << 20)
#define PAIRS_MAX  64
#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sigv4_key keys[] = {
	{.id = "AKIDEXAMPLE", .secret = "secret"},
	{.id = "a:b", .secret = "", .token = "to/k+en=="},
};

struct given {
	struct sigv4_request q;
	struct sigv4_pair query[PAIRS_MAX], headers[PAIRS_MAX], turned[PAIRS_MAX];
};

static void require(bool ok)
{
	if (!ok)
		abort();
}

/* "name=value" or "name" of a line, which is cut up. */
static struct sigv4_pair pair_of(char *line)
{
	char *value = strchr(line, '=');

	if (value != NULL)
		*value++ = '\0';
	return (struct sigv4_pair){line, value};
}

/* The first line is the path; then those with '?' are of the query, the others headers. */
static void read_lines(char *text, struct given *g)
{
	char *rest = strchr(text, '\n');

	g->q.path = text;
	while (rest != NULL && g->q.query_count < PAIRS_MAX && g->q.header_count < PAIRS_MAX) {
		char *line = rest + 1;

		*rest = '\0';
		rest = strchr(line, '\n');
		if (rest != NULL)
			*rest = '\0';
		if (*line == '?')
			g->query[g->q.query_count++] = pair_of(line + 1);
		else
			g->headers[g->q.header_count++] = pair_of(line);
		if (rest != NULL)
			*rest = '\n';
	}
}

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == c;
	return n;
}

/* A path says what it said before it was encoded, and has as many slashes. */
static void check_path(const struct given *g)
{
	AUTO_BUF once = BUF_INIT(OUT_MAX);
	AUTO_BUF back = BUF_INIT(OUT_MAX);

	sigv4_encode_path(g->q.path, &once);
	require(strspn(buf_text(&once), UNRESERVED "%/") == once.len);
	require(text_url_decode(buf_text(&once), once.len, false, &back));
	require(strcmp(buf_text(&back) + (*g->q.path != '/'), g->q.path) == 0);
}

static void check_query(const struct given *g)
{
	AUTO_BUF b = BUF_INIT(OUT_MAX);

	sigv4_encode_query(g->query, g->q.query_count, &b);
	require(strspn(buf_text(&b), UNRESERVED "%&=") == b.len);
	require(count(buf_text(&b), '=') == g->q.query_count);
}

static bool has_a_name_twice(const struct given *g)
{
	for (size_t i = 0; i < g->q.header_count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcasecmp(g->headers[i].name, g->headers[j].name) == 0)
				return true;
	return false;
}

/* Whatever the header's values hold, each is one line; names are the caller's. */
static void check_canonical(const struct sigv4_key *k, const struct given *g, int64_t presign_s)
{
	AUTO_BUF b = BUF_INIT(OUT_MAX);
	AUTO_BUF turned = BUF_INIT(OUT_MAX);
	struct sigv4_request q = g->q;

	sigv4_canonical_request(k, &q, presign_s, &b);
	require(buf_ok(&b));
	const char *names = strrchr(buf_text(&b), '\n');
	require(names != NULL && strcmp(names + 1, "UNSIGNED-PAYLOAD") == 0);
	while (names > b.data && names[-1] != '\n')
		names--;
	require(count(buf_text(&b), '\n') == 3 + count(names, ';') + 1 + 2);

	if (has_a_name_twice(g))
		return; /* of one name the order counts */
	q.headers = g->turned;
	sigv4_canonical_request(k, &q, presign_s, &turned);
	require(strcmp(buf_text(&b), buf_text(&turned)) == 0);
}

static void check_signature(const struct buf *b)
{
	const char *signature = strrchr(buf_text(b), '=') + 1;

	require(buf_ok(b) && strlen(signature) == 64 && strspn(signature, "0123456789abcdef") == 64);
}

static void check_signed(const struct sigv4_key *k, const struct given *g)
{
	AUTO_BUF header = BUF_INIT(OUT_MAX);
	AUTO_BUF address = BUF_INIT(OUT_MAX);

	sigv4_authorization(k, &g->q, &header);
	check_signature(&header);
	sigv4_presigned_query(k, &g->q, 60, &address);
	check_signature(&address);
	require(strspn(buf_text(&address), UNRESERVED "%&=") == address.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	struct given g = {.q = {.method = "PUT", .host = "h:9000", .region = "r", .service = "s3"}};

	read_lines(text, &g);
	g.q.query = g.query;
	g.q.headers = g.headers;
	for (size_t i = 0; i < g.q.header_count; i++) {
		if (strpbrk(g.headers[i].name, ";\n") != NULL || *g.headers[i].name == '\0')
			return 0; /* names are ours */
		g.turned[i] = g.headers[g.q.header_count - 1 - i];
	}
	check_path(&g);
	check_query(&g);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		check_canonical(&keys[i], &g, 0);
		check_canonical(&keys[i], &g, 604800);
		check_signed(&keys[i], &g);
	}
	return 0;
}
