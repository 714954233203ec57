/* How much sound takes, and the command that joins pieces of speech. */

#include "daemon/film/speech.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/film/tools.h"
#include "lib/base/args.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"

static const struct film_tools tools = {.ffmpeg = "/usr/bin/ffmpeg", .threads = 2};

static void test_bytes_of_a_second(void **state)
{
	static const struct {
		const char *format;
		int64_t bytes;
	} cases[] = {
		{"mp3_44100_128", 16000},
		{"mp3_22050_32", 4000},
		{"mp3_44100_192", 24000},
		{"mp3_44100", 40000}, /* not said: the most */
		{"mp3_44100_", 40000},
		{"", 40000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(film_speech_bytes_per_sec(cases[i].format), cases[i].bytes);
}

static size_t count(const struct args *a, const char *arg)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += strcmp(a->v[i], arg) == 0;
	return n;
}

static void test_one_piece_is_decoded(void **state)
{
	AUTO_ARGS a = {0};

	(void)state;
	film_speech_join_args(&tools, 1, "out.wav", &a);
	assert_int_equal(count(&a, "voice-000.mp3"), 1);
	assert_string_equal(a.v[a.n - 1], "out.wav");
}

static void test_where_each_begins_is_written_down(void **state)
{
	AUTO_ARGS a = {0};
	size_t i = 0;

	(void)state;
	film_speech_join_args(&tools, 3, "out.wav", &a);
	assert_int_equal(count(&a, "-i"), 3);
	while (strcmp(a.v[i], "-filter_complex") != 0)
		i++;
	assert_non_null(strstr(a.v[i + 1], "value=2:enable=not(n)[p2];[p0][p1][p2]concat=n=3"));
	assert_non_null(strstr(a.v[i + 1], "mode=print:key=piece:file=-"));
	assert_string_equal(a.v[a.n - 1], "out.wav");
}

static void test_places_are_read(void **state)
{
	static const struct {
		const char *title, *text;
		int64_t places[3]; /* the first -1: refused */
	} texts[] = {
		{"all",
			"frame:0    pts:0       pts_time:0\npiece=0\n"
			"frame:9    pts:474312  pts_time:0.474312\npiece=1\n"
			"frame:12   pts:900500  pts_time:0.9\npiece=2\n",
			{0, 474, 901}},
		{"one without sound", "frame:0 pts:0\npiece=0\nframe:9 pts:500000\npiece=2\n", {0, 500, 500}},
		{"the last without sound", "frame:0 pts:0\npiece=0\nframe:9 pts:500000\npiece=1\n",
			{0, 500, 2000}},
		{"none", "", {2000, 2000, 2000}},
		{"never falling",
			"frame:0 pts:5000\npiece=0\nframe:0 pts:9000000\npiece=1\nframe:1 pts:700000\n"
			"piece=2",
			{5, 700, 700}},
		{"a piece too many", "frame:0 pts:0\npiece=3\n", {-1}},
		{"no time", "piece=0\n", {-1}},
		{"something else", "frame:0 pts:NOPTS\npiece=0\n", {-1}},
		{"a number without end", "frame:0 pts:99999999999999999999999999\npiece=0\n", {-1}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		int64_t places[3];
		struct err e;
		int done = film_speech_places(texts[i].text, 3, 2000, places, &e);

		if (done != (texts[i].places[0] < 0 ? -1 : 0) ||
			(done == 0 && memcmp(places, texts[i].places, sizeof(places)) != 0))
			fail_msg("%s: %d", texts[i].title, done);
	}
}

static void test_the_most_pieces_fit_a_command(void **state)
{
	AUTO_ARGS a = {0};

	(void)state;
	film_speech_join_args(&tools, FILM_SPEECH_PIECES, "out.wav", &a);
	assert_int_equal(count(&a, "-i"), FILM_SPEECH_PIECES);
	assert_true(a.n < ARGS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_of_a_second),
		cmocka_unit_test(test_one_piece_is_decoded),
		cmocka_unit_test(test_where_each_begins_is_written_down),
		cmocka_unit_test(test_places_are_read),
		cmocka_unit_test(test_the_most_pieces_fit_a_command),
	};

	return cmocka_run_group_tests_name("film_speech", tests, NULL, NULL);
}
