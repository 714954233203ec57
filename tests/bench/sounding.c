/*
 * The commands that make a film's sound, one after the other, as the daemon's own makers write them, for
 * measurements that are no C. usage: sounding FRAMES VOICE MUSIC OUT SAID...
 *
 * SAID: the files with what the commands before have printed. Prints the next command as a JSON array, or
 * null when OUT is done.
 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/film/sound.h"
#include "lib/base/args.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/io/json.h"

#define SAID_MAX_BYTES (1024 * 1024)
#define MIX            "mix.wav"

static const struct film_tools tools = {.ffmpeg = "ffmpeg", .ffprobe = "ffprobe", .threads = 1};

static int read_loudness(const char *file, struct film_loudness *ret, struct err *e)
{
	AUTO_BUF said = BUF_INIT(SAID_MAX_BYTES);

	if (fs_read(file, SAID_MAX_BYTES, &said, e) < 0)
		return -1;
	return film_measure_read(buf_text(&said), said.len, ret, e);
}

static int next_mix(const struct film_sound *s, const char *said_file, struct args *next, struct err *e)
{
	AUTO_BUF said = BUF_INIT(SAID_MAX_BYTES);
	struct film_levels levels;

	if (fs_read(said_file, SAID_MAX_BYTES, &said, e) < 0 ||
		film_listen_read(buf_text(&said), said.len, &levels, e) < 0)
		return -1;
	film_mix_args(&tools, s, &levels, MIX, next);
	return 0;
}

/* After the mix: master and measure in turn, until that is good enough. */
static int next_master(
	const struct film_sound *s, const char *out, char **said, int count, struct args *next, struct err *e)
{
	struct film_loudness mix, got;
	struct film_master master;

	if (read_loudness(said[1], &mix, e) < 0)
		return -1;
	bool more = film_gain(&mix, NULL, NULL, &master);

	for (int i = 2; more && i < count; i += 2) {
		struct film_master tried = master;

		if (i + 1 == count) {
			film_measure_args(&tools, out, s->frames, next);
			return 0;
		}
		if (read_loudness(said[i + 1], &got, e) < 0)
			return -1;
		more = film_gain(&mix, &tried, &got, &master) && i / 2 < FILM_MASTERS;
	}
	if (more)
		film_master_args(&tools, MIX, s->frames, &master, out, next);
	return 0;
}

static int next_command(
	const struct film_sound *s, const char *out, char **said, int count, struct args *next, struct err *e)
{
	if (count == 0) {
		film_listen_args(&tools, s, next);
		return 0;
	}
	return count == 1 ? next_mix(s, said[0], next, e) : next_master(s, out, said, count, next, e);
}

int main(int argc, char **argv)
{
	struct film_sound sound = {.voice_volume = 100, .music_volume = 30};
	AUTO_BUF out = BUF_INIT(SAID_MAX_BYTES);
	AUTO_ARGS next = {0};
	int64_t frames;
	struct err e;

	if (argc < 5 || !text_to_i64(argv[1], 1, 1000000, &frames)) {
		(void)fputs("usage: sounding FRAMES VOICE MUSIC OUT SAID...\n", stderr);
		return 2;
	}
	sound.frames = (unsigned)frames;
	sound.voice = argv[2];
	sound.music = argv[3];
	if (next_command(&sound, argv[4], argv + 5, argc - 5, &next, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	struct json *list = next.n > 0 ? json_new_array() : NULL;

	for (size_t i = 0; i < next.n; i++)
		json_append_string(list, next.v[i]);
	json_write(list, &out);
	json_free(list);
	return puts(buf_text(&out)) < 0;
}
