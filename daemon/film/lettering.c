/*
 * The order for videod-lettering, and its answer. What style, brand kit, video and scene say about a text is
 * decided here, so that the program only draws; where their colours do not go together, what was said last
 * counts, and the other becomes one on which it can be read.
 */
#include "daemon/film/lettering.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/film/film_priv.h"
#include "lib/base/args.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/look.h"

#define CONTRAST_LEAST  2.5 /* of two colours that are to be told apart; WCAG 2.1 asks 3 of large letters */
#define LIT_FROM_GROUND 9   /* a lit word among white ones on dark ground */
#define LIT_FROM_WHITE  1.4
#define WHITE           0xFFFFFFU
#define INK             0x10151CU
#define YELLOW          0xFFD60AU
#define CAPTION_GROUND  0x0B0F14U
#define LIMIT_FRAME     10000000 /* 92 hours */
#define LIMIT_SIDE      8192
#define CAPTIONS_MOST   6000 /* as ORDER_MAX_CAPTIONS */

static const unsigned size_percents[SIZE_COUNT] = {
	[SIZE_SMALL] = 76, [SIZE_MEDIUM] = 100, [SIZE_LARGE] = 130};

/* Colours */

static double channel_light(unsigned value)
{
	double v = value / 255.0;

	return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* https://www.w3.org/TR/WCAG21/#dfn-relative-luminance */
static double light(unsigned rgb)
{
	return 0.2126 * channel_light(rgb >> 16 & 0xFF) + 0.7152 * channel_light(rgb >> 8 & 0xFF) +
	       0.0722 * channel_light(rgb & 0xFF);
}

static double contrast(unsigned a, unsigned b)
{
	double one = light(a) + 0.05, other = light(b) + 0.05;

	return one > other ? one / other : other / one;
}

/* What is best read on a colour. */
static unsigned opposite(unsigned rgb)
{
	return contrast(rgb, WHITE) >= contrast(rgb, INK) ? WHITE : INK;
}

static bool is_colour(int64_t v)
{
	return v >= 0 && v <= 0xFFFFFF;
}

/* A colour, and how near to the scene it was said. */
struct said {
	unsigned rgb;
	int rank;
};

static void say(struct said *s, int64_t colour, int rank)
{
	if (is_colour(colour))
		*s = (struct said){(unsigned)colour, rank};
}

/* Both were said by the same: then they are as they were wanted. */
static void reconcile(struct said *a, struct said *b)
{
	if (contrast(a->rgb, b->rgb) >= CONTRAST_LEAST || (a->rank == b->rank && a->rank > 0))
		return;
	if (a->rank >= b->rank)
		b->rgb = opposite(a->rgb);
	else
		a->rgb = opposite(b->rgb);
}

/* What counts */

struct decided {
	const char *font;
	int weight;
	int position, background, entrance;
	unsigned percent;
	unsigned colour, background_colour;
	bool centred, by_line;
};

static bool is_set(int value, int count)
{
	return value >= 0 && value < count;
}

static void apply(
	const struct text_look *l, int rank, struct decided *d, struct said *text, struct said *behind)
{
	if (!l)
		return;
	if (is_set(l->position, POSITION_COUNT))
		d->position = l->position;
	if (is_set(l->background, BACKGROUND_COUNT))
		d->background = l->background;
	if (is_set(l->entrance, ENTRANCE_COUNT))
		d->entrance = l->entrance;
	if (is_set(l->size, SIZE_COUNT))
		d->percent = size_percents[l->size];
	say(text, l->colour, rank);
	say(behind, l->background_colour, rank);
}

static struct decided decide(const struct lettering_order *o)
{
	const struct film_look *style = film_look(o->style);
	const struct brand *b = o->brand;
	struct said text = {style->text_colour, 0}, behind = {style->back_colour, 0};
	struct decided d = {
		.font = b && b->font ? b->font : style->font,
		.weight = style->weight,
		.position = style->position,
		.background = style->background,
		.entrance = style->entrance,
		.percent = 100,
		.centred = style->centred,
		.by_line = style->by_line,
	};

	if (b) {
		say(&text, b->text_colour, 1);
		say(&behind, b->background_colour, 1);
		apply(&b->text, 2, &d, &text, &behind);
	}
	apply(o->video_text, 3, &d, &text, &behind);
	apply(o->scene_text, 4, &d, &text, &behind);
	if (d.background != BACKGROUND_NONE)
		reconcile(&text, &behind);
	d.percent = d.percent * style->size_percent / 100;
	d.colour = text.rgb;
	d.background_colour = behind.rgb;
	return d;
}

static unsigned accent_of(const struct lettering_order *o)
{
	return o->brand && is_colour(o->brand->accent_colour) ? (unsigned)o->brand->accent_colour
							      : film_look(o->style)->card_accent;
}

struct film_ground film_ground(int style, const struct brand *brand)
{
	const struct film_look *look = film_look(style);

	if (!brand || !is_colour(brand->ground_colour))
		return (struct film_ground){look->card_from, look->card_to};

	/* a little lighter towards the end, as those of the styles are */
	unsigned from = (unsigned)brand->ground_colour, to = 0;
	for (unsigned shift = 0; shift < 24; shift += 8) {
		unsigned c = from >> shift & 0xFF;

		to |= (c + (0xFF - c) / 6) << shift;
	}
	return (struct film_ground){from, to};
}

/* Writing. Bytes that are no UTF-8, and controls, become marks of the same length: places in a text stay
 * true. */

static char *sound_text(const char *s)
{
	char *copy = xstrdup(s), *p = copy;
	size_t n = strlen(s);

	while (*p) {
		size_t left = n - (size_t)(p - copy), len = 1;

		while (len <= 4 && len <= left && !text_utf8_valid(p, len))
			len++;
		if (len > 4 || len > left) {
			*p++ = '?';
			continue;
		}
		if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7F)
			*p = ' ';
		p += len;
	}
	return copy;
}

static void put_text(struct json *o, const char *key, const char *s)
{
	AUTO_FREE char *sound = s ? sound_text(s) : NULL;

	json_put_string(o, key, sound);
}

static void put_type(struct json *o, const struct decided *d, int weight, unsigned colour)
{
	json_put_string(o, "font", d->font);
	json_put_int(o, "weight", weight);
	json_put_int(o, "colour", colour);
}

static void put_overlay(const struct lettering_order *o, const struct decided *d, struct json *root)
{
	struct json *j = json_new_object();

	put_text(j, "text", o->overlay);
	put_type(j, d, d->weight, d->colour);
	json_put_int(j, "percent", d->percent);
	json_put_string(j, "position", look_position_names[d->position]);
	json_put_string(j, "background", look_background_names[d->background]);
	json_put_int(j, "backgroundColour", d->background_colour);
	json_put_bool(j, "centred", d->centred);
	json_put_bool(j, "byLine", d->by_line);
	json_put(root, "overlay", j);
}

static void put_card(const struct lettering_order *o, const struct decided *d, struct json *root)
{
	const struct film_look *style = film_look(o->style);
	struct film_ground ground = film_ground(o->style, o->brand);
	struct said behind = {ground.from, 1}, text = {style->card_text, 0}, accent = {accent_of(o), 0};
	struct json *j = json_new_object();

	if (o->brand)
		say(&text, o->brand->text_colour, 0);
	reconcile(&behind, &text);
	reconcile(&behind, &accent);
	put_text(j, "title", o->card.title);
	put_text(j, "text", o->card.text);
	put_text(j, "action", o->card.action);
	put_type(j, d, d->weight, text.rgb);
	json_put_int(j, "accent", accent.rgb);
	json_put_int(j, "accentText", opposite(accent.rgb));
	json_put_int(j, "percent", style->size_percent);
	json_put(root, "card", j);
}

static void put_captions(const struct lettering_order *o, const struct decided *d, struct json *root)
{
	static const int weights[CAPTION_STYLE_COUNT] = {
		[CAPTION_CLEAN] = 700, [CAPTION_BOX] = 600, [CAPTION_BOLD] = 900};
	int style = is_set(o->caption_style, CAPTION_STYLE_COUNT) ? o->caption_style : CAPTION_CLEAN;
	unsigned accent = accent_of(o), lit = style == CAPTION_BOLD ? opposite(accent) : accent;
	struct json *j = json_new_object(), *list = json_new_array();
	struct decided letters = *d;
	bool words = o->captions == CAPTIONS_WORDS;

	if (style != CAPTION_BOLD &&
		(contrast(lit, CAPTION_GROUND) < LIT_FROM_GROUND || contrast(lit, WHITE) < LIT_FROM_WHITE))
		lit = YELLOW;
	if (!(o->brand && o->brand->font)) /* small letters are read best without serifs */
		letters.font = strstr(d->font, "Serif") ? "Noto Sans" : d->font;
	json_put_string(j, "style", look_caption_style_names[style]);
	put_type(j, &letters, weights[style], WHITE);
	json_put_int(j, "accent", accent);
	json_put_int(j, "litColour", lit);
	json_put_int(j, "backgroundColour", CAPTION_GROUND);
	for (size_t i = 0; i < o->caption_count; i++) {
		const struct lettering_caption *c = &o->caption[i];
		struct json *one = json_new_object();

		put_text(one, "text", c->text);
		json_put_int(one, "litFrom", words ? (int64_t)c->lit_from : 0);
		json_put_int(one, "litTo", words ? (int64_t)c->lit_to : 0);
		json_put_int(one, "from", c->from);
		json_put_int(one, "to", c->to);
		json_append(list, one);
	}
	json_put(j, "list", list);
	json_put(root, "captions", j);
}

static void put_logo(const struct lettering_order *o, struct json *root)
{
	struct json *j = json_new_object();

	json_put_string(j, "file", o->logo);
	json_put_string(j, "corner", names_get(look_corner_names, CORNER_COUNT, o->brand->logo_corner));
	json_put_int(j, "opacity", o->brand->logo_opacity);
	json_put_int(j, "size", o->brand->logo_size);
	json_put(root, "logo", j);
}

void lettering_write(const struct lettering_order *o, struct buf *out)
{
	AUTO(json) root = json_new_object();
	struct decided d = decide(o);

	json_put_int(root, "width", o->size.width);
	json_put_int(root, "height", o->size.height);
	json_put_string(root, "prefix", o->prefix);
	json_put_string(root, "entrance", look_entrance_names[d.entrance]);
	if (o->card.there)
		put_card(o, &d, root);
	else if (o->overlay)
		put_overlay(o, &d, root);
	if (o->captions != CAPTIONS_NONE && o->caption_count > 0)
		put_captions(o, &d, root);
	if (o->logo && o->brand)
		put_logo(o, root);
	json_write(root, out);
}

void lettering_args(const struct film_tools *t, const char *order_file, struct args *a)
{
	args_add(a, t->lettering);
	args_add(a, order_file);
}

/* Reading */

static bool is_file_name(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	return n > 0 && n < sizeof(((struct film_image *)NULL)->file) && s[0] != '.' && s[0] != '-' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

static bool read_within(const struct json *o, const char *key, int64_t min, int64_t max, int *ret)
{
	int64_t v = json_int(json_get(o, key));

	if (json_type_of(json_get(o, key)) != JSON_INT || v < min || v > max)
		return false;
	*ret = (int)v;
	return true;
}

/* False where it is none; no image at all is one that is empty. */
static bool read_image(const struct json *o, struct film_image *ret)
{
	const char *file = json_string(json_get(o, "file"));

	*ret = (struct film_image){0};
	if (!o)
		return true;
	if (!is_file_name(file))
		return false;
	memcpy(ret->file, file, strlen(file) + 1);
	return read_within(o, "x", 0, LIMIT_SIDE, &ret->x) && read_within(o, "y", 0, LIMIT_SIDE, &ret->y) &&
	       read_within(o, "width", 1, LIMIT_SIDE, &ret->width) &&
	       read_within(o, "height", 1, LIMIT_SIDE, &ret->height);
}

static bool read_caption(const struct json *o, unsigned earliest, struct film_caption *ret)
{
	int from, to;

	if (!o || !read_image(o, &ret->image) || !read_within(o, "from", earliest, LIMIT_FRAME, &from) ||
		!read_within(o, "to", from + 1, LIMIT_FRAME, &to))
		return false;
	ret->from = (unsigned)from;
	ret->to = (unsigned)to;
	return true;
}

static bool read_captions(const struct json *list, struct film_layers *layers)
{
	size_t count = json_count(list);
	struct film_caption *captions;

	if (list && (json_type_of(list) != JSON_ARRAY || count > CAPTIONS_MOST))
		return false;
	if (count == 0)
		return true;
	captions = xcalloc(count, sizeof(*captions));
	layers->captions = captions;
	for (; layers->caption_count < count; layers->caption_count++) {
		size_t i = layers->caption_count;

		if (!read_caption(json_at(list, i), i > 0 ? captions[i - 1].to : 0, &captions[i]))
			return false;
	}
	return true;
}

int lettering_read(
	const char *json, size_t n, struct film_layers *ret_layers, int64_t *ret_missing, struct err *e)
{
	CLEANUP(lettering_done) struct film_layers layers = {0};
	AUTO(json) root = NULL;
	int missing = 0;

	if (json_parse(json, n, &root, e) < 0) {
		e->kind = ERR_PERM;
		return err_prefix(e, "lettering's answer: ");
	}
	layers.entrance =
		names_find(look_entrance_names, ENTRANCE_COUNT, json_string(json_get(root, "entrance")));
	if (layers.entrance < 0 || !read_image(json_get(root, "text"), &layers.text) ||
		!read_image(json_get(root, "logo"), &layers.logo) ||
		!read_captions(json_get(root, "captions"), &layers) ||
		!read_within(root, "missing", 0, INT32_MAX, &missing))
		return err_set(e, ERR_PERM, "lettering's answer: not what it prints");
	*ret_layers = layers;
	*ret_missing = missing;
	layers = (struct film_layers){0};
	return 0;
}

void lettering_done(struct film_layers *layers)
{
	free((void *)(uintptr_t)layers->captions);
	*layers = (struct film_layers){0};
}
