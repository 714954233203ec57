/*
 * What an object's ETag shows of the parts that it was put in. AWS, and most others, make a part's ETag of
 * its MD5, and the object's of the MD5 of all those MD5s, a hyphen and the number of parts; encrypted objects
 * and other servers have ETags that show nothing.
 */

#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/digest.h"
#include "lib/remote/base64_priv.h"
#include "lib/remote/s3_priv.h"

#define HEX_CHARS ((size_t)2 * DIGEST_MD5_BYTES)

static int hex_value(char c)
{
	const char *digits = "0123456789abcdef", *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* The MD5 with which an ETag begins, behind a quote or none; what follows it. NULL: it does not. */
static const char *read_md5(const char *etag, uint8_t ret[static DIGEST_MD5_BYTES])
{
	const char *p = etag + (*etag == '"');

	for (size_t i = 0; i < DIGEST_MD5_BYTES; i++, p += 2) {
		int high = hex_value(p[0]), low = high >= 0 ? hex_value(p[1]) : -1;

		if (low < 0)
			return NULL;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return p;
}

static bool is_end(const char *p)
{
	return strcmp(p, "") == 0 || strcmp(p, "\"") == 0;
}

bool s3_etag_is_md5(const char *etag, const char *md5_base64)
{
	uint8_t md5[DIGEST_MD5_BYTES];
	char text[sizeof(((struct s3_hashes *)NULL)->md5)];
	const char *end = read_md5(etag, md5);

	if (end == NULL || !is_end(end))
		return false;
	base64_encode(md5, sizeof(md5), text);
	return strcmp(text, md5_base64) == 0;
}

/* False: the parts' ETags are no MD5s. */
static bool md5_of_parts(char *const *etags, unsigned count, uint8_t ret[static DIGEST_MD5_BYTES])
{
	AUTO(digest) all = digest_new_md5();

	for (unsigned i = 0; i < count; i++) {
		uint8_t md5[DIGEST_MD5_BYTES];
		const char *end = read_md5(etags[i], md5);

		if (end == NULL || !is_end(end))
			return false;
		digest_add(all, md5, sizeof(md5));
	}
	digest_end_md5(all, ret);
	return true;
}

enum s3_etag s3_etag_of_parts(const char *etag, char *const *part_etags, unsigned count, bool are_md5s)
{
	uint8_t expected[DIGEST_MD5_BYTES], md5[DIGEST_MD5_BYTES];
	const char *end = read_md5(etag, md5);
	int64_t parts = 0;

	if (end == NULL || *end != '-' || !md5_of_parts(part_etags, count, expected))
		return S3_ETAG_MUTE;

	AUTO_FREE char *number = xstrndup(end + 1, strcspn(end + 1, "\""));

	if (!text_to_i64(number, 1, S3_PARTS_MAX, &parts) || !is_end(end + 1 + strlen(number)))
		return S3_ETAG_MUTE;
	if (parts == count && memcmp(md5, expected, sizeof(md5)) == 0)
		return S3_ETAG_THEIRS;
	return are_md5s ? S3_ETAG_ANOTHERS : S3_ETAG_MUTE;
}
