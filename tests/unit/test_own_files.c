/* Which file on our own disks an address means, and for whom. */

#include "lib/video/own_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/macros.h"
#include "lib/video/settings.h"

#define DIGITS "0123456789abcdef0123456789abcdef"

static const struct {
	const char *title, *url, *path; /* NULL: none */
} cases[] = {
	{"an asset", "/assets/music/a.m4a", "/a/music/a.m4a"},
	{"an asset with a blank", "/assets/my%20dog.jpg", "/a/my dog.jpg"},
	{"an asset above", "/assets/../secret", NULL},
	{"an asset above, in code", "/assets/%2e%2e/secret", NULL},
	{"a slash in code", "/assets/..%2fsecret", NULL},
	{"a NUL in code", "/assets/a%00.jpg", NULL},
	{"an absolute asset", "/assets//etc/passwd", NULL},
	{"no asset at all", "/assets/", NULL},
	{"an upload", "/uploads/s1/" DIGITS ".jpg", "/u/s1/" DIGITS ".jpg"},
	{"the longest ending", "/uploads/s1/" DIGITS ".webp", "/u/s1/" DIGITS ".webp"},
	{"another store's", "/uploads/s2/" DIGITS ".jpg", NULL},
	{"a store whose id begins like ours", "/uploads/s1x/" DIGITS ".jpg", NULL},
	{"a store as ours begins", "/uploads/s/" DIGITS ".jpg", NULL},
	{"a store in other case", "/uploads/S1/" DIGITS ".jpg", NULL},
	{"no store", "/uploads//" DIGITS ".jpg", NULL},
	{"no name", "/uploads/s1/", NULL},
	{"the folder", "/uploads/s1", NULL},
	{"a file under way", "/uploads/.incoming/" DIGITS ".jpg", NULL},
	{"a file from above", "/uploads/s1/../s2/" DIGITS ".jpg", NULL},
	{"a name from above", "/uploads/s1/..", NULL},
	{"a digit too few", "/uploads/s1/0123456789abcdef0123456789abcde.jpg", NULL},
	{"a digit too many", "/uploads/s1/" DIGITS "0.jpg", NULL},
	{"upper case", "/uploads/s1/0123456789ABCDEF0123456789abcdef.jpg", NULL},
	{"no ending", "/uploads/s1/" DIGITS, NULL},
	{"a point alone", "/uploads/s1/" DIGITS ".", NULL},
	{"two endings", "/uploads/s1/" DIGITS ".jpg.sh", NULL},
	{"a long ending", "/uploads/s1/" DIGITS ".jpegs", NULL},
	{"a query", "/uploads/s1/" DIGITS ".jpg?x", NULL},
	{"a folder below", "/uploads/s1/" DIGITS ".jpg/x", NULL},
	{"in code", "/uploads/s1/%30123456789abcdef0123456789abcdef.jpg", NULL},
	{"elsewhere", "https://shop.example/uploads/s1/" DIGITS ".jpg", NULL},
	{"nothing", "", NULL},
};

static void test_paths(void **state UNUSED)
{
	static char assets[] = "/a", uploads[] = "/u";
	const struct settings s = {.assets_dir = assets, .uploads_dir = uploads};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *path = own_file_path(&s, "s1", cases[i].url);

		if (!path != !cases[i].path || (path && strcmp(path, cases[i].path) != 0))
			fail_msg("%s: %s", cases[i].title, path ? path : "none");
	}
}

static void test_name(void **state UNUSED)
{
	size_t n = 0;

	assert_string_equal(own_upload_name("/uploads/a.b/" DIGITS ".mp3", &n), DIGITS ".mp3");
	assert_int_equal(n, 3);
	assert_null(own_upload_name("/uploads/a.b/x.mp3", &n));
	assert_true(own_file_is_upload("/uploads/a.b/x.mp3"));
	assert_false(own_file_is_upload("/uploadsx"));
	assert_true(own_upload_is_of("/uploads/a.b/" DIGITS ".mp3", "a.b"));
	assert_false(own_upload_is_of("/uploads/a.b/" DIGITS ".mp3", "a.bc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
