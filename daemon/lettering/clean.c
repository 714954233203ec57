/*
 * What people paste has line ends of all kinds, invisible controls and letters under a tower of accents. Here
 * it becomes a text that says the same and can be drawn within a line. Joiners and variation selectors stay,
 * for scripts and emoji need them.
 */
#include "daemon/lettering/clean.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/utf8.h"

#define MAX_BYTES   (CLEAN_MAX_POINTS * 6 + 8)
#define BLACK_FLAG  0x1F3F4 /* what tags follow: the flags of England, Scotland, Wales */
#define WORD_JOINER 0x2060
#define ELLIPSIS    0x2026

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

static bool is_hidden(uint32_t point)
{
	static const struct range hidden[] = {{0x00, 0x1F}, {0x7F, 0x9F}, {0x061C, 0x061C}, {0x180E, 0x180E},
		{0x202A, 0x202E}, {0x2061, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFC}, {0xFFFE, 0xFFFF},
		{0xE0000, 0xE001F}, {0xE0080, 0xE0FFF}};

	return in_ranges(point, hidden, ARRAY_LEN(hidden));
}

static bool is_tag(uint32_t point)
{
	return point >= 0xE0020 && point <= 0xE007F;
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

static bool is_mark(uint32_t point)
{
	GUnicodeType type = g_unichar_type(point);

	return type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_ENCLOSING_MARK;
}

/* A Korean line ends between words, though it may anywhere. */
static bool is_hangul(uint32_t point)
{
	return point >= 0xAC00 && point <= 0xD7A3;
}

struct cleaner {
	struct buf out;
	uint32_t last; /* point of out; a line end before the first */
	unsigned marks;
	size_t points, lines;
};

static void drop_last_blank(struct cleaner *c)
{
	if (c->out.len > 0 && c->out.data[c->out.len - 1] == ' ')
		c->out.data[--c->out.len] = '\0';
}

static void add(struct cleaner *c, uint32_t point)
{
	if (is_line_end(point))
		point = c->lines < CLEAN_MAX_LINES ? '\n' : ' ';
	else if (is_blank(point))
		point = ' ';
	else if (is_hidden(point) || (is_tag(point) && !is_tag(c->last) && c->last != BLACK_FLAG))
		return;
	if ((point == ' ' || point == '\n') && c->last == '\n')
		return;
	if (point == ' ' && c->last == ' ')
		return;
	if (point == '\n') {
		drop_last_blank(c);
		c->lines++;
	}
	c->marks = is_mark(point) ? c->marks + 1 : 0;
	if (c->marks > CLEAN_MAX_MARKS && !(point >= 0xFE00 && point <= 0xFE0F))
		return;
	if (is_hangul(point) && is_hangul(c->last))
		utf8_add(&c->out, WORD_JOINER);
	utf8_add(&c->out, point);
	c->last = point;
	c->points++;
}

char *clean_text(const char *text, size_t *marks, size_t mark_count)
{
	struct cleaner c = {.out = BUF_INIT(MAX_BYTES), .last = '\n'};
	const char *p = text;
	size_t given[4] = {0};

	assert(mark_count <= ARRAY_LEN(given));
	for (size_t i = 0; i < mark_count; i++)
		given[i] = marks[i];
	while (*p && c.points < CLEAN_MAX_POINTS) {
		for (size_t i = 0; i < mark_count; i++)
			if (given[i] >= (size_t)(p - text))
				marks[i] = c.out.len;
		add(&c, utf8_next(&p));
	}
	for (size_t i = 0; i < mark_count; i++)
		if (given[i] >= (size_t)(p - text))
			marks[i] = c.out.len;
	if (*p)
		utf8_add(&c.out, ELLIPSIS);
	while (c.out.len > 0 && strchr(" \n", c.out.data[c.out.len - 1]))
		c.out.data[--c.out.len] = '\0';
	for (size_t i = 0; i < mark_count; i++)
		if (marks[i] > c.out.len)
			marks[i] = c.out.len;
	return buf_steal(&c.out);
}
