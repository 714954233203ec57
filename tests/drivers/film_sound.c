/*
 * The makers of a film's sound for tests that run its commands: film_sound COMMAND JSON prints the arguments,
 * each ended by a zero byte, or, for what reads, takes an answer on standard input and prints JSON.
 *
 *   listen SOUND           mix {"sound": SOUND, "levels": {...}, "out": "mix.wav"}
 *   heard, measured (read) master {"mix": "mix.wav", "frames": N, "gain": dB, "ceiling": dB, "out": "a.m4a"}
 *   measure {"file": "a.m4a", "frames": N}
 *   gain {"mix": {...}, "tried": {...}, "got": {...}} prints {} where it is done
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/film/sound.h"
#include "lib/base/args.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/text.h"
#include "lib/io/json.h"

#define ANSWER_MAX_BYTES (256 * 1024)

static const struct film_tools tools = {.ffmpeg = "ffmpeg", .ffprobe = "ffprobe", .threads = 1};

static double number(const struct json *object, const char *key)
{
	const char *text = json_number_text(json_get(object, key));
	int64_t v = 0;

	if (text && !text_to_scaled(text, 6, INT64_MIN, INT64_MAX, &v)) {
		(void)fprintf(stderr, "%s: %s\n", key, text);
		exit(2);
	}
	return (double)v / 1e6;
}

static int whole(const struct json *object, const char *key)
{
	return (int)json_int(json_get(object, key));
}

static void read_sound(
	const struct json *j, struct film_sound *s, struct film_speech *speech, struct film_noise *noise)
{
	const struct json *list = json_get(j, "speech");

	*s = (struct film_sound){.frames = (unsigned)whole(j, "frames"),
		.voice = json_string(json_get(j, "voice")),
		.speech = speech,
		.speech_count = json_count(list),
		.music = json_string(json_get(j, "music")),
		.music_ms = whole(j, "musicMs"),
		.music_is_ring = json_bool(json_get(j, "musicIsRing")),
		.noise = noise,
		.noise_count = json_count(json_get(j, "noise")),
		.voice_volume = whole(j, "voiceVolume"),
		.music_volume = whole(j, "musicVolume"),
		.scene_volume = whole(j, "sceneVolume")};
	for (size_t i = 0; i < s->speech_count && i < FILM_PARTS_MAX; i++)
		speech[i] = (struct film_speech){whole(json_at(list, i), "from"),
			whole(json_at(list, i), "to"), whole(json_at(list, i), "at")};
	list = json_get(j, "noise");
	for (size_t i = 0; i < s->noise_count && i < FILM_NOISE_MAX; i++)
		noise[i] = (struct film_noise){json_string(json_get(json_at(list, i), "clip")),
			whole(json_at(list, i), "at"), whole(json_at(list, i), "length")};
}

static void listen_args(const struct json *j, struct args *a)
{
	struct film_speech speech[FILM_PARTS_MAX];
	struct film_noise noise[FILM_NOISE_MAX];
	struct film_sound s;

	read_sound(j, &s, speech, noise);
	film_listen_args(&tools, &s, a);
}

static void mix_args(const struct json *j, struct args *a)
{
	struct film_speech speech[FILM_PARTS_MAX];
	struct film_noise noise[FILM_NOISE_MAX];
	const struct json *l = json_get(j, "levels");
	struct film_levels levels = {number(l, "voice"), number(l, "music"), number(l, "noise")};
	struct film_sound s;

	read_sound(json_get(j, "sound"), &s, speech, noise);
	film_mix_args(&tools, &s, &levels, json_string(json_get(j, "out")), a);
}

static struct film_master read_master(const struct json *j)
{
	return (struct film_master){.gain_db = number(j, "gain"), .ceiling_db = number(j, "ceiling")};
}

static void master_args(const struct json *j, struct args *a)
{
	struct film_master m = read_master(j);

	film_master_args(&tools, json_string(json_get(j, "mix")), (unsigned)whole(j, "frames"), &m,
		json_string(json_get(j, "out")), a);
}

static void measure_args(const struct json *j, struct args *a)
{
	film_measure_args(&tools, json_string(json_get(j, "file")), (unsigned)whole(j, "frames"), a);
}

static struct film_loudness read_loudness(const struct json *j)
{
	return (struct film_loudness){number(j, "lufs"), number(j, "dbtp"), number(j, "range")};
}

static void print_gain(const struct json *j)
{
	struct film_loudness mix = read_loudness(json_get(j, "mix")), got = read_loudness(json_get(j, "got"));
	struct film_master tried = read_master(json_get(j, "tried")), next;
	bool first = !json_get(j, "tried");

	if (film_gain(&mix, first ? NULL : &tried, first ? NULL : &got, &next))
		(void)printf("{\"gain\": %.3f, \"ceiling\": %.3f}\n", next.gain_db, next.ceiling_db);
	else
		(void)printf("{}\n");
}

static int print_answer(const char *command)
{
	static char answer[ANSWER_MAX_BYTES];
	size_t n = fread(answer, 1, sizeof(answer), stdin);
	struct film_levels l;
	struct film_loudness m;
	struct err e;
	bool heard = strcmp(command, "heard") == 0;

	if ((heard ? film_listen_read(answer, n, &l, &e) : film_measure_read(answer, n, &m, &e)) < 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	if (heard)
		(void)printf(
			"{\"voice\": %.3f, \"music\": %.3f, \"noise\": %.3f}\n", l.voice, l.music, l.noise);
	else
		(void)printf("{\"lufs\": %.3f, \"dbtp\": %.3f, \"range\": %.3f}\n", m.lufs, m.dbtp, m.range);
	return 0;
}

static const struct {
	const char *name;
	void (*make)(const struct json *j, struct args *a);
} makers[] = {{"listen", listen_args}, {"mix", mix_args}, {"master", master_args}, {"measure", measure_args}};

int main(int argc, char **argv)
{
	AUTO(json) j = NULL;
	AUTO_ARGS a = {0};
	struct err e;

	if (argc == 2)
		return print_answer(argv[1]);
	if (argc != 3 || json_parse(argv[2], strlen(argv[2]), &j, &e) < 0)
		return 2;
	if (strcmp(argv[1], "gain") == 0)
		print_gain(j);
	for (size_t i = 0; i < ARRAY_LEN(makers); i++)
		if (strcmp(makers[i].name, argv[1]) == 0)
			makers[i].make(j, &a);
	for (size_t i = 0; i < a.n; i++)
		(void)fwrite(a.v[i], 1, strlen(a.v[i]) + 1, stdout);
	return 0;
}
