/*
 * Pieces are joined after decoding: an MP3 is padded at both ends, and joined as packets each seam would be a
 * hole. Each piece is resampled by itself, so the samples of the whole are exactly those of its pieces.
 */
#include "daemon/film/speech.h"

#include <stdio.h>
#include <string.h>

#include "daemon/film/film_priv.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"

#define FILTERS_MAX_BYTES (64 * 1024)
#define ONE_PIECE         "aresample=48000,aformat=sample_fmts=s16:channel_layouts=mono"
#define MOST_KBIT         INT64_C(320) /* of an MP3 a second */

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

void film_speech_end_piece(size_t i, struct buf *filters)
{
	buf_addf(filters, ",ametadata=mode=add:key=piece:value=%zu:enable=not(n)[p%zu];", i, i);
}

/* After the join time is counted in samples, whatever the pieces' own times were. */
void film_speech_end_filters(size_t pieces, struct buf *filters)
{
	for (size_t i = 0; i < pieces; i++)
		buf_addf(filters, "[p%zu]", i);
	buf_addf(filters,
		"concat=n=%zu:v=0:a=1,asettb=1/1000000,asetpts=N/SR/TB,"
		"ametadata=mode=print:key=piece:file=-[all]",
		pieces);
}

void film_speech_add_output(const char *out, struct args *a)
{
	args_adds(a, (const char *const[]){
			     "-map", "[all]", "-ar", "48000", "-ac", "1", "-c:a", "pcm_s16le", NULL});
	film_add_output("wav", out, a);
}

void film_speech_join_args(const struct film_tools *t, size_t pieces, const char *out, struct args *a)
{
	AUTO_BUF filters = BUF_INIT(FILTERS_MAX_BYTES);
	char name[32];

	film_add_printer(t, a);
	for (size_t i = 0; i < pieces; i++) {
		film_speech_name(i, FILM_SPEECH_EXTENSION, name);
		film_add_input(t, FENCE_SOUND, name, a);
		buf_addf(&filters, "[%zu:a:0]" ONE_PIECE, i);
		film_speech_end_piece(i, &filters);
	}
	film_speech_end_filters(pieces, &filters);
	args_adds(a, (const char *const[]){"-filter_complex", buf_text(&filters), NULL});
	film_speech_add_output(out, a);
}

/* The number that follows name in the line; false: there is none. */
static bool number_after(const char *line, const char *name, int64_t *ret)
{
	const char *at = strstr(line, name);
	char digits[24];
	size_t n = at ? strspn(at + strlen(name), "0123456789") : 0;

	if (n == 0 || n >= sizeof(digits))
		return false;
	memcpy(digits, at + strlen(name), n);
	digits[n] = '\0';
	return text_to_i64(digits, 0, INT64_MAX - 500, ret);
}

/* "frame:11   pts:474312  pts_time:0.474312", then "piece=1": the time is of the piece. */
int film_speech_places(const char *text, size_t pieces, int64_t end_ms, int64_t *ret_places_ms, struct err *e)
{
	int64_t place_us = -1, piece = -1;

	for (size_t i = 0; i < pieces; i++)
		ret_places_ms[i] = -1;
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");
		AUTO_FREE char *one = xstrndup(line, n);

		line += n + (line[n] == '\n');
		if (!number_after(one, "piece=", &piece)) {
			if (!number_after(one, "pts:", &place_us))
				return err_set(e, ERR_TEMP, "the places of speech: \"%.80s\"", one);
		} else if (piece >= (int64_t)pieces || place_us < 0) {
			return err_set(e, ERR_TEMP, "the places of speech: \"%.80s\"", one);
		} else if (ret_places_ms[piece] < 0) {
			ret_places_ms[piece] = (place_us + 500) / 1000;
		}
	}
	for (size_t i = pieces; i-- > 0; end_ms = ret_places_ms[i])
		if (ret_places_ms[i] < 0 || ret_places_ms[i] > end_ms)
			ret_places_ms[i] = end_ms;
	return 0;
}
