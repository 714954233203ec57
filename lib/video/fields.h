#ifndef VIDEOD_VIDEO_FIELDS_H
#define VIDEOD_VIDEO_FIELDS_H

/*
 * A JSON object into a struct, driven by a table of its keys. Every problem is reported, none stops the
 * reading; unknown keys are problems. An optional key that is absent or null, or whose text is blank, leaves
 * its member as the caller has set it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;
struct problems;

enum field_type {
	FIELD_LINE,  /* char *: text of one line */
	FIELD_LINES, /* char *: text that may have tabs and line ends; CR LF becomes LF */
	FIELD_SAME, /* char *: a text that must be the member's where the caller has set it; nothing is stored
		     */
	FIELD_NAME, /* int: the index in names */
	FIELD_NUMBER, /* int64_t: counts 10^-places */
	FIELD_BOOL,   /* bool */
	FIELD_LIST,   /* an array of the items' struct, and its size_t count */
	FIELD_TYPE_COUNT,
};

struct field_table;

struct field {
	const char *name;
	enum field_type type;
	bool required;
	bool keeps;               /* may be left out, but not emptied: null and blank texts are problems */
	size_t offset;            /* of the member; what it replaces is not freed */
	int64_t min, max;         /* code points of a text, items of a list, or the number as it is stored */
	unsigned places;          /* decimals a number may have */
	const char *what;         /* "a number of seconds", or "scenes" of a list */
	const char *const *names; /* NULL-terminated where name_count is 0 */
	size_t name_count;
	const char *(*check)(const char *text); /* returns what the text must be, or NULL where it is that */
	const struct field_table *items;        /* FIELD_LIST */
	size_t count_offset;
};

struct field_table {
	const struct field *fields;
	size_t count;
	size_t size_bytes; /* of the struct */
};

/* path is the object's JSON pointer. Whatever was read is in *out, problems or not; its strings are the
 * caller's. */
void fields_read(const struct json *object, const struct field_table *t, const char *path, void *out,
	struct problems *p);

#endif
