#ifndef VIDEOD_REMOTE_BASE64_PRIV_H
#define VIDEOD_REMOTE_BASE64_PRIV_H

/* Base64 (RFC 4648, section 4). Decoded in pieces of any size: whole groups, padded, nothing else between. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct base64 {
	uint32_t bits;
	unsigned count;   /* characters of the group so far */
	unsigned padding; /* of them '=' */
	bool over;        /* a padded group ends it */
};

#define BASE64_BYTES(n) (((n) / 4 + 1) * 3) /* what n characters give at most */

/* Decodes n characters into out, which holds BASE64_BYTES(n). False: they are not base64. */
bool base64_take(struct base64 *b, const char *p, size_t n, uint8_t *out, size_t *ret_bytes);
bool base64_whole(const struct base64 *b);

/* With its padding and a NUL: n bytes give (n + 2) / 3 * 4 characters. */
void base64_encode(const uint8_t *p, size_t n, char *out);

#endif
