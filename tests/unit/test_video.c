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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_value_has_a_name_of_its_own),
		cmocka_unit_test(test_sizes_have_their_aspect),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_done_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
