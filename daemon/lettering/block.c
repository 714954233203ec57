/*
 * Layout with Pango, which knows the scripts: here is only the choice of the size and of the width. A size is
 * good when all lines fit the height and no word has to be broken; only where no size does that, words are.
 */
#include "daemon/lettering/block.h"

#include <math.h>
#include <string.h>

#include "daemon/lettering/fonts.h"

#define REFERENCE                                                                                            \
	64 /* pixels: all is laid out at this size, so that fonts are looked for once, and drawn smaller or  \
	      larger */
#define SHRINK        0.95
#define WHOLE         0.5  /* of the usual size: below it, words are broken rather than made smaller still */
#define PITCH         1.22 /* of the size, where the letters need no more */
#define PITCH_MAX     2.4
#define LINE_GAP      0.10 /* of the size, between the ink of two lines */
#define CAPITALS      0.72 /* their height, of the size */
#define DESCENT       0.20
#define BALANCE_STEPS 9
#define BALANCE_MAX   400 /* bytes; longer texts are even enough */

/* In pixels of the film what is laid out at REFERENCE. */
static double pixels(const struct block *b, int pango_units)
{
	return (double)pango_units / PANGO_SCALE * b->size / REFERENCE;
}

static void set_width(const struct block *b, double width, PangoWrapMode mode)
{
	pango_layout_set_width(b->layout, (int)(width * REFERENCE / b->size * PANGO_SCALE));
	pango_layout_set_wrap(b->layout, mode);
}

/* Whether no word is wider than a line. */
static bool words_fit(const struct block *b, double width)
{
	PangoRectangle logical;

	set_width(b, width, PANGO_WRAP_WORD);
	pango_layout_get_extents(b->layout, NULL, &logical);
	return pixels(b, logical.width) <= width;
}

static void add_attribute(PangoAttrList *list, PangoAttribute *a, size_t from, size_t to)
{
	a->start_index = (guint)from;
	a->end_index = (guint)to;
	pango_attr_list_insert(list, a);
}

/* Emoji fonts have blanks as wide as an emoji: those after one are taken from the text's own font. */
static void narrow_blanks(PangoAttrList *list, const char *text, const char *family)
{
	gunichar before = 0;

	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		gunichar point = g_utf8_get_char(p);

		if (point == ' ' && ((before >= 0x2190 && before < 0x2E80) || before >= 0xFE00))
			add_attribute(list, pango_attr_family_new(family), (size_t)(p - text),
				(size_t)(p - text) + 1);
		before = point;
	}
}

static guint16 channel(unsigned rgb, unsigned shift)
{
	return (guint16)((rgb >> shift & 0xFF) * 0x101);
}

static void set_attributes(PangoLayout *layout, const struct block_wish *w)
{
	PangoAttrList *list = pango_attr_list_new();
	unsigned lit = w->lit_colour;

	narrow_blanks(list, w->text, w->type->font);
	if (w->lit_from < w->lit_to)
		add_attribute(list,
			pango_attr_foreground_new(channel(lit, 16), channel(lit, 8), channel(lit, 0)),
			w->lit_from, w->lit_to);
	pango_layout_set_attributes(layout, list);
	pango_attr_list_unref(list);
}

static PangoLayout *new_layout(PangoContext *context, const struct block_wish *w)
{
	PangoLayout *layout = pango_layout_new(context);
	PangoFontDescription *d = pango_font_description_new();
	PangoLanguage *language = fonts_language(w->text);
	char families[FONTS_FAMILIES_SIZE];

	fonts_families(w->type->font, w->text, families);
	pango_font_description_set_family(d, families);
	pango_font_description_set_weight(d, (PangoWeight)w->type->weight);
	pango_font_description_set_absolute_size(d, REFERENCE * PANGO_SCALE);
	pango_layout_set_font_description(layout, d);
	pango_font_description_free(d);
	if (language)
		pango_context_set_language(context, language);
	pango_layout_set_text(layout, w->text, -1);
	set_attributes(layout, w);
	return layout;
}

static int line_count(const struct block *b, double width)
{
	set_width(b, width, PANGO_WRAP_WORD_CHAR);
	return pango_layout_get_line_count(b->layout);
}

/* The narrowest width that needs no more lines makes them even. */
static void balance(const struct block *b, double width)
{
	int lines = line_count(b, width);
	double narrow = width / 3, wide = width;

	if (lines > 1 && strlen(pango_layout_get_text(b->layout)) <= BALANCE_MAX && words_fit(b, width)) {
		for (int i = 0; i < BALANCE_STEPS; i++) {
			double middle = (narrow + wide) / 2;

			if (words_fit(b, middle) && line_count(b, middle) <= lines)
				wide = middle;
			else
				narrow = middle;
		}
	}
	(void)line_count(b, wide);
}

/* Ink above and below the baseline. */
static void line_ink(const struct block *b, PangoLayoutLine *line, double *ret_above, double *ret_below)
{
	PangoRectangle ink;

	pango_layout_line_get_extents(line, &ink, NULL);
	*ret_above = fmax(0, -pixels(b, ink.y));
	*ret_below = fmax(0, pixels(b, ink.y + ink.height));
}

/* Tall scripts and stacked accents get the room they need, all lines the same. */
static double pitch_of(const struct block *b)
{
	double pitch = PITCH * b->size, below_last = 0;

	for (GSList *l = pango_layout_get_lines_readonly(b->layout); l; l = l->next) {
		double above, below;

		line_ink(b, l->data, &above, &below);
		if (l != pango_layout_get_lines_readonly(b->layout))
			pitch = fmax(pitch, below_last + above + LINE_GAP * b->size);
		below_last = below;
	}
	return fmin(pitch, PITCH_MAX * b->size);
}

static void collect_lines(struct block *b)
{
	for (GSList *l = pango_layout_get_lines_readonly(b->layout); l && b->line_count < BLOCK_MAX_LINES;
		l = l->next) {
		PangoRectangle logical;

		pango_layout_line_get_extents(l->data, NULL, &logical);
		b->lines[b->line_count++] =
			(struct block_line){.line = l->data, .width = pixels(b, logical.width)};
		b->width = fmax(b->width, pixels(b, logical.width));
	}
}

/* Lines and their places at the layout's size and width. */
static void measure(struct block *b, const struct block_wish *w)
{
	double above, below, first, last;

	*b = (struct block){.layout = b->layout, .size = b->size, .right_to_left = b->right_to_left};
	b->pitch = w->pitch > 0 ? w->pitch * b->size : pitch_of(b);
	collect_lines(b);
	line_ink(b, b->lines[0].line, &above, &below);
	first = fmax(above, CAPITALS * b->size);
	line_ink(b, b->lines[b->line_count - 1].line, &above, &below);
	last = fmax(below, DESCENT * b->size);
	b->height = first + b->pitch * (double)(b->line_count - 1) + last;
	for (size_t i = 0; i < b->line_count; i++) {
		struct block_line *l = &b->lines[i];
		double room = b->width - l->width;

		l->baseline = first + b->pitch * (double)i;
		l->x = w->centred ? room / 2 : b->right_to_left ? room : 0;
	}
}

/* The least height of all in lines of this width; natural: the width in one line, at REFERENCE. */
static double least_height(double natural, double size, double width)
{
	return floor(natural * size / REFERENCE / width) * PITCH * size;
}

static bool try_size(struct block *b, const struct block_wish *w, double size, bool whole_words)
{
	b->size = size;
	if (whole_words && !words_fit(b, w->width))
		return false;
	(void)line_count(b, w->width);
	measure(b, w);
	return b->height <= w->height && b->width <= w->width + 1;
}

static bool find_size(struct block *b, const struct block_wish *w, bool whole_words)
{
	double least = whole_words ? fmax(w->smallest, WHOLE * w->size) : w->smallest;
	double size = w->size;
	PangoRectangle natural;

	pango_layout_set_width(b->layout, -1);
	pango_layout_get_extents(b->layout, NULL, &natural);
	while (size >= least) {
		if (least_height((double)natural.width / PANGO_SCALE, size, w->width) <= w->height &&
			try_size(b, w, size, whole_words))
			return true;
		size *= SHRINK;
	}
	return false;
}

/* At the smallest size the lines that fit, the last with an ellipsis. */
static void cut(struct block *b, const struct block_wish *w)
{
	double pitch;
	int lines;

	(void)try_size(b, w, w->smallest, false);
	pitch = b->pitch;
	lines = (int)fmax(1, floor((w->height - b->size) / pitch) + 1);
	pango_layout_set_ellipsize(b->layout, PANGO_ELLIPSIZE_END);
	for (; lines > 0; lines--) {
		pango_layout_set_height(b->layout, (int)(lines * pitch * REFERENCE / b->size * PANGO_SCALE));
		measure(b, w);
		if (b->height <= w->height)
			return;
	}
	/* one line of each paragraph is always laid out */
	for (; b->height > w->height && b->line_count > 1; b->line_count--)
		b->height -= b->pitch;
}

void block_lay_out(PangoContext *context, const struct block_wish *w, struct block *ret)
{
	struct block b = {.layout = new_layout(context, w)};

	b.right_to_left = pango_layout_get_direction(b.layout, 0) == PANGO_DIRECTION_RTL;
	if (find_size(&b, w, true) || find_size(&b, w, false)) {
		balance(&b, w->width);
		measure(&b, w);
	} else {
		cut(&b, w);
	}
	b.unknown = pango_layout_get_unknown_glyphs_count(b.layout);
	*ret = b;
}

void block_done(struct block *b)
{
	if (b->layout)
		g_object_unref(b->layout);
	*b = (struct block){0};
}

void block_draw(const struct block *b, cairo_t *cairo, double x, double y)
{
	for (size_t i = 0; i < b->line_count; i++) {
		cairo_save(cairo);
		cairo_translate(cairo, x + b->lines[i].x, y + b->lines[i].baseline);
		cairo_scale(cairo, b->size / REFERENCE, b->size / REFERENCE);
		cairo_move_to(cairo, 0, 0);
		pango_cairo_show_layout_line(cairo, b->lines[i].line);
		cairo_restore(cairo);
	}
}

bool block_span(
	const struct block *b, size_t line, size_t from, size_t to, double *ret_left, double *ret_right)
{
	PangoLayoutLine *l = b->lines[line].line;
	size_t first = (size_t)l->start_index, end = first + (size_t)l->length;
	size_t lit_from = from > first ? from : first, lit_to = to < end ? to : end;
	int one, other;

	if (lit_from >= lit_to)
		return false;
	pango_layout_line_index_to_x(l, (int)lit_from, FALSE, &one);
	pango_layout_line_index_to_x(l, (int)lit_to - 1, TRUE, &other);
	*ret_left = b->lines[line].x + pixels(b, MIN(one, other));
	*ret_right = b->lines[line].x + pixels(b, MAX(one, other));
	return true;
}
