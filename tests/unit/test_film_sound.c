/* The sound's commands: fences, exact places, what is left out, and the gain that ends within three masters.
 */

#include "daemon/film/sound.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/film/film.h"
#include "lib/base/args.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"

#define ONE_ARGUMENT_MAX (128 * 1024)

static const struct film_tools tools = {.ffmpeg = "/usr/bin/ffmpeg", .threads = 2};
static const struct film_levels levels = {-18, -30, -25};
static const struct film_speech speech[] = {{0, 900, 500}, {900, 1900, 2033}, {1900, 0, 4001}};
static const struct film_noise noise[] = {{"clip-0.mp4", 0, 3000}, {"clip-2.mp4", 5000, 3000}};

static struct film_sound sound_new(void)
{
	return (struct film_sound){.frames = 240,
		.voice = "voice.wav",
		.speech = speech,
		.speech_count = ARRAY_LEN(speech),
		.music = "/assets/music/a.m4a",
		.music_ms = 4000,
		.noise = noise,
		.noise_count = ARRAY_LEN(noise),
		.voice_volume = 100,
		.music_volume = 30,
		.scene_volume = 50};
}

static const char *after(const struct args *a, const char *arg)
{
	for (size_t i = 0; i + 1 < a->n; i++)
		if (strcmp(a->v[i], arg) == 0)
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

static void assert_holds(const char *text, const char *part, bool wanted)
{
	if ((strstr(text, part) != NULL) != wanted)
		fail_msg("\"%s\" is %s in %s", part, wanted ? "not" : "", text);
}

static void every_input_is_fenced(void **state)
{
	struct film_sound s = sound_new();
	struct film_master m = {3, -2};
	AUTO_ARGS listen = {0};
	AUTO_ARGS mix = {0};
	AUTO_ARGS master = {0};
	AUTO_ARGS measure = {0};
	const struct args *const all[] = {&listen, &mix, &master, &measure};

	(void)state;
	film_listen_args(&tools, &s, &listen);
	film_mix_args(&tools, &s, &levels, "mix.wav", &mix);
	film_master_args(&tools, "mix.wav", 240, &m, "sound.m4a", &master);
	film_measure_args(&tools, "sound.m4a", 240, &measure);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert_string_equal(all[i]->v[0], "/usr/bin/ffmpeg");
		assert_true(count(all[i], "-i") > 0);
		assert_int_equal(count(all[i], "-i"), count(all[i], "-format_whitelist"));
		assert_int_equal(count(all[i], "-i"), count(all[i], "-protocol_whitelist"));
	}
	assert_int_equal(count(&mix, "-i"), 4);
	assert_string_equal(mix.v[mix.n - 1], "mix.wav");
	assert_string_equal(master.v[master.n - 1], "sound.m4a");
}

static const char *mix_filters(const struct film_sound *s, struct args *a)
{
	film_mix_args(&tools, s, &levels, "mix.wav", a);
	return after(a, "-filter_complex");
}

/* No name of a file is part of a filter, and each stretch has its own samples and its own slot. */
static void stretches_are_counted_in_samples(void **state)
{
	struct film_sound s = sound_new();
	AUTO_ARGS a = {0};
	const char *filters = mix_filters(&s, &a);

	(void)state;
	assert_holds(filters, "atrim=end_sample=24000[voice_]", true); /* silence until 500 ms */
	assert_holds(filters, "[voice0]atrim=start_sample=0:end_sample=43200,", true);
	assert_holds(filters, "[voice1]atrim=start_sample=43200:end_sample=91200,", true);
	assert_holds(filters, "[voice2]atrim=start_sample=91200,", true);
	assert_holds(
		filters, "apad=whole_len=73584,atrim=end_sample=73584[voice_0]", true); /* until 2,033 ms */
	assert_holds(
		filters, "apad=whole_len=191952,atrim=end_sample=191952[voice_2]", true); /* to the end */
	assert_holds(filters, "atrim=end_sample=384000,asplit[mix]", true);
	assert_holds(filters, "voice.wav", false);
	assert_holds(filters, "a.m4a", false);
	assert_holds(filters, "clip", false);
}

/* What cannot be heard is not read, and does not duck. */
static void what_is_silent_is_left_out(void **state)
{
	static const struct {
		const char *title;
		int voice, music, scene;
		size_t inputs;
		bool duck, pause;
	} cases[] = {
		{"all", 100, 30, 50, 4, true, false},
		{"seed D10: no music", 100, 0, 50, 3, true, false},
		{"voice alone", 100, 0, 0, 1, false, false},
		{"music alone", 0, 30, 0, 1, false, false},
		{"scenes alone", 0, 0, 1, 2, false, false},
		{"nothing", 0, 0, 0, 0, false, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct film_sound s = sound_new();
		AUTO_ARGS a = {0};

		print_message("%s\n", cases[i].title);
		s.voice_volume = cases[i].voice;
		s.music_volume = cases[i].music;
		s.scene_volume = cases[i].scene;
		const char *filters = mix_filters(&s, &a);
		assert_int_equal(count(&a, "-i"), cases[i].inputs);
		assert_holds(filters, "sidechaincompress", cases[i].duck);
		assert_holds(filters, "[said][ducked]amix=inputs=2:normalize=0", cases[i].duck); /* seed D8 */
		assert_int_equal(strncmp(filters, "anullsrc", 8) == 0, cases[i].pause);
	}
}

static void music_is_looped_as_it_needs(void **state)
{
	static const struct {
		const char *title;
		unsigned frames;
		int64_t music_ms;
		bool ring;
		const char *seam;
		bool loop;
	} cases[] = {
		{"a seam of a quarter", 240, 4000, false, "acrossfade=ns=48000:", true},
		{"a seam of two seconds", 240, 60000, false, "acrossfade=ns=96000:", true},
		{"a fifth of a second", 240, 200, false, "acrossfade=ns=2400:", true},
		{"nobody knows how long", 240, 0, false, "acrossfade=ns=4800:", true},
		{"made to be looped", 240, 4000, true, NULL, true},
		{"too long for memory", 18000, 240000, true, "acrossfade=ns=96000:", true},
		{"long enough", 18000, 1200000, false, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct film_sound s = sound_new();
		AUTO_ARGS a = {0};

		print_message("%s\n", cases[i].title);
		s.frames = cases[i].frames;
		s.music_ms = cases[i].music_ms;
		s.music_is_ring = cases[i].ring;
		const char *filters = mix_filters(&s, &a);
		assert_holds(filters, cases[i].seam ? cases[i].seam : "acrossfade", cases[i].seam != NULL);
		assert_holds(filters, "aloop", cases[i].loop);
	}
}

/* A film of as many parts as there may be is still one command. */
static void the_largest_film_fits(void **state)
{
	struct film_speech many[FILM_PARTS_MAX];
	struct film_noise clips[FILM_NOISE_MAX];
	struct film_sound s = sound_new();
	AUTO_ARGS a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] =
			(struct film_speech){(int64_t)i * 9000, (int64_t)i * 9000 + 8000, (int64_t)i * 10000};
	for (size_t i = 0; i < ARRAY_LEN(clips); i++)
		clips[i] = (struct film_noise){"clip.mp4", (int64_t)i * 12000, 12000};
	s.frames = 20000;
	s.speech = many;
	s.speech_count = ARRAY_LEN(many);
	s.noise = clips;
	s.noise_count = ARRAY_LEN(clips);

	const char *filters = mix_filters(&s, &a);
	assert_true(strlen(filters) < ONE_ARGUMENT_MAX);
	assert_holds(filters, "[noise_49]concat=n=50:", true);
	assert_holds(filters, "[meter]", true); /* not cut */
}

/* --- reading --- */

#define METER(name, i, peak)                                                                                 \
	"frame:0    pts:1  pts_time:1\nlavfi.r128.M=-20.1\nlavfi.r128.I=" i "\nlavfi.r128.LRA=3.400\n"       \
	"lavfi.r128.true_peaks_ch0=0.5\nlavfi.r128.true_peak=" peak "\nvideod.meter=" name "\n"

static void a_meter_is_read(void **state)
{
	static const char text[] = METER("mix", "-9.000", "0.100") "out_time_us=5\n" METER(
		"mix", "-16.250", "0.500") "progress=end\n";
	struct film_loudness l;
	struct err e;

	(void)state;
	assert_int_equal(film_measure_read(text, sizeof(text) - 1, &l, &e), 0);
	assert_true(fabs(l.lufs + 16.25) < 1e-9);
	assert_true(fabs(l.range - 3.4) < 1e-9);
	assert_true(fabs(l.dbtp + 6.0206) < 0.001);
}

static void silence_and_nonsense_are_read(void **state)
{
	static const char silence[] = METER("mix", "-70.000", "0.000"), odd[] = METER("mix", "nan", "-inf");
	struct film_loudness l;
	struct err e;

	(void)state;
	assert_int_equal(film_measure_read(silence, sizeof(silence) - 1, &l, &e), 0);
	assert_true(l.lufs <= FILM_SILENCE_LUFS && l.dbtp < -100);
	assert_int_equal(film_measure_read(odd, sizeof(odd) - 1, &l, &e), 0);
	assert_true(l.lufs <= FILM_SILENCE_LUFS && l.dbtp < -100);
	assert_int_equal(film_measure_read("progress=end\n", 13, &l, &e), -1);
	assert_int_equal(e.kind, ERR_TEMP);
	assert_int_equal(film_measure_read("", 0, &l, &e), -1);
}

static void sources_are_told_apart(void **state)
{
	static const char text[] = METER("noise", "-31.0", "0.1") METER("voice", "-17.5", "0.9");
	struct film_levels l;
	struct err e;

	(void)state;
	assert_int_equal(film_listen_read(text, sizeof(text) - 1, &l, &e), 0);
	assert_true(l.voice == -17.5 && l.noise == -31.0 && l.music == FILM_SILENCE_LUFS);
	assert_int_equal(film_listen_read("x\n", 2, &l, &e), -1);
	assert_int_equal(e.kind, ERR_TEMP);
}

/* --- the gain --- */

/* A limiter that takes away ever more of each decibel, and an encoder that adds to peaks and takes from
 * loudness. */
struct world {
	const char *title;
	struct film_loudness mix;
	double share, power; /* of what rises above the ceiling: share * dB ^ power comes through */
	double peaks;        /* dB that the encoder adds */
	double treble;       /* LU that it loses */
	bool reached;
};

static struct film_loudness heard(const struct world *w, const struct film_master *m)
{
	double above = w->mix.dbtp + m->gain_db - m->ceiling_db;
	double taken = m->ceiling_db < 0 && above > 0 ? above - w->share * pow(above, w->power) : 0;
	double peak = w->mix.dbtp + m->gain_db;

	if (m->ceiling_db < 0)
		peak = fmin(peak, m->ceiling_db);
	return (struct film_loudness){
		.lufs = w->mix.lufs + m->gain_db - taken - w->treble, .dbtp = peak + w->peaks};
}

static void the_gain_is_found(void **state)
{
	static const struct world worlds[] = {
		{"speech", {-20, -12, 5}, 1, 1, 0.2, 0, true},
		{"music with peaks", {-20, -3, 5}, 1, 0.95, 0.2, 0, true},
		{"a band", {-20, 1, 5}, 0.9, 0.9, 0.3, 0, true},
		{"drums", {-20, 1, 5}, 0.55, 0.8, 0.3, 0, true},
		{"harder drums", {-20, 1, 5}, 0.6, 0.75, 0.3, 0, true},
		{"treble that AAC does not keep", {-20, -16, 5}, 1, 1, 1, 1.2, true},
		{"peaks that AAC makes", {-20, -5, 5}, 1, 1, 2.5, 0, true},
		{"quiet", {-50, -35, 5}, 1, 0.95, 0.2, 0, true},
		{"clicks", {-20, 17, 5}, 0.01, 0.8, 0.2, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(worlds); i++) {
		const struct world *w = &worlds[i];
		struct film_master m, next;
		struct film_loudness got;
		unsigned masters = 1;

		print_message("%s\n", w->title);
		assert_true(film_gain(&w->mix, NULL, NULL, &m));
		for (got = heard(w, &m); masters < FILM_MASTERS && film_gain(&w->mix, &m, &got, &next);
			masters++) {
			m = next;
			got = heard(w, &m);
		}
		assert_true(got.dbtp <= FILM_PEAK_DBTP);
		assert_true(m.gain_db <= FILM_GAIN_MAX_DB);
		print_message("  %u: %.2f LUFS, %.2f dBTP\n", masters, got.lufs, got.dbtp);
		if (w->reached && fabs(got.lufs - FILM_LOUDNESS_LUFS) > 0.5)
			fail_msg("%s: %.2f LUFS", w->title, got.lufs);
	}
}

static void silence_stays_silence(void **state)
{
	const struct film_loudness silence = {FILM_SILENCE_LUFS, -120, 0};
	struct film_master m;

	(void)state;
	assert_true(film_gain(&silence, NULL, NULL, &m));
	assert_true(m.gain_db == 0);
	assert_false(film_gain(&silence, &m, &silence, &m));
}

static void what_is_near_is_left(void **state)
{
	const struct film_loudness mix = {-20, -9, 3}, got = {-14.2, -1.3, 3};
	struct film_master m = {6, -1.8};

	(void)state;
	assert_false(film_gain(&mix, &m, &got, &m));
	assert_true(m.gain_db == 6);
}

/* --- a client's own file --- */

static void own_sound_is_checked(void **state)
{
	static const struct {
		const char *title;
		struct media media;
		const char *refused; /* part of the text; NULL: it will do */
	} cases[] = {
		{"as usual",
			{.has_audio = true,
				.sample_rate = 44100,
				.channels = 2,
				.duration_ms = 30000,
				.audio_codec = "mp3"},
			NULL},
		{"a picture", {.has_video = true, .width = 10, .height = 10}, "no sound"},
		{"no decoder of ours",
			{.has_audio = true,
				.sample_rate = 44100,
				.channels = 2,
				.duration_ms = 30000,
				.audio_codec = "wmav2"},
			"wmav2"},
		{"no decoder at all",
			{.has_audio = true, .sample_rate = 44100, .channels = 2, .duration_ms = 30000},
			"unknown"},
		{"slow",
			{.has_audio = true,
				.sample_rate = 4000,
				.channels = 1,
				.duration_ms = 30000,
				.audio_codec = "pcm_u8"},
			"4000 samples"},
		{"too many channels",
			{.has_audio = true,
				.sample_rate = 48000,
				.channels = 16,
				.duration_ms = 30000,
				.audio_codec = "pcm_s16le"},
			"16 channels"},
		{"length unknown",
			{.has_audio = true, .sample_rate = 48000, .channels = 1, .audio_codec = "opus"},
			"how long"},
		{"a click",
			{.has_audio = true,
				.sample_rate = 48000,
				.channels = 1,
				.duration_ms = 20,
				.audio_codec = "flac"},
			"20 ms"},
		{"a lecture",
			{.has_audio = true,
				.sample_rate = 48000,
				.channels = 1,
				.duration_ms = 600001,
				.audio_codec = "flac"},
			"601 s; at most 600"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = {0};
		int rc = film_sound_check(&cases[i].media, "voice", FILM_VOICE_MAX_MS, &e);

		print_message("%s: %s\n", cases[i].title, e.text);
		assert_int_equal(rc, cases[i].refused ? -1 : 0);
		if (!cases[i].refused)
			continue;
		assert_int_equal(e.kind, ERR_PERM);
		assert_holds(e.text, cases[i].refused, true);
		assert_int_equal(strncmp(e.text, "voice: ", 7), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_input_is_fenced),
		cmocka_unit_test(stretches_are_counted_in_samples),
		cmocka_unit_test(what_is_silent_is_left_out),
		cmocka_unit_test(music_is_looped_as_it_needs),
		cmocka_unit_test(the_largest_film_fits),
		cmocka_unit_test(a_meter_is_read),
		cmocka_unit_test(silence_and_nonsense_are_read),
		cmocka_unit_test(sources_are_told_apart),
		cmocka_unit_test(the_gain_is_found),
		cmocka_unit_test(silence_stays_silence),
		cmocka_unit_test(what_is_near_is_left),
		cmocka_unit_test(own_sound_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
