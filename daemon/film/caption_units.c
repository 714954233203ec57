/*
 * One pass over the voice's characters. A unit ends at white space, or between two characters that may be
 * parted; how the text breathes there is known when the next unit begins. Marks that stand alone belong to a
 * word: French quotes and brackets that open to the next one, others, such as a dash, to the one before them,
 * unless that ends its sentence.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/film/captions_priv.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"

#define TEXT_MAX_BYTES (16 * 1024 * 1024)
#define DENSE_MOST     16 /* columns of a run without a place to part it that is parted all the same */
#define EM_DASH        0x2014

struct builder {
	struct caption_units *units;
	size_t most;
	struct caption_unit open; /* len 0: none is */
	enum char_kind run;       /* of its last character, marks left out */
	uint32_t mark;            /* its last one that is no closer */
	bool said;                /* it has a letter */
	bool waits;               /* the unit before it is an opening mark, which is not left alone */
	uint32_t blank;           /* the white space since then: '\n' or ' '; 0 none */
	bool part;                /* an end of a word that is not seen */
};

/* Between the open unit and next, which begins the one after it; 0: the narration's end. */
static enum breath breath_before(const struct builder *b, uint32_t next)
{
	const char *text = buf_text(&b->units->text) + b->open.at;
	enum breath breath = breath_between(b->mark, b->blank ? b->blank : next);

	if (b->blank == ' ' && breath == BREATH_SENTENCE) {
		if (b->mark == '.' && breath_is_abbreviation(text, b->open.len))
			return BREATH_WORD;
		if (breath_is_lower_case(next))
			return BREATH_CLAUSE;
	}
	if (b->blank && breath == BREATH_WORD && b->run == CHAR_DENSE)
		return BREATH_CLAUSE; /* Thai has blanks between sentences only */
	return breath;
}

static bool is_opener(uint32_t point)
{
	static const uint32_t openers[] = {'(', '[', 0xA1, 0xAB, 0xBF, 0x2018, 0x201C, 0x201E};

	for (size_t i = 0; i < ARRAY_LEN(openers); i++)
		if (openers[i] == point)
			return true;
	return false;
}

static bool belongs_to_previous(const struct builder *b)
{
	const struct caption_units *u = b->units;
	const struct caption_unit *last = u->count > 0 ? &u->list[u->count - 1] : NULL;

	if (!last || !b->open.blank_before || last->columns + 1 + b->open.columns > b->most)
		return false;
	return b->waits || (!b->said && !is_opener(b->mark) && last->after != BREATH_SENTENCE);
}

static void close_unit(struct builder *b, uint32_t next)
{
	struct caption_units *u = b->units;

	if (b->open.len == 0)
		return;
	b->open.after = breath_before(b, next);
	if (belongs_to_previous(b)) {
		struct caption_unit *last = &u->list[u->count - 1];

		last->len = b->open.at + b->open.len - last->at;
		last->columns += 1 + b->open.columns;
		last->end_ms = b->open.end_ms;
		last->said_ms = b->said ? b->open.said_ms : last->said_ms;
		last->after = b->open.after;
	} else {
		u->list = xreallocarray(u->list, u->count + 1, sizeof(*u->list));
		u->list[u->count++] = b->open;
	}
	b->waits = !b->said && is_opener(b->mark);
	b->open.len = 0;
}

static bool parts_before(const struct builder *b, struct char_class next)
{
	if (next.kind == CHAR_MARK)
		return false;
	if (b->open.columns + next.columns > b->most)
		return true;
	if (next.kind >= CHAR_BASE_COUNT || next.kind == CHAR_CLOSE)
		return false;
	if (b->open.columns >= DENSE_MOST && b->run >= CHAR_HIRAGANA && next.kind == b->run)
		return true;
	return char_may_part(b->run, next.kind) || (b->mark == EM_DASH && next.kind != CHAR_SIGN);
}

static void begin_unit(struct builder *b, int64_t start_ms)
{
	struct buf *text = &b->units->text;
	bool blank = b->blank && b->units->count > 0;

	if (blank)
		buf_addc(text, ' ');
	b->open = (struct caption_unit){
		.at = text->len, .blank_before = blank, .start_ms = start_ms, .said_ms = start_ms};
	b->run = CHAR_SIGN;
	b->mark = 0;
	b->said = false;
}

static void add_point(struct builder *b, uint32_t point, int64_t start_ms, int64_t end_ms)
{
	struct char_class class = char_class(point);
	struct buf *text = &b->units->text;

	if (b->open.len == 0 || b->blank || b->part || parts_before(b, class)) {
		close_unit(b, point);
		begin_unit(b, start_ms);
	}
	b->blank = 0;
	b->part = false;
	utf8_add(text, point);
	b->open.len = text->len - b->open.at;
	b->open.columns += class.columns;
	b->open.end_ms = end_ms;
	if (class.kind < CHAR_BASE_COUNT)
		b->run = class.kind;
	if (class.kind == CHAR_LETTER || class.kind >= CHAR_HAN) {
		b->said = true;
		b->open.said_ms = end_ms;
	}
	if (!breath_is_closer(point) && class.kind != CHAR_MARK)
		b->mark = point;
}

static void take_point(struct builder *b, uint32_t point, int64_t start_ms, int64_t end_ms)
{
	switch (char_class(point).kind) {
	case CHAR_GONE:
		break;
	case CHAR_BREAK:
		b->part = true;
		break;
	case CHAR_BLANK:
		b->blank = point == '\n' || b->blank == '\n' ? '\n' : ' ';
		break;
	case CHAR_LETTER:
	case CHAR_SIGN:
	case CHAR_OPEN:
	case CHAR_CLOSE:
	case CHAR_HAN:
	case CHAR_HIRAGANA:
	case CHAR_KATAKANA:
	case CHAR_DENSE:
	case CHAR_LEAD:
	case CHAR_TAIL:
	case CHAR_MARK:
		add_point(b, point, start_ms, end_ms);
		break;
	}
}

void caption_units_make(
	const struct voice_times *v, size_t first, size_t end, size_t most, struct caption_units *ret)
{
	struct builder b = {.units = ret, .most = most};

	*ret = (struct caption_units){.text = BUF_INIT(TEXT_MAX_BYTES)};
	for (size_t i = first; i < end; i++)
		for (const char *p = v->characters[i]; *p;)
			take_point(&b, utf8_next(&p), v->start_ms[i], v->end_ms[i]);
	b.blank = '\n';
	close_unit(&b, 0);
}

void caption_units_done(struct caption_units *u)
{
	buf_done(&u->text);
	free(u->list);
	*u = (struct caption_units){.list = NULL};
}
