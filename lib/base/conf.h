#ifndef VIDEOD_BASE_CONF_H
#define VIDEOD_BASE_CONF_H

/*
 * Table-driven configuration. A program has one struct and one const table of keys; a file ("key = value",
 * '#' comments), then the environment, fill the struct. Unknown keys, missing required ones and values out of
 * range stop the start with file and line. Secrets come from files only and are never printed.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;

enum conf_type {
	CONF_STRING, /* char *       [min, max] bytes */
	CONF_INT,    /* int64_t      [min, max] */
	CONF_BOOL,   /* bool         yes/no, true/false, on/off, 1/0 */
	CONF_ENUM,   /* int          index in names */
	CONF_PATH,   /* char *       absolute path */
	CONF_SECRET, /* char *       the value is the path of a file whose first line is the secret */
	CONF_TYPE_COUNT,
};

enum conf_flags {
	CONF_REQUIRED = 1,
	CONF_DAEMON = 2, /* the daemon's alone: other programs withhold it from themselves */
};

struct conf_key {
	const char *name; /* in the file; in the environment VIDEOD_ + upper case */
	enum conf_type type;
	size_t offset;            /* of the member */
	const char *fallback;     /* value when not set, NULL for none (NULL, 0, false) */
	int64_t min, max;         /* ints: value; strings: bytes; max 0 = 4096 bytes for strings */
	const char *const *names; /* CONF_ENUM, NULL-terminated */
	const char *env_alias;    /* one more environment name (the value itself, for secrets too), or NULL */
	unsigned flags;
	const char *(*check)(const char *text); /* of texts: what it must be, or NULL where it is that */
	const char *help;                       /* one line, for --check-config and the example file */
};

/*
 * Fills *out (zeroed by the caller) from the built-in values, then file (NULL: none), then the environment.
 * Keys with one of the flags in withheld are known, but that is all: their members stay zero, nothing is
 * required or refused of them, a secret's file is not opened and its env_alias not looked at.
 * -1 with "file:line: key: what is wrong"; *out may then be partly filled and is freed by conf_free.
 * A secret given as VIDEOD_X or in the file is a path; given by its env_alias it is the secret itself.
 */
int conf_load(const struct conf_key *keys, size_t count, unsigned withheld, const char *file, void *out,
	struct err *e);
/* Writes "key = value   # from where" for each key; secrets as "(set)" or "(not set)", and withheld ones as
 * "(the daemon's)". */
void conf_print(const struct conf_key *keys, size_t count, unsigned withheld, const char *file,
	const void *in, FILE *to);
void conf_free(const struct conf_key *keys, size_t count, void *in);

#endif
