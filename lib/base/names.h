#ifndef VIDEOD_BASE_NAMES_H
#define VIDEOD_BASE_NAMES_H

/* Enums and their names, over const tables:  const char *const x_names[X_COUNT] = {[X_A] = "a", ...}; */

#include <stddef.h>

/* The index of text in names[0..count), or -1: unknown text never becomes a default. text may be NULL. */
int names_find(const char *const *names, size_t count, const char *text);
/* names[value], or "?" when out of range. */
const char *names_get(const char *const *names, size_t count, int value);

#define NAMES_FIND(table, text) names_find((table), ARRAY_LEN(table), (text))

#endif
