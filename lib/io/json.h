#ifndef VIDEOD_IO_JSON_H
#define VIDEOD_IO_JSON_H

/*
 * JSON (json-c), strict: one value, valid UTF-8, no trailing bytes, limited depth and size, no NUL in
 * strings. A struct json is a value of either a parsed text or one being built; members are borrowed from
 * their parent.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct buf;
struct err;
struct json;

#define JSON_MAX_DEPTH  16
#define JSON_MAX_KEYS   1000  /* of one object */
#define JSON_MAX_VALUES 50000 /* of one text */

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_INT,
	JSON_DECIMAL,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
	JSON_TYPE_COUNT
};
/* "null", "a boolean", "a number", ... as error texts say it. */
extern const char *const json_type_names[JSON_TYPE_COUNT];

/*
 * RFC 8259 to the letter; a key given twice in an object is refused too. ERR_PERM with http_status 400, and
 * what is wrong at which byte (from 0) in the text. Caller frees *ret_root. JSON's null is a NULL pointer.
 */
int json_parse(const char *p, size_t n, struct json **ret_root, struct err *e);
void json_free(struct json *root);
DEFINE_FREEP(json)

enum json_type json_type_of(const struct json *v); /* JSON_NULL for NULL */
/* NULL where there is no such key, or its value is null, or this is not an object. */
const struct json *json_get(const struct json *object, const char *key);
bool json_has(const struct json *object, const char *key); /* also where the value is null */
/* Of an array's items or an object's keys, else 0. */
size_t json_count(const struct json *v);
const struct json *json_at(const struct json *array, size_t i);
/* Keys in the order of the text; NULL past the last. Costs i steps. */
const char *json_key_at(const struct json *object, size_t i, const struct json **ret_value);
const char *json_string(const struct json *v); /* NULL unless a string */
int64_t json_int(const struct json *v);        /* 0 unless JSON_INT */
bool json_bool(const struct json *v);
/* A number exactly as it was written; NULL unless a number. */
const char *json_number_text(const struct json *v);

/* Building. A value that is put into a parent belongs to it. */
struct json *json_new_object(void);
struct json *json_new_array(void);
void json_put(struct json *object, const char *key, struct json *value);
void json_put_string(struct json *object, const char *key, const char *s); /* NULL writes null */
void json_put_int(struct json *object, const char *key, int64_t v);
void json_put_bool(struct json *object, const char *key, bool v);
/* v * 10^-places as a JSON number, exactly: 2500, 3 -> 2.5 */
void json_put_scaled(struct json *object, const char *key, int64_t v, unsigned places);
void json_append(struct json *array, struct json *value);
void json_append_string(struct json *array, const char *s);
void json_append_int(struct json *array, int64_t v);
void json_write(const struct json *v, struct buf *out); /* compact, slashes not escaped */

#endif
