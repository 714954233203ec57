/* How much sound takes, and the command that joins pieces of speech. */

#include "daemon/film/speech.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/film/film.h"
#include "daemon/film/tools.h"
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
	assert_int_equal(count(&a, "voice-000.raw"), 0);
	assert_string_equal(a.v[a.n - 1], "out.wav");
}

/* The last needs no samples of its own: nothing comes after it. */
static void test_of_several_the_samples_are_left(void **state)
{
	AUTO_ARGS a = {0};

	(void)state;
	film_speech_join_args(&tools, 3, "out.wav", &a);
	assert_int_equal(count(&a, "-i"), 3);
	assert_int_equal(count(&a, "voice-001.raw"), 1);
	assert_int_equal(count(&a, "voice-002.raw"), 0);
	assert_string_equal(a.v[a.n - 1], "out.wav");
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
		cmocka_unit_test(test_of_several_the_samples_are_left),
		cmocka_unit_test(test_the_most_pieces_fit_a_command),
	};

	return cmocka_run_group_tests_name("film_speech", tests, NULL, NULL);
}
