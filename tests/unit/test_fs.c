/* Files made atomically, bounded reading, trees removed without following a link. */

#include "lib/base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"

static char folder[64]; /* of one test */

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/videod-test-fs-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct err e;

	(void)state;
	return fs_remove_tree(folder, &e);
}

/* The path of name in the test's folder; caller frees. */
static char *in(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

static void write_file(const char *name, const void *p, size_t n)
{
	AUTO_FREE char *path = in(name);
	struct err e;

	if (fs_write_atomic(path, p, n, 0644, &e) < 0)
		fail_msg("%s", e.text);
}

static unsigned entries(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n - 2;
}

static void assert_content(const char *path, const void *expected, size_t n)
{
	AUTO_BUF text = BUF_INIT(1 << 20);
	struct err e;

	if (fs_read(path, 1 << 20, &text, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(text.len, n);
	assert_memory_equal(buf_text(&text), expected, n);
}

static const struct {
	const char *title, *path;
	bool ok;
} relative_cases[] = {
	{"a file", "a.jpg", true},
	{"in folders", "a/b/c.jpg", true},
	{"a hidden file", ".a", true},
	{"three dots", "...", true},
	{"two dots in a name", "a..b/..c", true},
	{"a blank", "a b", true},
	{"another script", "京都/é.png", true},
	{"empty", "", false},
	{"a leading slash", "/a", false},
	{"a trailing slash", "a/", false},
	{"an empty part", "a//b", false},
	{"this folder", ".", false},
	{"the folder above", "..", false},
	{"above at the start", "../a", false},
	{"above in the middle", "a/../b", false},
	{"above at the end", "a/..", false},
	{"this folder in the middle", "a/./b", false},
	{"a backslash", "a\\..\\b", false},
	{"a newline", "a\nb", false},
	{"delete", "a\x7F", false},
};

static void test_safe_relative(void **state)
{
	char longest[514];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(relative_cases); i++) {
		if (fs_is_safe_relative(relative_cases[i].path) != relative_cases[i].ok)
			fail_msg("%s", relative_cases[i].title);
	}
	memset(longest, 'a', sizeof(longest));
	longest[512] = '\0';
	assert_true(fs_is_safe_relative(longest));
	longest[512] = 'a';
	longest[513] = '\0';
	assert_false(fs_is_safe_relative(longest));
}

static void test_write_replaces_as_a_whole(void **state)
{
	AUTO_FREE char *path = in("file");
	struct stat st;
	struct err e;

	(void)state;
	mode_t mask = umask(0077);

	assert_int_equal(fs_write_atomic(path, "first", 5, 0644, &e), 0);
	assert_int_equal(fs_write_atomic(path, "2\0d", 3, 0640, &e), 0);
	(void)umask(mask);

	assert_content(path, "2\0d", 3);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(entries(folder), 1);
}

static void test_failed_write_leaves_nothing(void **state)
{
	AUTO_FREE char *path = in("taken");
	AUTO_FREE char *nowhere = in("none/file");
	struct err e;

	(void)state;
	assert_int_equal(fs_mkdirs(path, 0755, &e), 0);
	assert_int_equal(fs_write_atomic(path, "x", 1, 0644, &e), -1);
	assert_int_equal(e.kind, ERR_PERM);
	assert_int_equal(e.sys_errno, EISDIR);
	assert_non_null(strstr(e.text, path));
	assert_int_equal(entries(folder), 1);

	assert_int_equal(fs_write_atomic(nowhere, "x", 1, 0644, &e), -1);
	assert_int_equal(e.sys_errno, ENOENT);
}

/* A file size limit stands for the full disk that a test cannot have; what is left behind is the same. */
static void test_write_cut_short_leaves_nothing(void **state)
{
	AUTO_FREE char *path = in("file"), *big = xcalloc(100000, 1);
	struct rlimit before, small;
	struct err e;

	(void)state;
	write_file("file", "old", 3);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){.rlim_cur = 50000, .rlim_max = before.rlim_max};
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);

	int result = fs_write_atomic(path, big, 100000, 0644, &e);

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(result, -1);
	assert_int_equal(e.sys_errno, EFBIG);
	assert_content(path, "old", 3);
	assert_int_equal(entries(folder), 1);
}

/* No descriptor left is a passing shortage. */
/* What is written piece by piece is there as a whole, or not at all. */
static void test_pending(void **state)
{
	AUTO_FREE char *to = in("whole");
	AUTO_BUF text = BUF_INIT(100);
	struct err e;

	(void)state;
	for (int publish = 0; publish < 2; publish++) {
		AUTO_PENDING file = {.fd = -1};

		assert_int_equal(fs_pending_open(&file, folder, 0640, &e), 0);
		assert_true(fs_write_all(file.fd, "ab", 2) && fs_write_all(file.fd, "cd", 2));
		assert_int_equal(fs_pending_sync(&file, &e), 0);
		assert_int_equal(file.fd, -1);
		assert_int_equal(access(to, F_OK), -1);
		if (publish)
			assert_int_equal(fs_pending_publish(&file, to, &e), 0);
	}
	assert_int_equal(fs_read(to, 100, &text, &e), 0);
	assert_string_equal(buf_text(&text), "abcd");
	assert_int_equal(entries(folder), 1);
}

static void test_shortage_is_temporary(void **state)
{
	AUTO_FREE char *path = in("file");
	struct rlimit before, none;
	struct err e;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);

	int result = fs_write_atomic(path, "x", 1, 0644, &e);

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(result, -1);
	assert_int_equal(e.sys_errno, EMFILE);
	assert_int_equal(e.kind, ERR_TEMP);
}

static void test_copy(void **state)
{
	AUTO_FREE char *from = in("from"), *to = in("to"), *big = xmalloc(300001);
	struct stat st;
	struct err e;

	(void)state;
	for (size_t i = 0; i < 300001; i++)
		big[i] = (char)(i * 7 + i / 256);
	write_file("from", big, 300001);
	write_file("to", "old", 3);
	assert_int_equal(fs_copy_atomic(from, to, 0600, &e), 0);
	assert_content(to, big, 300001);
	assert_int_equal(stat(to, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	write_file("from", "", 0);
	assert_int_equal(fs_copy_atomic(from, to, 0644, &e), 0);
	assert_content(to, "", 0);

	/* The kernel does not copy these itself; the plain copy takes over. */
	assert_int_equal(fs_copy_atomic("/proc/self/cmdline", to, 0644, &e), 0);
	assert_int_equal(stat(to, &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(entries(folder), 2);
}

static void test_failed_copy_leaves_nothing(void **state)
{
	AUTO_FREE char *none = in("none"), *to = in("to");
	struct err e;

	(void)state;
	assert_int_equal(fs_copy_atomic(none, to, 0644, &e), -1);
	assert_int_equal(e.sys_errno, ENOENT);
	assert_int_equal(fs_copy_atomic(folder, to, 0644, &e), -1);
	assert_int_equal(e.sys_errno, EISDIR);
	assert_non_null(strstr(e.text, to));
	assert_int_equal(entries(folder), 0);
}

static void test_read_is_bounded(void **state)
{
	AUTO_FREE char *path = in("file");
	AUTO_BUF text = BUF_INIT(100), small = BUF_INIT(3);
	struct err e;

	(void)state;
	write_file("file", "12345", 5);
	assert_int_equal(fs_read(path, 5, &text, &e), 0);
	assert_string_equal(buf_text(&text), "12345");
	assert_int_equal(fs_read(path, 4, &text, &e), -1);
	assert_int_equal(e.kind, ERR_PERM);
	assert_non_null(strstr(e.text, path));
	assert_int_equal(fs_read(path, 100, &small, &e), -1);
	assert_int_equal(fs_read("/dev/zero", 1000, &text, &e), -1); /* ends */
}

static void test_mkdirs(void **state)
{
	AUTO_FREE char *deep = in("a/b/c/"), *over = in("file/x");
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(fs_mkdirs(deep, 0750, &e), 0);
	assert_int_equal(fs_mkdirs(deep, 0750, &e), 0);
	assert_int_equal(stat(deep, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(fs_mkdirs("/", 0750, &e), 0);
	assert_int_equal(fs_mkdirs("/tmp", 0750, &e), 0);

	write_file("file", "x", 1);
	assert_int_equal(fs_mkdirs(over, 0750, &e), -1);
	assert_int_equal(e.sys_errno, ENOTDIR);
}

static void test_remove_tree_does_not_follow_links(void **state)
{
	AUTO_FREE char *tree = in("tree"), *deep = in("tree/a/b"), *kept = in("kept"),
		       *inner = in("kept/file");
	AUTO_FREE char *link = in("tree/a/link"), *itself = in("itself");
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(fs_mkdirs(deep, 0755, &e), 0);
	assert_int_equal(fs_mkdirs(kept, 0755, &e), 0);
	write_file("tree/a/b/file", "x", 1);
	write_file("kept/file", "x", 1);
	assert_int_equal(symlink(kept, link), 0);
	assert_int_equal(symlink(kept, itself), 0);

	if (fs_remove_tree(tree, &e) < 0 || fs_remove_tree(itself, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(lstat(tree, &st), -1);
	assert_int_equal(lstat(itself, &st), -1);
	assert_int_equal(stat(inner, &st), 0);

	assert_int_equal(fs_remove_tree(tree, &e), 0);  /* not there */
	assert_int_equal(fs_remove_tree(inner, &e), 0); /* a file */
	assert_int_equal(stat(inner, &st), -1);
}

static void test_rename_durable(void **state)
{
	AUTO_FREE char *from = in("from"), *to = in("to"), *none = in("none");
	struct stat st;
	struct err e;

	(void)state;
	write_file("from", "new", 3);
	write_file("to", "old", 3);
	assert_int_equal(fs_rename_durable(from, to, &e), 0);
	assert_content(to, "new", 3);
	assert_int_equal(stat(from, &st), -1);
	assert_int_equal(fs_rename_durable(none, to, &e), -1);
	assert_int_equal(e.sys_errno, ENOENT);
}

static void test_size(void **state)
{
	AUTO_FREE char *path = in("file"), *none = in("none"), *under = in("file/none");
	int64_t bytes = 4711;
	struct err e;

	(void)state;
	write_file("file", "12345", 5);
	assert_int_equal(fs_size(none, &bytes, &e), 0);
	assert_int_equal(fs_size(under, &bytes, &e), 0);
	assert_int_equal(fs_size(folder, &bytes, &e), -1);
	assert_int_equal(bytes, 4711);
	assert_int_equal(fs_size(path, &bytes, &e), 1);
	assert_int_equal(bytes, 5);
}

#define FS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe_relative),
		FS_TEST(test_write_replaces_as_a_whole),
		FS_TEST(test_pending),
		FS_TEST(test_failed_write_leaves_nothing),
		FS_TEST(test_write_cut_short_leaves_nothing),
		FS_TEST(test_shortage_is_temporary),
		FS_TEST(test_copy),
		FS_TEST(test_failed_copy_leaves_nothing),
		FS_TEST(test_read_is_bounded),
		FS_TEST(test_mkdirs),
		FS_TEST(test_remove_tree_does_not_follow_links),
		FS_TEST(test_rename_durable),
		FS_TEST(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
