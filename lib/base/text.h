#ifndef VIDEOD_BASE_TEXT_H
#define VIDEOD_BASE_TEXT_H

/* Strict reading of numbers, and UTF-8, percent and hex coding. Nothing allocates but what fills a buf. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* The whole string must be a decimal number in [min, max]: no blanks, no plus, no leading zeros but "0". */
bool text_to_i64(const char *s, int64_t min, int64_t max, int64_t *ret_value);
/* A decimal number as C writes it, "-0.25" or "1e-3", and nothing after it; finite. */
bool text_to_double(const char *s, double *ret_value);
/*
 * A decimal such as "29.99", "-1", "2.5e1" (JSON's grammar), as an integer count of 10^-places, exactly:
 * false when it has more decimals than that, is malformed, or is out of [min, max] (in the same unit).
 */
bool text_to_scaled(const char *s, unsigned places, int64_t min, int64_t max, int64_t *ret_value);

bool text_utf8_valid(const char *p, size_t n); /* RFC 3629: no overlongs, no surrogates */
size_t text_utf8_points(const char *s);        /* code points of a valid string */
size_t text_utf16_units(const char *s);        /* UTF-16 code units of a valid string */
/* Bytes of the longest prefix of at most max_points code points. Never cuts inside a code point. */
size_t text_utf8_prefix(const char *s, size_t max_points);
/* As above, but ends at a word's end where there is one in the prefix; trailing blanks are left off. */
size_t text_word_prefix(const char *s, size_t max_points);

bool text_has_control(const char *s); /* U+0000..1F but \n and \t, and U+007F..9F */
bool text_is_blank(const char *s);    /* nothing to see: white space and points without ink only */

/* Percent-decodes n bytes into out. False on a broken escape or a NUL. plus_is_space for query strings. */
bool text_url_decode(const char *p, size_t n, bool plus_is_space, struct buf *out);
/* Percent-encodes everything but RFC 3986 unreserved characters (and '/' where keep_slash). */
void text_url_encode(const char *s, bool keep_slash, struct buf *out);

void text_to_small(char *s); /* A-Z become a-z, in place; nothing else changes */
void text_hex_encode(const uint8_t *p, size_t n, char *out); /* out has 2n+1 bytes; lower case */

#endif
