/*
 * Sentences are what flite is given: it speaks each with an intonation of its own, needs memory for one at a
 * time only (0.3 GB for a script of 5,000 characters at once), and their times are exact. Its silence before
 * and after each is cut off and a pause of ours put in, so that the times are those of the sound.
 */
#include "daemon/film/local_voice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/film/captions_priv.h"
#include "daemon/film/film_priv.h"
#include "daemon/film/speech.h"
#include "daemon/film/voice_note.h"
#include "lib/base/args.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "lib/video/prose.h"
#include "lib/video/script.h"
#include "lib/video/voices.h"

#define FILTERS_MAX_BYTES (96 * 1024) /* the system's limit is 128 KiB an argument */

#define EDGE_MS    20 /* of its own silence, left at both ends: soft sounds begin before they are loud */
#define PAUSE_MS   280
#define SILENT_MIN 300

/* A sentence that goes on for so many characters is parted where it breathes, then anywhere. */
#define LONG_CLAUSE 300
#define LONG_WORD   500
#define LONG_MOST   700

#define ONE_SILENCE(edge) "silenceremove=start_periods=1:start_threshold=-50dB:start_silence=0.0" #edge
#define TRIMMED           ONE_SILENCE(2) ",areverse," ONE_SILENCE(2) ",areverse"
#define FORMAT            "aresample=48000,aformat=sample_fmts=s16:channel_layouts=mono"

_Static_assert(EDGE_MS == 20, "TRIMMED says 0.02");

/* Cutting */

struct cutter {
	const char *word; /* where the last word begins */
	uint32_t mark;    /* the last point but closers */
	size_t points;    /* of the piece, so far */
	size_t least;     /* of a piece */
};

static bool is_cut(const struct cutter *c, const char *here)
{
	uint32_t next = utf8_peek(here);
	enum breath breath = breath_between(c->mark, next);

	if (next == ' ' && breath == BREATH_SENTENCE &&
		(breath_is_abbreviation(c->word, (size_t)(here - c->word)) ||
			breath_is_lower_case(utf8_peek(here + 1))))
		breath = BREATH_WORD;
	return next == 0 || next == BREATH_SEAM || c->points >= LONG_MOST ||
	       (breath == BREATH_SENTENCE && c->points >= c->least) ||
	       (breath >= BREATH_CLAUSE && c->points >= LONG_CLAUSE) ||
	       (breath >= BREATH_WORD && c->points >= LONG_WORD);
}

/* Bytes of the piece at the beginning of s, which has no white space there. */
static size_t piece_bytes(const char *s, size_t least)
{
	struct cutter c = {.word = s, .least = least};
	const char *end = s;

	for (const char *p = s;;) {
		uint32_t point = utf8_next(&p);

		c.points++;
		if (!breath_is_closer(point))
			c.mark = point;
		if (breath_is_blank(point))
			c.word = p;
		else
			end = p;
		if (is_cut(&c, p))
			return (size_t)(end - s);
	}
}

/* Whether most of its letters are ones that flite reads, and one at least is surely heard. */
static bool is_speakable(const char *s, size_t n)
{
	size_t known = 0, foreign = 0, heard = 0;

	for (const char *p = s; p < s + n;) {
		uint32_t point = utf8_next(&p);
		enum char_kind kind = char_class(point).kind;

		if (kind != CHAR_LETTER && (kind < CHAR_HAN || kind > CHAR_TAIL))
			continue;
		heard += point < 0x80;
		known += point < 0x250;
		foreign += point >= 0x250;
	}
	return heard > 0 && known >= foreign;
}

static int64_t time_to_say_ms(const char *s, size_t n)
{
	int64_t ms = (int64_t)prose_spoken_words(s, n) * 60000 / SCRIPT_WORDS_PER_MIN;

	return ms > SILENT_MIN ? ms : SILENT_MIN;
}

static const char *skip_blanks(const char *s, bool *ret_seam)
{
	*ret_seam = false;
	while (*s && breath_is_blank(utf8_peek(s)))
		*ret_seam |= utf8_next(&s) == BREATH_SEAM;
	return s;
}

static size_t cut_script(const char *script, size_t least, struct local_piece **ret)
{
	struct local_piece *list = NULL;
	size_t n = 0;
	bool seam;

	for (const char *s = skip_blanks(script, &seam); *s;) {
		size_t len = piece_bytes(s, least);
		const char *next = skip_blanks(s + len, &seam);

		list = xreallocarray(list, n + 1, sizeof(*list));
		list[n++] = (struct local_piece){.at = (size_t)(s - script),
			.len = len,
			.silent_ms = is_speakable(s, len) ? 0 : time_to_say_ms(s, len),
			.pause = *next && !seam};
		s = next;
	}
	*ret = list;
	return n;
}

size_t local_voice_pieces(const char *script, struct local_piece **ret)
{
	for (size_t least = 1;; least *= 2) {
		size_t n = cut_script(script, least, ret);

		if (n <= LOCAL_VOICE_PIECES || least > LONG_MOST)
			return n;
		free(*ret);
	}
}

/* Speaking */

void local_voice_name(size_t piece, char out[static 32])
{
	(void)snprintf(out, 32, "say-%03zu.txt", piece);
}

static void add_piece(const struct local_piece *p, size_t i, const struct voice *voice, struct buf *filters)
{
	char name[32];

	local_voice_name(i, name);
	if (p->silent_ms > 0)
		buf_addf(filters, "anullsrc=r=48000:cl=mono,atrim=end_sample=%lld," FORMAT,
			(long long)p->silent_ms * 48);
	else
		buf_addf(filters, "flite=textfile=%s:voice=%s," TRIMMED ",%s" FORMAT, name, voice->flite,
			voice->filters);
	if (p->pause)
		buf_addf(filters, ",apad=pad_len=%d", PAUSE_MS * 48);
	film_speech_end_piece(i, filters);
}

void local_voice_args(const struct film_tools *t, const struct local_piece *pieces, size_t count,
	const char *voice_id, const char *out, struct args *a)
{
	const struct voice *asked = voice_id ? voices_find(voice_id) : NULL;
	AUTO_BUF filters = BUF_INIT(FILTERS_MAX_BYTES);

	for (size_t i = 0; i < count; i++)
		add_piece(&pieces[i], i, asked ? asked : &voices_local[0], &filters);
	film_speech_end_filters(count, &filters);
	film_add_printer(t, a);
	args_adds(a, (const char *const[]){"-filter_complex", buf_text(&filters), NULL});
	film_speech_add_output(out, a);
}

void local_voice_note(const char *script, const struct local_piece *pieces, size_t count,
	const int64_t *places_ms, int64_t end_ms, struct voice_note *note)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		const struct local_piece *p = &pieces[i];
		int64_t next_ms = i + 1 < count ? places_ms[i + 1] : end_ms,
			quiet_ms = EDGE_MS + (p->pause ? PAUSE_MS : 0);

		voice_note_between(note, script + at, p->at - at, places_ms[i]);
		voice_note_share(note, script + p->at, p->len, places_ms[i] + EDGE_MS, next_ms - quiet_ms);
		at = p->at + p->len;
	}
	voice_note_between(note, script + at, strlen(script + at), end_ms);
}
