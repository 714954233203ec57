/*
 * Line breaking: between words; between ideographs, which have no blanks, but not before a closing mark; and
 * where a word is longer than a line, anywhere but before a combining mark.
 */
#include "daemon/film/wrap.h"

#include <string.h>

#include "lib/base/macros.h"

#define REPLACEMENT 0xFFFD

/* Ems by code point, the last entry at or below it counts. Measured on Lato Black, the widest, and on CJK
 * fonts. */
static const struct {
	uint32_t first;
	float em;
} widths[] = {
	{0x00, 0.62F},
	{0x20, 0.26F},
	{0x21, 0.36F},
	{0x22, 0.48F},
	{0x23, 0.66F},
	{0x25, 0.92F},
	{0x26, 0.80F},
	{0x27, 0.30F},
	{0x2A, 0.50F},
	{0x2B, 0.66F},
	{0x2C, 0.32F},
	{0x2D, 0.42F},
	{0x2E, 0.32F},
	{0x2F, 0.48F},
	{0x30, 0.66F},
	{0x3A, 0.36F},
	{0x3C, 0.66F},
	{0x3F, 0.52F},
	{0x40, 0.92F},
	{0x41, 0.76F},
	{0x49, 0.36F},
	{0x4A, 0.66F},
	{0x4D, 0.98F},
	{0x4E, 0.82F},
	{0x50, 0.70F},
	{0x51, 0.86F},
	{0x52, 0.72F},
	{0x57, 1.12F},
	{0x58, 0.76F},
	{0x5B, 0.42F},
	{0x5D, 0.42F},
	{0x5E, 0.66F},
	{0x61, 0.60F},
	{0x66, 0.42F},
	{0x67, 0.60F},
	{0x69, 0.32F},
	{0x6B, 0.60F},
	{0x6C, 0.32F},
	{0x6D, 0.92F},
	{0x6E, 0.62F},
	{0x72, 0.46F},
	{0x73, 0.52F},
	{0x74, 0.44F},
	{0x75, 0.62F},
	{0x77, 0.90F},
	{0x78, 0.60F},
	{0x7B, 0.42F},
	{0x7E, 0.66F},
	{0xA0, 0.66F},
	{0xC0, 0.78F},
	{0xDF, 0.66F},
	{0x100, 0.72F},
	{0x300, 0.0F},
	{0x370, 0.74F},
	{0x591, 0.0F},
	{0x5D0, 0.68F},
	{0x600, 0.68F},
	{0x64B, 0.0F},
	{0x660, 0.68F},
	{0x6D6, 0.0F},
	{0x6DD, 0.68F},
	{0x700, 0.8F},
	{0xE31, 0.0F},
	{0xE32, 0.68F},
	{0xE34, 0.0F},
	{0xE3F, 0.68F},
	{0xE47, 0.0F},
	{0xE4F, 0.72F},
	{0x1100, 1.0F},
	{0x1200, 0.9F},
	{0x200B, 0.0F},
	{0x2010, 0.7F},
	{0x2028, 0.0F},
	{0x2030, 1.1F},
	{0x2060, 0.0F},
	{0x2070, 0.8F},
	{0x2E80, 1.04F},
	{0xA4D0, 0.9F},
	{0xAC00, 1.04F},
	{0xE000, 1.0F},
	{0xF900, 1.04F},
	{0xFB00, 0.9F},
	{0xFE00, 0.0F},
	{0xFE10, 1.04F},
	{0x10000, 1.2F},
};

static double advance(uint32_t point)
{
	size_t low = 0, high = ARRAY_LEN(widths);

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (widths[middle].first <= point)
			low = middle;
		else
			high = middle;
	}
	return (double)widths[low].em;
}

struct range {
	uint32_t first, last;
};

static bool in_ranges(uint32_t point, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (point >= r[i].first && point <= r[i].last)
			return true;
	return false;
}

/* Never shown: controls, marks that ask for colour emoji, tones of skin (our emoji have one colour), bidi
 * overrides. */
static bool is_hidden(uint32_t point)
{
	static const struct range hidden[] = {{0x00, 0x1F}, {0x7F, 0x9F}, {0xAD, 0xAD}, {0x202A, 0x202E},
		{0x2066, 0x206F}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0x1F3FB, 0x1F3FF},
		{0xE0000, 0xE0FFF}};

	return in_ranges(point, hidden, ARRAY_LEN(hidden));
}

static bool is_blank(uint32_t point)
{
	static const struct range blank[] = {{' ', ' '}, {'\t', '\t'}, {0x1680, 0x1680}, {0x2000, 0x2006},
		{0x2008, 0x200A}, {0x205F, 0x205F}, {0x3000, 0x3000}};

	return in_ranges(point, blank, ARRAY_LEN(blank));
}

static bool is_line_end(uint32_t point)
{
	return point == '\n' || point == 0x85 || point == 0x2028 || point == 0x2029;
}

static bool is_ideograph(uint32_t point)
{
	static const struct range ideographs[] = {
		{0x2E80, 0xA4CF}, {0xF900, 0xFAFF}, {0xFE30, 0xFE4F}, {0xFF00, 0xFFEF}, {0x20000, 0x3FFFF}};

	return in_ranges(point, ideographs, ARRAY_LEN(ideographs));
}

static bool is_closing(uint32_t point)
{
	static const struct range closing[] = {{'!', '!'}, {')', ')'}, {',', '.'}, {':', ';'}, {'?', '?'},
		{']', ']'}, {'}', '}'}, {0x2019, 0x2019}, {0x201D, 0x201D}, {0x2026, 0x2026},
		{0x3001, 0x3002}, {0x3009, 0x3009}, {0x300B, 0x300B}, {0x300D, 0x300D}, {0x300F, 0x300F},
		{0x3011, 0x3011}, {0x30FB, 0x30FC}, {0xFF01, 0xFF01}, {0xFF05, 0xFF05}, {0xFF09, 0xFF09},
		{0xFF0C, 0xFF0C}, {0xFF0E, 0xFF0E}, {0xFF1A, 0xFF1B}, {0xFF1F, 0xFF1F}};

	return in_ranges(point, closing, ARRAY_LEN(closing));
}

/* One code point from *p on, which is moved behind it. */
static uint32_t decode(const unsigned char **p)
{
	static const unsigned char lead_bits[] = {0x7F, 0, 0x1F, 0x0F, 0x07};
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = *(*p)++;
	size_t len = c < 0x80 ? 0 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC2 ? 2 : 1;
	uint32_t point = c & lead_bits[len];

	for (size_t i = 1; i < len; i++) {
		if ((**p & 0xC0) != 0x80)
			return REPLACEMENT;
		point = point << 6 | (*(*p)++ & 0x3F);
	}
	if (len == 1 || point < least[len] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
		return REPLACEMENT;
	return point;
}

void wrap_init(struct wrap *w, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	*w = (struct wrap){0};
	while (*p && w->count < WRAP_MAX_POINTS) {
		uint32_t point = decode(&p), last = w->count ? w->points[w->count - 1] : '\n';

		if (is_line_end(point))
			point = '\n';
		else if (is_blank(point))
			point = ' ';
		else if (is_hidden(point))
			continue;
		if (last == ' ' && (point == ' ' || point == '\n'))
			w->count--;
		if (last == '\n' && (point == ' ' || point == '\n'))
			continue;
		w->points[w->count++] = point;
	}
	while (w->count > 0 && (w->points[w->count - 1] == ' ' || w->points[w->count - 1] == '\n'))
		w->count--;
}

/* Whether a line may end before point i. */
static bool may_break(const struct wrap *w, size_t i)
{
	uint32_t before = w->points[i - 1], after = w->points[i];

	if (before == ' ' || before == '-' || before == 0x2013 || before == 0x2014)
		return after != ' ';
	return (is_ideograph(before) || is_ideograph(after)) && !is_closing(after) && advance(after) > 0;
}

static void add_line(struct wrap *w, size_t first, size_t end)
{
	while (end > first && w->points[end - 1] == ' ')
		end--;
	if (w->line_count < WRAP_MAX_LINES)
		w->lines[w->line_count++] = (struct wrap_line){first, end};
}

/* Where the line that begins at first ends; the next one begins there, after a '\n'. */
static size_t line_end(const struct wrap *w, size_t first, double width)
{
	size_t good = first, i = first;
	double used = 0;

	for (; i < w->count && w->points[i] != '\n'; i++) {
		if (i > first && may_break(w, i))
			good = i;
		used += advance(w->points[i]);
		if (used <= width || w->points[i] == ' ')
			continue;
		if (good > first)
			return good;
		if (i == first)
			i++; /* a line takes one character at least, with its marks */
		while (i < w->count && advance(w->points[i]) <= 0 && w->points[i] != '\n')
			i++;
		return i;
	}
	return i;
}

size_t wrap_count(struct wrap *w, double width_em)
{
	w->line_count = 0;
	for (size_t first = 0; first < w->count;) {
		size_t end = line_end(w, first, width_em);

		add_line(w, first, end);
		first = end < w->count && w->points[end] == '\n' ? end + 1 : end;
	}
	return w->line_count;
}

void wrap_lines(struct wrap *w, double width_em)
{
	size_t lines = wrap_count(w, width_em);
	double narrow = width_em / 2, wide = width_em;

	/* the narrowest width that needs no more lines makes them even */
	for (int i = 0; i < 8; i++) {
		double middle = (narrow + wide) / 2;

		if (wrap_count(w, middle) > lines)
			narrow = middle;
		else
			wide = middle;
	}
	(void)wrap_count(w, wide);
}

bool wrap_is_right_to_left(const struct wrap *w)
{
	static const struct range right_to_left[] = {
		{0x590, 0x8FF}, {0xFB1D, 0xFDFF}, {0xFE70, 0xFEFC}, {0x10800, 0x10FFF}, {0x1E800, 0x1EFFF}};

	for (size_t i = 0; i < w->count; i++) {
		uint32_t p = w->points[i];

		if (in_ranges(p, right_to_left, ARRAY_LEN(right_to_left)))
			return true;
		if ((p >= 'A' && p <= 'Z') || (p >= 'a' && p <= 'z') || (p >= 0xC0 && p < 0x2000) ||
			p >= 0x2C00)
			return false;
	}
	return false;
}
