#ifndef VIDEOD_IO_JSON_PRIV_H
#define VIDEOD_IO_JSON_PRIV_H

/* What the reader builds its tree with. */

#include "lib/io/json.h"

struct json *json_new_bool(bool v);
struct json *json_new_int(int64_t v);
struct json *json_new_string(const char *s, size_t n);
struct json *json_new_decimal(const char *text); /* keeps the text: it is the value */

#endif
