/*
 * Cutting a migration into statements: each ends with a ';' that is the last thing on its line. Nothing else
 * is understood of SQL but lines that are only a "--" comment, so a text or a trailing comment must not end a
 * line with ';'.
 */

#include <string.h>

#include "lib/io/db_priv.h"

static const char *line_end(const char *line)
{
	return line + strcspn(line, "\n");
}

static const char *next_line(const char *line)
{
	const char *end = line_end(line);

	return *end ? end + 1 : end;
}

static bool is_idle(const char *line)
{
	const char *p = line + strspn(line, " \t\r");

	return p >= line_end(line) || strncmp(p, "--", 2) == 0;
}

/* The ';' that ends the line, or NULL. */
static const char *terminator(const char *line)
{
	const char *p = line_end(line);

	while (p > line && strchr(" \t\r", p[-1]))
		p--;
	return p > line && p[-1] == ';' && !is_idle(line) ? p - 1 : NULL;
}

bool db_script_next(const char **at, const char **ret_sql, size_t *ret_len)
{
	const char *begin = *at;

	while (*begin && is_idle(begin))
		begin = next_line(begin);
	if (!*begin)
		return false;

	const char *line = begin, *end = terminator(line);

	while (!end && *line) {
		line = next_line(line);
		end = terminator(line);
	}
	*ret_sql = begin;
	*ret_len = (size_t)((end ? end : line) - begin);
	*at = next_line(line);
	return true;
}
