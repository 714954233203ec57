/*
 * Reads JSON exactly as RFC 8259 writes it, and refuses what the RFC leaves open but programs get wrong: a
 * key given twice, a lone surrogate, U+0000 in a string. Depth, keys of an object and values in all are
 * bounded before they cost anything. The text is bytes from outside: it need not end in NUL and is never read
 * past its end.
 *
 * Each read_x() stands at the first byte of its x and leaves r->at after it; -1 has filled r->e.
 */

#include "lib/io/json.h"

#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/io/json_priv.h"

#define NUMBER_MAX_BYTES 64

struct reader {
	const char *text; /* all of it */
	size_t len;
	size_t at;      /* next byte */
	unsigned depth; /* of arrays and objects around it */
	size_t values;  /* so far */
	struct err *e;
};

static int fail(struct reader *r, size_t at, const char *what)
{
	return err_set_http(r->e, ERR_PERM, 400, "broken JSON at byte %zu: %s", at, what);
}

/* The next byte, or 0 at the end: a NUL in the text is no valid byte anywhere either. */
static char peek(const struct reader *r)
{
	return r->at < r->len ? r->text[r->at] : '\0';
}

static bool take(struct reader *r, char c)
{
	if (r->at >= r->len || r->text[r->at] != c)
		return false;
	r->at++;
	return true;
}

static void skip_space(struct reader *r)
{
	while (r->at < r->len && memchr(" \t\n\r", r->text[r->at], 4))
		r->at++;
}

static size_t skip_digits(struct reader *r)
{
	size_t from = r->at;

	while (peek(r) >= '0' && peek(r) <= '9')
		r->at++;
	return r->at - from;
}

static int read_number(struct reader *r, struct json **ret_value)
{
	size_t from = r->at;
	bool whole = true;

	(void)take(r, '-');
	if (!take(r, '0') && skip_digits(r) == 0)
		return fail(r, from, "a number needs digits");
	if (take(r, '.')) {
		whole = false;
		if (skip_digits(r) == 0)
			return fail(r, from, "a number needs digits after its point");
	}
	if (take(r, 'e') || take(r, 'E')) {
		whole = false;
		if (!take(r, '+'))
			(void)take(r, '-');
		if (skip_digits(r) == 0)
			return fail(r, from, "a number needs digits after its e");
	}

	char text[NUMBER_MAX_BYTES + 1];
	size_t n = r->at - from;
	if (n > NUMBER_MAX_BYTES)
		return fail(r, from, "a number is too long");
	memcpy(text, r->text + from, n);
	text[n] = '\0';

	int64_t value = 0;
	if (whole && text_to_i64(text, INT64_MIN, INT64_MAX, &value))
		*ret_value = json_new_int(value);
	else
		*ret_value = json_new_decimal(text);
	return 0;
}

static int read_hex4(struct reader *r, unsigned *ret_unit)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	unsigned unit = 0;

	for (int i = 0; i < 4; i++) {
		const char *digit = peek(r) ? strchr(digits, peek(r)) : NULL;

		if (!digit)
			return fail(r, r->at, "\\u needs four hexadecimal digits");
		size_t place = (size_t)(digit - digits);
		unit = unit << 4 | (unsigned)(place < 16 ? place : place - 6);
		r->at++;
	}
	*ret_unit = unit;
	return 0;
}

/* After "\u". U+10000 and above come as two escapes, a high surrogate and a low one. */
static int read_unicode_escape(struct reader *r, struct buf *out)
{
	size_t from = r->at - 2;
	unsigned unit = 0, low = 0;

	if (read_hex4(r, &unit) < 0)
		return -1;
	if (unit == 0)
		return fail(r, from, "a string must not contain \\u0000");
	if (unit < 0xD800 || unit > 0xDFFF) {
		utf8_add(out, unit);
		return 0;
	}

	bool high = unit < 0xDC00;
	if (!high || !take(r, '\\') || !take(r, 'u'))
		return fail(r, from, "half of a surrogate pair");
	if (read_hex4(r, &low) < 0)
		return -1;
	if (low < 0xDC00 || low > 0xDFFF)
		return fail(r, from, "half of a surrogate pair");
	utf8_add(out, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
	return 0;
}

/* After the backslash. */
static int read_escape(struct reader *r, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

	if (take(r, 'u'))
		return read_unicode_escape(r, out);

	const char *escape = peek(r) ? strchr(from, peek(r)) : NULL;
	if (!escape)
		return fail(r, r->at - 1, "no such escape in a string");
	buf_addc(out, to[escape - from]);
	r->at++;
	return 0;
}

static int read_string(struct reader *r, struct buf *out)
{
	size_t from = r->at++; /* the quote */

	for (;;) {
		size_t run = r->at;

		while (r->at < r->len && (unsigned char)r->text[r->at] >= 0x20 &&
			!memchr("\"\\", r->text[r->at], 2))
			r->at++;
		if (!text_utf8_valid(r->text + run, r->at - run))
			return fail(r, run, "a string is not valid UTF-8");
		buf_add(out, r->text + run, r->at - run);

		if (take(r, '"'))
			return 0;
		if (r->at >= r->len)
			return fail(r, from, "a string has no end");
		if (!take(r, '\\'))
			return fail(r, r->at, "a control character in a string must be escaped");
		if (read_escape(r, out) < 0)
			return -1;
	}
}

static int read_string_value(struct reader *r, struct json **ret_value)
{
	AUTO_BUF text = BUF_INIT(r->len);

	if (read_string(r, &text) < 0)
		return -1;
	*ret_value = json_new_string(buf_text(&text), text.len);
	return 0;
}

static int read_value(struct reader *r, struct json **ret_value);

/* A member of the object: "key": value. */
static int read_member(struct reader *r, struct json *object)
{
	size_t from = r->at;
	AUTO_BUF key = BUF_INIT(r->len);

	if (peek(r) != '"')
		return fail(r, from, "expected a key in double quotes");
	if (read_string(r, &key) < 0)
		return -1;
	if (json_has(object, buf_text(&key)))
		return fail(r, from, "this key was there before in the same object");
	if (json_count(object) >= JSON_MAX_KEYS)
		return fail(r, from, "an object has too many keys");

	skip_space(r);
	if (!take(r, ':'))
		return fail(r, r->at, "expected ':' after a key");

	struct json *value = NULL;
	if (read_value(r, &value) < 0)
		return -1;
	json_put(object, buf_text(&key), value);
	return 0;
}

static int read_item(struct reader *r, struct json *array)
{
	struct json *value = NULL;

	if (read_value(r, &value) < 0)
		return -1;
	json_append(array, value);
	return 0;
}

/* The members of an object or the items of an array, up to and with its closing bracket. */
static int read_list(struct reader *r, struct json *list, char close, const char *separator_missing,
	int (*read_one)(struct reader *, struct json *))
{
	r->at++; /* the opening bracket */
	if (++r->depth > JSON_MAX_DEPTH)
		return fail(r, r->at - 1, "nested too deeply");

	skip_space(r);
	for (bool first = true; !take(r, close); first = false) {
		if (!first && !take(r, ','))
			return fail(r, r->at, separator_missing);
		skip_space(r);
		if (read_one(r, list) < 0)
			return -1;
		skip_space(r);
	}
	r->depth--;
	return 0;
}

static int read_object(struct reader *r, struct json **ret_value)
{
	AUTO(json) object = json_new_object();

	if (read_list(r, object, '}', "expected ',' or '}'", read_member) < 0)
		return -1;
	*ret_value = steal_ptr(object);
	return 0;
}

static int read_array(struct reader *r, struct json **ret_value)
{
	AUTO(json) array = json_new_array();

	if (read_list(r, array, ']', "expected ',' or ']'", read_item) < 0)
		return -1;
	*ret_value = steal_ptr(array);
	return 0;
}

static bool take_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if (r->len - r->at < n || memcmp(r->text + r->at, word, n) != 0)
		return false;
	r->at += n;
	return true;
}

static int read_word(struct reader *r, struct json **ret_value)
{
	if (take_word(r, "null"))
		*ret_value = NULL;
	else if (take_word(r, "true"))
		*ret_value = json_new_bool(true);
	else if (take_word(r, "false"))
		*ret_value = json_new_bool(false);
	else
		return fail(
			r, r->at, r->at < r->len ? "expected a value" : "it ends where a value is expected");
	return 0;
}

static int read_value(struct reader *r, struct json **ret_value)
{
	skip_space(r);
	if (++r->values > JSON_MAX_VALUES)
		return fail(r, r->at, "too many values");

	char c = peek(r);
	if (c == '{')
		return read_object(r, ret_value);
	if (c == '[')
		return read_array(r, ret_value);
	if (c == '"')
		return read_string_value(r, ret_value);
	if (c == '-' || (c >= '0' && c <= '9'))
		return read_number(r, ret_value);
	return read_word(r, ret_value);
}

int json_parse(const char *p, size_t n, struct json **ret_root, struct err *e)
{
	struct reader r = {.text = p, .len = n, .e = e};
	AUTO(json) root = NULL;

	if (read_value(&r, &root) < 0)
		return -1;
	skip_space(&r);
	if (r.at < r.len)
		return fail(&r, r.at, "something follows the value");
	*ret_root = steal_ptr(root);
	return 0;
}
