/* When everything happens: cuts at sums, transitions inside the later part, scenes as long as their
 * narration. */
#include "daemon/film/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/film/captions.h"
#include "lib/base/macros.h"
#include "lib/video/look.h"
#include "lib/video/video.h"

#define SCENES 3

static char narration[] = "Something to say.", script[] = "One script for all of it.";

struct fixture {
	struct scene scenes[SCENES];
	struct video v;
	struct brand brand;
};

/* Scenes of 3, 2 and 4 seconds. */
static struct fixture *fixture_new(void)
{
	static const int64_t ms[SCENES] = {3000, 2000, 4000};
	struct fixture *f = calloc(1, sizeof(*f));

	look_init(&f->v.look);
	brand_init(&f->brand);
	f->v.scenes = f->scenes;
	f->v.scene_count = SCENES;
	for (size_t i = 0; i < SCENES; i++) {
		f->scenes[i].duration_ms = ms[i];
		scene_look_init(&f->scenes[i].look);
	}
	return f;
}

static struct timeline make(const struct fixture *f, const struct brand *brand, struct timeline_voice voice)
{
	struct timeline t;

	timeline_make(&f->v, brand, &voice, &t);
	return t;
}

static void expect_parts(const struct timeline *t, const unsigned *frames, const unsigned *leads, size_t n)
{
	unsigned at = 0;

	assert_int_equal(t->part_count, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(t->parts[i].at, at);
		assert_int_equal(t->parts[i].frames, frames[i]);
		assert_int_equal(t->parts[i].lead, leads[i]);
		at += frames[i];
	}
	assert_int_equal(t->frames, at);
}

static void cuts_are_at_the_sums(void **state)
{
	struct fixture *f = fixture_new();
	AUTO_TIMELINE t = make(f, NULL, (struct timeline_voice){0});

	(void)state;
	expect_parts(&t, (const unsigned[]){90, 60, 120}, (const unsigned[]){0, 0, 0}, 3);
	assert_int_equal(t.speech_count, 0);
	free(f);
}

/* A transition makes nothing shorter, and is at most half of the shorter part beside it. */
static void transitions_take_time_of_the_later_part(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	f->v.look.transition = TRANSITION_CROSSFADE;
	f->v.look.transition_ms = 500;
	f->scenes[1].look.transition = TRANSITION_WIPE_LEFT;
	f->scenes[1].look.transition_ms = 1500;
	AUTO_TIMELINE t = make(f, NULL, (struct timeline_voice){0});

	expect_parts(&t, (const unsigned[]){90, 60, 120}, (const unsigned[]){0, 15, 30}, 3);
	assert_int_equal(t.parts[1].transition, TRANSITION_CROSSFADE);
	assert_int_equal(t.parts[2].transition, TRANSITION_WIPE_LEFT);
	free(f);
}

static void a_scene_may_cut_where_the_video_does_not(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	f->v.look.transition = TRANSITION_FADE;
	f->scenes[0].look.transition = TRANSITION_CUT;
	AUTO_TIMELINE t = make(f, NULL, (struct timeline_voice){0});

	expect_parts(&t, (const unsigned[]){90, 60, 120}, (const unsigned[]){0, 0, 15}, 3);
	free(f);
}

static void cards_stand_before_and_after(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	f->brand.intro = (struct brand_card){.there = true, .duration_ms = 1500};
	f->brand.end = (struct brand_card){.there = true, .duration_ms = 2500};
	f->v.look.transition = TRANSITION_FADE;
	f->v.voiceover_script = script;
	AUTO_TIMELINE t = make(f, &f->brand, (struct timeline_voice){.duration_ms = 5000});

	expect_parts(&t, (const unsigned[]){45, 90, 60, 120, 75}, (const unsigned[]){0, 15, 15, 15, 15}, 5);
	assert_int_equal(t.parts[0].kind, PART_INTRO);
	assert_int_equal(t.parts[4].kind, PART_END);
	assert_int_equal(timeline_part_of(&t, 2), 3);
	assert_int_equal(t.speech_count, 1);
	assert_int_equal(t.speech[0].at_ms, 1500);
	free(f);
}

/* 9 s of scenes; the voice is never cut, and the end card comes after it. */
static void the_last_scene_stays_until_the_voice_has_ended(void **state)
{
	static const struct {
		int64_t voice_ms;
		unsigned last;
	} cases[] = {{1000, 120}, {8600, 120}, {8601, 121}, {12000, 120 + 102}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *f = fixture_new();

		f->brand.end = (struct brand_card){.there = true, .duration_ms = 2000};
		f->v.voiceover_script = script;
		AUTO_TIMELINE t =
			make(f, &f->brand, (struct timeline_voice){.duration_ms = cases[i].voice_ms});

		expect_parts(&t, (const unsigned[]){90, 60, cases[i].last, 60}, (const unsigned[4]){0}, 4);
		free(f);
	}
}

/* Two narrations of 2.5 and 0.2 s, one after the other in the voice's file. */
static void narrated_scenes_are_as_long_as_their_narration(void **state)
{
	static char a[] = "a", seam[] = "\f", b[] = "b";
	char *characters[] = {a, seam, b};
	int64_t start[] = {0, 2500, 2500}, end[] = {2500, 2500, 2700};
	const struct voice_times times = {
		.count = 3, .characters = characters, .start_ms = start, .end_ms = end, .duration_ms = 2700};
	struct fixture *f = fixture_new();

	(void)state;
	f->scenes[0].look.narration = narration;
	f->scenes[2].look.narration = narration;
	f->v.look.transition = TRANSITION_SLIDE_UP;
	f->v.look.transition_ms = 1000;
	AUTO_TIMELINE t = make(f, NULL, (struct timeline_voice){.duration_ms = 2700, .times = &times});

	/* 0.2 + 2.5 + 0.3 s; as asked for; half of a transition + 0.2 + 0.3 s, but not below 1 s nor the
	 * transition */
	expect_parts(&t, (const unsigned[]){90, 60, 60}, (const unsigned[]){0, 30, 30}, 3);
	assert_int_equal(t.speech_count, 2);
	assert_int_equal(t.speech[0].from_ms, 0);
	assert_int_equal(t.speech[0].to_ms, 2500);
	assert_int_equal(t.speech[0].at_ms, 200);
	assert_int_equal(t.speech[1].from_ms, 2500);
	assert_int_equal(t.speech[1].to_ms, 2700);
	assert_int_equal(t.speech[1].at_ms, 5000 + 500);
	free(f);
}

static void what_waits_for_the_voice(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	AUTO_TIMELINE silent = make(f, NULL, (struct timeline_voice){0});
	for (size_t i = 0; i < SCENES; i++)
		assert_false(timeline_waits(&f->v, &silent, i));

	f->v.voiceover_script = script;
	for (size_t i = 0; i < SCENES; i++)
		assert_int_equal(timeline_waits(&f->v, &silent, i), i == 2);
	AUTO_TIMELINE spoken = make(f, NULL, (struct timeline_voice){.duration_ms = 10});
	assert_false(timeline_waits(&f->v, &spoken, 2));

	f->v.voiceover_script = NULL;
	f->scenes[1].look.narration = narration;
	for (size_t i = 0; i < SCENES; i++)
		assert_int_equal(timeline_waits(&f->v, &silent, i), i == 1);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_are_at_the_sums),
		cmocka_unit_test(transitions_take_time_of_the_later_part),
		cmocka_unit_test(a_scene_may_cut_where_the_video_does_not),
		cmocka_unit_test(cards_stand_before_and_after),
		cmocka_unit_test(the_last_scene_stays_until_the_voice_has_ended),
		cmocka_unit_test(narrated_scenes_are_as_long_as_their_narration),
		cmocka_unit_test(what_waits_for_the_voice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
