/*
 * HTML to plain text, for reading aloud and for a few words on a picture; no browser. What is no tag ("under
 * < 5 kg") and no entity ("R&D") stays as it is. White space is only remembered when it is met and written
 * before the next visible character, so that it is folded and never leads or trails.
 */

#include "lib/video/plain.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#define ELLIPSIS     0x2026
#define NAME_MAX_LEN 12 /* of the tags and entities that we know */

enum gap { GAP_NONE, GAP_BLANK, GAP_LINE };

struct writer {
	struct buf *out;
	enum gap gap;  /* met since the last visible character */
	uint32_t last; /* visible character */
};

static const struct {
	const char *name;
	uint16_t point;
} entities[] = {
	{"amp", '&'},
	{"lt", '<'},
	{"gt", '>'},
	{"quot", '"'},
	{"apos", '\''},
	{"nbsp", ' '},
	{"ensp", ' '},
	{"emsp", ' '},
	{"thinsp", ' '},
	{"ndash", 0x2013},
	{"mdash", 0x2014},
	{"lsquo", 0x2018},
	{"rsquo", 0x2019},
	{"sbquo", 0x201A},
	{"ldquo", 0x201C},
	{"rdquo", 0x201D},
	{"bdquo", 0x201E},
	{"bull", 0x2022},
	{"hellip", 0x2026},
	{"euro", 0x20AC},
	{"trade", 0x2122},
	{"frac12", 0xBD},
	{"frac14", 0xBC},
	{"frac34", 0xBE},
	{"cent", 0xA2},
	{"pound", 0xA3},
	{"yen", 0xA5},
	{"sect", 0xA7},
	{"copy", 0xA9},
	{"laquo", 0xAB},
	{"reg", 0xAE},
	{"deg", 0xB0},
	{"plusmn", 0xB1},
	{"sup2", 0xB2},
	{"sup3", 0xB3},
	{"micro", 0xB5},
	{"middot", 0xB7},
	{"raquo", 0xBB},
	{"times", 0xD7},
	{"divide", 0xF7},
	{"Agrave", 0xC0},
	{"Aacute", 0xC1},
	{"Acirc", 0xC2},
	{"Atilde", 0xC3},
	{"Auml", 0xC4},
	{"Aring", 0xC5},
	{"AElig", 0xC6},
	{"Ccedil", 0xC7},
	{"Egrave", 0xC8},
	{"Eacute", 0xC9},
	{"Ecirc", 0xCA},
	{"Euml", 0xCB},
	{"Iacute", 0xCD},
	{"Icirc", 0xCE},
	{"Iuml", 0xCF},
	{"Ntilde", 0xD1},
	{"Oacute", 0xD3},
	{"Ocirc", 0xD4},
	{"Otilde", 0xD5},
	{"Ouml", 0xD6},
	{"Oslash", 0xD8},
	{"Uacute", 0xDA},
	{"Ucirc", 0xDB},
	{"Uuml", 0xDC},
	{"szlig", 0xDF},
	{"agrave", 0xE0},
	{"aacute", 0xE1},
	{"acirc", 0xE2},
	{"atilde", 0xE3},
	{"auml", 0xE4},
	{"aring", 0xE5},
	{"aelig", 0xE6},
	{"ccedil", 0xE7},
	{"egrave", 0xE8},
	{"eacute", 0xE9},
	{"ecirc", 0xEA},
	{"euml", 0xEB},
	{"igrave", 0xEC},
	{"iacute", 0xED},
	{"icirc", 0xEE},
	{"iuml", 0xEF},
	{"ntilde", 0xF1},
	{"ograve", 0xF2},
	{"oacute", 0xF3},
	{"ocirc", 0xF4},
	{"otilde", 0xF5},
	{"ouml", 0xF6},
	{"oslash", 0xF8},
	{"ugrave", 0xF9},
	{"uacute", 0xFA},
	{"ucirc", 0xFB},
	{"uuml", 0xFC},
	{"yacute", 0xFD},
	{"yuml", 0xFF},
	{"oelig", 0x153},
	{"scaron", 0x161},
	{"OElig", 0x152},
};

/* Where a line ends. */
static const char *const line_tags[] = {"p", "br", "li", "div", "ul", "ol", "dl", "dt", "dd", "hr",
	"blockquote", "section", "article", "header", "footer", "figure", "pre"};
/* What is no prose. */
static const char *const skipped_tags[] = {"script", "style", "table", "title", "head", "svg", "iframe",
	"noscript", "h1", "h2", "h3", "h4", "h5", "h6"};

static bool is_white(uint32_t point)
{
	return point == ' ' || (point >= '\t' && point <= '\r') || point == 0x85 || point == 0xA0 ||
	       point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 ||
	       point == 0x2029 || point == 0x202F || point == 0x205F || point == 0x3000;
}

/* Control characters, and those that only say where a line may break. */
static bool is_invisible(uint32_t point)
{
	return point < ' ' || (point >= 0x7F && point <= 0x9F) || point == 0xAD || point == 0x200B ||
	       point == 0x2060 || point == 0xFEFF;
}

static bool is_bullet(uint32_t point)
{
	static const uint16_t bullets[] = {
		'-', '*', 0xB7, 0x2013, 0x2014, 0x2022, 0x2023, 0x25A0, 0x25AA, 0x25CF, 0x2713, 0x2714};

	for (size_t i = 0; i < ARRAY_LEN(bullets); i++) {
		if (point == bullets[i])
			return true;
	}
	return false;
}

static void widen_gap(struct writer *w, enum gap gap)
{
	if (gap > w->gap)
		w->gap = gap;
}

/* "..", "..." and so on: the first dot is there already. */
static void write_dot_again(struct writer *w)
{
	if (w->last == '.') {
		w->out->data[--w->out->len] = '\0';
		utf8_add(w->out, ELLIPSIS);
		w->last = ELLIPSIS;
	}
}

static void write_point(struct writer *w, uint32_t point)
{
	if (is_white(point)) {
		widen_gap(w, GAP_BLANK);
		return;
	}
	if (is_invisible(point))
		return;
	if (point == '.' && w->gap == GAP_NONE && (w->last == '.' || w->last == ELLIPSIS)) {
		write_dot_again(w);
		return;
	}
	if (w->gap != GAP_NONE && w->out->len > 0)
		buf_addc(w->out, w->gap == GAP_LINE ? '\n' : ' ');
	utf8_add(w->out, point);
	w->gap = GAP_NONE;
	w->last = point;
}

/* Bytes of the tag or comment at s, 0 when it is none. */
static size_t tag_length(const char *s)
{
	if (strncmp(s, "<!--", 4) == 0) {
		const char *end = strstr(s + 4, "-->");
		return end ? (size_t)(end - s) + 3 : strlen(s);
	}
	if (!isalpha((unsigned char)s[1]) && !(s[1] == '/' && isalpha((unsigned char)s[2])) && s[1] != '!')
		return 0;

	/* Looked for first, so that a text of beginnings alone is not read to its end for each of them. */
	const char *end = strchr(s, '>');
	if (!end)
		return 0;

	char quote = '\0';
	for (const char *p = s + 1; *p; p++) {
		if (quote)
			quote = *p == quote ? '\0' : quote;
		else if (*p == '"' || *p == '\'')
			quote = *p;
		else if (*p == '>')
			return (size_t)(p - s) + 1;
	}

	return (size_t)(end - s) + 1; /* a quote that is never closed */
}

static bool tag_is(const char *tag, const char *const *names, size_t count)
{
	char name[NAME_MAX_LEN + 1];
	size_t n = 0;

	tag += tag[1] == '/' ? 2 : 1;
	while (n < NAME_MAX_LEN && isalnum((unsigned char)tag[n])) {
		name[n] = (char)tolower((unsigned char)tag[n]);
		n++;
	}
	name[n] = '\0';
	for (size_t i = 0; i < count; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* After an opening tag: past its closing tag where there is one. */
static const char *skip_content(const char *tag, const char *after)
{
	char closing[NAME_MAX_LEN + 3] = "</";
	size_t n = 2;

	for (const char *p = tag + 1; isalnum((unsigned char)*p) && n < sizeof(closing) - 1; p++)
		closing[n++] = *p;
	closing[n] = '\0';

	const char *end = strcasestr(after, closing);
	return end ? end + tag_length(end) : after;
}

/* Past the tag at s, or s itself when it is none. */
static const char *read_tag(struct writer *w, const char *s)
{
	size_t n = tag_length(s);

	if (n == 0)
		return s;
	if (tag_is(s, skipped_tags, ARRAY_LEN(skipped_tags))) {
		widen_gap(w, GAP_LINE);
		return s[1] == '/' ? s + n : skip_content(s, s + n);
	}
	if (tag_is(s, line_tags, ARRAY_LEN(line_tags)))
		widen_gap(w, GAP_LINE);
	return s + n;
}

/* "#233" or "#xE9", without '&' and ';'. 0 when it is none, or none that a text may have. */
static uint32_t numeric_entity(const char *s, size_t n)
{
	bool hex = n > 1 && (s[1] == 'x' || s[1] == 'X');
	uint32_t point = 0;

	for (size_t i = hex ? 2 : 1; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((hex ? !isxdigit(c) : !isdigit(c)) || point > 0x10FFFF)
			return 0;
		point = point * (hex ? 16 : 10) + (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
	}
	return point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF) ? 0 : point;
}

/* Past the entity at s, or s itself when it is none. */
static const char *read_entity(struct writer *w, const char *s)
{
	const char *name = s + 1, *end = name;
	uint32_t point = 0;

	while (end - name < NAME_MAX_LEN && (isalnum((unsigned char)*end) || *end == '#'))
		end++;
	if (*end != ';' || end == name)
		return s;

	size_t n = (size_t)(end - name);
	if (*name == '#')
		point = numeric_entity(name, n);
	for (size_t i = 0; point == 0 && i < ARRAY_LEN(entities); i++) {
		if (strlen(entities[i].name) == n && memcmp(entities[i].name, name, n) == 0)
			point = entities[i].point;
	}
	if (point == 0)
		return s;
	write_point(w, point);
	return end + 1;
}

static bool has_tags(const char *s)
{
	for (s = strchr(s, '<'); s; s = strchr(s + 1, '<')) {
		if (tag_length(s) > 0)
			return true;
	}
	return false;
}

/* At a line's beginning: past the bullet of a list that was typed by hand. */
static const char *skip_bullet(const struct writer *w, const char *s)
{
	const char *after = s;

	if (w->out->len > 0 && w->gap != GAP_LINE)
		return s;
	return is_bullet(utf8_next(&after)) && is_white(utf8_peek(after)) ? after : s;
}

static const char *read_one(struct writer *w, const char *s, bool html)
{
	const char *after;

	if (*s == '<')
		after = read_tag(w, s);
	else if (*s == '&')
		after = read_entity(w, s);
	else
		after = skip_bullet(w, s);
	if (after > s)
		return after;

	if (*s == '\n' && !html)
		widen_gap(w, GAP_LINE);
	else
		write_point(w, utf8_peek(s));
	(void)utf8_next(&after);
	return after;
}

char *plain_text(const char *html)
{
	AUTO_BUF out = BUF_INIT(4 * strlen(html) + 1); /* "&lt;" gets shorter, an ellipsis for ".." longer */
	struct writer w = {.out = &out};
	bool tags = has_tags(html);

	for (const char *s = html; *s;)
		s = read_one(&w, s, tags);
	return buf_steal(&out);
}
