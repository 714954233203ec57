#ifndef VIDEOD_DAEMON_FILM_CAPTIONS_PRIV_H
#define VIDEOD_DAEMON_FILM_CAPTIONS_PRIV_H

/*
 * voice_times.c reads what the voice said when, caption_units.c makes words of its characters by what
 * caption_chars.c knows of each, captions.c makes captions of words.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/film/breath.h"
#include "daemon/film/captions.h"
#include "lib/base/buf.h"

/* The characters [first, end) of narration i; false: there is no such one. */
bool voice_times_range(const struct voice_times *v, size_t i, size_t *ret_first, size_t *ret_end);

enum char_kind {
	CHAR_LETTER, /* and digits, of scripts that write blanks between words */
	CHAR_SIGN,   /* belongs to both its neighbours: Latin punctuation, blanks at which no line ends, emoji
		      */
	CHAR_OPEN,   /* the wide brackets of Chinese and Japanese */
	CHAR_CLOSE,  /* and their stops and commas */
	CHAR_HAN,
	CHAR_HIRAGANA,
	CHAR_KATAKANA,
	CHAR_DENSE, /* Thai and the others that write no blanks and are no ideographs */
	CHAR_LEAD,  /* a vowel of those that is written before its consonant */
	CHAR_BASE_COUNT,
	CHAR_TAIL = CHAR_BASE_COUNT, /* belongs to what is before it, and takes room */
	CHAR_MARK,                   /* the same, and takes none */
	CHAR_BLANK,
	CHAR_BREAK, /* an end of a word that is not seen */
	CHAR_GONE,  /* not for captions: controls, overrides of direction */
};
struct char_class {
	enum char_kind kind;
	unsigned columns; /* 0, 1 or 2 */
};
struct char_class char_class(uint32_t point);
bool char_may_part(enum char_kind before, enum char_kind after); /* two of the base kinds */

/* What is not broken: a word with its marks; of scripts that write no blanks a few characters. */
struct caption_unit {
	size_t at, len;           /* bytes of caption_units.text */
	size_t columns;           /* a wide character is two, a mark none */
	bool blank_before;        /* where it does not begin a line */
	enum breath after;        /* how good it is to end a caption with it */
	int64_t start_ms, end_ms; /* of the voice's file */
	int64_t said_ms;          /* the end of its last letter: a mark lasts until the next word */
};
struct caption_units {
	struct buf text;
	struct caption_unit *list;
	size_t count;
};
/* The units of the characters [first, end), none wider than most columns. */
void caption_units_make(
	const struct voice_times *v, size_t first, size_t end, size_t most, struct caption_units *ret);
void caption_units_done(struct caption_units *u);
#define AUTO_CAPTION_UNITS CLEANUP(caption_units_done) struct caption_units

#endif
