/*
 * Query strings. Pairs are taken apart at '&' and '=', then decoded (application/x-www-form-urlencoded), so
 * an encoded '&' is part of a value. Empty pairs ("?a=1&&") are passed over, as everywhere.
 */
#include "cgi/query.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/names.h"
#include "lib/base/text.h"
#include "lib/video/problems.h"
#include "lib/video/request.h"

#define QUERY_NAME_BYTES  64
#define QUERY_VALUE_BYTES 256

static void problem(struct problems *p, const char *name, const char *message)
{
	AUTO_BUF path = BUF_INIT(QUERY_NAME_BYTES + 2);

	buf_addf(&path, "?%s", name);
	problems_add(p, buf_text(&path), "%s", message);
}

static void read_int(const struct query_key *k, const char *value, char *member, struct problems *p)
{
	AUTO_BUF message = BUF_INIT(128);
	int64_t number;

	if (text_to_i64(value, k->min, k->max, &number)) {
		memcpy(member, &number, sizeof(number));
		return;
	}
	buf_addf(&message, "must be a whole number from %" PRId64 " to %" PRId64, k->min, k->max);
	problem(p, k->name, buf_text(&message));
}

static void read_name(const struct query_key *k, const char *value, char *member, struct problems *p)
{
	AUTO_BUF message = BUF_INIT(512);
	int index = names_find(k->names, k->name_count, value);

	if (index >= 0) {
		memcpy(member, &index, sizeof(index));
		return;
	}
	buf_adds(&message, "must be one of");
	for (size_t i = 0; i < k->name_count; i++)
		buf_addf(&message, "%s %s", i > 0 ? "," : "", k->names[i]);
	problem(p, k->name, buf_text(&message));
}

static void read_id(const struct query_key *k, const char *value, char *member, struct problems *p)
{
	if (request_id_ok(value))
		memcpy(member, value, strlen(value) + 1);
	else
		problem(p, k->name, "must be an id: letters, digits, '.', '_' and '-'");
}

typedef void read_fn(const struct query_key *k, const char *value, char *member, struct problems *p);

static read_fn *const readers[] = {[QUERY_INT] = read_int, [QUERY_NAME] = read_name, [QUERY_ID] = read_id};
_Static_assert(ARRAY_LEN(readers) == QUERY_TYPE_COUNT, "each type has its reader");

static bool decode(const char *text, size_t n, struct buf *out)
{
	return text_url_decode(text, n, true, out) && buf_ok(out) &&
	       text_utf8_valid(buf_text(out), out->len) && !text_has_control(buf_text(out));
}

/* seen: one bit a key of the table. */
static void read_pair(const char *pair, size_t n, const struct query_key *keys, size_t count, unsigned *seen,
	char *out, struct problems *p)
{
	AUTO_BUF name = BUF_INIT(QUERY_NAME_BYTES);
	AUTO_BUF value = BUF_INIT(QUERY_VALUE_BYTES);
	const char *equals = memchr(pair, '=', n);
	size_t name_len = equals ? (size_t)(equals - pair) : n;
	const char *value_text = equals ? equals + 1 : "";

	if (!decode(pair, name_len, &name)) {
		problem(p, "", "the query has a broken or overlong key");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(buf_text(&name), keys[i].name) != 0)
			continue;
		if (*seen & 1U << i)
			problem(p, keys[i].name, "is given twice");
		else if (!decode(value_text, equals ? n - name_len - 1 : 0, &value))
			problem(p, keys[i].name, "is broken or too long");
		else
			readers[keys[i].type](&keys[i], buf_text(&value), out + keys[i].offset, p);
		*seen |= 1U << i;
		return;
	}
	problem(p, buf_text(&name), "is not known here");
}

bool query_read(const char *query, const struct query_key *keys, size_t count, void *out, struct problems *p)
{
	size_t before = p->count;
	unsigned seen = 0;

	assert(count <= QUERY_KEYS_MAX);
	for (const char *pair = query; *pair;) {
		size_t n = strcspn(pair, "&");

		if (n > 0)
			read_pair(pair, n, keys, count, &seen, out, p);
		pair += n + (pair[n] == '&');
	}
	return p->count == before;
}
