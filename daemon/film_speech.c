/*
 * Pieces are joined after decoding: an MP3 is padded at both ends, and joined as packets each seam would be a
 * hole. Each piece is resampled by itself, so the samples of the whole are exactly those of its pieces.
 */
#include "daemon/film_speech.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/film_priv.h"
#include "lib/base/buf.h"
#include "lib/base/text.h"

#define FILTERS_MAX_BYTES (64 * 1024)
#define ONE_PIECE         "aresample=48000,aformat=sample_fmts=s16:channel_layouts=mono"
#define MP3_MOST_BYTES    24000 /* a second, at 192 kbit/s */

_Static_assert(FILM_SPEECH_RATE == 48000, "ONE_PIECE says 48000");

static const struct {
	const char *prefix, *extension, *demuxer;
	int sample_bytes; /* 0: the name's last number is kbit/s */
} formats[] = {
	{"mp3_", "mp3", NULL, 0},
	{"opus_", "ogg", NULL, 0},
	{"wav_", "wav", NULL, 2},
	{"pcm_", "pcm", "s16le", 2},
	{"ulaw_", "ulaw", "mulaw", 1},
	{"alaw_", "alaw", "alaw", 1},
};

/* The number after the i-th underscore; 0 none. */
static int64_t number_in(const char *name, unsigned i)
{
	const char *p = strchr(name, '_');
	char digits[12];
	int64_t n = 0;

	while (p && i-- > 0)
		p = strchr(p + 1, '_');
	if (!p)
		return 0;
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(p + 1, "_"), p + 1);
	return text_to_i64(digits, 1, INT32_MAX, &n) ? n : 0;
}

struct speech_format film_speech_format(const char *name)
{
	struct speech_format f = {.extension = "mp3", .bytes_per_sec = MP3_MOST_BYTES};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		int64_t rate = number_in(name, 0), kbit = number_in(name, 1), bytes;

		if (strncmp(name, formats[i].prefix, strlen(formats[i].prefix)) != 0)
			continue;
		bytes = formats[i].sample_bytes ? rate * formats[i].sample_bytes : kbit * 1000 / 8;
		f = (struct speech_format){.extension = formats[i].extension,
			.demuxer = formats[i].demuxer,
			.rate = rate,
			.bytes_per_sec = bytes > 0 ? bytes : MP3_MOST_BYTES};
	}
	return f;
}

void film_speech_name(size_t piece, const char *extension, char out[static 32])
{
	(void)snprintf(out, 32, "voice-%03zu.%s", piece, extension);
}

static void add_piece(const struct film *f, const struct speech_format *format, size_t i, struct args *a)
{
	char name[32];

	film_speech_name(i, format->extension, name);
	if (!format->demuxer) {
		film_add_input(f, FILM_SOUND_FORMATS, name, a);
		return;
	}
	args_adds(a, (const char *const[]){"-f", format->demuxer, "-ar", NULL});
	args_addf(a, "%" PRId64, format->rate);
	args_adds(a, (const char *const[]){"-ac", "1", NULL});
	film_add_input(f, format->demuxer, name, a);
}

static void add_filters(size_t pieces, struct args *a)
{
	AUTO_BUF b = BUF_INIT(FILTERS_MAX_BYTES);

	for (size_t i = 0; i < pieces; i++) {
		buf_addf(&b, "[%zu:a:0]" ONE_PIECE, i);
		if (i + 1 < pieces)
			buf_addf(&b, ",asplit[j%zu][r%zu];", i, i);
		else
			buf_addf(&b, "[j%zu];", i);
	}
	for (size_t i = 0; i < pieces; i++)
		buf_addf(&b, "[j%zu]", i);
	buf_addf(&b, "concat=n=%zu:v=0:a=1[all]", pieces);
	args_adds(a, (const char *const[]){"-filter_complex", buf_text(&b), NULL});
}

static void add_raw(size_t i, struct args *a)
{
	char name[32];

	film_speech_name(i, "raw", name);
	args_add(a, "-map");
	args_addf(a, "[r%zu]", i);
	args_adds(a, (const char *const[]){"-c:a", "pcm_s16le", "-f", "s16le", name, NULL});
}

void film_speech_join_args(const struct film *f, const struct speech_format *format, size_t pieces,
	const char *out, struct args *a)
{
	film_add_program(f, a);
	for (size_t i = 0; i < pieces; i++)
		add_piece(f, format, i, a);
	add_filters(pieces, a);
	for (size_t i = 0; i + 1 < pieces; i++)
		add_raw(i, a);
	args_adds(a, (const char *const[]){
			     "-map", "[all]", "-ar", "48000", "-ac", "1", "-c:a", "pcm_s16le", NULL});
	film_add_output(f, "wav", out, a);
}
