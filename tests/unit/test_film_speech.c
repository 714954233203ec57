/* A vendor's sound formats, and the command that joins pieces of speech. */

#include "daemon/film_speech.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/film.h"
#include "lib/base/macros.h"

static const struct film film = {.ffmpeg = "/usr/bin/ffmpeg", .threads = 2};

static void test_formats(void **state)
{
	static const struct {
		const char *name, *extension, *demuxer;
		int64_t rate, bytes_per_sec;
	} cases[] = {
		{"mp3_44100_128", "mp3", NULL, 44100, 16000},
		{"mp3_22050_32", "mp3", NULL, 22050, 4000},
		{"opus_48000_192", "ogg", NULL, 48000, 24000},
		{"wav_44100", "wav", NULL, 44100, 88200},
		{"pcm_16000", "pcm", "s16le", 16000, 32000},
		{"ulaw_8000", "ulaw", "mulaw", 8000, 8000},
		{"alaw_8000", "alaw", "alaw", 8000, 8000},
		{"mp3_44100", "mp3", NULL, 44100, 24000},
		{"flac_of_tomorrow", "mp3", NULL, 0, 24000},
		{"", "mp3", NULL, 0, 24000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct speech_format f = film_speech_format(cases[i].name);

		assert_string_equal(f.extension, cases[i].extension);
		assert_true(!f.demuxer == !cases[i].demuxer);
		if (f.demuxer)
			assert_string_equal(f.demuxer, cases[i].demuxer);
		assert_int_equal(f.rate, cases[i].rate);
		assert_int_equal(f.bytes_per_sec, cases[i].bytes_per_sec);
	}
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
	struct speech_format f = film_speech_format("mp3_44100_128");
	AUTO_ARGS a = {0};

	(void)state;
	film_speech_join_args(&film, &f, 1, "out.wav", &a);
	assert_int_equal(count(&a, "voice-000.mp3"), 1);
	assert_int_equal(count(&a, "voice-000.raw"), 0);
	assert_string_equal(a.v[a.n - 1], "out.wav");
}

/* The last needs no samples of its own: nothing comes after it. */
static void test_of_several_the_samples_are_left(void **state)
{
	struct speech_format f = film_speech_format("mp3_44100_128");
	AUTO_ARGS a = {0};

	(void)state;
	film_speech_join_args(&film, &f, 3, "out.wav", &a);
	assert_int_equal(count(&a, "-i"), 3);
	assert_int_equal(count(&a, "voice-001.raw"), 1);
	assert_int_equal(count(&a, "voice-002.raw"), 0);
	assert_string_equal(a.v[a.n - 1], "out.wav");
}

/* Of the format with the most arguments. */
static void test_the_most_pieces_fit_a_command(void **state)
{
	struct speech_format f = film_speech_format("pcm_44100");
	AUTO_ARGS a = {0};

	(void)state;
	film_speech_join_args(&film, &f, FILM_SPEECH_PIECES, "out.wav", &a);
	assert_int_equal(count(&a, "s16le"), 3 * FILM_SPEECH_PIECES - 1);
	assert_true(a.n < ARGS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_one_piece_is_decoded),
		cmocka_unit_test(test_of_several_the_samples_are_left),
		cmocka_unit_test(test_the_most_pieces_fit_a_command),
	};

	return cmocka_run_group_tests_name("film_speech", tests, NULL, NULL);
}
