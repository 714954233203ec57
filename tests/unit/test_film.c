/* What ffmpeg is told: no user text among arguments, fences on every input, exact lengths, and answers read
 * back. */

#include "daemon/film/film.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"

#define HOSTILE          "x',drawtext=textfile=/etc/passwd,{\\an8}\\N[0:v];"
#define ONE_ARGUMENT_MAX (128 * 1024)

static const struct film_scene scenes[] = {
	{.frames = 90,
		.clip_frames = 90,
		.text = HOSTILE,
		.picture = "picture-000",
		.picture_width = 1600,
		.picture_height = 1200},
	{.frames = 75, .clip_frames = 60, .text = HOSTILE},
	{.frames = 1800,
		.clip_frames = 1800,
		.picture = "picture-002",
		.picture_width = 900,
		.picture_height = 1600},
};

static struct film film_new(void)
{
	return (struct film){.tools.ffmpeg = "/usr/bin/ffmpeg",
		.tools.ffprobe = "/usr/bin/ffprobe",
		.width = 1080,
		.height = 1920,
		.title = HOSTILE,
		.tools.threads = 2,
		.scenes = scenes,
		.scene_count = ARRAY_LEN(scenes),
		.voice = "voice.wav",
		.music = "/assets/music/a.m4a",
		.music_volume = 30,
		.voice_volume = 100};
}

static size_t find(const struct args *a, const char *arg)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i], arg) == 0)
			return i;
	return a->n;
}

static const char *after(const struct args *a, const char *arg)
{
	size_t i = find(a, arg);

	return i + 1 < a->n ? a->v[i + 1] : "";
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

/* What every command must keep to. */
static void check_command(const struct args *a, const char *out)
{
	assert_string_equal(a->v[0], "/usr/bin/ffmpeg");
	assert_string_equal(a->v[a->n - 1], out);
	assert_true(find(a, "-nostdin") < a->n && find(a, "-y") < a->n);
	assert_has(a, "-loglevel", "error");
	assert_has(a, "-progress", "pipe:1");
	assert_has(a, "-map_metadata", "-1");
	assert_string_equal(a->v[a->n - 3], "-f");
	for (size_t i = 0; i < a->n; i++) {
		if (strstr(a->v[i], "passwd") || strstr(a->v[i], "an8"))
			fail_msg("a user's text is in the argument \"%s\"", a->v[i]);
		assert_true(strlen(a->v[i]) < ONE_ARGUMENT_MAX);
	}
	/* only a generator may come in without a fence */
	assert_int_equal(count(a, "-i"), count(a, "-format_whitelist") + count(a, "lavfi"));
	assert_int_equal(count(a, "-protocol_whitelist"), count(a, "-format_whitelist"));
}

static void commands_keep_their_rules(void **state)
{
	(void)state;
	struct film f = film_new();

	for (int style = 0; style < STYLE_COUNT; style++) {
		f.style = style;
		for (size_t i = 0; i < f.scene_count; i++) {
			AUTO_ARGS scene = {0}, encode = {0};

			film_local_scene_args(&f, i, "scene.mp4", &scene);
			check_command(&scene, "scene.mp4");
			if (scenes[i].picture)
				assert_has(&scene, "-codec_whitelist", "mjpeg,png,webp");
			film_encode_args(&f, i, "scene.mp4", "text.ass", "part", &encode);
			check_command(&encode, "part");
		}
	}
	AUTO_ARGS voice = {0}, sound = {0}, join = {0}, still = {0};

	film_local_voice_args(&f, "script.txt", HOSTILE, "voice.wav", &voice);
	check_command(&voice, "voice.wav");
	film_sound_args(&f, "sound", &sound);
	check_command(&sound, "sound");
	film_assemble_args(&f, "parts.txt", "sound.m4a", "film", &join);
	check_command(&join, "film");
	film_still_args(&f, "film.mp4", "still", &still);
	check_command(&still, "still");
}

static void lengths_are_exact(void **state)
{
	(void)state;
	struct film f = film_new();
	AUTO_ARGS scene = {0}, encode = {0}, plain = {0}, sound = {0};

	film_local_scene_args(&f, 1, "s", &scene);
	assert_has(&scene, "-frames:v", "60"); /* the hold is the encoder's */
	film_encode_args(&f, 1, "s", "text-001.ass", "p", &encode);
	assert_has(&encode, "-frames:v", "75");
	assert_non_null(strstr(after(&encode, "-vf"), "tpad=stop_mode=clone:stop=75,trim=end_frame=75"));
	assert_non_null(strstr(after(&encode, "-vf"), "ass=f=text-001.ass"));
	film_encode_args(&f, 1, "s", NULL, "p", &plain);
	assert_null(strstr(after(&plain, "-vf"), "ass="));
	film_sound_args(&f, "a", &sound);
	assert_non_null(
		strstr(after(&sound, "-filter_complex"), "atrim=end_sample=3144000")); /* 1965 frames */
}

/* The options that make copying packets possible must be the same for all parts of all films. */
static void parts_are_encoded_alike(void **state)
{
	(void)state;
	static const struct video_size sizes[] = {{1920, 1080}, {1080, 1920}, {1080, 1080}, {1080, 1350}};
	static const char *const same[] = {"-c:v", "-preset", "-profile:v", "-crf", "-g", "-x264-params",
		"-pix_fmt", "-video_track_timescale", "-colorspace", "-color_range"};
	struct film f = film_new();
	AUTO_ARGS first = {0};

	film_encode_args(&f, 0, "s", NULL, "p", &first);
	assert_has(&first, "-profile:v", "high");
	for (size_t size = 0; size < ARRAY_LEN(sizes); size++) {
		AUTO_ARGS a = {0};

		f.width = sizes[size].width;
		f.height = sizes[size].height;
		film_encode_args(&f, 2, "other", "t", "q", &a);
		for (size_t i = 0; i < ARRAY_LEN(same); i++)
			assert_has(&a, same[i], after(&first, same[i]));
	}
}

static void sound_by_what_there_is(void **state)
{
	(void)state;
	static const struct {
		const char *title, *voice, *music;
		int volume;
		size_t inputs;
		const char *has, *has_not;
	} cases[] = {
		{"both", "v", "/m", 30, 2, "sidechaincompress", "anullsrc"},
		{"both, mixed as they are", "v", "/m", 100, 2, "normalize=0", "anullsrc"},
		{"half as loud is ten decibels", "v", "/m", 50, 2, "volume=-6.00dB",
			"anullsrc"}, /* +4 of the library */
		{"volume 0 is no music", "v", "/m", 0, 1, "loudnorm", "amix"},
		{"voice only", "v", NULL, 30, 1, "loudnorm", "amix"},
		{"music only", NULL, "/m", 30, 1, "aloop=loop=-1", "amix"},
		{"music only at volume 0", NULL, "/m", 0, 0, "anullsrc", "loudnorm"},
		{"nothing", NULL, NULL, 30, 0, "anullsrc", "loudnorm"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct film f = film_new();
		AUTO_ARGS a = {0};

		f.voice = cases[i].voice;
		f.music = cases[i].music;
		f.music_volume = cases[i].volume;
		film_sound_args(&f, "a", &a);

		const char *graph = after(&a, "-filter_complex");
		if (count(&a, "-i") != cases[i].inputs || !strstr(graph, cases[i].has) ||
			strstr(graph, cases[i].has_not))
			fail_msg("%s: %zu inputs, %s", cases[i].title, count(&a, "-i"), graph);
		assert_non_null(strstr(graph, "alimiter"));
	}
}

static void the_voice_by_its_volume(void **state)
{
	(void)state;
	static const struct {
		const char *title, *music;
		int volume;
		size_t inputs;
		const char *has, *has_not;
	} cases[] = {
		{"as it was spoken", "/m", 100, 2, "[said]volume=0.00dB:precision=double[voice]", "anullsrc"},
		{"half as loud is ten decibels", "/m", 50, 2, "[said]volume=-10.00dB:precision=double[voice]",
			"anullsrc"},
		{"it ducks the music as before", "/m", 10, 2, "asplit[said][key]", "anullsrc"},
		{"without music", NULL, 50, 1, "volume=-10.00dB:precision=double[mix]", "amix"},
		{"silent below music", "/m", 0, 1, "aloop=loop=-1", "amix"},
		{"silent without music", NULL, 0, 0, "anullsrc", "loudnorm"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct film f = film_new();
		AUTO_ARGS a = {0};

		f.music = cases[i].music;
		f.voice_volume = cases[i].volume;
		film_sound_args(&f, "a", &a);

		const char *graph = after(&a, "-filter_complex");
		if (count(&a, "-i") != cases[i].inputs || !strstr(graph, cases[i].has) ||
			strstr(graph, cases[i].has_not))
			fail_msg("%s: %zu inputs, %s", cases[i].title, count(&a, "-i"), graph);
	}
}

static void voices_by_name(void **state)
{
	(void)state;
	static const struct {
		const char *id, *source;
	} cases[] = {
		{NULL, "flite=textfile=script.txt:voice=slt"},
		{"", "flite=textfile=script.txt:voice=slt"},
		{"default", "flite=textfile=script.txt:voice=slt"},
		{"male", "flite=textfile=script.txt:voice=rms"},
		{"kal16", "flite=textfile=script.txt:voice=kal16"},
		{"pNInz6obpgDQGcFmaJgB", "flite=textfile=script.txt:voice=slt"},
		{"slt:text=x", "flite=textfile=script.txt:voice=slt"},
	};
	struct film f = film_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARGS a = {0};

		film_local_voice_args(&f, "script.txt", cases[i].id, "v.wav", &a);
		assert_has(&a, "-i", cases[i].source);
	}
}

/* What stands in the ASS file's last line, after the override that is ours. */
static void text_is_data(void **state)
{
	(void)state;
	static const struct {
		const char *title, *text, *shown;
	} cases[] = {
		{"plain", "Shop Now", "Shop Now"},
		{"punctuation", "It's 50% \"off\": now; [x], 'y'", "It's 50% \"off\": now; [x], 'y'"},
		{"an override", "{\\an8}x",
			"\\{\\\xE2\x81\xA0"
			"an8\\}x"},
		{"a line break's letters", "a\\Nb\\nc\\hd",
			"a\\\xE2\x81\xA0Nb\\\xE2\x81\xA0nc\\\xE2\x81\xA0hd"},
		{"a line break", "a\nb", "a\\Nb"},
		{"line breaks of all kinds",
			"a\r\nb\xE2\x80\xA8"
			"c",
			"a\\Nb\\Nc"},
		{"blanks", "  a \t b\n\n  c  ", "a b\\Nc"},
		{"controls",
			"a\x01\x1B"
			"b\x7F",
			"ab"},
		{"a new event", "x\nDialogue: 0,0:00:00.00,9:00:00.00,Text,,0,0,0,,y",
			"x\\NDialogue: 0,0:00:00.00,9:00:00.00,Text,,0,0,0,,y"},
		{"bidi overrides",
			"a\xE2\x80\xAE"
			"b",
			"ab"},
		{"broken UTF-8", "a\xFF\xC3", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
		{"emoji without its colour mark", "\xE2\x9D\xA4\xEF\xB8\x8F", "\xE2\x9D\xA4"},
	};
	struct film_scene scene = {
		.frames = 30, .clip_frames = 30, .picture = "p", .picture_width = 9, .picture_height = 16};
	struct film f = film_new();

	f.width = 20000; /* one line each */
	f.height = 1080;
	f.scenes = &scene;
	f.scene_count = 1;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF b = BUF_INIT(64 * 1024);

		scene.text = cases[i].text;
		assert_true(film_text(&f, 0, &b));

		const char *last =
			strrchr(buf_text(&b), '{') ? strstr(strstr(buf_text(&b), ",Text,,"), "}") + 1 : "";
		size_t n = strcspn(last, "\n");
		if (n != strlen(cases[i].shown) || strncmp(last, cases[i].shown, n) != 0)
			fail_msg("%s: \"%.*s\", not \"%s\"", cases[i].title, (int)n, last, cases[i].shown);
		assert_string_equal(last + n, "\n");
	}
}

static void text_where_there_is_some(void **state)
{
	(void)state;
	static const struct {
		const char *title, *text, *picture;
		bool shown;
	} cases[] = {
		{"none on a picture", NULL, "p", false},
		{"blank on a picture", " \n\t", "p", false},
		{"only what cannot be shown", "\xEF\xB8\x8F\x01", "p", false},
		{"a card without text shows the title", NULL, NULL, true},
		{"a card with text", "x", NULL, true},
		{"on a picture", "x", "p", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct film_scene scene = {
			.frames = 1, .clip_frames = 1, .text = cases[i].text, .picture = cases[i].picture};
		struct film f = film_new();
		AUTO_BUF b = BUF_INIT(64 * 1024);

		f.scenes = &scene;
		f.scene_count = 1;
		f.title = "A title";
		if (film_text(&f, 0, &b) != cases[i].shown)
			fail_msg("%s", cases[i].title);
		if (!cases[i].text && cases[i].shown)
			assert_non_null(strstr(buf_text(&b), "A title"));
	}
}

static void frames_of_the_whole(void **state)
{
	(void)state;
	static const struct {
		int64_t voice_ms;
		unsigned frames;
	} cases[] = {
		{0, 165},
		{1000, 165},
		{5100, 165},
		{5101, 166},
		{6000, 192},
		{6001, 193},
	};
	struct scene parts[] = {{.duration_ms = 3000}, {.duration_ms = 2500}};
	struct video v = {.scenes = parts, .scene_count = ARRAY_LEN(parts)};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(film_total_frames(&v, cases[i].voice_ms), cases[i].frames);
}

static void progress_lines(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int64_t frames;
	} cases[] = {
		{"frame=42", 42},
		{"frame=0", 0},
		{"out_time_us=1500000", 45},
		{"out_time_us=N/A", -1},
		{"fps=12.5", -1},
		{"frame=", -1},
		{"frame=-1", -1},
		{"frame=1x", -1},
		{"", -1},
		{"progress=end", -1},
		{"out_time_us=9223372036854775807", -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (film_progress_frames(cases[i].line) != cases[i].frames)
			fail_msg("%s", cases[i].line);
}

static void names_of_parts(void **state)
{
	(void)state;
	struct film f = film_new();
	AUTO_BUF b = BUF_INIT(1024);
	char name[32];

	film_part_name(49, name);
	assert_string_equal(name, "part-049.mp4");
	film_list(&f, &b);
	assert_string_equal(buf_text(&b),
		"ffconcat version 1.0\nfile part-000.mp4\nfile part-001.mp4\nfile part-002.mp4\n");
}

#define STREAM                                                                                               \
	"{\"codec_type\":\"video\",\"codec_name\":\"h264\",\"width\":1080,\"height\":1920,\"pix_fmt\":"      \
	"\"yuv420p\","                                                                                       \
	"\"nb_frames\":\"90\""
#define FORMAT ",\"format\":{\"format_name\":\"mov,mp4,m4a,3gp,3g2,mj2\",\"duration\":\"3.0013\"}}"

static void probe_reads_answers(void **state)
{
	(void)state;
	static const struct {
		const char *title, *json;
		int result, width, height;
		int64_t frames, duration_ms;
	} cases[] = {
		{"a clip", "{\"streams\":[" STREAM "}]" FORMAT, 0, 1080, 1920, 90, 3001},
		{"turned by the container",
			"{\"streams\":[" STREAM ",\"side_data_list\":[{\"rotation\":-90}]}]" FORMAT, 0, 1920,
			1080, 90, 3001},
		{"turned by EXIF",
			"{\"frames\":[{\"media_type\":\"video\",\"side_data_list\":[{},{\"rotation\":90}]}],"
			"\"streams\":[" STREAM "}]" FORMAT,
			0, 1920, 1080, 90, 3001},
		{"turned by both is turned once",
			"{\"frames\":[{\"media_type\":\"video\",\"side_data_list\":[{\"rotation\":90}]}],"
			"\"streams\":[" STREAM ",\"side_data_list\":[{\"rotation\":90}]}]" FORMAT,
			0, 1920, 1080, 90, 3001},
		{"upside down", "{\"streams\":[" STREAM ",\"side_data_list\":[{\"rotation\":180}]}]" FORMAT,
			0, 1080, 1920, 90, 3001},
		{"a cover is no video",
			"{\"streams\":[" STREAM ",\"disposition\":{\"attached_pic\":1}}]" FORMAT, 0, 0, 0, 0,
			3001},
		{"no streams", "{\"streams\":[]" FORMAT, 0, 0, 0, 0, 3001},
		{"absurd numbers",
			"{\"streams\":[{\"codec_type\":\"video\",\"width\":-5,\"height\":99999999999,\"nb_"
			"frames\":\"N/A\"}],"
			"\"format\":{\"format_name\":\"x\",\"duration\":\"1e99\"}}",
			0, 0, 0, 0, 0},
		{"nothing", "", -1, 0, 0, 0, 0},
		{"an empty answer", "{}", -1, 0, 0, 0, 0},
		{"no format", "{\"streams\":[]}", -1, 0, 0, 0, 0},
		{"streams that are none", "{\"streams\":3" FORMAT, -1, 0, 0, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct media m = {0};
		struct err e = {0};
		int result = film_probe_read(cases[i].json, strlen(cases[i].json), &m, &e);

		if (result != cases[i].result || m.width != cases[i].width || m.height != cases[i].height ||
			m.frames != cases[i].frames || m.duration_ms != cases[i].duration_ms)
			fail_msg("%s: %d %dx%d %lld frames %lld ms", cases[i].title, result, m.width,
				m.height, (long long)m.frames, (long long)m.duration_ms);
		if (result < 0)
			assert_int_equal(e.kind, ERR_PERM);
	}
}

static void probe_reads_sound(void **state)
{
	(void)state;
	static const char json[] =
		"{\"streams\":[{\"codec_type\":\"audio\",\"codec_name\":\"aac\",\"sample_rate\":\"48000\","
		"\"channels\":2}],\"format\":{\"format_name\":\"wav\",\"duration\":\"9.275000\"}}";
	struct media m = {0};
	struct err e = {0};

	assert_int_equal(film_probe_read(json, sizeof(json) - 1, &m, &e), 0);
	assert_true(m.has_audio && !m.has_video);
	assert_int_equal(m.sample_rate, 48000);
	assert_int_equal(m.channels, 2);
	assert_int_equal(m.duration_ms, 9275);
	assert_string_equal(m.audio_codec, "aac");
	assert_string_equal(m.format, "wav");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_keep_their_rules),
		cmocka_unit_test(lengths_are_exact),
		cmocka_unit_test(parts_are_encoded_alike),
		cmocka_unit_test(sound_by_what_there_is),
		cmocka_unit_test(the_voice_by_its_volume),
		cmocka_unit_test(voices_by_name),
		cmocka_unit_test(text_is_data),
		cmocka_unit_test(text_where_there_is_some),
		cmocka_unit_test(frames_of_the_whole),
		cmocka_unit_test(progress_lines),
		cmocka_unit_test(names_of_parts),
		cmocka_unit_test(probe_reads_answers),
		cmocka_unit_test(probe_reads_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
