/* What others wrote, before it goes into a text of ours: see words_priv.h. */

#include "lib/remote/words_priv.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/text.h"

/* Bytes of the code point at p, or 0 where it is broken or a control. */
static size_t point_bytes(const char *p, size_t n)
{
	for (size_t len = 1; len <= 4 && len <= n; len++) {
		char point[5] = {0};

		memcpy(point, p, len);
		if (text_utf8_valid(point, len))
			return text_has_control(point) ? 0 : len;
	}
	return 0;
}

static bool is_gap(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

static bool ends_address(char c)
{
	return is_gap(c) || strchr("\"'<>\\", c) != NULL;
}

void words_clean(const char *p, size_t n, char out[static WORDS_SIZE])
{
	size_t len = 0;
	bool in_address = false;

	for (size_t i = 0; p != NULL && i < n && len + 5 < WORDS_SIZE;) {
		size_t bytes = point_bytes(p + i, n - i);

		if (n - i >= 3 && memcmp(p + i, "://", 3) == 0)
			in_address = true;
		else if (in_address && ends_address(p[i]))
			in_address = false;
		if (in_address && p[i] == '?') {
			out[len++] = '?';
			while (i < n && !ends_address(p[i]))
				i++;
		} else if (is_gap(p[i])) {
			if (len > 0 && out[len - 1] != ' ')
				out[len++] = ' ';
			i++;
		} else if (bytes == 0) {
			out[len++] = '?';
			i++;
		} else {
			memcpy(out + len, p + i, bytes);
			len += bytes;
			i += bytes;
		}
	}
	while (len > 0 && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
}
