/*
 * Latin marks end something only before white space (3.5, e.g. a price), the marks of Chinese and Japanese
 * anywhere; quotes and brackets that close belong to what they close.
 */
#include "daemon/film/breath.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "lib/base/macros.h"

static const struct {
	uint32_t point;
	enum breath breath;
	bool anywhere; /* also where no white space follows */
} marks[] = {
	{'.', BREATH_SENTENCE, false},
	{'!', BREATH_SENTENCE, false},
	{'?', BREATH_SENTENCE, false},
	{0x2026, BREATH_SENTENCE, false}, /* ... */
	{0x061F, BREATH_SENTENCE, false}, /* Arabic question mark */
	{0x0964, BREATH_SENTENCE, false}, /* danda */
	{0x3002, BREATH_SENTENCE, true},  /* ideographic full stop */
	{0xFF01, BREATH_SENTENCE, true},
	{0xFF1F, BREATH_SENTENCE, true},
	{',', BREATH_CLAUSE, false},
	{';', BREATH_CLAUSE, false},
	{':', BREATH_CLAUSE, false},
	{0x2013, BREATH_CLAUSE, false}, /* dashes */
	{0x2014, BREATH_CLAUSE, true},
	{0x060C, BREATH_CLAUSE, false}, /* Arabic comma */
	{0x3001, BREATH_CLAUSE, true},  /* ideographic comma */
	{0xFF0C, BREATH_CLAUSE, true},
	{0xFF1A, BREATH_CLAUSE, true},
	{0xFF1B, BREATH_CLAUSE, true},
};

static const uint32_t closers[] = {'"', '\'', ')', ']', 0x00BB, 0x2019, 0x201D, 0x300D, 0x300F, 0xFF09};

/* What ends in a dot and does not end its sentence. */
static const char *const abbreviations[] = {"approx", "bzw", "ca", "dr", "excl", "fig", "incl", "max", "min",
	"mme", "mr", "mrs", "ms", "no", "nr", "prof", "sr", "sra", "st", "vs"};

bool breath_is_blank(uint32_t p)
{
	return p == ' ' || p == '\t' || p == '\n' || p == '\r' || p == BREATH_SEAM || p == 0xA0 ||
	       p == 0x3000 || (p >= 0x2000 && p <= 0x200A);
}

bool breath_is_closer(uint32_t p)
{
	for (size_t i = 0; i < ARRAY_LEN(closers); i++)
		if (closers[i] == p)
			return true;
	return false;
}

enum breath breath_between(uint32_t mark, uint32_t next)
{
	bool blank = breath_is_blank(next) || next == 0;

	if (breath_is_closer(next))
		return BREATH_NONE;
	if (next == '\n' || next == BREATH_SEAM)
		return BREATH_SENTENCE;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (marks[i].point == mark && (blank || marks[i].anywhere))
			return marks[i].breath;
	return blank ? BREATH_WORD : BREATH_NONE;
}

static size_t count_dots(const char *word, size_t n)
{
	size_t dots = 0;

	for (size_t i = 0; i < n; i++)
		dots += word[i] == '.';
	return dots;
}

bool breath_is_abbreviation(const char *word, size_t n)
{
	while (n > 0 && (*word == '(' || *word == '"')) {
		word++;
		n--;
	}
	if (n < 2 || word[n - 1] != '.' || (*word >= '0' && *word <= '9'))
		return false;
	if (n == 2 * count_dots(word, n)) /* initials, "e.g." */
		return true;
	for (size_t i = 0; i < ARRAY_LEN(abbreviations); i++)
		if (strlen(abbreviations[i]) == n - 1 && strncasecmp(word, abbreviations[i], n - 1) == 0)
			return true;
	return false;
}

bool breath_is_lower_case(uint32_t p)
{
	return (p >= 'a' && p <= 'z') || (p >= 0xDF && p <= 0xFF && p != 0xF7) ||
	       (p >= 0x3AC && p <= 0x3CE) || (p >= 0x430 && p <= 0x45F);
}
