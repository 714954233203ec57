/*
 * How long each letter takes, about, as English is spoken: a digit is a word, a comma a breath, a sign that
 * is spoken, such as "%", a long word; an ideograph or a syllable takes as long as three letters.
 */
#include "daemon/film/voice_note.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/film/captions_priv.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "lib/io/json.h"

#define NOTE_MAX_BYTES (4 * 1024 * 1024)
#define LETTER         1
#define SYLLABLE       3
#define BREATH         3
#define DIGIT          5
#define SPOKEN_SIGN    7

void voice_note_init(struct voice_note *n)
{
	*n = (struct voice_note){json_new_array(), json_new_array(), json_new_array(), 0};
}

void voice_note_done(struct voice_note *n)
{
	json_free(n->characters);
	json_free(n->start_ms);
	json_free(n->end_ms);
	*n = (struct voice_note){.characters = NULL};
}

static void append_time(struct voice_note *n, struct json *to, int64_t ms)
{
	if (ms > n->last_ms)
		n->last_ms = ms;
	json_append_int(to, n->last_ms);
}

void voice_note_add(struct voice_note *n, const char *character, int64_t start_ms, int64_t end_ms)
{
	json_append_string(n->characters, character);
	append_time(n, n->start_ms, start_ms);
	append_time(n, n->end_ms, end_ms);
}

/* The point at *p, which moves past it, as a character of its own. */
static void add_point(struct voice_note *n, const char **p, int64_t start_ms, int64_t end_ms)
{
	const char *from = *p;

	(void)utf8_next(p);

	AUTO_FREE char *character = xstrndup(from, (size_t)(*p - from));
	voice_note_add(n, character, start_ms, end_ms);
}

void voice_note_between(struct voice_note *n, const char *text, size_t bytes, int64_t at_ms)
{
	for (const char *p = text; p < text + bytes;)
		add_point(n, &p, at_ms, at_ms);
}

static int64_t weight_of(uint32_t point, uint32_t next)
{
	switch (char_class(point).kind) {
	case CHAR_LETTER:
		return point >= '0' && point <= '9'    ? DIGIT
		       : char_class(point).columns > 1 ? SYLLABLE
						       : LETTER;
	case CHAR_HAN:
	case CHAR_HIRAGANA:
	case CHAR_KATAKANA:
		return SYLLABLE;
	case CHAR_DENSE:
		return LETTER;
	case CHAR_SIGN:
	case CHAR_CLOSE:
		if (point < 0x80 && strchr("$%&+=@", (int)point))
			return SPOKEN_SIGN;
		return breath_between(point, next) >= BREATH_CLAUSE ? BREATH : 0;
	case CHAR_OPEN:
	case CHAR_LEAD:
	case CHAR_TAIL:
	case CHAR_MARK:
	case CHAR_BLANK:
	case CHAR_BREAK:
	case CHAR_GONE:
		break;
	}
	return 0;
}

/* Of the point at *p, which moves past it. The end of the text is no breath: it is the end of the time. */
static int64_t take_weight(const char **p, const char *end)
{
	uint32_t point = utf8_next(p);

	return *p < end ? weight_of(point, utf8_peek(*p)) : weight_of(point, 'a');
}

void voice_note_share(struct voice_note *n, const char *text, size_t bytes, int64_t start_ms, int64_t end_ms)
{
	const char *end = text + bytes;
	int64_t all = 0, said = 0;

	for (const char *p = text; p < end;)
		all += take_weight(&p, end);
	for (const char *p = text; p < end;) {
		const char *after = p;
		int64_t from = said;

		said += take_weight(&after, end);
		add_point(n, &p, start_ms + (all > 0 ? (end_ms - start_ms) * from / all : 0),
			start_ms + (all > 0 ? (end_ms - start_ms) * said / all : end_ms - start_ms));
	}
}

void voice_note_put(struct voice_note *n, struct json *object)
{
	json_put(object, "characters", steal_ptr(n->characters));
	json_put(object, "startMs", steal_ptr(n->start_ms));
	json_put(object, "endMs", steal_ptr(n->end_ms));
}

char *voice_note_text(struct voice_note *n, int64_t duration_ms)
{
	AUTO(json) root = json_new_object();
	AUTO_BUF out = BUF_INIT(NOTE_MAX_BYTES);

	voice_note_put(n, root);
	json_put_int(root, "durationMs", duration_ms);
	json_write(root, &out);
	return buf_steal(&out);
}
