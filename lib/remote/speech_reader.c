/*
 * Takes the answer of text-to-speech with timestamps apart as it comes: a JSON object with audio_base64 (it
 * is decoded and written at once) and alignment (it is kept, bounded), in either order. Everything else is
 * skipped, normalized_alignment too: it speaks of words that the text does not have.
 *
 * Where a value stands is a place; the table says what may stand there. What was paid for is not refused for
 * its odd numbers: times below zero are zero.
 */

#include "lib/remote/elevenlabs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/remote/base64_priv.h"
#include "lib/remote/decimal_priv.h"
#include "lib/remote/json_stream_priv.h"

#define CHARACTERS_MAX      100000 /* no model takes half as many */
#define CHARACTER_MAX_BYTES 64
#define TIME_MAX_MS         (INT64_C(24) * 3600 * 1000)
#define CHUNK               3000 /* characters of base64 decoded at a time */

enum place {
	PLACE_ROOT,
	PLACE_SOUND,
	PLACE_ALIGNMENT,
	PLACE_CHARACTERS,
	PLACE_STARTS,
	PLACE_ENDS,
	PLACE_CHARACTER,
	PLACE_START,
	PLACE_END,
	PLACE_COUNT,
	PLACE_ELSEWHERE = -1,
};

#define BIT(event) (1U << (event))

static const struct {
	enum place in;   /* what it is part of */
	const char *key; /* there; NULL: it is an item of a list */
	unsigned takes;  /* events that may begin a value here */
	const char *wrong;
} places[] = {
	[PLACE_ROOT] = {PLACE_ELSEWHERE, NULL, BIT(STREAM_OBJECT), "it is no object"},
	[PLACE_SOUND] = {PLACE_ROOT, "audio_base64", BIT(STREAM_STRING), "the sound is no text"},
	[PLACE_ALIGNMENT] = {PLACE_ROOT, "alignment", BIT(STREAM_OBJECT) | BIT(STREAM_LITERAL),
		"the alignment is no object"},
	[PLACE_CHARACTERS] = {PLACE_ALIGNMENT, "characters", BIT(STREAM_ARRAY), "the characters are no list"},
	[PLACE_STARTS] = {PLACE_ALIGNMENT, "character_start_times_seconds", BIT(STREAM_ARRAY),
		"the starts are no list"},
	[PLACE_ENDS] = {PLACE_ALIGNMENT, "character_end_times_seconds", BIT(STREAM_ARRAY),
		"the ends are no list"},
	[PLACE_CHARACTER] = {PLACE_CHARACTERS, NULL, BIT(STREAM_STRING), "a character is no text"},
	[PLACE_START] = {PLACE_STARTS, NULL, BIT(STREAM_NUMBER), "a start is no number"},
	[PLACE_END] = {PLACE_ENDS, NULL, BIT(STREAM_NUMBER), "an end is no number"},
};
_Static_assert(ARRAY_LEN(places) == PLACE_COUNT, "each place has its row");

#define PLACES_DEEP 3 /* root, alignment, list */

struct times {
	int64_t *ms;
	size_t count, room;
};

struct speech_reader {
	struct json_stream stream;
	enum place open[PLACES_DEEP]; /* what is open, from the outside */
	enum place keyed;             /* what the last key begins */
	enum place string;            /* the string that is read */
	unsigned seen;                /* places with a key that were there */
	struct base64 base64;
	int fd;
	int64_t bytes, max_bytes;
	struct buf texts; /* the characters, each with its NUL */
	size_t text_at;   /* where the one that is read begins */
	size_t text_count;
	struct times starts, ends;
	struct speech_times times; /* the result */
	bool failed;
	struct err failure;
};

/* The first thing that is wrong stays the reason. */
static bool refuse(struct speech_reader *s, const char *why)
{
	if (!s->failed)
		(void)err_set(&s->failure, ERR_PERM, "the speech is not what it should be: %s", why);
	s->failed = true;
	return false;
}

/* The sound */

static bool write_sound(struct speech_reader *s, const uint8_t *p, size_t n)
{
	if ((int64_t)n > s->max_bytes - s->bytes)
		return refuse(s, "the sound is too large");
	if (!fs_write_all(s->fd, p, n)) {
		s->failed = true;
		(void)err_set_errno(&s->failure, ERR_TEMP, errno, "write the speech");
		return false;
	}
	s->bytes += (int64_t)n;
	return true;
}

static bool take_sound(struct speech_reader *s, const char *p, size_t n)
{
	uint8_t sound[BASE64_BYTES(CHUNK)];

	while (n > 0) {
		size_t chunk = n < CHUNK ? n : CHUNK, bytes = 0;

		if (!base64_take(&s->base64, p, chunk, sound, &bytes))
			return refuse(s, "the sound is not base64");
		if (!write_sound(s, sound, bytes))
			return false;
		p += chunk;
		n -= chunk;
	}
	return true;
}

static bool end_sound(struct speech_reader *s)
{
	if (!base64_whole(&s->base64))
		return refuse(s, "the sound ends in the middle");
	return s->bytes > 0 || refuse(s, "there is no sound");
}

/* The times */

static bool take_character(struct speech_reader *s, const char *p, size_t n)
{
	if (n > CHARACTER_MAX_BYTES - (s->texts.len - s->text_at))
		return refuse(s, "a character is too long");
	buf_add(&s->texts, p, n);
	return true;
}

static bool end_character(struct speech_reader *s)
{
	const char *text = buf_text(&s->texts) + s->text_at;
	size_t n = s->texts.len - s->text_at;

	if (!text_utf8_valid(text, n) || memchr(text, '\0', n) != NULL)
		return refuse(s, "a character is not UTF-8");
	buf_addc(&s->texts, '\0');
	s->text_at = s->texts.len;
	return ++s->text_count <= CHARACTERS_MAX || refuse(s, "there are too many characters");
}

static bool take_time(struct speech_reader *s, struct times *t, const char *number)
{
	int64_t ms = 0;

	if (t->count == CHARACTERS_MAX)
		return refuse(s, "there are too many times");
	if (!decimal_round(number, 3, TIME_MAX_MS, &ms))
		return refuse(s, "a time is absurd");
	if (t->count == t->room) {
		t->room = t->room > 0 ? 2 * t->room : 256;
		t->ms = xreallocarray(t->ms, t->room, sizeof(*t->ms));
	}
	t->ms[t->count++] = ms > 0 ? ms : 0;
	return true;
}

/* Where things stand */

static enum place find_place(enum place in, const char *key)
{
	for (int p = PLACE_ROOT + 1; p < PLACE_COUNT; p++)
		if (places[p].in == in && (places[p].key == NULL || strcmp(places[p].key, key) == 0))
			return (enum place)p;
	return PLACE_ELSEWHERE;
}

/* Of what is open innermost. */
static enum place container(const struct speech_reader *s)
{
	unsigned depth = s->stream.depth;

	return depth > 0 && depth <= PLACES_DEEP ? s->open[depth - 1] : PLACE_ELSEWHERE;
}

/* Of the value that begins. */
static enum place place_of_value(const struct speech_reader *s)
{
	enum place in = container(s);

	if (s->stream.depth == 0)
		return PLACE_ROOT;
	if (in == PLACE_ROOT || in == PLACE_ALIGNMENT)
		return s->keyed;
	return in == PLACE_ELSEWHERE ? in : find_place(in, "");
}

static bool may_stand(struct speech_reader *s, enum place p, enum json_stream_event event, const char *text)
{
	if ((places[p].takes & BIT(event)) == 0 || (event == STREAM_LITERAL && strcmp(text, "null") != 0))
		return refuse(s, places[p].wrong);
	if (places[p].key == NULL)
		return true;
	if ((s->seen & BIT(p)) != 0)
		return refuse(s, "a key comes twice");
	s->seen |= BIT(p);
	return true;
}

static bool on_value(struct speech_reader *s, enum json_stream_event event, const char *text)
{
	enum place p = place_of_value(s);

	if (p != PLACE_ELSEWHERE && !may_stand(s, p, event, text))
		return false;
	if ((event == STREAM_OBJECT || event == STREAM_ARRAY) && s->stream.depth < PLACES_DEEP)
		s->open[s->stream.depth] = p;
	else if (event == STREAM_STRING)
		s->string = p;
	else if (p == PLACE_START || p == PLACE_END)
		return take_time(s, p == PLACE_START ? &s->starts : &s->ends, text);
	return true;
}

static bool on_event(void *arg, enum json_stream_event event, const char *text, size_t n)
{
	struct speech_reader *s = arg;

	switch (event) {
	case STREAM_KEY:
		s->keyed = find_place(container(s), text);
		return true;
	case STREAM_STRING_PART:
		return s->string == PLACE_SOUND       ? take_sound(s, text, n)
		       : s->string == PLACE_CHARACTER ? take_character(s, text, n)
						      : true;
	case STREAM_STRING_END:
		return s->string == PLACE_SOUND       ? end_sound(s)
		       : s->string == PLACE_CHARACTER ? end_character(s)
						      : true;
	case STREAM_END:
		return true;
	case STREAM_OBJECT:
	case STREAM_ARRAY:
	case STREAM_STRING:
	case STREAM_NUMBER:
	case STREAM_LITERAL:
		return on_value(s, event, text);
	}
	return false;
}

struct speech_reader *speech_reader_new(int fd, int64_t max_bytes)
{
	struct speech_reader *s = xcalloc(1, sizeof(*s));

	*s = (struct speech_reader){
		.fd = fd,
		.max_bytes = max_bytes,
		.texts = BUF_INIT((size_t)CHARACTERS_MAX * (CHARACTER_MAX_BYTES + 1)),
	};
	json_stream_init(&s->stream, on_event, s);
	return s;
}

void speech_reader_free(struct speech_reader *s)
{
	if (s == NULL)
		return;
	buf_done(&s->texts);
	free(s->starts.ms);
	free(s->ends.ms);
	free(s->times.characters);
	free(s);
}

bool speech_reader_take(struct speech_reader *s, const char *p, size_t n)
{
	if (s->failed)
		return false;
	return json_stream_take(&s->stream, p, n) || refuse(s, "it is no JSON");
}

/* What came is whole, as far as JSON goes. */
static bool check(struct speech_reader *s)
{
	if (s->failed)
		return false;
	if (!json_stream_whole(&s->stream))
		return refuse(s, "it breaks off");
	if ((s->seen & BIT(PLACE_SOUND)) == 0)
		return refuse(s, "there is no sound");
	if (s->text_count != s->starts.count || s->text_count != s->ends.count)
		return refuse(s, "characters and times are not equally many");
	return true;
}

int speech_reader_end(
	struct speech_reader *s, const struct speech_times **ret_times, int64_t *ret_bytes, struct err *e)
{
	if (!check(s)) {
		*e = s->failure;
		return -1;
	}
	*ret_bytes = s->bytes;
	*ret_times = NULL;
	if (s->text_count == 0)
		return 0;
	s->times = (struct speech_times){
		.count = s->text_count,
		.characters = xcalloc(s->text_count, sizeof(char *)),
		.start_ms = s->starts.ms,
		.end_ms = s->ends.ms,
	};
	char *text = s->texts.data;
	for (size_t i = 0; i < s->text_count; i++, text += strlen(text) + 1)
		s->times.characters[i] = text;
	*ret_times = &s->times;
	return 0;
}
