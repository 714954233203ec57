/* The plain data of videos: names both ways, sizes, frames, and freeing that may happen twice. */

#include "lib/video/video.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "lib/base/names.h"

static void check_names(const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_non_null(names[i]);
		assert_int_equal(names_find(names, count, names[i]), i);
	}
	assert_int_equal(names_find(names, count, "unheard_of"), -1);
}

static void test_every_value_has_a_name_of_its_own(void **state)
{
	(void)state;
	check_names(video_style_names, STYLE_COUNT);
	check_names(video_aspect_names, ASPECT_COUNT);
	check_names(video_status_names, STATUS_COUNT);
	check_names(video_mode_names, MODE_COUNT);
	check_names(pause_reason_names, PAUSE_COUNT);
}

static void test_sizes_have_their_aspect(void **state)
{
	static const int ratio[ASPECT_COUNT][2] = {[ASPECT_16_9] = {16, 9},
		[ASPECT_9_16] = {9, 16},
		[ASPECT_1_1] = {1, 1},
		[ASPECT_4_5] = {4, 5}};

	(void)state;
	for (int i = 0; i < ASPECT_COUNT; i++) {
		assert_int_equal(video_sizes[i].width * ratio[i][1], video_sizes[i].height * ratio[i][0]);
		assert_int_equal(video_sizes[i].width % 2, 0); /* chroma of yuv420p has half of each side */
		assert_int_equal(video_sizes[i].height % 2, 0);
	}
}

static const struct {
	int64_t ms;
	unsigned frames;
} lengths[] = {{1000, 30}, {2500, 75}, {60000, 1800}, {1016, 30}, {1017, 31}, {1050, 32}, {0, 1}, {1, 1},
	{49, 1}, {50, 2}};

static void test_frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
		assert_int_equal(video_frames(lengths[i].ms), lengths[i].frames);
}

/* Leaks and double frees are for the sanitizer to find. */
static void test_done_twice(void **state)
{
	struct video v = {
		.title = xstrdup("t"), .error = xstrdup("e"), .model = xstrdup("m"), .scene_count = 2};
	struct store s = {.id = xstrdup("s"), .name = xstrdup("n"), .niche = xstrdup("x")};
	struct product p = {.id = xstrdup("p"), .description = xstrdup("d"), .image_count = 1};
	struct music_track t = {.name = xstrdup("n"), .file = xstrdup("f")};

	(void)state;
	v.scenes = xcalloc(2, sizeof(*v.scenes));
	v.scenes[1] =
		(struct scene){.prompt = xstrdup("p"), .text_overlay = xstrdup("o"), .model = xstrdup("m")};
	p.images = xcalloc(1, sizeof(*p.images));
	p.images[0] = (struct image){.url = xstrdup("u"), .alt = xstrdup("a")};
	for (int i = 0; i < 2; i++) {
		video_done(&v);
		store_done(&s);
		product_done(&p);
		music_track_done(&t);
	}
	assert_null(v.title);
	assert_null(v.model);
	assert_null(v.scenes);
	assert_int_equal(v.scene_count, 0);
	assert_int_equal(p.image_count, 0);
}

static const struct {
	const char *script, *narrations[3], *spoken;
	int points;
} scripts[] = {
	{NULL, {NULL, NULL, NULL}, NULL, 0},
	{"One film.", {NULL, NULL, NULL}, "One film.", 9},
	{NULL, {NULL, "Deux \u00e9t\u00e9s", NULL}, "Deux \u00e9t\u00e9s", 9},
	{NULL, {"One.", NULL, "Three."}, "One.\fThree.", 10},
	{NULL, {"One.", "Two.", "Three."}, "One.\fTwo.\fThree.", 14},
};

static void test_what_is_spoken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		AUTO_VIDEO v = {.voiceover_script = xstrdup(scripts[i].script), .scene_count = 3};
		v.scenes = xcalloc(3, sizeof(*v.scenes));
		for (size_t k = 0; k < 3; k++)
			v.scenes[k].look.narration = xstrdup(scripts[i].narrations[k]);

		AUTO_FREE char *spoken = video_script(&v);

		assert_int_equal(spoken != NULL, scripts[i].spoken != NULL);
		if (spoken)
			assert_string_equal(spoken, scripts[i].spoken);
		assert_int_equal(video_script_points(&v), scripts[i].points);
		assert_int_equal(video_speaks(&v), spoken != NULL);
		assert_int_equal(video_is_narrated(&v), spoken && !scripts[i].script);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_value_has_a_name_of_its_own),
		cmocka_unit_test(test_sizes_have_their_aspect),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_done_twice),
		cmocka_unit_test(test_what_is_spoken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
