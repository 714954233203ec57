#ifndef VIDEOD_CLI_TABLE_H
#define VIDEOD_CLI_TABLE_H

/* A table for people on standard output: columns as wide as what is in them. */

#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct table {
	const char *const *heads;
	size_t columns;
	char **cells; /* row after row */
	size_t count;
};

#define AUTO_TABLE CLEANUP(table_done) struct table
#define TABLE_OF(list)                                                                                       \
	{                                                                                                    \
		.heads = (list), .columns = ARRAY_LEN(list)                                                  \
	}

/* The next cell. What is not fit for a terminal becomes '?'; NULL and "" show as "-". */
void table_add(struct table *t, const char *text);
void table_add_int(struct table *t, int64_t number);
void table_add_milli(struct table *t, int64_t milli);  /* thousandths, as a decimal; below 0 is unknown */
void table_add_time(struct table *t, int64_t wall_ms); /* 0 is never */
void table_print(const struct table *t);
void table_done(struct table *t);

#endif
