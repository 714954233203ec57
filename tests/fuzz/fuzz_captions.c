/*
 * Any bytes as voice.json, in a film of three narrations: captions rise, do not overlap, have at most two
 * lines that are not empty, and their words are their text. Any text for the local voice: its pieces are in
 * order, one command takes them, and its note is one that can be read.
 */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/film/captions.h"
#include "daemon/film/local_voice.h"
#include "daemon/film/sound.h"
#include "daemon/film/voice_note.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"

#define LINE_MOST  42
#define TEXT_MOST  5000 /* bytes, as many as a script has characters */
#define FILE_BYTES (16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_caption(const struct caption *c, const struct caption *before)
{
	const char *second = strchr(c->text, '\n');

	assert(c->start_ms < c->end_ms && c->end_ms - c->start_ms <= CAPTION_MAX_MS);
	assert(!before || before->end_ms <= c->start_ms);
	assert(c->text[0] && c->text[0] != '\n' && text_utf8_valid(c->text, strlen(c->text)));
	assert(!second || (second[1] && !strchr(second + 1, '\n')));
	assert(c->word_count > 0 && c->words[0].from == 0 &&
		c->words[c->word_count - 1].to == strlen(c->text));
	for (size_t i = 0; i < c->word_count; i++) {
		const struct caption_word *w = &c->words[i];

		assert(w->from < w->to && (i == 0 || w->from >= w[-1].to));
		assert(w->start_ms >= c->start_ms && w->start_ms <= w->end_ms && w->end_ms <= c->end_ms);
	}
}

static void check_film(const struct voice_times *v, size_t line_max, int64_t film_ms)
{
	AUTO_CAPTIONS c = {.list = NULL};
	AUTO_BUF srt = BUF_INIT(FILE_BYTES);
	AUTO_BUF vtt = BUF_INIT(FILE_BYTES);
	struct film_speech speech[3];

	for (size_t i = 0; i < 3; i++) {
		voice_times_part(v, i, &speech[i].from_ms, &speech[i].to_ms);
		speech[i].at_ms = speech[i].from_ms + (int64_t)i * 500;
	}
	captions_make(v, speech, 3, line_max, film_ms, &c);
	for (size_t i = 0; i < c.count; i++)
		check_caption(&c.list[i], i > 0 ? &c.list[i - 1] : NULL);
	assert(film_ms == 0 || c.count == 0 || c.list[c.count - 1].end_ms <= film_ms);
	captions_srt(&c, &srt);
	captions_vtt(&c, &vtt);
	assert(buf_ok(&srt) && buf_ok(&vtt));
}

static void check_voice(const char *script)
{
	AUTO_VOICE_NOTE note = {.characters = NULL};
	AUTO_VOICE_TIMES v = {0};
	AUTO_FREE char *json = NULL;
	struct local_piece *list = NULL;
	int64_t places_ms[LOCAL_VOICE_PIECES];
	size_t n = local_voice_pieces(script, &list), end = 0;
	struct err e;

	assert(n <= LOCAL_VOICE_PIECES);
	for (size_t i = 0; i < n; i++) {
		assert(list[i].len > 0 && list[i].at >= end);
		end = list[i].at + list[i].len;
		places_ms[i] = (int64_t)i * 1000;
	}
	voice_note_init(&note);
	local_voice_note(script, list, n, places_ms, (int64_t)n * 1000, &note);
	json = voice_note_text(&note, (int64_t)n * 1000);
	free(list);
	assert(voice_times_read(json, strlen(json), &v, &e) == 0);
	assert(v.count == text_utf8_points(script));
	check_film(&v, LINE_MOST, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	AUTO_VOICE_TIMES v = {0};
	struct err e;

	if (voice_times_read((const char *)data, size, &v, &e) == 0) {
		check_film(&v, size % LINE_MOST, 0);
		check_film(&v, LINE_MOST, (int64_t)size * 10);
	}
	if (size <= TEXT_MOST && text_utf8_valid(text, strlen(text)))
		check_voice(text);
	return 0;
}
