/*
 * Pieces are joined after decoding: an MP3 is padded at both ends, and joined as packets each seam would be a
 * hole. Each piece is resampled by itself, so the samples of the whole are exactly those of its pieces.
 */
#include "daemon/film/speech.h"

#include <stdio.h>
#include <string.h>

#include "daemon/film/film_priv.h"
#include "lib/base/buf.h"
#include "lib/base/text.h"

#define FILTERS_MAX_BYTES (64 * 1024)
#define ONE_PIECE         "aresample=48000,aformat=sample_fmts=s16:channel_layouts=mono"
#define MOST_KBIT         INT64_C(320) /* of an MP3 a second */

_Static_assert(FILM_SPEECH_RATE == 48000, "ONE_PIECE says 48000");

int64_t film_speech_bytes_per_sec(const char *format)
{
	const char *last = strrchr(format, '_');
	int64_t kbit = 0;

	return last && text_to_i64(last + 1, 1, MOST_KBIT, &kbit) ? kbit * 1000 / 8 : MOST_KBIT * 1000 / 8;
}

void film_speech_name(size_t piece, const char *extension, char out[static 32])
{
	(void)snprintf(out, 32, "voice-%03zu.%s", piece, extension);
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

void film_speech_join_args(const struct film_tools *t, size_t pieces, const char *out, struct args *a)
{
	char name[32];

	film_add_program(t, a);
	for (size_t i = 0; i < pieces; i++) {
		film_speech_name(i, FILM_SPEECH_EXTENSION, name);
		film_add_input(t, FILM_SOUND_FORMATS, name, a);
	}
	add_filters(pieces, a);
	for (size_t i = 0; i + 1 < pieces; i++)
		add_raw(i, a);
	args_adds(a, (const char *const[]){
			     "-map", "[all]", "-ar", "48000", "-ac", "1", "-c:a", "pcm_s16le", NULL});
	film_add_output("wav", out, a);
}
