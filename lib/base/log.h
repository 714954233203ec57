#ifndef VIDEOD_BASE_LOG_H
#define VIDEOD_BASE_LOG_H

/*
 * One line per outcome on standard error:  <6>step done video=018f... step=encode item=2 ms=840
 * The prefix is sd-daemon(3)'s priority; a terminal gets none. Values with blanks, quotes or control bytes
 * are quoted and made printable, so that text from outside cannot forge a line. A line has at most 2 kB.
 */

#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG, LOG_LEVEL_COUNT };

extern const char *const log_level_names[LOG_LEVEL_COUNT + 1]; /* NULL at the end */

struct log_pair {
	const char *key;  /* NULL ends the list */
	const char *text; /* NULL: number is the value */
	int64_t number;
};

static inline struct log_pair log_text(const char *key, const char *text) /* NULL reads as "" */
{
	return (struct log_pair){.key = key, .text = text ? text : ""};
}

static inline struct log_pair log_number(const char *key, int64_t number)
{
	return (struct log_pair){.key = key, .number = number};
}

/* Lines above this level are dropped. The one global of the program besides the stop flag; default: info. */
void log_set_level(enum log_level level);
/* Reads pairs up to the first without a key, and never more than LOG_PAIRS_MAX. */
void log_write(enum log_level level, const char *what, const struct log_pair *pairs);

/* What is left of the array is zero and ends the list; more pairs than it holds do not compile. */
#define LOG_PAIRS_MAX          12
#define LOG_PAIRS(...)         ((const struct log_pair[LOG_PAIRS_MAX]){__VA_ARGS__})
#define log_error(what, ...)   log_write(LOG_LEVEL_ERROR, what, LOG_PAIRS(__VA_ARGS__))
#define log_warning(what, ...) log_write(LOG_LEVEL_WARNING, what, LOG_PAIRS(__VA_ARGS__))
#define log_info(what, ...)    log_write(LOG_LEVEL_INFO, what, LOG_PAIRS(__VA_ARGS__))
#define log_debug(what, ...)   log_write(LOG_LEVEL_DEBUG, what, LOG_PAIRS(__VA_ARGS__))

#endif
