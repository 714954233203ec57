/*
 * Where a script may be cut. Latin marks end something only before white space (3.5, e.g. a price), the marks
 * of Chinese and Japanese anywhere; quotes and brackets that close belong to what they close.
 */
#include "daemon/vendor/script_pieces.h"

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

enum cut { CUT_NONE, CUT_WORD, CUT_CLAUSE, CUT_SENTENCE, CUT_COUNT };

static const struct {
	uint32_t point;
	enum cut cut;
	bool anywhere; /* also where no white space follows */
} marks[] = {
	{'.', CUT_SENTENCE, false},
	{'!', CUT_SENTENCE, false},
	{'?', CUT_SENTENCE, false},
	{0x2026, CUT_SENTENCE, false}, /* ... */
	{0x061F, CUT_SENTENCE, false}, /* Arabic question mark */
	{0x0964, CUT_SENTENCE, false}, /* danda */
	{0x3002, CUT_SENTENCE, true},  /* ideographic full stop */
	{0xFF01, CUT_SENTENCE, true},
	{0xFF1F, CUT_SENTENCE, true},
	{',', CUT_CLAUSE, false},
	{';', CUT_CLAUSE, false},
	{':', CUT_CLAUSE, false},
	{0x2013, CUT_CLAUSE, false}, /* dashes */
	{0x2014, CUT_CLAUSE, true},
	{0x060C, CUT_CLAUSE, false}, /* Arabic comma */
	{0x3001, CUT_CLAUSE, true},  /* ideographic comma */
	{0xFF0C, CUT_CLAUSE, true},
	{0xFF1A, CUT_CLAUSE, true},
	{0xFF1B, CUT_CLAUSE, true},
};

static const uint32_t closers[] = {'"', '\'', ')', ']', 0x00BB, 0x2019, 0x201D, 0x300D, 0x300F, 0xFF09};

static bool is_blank(uint32_t p)
{
	return p == ' ' || p == '\t' || p == '\n' || p == '\r' || p == 0xA0 || p == 0x3000 ||
	       (p >= 0x2000 && p <= 0x200A);
}

static bool is_closer(uint32_t p)
{
	for (size_t i = 0; i < ARRAY_LEN(closers); i++)
		if (closers[i] == p)
			return true;
	return false;
}

/* How good a cut is between a text that ended with mark (closers left out) and next. */
static enum cut cut_before(uint32_t mark, uint32_t next)
{
	bool blank = is_blank(next) || next == 0;

	if (is_closer(next))
		return CUT_NONE;
	if (next == '\n')
		return CUT_SENTENCE;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (marks[i].point == mark && (blank || marks[i].anywhere))
			return marks[i].cut;
	return blank ? CUT_WORD : CUT_NONE;
}

static size_t skip_blanks(const char *s)
{
	const char *p = s;

	while (*p && is_blank(utf8_peek(p)))
		(void)utf8_next(&p);
	return (size_t)(p - s);
}

/* Bytes of s's first n without the white space at their end. */
static size_t without_blanks(const char *s, size_t n)
{
	size_t end = 0;

	for (const char *p = s; p < s + n;)
		if (!is_blank(utf8_next(&p)))
			end = (size_t)(p - s);
	return end;
}

/* Bytes of the best piece at the beginning of s, which is longer than max_points. */
static size_t best_cut(const char *s, size_t max_points)
{
	size_t most = text_utf8_prefix(s, max_points), best[CUT_COUNT] = {[CUT_NONE] = most};
	uint32_t mark = 0;

	for (const char *p = s; p < s + most;) {
		uint32_t point = utf8_next(&p);

		if (!is_closer(point))
			mark = point;
		if (!is_blank(point))
			best[cut_before(mark, utf8_peek(p))] = (size_t)(p - s);
	}
	for (int cut = CUT_SENTENCE; cut > CUT_NONE; cut--)
		if (best[cut] > 0)
			return best[cut];
	return most;
}

size_t script_pieces(const char *script, size_t max_points, struct script_piece **ret)
{
	struct script_piece *list = NULL;
	size_t n = 0, max = max_points > 0 ? max_points : 1;

	for (const char *s = script + skip_blanks(script); *s;) {
		size_t take = text_utf8_points(s) <= max ? text_utf8_prefix(s, max) : best_cut(s, max);

		list = xreallocarray(list, n + 1, sizeof(*list));
		list[n++] = (struct script_piece){.at = (size_t)(s - script), .len = without_blanks(s, take)};
		s += take;
		s += skip_blanks(s);
	}
	*ret = list;
	return n;
}
