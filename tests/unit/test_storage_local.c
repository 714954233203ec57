/* The local storage: what comes under its name and when, turns, cancelling, the order of a listing. */

#include "daemon/storage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"

#define GIVE_UP_MS 10000
#define MIB        (1024 * 1024)

struct answer {
	bool called;
	bool failed;
	struct err e;
	int64_t progress;
	unsigned progresses;
	char keys[512]; /* of a listing, each with '\n' */
	size_t seen, enough;
};

static struct {
	char folder[64];
	struct loop *loop;
	struct storage *storage;
} f;

static int set_up(void **state)
{
	AUTO_FREE char *media = NULL;
	struct err e;

	(void)state;
	(void)snprintf(f.folder, sizeof(f.folder), "/tmp/videod-test-storage-XXXXXX");
	if (!mkdtemp(f.folder) || loop_new(&f.loop, &e) < 0)
		return -1;
	media = xasprintf("%s/media", f.folder);
	return storage_local_new(f.loop, media, &f.storage, &e);
}

static int tear_down(void **state)
{
	struct err e;

	(void)state;
	if (f.storage)
		f.storage->ops->free(f.storage);
	loop_free(f.loop);
	return fs_remove_tree(f.folder, &e);
}

static char *in(const char *name)
{
	return xasprintf("%s/%s", f.folder, name);
}

static void write_file(const char *name, size_t bytes, char with)
{
	AUTO_FREE char *path = in(name), *content = xmalloc(bytes + 1);
	struct err e;

	memset(content, with, bytes + 1);
	if (fs_write_atomic(path, content, bytes, 0640, &e) < 0)
		fail_msg("%s", e.text);
}

/* -1: there is none. */
static int64_t size_of(const char *name)
{
	AUTO_FREE char *path = in(name);
	int64_t bytes = -1;
	struct err e;

	(void)fs_size(path, &bytes, &e);
	return bytes;
}

static void answered(const struct err *e, void *arg)
{
	struct answer *a = arg;

	assert_false(a->called);
	a->called = true;
	a->failed = e != NULL;
	if (e)
		a->e = *e;
}

static void went_on(int64_t sent_bytes, void *arg)
{
	struct answer *a = arg;

	assert_true(sent_bytes >= a->progress);
	a->progress = sent_bytes;
	a->progresses++;
}

static void step(void)
{
	struct err e;

	assert_int_equal(loop_step(f.loop, GIVE_UP_MS, &e), 0);
}

static void wait_for(const struct answer *a)
{
	for (unsigned i = 0; i < 100000 && !a->called; i++)
		step();
	assert_true(a->called);
}

static void expect_success(const struct answer *a)
{
	wait_for(a);
	if (a->failed)
		fail_msg("%s", a->e.text);
}

static struct storage_call *put(const char *file, const char *key, struct answer *a)
{
	AUTO_FREE char *path = in(file);

	return f.storage->ops->put(f.storage,
		&(struct storage_put){
			.file = path, .key = key, .content_type = "video/mp4", .progress = went_on},
		answered, a);
}

static void put_whole(const char *key, size_t bytes)
{
	struct answer a = {.called = false};

	write_file("new", bytes, 'a');
	(void)put("new", key, &a);
	expect_success(&a);
}

static void test_put(void **state)
{
	struct answer a = {.called = false};
	AUTO_FREE char *path = in("media/videos/x/1/video.mp4");
	struct stat st;

	(void)state;
	write_file("film.mp4", 9 * MIB + 5, 'f');
	(void)put("film.mp4", "videos/x/1/video.mp4", &a);
	assert_false(a.called);
	step(); /* it has begun, and is not there yet under its name */
	step();
	assert_int_equal(size_of("media/videos/x/1/video.mp4"), -1);
	expect_success(&a);
	assert_int_equal(a.progress, 9 * MIB + 5);
	assert_true(a.progresses >= 3); /* in slices */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 9 * MIB + 5);
	assert_int_equal(st.st_mode & 0777, 0644); /* for nginx */

	a = (struct answer){.called = false};
	(void)put("film.mp4", "videos/x/1/video.mp4", &a);
	expect_success(&a);
}

static void test_put_of_nothing(void **state)
{
	struct answer a = {.called = false};

	(void)state;
	(void)put("none.mp4", "videos/x/1/video.mp4", &a);
	assert_false(a.called);
	wait_for(&a);
	assert_true(a.failed);
	assert_int_equal(a.e.kind, ERR_PERM);
	assert_int_equal(size_of("media/videos/x/1/video.mp4"), -1);
}

/* A small file is not held up by a large one that was begun before. */
static void test_turns(void **state)
{
	struct answer large = {.called = false}, small = {.called = false};

	(void)state;
	write_file("large", 64 * MIB, 'l');
	write_file("small", 10, 's');
	(void)put("large", "a/large", &large);
	(void)put("small", "a/small", &small);
	wait_for(&small);
	assert_false(large.called);
	expect_success(&large);
	assert_int_equal(size_of("media/a/large"), 64 * MIB);
	assert_int_equal(size_of("media/a/small"), 10);
}

static void test_cancel(void **state)
{
	struct answer a = {.called = false}, other = {.called = false};
	struct storage_call *c;
	size_t swept = 7;

	(void)state;
	storage_cancel(NULL);
	write_file("large", 64 * MIB, 'l');
	c = put("large", "a/large", &a);
	storage_cancel(c); /* before it began */
	c = put("large", "a/large", &a);
	step();
	step();
	step();
	storage_cancel(c); /* in the middle */
	(void)put("large", "a/other", &other);
	expect_success(&other);
	assert_false(a.called);
	assert_int_equal(size_of("media/a/large"), -1);

	other = (struct answer){.called = false};
	(void)f.storage->ops->sweep(f.storage, 0, &swept, answered, &other);
	expect_success(&other);
	assert_int_equal(swept, 0); /* nothing half-made was left */
}

static void cancels_itself(int64_t sent_bytes, void *arg)
{
	struct storage_call **c = arg;

	(void)sent_bytes;
	storage_cancel(steal_ptr(*c));
}

static void never(const struct err *e, void *arg)
{
	(void)arg;
	fail_msg("done was called: %s", e ? e->text : "success");
}

static void test_cancel_from_its_own_callback(void **state)
{
	AUTO_FREE char *path = in("large");
	struct answer a = {.called = false};
	struct storage_call *c;

	(void)state;
	write_file("large", 16 * MIB, 'l');
	c = f.storage->ops->put(f.storage,
		&(struct storage_put){.file = path, .key = "a/large", .progress = cancels_itself}, never, &c);
	(void)put("large", "a/other", &a);
	expect_success(&a);
	assert_null(c);
	assert_int_equal(size_of("media/a/large"), -1);
}

static void test_get(void **state)
{
	static const struct {
		const char *title, *key;
		int64_t bytes;
		bool there;
	} cases[] = {
		{"as it was put", "bought/ab/x.mp4", 3, true},
		{"other bytes", "bought/ab/x.mp4", 4, false},
		{"nothing there", "bought/ab/y.mp4", 3, false},
	};
	AUTO_FREE char *to = in("back");

	(void)state;
	put_whole("bought/ab/x.mp4", 3);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a = {.called = false};

		print_message("%s\n", cases[i].title);
		(void)unlink(to);
		(void)f.storage->ops->get(f.storage, cases[i].key, cases[i].bytes, to, answered, &a);
		wait_for(&a);
		assert_int_equal(a.failed, !cases[i].there);
		assert_int_equal(size_of("back"), cases[i].there ? 3 : -1);
		if (a.failed)
			assert_int_equal(a.e.kind, ERR_PERM);
	}
}

static bool take_page(const struct storage_object *objects, size_t count, void *arg)
{
	struct answer *a = arg;

	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(a->keys);

		if (n + strlen(objects[i].key) + 2 < sizeof(a->keys))
			(void)snprintf(a->keys + n, sizeof(a->keys) - n, "%s\n", objects[i].key);
		assert_int_equal(objects[i].bytes, 3);
		assert_true(objects[i].modified > 1600000000);
	}
	a->seen += count;
	return a->enough == 0 || a->seen < a->enough;
}

static void expect_list(const char *prefix, const char *after, const char *keys)
{
	struct answer a = {.called = false};

	(void)f.storage->ops->list(f.storage, prefix, after, take_page, answered, &a);
	expect_success(&a);
	assert_string_equal(a.keys, keys);
}

static void test_list(void **state)
{
	static const char *const put_keys[] = {"a/b/2", "a/b/1", "a/b-c", "a/b.c", "a/bc", "z"};

	(void)state;
	expect_list("", NULL, ""); /* the root is not even there */
	for (size_t i = 0; i < ARRAY_LEN(put_keys); i++)
		put_whole(put_keys[i], 3);
	write_file("media/a/.tmp-00", 3, 't'); /* half-made: no object */
	expect_list("", NULL, "a/b-c\na/b.c\na/b/1\na/b/2\na/bc\nz\n");
	expect_list("a/b/", NULL, "a/b/1\na/b/2\n");
	expect_list("a/", "a/b/1", "a/b/2\na/bc\n");
	expect_list("a/", "a/b.z", "a/b/1\na/b/2\na/bc\n");
	expect_list("a/", "a/bc", "");
	expect_list("none/", NULL, "");
}

static void test_list_in_pages(void **state)
{
	struct answer all = {.called = false}, some = {.enough = 100};
	AUTO_FREE char *folder = in("media");
	struct err e;

	(void)state;
	assert_int_equal(fs_mkdirs(folder, 0755, &e), 0);
	for (unsigned i = 0; i < 700; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "media/%04u", i);
		write_file(name, 3, 'x');
	}
	(void)f.storage->ops->list(f.storage, "", NULL, take_page, answered, &all);
	expect_success(&all);
	assert_int_equal(all.seen, 700);
	(void)f.storage->ops->list(f.storage, "", NULL, take_page, answered, &some);
	expect_success(&some);
	assert_true(some.seen < 700); /* it was enough */
}

static void expect_removed(const char *prefix)
{
	struct answer a = {.called = false};

	(void)f.storage->ops->remove(f.storage, prefix, answered, &a);
	assert_false(a.called);
	expect_success(&a);
}

static void test_remove(void **state)
{
	AUTO_FREE char *link = in("media/videos/x/link"), *folder = in("media/videos/x");

	(void)state;
	put_whole("videos/x/1/video.mp4", 3);
	put_whole("videos/x/1/1x1/video.mp4", 3);
	put_whole("videos/x/2/video.mp4", 3);
	put_whole("videos/xy", 3);
	write_file("keep", 5, 'k');
	write_file("media/videos/x/1/.tmp-00", 3, 't');
	assert_int_equal(symlink(f.folder, link), 0);

	expect_removed("videos/x/1/video.mp4");
	expect_list("videos/x/", NULL, "videos/x/1/1x1/video.mp4\nvideos/x/2/video.mp4\n");
	expect_removed("videos/x/1/");
	expect_list("", NULL, "videos/x/2/video.mp4\nvideos/xy\n");
	expect_removed("videos/x/");
	assert_int_equal(access(folder, F_OK), -1);
	expect_list("", NULL, "videos/xy\n");
	assert_int_equal(size_of("keep"), 5); /* a link is not followed */
	expect_removed("videos/x/");
	expect_removed("videos/none");
}

static void test_sweep(void **state)
{
	struct answer a = {.called = false};
	size_t count = 9;

	(void)state;
	put_whole("a/b", 3);
	write_file("media/a/.tmp-00", 3, 't');
	write_file("media/.tmp-01", 3, 't');
	(void)f.storage->ops->sweep(f.storage, 3600, &count, answered, &a);
	expect_success(&a);
	assert_int_equal(count, 0); /* too young */
	a = (struct answer){.called = false};
	(void)f.storage->ops->sweep(f.storage, 0, &count, answered, &a);
	expect_success(&a);
	assert_int_equal(count, 2);
	expect_list("", NULL, "a/b\n");
}

static void test_free_cancels(void **state)
{
	(void)state;
	write_file("large", 16 * MIB, 'l');
	for (int i = 0; i < 3; i++) {
		AUTO_FREE char *path = in("large");

		(void)f.storage->ops->put(
			f.storage, &(struct storage_put){.file = path, .key = "a/large"}, never, NULL);
	}
	step();
	f.storage->ops->free(f.storage);
	f.storage = NULL;
}

static void test_link(void **state)
{
	(void)state;
	assert_null(f.storage->ops->link(f.storage, "videos/x", 60, NULL));
	assert_false(f.storage->ops->is_remote);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_put),
		TEST(test_put_of_nothing),
		TEST(test_turns),
		TEST(test_cancel),
		TEST(test_cancel_from_its_own_callback),
		TEST(test_get),
		TEST(test_list),
		TEST(test_list_in_pages),
		TEST(test_remove),
		TEST(test_sweep),
		TEST(test_free_cancels),
		TEST(test_link),
	};

	return cmocka_run_group_tests_name("storage_local", tests, NULL, NULL);
}
