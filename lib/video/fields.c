/*
 * The table-driven reader of request bodies. There is one read_x() for each type of field; each stores its
 * member only where all is well. The messages are for the person who writes the shop's code: what must be
 * there, and what is there instead.
 */

#include "lib/video/fields.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/problems.h"

#define MESSAGE_BYTES 1024
#define KEY_SHOWN     64 /* code points of an unknown key */

static void *member_of(void *out, size_t offset)
{
	return (char *)out + offset;
}

static const char *type_name(const struct json *v)
{
	return json_type_names[json_type_of(v)];
}

/* 2500, 3 -> "2.5" */
static void add_scaled(struct buf *out, int64_t v, unsigned places)
{
	AUTO(json) o = json_new_object();

	json_put_scaled(o, "v", v, places);
	buf_adds(out, json_number_text(json_get(o, "v")));
}

static void add_names(struct buf *out, const char *const *names, size_t count)
{
	for (size_t i = 0; count > 0 ? i < count : names[i] != NULL; i++)
		buf_addf(out, "%s%s", i > 0 ? ", " : "", names[i]);
}

static void add_bounds(struct buf *out, int64_t min, int64_t max)
{
	if (min > 0)
		buf_addf(out, "%" PRId64 " to %" PRId64, min, max);
	else
		buf_addf(out, "at most %" PRId64, max);
}

/* CR LF, as Windows and HTML forms send it, becomes LF. Caller frees. */
static char *unix_lines(const char *s)
{
	char *copy = xstrdup(s), *to = copy;

	for (const char *from = copy; *from; from++) {
		if (from[0] != '\r' || from[1] != '\n')
			*to++ = *from;
	}
	*to = '\0';
	return copy;
}

/* U+2028 and U+2029 end a line and a paragraph wherever text is laid out. */
static bool is_line(const char *s)
{
	return !text_has_control(s) && !strpbrk(s, "\n\t") && !strstr(s, "\u2028") && !strstr(s, "\u2029");
}

/* Whether the text may be stored; false has reported it, or found nothing to store. */
static bool text_fits(const struct field *f, const char *text, const char *path, struct problems *p)
{
	AUTO_BUF bounds = BUF_INIT(64);
	size_t points = text_utf8_points(text);
	const char *wrong;

	if (text_is_blank(text)) {
		if (f->required || f->keeps)
			problems_add(p, path, "must not be blank");
		return false;
	}
	if (f->max > 0 && points > (size_t)f->max) {
		add_bounds(&bounds, f->min, f->max);
		problems_add(
			p, path, "must be a string of %s characters; it has %zu", buf_text(&bounds), points);
		return false;
	}
	if (f->type == FIELD_LINES ? text_has_control(text) : !is_line(text)) {
		problems_add(p, path, "must not contain control characters%s",
			f->type == FIELD_LINES ? " but tabs and line ends" : ", tabs or line ends");
		return false;
	}
	wrong = f->check ? f->check(text) : NULL;
	if (wrong)
		problems_add(p, path, "%s", wrong);
	return !wrong;
}

static void read_text(
	const struct field *f, const struct json *v, const char *path, void *out, struct problems *p)
{
	const char *s = json_string(v);

	if (!s) {
		problems_add(p, path, "must be a string, not %s", type_name(v));
		return;
	}

	AUTO_FREE char *text = f->type == FIELD_LINES ? unix_lines(s) : xstrdup(s);
	char **member = member_of(out, f->offset);

	if (text_fits(f, text, path, p))
		*member = steal_ptr(text);
}

static void read_same(
	const struct field *f, const struct json *v, const char *path, void *out, struct problems *p)
{
	char **member = member_of(out, f->offset);
	const char *s = json_string(v);

	if (!s)
		problems_add(p, path, "must be a string, not %s", type_name(v));
	else if (*member && strcmp(*member, s) != 0)
		problems_add(p, path, "must be the id that is in the URL");
}

static void read_name(
	const struct field *f, const struct json *v, const char *path, void *out, struct problems *p)
{
	AUTO_BUF names = BUF_INIT(MESSAGE_BYTES);
	size_t count = f->name_count;

	while (f->name_count == 0 && f->names[count])
		count++;

	int index = names_find(f->names, count, json_string(v));
	if (index >= 0) {
		*(int *)member_of(out, f->offset) = index;
		return;
	}
	add_names(&names, f->names, count);
	problems_add(p, path, "must be one of %s%s%s", buf_text(&names), json_string(v) ? "" : ", not ",
		json_string(v) ? "" : type_name(v));
}

static void read_number(
	const struct field *f, const struct json *v, const char *path, void *out, struct problems *p)
{
	const char *text = json_number_text(v);
	int64_t value;

	if (text && text_to_scaled(text, f->places, f->min, f->max, &value)) {
		*(int64_t *)member_of(out, f->offset) = value;
		return;
	}

	AUTO_BUF bounds = BUF_INIT(128);
	add_scaled(&bounds, f->min, f->places);
	buf_adds(&bounds, " to ");
	add_scaled(&bounds, f->max, f->places);
	if (f->places > 0 && json_type_of(v) == JSON_DECIMAL)
		buf_addf(&bounds, " with at most %u decimals", f->places);
	problems_add(p, path, "must be %s from %s, not %s", f->what, buf_text(&bounds),
		text ? text : type_name(v));
}

static void read_bool(
	const struct field *f, const struct json *v, const char *path, void *out, struct problems *p)
{
	if (json_type_of(v) == JSON_BOOL)
		*(bool *)member_of(out, f->offset) = json_bool(v);
	else
		problems_add(p, path, "must be true or false, not %s", type_name(v));
}

static void read_colour(
	const struct field *f, const struct json *v, const char *path, void *out, struct problems *p)
{
	const char *s = json_string(v);
	bool good = s && strlen(s) == 7 && *s == '#';
	int64_t colour = 0;

	for (size_t i = 1; good && i < 7; i++) {
		good = isxdigit((unsigned char)s[i]);
		colour = colour * 16 + (isdigit((unsigned char)s[i]) ? s[i] - '0' : (s[i] | 0x20) - 'a' + 10);
	}
	if (good)
		*(int64_t *)member_of(out, f->offset) = colour;
	else
		problems_add(p, path, "must be a colour as \"#RRGGBB\"%s%s", s ? "" : ", not ",
			s ? "" : type_name(v));
}

static void read_names(
	const struct field *f, const struct json *v, const char *path, void *out, struct problems *p)
{
	AUTO_BUF names = BUF_INIT(MESSAGE_BYTES);
	unsigned bits = 0;
	bool good = true;

	if (json_type_of(v) != JSON_ARRAY) {
		problems_add(p, path, "must be an array of %s, not %s", f->what, type_name(v));
		return;
	}
	add_names(&names, f->names, f->name_count);
	for (size_t i = 0; i < json_count(v) && p->count < LIMIT_PROBLEMS; i++) {
		AUTO_FREE char *place = xasprintf("%s/%zu", path, i);
		int index = names_find(f->names, f->name_count, json_string(json_at(v, i)));

		if (index < 0)
			problems_add(p, place, "must be one of %s", buf_text(&names));
		else if (bits & 1U << index)
			problems_add(p, place, "is there already");
		good = good && index >= 0 && !(bits & 1U << index);
		bits |= index >= 0 ? 1U << index : 0;
	}
	if (good)
		*(unsigned *)member_of(out, f->offset) = bits;
}

static void read_object(
	const struct field *f, const struct json *v, const char *path, void *out, struct problems *p)
{
	if (f->count_offset > 0)
		*(bool *)member_of(out, f->count_offset) = json_type_of(v) == JSON_OBJECT;
	fields_read(v, f->items, path, member_of(out, f->offset), p);
}

static void read_items(const struct field *f, const struct json *v, size_t count, const char *path,
	char *items, struct problems *p)
{
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *item_path = xasprintf("%s/%zu", path, i);
		char *item = items + i * f->items->size_bytes;

		if (f->items->init)
			f->items->init(item);
		fields_read(json_at(v, i), f->items, item_path, item, p);
	}
}

static void read_list(
	const struct field *f, const struct json *v, const char *path, void *out, struct problems *p)
{
	AUTO_BUF bounds = BUF_INIT(64);
	size_t count = json_count(v);

	add_bounds(&bounds, f->min, f->max);
	if (json_type_of(v) != JSON_ARRAY) {
		problems_add(p, path, "must be an array of %s %s, not %s", buf_text(&bounds), f->what,
			type_name(v));
		return;
	}
	if (count < (size_t)f->min || count > (size_t)f->max)
		problems_add(
			p, path, "must be an array of %s %s; it has %zu", buf_text(&bounds), f->what, count);
	if (count > (size_t)f->max)
		count = (size_t)f->max;
	if (count == 0)
		return;

	char *items = xcalloc(count, f->items->size_bytes);
	*(void **)member_of(out, f->offset) = items;
	*(size_t *)member_of(out, f->count_offset) = count;
	read_items(f, v, count, path, items, p);
}

static void (*const readers[FIELD_TYPE_COUNT])(
	const struct field *f, const struct json *v, const char *path, void *out, struct problems *p) = {
	[FIELD_LINE] = read_text,
	[FIELD_LINES] = read_text,
	[FIELD_SAME] = read_same,
	[FIELD_NAME] = read_name,
	[FIELD_NUMBER] = read_number,
	[FIELD_BOOL] = read_bool,
	[FIELD_COLOUR] = read_colour,
	[FIELD_NAMES] = read_names,
	[FIELD_LIST] = read_list,
	[FIELD_OBJECT] = read_object,
};

static bool is_known(const struct field_table *t, const char *key)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->fields[i];

		if (f->type == FIELD_INCLUDE ? is_known(f->items, key) : strcmp(f->name, key) == 0)
			return true;
	}
	return false;
}

static void add_known(struct buf *out, const struct field_table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->fields[i];

		if (f->type == FIELD_INCLUDE)
			add_known(out, f->items);
		else
			buf_addf(out, "%s%s", out->len > 0 ? ", " : "", f->name);
	}
}

/* A key as a part of a JSON pointer: RFC 6901 section 4. A very long one is cut. */
static void add_pointer(struct buf *out, const char *key)
{
	size_t n = text_utf8_prefix(key, KEY_SHOWN);

	buf_addc(out, '/');
	for (size_t i = 0; i < n; i++) {
		if (key[i] == '~' || key[i] == '/')
			buf_adds(out, key[i] == '~' ? "~0" : "~1");
		else
			buf_addc(out, key[i]);
	}
}

static void report_unknown(
	const struct json *object, const struct field_table *t, const char *path, struct problems *p)
{
	AUTO_BUF known = BUF_INIT(MESSAGE_BYTES);

	add_known(&known, t);
	for (size_t i = 0; i < json_count(object); i++) {
		AUTO_BUF place = BUF_INIT(MESSAGE_BYTES);
		const char *key = json_key_at(object, i, NULL);

		if (is_known(t, key))
			continue;
		buf_adds(&place, path);
		add_pointer(&place, key);
		problems_add(p, buf_text(&place), "is not a known key; known keys are %s", buf_text(&known));
	}
}

/* What there is of the table's keys, and what is missing. */
static void read_members(const struct json *object, const struct field_table *t, const char *path, void *out,
	struct problems *p)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->fields[i];

		if (f->type == FIELD_INCLUDE) {
			read_members(object, f->items, path, member_of(out, f->offset), p);
			continue;
		}

		const struct json *v = json_get(object, f->name);
		AUTO_FREE char *place = xasprintf("%s/%s", path, f->name);

		if (v)
			readers[f->type](f, v, place, out, p);
		else if (f->required)
			problems_add(p, place, "is required");
		else if (f->keeps && json_has(object, f->name))
			problems_add(p, place, "must not be null");
	}
}

void fields_read(const struct json *object, const struct field_table *t, const char *path, void *out,
	struct problems *p)
{
	if (json_type_of(object) != JSON_OBJECT) {
		problems_add(p, path, "must be an object, not %s", type_name(object));
		return;
	}
	read_members(object, t, path, out, p);
	report_unknown(object, t, path, p);
}
