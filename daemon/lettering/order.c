/*
 * The order's JSON into plain structs. It comes from the daemon, but its texts come from anybody and a file
 * can be damaged: all of it is checked, types, ranges and names, and the first thing wrong refuses it as a
 * whole. No file outside the current folder can be named.
 */
#include "daemon/lettering/order.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/json.h"
#include "lib/video/look.h"

#define FILE_NAME_MAX 40
#define FONT_NAME_MAX 60
#define COLOUR_MAX    0xFFFFFF

/* The first thing that is wrong stays in *e; what is read after it means nothing. */
struct reader {
	struct err *e;
	bool failed;
};

static void refuse(struct reader *r, const char *key, const char *what)
{
	if (!r->failed)
		(void)err_set(r->e, ERR_PERM, "%s: %s", key, what);
	r->failed = true;
}

static int read_int(struct reader *r, const struct json *o, const char *key, int min, int max)
{
	const struct json *v = json_get(o, key);
	int64_t n = json_int(v);

	if (json_type_of(v) != JSON_INT || n < min || n > max)
		return refuse(r, key, "not a whole number in its range"), min;
	return (int)n;
}

static unsigned read_colour(struct reader *r, const struct json *o, const char *key)
{
	return (unsigned)read_int(r, o, key, 0, COLOUR_MAX);
}

static bool read_bool(struct reader *r, const struct json *o, const char *key)
{
	if (json_type_of(json_get(o, key)) != JSON_BOOL)
		refuse(r, key, "not a boolean");
	return json_bool(json_get(o, key));
}

static int read_name(
	struct reader *r, const struct json *o, const char *key, const char *const *names, size_t count)
{
	int found = names_find(names, count, json_string(json_get(o, key)));

	if (found < 0)
		refuse(r, key, "not a name that is known");
	return found < 0 ? 0 : found;
}

/* NULL where it is null or absent. */
static const char *read_text(struct reader *r, const struct json *o, const char *key)
{
	const struct json *v = json_get(o, key);

	if (v && json_type_of(v) != JSON_STRING)
		refuse(r, key, "not a text");
	return json_string(v);
}

/* One of the letters, digits and extra characters; begins with none of extra. */
static const char *read_plain(
	struct reader *r, const struct json *o, const char *key, const char *extra, size_t max)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	const char *s = json_string(json_get(o, key));
	size_t n = s ? strlen(s) : 0, good = 0;

	while (good < n && (strchr(plain, s[good]) || (good > 0 && strchr(extra, s[good]))))
		good++;
	if (n == 0 || n > max || good < n)
		return refuse(r, key, "not a plain name"), "";
	return s;
}

static struct order_type read_type(struct reader *r, const struct json *o)
{
	return (struct order_type){
		.font = read_plain(r, o, "font", " ", FONT_NAME_MAX),
		.weight = read_int(r, o, "weight", 100, 1000),
		.colour = read_colour(r, o, "colour"),
	};
}

static void read_overlay(struct reader *r, const struct json *o, struct order_overlay *out)
{
	if (!o)
		return;
	*out = (struct order_overlay){
		.text = read_text(r, o, "text"),
		.type = read_type(r, o),
		.percent = read_int(r, o, "percent", 10, 400),
		.position = read_name(r, o, "position", look_position_names, POSITION_COUNT),
		.background = read_name(r, o, "background", look_background_names, BACKGROUND_COUNT),
		.background_colour = read_colour(r, o, "backgroundColour"),
		.centred = read_bool(r, o, "centred"),
		.by_line = read_bool(r, o, "byLine"),
	};
}

static void read_card(struct reader *r, const struct json *o, struct order_card *out)
{
	if (!o)
		return;
	*out = (struct order_card){
		.there = true,
		.title = read_text(r, o, "title"),
		.text = read_text(r, o, "text"),
		.action = read_text(r, o, "action"),
		.type = read_type(r, o),
		.accent = read_colour(r, o, "accent"),
		.accent_text = read_colour(r, o, "accentText"),
		.percent = read_int(r, o, "percent", 10, 400),
	};
}

static struct order_caption read_caption(struct reader *r, const struct json *o, int earliest)
{
	struct order_caption c = {
		.text = read_text(r, o, "text"),
		.from = read_int(r, o, "from", earliest, INT32_MAX - 1),
	};
	int length = c.text ? (int)strlen(c.text) : 0;

	if (!c.text)
		refuse(r, "text", "missing");
	c.to = read_int(r, o, "to", c.from + 1, INT32_MAX);
	c.lit_from = (size_t)read_int(r, o, "litFrom", 0, length);
	c.lit_to = (size_t)read_int(r, o, "litTo", (int)c.lit_from, length);
	return c;
}

static void read_captions(struct reader *r, const struct json *o, struct order_captions *out)
{
	const struct json *list = json_get(o, "list");
	size_t count = json_count(list);

	if (!o)
		return;
	out->style = read_name(r, o, "style", look_caption_style_names, CAPTION_STYLE_COUNT);
	out->type = read_type(r, o);
	out->accent = read_colour(r, o, "accent");
	out->lit_colour = read_colour(r, o, "litColour");
	out->background_colour = read_colour(r, o, "backgroundColour");
	if (json_type_of(list) != JSON_ARRAY || count > ORDER_MAX_CAPTIONS)
		return refuse(r, "list", "not a list, or too long a one");
	out->list = xcalloc(count + 1, sizeof(*out->list));
	for (int earliest = 0; out->count < count && !r->failed; out->count++) {
		out->list[out->count] = read_caption(r, json_at(list, out->count), earliest);
		earliest = out->list[out->count].to;
	}
}

static void read_logo(struct reader *r, const struct json *o, struct order_logo *out)
{
	if (!o)
		return;
	*out = (struct order_logo){
		.file = read_plain(r, o, "file", "-_.", FILE_NAME_MAX),
		.corner = read_name(r, o, "corner", look_corner_names, CORNER_COUNT),
		.opacity = read_int(r, o, "opacity", 0, 100),
		.size = read_int(r, o, "size", 1, 100),
	};
}

static struct order steal(struct order *o)
{
	struct order all = *o;

	*o = (struct order){0};
	return all;
}

int order_read(const char *text, size_t n, struct order *ret, struct err *e)
{
	struct reader r = {.e = e};
	AUTO_ORDER o = {0};

	if (json_parse(text, n, &o.root, e) < 0)
		return -1;
	o.width = read_int(&r, o.root, "width", 16, ORDER_MAX_SIDE);
	o.height = read_int(&r, o.root, "height", 16, ORDER_MAX_SIDE);
	o.prefix = read_plain(&r, o.root, "prefix", "-_", FILE_NAME_MAX);
	o.entrance =
		look_entrance_names[read_name(&r, o.root, "entrance", look_entrance_names, ENTRANCE_COUNT)];
	read_overlay(&r, json_get(o.root, "overlay"), &o.overlay);
	read_card(&r, json_get(o.root, "card"), &o.card);
	read_captions(&r, json_get(o.root, "captions"), &o.captions);
	read_logo(&r, json_get(o.root, "logo"), &o.logo);
	if (r.failed)
		return -1;
	*ret = steal(&o);
	return 0;
}

void order_done(struct order *o)
{
	free(o->captions.list);
	json_free(o->root);
	*o = (struct order){0};
}
