/*
 * Strict readers: a number is the whole string or nothing, UTF-8 is RFC 3629 section 4, percent-encoding RFC
 * 3986 section 2, decimals the grammar of RFC 8259 section 6. Money and time never pass through floating
 * point; measurements do (C11 7.22.1.3, and none of our programs leaves the C locale).
 */

#include "lib/base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/utf8.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* *value = *value * 10 - digit, in negative numbers so that INT64_MIN fits. False on overflow. */
static bool push_digit(int64_t *value, int digit)
{
	return !__builtin_mul_overflow(*value, 10, value) && !__builtin_sub_overflow(*value, digit, value);
}

static bool from_negative(int64_t value, bool negative, int64_t min, int64_t max, int64_t *ret_value)
{
	if (!negative && __builtin_sub_overflow(0, value, &value))
		return false;
	if (value < min || value > max)
		return false;
	*ret_value = value;
	return true;
}

bool text_to_i64(const char *s, int64_t min, int64_t max, int64_t *ret_value)
{
	bool negative = *s == '-';
	int64_t value = 0;

	s += negative;
	if (!is_digit(*s) || (*s == '0' && (s[1] || negative)))
		return false;

	for (; is_digit(*s); s++) {
		if (!push_digit(&value, *s - '0'))
			return false;
	}
	return !*s && from_negative(value, negative, min, max, ret_value);
}

bool text_to_double(const char *s, double *ret_value)
{
	size_t n = strspn(s, "+-.eE0123456789");
	char *end;

	if (n == 0 || s[n])
		return false;
	*ret_value = strtod(s, &end);
	return !*end && isfinite(*ret_value);
}

/* A decimal taken apart: its digits (with one point among them) and the power of ten of the last of them. */
struct decimal {
	bool negative;
	const char *first, *end; /* the digits and the point; first is a digit that is not 0, or end */
	int64_t power;
};

/* Reads [eE][+-]?digits, or nothing, up to the end of s. Far out of any range it stays there instead of
 * overflowing. */
static bool parse_exponent(const char *s, int64_t *ret_exponent)
{
	const int64_t far = INT64_MAX / 100;
	int64_t value = 0;

	*ret_exponent = 0;
	if (!*s)
		return true;
	if (*s != 'e' && *s != 'E')
		return false;
	s++;

	bool negative = *s == '-';

	s += negative || *s == '+';
	if (!is_digit(*s))
		return false;
	for (; is_digit(*s); s++)
		value = value < far ? value * 10 + (*s - '0') : value;
	*ret_exponent = negative ? -value : value;
	return !*s;
}

static bool parse_decimal(const char *s, struct decimal *ret_d)
{
	struct decimal d = {.negative = *s == '-'};
	int64_t decimals = 0, exponent;

	s += d.negative;
	d.first = s;
	if (!is_digit(*s) || (*s == '0' && is_digit(s[1])))
		return false;
	while (is_digit(*s))
		s++;
	if (*s == '.') {
		for (s++; is_digit(*s); s++)
			decimals++;
		if (decimals == 0)
			return false;
	}
	d.end = s;
	if (!parse_exponent(s, &exponent))
		return false;
	d.power = exponent - decimals;

	while (d.first < d.end && (*d.first == '0' || *d.first == '.'))
		d.first++;
	while (d.end > d.first && (d.end[-1] == '0' || d.end[-1] == '.'))
		d.power += *--d.end == '0';
	*ret_d = d;
	return true;
}

bool text_to_scaled(const char *s, unsigned places, int64_t min, int64_t max, int64_t *ret_value)
{
	struct decimal d;
	int64_t value = 0;

	if (!parse_decimal(s, &d))
		return false;
	if (d.first == d.end)
		return from_negative(0, false, min, max, ret_value);

	int64_t shift = d.power + (int64_t)places;

	if (shift < 0)
		return false; /* its last digit, which is not 0, is a smaller unit than ours */
	for (const char *p = d.first; p < d.end; p++) {
		if (*p != '.' && !push_digit(&value, *p - '0'))
			return false;
	}
	for (; shift > 0; shift--) {
		if (!push_digit(&value, 0))
			return false;
	}
	return from_negative(value, d.negative, min, max, ret_value);
}

/* Bytes of the code point at p (n > 0 bytes are there), 0 when it is no valid one. */
static size_t valid_point(const unsigned char *p, size_t n)
{
	/* RFC 3629 section 4: the second byte's range tells overlongs, surrogates and too large ones apart.
	 */
	static const struct {
		unsigned char lead_first, lead_last, second_first, second_last, len;
	} forms[] = {
		{0x00, 0x7F, 0x00, 0x00, 1},
		{0xC2, 0xDF, 0x80, 0xBF, 2},
		{0xE0, 0xE0, 0xA0, 0xBF, 3},
		{0xE1, 0xEC, 0x80, 0xBF, 3},
		{0xED, 0xED, 0x80, 0x9F, 3},
		{0xEE, 0xEF, 0x80, 0xBF, 3},
		{0xF0, 0xF0, 0x90, 0xBF, 4},
		{0xF1, 0xF3, 0x80, 0xBF, 4},
		{0xF4, 0xF4, 0x80, 0x8F, 4},
	};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (p[0] < forms[i].lead_first || p[0] > forms[i].lead_last)
			continue;
		if (n < forms[i].len)
			return 0;
		if (forms[i].len > 1 && (p[1] < forms[i].second_first || p[1] > forms[i].second_last))
			return 0;
		for (size_t k = 2; k < forms[i].len; k++) {
			if ((p[k] & 0xC0) != 0x80)
				return 0;
		}
		return forms[i].len;
	}
	return 0;
}

bool text_utf8_valid(const char *p, size_t n)
{
	const unsigned char *at = (const unsigned char *)p;

	while (n > 0) {
		size_t len = valid_point(at, n);

		if (len == 0)
			return false;
		at += len;
		n -= len;
	}
	return true;
}

static bool is_tail(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

size_t text_utf8_points(const char *s)
{
	size_t points = 0;

	for (; *s; s++)
		points += !is_tail(*s);
	return points;
}

size_t text_utf16_units(const char *s)
{
	size_t units = 0;

	for (; *s; s++)
		units += is_tail(*s) ? 0 : (unsigned char)*s >= 0xF0 ? 2 : 1;
	return units;
}

static size_t point_bytes(const char *s)
{
	size_t n = 1;

	while (is_tail(s[n]))
		n++;
	return n;
}

size_t text_utf8_prefix(const char *s, size_t max_points)
{
	size_t at = 0;

	for (size_t points = 0; points < max_points && s[at]; points++)
		at += point_bytes(s + at);
	return at;
}

enum space { SPACE_NONE, SPACE_BREAKS, SPACE_GLUES };

/* Unicode's White_Space (PropList.txt), as UTF-8. Glue is white but holds two words together: 1 299 kr. */
static enum space space_at(const char *s)
{
	static const char *const breaks[] = {
		"\u1680",
		"\u2000",
		"\u2001",
		"\u2002",
		"\u2003",
		"\u2004",
		"\u2005",
		"\u2006",
		"\u2008",
		"\u2009",
		"\u200A",
		"\u2028",
		"\u2029",
		"\u205F",
		"\u3000",
		"\xC2\x85",
	};
	static const char *const glues[] = {"\u00A0", "\u2007", "\u202F"};

	if ((unsigned char)*s < 0x80)
		return *s && strchr(" \t\n\v\f\r", *s) ? SPACE_BREAKS : SPACE_NONE;

	for (size_t i = 0; i < ARRAY_LEN(breaks); i++) {
		if (strncmp(s, breaks[i], strlen(breaks[i])) == 0)
			return SPACE_BREAKS;
	}
	for (size_t i = 0; i < ARRAY_LEN(glues); i++) {
		if (strncmp(s, glues[i], strlen(glues[i])) == 0)
			return SPACE_GLUES;
	}
	return SPACE_NONE;
}

size_t text_word_prefix(const char *s, size_t max_points)
{
	size_t at = 0;
	size_t ink = 0;  /* the end of the last thing that is no blank */
	size_t word = 0; /* the end of the last whole word */

	for (size_t points = 0; points < max_points && s[at]; points++) {
		size_t n = point_bytes(s + at);
		enum space space = space_at(s + at);

		if (space == SPACE_BREAKS)
			word = ink;
		if (space == SPACE_NONE)
			ink = at + n;
		at += n;
	}

	bool ends_here = !s[at] || space_at(s + at) == SPACE_BREAKS;

	return ends_here || word == 0 ? ink : word;
}

bool text_has_control(const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s, next = (unsigned char)s[1];

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
			return true;
		if (c == 0xC2 && next >= 0x80 && next <= 0x9F)
			return true;
	}
	return false;
}

/*
 * Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt) and what has no ink beside it: the blank
 * of Braille, a note's head that is none, the marks of annotations and of objects.
 */
static bool is_invisible(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {{0xAD, 0xAD}, {0x34F, 0x34F}, {0x61C, 0x61C}, {0x115F, 0x1160}, {0x17B4, 0x17B5},
		{0x180B, 0x180F}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x206F}, {0x2800, 0x2800},
		{0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFC},
		{0xFFFE, 0xFFFF}, {0x1BCA0, 0x1BCA3}, {0x1D159, 0x1D159}, {0x1D173, 0x1D17A},
		{0xE0000, 0xE0FFF}};

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

bool text_is_blank(const char *s)
{
	while (*s && (space_at(s) != SPACE_NONE || is_invisible(utf8_peek(s))))
		(void)utf8_next(&s);
	return !*s;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool text_url_decode(const char *p, size_t n, bool plus_is_space, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		char c = p[i];

		if (c == '%') {
			int high = n - i > 2 ? hex_value(p[i + 1]) : -1;
			int low = n - i > 2 ? hex_value(p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		if (c == '\0')
			return false;
		buf_addc(out, c);
	}
	return true;
}

void text_url_encode(const char *s, bool keep_slash, struct buf *out)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *s; s++) {
		if (strchr(unreserved, *s) || (keep_slash && *s == '/'))
			buf_addc(out, *s);
		else
			buf_addf(out, "%%%02X", (unsigned)(unsigned char)*s);
	}
}

void text_to_small(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

void text_hex_encode(const uint8_t *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}
