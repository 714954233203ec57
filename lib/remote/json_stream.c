/*
 * A push parser of JSON: one state, one stack of bits, one short token. Each on_x() takes the byte that a
 * state waits for; a number alone ends with a byte that is not its own, which is then looked at again.
 */

#include "lib/remote/json_stream_priv.h"

#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/utf8.h"
#include "lib/remote/decimal_priv.h"

enum state {
	WANTS_VALUE,
	WANTS_ITEM_OR_END, /* behind '[' */
	WANTS_KEY_OR_END,  /* behind '{' */
	WANTS_KEY,
	WANTS_COLON,
	WANTS_COMMA_OR_END,
	IN_STRING,
	IN_ESCAPE,
	IN_HEX,
	IN_NUMBER,
	IN_LITERAL,
	WHOLE,
	BROKEN,
	STATE_COUNT,
};

#define REPLACEMENT 0xfffd

void json_stream_init(struct json_stream *s, json_stream_fn *on_event, void *arg)
{
	*s = (struct json_stream){.on_event = on_event, .arg = arg, .state = WANTS_VALUE};
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_object(const struct json_stream *s)
{
	return s->depth > 0 && (s->objects >> (s->depth - 1) & 1) != 0;
}

static bool tell(struct json_stream *s, enum json_stream_event event, const char *text, size_t n)
{
	return s->on_event(s->arg, event, text, n);
}

static bool tell_token(struct json_stream *s, enum json_stream_event event)
{
	s->token[s->token_len] = '\0';
	return tell(s, event, s->token, s->token_len);
}

static bool add_to_token(struct json_stream *s, char c)
{
	if (s->token_len + 1 >= sizeof(s->token))
		return false;
	s->token[s->token_len++] = c;
	return true;
}

/* A value is over. */
static bool go_on(struct json_stream *s)
{
	s->state = s->depth == 0 ? WHOLE : WANTS_COMMA_OR_END;
	return true;
}

static bool enter(struct json_stream *s, bool object)
{
	if (s->depth == JSON_STREAM_DEPTH || !tell(s, object ? STREAM_OBJECT : STREAM_ARRAY, "", 0))
		return false;
	s->objects = (s->objects & ~(UINT64_C(1) << s->depth)) | (uint64_t)object << s->depth;
	s->depth++;
	s->state = object ? WANTS_KEY_OR_END : WANTS_ITEM_OR_END;
	return true;
}

static bool leave(struct json_stream *s, char c)
{
	if (c != (is_object(s) ? '}' : ']'))
		return false;
	s->depth--;
	return tell(s, STREAM_END, "", 0) && go_on(s);
}

static bool begin_string(struct json_stream *s, bool is_key)
{
	s->state = IN_STRING;
	s->is_key = is_key;
	s->token_len = 0;
	s->high = 0;
	return is_key || tell(s, STREAM_STRING, "", 0);
}

static bool begin_token(struct json_stream *s, enum state state, char c)
{
	s->state = state;
	s->token_len = 0;
	return add_to_token(s, c);
}

static bool on_value(struct json_stream *s, char c)
{
	if (c == '{' || c == '[')
		return enter(s, c == '{');
	if (c == '"')
		return begin_string(s, false);
	if (c == '-' || (c >= '0' && c <= '9'))
		return begin_token(s, IN_NUMBER, c);
	return (c == 'n' || c == 't' || c == 'f') && begin_token(s, IN_LITERAL, c);
}

static bool on_item_or_end(struct json_stream *s, char c)
{
	return c == ']' ? leave(s, c) : on_value(s, c);
}

static bool on_key(struct json_stream *s, char c)
{
	return c == '"' && begin_string(s, true);
}

static bool on_key_or_end(struct json_stream *s, char c)
{
	return c == '}' ? leave(s, c) : on_key(s, c);
}

static bool on_colon(struct json_stream *s, char c)
{
	s->state = WANTS_VALUE;
	return c == ':';
}

static bool on_comma_or_end(struct json_stream *s, char c)
{
	if (c != ',')
		return leave(s, c);
	s->state = is_object(s) ? WANTS_KEY : WANTS_VALUE;
	return true;
}

static bool on_literal(struct json_stream *s, char c)
{
	static const char *const literals[] = {"null", "true", "false"};

	if (!add_to_token(s, c))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(literals); i++) {
		if (strncmp(literals[i], s->token, s->token_len) != 0)
			continue;
		return literals[i][s->token_len] != '\0' || (tell_token(s, STREAM_LITERAL) && go_on(s));
	}
	return false;
}

static bool on_number(struct json_stream *s, char c)
{
	return add_to_token(s, c);
}

static bool end_number(struct json_stream *s)
{
	s->token[s->token_len] = '\0';
	return decimal_is_number(s->token) && tell_token(s, STREAM_NUMBER) && go_on(s);
}

/* Strings */

static bool add_to_string(struct json_stream *s, const char *p, size_t n)
{
	if (!s->is_key)
		return tell(s, STREAM_STRING_PART, p, n);
	while (n-- > 0)
		(void)add_to_token(s, *p++); /* none that matters is so long */
	return true;
}

static bool add_point(struct json_stream *s, uint32_t point)
{
	AUTO_BUF bytes = BUF_INIT(8);

	utf8_add(&bytes, point);
	return add_to_string(s, bytes.data, bytes.len);
}

/* A high surrogate was not followed by a low one. */
static bool give_up_pair(struct json_stream *s)
{
	bool lone = s->high != 0;

	s->high = 0;
	return !lone || add_point(s, REPLACEMENT);
}

static bool end_string(struct json_stream *s)
{
	if (s->is_key) {
		s->state = WANTS_COLON;
		return tell_token(s, STREAM_KEY);
	}
	return tell(s, STREAM_STRING_END, "", 0) && go_on(s);
}

static bool on_string(struct json_stream *s, char c)
{
	if (c == '\\') {
		s->state = IN_ESCAPE;
		return true;
	}
	return (unsigned char)c >= ' ' && give_up_pair(s) &&
	       (c == '"' ? end_string(s) : add_to_string(s, &c, 1));
}

static bool on_escape(struct json_stream *s, char c)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name = c != '\0' ? strchr(names, c) : NULL;

	if (c == 'u') {
		s->state = IN_HEX;
		s->hex = 0;
		s->hex_left = 4;
		return true;
	}
	s->state = IN_STRING;
	return name != NULL && give_up_pair(s) && add_to_string(s, &values[name - names], 1);
}

static bool end_hex(struct json_stream *s)
{
	unsigned unit = s->hex, high = s->high;

	s->state = IN_STRING;
	if (unit >= 0xdc00 && unit <= 0xdfff && high != 0) {
		s->high = 0;
		return add_point(s, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
	}
	if (!give_up_pair(s))
		return false;
	if (unit >= 0xd800 && unit <= 0xdbff) {
		s->high = unit;
		return true;
	}
	return add_point(s, unit >= 0xdc00 && unit <= 0xdfff ? REPLACEMENT : unit);
}

static bool on_hex(struct json_stream *s, char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit = memchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c, sizeof(digits) - 1);

	if (digit == NULL)
		return false;
	s->hex = s->hex << 4 | (unsigned)(digit - digits);
	return --s->hex_left > 0 || end_hex(s);
}

/* Taking bytes */

static bool on_no_more(struct json_stream *s UNUSED, char c UNUSED)
{
	return false;
}

static const struct {
	bool (*take)(struct json_stream *s, char c);
	bool skips_space;
} states[STATE_COUNT] = {
	[WANTS_VALUE] = {on_value, true},
	[WANTS_ITEM_OR_END] = {on_item_or_end, true},
	[WANTS_KEY_OR_END] = {on_key_or_end, true},
	[WANTS_KEY] = {on_key, true},
	[WANTS_COLON] = {on_colon, true},
	[WANTS_COMMA_OR_END] = {on_comma_or_end, true},
	[IN_STRING] = {on_string, false},
	[IN_ESCAPE] = {on_escape, false},
	[IN_HEX] = {on_hex, false},
	[IN_NUMBER] = {on_number, false},
	[IN_LITERAL] = {on_literal, false},
	[WHOLE] = {on_no_more, true},
	[BROKEN] = {on_no_more, false},
};

static bool is_plain(char c)
{
	return (unsigned char)c >= ' ' && c != '"' && c != '\\';
}

static size_t plain_bytes(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && is_plain(p[i]))
		i++;
	return i;
}

static bool belongs_to_number(char c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
}

/* How many bytes it took; 0 when it broke. */
static size_t take_some(struct json_stream *s, const char *p, size_t n)
{
	if (s->state == IN_STRING && is_plain(*p)) { /* most of what comes: at once */
		size_t plain = plain_bytes(p, n);

		return give_up_pair(s) && add_to_string(s, p, plain) ? plain : 0;
	}
	if (s->state == IN_NUMBER && !belongs_to_number(*p) && !end_number(s))
		return 0;
	if (states[s->state].skips_space && is_space(*p))
		return 1;
	return states[s->state].take(s, *p) ? 1 : 0;
}

bool json_stream_take(struct json_stream *s, const char *p, size_t n)
{
	while (n > 0) {
		size_t taken = take_some(s, p, n);

		if (taken == 0) {
			s->state = BROKEN;
			return false;
		}
		p += taken;
		n -= taken;
	}
	return s->state != BROKEN;
}

bool json_stream_whole(const struct json_stream *s)
{
	return s->state == WHOLE;
}
