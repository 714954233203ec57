/* What an object's ETag shows of the parts that it was put in, and a part's of what it is. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/remote/s3_priv.h"

/* MD5s of "a", of "b", and of the two */
#define MD5_A    "0cc175b9c0f1b6a831c399e269772661"
#define MD5_B    "92eb5ffee6ae2fec3ad71c777531578f"
#define MD5_BOTH "96e024ba2074fe77e8e965ba43a704be"
#define A_BASE64 "DMF1ucDxtqgxw5niaXcmYQ=="

static void of_parts(void **state)
{
	static const struct {
		const char *title, *etag;
		const char *parts[2];
		bool are_md5s;
		enum s3_etag expected;
	} rows[] = {
		{"theirs", "\"" MD5_BOTH "-2\"", {"\"" MD5_A "\"", "\"" MD5_B "\""}, true, S3_ETAG_THEIRS},
		{"without quotes", MD5_BOTH "-2", {MD5_A, MD5_B}, true, S3_ETAG_THEIRS},
		{"theirs, whatever theirs are", "\"" MD5_BOTH "-2\"", {"\"" MD5_A "\"", "\"" MD5_B "\""},
			false, S3_ETAG_THEIRS},
		{"of other parts", "\"" MD5_BOTH "-2\"", {"\"" MD5_B "\"", "\"" MD5_A "\""}, true,
			S3_ETAG_ANOTHERS},
		{"of other parts, which may not be MD5s", "\"" MD5_BOTH "-2\"",
			{"\"" MD5_B "\"", "\"" MD5_A "\""}, false, S3_ETAG_MUTE},
		{"of more parts", "\"" MD5_BOTH "-3\"", {"\"" MD5_A "\"", "\"" MD5_B "\""}, true,
			S3_ETAG_ANOTHERS},
		{"of no parts", "\"" MD5_BOTH "\"", {"\"" MD5_A "\"", "\"" MD5_B "\""}, true, S3_ETAG_MUTE},
		{"no number", "\"" MD5_BOTH "-x\"", {"\"" MD5_A "\"", "\"" MD5_B "\""}, true, S3_ETAG_MUTE},
		{"something behind it", "\"" MD5_BOTH "-2\"x", {"\"" MD5_A "\"", "\"" MD5_B "\""}, true,
			S3_ETAG_MUTE},
		{"a short one", "\"0123-2\"", {"\"" MD5_A "\"", "\"" MD5_B "\""}, true, S3_ETAG_MUTE},
		{"an empty one", "", {"\"" MD5_A "\"", "\"" MD5_B "\""}, true, S3_ETAG_MUTE},
		{"parts of another kind", "\"" MD5_BOTH "-2\"", {"\"0x8D\"", "\"" MD5_B "\""}, false,
			S3_ETAG_MUTE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *parts[] = {xstrdup(rows[i].parts[0]), xstrdup(rows[i].parts[1])};
		enum s3_etag found =
			s3_etag_of_parts(rows[i].etag, parts, ARRAY_LEN(parts), rows[i].are_md5s);

		free(parts[0]);
		free(parts[1]);
		if (found != rows[i].expected)
			fail_msg("%s: %d", rows[i].title, (int)found);
	}
}

static void of_a_part(void **state)
{
	(void)state;
	assert_true(s3_etag_is_md5("\"" MD5_A "\"", A_BASE64));
	assert_true(s3_etag_is_md5(MD5_A, A_BASE64));
	assert_false(s3_etag_is_md5("\"" MD5_B "\"", A_BASE64));
	assert_false(s3_etag_is_md5("\"" MD5_A "-1\"", A_BASE64));
	assert_false(s3_etag_is_md5("", A_BASE64));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_parts),
		cmocka_unit_test(of_a_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
