/*
 * Values of JSON: json-c keeps the tree and writes it. Reading is json_read.c's, because json-c's own strict
 * mode lets through what RFC 8259 does not (NaN, "1.", raw control bytes) and loses what we must refuse (a
 * lone surrogate, a NUL in a string, a key given twice, an integer past 64 bits).
 *
 * A struct json is json-c's object under another name, so that its type stays in this file. JSON's null is
 * NULL. A decimal is kept as text, so that no amount of money ever becomes a double.
 */

#include "lib/io/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two of its type names are ours as well. */
#define json_bool jsonc_bool
#define json_type jsonc_type
#include <json-c/json.h>
#undef json_bool
#undef json_type

#include "lib/base/buf.h"
#include "lib/io/json_priv.h"

const char *const json_type_names[JSON_TYPE_COUNT] = {
	[JSON_NULL] = "null",
	[JSON_BOOL] = "a boolean",
	[JSON_INT] = "a number",
	[JSON_DECIMAL] = "a number",
	[JSON_STRING] = "a string",
	[JSON_ARRAY] = "an array",
	[JSON_OBJECT] = "an object",
};

/* json-c's getters are not const, though those used here change nothing but a cached text. */
static struct json_object *raw(const struct json *v)
{
	return (struct json_object *)(uintptr_t)v;
}

/* What json-c hands out; without memory the process ends, as in mem.h. */
static struct json *made(struct json_object *v)
{
	if (!v)
		abort();
	return (struct json *)v;
}

void json_free(struct json *root)
{
	json_object_put(raw(root));
}

enum json_type json_type_of(const struct json *v)
{
	switch (json_object_get_type(raw(v))) {
	case json_type_null:
		return JSON_NULL;
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_int:
		return JSON_INT;
	case json_type_double:
		return JSON_DECIMAL;
	case json_type_string:
		return JSON_STRING;
	case json_type_array:
		return JSON_ARRAY;
	case json_type_object:
		return JSON_OBJECT;
	}
	return JSON_NULL;
}

const struct json *json_get(const struct json *object, const char *key)
{
	struct json_object *value = NULL;

	if (json_type_of(object) != JSON_OBJECT || !json_object_object_get_ex(raw(object), key, &value))
		return NULL;
	return (const struct json *)value;
}

bool json_has(const struct json *object, const char *key)
{
	return json_type_of(object) == JSON_OBJECT && json_object_object_get_ex(raw(object), key, NULL);
}

size_t json_count(const struct json *v)
{
	switch (json_type_of(v)) {
	case JSON_ARRAY:
		return json_object_array_length(raw(v));
	case JSON_OBJECT:
		return (size_t)json_object_object_length(raw(v));
	default:
		return 0;
	}
}

const struct json *json_at(const struct json *array, size_t i)
{
	if (json_type_of(array) != JSON_ARRAY)
		return NULL;
	return (const struct json *)json_object_array_get_idx(raw(array), i);
}

const char *json_key_at(const struct json *object, size_t i, const struct json **ret_value)
{
	if (i >= json_count(object) || json_type_of(object) != JSON_OBJECT)
		return NULL;

	struct json_object_iterator it = json_object_iter_begin(raw(object));
	for (; i > 0; i--)
		json_object_iter_next(&it);
	if (ret_value)
		*ret_value = (const struct json *)json_object_iter_peek_value(&it);
	return json_object_iter_peek_name(&it);
}

const char *json_string(const struct json *v)
{
	return json_type_of(v) == JSON_STRING ? json_object_get_string(raw(v)) : NULL;
}

int64_t json_int(const struct json *v)
{
	return json_type_of(v) == JSON_INT ? json_object_get_int64(raw(v)) : 0;
}

bool json_bool(const struct json *v)
{
	return json_type_of(v) == JSON_BOOL && json_object_get_boolean(raw(v));
}

const char *json_number_text(const struct json *v)
{
	enum json_type type = json_type_of(v);

	if (type != JSON_INT && type != JSON_DECIMAL)
		return NULL;
	return json_object_to_json_string_ext(raw(v), JSON_C_TO_STRING_PLAIN);
}

struct json *json_new_object(void)
{
	return made(json_object_new_object());
}

struct json *json_new_array(void)
{
	return made(json_object_new_array());
}

struct json *json_new_bool(bool v)
{
	return made(json_object_new_boolean(v));
}

struct json *json_new_int(int64_t v)
{
	return made(json_object_new_int64(v));
}

struct json *json_new_string(const char *s, size_t n)
{
	return made(json_object_new_string_len(s, (int)n));
}

struct json *json_new_decimal(const char *text)
{
	return made(json_object_new_double_s(0, text));
}

void json_put(struct json *object, const char *key, struct json *value)
{
	if (json_object_object_add(raw(object), key, raw(value)) != 0)
		abort();
}

void json_put_string(struct json *object, const char *key, const char *s)
{
	json_put(object, key, s ? json_new_string(s, strlen(s)) : NULL);
}

void json_put_int(struct json *object, const char *key, int64_t v)
{
	json_put(object, key, json_new_int(v));
}

void json_put_bool(struct json *object, const char *key, bool v)
{
	json_put(object, key, json_new_bool(v));
}

void json_put_scaled(struct json *object, const char *key, int64_t v, unsigned places)
{
	uint64_t whole = v < 0 ? -(uint64_t)v : (uint64_t)v, scale = 1;

	while (places > 0 && whole % 10 == 0) {
		whole /= 10;
		places--;
	}
	for (unsigned i = 0; i < places; i++)
		scale *= 10;

	char text[48];
	if (places == 0)
		(void)snprintf(text, sizeof(text), "%s%" PRIu64, v < 0 ? "-" : "", whole);
	else
		(void)snprintf(text, sizeof(text), "%s%" PRIu64 ".%0*" PRIu64, v < 0 ? "-" : "",
			whole / scale, (int)places, whole % scale);
	json_put(object, key, json_new_decimal(text));
}

void json_append(struct json *array, struct json *value)
{
	if (json_object_array_add(raw(array), raw(value)) != 0)
		abort();
}

void json_append_string(struct json *array, const char *s)
{
	json_append(array, s ? json_new_string(s, strlen(s)) : NULL);
}

void json_append_int(struct json *array, int64_t v)
{
	json_append(array, json_new_int(v));
}

void json_write(const struct json *v, struct buf *out)
{
	buf_adds(out, json_object_to_json_string_ext(
			      raw(v), JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}
