/* What is printed about a film becomes its report; what a film must be refuses it. */
#include "daemon/film/report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/io/json.h"

#define FRAMES 10

static const unsigned cuts[] = {4, 7};
static const struct film_expected expected = {
	.size = {540, 960}, .frames = FRAMES, .voice = true, .sound = true, .cuts = cuts, .cut_count = 2};

/* As ffprobe prints them: by dts, with the picture's times in another order. */
static void print_packets(struct buf *b, const int *frames, size_t n, const char *keys)
{
	buf_adds(b, "packet|codec_type=audio|pts=-1024|duration=1024|flags=KD|side_data|\n\n");
	for (size_t i = 0; i < n; i++)
		buf_addf(b, "packet|codec_type=video|pts=%d|duration=512|flags=%c_\n", frames[i] * 512,
			keys[i] == 'K' ? 'K' : '_');
	buf_adds(b, "stream|codec_name=h264|codec_type=video|width=540|height=960|pix_fmt=yuv420p|"
		    "start_time=0.000000|duration=0.333333\n"
		    "stream|codec_name=aac|codec_type=audio|start_time=0.000000|duration=0.333000\n");
}

static void packets_are_judged_in_the_order_shown(void **state)
{
	static const struct {
		const char *what;
		int frames[FRAMES];
		const char *keys;
		int64_t bad_steps;
		bool keys_ok;
	} cases[] = {
		{"as it should be", {0, 3, 1, 2, 4, 6, 5, 7, 9, 8}, "K...K..K..", 0, true},
		{"a repeat", {0, 3, 1, 2, 4, 6, 5, 7, 8, 8}, "K...K..K..", 1, true},
		{"a gap", {0, 3, 1, 2, 4, 6, 5, 7, 9, 10}, "K...K..K..", 1, true},
		{"a cut that is no key", {0, 3, 1, 2, 4, 6, 5, 7, 9, 8}, "K...K.....", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF b = BUF_INIT(4096);
		struct film_findings f;
		struct err e;

		print_packets(&b, cases[i].frames, FRAMES, cases[i].keys);
		assert_int_equal(film_packets_read(buf_text(&b), b.len, &expected, &f, &e), 0);
		assert_int_equal(f.frames, FRAMES);
		if (f.bad_steps != cases[i].bad_steps || f.cuts_are_keys != cases[i].keys_ok)
			fail_msg("%s: %d bad steps, keys %d", cases[i].what, (int)f.bad_steps,
				f.cuts_are_keys);
		assert_true(f.starts_at_zero);
		assert_int_equal(f.video_us, 333333);
	}
}

static void odd_lines_are_not_believed(void **state)
{
	static const struct {
		const char *what, *text;
		int64_t frames, bad_steps;
		bool starts_at_zero;
	} cases[] = {
		{"no line of ours", "hello\n|codec_type=video\npackets|codec_type=video|pts=0\n", 0, 0,
			false},
		{"no time", "packet|codec_type=video|pts=N/A|flags=K_\n", 1, 0, false},
		{"a time beyond all", "packet|codec_type=video|pts=99999999999999999999|flags=K_\n", 1, 0,
			false},
		{"nothing but its kind", "packet|codec_type=video\n", 1, 0, false},
		{"no kind", "packet|pts=0|flags=K_\n", 0, 0, false},
		{"all at once", "packet|codec_type=video|pts=0\npacket|codec_type=video|pts=0\n", 2, 1,
			false},
		{"cut off", "packet|codec_type=video|pts=0|flags=K_\npacket|codec_type=vid", 1, 0, false},
		{"sound that begins with the picture",
			"packet|codec_type=video|pts=0|flags=K_\nstream|codec_type=audio|start_time=0."
			"000000\n",
			1, 0, true},
		{"sound that begins later",
			"packet|codec_type=video|pts=0|flags=K_\nstream|codec_type=audio|start_time=0."
			"000001\n",
			1, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct film_findings f = {0};
		struct err e;

		(void)film_packets_read(cases[i].text, strlen(cases[i].text), &expected, &f, &e);
		if (f.frames != cases[i].frames || f.bad_steps != cases[i].bad_steps ||
			f.starts_at_zero != cases[i].starts_at_zero || f.cuts_are_keys)
			fail_msg("%s: %d frames, %d bad steps", cases[i].what, (int)f.frames,
				(int)f.bad_steps);
	}
}

static void nothing_is_no_film(void **state)
{
	struct film_findings f;
	struct err e;

	(void)state;
	assert_int_equal(film_packets_read("", 0, &expected, &f, &e), -1);
	assert_int_equal(film_inspect_read("", 0, &f, &e), -1);
}

#define INSPECTED                                                                                            \
	"frame:0    pts:0       pts_time:0\n"                                                                \
	"lavfi.black_start=0\n"                                                                              \
	"frame:0    pts:0       pts_time:0\n"                                                                \
	"lavfi.r128.I=-70.000\nlavfi.r128.true_peaks_ch0=0.100\nlavfi.r128.true_peaks_ch1=0.500\n"           \
	"frame:5    pts:5       pts_time:0.5\n"                                                              \
	"lavfi.black_end=0.5\nlavfi.freezedetect.freeze_start=0.4\n"                                         \
	"frame:9    pts:43200   pts_time:0.9\n"                                                              \
	"lavfi.r128.I=-14.200\nlavfi.r128.LRA=3.100\nlavfi.silence_start=0.7\nlavfi.r128.true_peaks_ch0=0."  \
	"2\n"

static void stretches_without_an_end_go_on_to_the_films(void **state)
{
	struct film_findings f = {.video_us = 1000000};
	struct err e;

	(void)state;
	assert_int_equal(film_inspect_read(INSPECTED, strlen(INSPECTED), &f, &e), 0);
	assert_int_equal(f.black_ms, 500);
	assert_int_equal(f.frozen_ms, 600);
	assert_int_equal(f.longest_silent_ms, 300);
	assert_true(fabs(f.loudness.lufs + 14.2) < 0.001);
	assert_true(fabs(f.loudness.dbtp + 6.02) < 0.01);
}

static struct film_findings good(void)
{
	return (struct film_findings){.width = 540,
		.height = 960,
		.frames = FRAMES,
		.cuts_are_keys = true,
		.starts_at_zero = true,
		.video_us = 333333,
		.audio_us = 333333,
		.video_codec = "h264",
		.pixel_format = "yuv420p",
		.audio_codec = "aac",
		.loudness = {.lufs = -14.1, .dbtp = -1.4, .range = 4}};
}

enum { PASSES, IS_NOTED, IS_REFUSED };

static int judge(const struct film_expected *x, const struct film_findings *f)
{
	AUTO(json) report = NULL;
	struct err e;

	if (!film_report(x, f, &report, &e))
		return IS_REFUSED;
	return json_count(json_get(report, "problems")) > 0 ? IS_NOTED : PASSES;
}

#define BAD(member, value, verdict)                                                                          \
	do {                                                                                                 \
		struct film_findings bad = good();                                                           \
                                                                                                             \
		bad.member = value;                                                                          \
		if (judge(&expected, &bad) != (verdict))                                                     \
			fail_msg(#member " = " #value " should be " #verdict);                               \
	} while (0)

static void what_is_wrong_is_said_and_what_must_be_refuses(void **state)
{
	struct film_findings f = good();
	struct film_expected x = expected;

	(void)state;
	assert_int_equal(judge(&x, &f), PASSES);
	BAD(width, 538, IS_REFUSED);
	BAD(frames, 11, IS_REFUSED);
	BAD(bad_steps, 1, IS_REFUSED);
	BAD(cuts_are_keys, false, IS_REFUSED);
	BAD(starts_at_zero, false, IS_REFUSED);
	BAD(audio_us, 233333, IS_REFUSED);
	BAD(video_codec[0], 'x', IS_REFUSED);
	BAD(video_codec[0], '\0', IS_REFUSED);
	BAD(audio_codec[0], '\0', IS_REFUSED);
	BAD(pixel_format[6], '\0', IS_REFUSED);
	BAD(loudness.lufs, -15.0, IS_NOTED);
	BAD(loudness.lufs, -19.9, IS_NOTED);
	BAD(loudness.lufs, -20.1, IS_REFUSED);
	BAD(loudness.lufs, -7.9, IS_REFUSED);
	BAD(loudness.lufs, -70.0, IS_REFUSED);
	BAD(loudness.dbtp, 0.2, IS_NOTED);
	BAD(longest_black_ms, 1500, IS_NOTED);
	BAD(longest_frozen_ms, 5000, IS_NOTED);
	BAD(longest_silent_ms, 5000, IS_NOTED);
	f.longest_black_ms = f.black_ms = 5000;
	x.frames = 150;
	f.frames = 150;
	f.audio_us = f.video_us = 5000000;
	assert_int_equal(judge(&x, &f), IS_REFUSED);
	f = good();
	x.frames = FRAMES;
	x.voice = false; /* music, which may be silence */
	f.loudness.lufs = -70;
	assert_int_equal(judge(&x, &f), IS_NOTED);
	x.sound = false;
	assert_int_equal(judge(&x, &f), PASSES);
	f = good();
	x = expected;
	x.texts = 2;
	x.texts_drawn = 1;
	assert_int_equal(judge(&x, &f), IS_REFUSED);
	x.texts_drawn = 2;
	x.missing_characters = 3;
	assert_int_equal(judge(&x, &f), IS_NOTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_judged_in_the_order_shown),
		cmocka_unit_test(odd_lines_are_not_believed),
		cmocka_unit_test(nothing_is_no_film),
		cmocka_unit_test(stretches_without_an_end_go_on_to_the_films),
		cmocka_unit_test(what_is_wrong_is_said_and_what_must_be_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
