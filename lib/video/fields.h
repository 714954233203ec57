#ifndef VIDEOD_VIDEO_FIELDS_H
#define VIDEOD_VIDEO_FIELDS_H

/*
 * A JSON object into a struct and back, driven by a table of its keys. Every problem is reported, none stops
 * the reading; unknown keys are problems. An optional key that is absent or null, or whose text is blank,
 * leaves its member as the caller has set it.
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
	FIELD_NUMBER,  /* int64_t: counts 10^-places */
	FIELD_BOOL,    /* bool */
	FIELD_COLOUR,  /* int64_t: 0xRRGGBB, "#RRGGBB" */
	FIELD_NAMES,   /* unsigned: an array of names, each once, as bits 1 << index */
	FIELD_LIST,    /* an array of the items' struct, and its size_t count */
	FIELD_OBJECT,  /* an object with its own table, items, whose struct is the member */
	FIELD_INCLUDE, /* no key: those of items, whose struct is the member, stand here themselves */
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
	const struct field_table *items;        /* FIELD_LIST, FIELD_OBJECT, FIELD_INCLUDE */
	size_t count_offset; /* FIELD_LIST; FIELD_OBJECT: of a bool that says whether it is there, 0 none */
};

struct field_table {
	const struct field *fields;
	size_t count;
	size_t size_bytes;          /* of the struct */
	void (*init)(void *object); /* sets the defaults of a list's item; NULL: all zero */
};

/* path is the object's JSON pointer. Whatever was read is in *out, problems or not; its strings are the
 * caller's. */
void fields_read(const struct json *object, const struct field_table *t, const char *path, void *out,
	struct problems *p);

/*
 * Adds to object what fields_read would read. A name or number outside its range is none, as is a NULL text
 * and an object that is not there or has nothing but such. With defaults (of the same table) what equals them
 * is left out, and what is none; without them what is none is null. No lists of objects.
 */
void fields_write(const void *from, const struct field_table *t, const void *defaults, struct json *object);

/* Exchanges the members of a and b that object has keys for. */
void fields_swap(const struct json *object, const struct field_table *t, void *a, void *b);

#endif
