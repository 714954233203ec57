/* See base64_priv.h. */

#include "lib/remote/base64_priv.h"

/* The six bits of a character, or -1. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool take_one(struct base64 *b, char c)
{
	int value = value_of(c);

	if (b->over || (value < 0 && (c != '=' || b->count < 2)) || (value >= 0 && b->padding > 0))
		return false;
	b->bits = b->bits << 6 | (value >= 0 ? (uint32_t)value : 0);
	b->padding += value < 0;
	b->count++;
	return true;
}

static size_t end_group(struct base64 *b, uint8_t out[static 3])
{
	size_t n = 3 - b->padding;

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(b->bits >> (16 - 8 * i));
	*b = (struct base64){.over = b->padding > 0};
	return n;
}

bool base64_take(struct base64 *b, const char *p, size_t n, uint8_t *out, size_t *ret_bytes)
{
	*ret_bytes = 0;
	for (size_t i = 0; i < n; i++) {
		if (!take_one(b, p[i]))
			return false;
		if (b->count == 4)
			*ret_bytes += end_group(b, out + *ret_bytes);
	}
	return true;
}

bool base64_whole(const struct base64 *b)
{
	return b->count == 0;
}

void base64_encode(const uint8_t *p, size_t n, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t bits = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
				(left > 2 ? p[i + 2] : 0u);

		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[bits & 63] : '=';
	}
	*out = '\0';
}
