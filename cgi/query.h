#ifndef VIDEOD_CGI_QUERY_H
#define VIDEOD_CGI_QUERY_H

/*
 * Query strings, read by table into a struct that the caller has filled with the defaults. As strict as
 * bodies: unknown keys, keys given twice and values out of range are problems, all found at once, with "?key"
 * as their path.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/video/limits.h"

struct problems;

enum query_type {
	QUERY_INT,  /* int64_t: a decimal number in [min, max] */
	QUERY_NAME, /* int: index in names */
	QUERY_ID,   /* char[LIMIT_ID + 1]: a store's or a product's id */
	QUERY_TYPE_COUNT,
};

struct query_key {
	const char *name;
	enum query_type type;
	size_t offset; /* of the member */
	int64_t min, max;
	const char *const *names;
	size_t name_count;
};

#define QUERY_KEYS_MAX 8 /* of one table */

/* Returns whether there was no problem. keys may be NULL with count 0: nothing is allowed. */
bool query_read(const char *query, const struct query_key *keys, size_t count, void *out, struct problems *p);

#endif
