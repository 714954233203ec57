/*
 * The way back of fields.c: members into JSON by the same table, so that what is written can be read. There
 * is one put_x() for each type of field; false says that the member has no value, and nothing was put.
 */

#include "lib/video/fields.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/macros.h"
#include "lib/io/json.h"

static const void *at(const void *from, size_t offset)
{
	return (const char *)from + offset;
}

static bool put_text(const struct field *f, const void *from, struct json *object)
{
	char *const *text = at(from, f->offset);

	if (*text)
		json_put_string(object, f->name, *text);
	return *text != NULL;
}

static bool put_name(const struct field *f, const void *from, struct json *object)
{
	const int *index = at(from, f->offset);
	size_t count = f->name_count;

	while (f->name_count == 0 && f->names[count])
		count++;
	if (*index < 0 || (size_t)*index >= count)
		return false;
	json_put_string(object, f->name, f->names[*index]);
	return true;
}

static bool put_number(const struct field *f, const void *from, struct json *object)
{
	const int64_t *v = at(from, f->offset);

	if (*v < f->min || *v > f->max)
		return false;
	json_put_scaled(object, f->name, *v, f->places);
	return true;
}

static bool put_bool(const struct field *f, const void *from, struct json *object)
{
	const bool *v = at(from, f->offset);

	json_put_bool(object, f->name, *v);
	return true;
}

static bool put_colour(const struct field *f, const void *from, struct json *object)
{
	const int64_t *v = at(from, f->offset);
	char text[sizeof("#RRGGBB")];

	if (*v < 0 || *v > 0xFFFFFF)
		return false;
	(void)snprintf(text, sizeof(text), "#%06X", (unsigned)*v & 0xFFFFFF);
	json_put_string(object, f->name, text);
	return true;
}

static bool put_names(const struct field *f, const void *from, struct json *object)
{
	const unsigned *bits = at(from, f->offset);
	struct json *list = json_new_array();

	for (size_t i = 0; i < f->name_count; i++) {
		if (*bits & 1U << i)
			json_append_string(list, f->names[i]);
	}
	json_put(object, f->name, list);
	return true;
}

static bool (*const writers[FIELD_TYPE_COUNT])(
	const struct field *f, const void *from, struct json *object) = {
	[FIELD_LINE] = put_text,
	[FIELD_LINES] = put_text,
	[FIELD_NAME] = put_name,
	[FIELD_NUMBER] = put_number,
	[FIELD_BOOL] = put_bool,
	[FIELD_COLOUR] = put_colour,
	[FIELD_NAMES] = put_names,
};

static const size_t sizes[FIELD_TYPE_COUNT] = {
	[FIELD_LINE] = sizeof(char *),
	[FIELD_LINES] = sizeof(char *),
	[FIELD_NAME] = sizeof(int),
	[FIELD_NUMBER] = sizeof(int64_t),
	[FIELD_BOOL] = sizeof(bool),
	[FIELD_COLOUR] = sizeof(int64_t),
	[FIELD_NAMES] = sizeof(unsigned),
	[FIELD_LIST] = sizeof(void *),
};

/* Texts are at their default, which is none, when they are none. */
static bool is_default(const struct field *f, const void *from, const void *defaults)
{
	return memcmp(at(from, f->offset), at(defaults, f->offset), sizes[f->type]) == 0;
}

static bool has_value(const struct json *object)
{
	const struct json *v = NULL;

	for (size_t i = 0; json_key_at(object, i, &v); i++) {
		if (v)
			return true;
	}
	return false;
}

static void write_object(const struct field *f, const void *from, const void *defaults, struct json *object)
{
	AUTO(json) o = json_new_object();
	bool there;

	fields_write(at(from, f->offset), f->items, defaults ? at(defaults, f->offset) : NULL, o);
	there = f->count_offset > 0 ? *(const bool *)at(from, f->count_offset) : has_value(o);
	if (there || !defaults)
		json_put(object, f->name, there ? steal_ptr(o) : NULL);
}

static void write_value(const struct field *f, const void *from, const void *defaults, struct json *object)
{
	if (defaults && is_default(f, from, defaults))
		return;
	if (!writers[f->type](f, from, object) && !defaults)
		json_put(object, f->name, NULL);
}

void fields_write(const void *from, const struct field_table *t, const void *defaults, struct json *object)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->fields[i];

		if (f->type == FIELD_INCLUDE)
			fields_write(at(from, f->offset), f->items, defaults ? at(defaults, f->offset) : NULL,
				object);
		else if (f->type == FIELD_OBJECT)
			write_object(f, from, defaults, object);
		else if (writers[f->type])
			write_value(f, from, defaults, object);
	}
}

static void swap_bytes(void *a, void *b, size_t offset, size_t n)
{
	char *p = (char *)a + offset, *q = (char *)b + offset;

	for (size_t i = 0; i < n; i++) {
		char kept = p[i];

		p[i] = q[i];
		q[i] = kept;
	}
}

static void swap_member(const struct field *f, void *a, void *b)
{
	if (f->type == FIELD_OBJECT) {
		swap_bytes(a, b, f->offset, f->items->size_bytes);
		return;
	}
	swap_bytes(a, b, f->offset, sizes[f->type]);
	if (f->type == FIELD_LIST)
		swap_bytes(a, b, f->count_offset, sizeof(size_t));
}

void fields_swap(const struct json *object, const struct field_table *t, void *a, void *b)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->fields[i];

		if (f->type == FIELD_INCLUDE)
			fields_swap(object, f->items, (char *)a + f->offset, (char *)b + f->offset);
		else if (json_has(object, f->name))
			swap_member(f, a, b);
	}
}
