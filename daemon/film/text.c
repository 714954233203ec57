/*
 * A scene's text as an ASS file (https://github.com/libass/libass/wiki/ASSv5-Override-Tags). The text is
 * data: braces are escaped, a backslash is kept from the letter after it, and lines are ours, so that nothing
 * in it is ever an override. It is broken into lines and sized here, to stay within the areas that platforms
 * leave free of buttons.
 */
#include <math.h>
#include <string.h>

#include "daemon/film/film_priv.h"
#include "daemon/film/wrap.h"
#include "lib/base/buf.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/video/look.h"

#define FONT_HEIGHT 1.25 /* of the size; Lato's is 1.2 */
#define WORD_JOINER "\xE2\x81\xA0"
#define SMALLEST    0.028 /* of the shorter side */
#define SHRINK      0.95
#define FADE_MS     220

/* Parts of width and height where nothing of the platforms' own is in the way. */
struct safe {
	double side, right, top, bottom;
};

static const struct safe safe_tall = {.side = 0.07, .right = 0.13, .top = 0.12, .bottom = 0.20};
static const struct safe safe_wide = {.side = 0.06, .right = 0.06, .top = 0.08, .bottom = 0.09};

struct layout {
	int left, right, top, bottom; /* margins */
	int size;
	int align; /* as on a numeric keypad */
};

static const struct safe *safe_of(const struct film *f)
{
	return f->height * 2 > f->width * 3 ? &safe_tall : &safe_wide;
}

static int align_of(const struct film_look *look, bool card, bool right_to_left)
{
	static const int rows[POSITION_COUNT] = {
		[POSITION_BOTTOM] = 1, [POSITION_TOP] = 7, [POSITION_MIDDLE] = 4};

	if (card)
		return 5;
	return rows[look->position] + (look->centred ? 1 : right_to_left ? 2 : 0);
}

/* Breaks the text into lines at the largest size that fits. */
static struct layout lay_out(const struct film *f, bool card, struct wrap *w)
{
	const struct film_look *look = film_look(f);
	const struct safe *safe = safe_of(f);
	bool centred = card || look->centred;
	double side = centred ? safe->right : safe->side, width = f->width * (1 - side - safe->right);
	double room = f->height * (card ? 0.56 : 0.36), shorter = fmin(f->width, f->height);
	double size = shorter * (card ? 0.112 : 0.074) * look->size_percent / 100;

	while ((double)wrap_count(w, width / size) * size * FONT_HEIGHT > room &&
		size * SHRINK >= shorter * SMALLEST)
		size *= SHRINK;
	wrap_lines(w, width / size);
	return (struct layout){
		.left = (int)(f->width * side),
		.right = (int)(f->width * safe->right),
		.top = (int)(f->height * safe->top),
		.bottom = (int)(f->height * safe->bottom),
		.size = (int)size,
		.align = align_of(look, card, wrap_is_right_to_left(w)),
	};
}

/* ASS writes colours backwards, and how clear they are before them. */
static unsigned ass_colour(unsigned rgb, unsigned clear)
{
	return clear << 24 | (rgb & 0xFF) << 16 | (rgb & 0xFF00) | rgb >> 16;
}

static void add_escaped(uint32_t point, struct buf *b)
{
	if (point == '{' || point == '}')
		buf_addc(b, '\\');
	utf8_add(b, point);
	if (point == '\\')
		buf_adds(b, WORD_JOINER);
}

static void add_lines(const struct wrap *w, struct buf *b)
{
	for (size_t i = 0; i < w->line_count; i++) {
		if (i > 0)
			buf_adds(b, "\\N");
		for (size_t p = w->lines[i].first; p < w->lines[i].end; p++)
			add_escaped(w->points[p], b);
	}
	buf_addc(b, '\n');
}

static void add_head(const struct film *f, struct buf *b)
{
	buf_addf(b,
		"[Script Info]\nScriptType: v4.00+\nPlayResX: %d\nPlayResY: %d\nWrapStyle: 0\n"
		"ScaledBorderAndShadow: yes\nYCbCr Matrix: TV.709\n\n[V4+ Styles]\n"
		"Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, "
		"BackColour, Bold, Italic, "
		"Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, "
		"Alignment, MarginL, "
		"MarginR, MarginV, Encoding\n",
		f->width, f->height);
}

struct style {
	unsigned text, outline_colour, back;
	int border, outline, shadow;
};

static void add_style(const char *name, const struct film_look *look, const struct layout *l,
	const struct style *s, struct buf *b)
{
	buf_addf(b,
		"Style: %s,%s,%d,&H%08X,&H%08X,&H%08X,&H%08X,-1,0,0,0,100,100,0,0,%d,%d,%d,%d,%d,%d,%d,-1\n",
		name, look->weight > 700 ? "Lato Black" : look->font, (int)(l->size * FONT_HEIGHT), s->text,
		s->text, s->outline_colour, s->back, s->border, s->outline, s->shadow, l->align, l->left,
		l->right, l->align >= 7 ? l->top : l->bottom);
}

static struct style style_of(const struct film_look *look, bool card, int size)
{
	unsigned text = ass_colour(look->text_colour, 0), back = look->back_colour,
		 none = ass_colour(0, 0xFF);
	const struct style styles[BACKGROUND_COUNT] = {
		[BACKGROUND_GLOW] = {text, ass_colour(back, 0x58), none, .border = 1,
			.outline = size / 16 + 1},
		[BACKGROUND_BOX] = {text, none, ass_colour(back, 0x0C), .border = 4, .shadow = size * 3 / 10},
		[BACKGROUND_OUTLINE] = {text, ass_colour(back, 0x20), ass_colour(0, 0x90), .border = 1,
			.outline = size / 16 + 1, .shadow = size / 20 + 1},
	};
	const struct style plain = {ass_colour(look->card_text, 0), none, none, .border = 1};

	return card ? plain : styles[look->background];
}

/* A dark cloud around the letters. A gradient over the picture would take longer to draw than the film to
 * encode. */
static struct style glow_of(const struct film_look *look, int size)
{
	unsigned none = ass_colour(0, 0xFF);

	return (struct style){
		none, ass_colour(look->back_colour, 0x48), none, .border = 1, .outline = size / 4};
}

/* A card's ornament: a short bar above its text. */
static void add_bar(const struct film *f, const struct film_look *look, const struct layout *l, size_t lines,
	struct buf *b)
{
	int high = (int)((double)lines * l->size * FONT_HEIGHT), thick = f->height / 160 + 2,
	    half = f->width / 16;
	int y = (f->height - high) / 2 - l->size * 2 / 3, x = f->width / 2;

	buf_addf(b,
		"Dialogue: "
		"1,0:00:00.00,9:59:59.99,Shade,,0,0,0,,{\\an7\\pos(0,0)\\bord0\\shad0\\1c&H%06X&\\1a&H00&"
		"\\fad(%d,0)\\p1}"
		"m %d %d l %d %d %d %d %d %d\n",
		ass_colour(look->card_accent, 0), FADE_MS, x - half, y, x + half, y, x + half, y + thick,
		x - half, y + thick);
}

static void add_text(const struct wrap *w, int layer, const char *style, int blur, struct buf *b)
{
	buf_addf(b, "Dialogue: %d,0:00:00.00,9:59:59.99,%s,,0,0,0,,{\\fad(%d,0)\\blur%d}", layer, style,
		FADE_MS, blur);
	add_lines(w, b);
}

bool film_text(const struct film *f, size_t item, struct buf *out)
{
	const struct film_scene *s = &f->scenes[item];
	const struct film_look *look = film_look(f);
	bool card = !s->picture, glow = !card && look->background == BACKGROUND_GLOW;
	const char *text = s->text && !text_is_blank(s->text) ? s->text : card ? f->title : NULL;
	struct wrap w;

	wrap_init(&w, text ? text : "");
	if (w.count == 0)
		return false;

	struct layout l = lay_out(f, card, &w);
	struct style style = style_of(look, card, l.size), cloud = glow_of(look, l.size);

	add_head(f, out);
	add_style("Text", look, &l, &style, out);
	add_style("Glow", look, &l, &cloud, out);
	buf_adds(out, "\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, "
		      "Effect, Text\n");
	if (card)
		add_bar(f, look, &l, w.line_count, out);
	if (glow)
		add_text(&w, 0, "Glow", l.size / 5, out);
	add_text(&w, 1, "Text", 0, out);
	return buf_ok(out);
}
