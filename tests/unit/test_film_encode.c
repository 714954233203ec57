/* What ffmpeg is told to make pieces of films: fences on every input, one set of settings, exact lengths and
 * lists. */

#include "daemon/film/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/film/film.h"
#include "lib/base/args.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/text.h"
#include "lib/video/look.h"

static const struct film_tools tools = {.ffmpeg = "/usr/bin/ffmpeg",
	.ffprobe = "/usr/bin/ffprobe",
	.threads = 2,
	.quality = QUALITY_STANDARD};
static const struct film_size size = {1080, 1920};

static const struct film_caption captions[] = {
	{.image = {"a-c000.png", 100, 1500, 880, 160}, .from = 4, .to = 10},
	{.image = {"a-c001.png", 100, 1500, 880, 160}, .from = 10, .to = 17},
	{.image = {"a-c002.png", 100, 1500, 880, 160}, .from = 30, .to = 61},
};

static struct film_shot shot_new(const char *clip, int fit)
{
	return (struct film_shot){
		.clip = clip,
		.fit = fit,
		.focus_x = 500,
		.focus_y = 250,
		.layers =
			{
				.text = {"a-text.png", 80, 1200, 900, 200},
				.entrance = ENTRANCE_RISE,
				.captions = captions,
				.caption_count = ARRAY_LEN(captions),
				.caption_list = "a-captions.txt",
				.logo = {"a-logo.png", 900, 60, 120, 120},
			},
	};
}

static const char *after(const struct args *a, const char *option)
{
	for (size_t i = 0; i + 1 < a->n; i++)
		if (strcmp(a->v[i], option) == 0)
			return a->v[i + 1];
	return "";
}

static size_t count(const struct args *a, const char *arg)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += strcmp(a->v[i], arg) == 0;
	return n;
}

static void assert_has(const struct args *a, const char *option, const char *value)
{
	if (strcmp(after(a, option), value) != 0)
		fail_msg("%s is \"%s\", not \"%s\"", option, after(a, option), value);
}

static void check_piece(const struct args *a, size_t inputs, const char *frames)
{
	static const char *const same[][2] = {{"-c:v", "libx264"}, {"-pix_fmt", "yuv420p"},
		{"-profile:v", "high"}, {"-video_track_timescale", "15360"}, {"-colorspace", "bt709"},
		{"-color_range", "tv"}, {"-protocol_whitelist", "file,pipe"}, {"-map_metadata", "-1"},
		{"-g", "60"}};

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		assert_has(a, same[i][0], same[i][1]);
	assert_has(a, "-frames:v", frames);
	assert_int_equal(count(a, "-i"), inputs);
	assert_int_equal(count(a, "-format_whitelist"), inputs);
	assert_int_equal(count(a, "-protocol_whitelist"), inputs);
	assert_non_null(strstr(after(a, "-x264-params"), "open-gop=0"));
	assert_string_equal(a->v[a->n - 1], "out");
}

static void pieces_keep_their_rules(void **state)
{
	(void)state;
	struct film_shot shot = shot_new("scene.mp4", FIT_COVER), card = shot_new(NULL, FIT_COVER);

	for (int fit = 0; fit < FIT_COUNT; fit++) {
		for (int colours = 0; colours < COLOURS_COUNT; colours++) {
			AUTO_ARGS a = {0};

			shot.fit = fit;
			shot.colours = colours;
			film_body_args(&tools, &size, &shot, 0, 90, "out", &a);
			check_piece(&a, 4, "90");
		}
	}
	for (int kind = TRANSITION_CUT + 1; kind < TRANSITION_COUNT; kind++) {
		AUTO_ARGS a = {0};

		film_transition_args(&tools, &size, &shot, 90, &card, kind, 15, "out", &a);
		check_piece(&a, 5, "15"); /* a clip, two texts, captions and a logo */
	}
}

static void layers_where_there_are_some(void **state)
{
	(void)state;
	static const struct {
		const char *title;
		unsigned from, to;
		size_t inputs;
	} cases[] = {
		{"all", 0, 90, 4},
		{"before the captions", 0, 4, 3},
		{"between them", 17, 30, 3},
		{"one frame of one", 60, 61, 4},
		{"after them", 61, 90, 3},
	};
	struct film_shot shot = shot_new("scene.mp4", FIT_COVER), bare = {.clip = "scene.mp4"};
	AUTO_ARGS none = {0};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARGS a = {0};

		film_body_args(&tools, &size, &shot, cases[i].from, cases[i].to, "out", &a);
		if (count(&a, "-i") != cases[i].inputs)
			fail_msg("%s: %zu inputs", cases[i].title, count(&a, "-i"));
	}
	film_body_args(&tools, &size, &bare, 0, 90, "out", &none);
	check_piece(&none, 1, "90");
}

static void many_captions_are_one_argument(void **state)
{
	(void)state;
	struct film_caption many[500];
	struct film_shot shot = shot_new("scene.mp4", FIT_BLUR);
	AUTO_BUF list = BUF_INIT(64 * 1024);
	AUTO_ARGS a = {0};

	for (unsigned i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct film_caption){captions[0].image, .from = 10 * i, .to = 10 * i + 9};
	shot.layers.captions = many;
	shot.layers.caption_count = ARRAY_LEN(many);
	film_body_args(&tools, &size, &shot, 0, 5000, "out", &a);
	check_piece(&a, 4, "5000");
	assert_non_null(strstr(after(&a, "-filter_complex"), "[out]")); /* nothing was dropped */
	film_caption_list(&shot.layers, &list);
	assert_true(buf_ok(&list));
}

static void a_list_of_captions(void **state)
{
	(void)state;
	const struct film_layers layers = {.captions = captions, .caption_count = ARRAY_LEN(captions)};
	AUTO_BUF list = BUF_INIT(4096);

	film_caption_list(&layers, &list);
	assert_string_equal(buf_text(&list), "ffconcat version 1.0\n"
					     "file a-c000.png\nduration 0.40\n"
					     "file a-c001.png\nduration 0.80\n"
					     "file a-c002.png\nduration 1.24\n");
}

/* A third of a millisecond a piece would be a tick after a hundred. */
static void lengths_of_pieces_add_up(void **state)
{
	(void)state;
	struct film_piece pieces[120];
	AUTO_BUF list = BUF_INIT(64 * 1024);
	int64_t sum = 0, length;
	size_t lines = 0;

	for (unsigned i = 0; i < ARRAY_LEN(pieces); i++)
		pieces[i] = (struct film_piece){"body-000-000.mp4", 1 + i % 5};
	film_join_list(pieces, ARRAY_LEN(pieces), &list);
	for (const char *at = buf_text(&list); (at = strstr(at, "\nduration ")); lines++) {
		char number[16];

		at += strlen("\nduration ");
		(void)snprintf(number, sizeof(number), "%.*s", (int)strcspn(at, "\n"), at);
		assert_true(text_to_scaled(number, 6, 0, INT64_MAX, &length));
		sum += length;
	}
	assert_int_equal(lines, ARRAY_LEN(pieces));
	assert_int_equal(sum, 360 * INT64_C(1000000) / 30);
}

static void joining_copies(void **state)
{
	(void)state;
	AUTO_ARGS a = {0};

	film_join_args(&tools, "pieces.txt", "sound.m4a", "film", &a);
	assert_has(&a, "-c", "copy");
	assert_has(&a, "-movflags", "+faststart");
	assert_has(&a, "-video_track_timescale", "15360");
	assert_has(&a, "-auto_convert", "0");
	assert_int_equal(count(&a, "-format_whitelist"), 2);
	assert_string_equal(a.v[a.n - 1], "film");
}

static void colours_by_what_a_clip_says(void **state)
{
	(void)state;
	static const struct {
		const char *title, *says;
		int colours;
	} cases[] = {
		{"nothing, small", "\"width\":320,\"height\":240", COLOURS_SAID},
		{"nothing, large", "\"width\":720,\"height\":1280", COLOURS_BT709},
		{"BT.601, large", "\"width\":720,\"height\":1280,\"color_space\":\"smpte170m\"",
			COLOURS_SAID},
		{"PQ",
			"\"width\":720,\"height\":1280,\"color_space\":\"bt2020nc\",\"color_transfer\":"
			"\"smpte2084\"",
			COLOURS_HDR_PQ},
		{"HLG", "\"width\":720,\"height\":1280,\"color_transfer\":\"arib-std-b67\"", COLOURS_HDR_HLG},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF json = BUF_INIT(1024);
		struct media m;
		struct err e;

		buf_addf(&json,
			"{\"format\":{\"format_name\":\"mov\"},\"streams\":[{\"codec_type\":\"video\",%s}]}",
			cases[i].says);
		assert_int_equal(film_probe_read(buf_text(&json), json.len, &m, &e), 0);
		if (m.colours != cases[i].colours)
			fail_msg("%s: %d", cases[i].title, m.colours);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_keep_their_rules),
		cmocka_unit_test(layers_where_there_are_some),
		cmocka_unit_test(many_captions_are_one_argument),
		cmocka_unit_test(a_list_of_captions),
		cmocka_unit_test(lengths_of_pieces_add_up),
		cmocka_unit_test(joining_copies),
		cmocka_unit_test(colours_by_what_a_clip_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
