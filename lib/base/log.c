/*
 * Log lines for the journal: one write(2) of one line per outcome, sd-daemon(3)'s priority in front. Whatever
 * a value holds, it stays inside its own quotes and on its own line.
 */

#include "lib/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"

#define LINE_BYTES 2048

static const char cut_mark[] = "...\n";

const char *const log_level_names[LOG_LEVEL_COUNT + 1] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static const char *const priorities[] = {
	[LOG_LEVEL_ERROR] = "<3>",
	[LOG_LEVEL_WARNING] = "<4>",
	[LOG_LEVEL_INFO] = "<6>",
	[LOG_LEVEL_DEBUG] = "<7>",
};
_Static_assert(sizeof(priorities) / sizeof(priorities[0]) == LOG_LEVEL_COUNT, "a priority for each level");

static enum log_level log_level = LOG_LEVEL_INFO;

struct line {
	char text[LINE_BYTES];
	size_t len;
	bool cut; /* something did not fit; nothing is added after it */
};

static void put(struct line *l, const char *p, size_t n)
{
	if (l->cut || n > sizeof(l->text) - sizeof(cut_mark) - l->len) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->len, p, n);
	l->len += n;
}

static void put_text(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

/* True where a value can stand without quotes and still be read back. */
static bool is_bare(const char *s)
{
	if (!*s)
		return false;

	for (; *s; s++) {
		if (*s <= ' ' || *s > '~' || strchr("\"\\=", *s))
			return false;
	}
	return true;
}

/* Adds s code point by code point, control bytes escaped; of text that is not UTF-8 all high bytes too. */
static void put_escaped(struct line *l, const char *s)
{
	bool keep_high = text_utf8_valid(s, strlen(s)) && !text_has_control(s);

	while (*s && !l->cut) {
		unsigned char c = (unsigned char)*s;
		char escape[8];
		size_t n = keep_high ? text_utf8_prefix(s, 1) : 1;

		if (c == '"' || c == '\\')
			put(l, (const char[]){'\\', (char)c}, 2);
		else if (c == '\n')
			put(l, "\\n", 2);
		else if (c == '\t')
			put(l, "\\t", 2);
		else if (c < ' ' || c == 0x7F || (c >= 0x80 && !keep_high))
			put(l, escape, (size_t)snprintf(escape, sizeof(escape), "\\x%02x", (unsigned)c));
		else
			put(l, s, n);
		s += n;
	}
}

static void put_value(struct line *l, const char *s)
{
	if (is_bare(s)) {
		put_text(l, s);
		return;
	}
	put_text(l, "\"");
	put_escaped(l, s);
	put_text(l, "\"");
}

static void put_pair(struct line *l, const struct log_pair *pair)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%" PRId64, pair->number);
	put_text(l, " ");
	put_text(l, pair->key);
	put_text(l, "=");
	put_value(l, pair->text ? pair->text : number);
}

void log_set_level(enum log_level level)
{
	log_level = level;
}

void log_write(enum log_level level, const char *what, const struct log_pair *pairs)
{
	if (level > log_level)
		return;

	struct line l;
	int saved = errno;

	l.len = 0;
	l.cut = false;
	if (!isatty(STDERR_FILENO))
		put_text(&l, priorities[level]);
	put_escaped(&l, what);
	for (size_t i = 0; i < LOG_PAIRS_MAX && pairs[i].key; i++)
		put_pair(&l, &pairs[i]);

	const char *end = l.cut ? cut_mark : "\n";

	memcpy(l.text + l.len, end, strlen(end));
	l.len += strlen(end);
	while (write(STDERR_FILENO, l.text, l.len) < 0 && errno == EINTR)
		continue; /* any other failure: nowhere is left to tell it */
	errno = saved;
}
