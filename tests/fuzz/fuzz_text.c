/* The readers of lib/base/text.h over any bytes: no step over the end, and what they promise of their
 * results. */

#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A number that was read has one spelling, and that is the input. */
static void numbers(const char *s)
{
	int64_t value;

	if (text_to_i64(s, INT64_MIN, INT64_MAX, &value)) {
		char back[24];

		(void)snprintf(back, sizeof(back), "%" PRId64, value);
		assert(strcmp(back, s) == 0);
		assert(text_to_scaled(s, 0, value, value, &value));
	}
	for (unsigned places = 0; places < 4; places++) {
		int64_t fine;

		if (text_to_scaled(s, places, -1000000, 1000000, &value)) {
			assert(value >= -1000000 && value <= 1000000);
			assert(text_to_scaled(s, places + 1, value * 10, value * 10, &fine));
		}
	}
}

/* Prefixes of a valid text are valid, no longer than asked for, and do not grow by words. */
static void prefixes(const char *s)
{
	size_t n = strlen(s), points = text_utf8_points(s);

	if (!text_utf8_valid(s, n))
		return;
	assert(text_utf16_units(s) >= points && text_utf16_units(s) <= 2 * points);
	assert(text_utf8_prefix(s, points) == n);
	for (size_t max = 0; max <= points && max < 64; max++) {
		size_t prefix = text_utf8_prefix(s, max), words = text_word_prefix(s, max);

		assert(prefix <= n && text_utf8_valid(s, prefix));
		assert(words <= prefix && text_utf8_valid(s, words));
	}
	(void)text_has_control(s);
	(void)text_is_blank(s);
}

/* What is encoded decodes to itself. */
static void codings(const char *s, const uint8_t *data, size_t size)
{
	AUTO_BUF encoded = BUF_INIT(3 * size + 1), back = BUF_INIT(size + 1);
	AUTO_FREE char *hex = xmalloc(2 * size + 1);

	(void)text_url_decode((const char *)data, size, true, &back);
	buf_clear(&back);
	text_url_encode(s, size % 2 == 0, &encoded);
	assert(buf_ok(&encoded));
	assert(text_url_decode(buf_text(&encoded), encoded.len, size % 3 == 0, &back));
	assert(strcmp(buf_text(&back), s) == 0);

	text_hex_encode(data, size, hex);
	assert(strlen(hex) == 2 * size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *s = xstrndup((const char *)data, size);

	(void)text_utf8_valid((const char *)data, size);
	(void)fs_is_safe_relative(s);
	numbers(s);
	prefixes(s);
	codings(s, data, size);
	return 0;
}
