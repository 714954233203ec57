/* Tables. Cells are kept until the last one is known, because a column is as wide as its widest. */
#include "cli/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"

#define GAP 2

void table_add(struct table *t, const char *text)
{
	char *cell = xstrdup(text && *text ? text : "-");

	for (unsigned char *p = (unsigned char *)cell; *p; p++)
		if (*p < ' ' || *p == 0x7f)
			*p = '?';
	t->cells = xrealloc(t->cells, (t->count + 1) * sizeof(*t->cells));
	t->cells[t->count++] = cell;
}

void table_add_int(struct table *t, int64_t number)
{
	AUTO_FREE char *text = xasprintf("%" PRId64, number);

	table_add(t, text);
}

/* Those at the end of a decimal, and its point where nothing is behind it: "12.500" becomes "12.5". */
static void drop_zeros(char *decimal)
{
	char *end = decimal + strlen(decimal);

	while (end[-1] == '0')
		*--end = '\0';
	if (end[-1] == '.')
		end[-1] = '\0';
}

void table_add_milli(struct table *t, int64_t milli)
{
	AUTO_FREE char *text = NULL;

	if (milli < 0) {
		table_add(t, NULL);
		return;
	}
	text = xasprintf("%" PRId64 ".%03" PRId64, milli / 1000, milli % 1000);
	drop_zeros(text);
	table_add(t, text);
}

void table_add_time(struct table *t, int64_t wall_ms)
{
	char text[25] = "";

	if (wall_ms > 0)
		clock_rfc3339(wall_ms, text);
	table_add(t, text);
}

static size_t width_of(const struct table *t, size_t column)
{
	size_t widest = text_utf8_points(t->heads[column]);

	for (size_t i = column; i < t->count; i += t->columns) {
		size_t points = text_utf8_points(t->cells[i]);

		if (points > widest)
			widest = points;
	}
	return widest;
}

/* The last column is as long as it is. */
static void print_cell(const char *text, size_t width, bool last)
{
	size_t points = text_utf8_points(text);

	(void)fputs(text, stdout);
	if (last)
		(void)putchar('\n');
	else
		(void)printf("%*s", (int)(width - points + GAP), "");
}

void table_print(const struct table *t)
{
	AUTO_FREE size_t *widths = xcalloc(t->columns, sizeof(*widths));

	for (size_t c = 0; c < t->columns; c++)
		widths[c] = width_of(t, c);
	for (size_t c = 0; c < t->columns; c++)
		print_cell(t->heads[c], widths[c], c + 1 == t->columns);
	for (size_t i = 0; i < t->count; i += t->columns)
		for (size_t c = 0; c < t->columns; c++)
			print_cell(t->cells[i + c], widths[c], c + 1 == t->columns);
}

void table_done(struct table *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
}
