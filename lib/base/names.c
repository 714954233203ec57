/* Enums by name. Tables are indexed by the enum; a hole in a table is no name and is never found. */

#include "lib/base/names.h"

#include <string.h>

int names_find(const char *const *names, size_t count, const char *text)
{
	if (!text)
		return -1;

	for (size_t i = 0; i < count; i++) {
		if (names[i] && strcmp(names[i], text) == 0)
			return (int)i;
	}
	return -1;
}

const char *names_get(const char *const *names, size_t count, int value)
{
	if (value < 0 || (size_t)value >= count || !names[value])
		return "?";
	return names[value];
}
