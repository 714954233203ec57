/* What can be asked of a video that is there already, against a real server: in every status, and what comes
 * of its job, its scenes and its purchases. */

#include "lib/video/again.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/db.h"
#include "lib/video/steps.h"
#include "lib/video/videos.h"
#include "tests/unit/shop.h"

static struct err err;

static void expect(int rc, int wanted)
{
	expect_rc(rc, wanted, &err);
}

static int64_t number(const char *sql)
{
	return session_number(shop_db, sql);
}

static void exec(const char *sql)
{
	session_exec(shop_db, sql);
}

static void complete(const struct job *job)
{
	AUTO_VIDEO v = {.id = job->video_id,
		.video_key = xstrdup("videos/x/a.mp4"),
		.thumbnail_key = xstrdup("videos/x/a.jpg"),
		.duration_ms = 1000};
	bool removal;

	expect(steps_complete(shop_db, job, &v, &removal, &err), 1);
}

static void give_up(const struct job *job, enum job_end how)
{
	AUTO_VIDEO v = {.error = xstrdup("It failed.")};
	bool removal;

	expect(steps_give_up(shop_db, job, how, &v, "why", &removal, &err), 1);
}

/* The only video there is, with two scenes, in that status and with the job that goes with it. */
static struct uuid video_in(int status)
{
	struct step_ref step = {.kind = "scene", .item = 0, .worker = "here:1:a"};
	struct uuid id;
	struct job job;

	(void)shop_empty(NULL);
	id = shop_video("shop-a", 2);
	if (status == STATUS_PENDING)
		return id;

	AUTO_VIDEO v = {
		.id = id, .status = status, .progress = 40, .eta_sec = 3, .stage = xstrdup("Working")};

	job = shop_claim();
	if (status <= STATUS_PROCESSING) {
		expect(steps_begin(shop_db, &job, &step, &v, &err), 1);
		return id;
	}
	v.status = STATUS_GENERATING_SCENES;
	expect(steps_begin(shop_db, &job, &step, &v, &err), 1);
	switch (status) {
	case STATUS_COMPLETED:
		complete(&job);
		break;
	case STATUS_FAILED:
		give_up(&job, JOB_FAILED);
		break;
	case STATUS_CANCELLED:
		expect(videos_cancel(shop_db, &id, &err), 1);
		give_up(&job, JOB_CANCELLED);
		break;
	case STATUS_PAUSED:
		shop_pause(&job, PAUSE_OUT_OF_CREDIT, 1000);
		break;
	default:
		expect(videos_cancel(shop_db, &id, &err), 1);
	}
	return id;
}

static int cancel(const struct uuid *id)
{
	return videos_cancel(shop_db, id, &err);
}

static int retry(const struct uuid *id)
{
	return videos_retry(shop_db, id, false, &err);
}

static int regenerate(const struct uuid *id)
{
	return videos_regenerate(
		shop_db, &shop_settings, id, 1, &(struct scene_change){.prompt = "another"}, &err);
}

static int change(const struct uuid *id)
{
	AUTO_VIDEO v = {.title = NULL};

	if (videos_get(shop_db, id, &v, &err) != 1)
		return 0;
	return videos_change(shop_db, &v, &err);
}

static int render(const struct uuid *id)
{
	return videos_render(shop_db, &shop_settings, id, MODE_FULL, &err);
}

#define REFUSED STATUS_INVALID
#define RUNNING(to)                                                                                          \
	[STATUS_GENERATING_SCENES] = (to), [STATUS_GENERATING_VOICEOVER] = (to), [STATUS_COMPOSING] = (to),  \
	[STATUS_PROCESSING] = (to)
#define PENDING STATUS_PENDING

/* The status that follows. */
static const struct {
	const char *title;
	int (*act)(const struct uuid *id);
	int to[STATUS_COUNT];
} actions[] = {
	{"cancel", cancel,
		{RUNNING(STATUS_CANCELLING), [PENDING] = STATUS_CANCELLED, [STATUS_COMPLETED] = REFUSED,
			[STATUS_FAILED] = REFUSED, [STATUS_PAUSED] = STATUS_CANCELLED,
			[STATUS_CANCELLING] = STATUS_CANCELLING, [STATUS_CANCELLED] = STATUS_CANCELLED}},
	{"retry", retry,
		{RUNNING(REFUSED), [PENDING] = REFUSED, [STATUS_COMPLETED] = REFUSED,
			[STATUS_FAILED] = PENDING, [STATUS_PAUSED] = PENDING, [STATUS_CANCELLING] = REFUSED,
			[STATUS_CANCELLED] = PENDING}},
	{"regenerate", regenerate,
		{RUNNING(REFUSED), [PENDING] = REFUSED, [STATUS_COMPLETED] = PENDING,
			[STATUS_FAILED] = PENDING, [STATUS_PAUSED] = PENDING, [STATUS_CANCELLING] = REFUSED,
			[STATUS_CANCELLED] = PENDING}},
	{"change", change,
		{RUNNING(REFUSED), [PENDING] = REFUSED, [STATUS_COMPLETED] = STATUS_COMPLETED,
			[STATUS_FAILED] = STATUS_FAILED, [STATUS_PAUSED] = STATUS_PAUSED,
			[STATUS_CANCELLING] = REFUSED, [STATUS_CANCELLED] = STATUS_CANCELLED}},
	{"render", render,
		{RUNNING(REFUSED), [PENDING] = REFUSED, [STATUS_COMPLETED] = PENDING,
			[STATUS_FAILED] = PENDING, [STATUS_PAUSED] = REFUSED, [STATUS_CANCELLING] = REFUSED,
			[STATUS_CANCELLED] = PENDING}},
};

static void try(size_t a, int status, bool pruned)
{
	struct uuid id = video_in(status);
	int to = actions[a].to[status], rc;

	if (pruned)
		exec("DELETE FROM jobs");
	rc = actions[a].act(&id);
	if (rc != (to == REFUSED ? -1 : 1))
		fail_msg("%s in %s gave %d: %s", actions[a].title, video_status_names[status], rc,
			rc < 0 ? err.text : "");
	if (to == REFUSED)
		expect_err(rc, &err, ERR_PERM, 409);

	AUTO_VIDEO v = shop_read(&id);

	if (v.status != (to == REFUSED ? status : to))
		fail_msg("%s in %s left it %s", actions[a].title, video_status_names[status],
			video_status_names[v.status]);
	if (to == STATUS_PENDING) {
		shop_expect_claimed(&id);
		assert_int_equal(
			number("SELECT attempt = 1 AND lost_count = 0 AND cancel_req = 0 FROM jobs"), 1);
		assert_int_equal(number("SELECT COUNT(*) FROM steps"), 0);
		assert_int_equal(v.progress, 0);
		assert_null(v.error);
	}
}

static void test_every_action_in_every_status(void **state)
{
	(void)state;
	for (size_t a = 0; a < ARRAY_LEN(actions); a++)
		for (int status = 0; status < STATUS_COUNT; status++)
			try(a, status, false);
}

static void test_every_action_where_the_job_was_pruned(void **state)
{
	static const int over[] = {STATUS_COMPLETED, STATUS_FAILED, STATUS_PAUSED, STATUS_CANCELLED};

	(void)state;
	for (size_t a = 0; a < ARRAY_LEN(actions); a++)
		for (size_t i = 0; i < ARRAY_LEN(over); i++)
			try(a, over[i], true);
}

static void test_what_is_deleted_or_never_was_is_unknown(void **state)
{
	struct uuid deleted, never = uuid_new();

	(void)state;
	for (size_t a = 0; a < ARRAY_LEN(actions); a++) {
		deleted = video_in(STATUS_FAILED);
		expect(videos_delete(shop_db, &deleted, &err), 1);
		expect(actions[a].act(&deleted), 0);
		expect(actions[a].act(&never), 0);
		assert_int_equal(number("SELECT kind = 'remove' FROM jobs"), 1);
	}
}

/* The job is what decides, should the two ever disagree. */
static void test_nothing_is_queued_while_its_job_runs(void **state)
{
	struct uuid id = video_in(STATUS_COMPOSING);

	(void)state;
	exec("UPDATE videos SET status = 'failed'");
	expect_err(retry(&id), &err, ERR_PERM, 409);
	expect_err(render(&id), &err, ERR_PERM, 409);
	assert_int_equal(number("SELECT state FROM jobs"), 1);
}

static void test_a_scheduled_video_is_cancelled_at_once(void **state)
{
	struct uuid id = shop_video("shop-a", 1);
	struct job job = shop_claim();

	(void)state;
	expect(jobs_release(shop_db, &job, 30000, "later", &err), 1);
	shop_purchase("known", 0);
	expect(cancel(&id), 1);
	assert_int_equal(
		number("SELECT state = 5 AND due_at IS NULL AND finished_at IS NOT NULL FROM jobs"), 1);
	assert_int_equal(number("SELECT status = 'cancelled' FROM videos"), 1);
	assert_int_equal(number("SELECT cancel_req FROM purchases"), 1);
	expect(retry(&id), 1);
	assert_int_equal(number("SELECT cancel_req FROM purchases"), 0); /* wanted again */
}

static void test_cancelling_asks_the_one_who_works(void **state)
{
	static const struct {
		const char *state;
		int called_off;
	} cases[] = {
		{"intended", 1}, {"known", 1}, {"unknown", 1}, {"kept", 0}, {"failed", 0}, {"refused", 0}};
	static const char sql[] = "SELECT cancel_req FROM purchases WHERE item = ?";
	struct uuid id = video_in(STATUS_COMPOSING);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		shop_purchase(cases[i].state, (int)i);
	expect(cancel(&id), 1);
	assert_int_equal(number("SELECT state = 1 AND cancel_req = 1 FROM jobs"), 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(db_rows) rows = NULL;

		expect_ok(db_query(shop_db, sql, DB_ARGS(db_int((int64_t)i)), &rows, &err), &err);
		assert_true(db_next(rows));
		assert_int_equal(db_get_int(rows, 0), cases[i].called_off);
	}
}

static void test_what_was_bought_while_it_stopped_is_called_off_too(void **state)
{
	(void)state;
	for (int cancelled = 0; cancelled < 2; cancelled++) {
		struct uuid id;
		struct job job;

		(void)shop_empty(NULL);
		id = shop_video("shop-a", 1);
		job = shop_claim();
		if (cancelled)
			expect(cancel(&id), 1);
		shop_purchase("known", 0);
		give_up(&job, cancelled ? JOB_CANCELLED : JOB_FAILED);
		assert_int_equal(number("SELECT cancel_req FROM purchases"), 1);
	}
}

static void test_a_possible_charge_is_repeated_only_when_accepted(void **state)
{
	struct uuid id = shop_video("shop-a", 1);
	struct job job = shop_claim();

	(void)state;
	shop_purchase("unknown", 0);
	shop_purchase("kept", 1);
	shop_pause(&job, PAUSE_POSSIBLE_CHARGE, 0);
	expect_err(videos_retry(shop_db, &id, false, &err), &err, ERR_PERM, 409);
	assert_non_null(strstr(err.text, "acceptPossibleCharge"));
	assert_int_equal(number("SELECT COUNT(*) FROM purchases WHERE state = 'unknown'"), 1);

	expect(videos_retry(shop_db, &id, true, &err), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM purchases WHERE state = 'written_off' AND item = 0 AND "
				"ended_at IS NOT NULL"),
		1);
	assert_int_equal(number("SELECT COUNT(*) FROM purchases WHERE state = 'kept'"), 1);
	assert_int_equal(
		number("SELECT status = 'pending' AND pause_reason IS NULL AND pause_vendor IS NULL AND "
		       "pause_need_milli IS NULL FROM videos"),
		1);
}

/* Whoever sent it may still write its answer down: a repeat would be a second charge for nothing. */
static void test_an_intent_is_not_given_up_with_what_is_unknown(void **state)
{
	struct uuid id = shop_video("shop-a", 1);
	struct job job = shop_claim();

	(void)state;
	shop_purchase("unknown", 0);
	shop_purchase("intended", 1);
	shop_pause(&job, PAUSE_POSSIBLE_CHARGE, 0);
	expect(videos_retry(shop_db, &id, true, &err), 1);
	assert_int_equal(
		number("SELECT COUNT(*) FROM purchases WHERE state = 'written_off' AND item = 0"), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM purchases WHERE state = 'intended' AND item = 1"), 1);
}

static void test_regenerating_counts_the_take_of_one_scene(void **state)
{
	struct uuid id = video_in(STATUS_COMPLETED);
	struct scene_change picture = {.image_url = "https://shop.example/a.jpg"}, none = {.no_image = true};

	(void)state;
	expect(regenerate(&id), 1);
	{
		AUTO_VIDEO v = shop_read(&id);

		assert_int_equal(v.scenes[0].take, 0);
		assert_string_equal(v.scenes[0].prompt, "scene 0");
		assert_int_equal(v.scenes[1].take, 1);
		assert_string_equal(v.scenes[1].prompt, "another");
		assert_int_equal(v.revision, 2);
		assert_int_equal(v.completed_ms, 0);
		assert_string_equal(v.video_key, "videos/x/a.mp4"); /* until there is a new one */
	}
	for (int i = 0; i < 2; i++) {
		exec("UPDATE jobs SET state = 4, finished_at = UTC_TIMESTAMP(3)");
		exec("UPDATE videos SET status = 'failed'");
		expect(videos_regenerate(shop_db, &shop_settings, &id, 1, i ? &none : &picture, &err), 1);

		AUTO_VIDEO v = shop_read(&id);

		assert_int_equal(v.scenes[1].take, 2 + i);
		assert_string_equal(v.scenes[1].prompt, "another");
		if (i)
			assert_null(v.scenes[1].image_url);
		else
			assert_string_equal(v.scenes[1].image_url, picture.image_url);
	}
	exec("UPDATE jobs SET state = 4, finished_at = UTC_TIMESTAMP(3)");
	exec("UPDATE videos SET status = 'failed'");
	expect_err(videos_regenerate(shop_db, &shop_settings, &id, 2, &none, &err), &err, ERR_PERM, 404);
	assert_string_equal(err.text, "scene");
	assert_int_equal(number("SELECT status = 'failed' AND revision = 4 FROM videos"), 1);
}

static void test_a_change_is_the_whole_request(void **state)
{
	struct uuid id = video_in(STATUS_COMPLETED);
	AUTO_VIDEO v = shop_read(&id);

	(void)state;
	exec("UPDATE scenes SET take = 3 WHERE no = 1");
	video_done(&v);
	v = shop_read(&id);
	free(v.title);
	v.title = xstrdup("Another");
	v.style = STYLE_STORY;
	v.aspect = ASPECT_1_1;
	v.mode = MODE_DRAFT;
	v.model = xstrdup("veo3.1");
	v.reuse = false;
	v.voiceover_script = xstrdup("Listen.");
	v.voice_id = xstrdup("male");
	v.music_track_id = xstrdup("6d757369-6300-4000-8000-000000000002");
	v.music_volume = 7;
	v.voice_volume = 8;
	v.estimate_credits_milli = 90;
	v.estimate_characters = 7;
	v.scenes[0].model = xstrdup("gen4_turbo");
	v.scenes[1].text_overlay = xstrdup("Now");
	v.look.quality = QUALITY_HIGH;
	v.look.renditions = 1U << ASPECT_16_9;
	v.scenes[1].look.transition = TRANSITION_FADE;
	expect(videos_change(shop_db, &v, &err), 1);

	AUTO_VIDEO got = shop_read(&id);

	assert_string_equal(got.title, "Another");
	assert_int_equal(got.style, STYLE_STORY);
	assert_int_equal(got.aspect, ASPECT_1_1);
	assert_int_equal(got.mode, MODE_DRAFT);
	assert_string_equal(got.model, "veo3.1");
	assert_false(got.reuse);
	assert_string_equal(got.voiceover_script, "Listen.");
	assert_int_equal(got.look.quality, QUALITY_HIGH);
	assert_int_equal(got.look.renditions, 1U << ASPECT_16_9);
	assert_int_equal(got.scenes[0].look.transition, LOOK_UNSET);
	assert_int_equal(got.scenes[1].look.transition, TRANSITION_FADE);
	assert_string_equal(got.voice_id, "male");
	assert_string_equal(got.music_track_id, v.music_track_id);
	assert_int_equal(got.music_volume, 7);
	assert_int_equal(got.voice_volume, 8);
	assert_int_equal(got.estimate_credits_milli, 90);
	assert_int_equal(got.estimate_characters, 7);
	assert_int_equal(got.scene_count, 2);
	assert_string_equal(got.scenes[0].model, "gen4_turbo");
	assert_int_equal(got.scenes[1].take, 3);
	assert_string_equal(got.scenes[1].text_overlay, "Now");
	assert_int_equal(got.status, STATUS_COMPLETED);
	assert_int_equal(got.revision, 1);
	assert_string_equal(got.store_id, "shop-a");

	free(v.music_track_id);
	v.music_track_id = xstrdup("6d757369-6300-4000-8000-00000000ffff");
	expect_err(videos_change(shop_db, &v, &err), &err, ERR_PERM, 404);
	assert_string_equal(err.text, "musicTrackId");
}

static void test_a_draft_becomes_the_real_one(void **state)
{
	struct uuid id = video_in(STATUS_COMPLETED);

	(void)state;
	exec("UPDATE videos SET mode = 'draft'");
	expect(videos_render(shop_db, &shop_settings, &id, MODE_FULL, &err), 1);

	AUTO_VIDEO v = shop_read(&id);

	assert_int_equal(v.mode, MODE_FULL);
	assert_int_equal(v.revision, 2);
	assert_int_equal(v.completed_ms, 0);
	assert_int_equal(v.status, STATUS_PENDING);
	assert_string_equal(v.video_key, "videos/x/a.mp4");
}

static char gen45[] = "gen4.5", free_presets[] = "";

static void test_limits_hold_for_what_is_rendered_and_changed(void **state)
{
	struct settings poor = {.priority = 5,
		.scene_provider = SCENES_RUNWAY,
		.runway_model = gen45,
		.voice_presets = free_presets,
		.max_store_day_credits = 1};
	struct uuid id = video_in(STATUS_COMPLETED);
	AUTO_VIDEO v = shop_read(&id);

	(void)state;
	/* a draft would be bought as a whole */
	exec("UPDATE videos SET mode = 'draft'");
	expect_err(videos_render(shop_db, &poor, &id, MODE_FULL, &err), &err, ERR_PERM, 402);
	exec("UPDATE videos SET mode = 'full'");
	expect_err(videos_regenerate(shop_db, &poor, &id, 1, &(struct scene_change){.prompt = "p"}, &err),
		&err, ERR_PERM, 402);
	assert_int_equal(number("SELECT SUM(take) FROM scenes"), 0);
	poor.max_video_credits = 1;
	poor.max_store_day_credits = 0;
	expect_err(videos_render(shop_db, &poor, &id, MODE_FULL, &err), &err, ERR_PERM, 402);
	expect_err(videos_regenerate(shop_db, &poor, &id, 1, &(struct scene_change){.prompt = "p"}, &err),
		&err, ERR_PERM, 402);
	assert_int_equal(number("SELECT status = 'completed' AND revision = 1 FROM videos"), 1);
	/* what was bought is not bought again: that is for the daemon to see, and to refuse where it must */
	poor.max_video_credits = 0;
	poor.max_store_day_credits = 1;
	expect(videos_change(shop_db, &v, &err), 1);
	expect(videos_render(shop_db, &poor, &id, MODE_FULL, &err), 1);
	exec("UPDATE jobs SET state = 3, finished_at = UTC_TIMESTAMP(3)");
	exec("UPDATE videos SET status = 'failed'");
	expect(videos_render(shop_db, &poor, &id, MODE_DRAFT, &err), 1); /* costs nothing */
	assert_int_equal(number("SELECT mode = 'draft' AND estimate_credits_milli = 0 FROM videos"), 1);
}

#define TEST(f) cmocka_unit_test_setup(f, shop_empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_action_in_every_status),
		TEST(test_every_action_where_the_job_was_pruned),
		TEST(test_what_is_deleted_or_never_was_is_unknown),
		TEST(test_nothing_is_queued_while_its_job_runs),
		TEST(test_a_scheduled_video_is_cancelled_at_once),
		TEST(test_cancelling_asks_the_one_who_works),
		TEST(test_what_was_bought_while_it_stopped_is_called_off_too),
		TEST(test_a_possible_charge_is_repeated_only_when_accepted),
		TEST(test_an_intent_is_not_given_up_with_what_is_unknown),
		TEST(test_regenerating_counts_the_take_of_one_scene),
		TEST(test_a_change_is_the_whole_request),
		TEST(test_a_draft_becomes_the_real_one),
		TEST(test_limits_hold_for_what_is_rendered_and_changed),
	};

	return cmocka_run_group_tests_name("again", tests, shop_open, shop_close);
}
