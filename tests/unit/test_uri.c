/* Request targets: what is decoded, what is refused, and the parts between slashes. */

#include "cgi/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"

static const struct {
	const char *title, *text, *path, *query; /* path NULL: refused */
} cases[] = {
	{"plain", "/videos", "/videos", ""},
	{"the root", "/", "/", ""},
	{"with a query", "/videos?limit=1&a=%2F", "/videos", "limit=1&a=%2F"},
	{"an empty query", "/videos?", "/videos", ""},
	{"a question mark in the query", "/a?b?c", "/a", "b?c"},
	{"an encoded question mark", "/a%3Fb", "/a?b", ""},
	{"encoded letters", "/%76ideos/%C3%A9", "/videos/\u00e9", ""},
	{"decoded once only", "/a%2562", "/a%62", ""},
	{"a plus is a plus", "/a+b", "/a+b", ""},
	{"a fragment is no part of it", "/a#b?c", "/a", ""},
	{"empty", "", NULL, NULL},
	{"not a path", "videos", NULL, NULL},
	{"an absolute URI", "http://a/videos", NULL, NULL},
	{"an encoded slash", "/videos%2Fmusic", NULL, NULL},
	{"an encoded slash in lower case", "/videos/%2f", NULL, NULL},
	{"a broken escape", "/a%4", NULL, NULL},
	{"an escape without digits", "/a%zz", NULL, NULL},
	{"an encoded NUL", "/a%00b", NULL, NULL},
	{"an encoded line feed", "/a%0Ab", NULL, NULL},
	{"an encoded tab", "/a%09b", NULL, NULL},
	{"a delete character", "/a%7Fb", NULL, NULL},
	{"invalid UTF-8", "/a%FF", NULL, NULL},
	{"an overlong slash", "/a%C0%AFb", NULL, NULL},
	{"a surrogate", "/%ED%A0%80", NULL, NULL},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_URI uri = {0};
		struct err e = {0};
		int r = uri_parse(cases[i].text, &uri, &e);

		if (!cases[i].path) {
			if (r != -1 || e.kind != ERR_PERM || e.http_status != 400 || !*e.text)
				fail_msg("%s: not refused as it should be", cases[i].title);
			continue;
		}
		if (r != 0 || strcmp(uri.path.data, cases[i].path) != 0 ||
			strcmp(uri.query, cases[i].query) != 0)
			fail_msg("%s: %d \"%s\" \"%s\"", cases[i].title, r, buf_text(&uri.path),
				uri.query ? uri.query : "-");
	}
}

static void test_too_long(void **state)
{
	AUTO_URI uri = {0};
	struct err e = {0};
	char text[URI_PATH_BYTES + 2];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(uri_parse(text, &uri, &e), -1);
	text[URI_PATH_BYTES] = '\0';
	assert_int_equal(uri_parse(text, &uri, &e), 0);
	assert_int_equal(uri.path.len, URI_PATH_BYTES);
}

static const struct {
	const char *path, *parts; /* each in brackets */
} part_cases[] = {
	{"/a/bc", "[a][bc]"},
	{"/", "[]"},
	{"/a/", "[a][]"},
	{"//a", "[][a]"},
	{"", ""},
	{"a/b", ""},
};

static void test_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(part_cases); i++) {
		AUTO_BUF got = BUF_INIT(64);
		const char *at = part_cases[i].path, *part;
		size_t n;

		while (uri_next_part(&at, &part, &n))
			buf_addf(&got, "[%.*s]", (int)n, part);
		assert_string_equal(buf_text(&got), part_cases[i].parts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
