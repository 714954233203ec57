/* Which published files are of no use, and that it is known until they are gone. */

#include "lib/video/leftovers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/video/again.h"
#include "lib/video/steps.h"
#include "lib/video/videos.h"
#include "tests/unit/shop.h"

#define ID     "11111111-2222-4333-8444-555555555555"
#define FOLDER "videos/" ID "/"
#define OUTPUTS                                                                                              \
	"{\"films\":[{\"aspectRatio\":\"1:1\",\"film\":\"" FOLDER "10/video.mp4\"}],"                        \
	"\"captions\":{\"vtt\":\"" FOLDER "10/captions.vtt\"},\"report\":\"" FOLDER "10/report.json\"}"

static struct err err;

struct fate {
	const char *key, *gone; /* NULL: it stays */
};

/* Of an attempt at that revision, where OUTPUTS are named. */
static void expect(int64_t revision, const struct fate *cases, size_t count)
{
	AUTO_LEFTOVER l = {.revision = revision};

	assert_true(uuid_parse_text(ID, &l.video_id));
	assert_int_equal(outputs_read(OUTPUTS, &l.named, &err), 0);
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *gone = leftover_of(&l, cases[i].key);

		print_message("%s\n", cases[i].key);
		if (cases[i].gone)
			assert_string_equal(gone, cases[i].gone);
		else
			assert_null(gone);
	}
}

static void test_what_is_of_no_use(void **state)
{
	static const struct fate cases[] = {
		{FOLDER "10/video.mp4", NULL},
		{FOLDER "10/captions.vtt", NULL},
		{FOLDER "10/report.json", NULL},
		{FOLDER "10/thumbnail.jpg",
			FOLDER "10/thumbnail.jpg"}, /* of an attempt that came to nothing */
		{FOLDER "10/1x1/video.mp4", FOLDER "10/1x1/video.mp4"},
		{FOLDER "9/video.mp4", FOLDER "9/"},
		{FOLDER "9/1x1/video.mp4", FOLDER "9/"},
		{FOLDER "1/video.mp4", FOLDER "1/"},
		{FOLDER "11/video.mp4", NULL}, /* on its way up */
		{FOLDER "0a1b2c3d.mp4", FOLDER "0a1b2c3d.mp4"},
		{FOLDER "12345678.mp4", FOLDER "12345678.mp4"},
		{FOLDER "010/video.mp4", FOLDER "010/video.mp4"}, /* no name of ours */
		{FOLDER "-1/video.mp4", FOLDER "-1/video.mp4"},
		{FOLDER "99999999999999999999999/x", FOLDER "99999999999999999999999/x"},
	};

	(void)state;
	expect(10, cases, ARRAY_LEN(cases));
}

/* The film that is shown is of an earlier revision than the attempt that came to nothing. */
static void test_what_the_last_good_one_names_stays(void **state)
{
	static const struct fate cases[] = {
		{FOLDER "10/video.mp4", NULL},
		{FOLDER "10/thumbnail.jpg", FOLDER "10/thumbnail.jpg"},
		{FOLDER "9/video.mp4", FOLDER "9/"},
		{FOLDER "1/video.mp4", FOLDER "1/"}, /* of which 10 is no part */
		{FOLDER "11/video.mp4", FOLDER "11/"},
		{FOLDER "12/video.mp4", FOLDER "12/"},
		{FOLDER "13/video.mp4", NULL},
	};

	(void)state;
	expect(12, cases, ARRAY_LEN(cases));
}

static void test_revisions_of_which_nothing_stays(void **state)
{
	static const struct {
		int64_t revision, before;
		const char *gone; /* NULL: it stays, or there is none */
	} cases[] = {
		{10, 0, NULL},
		{10, 1, FOLDER "9/"},
		{11, 0, FOLDER "11/"},
		{11, 1, NULL},
		{1, 0, FOLDER "1/"},
		{1, 1, NULL},
	};
	AUTO_LEFTOVER l = {.revision = 0};

	(void)state;
	assert_true(uuid_parse_text(ID, &l.video_id));
	assert_int_equal(outputs_read(OUTPUTS, &l.named, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *gone = NULL;

		print_message("%d, %d before\n", (int)cases[i].revision, (int)cases[i].before);
		l.revision = cases[i].revision;
		gone = leftover_revision(&l, cases[i].before);
		if (cases[i].gone)
			assert_string_equal(gone, cases[i].gone);
		else
			assert_null(gone);
	}
}

/* As the database has it, not as it would be with another key: one revision is no part of another one. */
static void test_prefixes(void **state)
{
	char prefix[OUTPUTS_PREFIX_SIZE];
	struct uuid id;

	(void)state;
	assert_true(uuid_parse_text(ID, &id));
	outputs_prefix(&id, prefix);
	assert_string_equal(prefix, FOLDER);
	outputs_revision_prefix(&id, INT32_MAX, prefix);
	assert_string_equal(prefix, FOLDER "2147483647/");
}

static void complete(const struct uuid *id)
{
	AUTO_VIDEO v = {.id = *id, .eta_sec = -1};
	struct job job = shop_claim();
	bool removal;

	v.video_key = xstrdup(FOLDER "10/video.mp4");
	v.outputs = xstrdup(OUTPUTS);
	if (steps_complete(shop_db, &job, &v, &removal, &err) != 1)
		fail_msg("%s", err.text);
}

static int64_t due_sec(void)
{
	return session_number(
		shop_db, "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), due_at) FROM leftovers");
}

static int give_up(const struct job *job, const struct video *v)
{
	bool removal;

	return steps_give_up(shop_db, job, JOB_FAILED, v, "it broke", &removal, &err);
}

static int pause_it(const struct job *job, const struct video *v)
{
	bool removal;

	return steps_pause(shop_db, job, v, PAUSE_BAD_KEY, "runway", 0, "the key", &removal, &err);
}

/* What was put of it is looked for once what was cut off can have no effect any more, and the next attempt
 * puts its files elsewhere. */
static void test_an_attempt_that_comes_to_nothing_leaves_some(void **state)
{
	static int (*const ends[])(const struct job *job, const struct video *v) = {give_up, pause_it};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		(void)shop_empty(state);

		struct uuid id = shop_video("shop-a", 1);
		AUTO_VIDEO v = {.id = id, .eta_sec = -1, .error = xstrdup("Because.")};
		struct job job = shop_claim();
		AUTO_LEFTOVER l = {.revision = 0};

		expect_rc(ends[i](&job, &v), 1, &err);
		assert_in_range(due_sec(), LEFTOVERS_LATE_SEC - 60, LEFTOVERS_LATE_SEC);
		expect_rc(videos_retry(shop_db, &id, false, &err), 1, &err);
		assert_int_equal(session_number(shop_db, "SELECT revision FROM videos"), 2);
		session_exec(shop_db, "UPDATE leftovers SET due_at = UTC_TIMESTAMP(3)");
		expect_rc(leftovers_take(shop_db, &l, &err), 1, &err);
		assert_int_equal(l.revision, 1);
	}
}

static void test_so_does_one_that_is_cancelled(void **state)
{
	struct uuid id = shop_video("shop-a", 1);

	(void)state;
	expect_rc(videos_cancel(shop_db, &id, &err), 1, &err); /* it waits to be gone on with */
	assert_in_range(due_sec(), LEFTOVERS_LATE_SEC - 60, LEFTOVERS_LATE_SEC);
}

static void test_it_is_known_until_they_are_gone(void **state)
{
	struct uuid id = shop_video("shop-a", 1);
	AUTO_LEFTOVER l = {.revision = 0}, again = {.revision = 0};

	(void)state;
	assert_int_equal(leftovers_take(shop_db, &l, &err), 0);
	session_exec(shop_db, "UPDATE videos SET revision = 10");
	complete(&id);
	assert_int_equal(leftovers_take(shop_db, &l, &err), 1);
	assert_true(uuid_equal(&l.video_id, &id));
	assert_int_equal(l.revision, 10);
	assert_true(outputs_have(&l.named, FOLDER "10/video.mp4"));
	assert_int_equal(leftovers_take(shop_other, &again, &err), 0); /* is being dealt with */

	session_exec(shop_db, "UPDATE leftovers SET due_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND");
	assert_int_equal(leftovers_take(shop_other, &again, &err), 1); /* whoever took it has died */
	assert_int_equal(session_number(shop_db, "SELECT attempt FROM leftovers"), 2);
	assert_int_equal(leftovers_gone(shop_db, &l, &err), 0);
	assert_in_range(due_sec(), LEFTOVERS_LAST_SEC - 60, LEFTOVERS_LAST_SEC); /* for what comes late */
	assert_int_equal(leftovers_gone(shop_db, &l, &err), 0);
	assert_int_equal(session_number(shop_db, "SELECT COUNT(*) FROM leftovers"), 0);
}

/* Completed once more while an earlier look was still at work: what that one says is not true of the later.
 */
static void test_a_later_one_is_not_written_off(void **state)
{
	struct uuid id = shop_video("shop-a", 1);
	AUTO_LEFTOVER l = {.revision = 0};

	(void)state;
	complete(&id);
	assert_int_equal(leftovers_take(shop_db, &l, &err), 1);
	session_exec(shop_db, "UPDATE leftovers SET revision = 2");
	assert_int_equal(leftovers_gone(shop_db, &l, &err), 0);
	assert_int_equal(session_number(shop_db, "SELECT COUNT(*) FROM leftovers"), 1);
}

static void test_waits_grow_and_end(void **state)
{
	struct uuid id = shop_video("shop-a", 1);

	(void)state;
	complete(&id);
	for (int i = 0; i < 12; i++) {
		AUTO_LEFTOVER l = {.revision = 0};

		session_exec(shop_db, "UPDATE leftovers SET due_at = UTC_TIMESTAMP(3)");
		assert_int_equal(leftovers_take(shop_db, &l, &err), 1);
	}
	assert_in_range(session_number(shop_db,
				"SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), due_at) FROM leftovers"),
		3500, 3600);
}

static void test_what_is_deleted_is_left_to_its_removal(void **state)
{
	struct uuid id = shop_video("shop-a", 1);
	AUTO_LEFTOVER l = {.revision = 0};

	(void)state;
	complete(&id);
	assert_int_equal(videos_delete(shop_db, &id, &err), 1);
	assert_int_equal(leftovers_take(shop_db, &l, &err), 0);
	session_exec(shop_db, "DELETE FROM videos");
	assert_int_equal(session_number(shop_db, "SELECT COUNT(*) FROM leftovers"), 0);
}

#define TEST(f) cmocka_unit_test_setup(f, shop_empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_of_no_use),
		cmocka_unit_test(test_what_the_last_good_one_names_stays),
		cmocka_unit_test(test_revisions_of_which_nothing_stays),
		cmocka_unit_test(test_prefixes),
		TEST(test_an_attempt_that_comes_to_nothing_leaves_some),
		TEST(test_so_does_one_that_is_cancelled),
		TEST(test_it_is_known_until_they_are_gone),
		TEST(test_a_later_one_is_not_written_off),
		TEST(test_waits_grow_and_end),
		TEST(test_what_is_deleted_is_left_to_its_removal),
	};

	return cmocka_run_group_tests_name("leftovers", tests, shop_open, shop_close);
}
