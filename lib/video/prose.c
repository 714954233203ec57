/*
 * Sentences of a plain text. A sentence ends at a line's end, at a mark of the scripts that write no blanks,
 * or at one of . ! ? and an ellipsis before a blank, unless what follows goes on in lower case or with a
 * digit ("approx. 5 cm") or the word before is an abbreviation. Sentences are never rewritten, only chosen.
 */

#include "lib/video/prose.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#define ELLIPSIS  "\u2026"
#define LONG_WORD 12 /* letters that are said in the time of one word */

static const char *const abbreviations[] = {"e.g", "i.e", "approx", "ca", "dr", "incl", "excl", "max", "min",
	"mr", "mrs", "ms", "no", "nr", "st", "vs"};

static bool is_one_of(uint32_t point, const char *set)
{
	while (*set) {
		if (utf8_next(&set) == point)
			return true;
	}
	return false;
}

static bool is_full_stop(uint32_t point)
{
	return is_one_of(point, ".!?" ELLIPSIS "\u061f\u06d4\u0964");
}

/* These end a sentence without a blank after them. */
static bool is_wide_stop(uint32_t point)
{
	return is_one_of(point, "\u3002\uff01\uff1f\uff0e");
}

static bool is_closing(uint32_t point)
{
	return is_one_of(point, "\"')]}\u2019\u201d\u00bb\u300d\u300f\uff09");
}

static bool is_letter_or_digit(uint32_t point)
{
	return (point >= '0' && point <= '9') || ((point | 0x20) >= 'a' && (point | 0x20) <= 'z') ||
	       (point >= 0xC0 && !(point >= 0x2000 && point <= 0x2BFF) &&
		       !(point >= 0x3000 && point <= 0x303F));
}

/* Hieroglyphs of the day: dingbats, emoji, their joiners, modifiers and flags; and the marks of trades. */
static bool is_for_eyes_only(uint32_t point)
{
	return (point >= 0x2190 && point <= 0x2BFF) || point >= 0x1F000 ||
	       (point >= 0xFE00 && point <= 0xFE0F) || point == 0x200D || point == 0x20E3 ||
	       point == 0x2122 || point == 0xA9 || point == 0xAE;
}

/* A character that is a syllable or a word by itself: Thai, kana, Han, Hangul. */
static bool is_dense(uint32_t point)
{
	return (point >= 0xE00 && point <= 0xE7F) || (point >= 0x3040 && point <= 0x9FFF) ||
	       (point >= 0xAC00 && point <= 0xD7AF) || (point >= 0xF900 && point <= 0xFAFF) ||
	       (point >= 0x20000 && point <= 0x3FFFF);
}

static bool is_abbreviation(const char *from, const char *dot)
{
	const char *word = dot;

	while (word > from && word[-1] != ' ' && word[-1] != '(')
		word--;
	for (size_t i = 0; i < ARRAY_LEN(abbreviations); i++) {
		size_t n = strlen(abbreviations[i]);

		if ((size_t)(dot - word) == n && strncasecmp(word, abbreviations[i], n) == 0)
			return true;
	}
	return false;
}

/* Whether the text goes on in the same sentence after a full stop and a blank. */
static bool goes_on(const char *after)
{
	return (*after >= 'a' && *after <= 'z') || (*after >= '0' && *after <= '9');
}

/* The end of the sentence that begins at s. */
static const char *sentence_end(const char *s)
{
	for (const char *p = s; *p && *p != '\n';) {
		const char *here = p;
		uint32_t point = utf8_next(&p);

		if (!is_full_stop(point) && !is_wide_stop(point))
			continue;
		while (is_full_stop(utf8_peek(p)) || is_wide_stop(utf8_peek(p)) || is_closing(utf8_peek(p)))
			(void)utf8_next(&p);
		if (is_wide_stop(point) || *p == '\0')
			return p;
		if (*p == ' ' && !goes_on(p + 1) && !(point == '.' && is_abbreviation(s, here)))
			return p;
	}
	return s + strcspn(s, "\n");
}

static uint32_t last_point(const char *s, size_t n)
{
	while (n > 1 && ((unsigned char)s[n - 1] & 0xC0) == 0x80)
		n--;
	return n > 0 ? utf8_peek(s + n - 1) : 0;
}

static size_t point_bytes(uint32_t point)
{
	return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

/* The length without what may not stand before another end: dots, commas, dashes, blanks. */
static size_t trimmed(const char *s, size_t n, const char *marks)
{
	while (n > 0 && is_one_of(last_point(s, n), marks))
		n -= point_bytes(last_point(s, n));
	return n;
}

static bool is_worth_saying(const char *s, size_t n)
{
	bool letters = false;

	if (n == 0 || s[n - 1] == ':')
		return false;
	for (const char *p = s; p < s + n;)
		letters |= is_letter_or_digit(utf8_next(&p));
	return letters && prose_spoken_words(s, n) > 1;
}

const char *prose_next_sentence(const char **at, size_t *ret_len)
{
	for (;;) {
		const char *s = *at + strspn(*at, " \n");

		if (!*s)
			return NULL;
		*at = sentence_end(s);
		*ret_len = trimmed(s, (size_t)(*at - s), " ");
		if (is_worth_saying(s, *ret_len))
			return s;
	}
}

/* The visible-only characters out, and the blanks that were around them folded. */
static void add_speakable(struct buf *out, const char *s, size_t n)
{
	size_t begin = out->len;
	bool blank = false;

	for (const char *p = s; p < s + n;) {
		uint32_t point = utf8_next(&p);

		if (point == ' ' || point == '\n' || is_for_eyes_only(point)) {
			blank |= !is_for_eyes_only(point);
			continue;
		}
		if (blank && out->len > begin)
			buf_addc(out, ' ');
		blank = false;
		utf8_add(out, point);
	}
}

static void cut_tail(struct buf *out, size_t begin, const char *marks)
{
	out->len = begin + trimmed(out->data + begin, out->len - begin, marks);
	out->data[out->len] = '\0';
}

void prose_add_spoken(struct buf *out, const char *s, size_t n)
{
	size_t begin = out->len;

	add_speakable(out, s, n);
	if (out->len == begin)
		return;
	cut_tail(out, begin, ".,;:-\u2013\u2014" ELLIPSIS " ");

	const char *text = out->data + begin;
	size_t len = out->len - begin;
	size_t unquoted = trimmed(text, len, "\"')]}\u2019\u201d\u00bb\u300d\u300f\uff09");
	uint32_t end = last_point(text, unquoted);

	if (len > 0 && !is_full_stop(end) && !is_wide_stop(end))
		buf_addc(out, '.');
}

void prose_add_spoken_name(struct buf *out, const char *s)
{
	size_t begin = out->len;

	add_speakable(out, s, strlen(s));
	if (out->len > begin)
		cut_tail(out, begin,
			".!?,;:-\u2013\u2014" ELLIPSIS " \u3002\uff01\uff1f\uff0e\u061f\u06d4\u0964");
}

size_t prose_line_length(const char *s, size_t n)
{
	return trimmed(s, n, ". " ELLIPSIS);
}

void prose_add_short(struct buf *out, const char *s, size_t max_points)
{
	if (text_utf8_points(s) <= max_points) {
		buf_adds(out, s);
		return;
	}

	size_t n = trimmed(s, text_word_prefix(s, max_points - 1), ".,;:-\u2013\u2014" ELLIPSIS " ");
	buf_add(out, s, n);
	buf_adds(out, ELLIPSIS);
}

static size_t word_weight(const char *s, size_t n)
{
	size_t letters = 0, digits = 0, dense = 0;

	for (const char *p = s; p < s + n;) {
		uint32_t point = utf8_next(&p);

		if (point >= '0' && point <= '9')
			digits++;
		else if (is_dense(point))
			dense++;
		else
			letters++;
	}
	return (letters + LONG_WORD - 1) / LONG_WORD + digits + (dense + 1) / 2;
}

size_t prose_spoken_words(const char *s, size_t n)
{
	size_t words = 0;

	for (size_t i = 0; i < n;) {
		size_t word = 0;

		while (i + word < n && s[i + word] != ' ' && s[i + word] != '\n')
			word++;
		words += word_weight(s + i, word);
		i += word + 1;
	}
	return words;
}
