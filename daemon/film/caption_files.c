/*
 * Captions as files. SubRip has no specification and no way to escape: players take "<" and "{" for the
 * beginning of a style, so these characters are written as others that look the same. Lines end as its first
 * program ended them, with CR LF. WebVTT escapes like HTML, which leaves no "-->" in a text.
 *
 * Players lay a line out by its first letter that has a direction. A line of a right-to-left text that begins
 * with a Latin name would go the wrong way, so a mark that is not seen stands before it.
 */
#include "daemon/film/captions.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/film/captions_priv.h"
#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/utf8.h"

#define RIGHT_TO_LEFT_MARK 0x200F

struct replacement {
	char of;
	const char *by;
};
struct format {
	const char *head, *line_end;
	char point; /* of the seconds */
	const struct replacement *replacements;
	size_t replacement_count;
};

static const struct replacement in_srt[] = {{'<', "\u2039"}, {'>', "\u203A"}, {'{', "("}, {'}', ")"}};
static const struct replacement in_vtt[] = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}};
static const struct format srt = {"", "\r\n", ',', in_srt, ARRAY_LEN(in_srt)};
static const struct format vtt = {"WEBVTT\n\n", "\n", '.', in_vtt, ARRAY_LEN(in_vtt)};

/* 1 right to left, -1 left to right, 0 neither. */
static int direction_of(uint32_t p)
{
	enum char_kind kind = char_class(p).kind;

	if ((p >= 0x5D0 && p <= 0x8FF) || (p >= 0xFB1D && p <= 0xFDFF) || (p >= 0xFE70 && p <= 0xFEFC) ||
		(p >= 0x10800 && p <= 0x10FFF) || (p >= 0x1E800 && p <= 0x1EFFF))
		return kind == CHAR_LETTER ? 1 : 0;
	return kind == CHAR_SIGN || kind >= CHAR_BASE_COUNT || (p >= '0' && p <= '9') ? 0 : -1;
}

/* By which of its letters are more. */
static bool is_right_to_left(const struct captions *c)
{
	int64_t sum = 0;

	for (size_t i = 0; i < c->count; i++)
		for (const char *p = c->list[i].text; *p;)
			sum += direction_of(utf8_next(&p));
	return sum > 0;
}

static bool begins_left_to_right(const char *line)
{
	int direction = 0;

	for (const char *p = line; *p && *p != '\n' && direction == 0;)
		direction = direction_of(utf8_next(&p));
	return direction < 0;
}

static void add_char(const struct format *f, char c, struct buf *out)
{
	for (size_t i = 0; i < f->replacement_count; i++) {
		if (f->replacements[i].of == c) {
			buf_adds(out, f->replacements[i].by);
			return;
		}
	}
	buf_addc(out, c);
}

static void add_text(const struct format *f, const char *text, bool right_to_left, struct buf *out)
{
	bool line_begins = true;

	for (const char *p = text; *p; p++) {
		if (line_begins && right_to_left && begins_left_to_right(p))
			utf8_add(out, RIGHT_TO_LEFT_MARK);
		line_begins = *p == '\n';
		if (line_begins)
			buf_adds(out, f->line_end);
		else
			add_char(f, *p, out);
	}
}

static void add_time(const struct format *f, int64_t ms, struct buf *out)
{
	int64_t sec = ms / 1000;

	buf_addf(out, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 "%c%03" PRId64, sec / 3600, sec / 60 % 60,
		sec % 60, f->point, ms % 1000);
}

static void write_file(const struct format *f, const struct captions *c, struct buf *out)
{
	bool right_to_left = is_right_to_left(c);

	buf_adds(out, f->head);
	for (size_t i = 0; i < c->count; i++) {
		buf_addf(out, "%zu%s", i + 1, f->line_end);
		add_time(f, c->list[i].start_ms, out);
		buf_adds(out, " --> ");
		add_time(f, c->list[i].end_ms, out);
		buf_adds(out, f->line_end);
		add_text(f, c->list[i].text, right_to_left, out);
		buf_adds(out, f->line_end);
		buf_adds(out, f->line_end);
	}
}

void captions_srt(const struct captions *c, struct buf *out)
{
	write_file(&srt, c, out);
}

void captions_vtt(const struct captions *c, struct buf *out)
{
	write_file(&vtt, c, out);
}
