/* What ffmpeg is told, whoever makes the command: fences on every input, nothing of a client's among the
 * arguments, and answers read back. */

#include "daemon/film/film.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/film/clip.h"
#include "daemon/film/encode.h"
#include "daemon/film/pictures.h"
#include "daemon/film/report.h"
#include "daemon/film/sound.h"
#include "lib/base/args.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/video/look.h"

#define ONE_ARGUMENT_MAX (128 * 1024)

static const struct film_tools tools = {.ffmpeg = "/usr/bin/ffmpeg",
	.ffprobe = "/usr/bin/ffprobe",
	.lettering = "/usr/bin/lettering",
	.threads = 2};
static const struct film_size size = {540, 960};

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
static void check_fences(const struct args *a)
{
	size_t generators = count(a, "lavfi");

	assert_int_equal(count(a, "-i"), count(a, "-format_whitelist") + generators);
	assert_int_equal(count(a, "-protocol_whitelist"), count(a, "-format_whitelist"));
	for (size_t i = 0; i < a->n; i++)
		assert_true(strlen(a->v[i]) < ONE_ARGUMENT_MAX);
}

/* One that makes a file. */
static void check_command(const struct args *a, const char *out)
{
	assert_string_equal(a->v[0], "/usr/bin/ffmpeg");
	assert_string_equal(a->v[a->n - 1], out);
	assert_true(find(a, "-nostdin") < a->n && find(a, "-y") < a->n);
	assert_has(a, "-loglevel", "error");
	assert_has(a, "-map_metadata", "-1");
	assert_string_equal(a->v[a->n - 3], "-f");
	check_fences(a);
}

/* One that only prints. */
static void check_printer(const struct args *a)
{
	assert_true(find(a, "-progress") == a->n); /* it would print between */
	check_fences(a);
}

static void clips_keep_the_rules(void **state)
{
	static const struct film_clip clips[] = {
		{.size = {540, 960},
			.frames = 90,
			.picture = "picture-000",
			.picture_width = 1600,
			.picture_height = 1200},
		{.size = {960, 960},
			.frames = 1800,
			.picture = "picture-002",
			.picture_width = 900,
			.picture_height = 1600},
		{.size = {960, 540}, .frames = 75},
	};

	(void)state;
	for (int style = 0; style < STYLE_COUNT; style++) {
		for (size_t i = 0; i < ARRAY_LEN(clips); i++) {
			struct film_clip clip = clips[i];
			AUTO_ARGS a = {0};

			clip.style = style;
			clip.item = i;
			film_clip_args(&tools, &clip, "scene.mp4", &a);
			check_command(&a, "scene.mp4");
			assert_has(&a, "-progress", "pipe:1");
			if (clip.picture)
				assert_has(&a, "-codec_whitelist", "mjpeg,png,webp");
		}
	}
}

static void pieces_keep_the_rules(void **state)
{
	const struct film_caption caption = {.image = {"c.png", 10, 20, 30, 40}, .from = 3, .to = 9};

	(void)state;
	for (int fit = 0; fit < FIT_COUNT; fit++) {
		struct film_shot shot = {.clip = "scene.mp4", .fit = fit, .focus_x = 500, .focus_y = 500};
		struct film_shot card = {.clip = NULL};
		AUTO_ARGS body = {0}, over = {0}, join = {0};

		shot.layers = (struct film_layers){.text = {"t.png", 1, 2, 3, 4},
			.captions = &caption,
			.caption_count = 1,
			.caption_list = "captions.txt",
			.logo = {"logo.png", 1, 2, 3, 4}};
		film_body_args(&tools, &size, &shot, 0, 90, "encode", &body);
		check_command(&body, "encode");
		film_transition_args(
			&tools, &size, &shot, 90, &card, TRANSITION_FADE, 15, "transition", &over);
		check_command(&over, "transition");
		film_join_args(&tools, "pieces.txt", "sound.m4a", "film", &join);
		check_command(&join, "film");
	}
}

static void sound_keeps_the_rules(void **state)
{
	const struct film_speech speech = {.from_ms = 0, .to_ms = 900, .at_ms = 100};
	const struct film_noise noise = {.clip = "scene.mp4", .at_ms = 0, .length_ms = 3000};
	const struct film_sound sound = {.frames = 90,
		.voice = "voice.wav",
		.speech = &speech,
		.speech_count = 1,
		.music = "/assets/music/a.m4a",
		.noise = &noise,
		.noise_count = 1,
		.voice_volume = 100,
		.music_volume = 30,
		.scene_volume = 50};
	const struct film_levels levels = {-20, -18, -30};
	const struct film_master master = {3, -1.5};
	AUTO_ARGS listen = {0}, mix = {0}, mastered = {0}, measure = {0};

	(void)state;
	film_listen_args(&tools, &sound, &listen);
	check_printer(&listen);
	film_mix_args(&tools, &sound, &levels, "mix.wav", &mix);
	check_printer(&mix);
	film_master_args(&tools, "mix.wav", 90, &master, "sound", &mastered);
	check_command(&mastered, "sound");
	film_measure_args(&tools, "sound", 90, &measure);
	check_printer(&measure);
}

static void looking_keeps_the_rules(void **state)
{
	const struct film_pictures p = {.film = "film.mp4",
		.size = {540, 960},
		.frames = 200,
		.still_frame = 30,
		.still = "still",
		.preview = "preview",
		.sprite = "sprite"};
	AUTO_ARGS look = {0}, pictures = {0}, packets = {0}, inspect = {0}, png = {0};

	(void)state;
	film_look_args(&tools, "film.mp4", &look);
	check_printer(&look);
	film_pictures_args(&tools, &p, 1, &pictures);
	check_command(&pictures, "still");
	film_packets_args(&tools, "film.mp4", &packets);
	assert_string_equal(packets.v[0], "/usr/bin/ffprobe");
	check_printer(&packets);
	film_inspect_args(&tools, "film.mp4", &inspect);
	check_printer(&inspect);
	film_png_args(&tools, "logo.came", 1024, "logo.png", &png);
	check_command(&png, "logo.png");
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
		cmocka_unit_test(clips_keep_the_rules),
		cmocka_unit_test(pieces_keep_the_rules),
		cmocka_unit_test(sound_keeps_the_rules),
		cmocka_unit_test(looking_keeps_the_rules),
		cmocka_unit_test(progress_lines),
		cmocka_unit_test(probe_reads_answers),
		cmocka_unit_test(probe_reads_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
