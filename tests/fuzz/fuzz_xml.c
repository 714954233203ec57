/*
 * Any bytes as an XML answer: what is taken has its depth, and names and texts in UTF-8 without a NUL; and as
 * the answer of an S3 server, with any status: every verdict is printable, and so is the error made of it.
 */

#include "lib/io/xml.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/text.h"
#include "lib/remote/s3_endpoint_priv.h"
#include "lib/remote/s3_error_priv.h"

#define MAX (256 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_element(const struct xml_node *n, unsigned levels)
{
	require(levels > 0);
	for (; n != NULL; n = xml_next(n, NULL)) {
		AUTO_FREE char *text = xml_text(n);

		require(text_utf8_valid(text, strlen(text)) && strchr(xml_name(n), ':') == NULL);
		if (xml_child(n, NULL) != NULL)
			check_element(xml_child(n, NULL), levels - 1);
	}
}

static bool is_plain(const char *s)
{
	return text_utf8_valid(s, strlen(s)) && !text_has_control(s) && strpbrk(s, "\n\t") == NULL;
}

static void judge(const char *body, size_t n)
{
	static const int statuses[] = {100, 200, 206, 301, 307, 400, 401, 403, 404, 409, 429, 500, 501, 503};

	for (size_t i = 0; i < ARRAY_LEN(statuses) * 2; i++) {
		const struct s3_answer a = {
			.status = statuses[i / 2],
			.body = body,
			.body_n = n,
			.root = i % 2 ? "CompleteMultipartUploadResult" : NULL,
			.retry_after_s = -1,
			.now = 1767323045,
			.signed_for = "eu-west-1",
			.key_id = "key",
		};
		struct s3_verdict v;
		struct err e;

		s3_judge(&a, &v);
		require(v.what >= 0 && v.what < S3_WHAT_COUNT && v.status == a.status);
		require(v.what != S3_FINE || a.status / 100 == 2);
		require(is_plain(v.code) && is_plain(v.message) && is_plain(v.request_id));
		require(v.region[0] == '\0' || s3_region_ok(v.region));
		if (v.what == S3_FINE)
			continue;
		require(s3_verdict_err(&v, "GET b/k", &e) == -1 && is_plain(e.text) &&
			e.kind != ERR_UNCERTAIN);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(xml) x = NULL;
	struct err e;

	judge((const char *)data, size);
	if (xml_parse((const char *)data, size, MAX, &x, &e) < 0) {
		require(x == NULL && e.kind == ERR_PERM && is_plain(e.text));
		return 0;
	}
	require(xml_next(xml_root(x), NULL) == NULL);
	check_element(xml_root(x), XML_DEPTH_MAX);
	return 0;
}
