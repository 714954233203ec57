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
#include "daemon/film/film_priv.h"
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
	assert_int_equal(count(a, "-codec_whitelist"), count(a, "-format_whitelist"));
	assert_int_equal(count(a, "-max_pixels"), count(a, "-format_whitelist"));
	assert_int_equal(count(a, "-max_streams"), count(a, "-format_whitelist"));
	assert_int_equal(count(a, "-max_alloc"), count(a, "-format_whitelist"));
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

/* Whether a name is on a comma-separated list. */
static bool is_on(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == n && strncmp(p, name, n) == 0)
			return true;
	return false;
}

static void nothing_dangerous_is_within_a_fence(void **state)
{
	/* what opens other files, fetches, runs scripts, or draws by itself */
	static const char *const formats[] = {"hls", "applehttp", "dash", "sdp", "rtsp", "avisynth",
		"concatf", "imf", "tedcaptions", "lavfi", "svg_pipe", "gif", "avi", "mpegts", "flv", "asf",
		"image2pipe", "srt", "ass", "webvtt", "subviewer", "tty", "gdigrab", "x11grab", "v4l2",
		"libopenmpt", "gme"};
	static const char *const codecs[] = {"librsvg", "svg", "gif", "apng", "tiff", "exr", "bmp", "ansi",
		"rawvideo", "ffv1", "wmv3", "vmnc", "tscc", "ass", "srt", "webvtt", "h264_cuvid", "libjxl"};

	(void)state;
	for (enum film_fence fence = 0; fence < FENCE_COUNT; fence++) {
		AUTO_ARGS a = {0};
		bool is_list = fence == FENCE_LETTERS_LIST || fence == FENCE_PIECES_LIST;

		film_add_fence(fence, &a);
		assert_has(&a, "-protocol_whitelist", "file,pipe");
		assert_int_equal(is_on(after(&a, "-format_whitelist"), "concat"), is_list);
		for (size_t i = 0; i < ARRAY_LEN(formats); i++)
			if (is_on(after(&a, "-format_whitelist"), formats[i]))
				fail_msg("fence %d: %s", (int)fence, formats[i]);
		for (size_t i = 0; i < ARRAY_LEN(codecs); i++)
			if (is_on(after(&a, "-codec_whitelist"), codecs[i]))
				fail_msg("fence %d: %s", (int)fence, codecs[i]);
	}
}

static void each_source_has_its_own_fence(void **state)
{
	static const struct {
		enum film_fence fence;
		const char *formats, *codecs, *pixels, *packets;
	} rows[] = {
		{FENCE_PICTURE, "jpeg_pipe", "webp", "67108864", "%+#1"},
		{FENCE_SOUND, "flac", "vorbis", "67108864", "%+#1"},
		{FENCE_CLIP, "mov", "hevc", "16777216", "%+#8"},
		{FENCE_OURS, "wav", "h264", "67108864", "%+#1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ARGS a = {0};

		film_probe_args(&tools, rows[i].fence, "a file", &a);
		check_fences(&a);
		assert_string_equal(a.v[0], "/usr/bin/ffprobe");
		assert_has(&a, "-i", "a file");
		assert_has(&a, "-max_pixels", rows[i].pixels);
		assert_has(&a, "-read_intervals", rows[i].packets);
		for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
			bool own = i == k || rows[i].fence == FENCE_OURS;

			if (own && !is_on(after(&a, "-format_whitelist"), rows[k].formats))
				fail_msg("fence %d has no %s", (int)rows[i].fence, rows[k].formats);
		}
		assert_true(is_on(after(&a, "-codec_whitelist"), rows[i].codecs));
		assert_int_equal(count(&a, "explode"), rows[i].fence == FENCE_PICTURE);
	}
}

/* A vendor's clip: whether it has pictures, whether one can be seen, coding, size, length, rate. */
#define CLIP(video, frame, codec, w, h, ms, fps)                                                             \
	{                                                                                                    \
		.has_video = (video), .has_frame = (frame), .video_codec = (codec), .width = (w),            \
		.height = (h), .duration_ms = (ms), .rate = (fps)                                            \
	}

static void clips_are_looked_at(void **state)
{
	static const struct {
		const char *title;
		struct media media;
		const char *says; /* NULL: it will do */
	} rows[] = {
		{"a clip", CLIP(true, true, "h264", 720, 1280, 5000, 24), NULL},
		{"a few frames short", CLIP(true, true, "h264", 720, 1280, 4800, 24), NULL},
		{"the largest", CLIP(true, true, "h264", 4096, 4096, 5000, 24), NULL},
		{"of an unknown rate", CLIP(true, true, "h264", 720, 1280, 5000, 0), NULL},
		{"no picture", CLIP(false, false, "", 0, 0, 5000, 0), "no picture"},
		{"no coding", CLIP(true, true, "", 720, 1280, 5000, 24), "(unknown)"},
		{"a coding of long ago", CLIP(true, true, "cinepak", 720, 1280, 5000, 24), "(cinepak)"},
		{"too wide", CLIP(true, true, "h264", 4097, 1280, 5000, 24), "4097x1280"},
		{"too high", CLIP(true, true, "h264", 720, 4097, 5000, 24), "720x4097"},
		{"no size", CLIP(true, true, "h264", 0, 0, 5000, 24), "0x0"},
		{"tiny", CLIP(true, true, "h264", 15, 1280, 5000, 24), "15x1280"},
		{"nothing of it can be seen", CLIP(true, false, "h264", 720, 1280, 5000, 24),
			"cannot be decoded"},
		{"too short", CLIP(true, true, "h264", 720, 1280, 4700, 24), "4700 ms instead of 5000"},
		{"hours", CLIP(true, true, "h264", 720, 1280, 36000000, 24), "36000 s"},
		{"a slide show", CLIP(true, true, "h264", 720, 1280, 5000, 1), "1 frames a second"},
		{"a million frames", CLIP(true, true, "h264", 720, 1280, 5000, 200000),
			"200000 frames a second"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = {0};
		int rc = film_clip_check(&rows[i].media, 5000, &e);

		if (rc != (rows[i].says ? -1 : 0) || (rows[i].says && !strstr(e.text, rows[i].says)))
			fail_msg("%s: %d \"%s\"", rows[i].title, rc, e.text);
		if (rc < 0)
			assert_int_equal(e.kind, ERR_PERM);
	}
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
	AUTO_ARGS look = {0}, pictures = {0}, packets = {0}, inspect = {0}, png = {0}, flac = {0};

	(void)state;
	film_look_args(&tools, "film.mp4", 90, &look);
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
	film_sound_args(&tools, "music.came", 1800000, "own-music.flac", &flac);
	check_command(&flac, "own-music.flac");
	assert_has(&flac, "-t", "1801");
}

/* What is printed of a film does not grow with it for ever; the frame that is chosen is meant all the same.
 */
static void a_long_film_is_looked_at_more_seldom(void **state)
{
	static const char looked[] =
		"frame:3 pts:3 pts_time:1\nlavfi.signalstats.YAVG=100\n"
		"lavfi.signalstats.YDIF=1\nlavfi.entropy.normalized_entropy.normal.Y=0.9\n"
		"lavfi.blur=4\n";
	static const struct {
		unsigned frames, chosen;
		const char *select;
	} cases[] = {
		{90, 18, "select=not(mod(n\\,6)),"},
		{6000, 18, "select=not(mod(n\\,6)),"},
		{90000, 270, "select=not(mod(n\\,90)),"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARGS a = {0};
		bool found = false;

		film_look_args(&tools, "film.mp4", cases[i].frames, &a);
		for (size_t k = 0; k < a.n; k++)
			found |= strncmp(a.v[k], cases[i].select, strlen(cases[i].select)) == 0;
		assert_true(found);
		assert_int_equal(
			film_still_choose(looked, strlen(looked), cases[i].frames, NULL, 0), cases[i].chosen);
	}
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
	"\"nb_frames\":\"90\",\"avg_frame_rate\":\"30000/1001\""

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
		cmocka_unit_test(nothing_dangerous_is_within_a_fence),
		cmocka_unit_test(each_source_has_its_own_fence),
		cmocka_unit_test(clips_are_looked_at),
		cmocka_unit_test(clips_keep_the_rules),
		cmocka_unit_test(pieces_keep_the_rules),
		cmocka_unit_test(sound_keeps_the_rules),
		cmocka_unit_test(looking_keeps_the_rules),
		cmocka_unit_test(a_long_film_is_looked_at_more_seldom),
		cmocka_unit_test(progress_lines),
		cmocka_unit_test(probe_reads_answers),
		cmocka_unit_test(probe_reads_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
