/*
 * What is asked of the vendor: the table against the vendor's own lists, and for each model, endpoint and
 * shape of film the choice spelt out.
 */

#include "lib/video/models.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/io/json.h"
#include "lib/video/limits.h"

#define NONE ""
#define GEN4 "1280:720 720:1280 1104:832 832:1104 960:960 1584:672 "
#define VEO  "1280:720 720:1280 1920:1080 1080:1920 "

/* The vendor's request types and price list. */
static const struct {
	const char *model, *ratios[ENDPOINT_COUNT], *seconds;
	int64_t credits_per_sec;
} vendor[] = {
	{"gen4.5", {"1280:720 720:1280 ", GEN4}, "2 3 4 5 6 7 8 9 10 ", 12},
	{"gen4_turbo", {NONE, GEN4}, "2 3 4 5 6 7 8 9 10 ", 5},
	{"veo3.1", {VEO, VEO}, "4 6 8 ", 20},
	{"veo3.1_fast", {VEO, VEO}, "4 6 8 ", 10},
};

static void write_ratios(const struct model *m, enum models_endpoint endpoint, struct buf *out)
{
	const struct model_ratio *r = m->ratios[endpoint];

	for (size_t i = 0; i < ARRAY_LEN(m->ratios[endpoint]) && r[i].text; i++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "%d:%d", r[i].width, r[i].height);
		assert_string_equal(r[i].text, text);
		buf_addf(out, "%s ", text);
	}
}

static void test_table_says_what_the_vendor_says(void **state)
{
	(void)state;
	assert_int_equal(model_count, ARRAY_LEN(vendor));
	for (size_t i = 0; i < ARRAY_LEN(vendor); i++) {
		const struct model *m = models_find(vendor[i].model);
		AUTO_BUF seconds = BUF_INIT(100);

		assert_non_null(m);
		for (enum models_endpoint e = 0; e < ENDPOINT_COUNT; e++) {
			AUTO_BUF ratios = BUF_INIT(200);

			write_ratios(m, e, &ratios);
			assert_string_equal(buf_text(&ratios), vendor[i].ratios[e]);
			assert_int_equal(m->endpoint[e], *vendor[i].ratios[e] != '\0');
		}
		for (size_t k = 0; k < ARRAY_LEN(m->seconds) && m->seconds[k]; k++)
			buf_addf(&seconds, "%d ", m->seconds[k]);
		assert_string_equal(buf_text(&seconds), vendor[i].seconds);
		assert_int_equal(m->credits_milli_per_sec, vendor[i].credits_per_sec * 1000);
		assert_int_equal(m->prompt_units, 1000);
	}
}

static void test_each_model_says_what_it_can_make(void **state)
{
	(void)state;
	for (size_t i = 0; i < model_count; i++) {
		const struct model *m = &models[i];
		char text[80];
		int longest = 0;

		for (size_t k = 0; k < ARRAY_LEN(m->seconds) && m->seconds[k]; k++)
			longest = m->seconds[k];
		(void)snprintf(text, sizeof(text), "is longer than the %d seconds that %s can make", longest,
			m->name);
		assert_string_equal(m->too_long, text);
		assert_true(strlen(m->name) <= LIMIT_MODEL);
	}
	assert_null(models_find("gen3a_turbo"));
	assert_null(models_find("gen4"));
	assert_null(models_find(""));
	assert_null(models_find(NULL));
}

static char prompt[] = "p", image[] = "/assets/a.jpg", own_model[32], video_model[32];

static char *named(char *room, size_t size, const char *name)
{
	(void)snprintf(room, size, "%s", name);
	return *room ? room : NULL;
}

static struct video video_of(struct scene *s, int aspect)
{
	return (struct video){.scenes = s, .scene_count = 1, .aspect = aspect};
}

static struct scene_choice choose(const struct video *v, const char *setting)
{
	struct scene_choice c = {0};
	const char *field = NULL, *problem = NULL;

	if (models_choose(v, 0, setting, &c, &field, &problem) < 0)
		fail_msg("%s %s", field, problem);
	return c;
}

#define TEXT  ENDPOINT_TEXT_TO_VIDEO
#define IMAGE ENDPOINT_IMAGE_TO_VIDEO

static const struct {
	const char *model;
	enum models_endpoint endpoint;
	const char *ratio[ASPECT_COUNT]; /* 16:9, 9:16, 1:1, 4:5 */
} ratio_cases[] = {
	{"gen4.5", TEXT, {"1280:720", "720:1280", "1280:720", "720:1280"}},
	{"gen4.5", IMAGE, {"1280:720", "720:1280", "960:960", "832:1104"}},
	{"gen4_turbo", IMAGE, {"1280:720", "720:1280", "960:960", "832:1104"}},
	{"veo3.1", TEXT, {"1920:1080", "1080:1920", "1920:1080", "1080:1920"}},
	{"veo3.1", IMAGE, {"1920:1080", "1080:1920", "1920:1080", "1080:1920"}},
	{"veo3.1_fast", TEXT, {"1920:1080", "1080:1920", "1920:1080", "1080:1920"}},
	{"veo3.1_fast", IMAGE, {"1920:1080", "1080:1920", "1920:1080", "1080:1920"}},
};

static void test_ratios(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ratio_cases); i++) {
		for (int aspect = 0; aspect < ASPECT_COUNT; aspect++) {
			struct scene s = {.prompt = prompt,
				.duration_ms = 4000,
				.image_url = ratio_cases[i].endpoint == IMAGE ? image : NULL};
			struct video v = video_of(&s, aspect);
			struct scene_choice c = choose(&v, ratio_cases[i].model);

			assert_string_equal(c.model->name, ratio_cases[i].model);
			assert_int_equal(c.endpoint, ratio_cases[i].endpoint);
			if (strcmp(c.ratio->text, ratio_cases[i].ratio[aspect]) != 0)
				fail_msg("%s %s %s: %s", ratio_cases[i].model,
					models_endpoint_names[c.endpoint], video_aspect_names[aspect],
					c.ratio->text);
		}
	}
}

#define R(aspect) (1U << ASPECT_##aspect)

/* One generation for several films: the one that loses most decides, then the video's own. */
static const struct {
	const char *model;
	enum models_endpoint endpoint;
	int aspect;
	unsigned renditions;
	const char *ratio;
} rendition_cases[] = {
	{"gen4.5", TEXT, ASPECT_16_9, R(9_16), "1280:720"},
	{"gen4.5", TEXT, ASPECT_9_16, R(16_9), "720:1280"},
	{"gen4.5", TEXT, ASPECT_9_16, R(16_9) | R(1_1) | R(4_5), "720:1280"},
	{"gen4.5", TEXT, ASPECT_1_1, R(16_9), "1280:720"},
	{"gen4.5", TEXT, ASPECT_1_1, R(9_16), "720:1280"},
	{"gen4.5", TEXT, ASPECT_1_1, R(4_5), "720:1280"},
	{"gen4.5", TEXT, ASPECT_16_9, R(1_1) | R(4_5), "1280:720"},
	{"gen4.5", IMAGE, ASPECT_16_9, R(9_16), "960:960"},
	{"gen4.5", IMAGE, ASPECT_9_16, R(16_9), "960:960"},
	{"gen4.5", IMAGE, ASPECT_16_9, R(1_1), "1104:832"},
	{"gen4.5", IMAGE, ASPECT_1_1, R(16_9), "1104:832"},
	{"gen4.5", IMAGE, ASPECT_4_5, R(16_9), "1104:832"},
	{"gen4.5", IMAGE, ASPECT_9_16, R(1_1), "832:1104"},
	{"gen4.5", IMAGE, ASPECT_9_16, R(4_5), "832:1104"},
	{"gen4.5", IMAGE, ASPECT_1_1, R(4_5), "960:960"},
	{"gen4.5", IMAGE, ASPECT_9_16, R(1_1) | R(4_5), "832:1104"},
	{"gen4_turbo", IMAGE, ASPECT_9_16, R(16_9) | R(1_1) | R(4_5), "960:960"},
	{"veo3.1", TEXT, ASPECT_16_9, R(9_16), "1920:1080"},
	{"veo3.1", IMAGE, ASPECT_9_16, R(16_9), "1080:1920"},
	{"veo3.1_fast", TEXT, ASPECT_4_5, R(1_1), "1080:1920"},
};

static void test_ratios_for_renditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rendition_cases); i++) {
		struct scene s = {.prompt = prompt,
			.duration_ms = 4000,
			.image_url = rendition_cases[i].endpoint == IMAGE ? image : NULL};
		struct video v = video_of(&s, rendition_cases[i].aspect);

		v.look.renditions = rendition_cases[i].renditions;
		struct scene_choice c = choose(&v, rendition_cases[i].model);

		if (strcmp(c.ratio->text, rendition_cases[i].ratio) != 0)
			fail_msg("%s %s %s and %x: %s", rendition_cases[i].model,
				models_endpoint_names[c.endpoint],
				video_aspect_names[rendition_cases[i].aspect], rendition_cases[i].renditions,
				c.ratio->text);
	}
}

static const struct {
	int64_t duration_ms;
	int gen4, veo; /* seconds; 0: it makes none that long */
} duration_cases[] = {
	{1000, 2, 4},
	{2000, 2, 4},
	{2001, 3, 4},
	{3500, 4, 4},
	{4200, 5, 6},
	{8000, 8, 8},
	{8001, 9, 0},
	{10000, 10, 0},
	{10100, 0, 0},
	{60000, 0, 0},
};

/* Of the scene's own model, from which there is no falling back. */
static void check_seconds(const char *model, int64_t duration_ms, int seconds)
{
	struct scene s = {.prompt = prompt,
		.duration_ms = duration_ms,
		.image_url = image,
		.model = named(own_model, sizeof(own_model), model)};
	struct video v = video_of(&s, ASPECT_9_16);
	struct scene_choice c = {.seconds = -1};
	const char *field = NULL, *problem = NULL;
	int r = models_choose(&v, 0, "gen4.5", &c, &field, &problem);

	if (seconds == 0) {
		assert_int_equal(r, -1);
		assert_string_equal(field, "duration");
		assert_ptr_equal(problem, models_find(model)->too_long);
		assert_int_equal(c.seconds, -1);
		return;
	}
	assert_int_equal(r, 0);
	if (c.seconds != seconds)
		fail_msg("%s, %lld ms: %d", model, (long long)duration_ms, c.seconds);
	assert_int_equal(c.credits_milli, seconds * models_find(model)->credits_milli_per_sec);
}

static void test_durations_are_never_shortened(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(duration_cases); i++) {
		check_seconds("gen4.5", duration_cases[i].duration_ms, duration_cases[i].gen4);
		check_seconds("gen4_turbo", duration_cases[i].duration_ms, duration_cases[i].gen4);
		check_seconds("veo3.1", duration_cases[i].duration_ms, duration_cases[i].veo);
		check_seconds("veo3.1_fast", duration_cases[i].duration_ms, duration_cases[i].veo);
	}
}

static const struct {
	const char *title, *scene, *video, *setting; /* "": names none */
	bool image;
	const char *chosen; /* NULL: a problem of the model */
	int64_t duration_ms;
} model_cases[] = {
	{"the setting's", "", "", "veo3.1", true, "veo3.1", 4000},
	{"the video's before the setting's", "", "veo3.1_fast", "veo3.1", false, "veo3.1_fast", 4000},
	{"the scene's before all", "gen4_turbo", "veo3.1_fast", "veo3.1", true, "gen4_turbo", 4000},
	{"the setting's cannot", "", "", "gen4_turbo", false, "gen4.5", 4000},
	{"the video's cannot, the setting's can", "", "gen4_turbo", "veo3.1", false, "veo3.1", 4000},
	{"neither can", "", "gen4_turbo", "gen4_turbo", false, "gen4.5", 4000},
	{"with an image they can", "", "gen4_turbo", "gen4.5", true, "gen4_turbo", 4000},
	{"the scene's cannot", "gen4_turbo", "gen4.5", "gen4.5", false, NULL, 4000},
	{"the scene's is none", "gen3a_turbo", "gen4.5", "gen4.5", true, NULL, 4000},
	{"the video's is none", "", "gen3a_turbo", "veo3.1", false, "veo3.1", 4000},
	{"no setting", "", "", "", false, "gen4.5", 4000},
	{"too long for the setting's", "", "", "veo3.1", true, "gen4.5", 10000},
	{"too long for the video's", "", "veo3.1", "gen4_turbo", true, "gen4_turbo", 9000},
	{"too long for both", "", "veo3.1", "veo3.1_fast", false, "gen4.5", 8001},
};

static void test_whose_model(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(model_cases); i++) {
		struct scene s = {.prompt = prompt,
			.duration_ms = model_cases[i].duration_ms,
			.image_url = model_cases[i].image ? image : NULL,
			.model = named(own_model, sizeof(own_model), model_cases[i].scene)};
		struct video v = video_of(&s, ASPECT_16_9);
		struct scene_choice c = {0};
		const char *field = NULL, *problem = NULL;

		v.model = named(video_model, sizeof(video_model), model_cases[i].video);
		int r = models_choose(&v, 0, model_cases[i].setting, &c, &field, &problem);

		if (r != (model_cases[i].chosen ? 0 : -1))
			fail_msg("%s: %d", model_cases[i].title, r);
		if (r == 0 && strcmp(c.model->name, model_cases[i].chosen) != 0)
			fail_msg("%s: %s", model_cases[i].title, c.model->name);
		if (r < 0)
			assert_string_equal(field, "model");
		if (r < 0 && !*problem)
			fail_msg("%s: no problem is named", model_cases[i].title);
	}
}

static void test_what_none_can_make_is_too_long_for_the_last(void **state)
{
	struct scene s = {.prompt = prompt, .duration_ms = 10001};
	struct video v = video_of(&s, ASPECT_16_9);
	struct scene_choice c = {0};
	const char *field = NULL, *problem = NULL;

	(void)state;
	v.model = named(video_model, sizeof(video_model), "veo3.1");
	assert_int_equal(models_choose(&v, 0, "gen4_turbo", &c, &field, &problem), -1);
	assert_string_equal(field, "duration");
	assert_string_equal(problem, "is longer than the 10 seconds that gen4.5 can make");
}

static void test_a_choice_as_it_is_shown(void **state)
{
	struct scene s = {.prompt = prompt, .duration_ms = 3500};
	struct video v = video_of(&s, ASPECT_4_5);
	struct scene_choice c = choose(&v, "gen4.5");
	AUTO(json) o = models_choice_json(&c, 4294967295);
	AUTO_BUF text = BUF_INIT(300);

	(void)state;
	json_write(o, &text);
	assert_string_equal(buf_text(&text),
		"{\"model\":\"gen4.5\",\"endpoint\":\"text_to_video\",\"ratio\":\"720:1280\",\"seconds\":4,"
		"\"seed\":4294967295}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_says_what_the_vendor_says),
		cmocka_unit_test(test_each_model_says_what_it_can_make),
		cmocka_unit_test(test_ratios),
		cmocka_unit_test(test_ratios_for_renditions),
		cmocka_unit_test(test_durations_are_never_shortened),
		cmocka_unit_test(test_whose_model),
		cmocka_unit_test(test_what_none_can_make_is_too_long_for_the_last),
		cmocka_unit_test(test_a_choice_as_it_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
