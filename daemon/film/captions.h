#ifndef VIDEOD_DAEMON_FILM_CAPTIONS_H
#define VIDEOD_DAEMON_FILM_CAPTIONS_H

/*
 * From the times of a voice's characters to captions: words, lines of at most two, at a speed that can be
 * read, broken where the sentence breathes; and their files, SubRip and WebVTT
 * (https://www.w3.org/TR/webvtt1/).
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct buf;
struct err;
struct film_speech;

/* voice.json: the characters of the script one by one, each with its time in the voice's file. */
struct voice_times {
	size_t count;
	char **characters; /* valid UTF-8, of any number of code points; U+000C stands between narrations */
	int64_t *start_ms, *end_ms; /* they do not go back, and none is after duration_ms */
	int64_t duration_ms;        /* of the file */
};
int voice_times_read(const char *json, size_t n, struct voice_times *ret, struct err *e); /* -1 ERR_PERM */
void voice_times_done(struct voice_times *v);
#define AUTO_VOICE_TIMES CLEANUP(voice_times_done) struct voice_times
/* Where narration i (0: all of it where there is one script) begins and ends in the file. */
void voice_times_part(const struct voice_times *v, size_t i, int64_t *ret_from_ms, int64_t *ret_to_ms);

struct caption_word {
	size_t from, to; /* bytes of the caption's text */
	int64_t start_ms, end_ms;
};
struct caption {
	char *text;               /* one or two lines, '\n' between */
	int64_t start_ms, end_ms; /* of the film */
	struct caption_word *words;
	size_t word_count;
};
struct captions {
	struct caption *list;
	size_t count;
};
/*
 * speech[i] places narration i in the film (one for a single script). line_max: columns of a line; a wide
 * character of Chinese, Japanese or Korean takes two. film_ms: none is longer than the film; 0: that is not
 * known. They rise and do not overlap. One begins with its first word and ends with its last, or later where
 * that is more time to read it; *ret's texts hold no control characters but '\n'.
 */
void captions_make(const struct voice_times *v, const struct film_speech *speech, size_t speech_count,
	size_t line_max, int64_t film_ms, struct captions *ret);
void captions_done(struct captions *c);
#define AUTO_CAPTIONS CLEANUP(captions_done) struct captions

void captions_srt(const struct captions *c, struct buf *out);
void captions_vtt(const struct captions *c, struct buf *out);

#define CAPTION_MIN_MS          1000 /* on the screen, where the next one leaves that */
#define CAPTION_MAX_MS          7000
#define CAPTION_CLOSE_GAP_MS    80 /* a shorter one between two flickers */
#define CAPTION_COLUMNS_PER_SEC 17 /* are read at ease */

#define CAPTION_LINE_WIDE 42 /* characters of a line at 16:9, and in the files */
#define CAPTION_LINE_TALL 24 /* at 9:16, 1:1 and 4:5 */

#endif
