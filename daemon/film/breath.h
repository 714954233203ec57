#ifndef VIDEOD_DAEMON_FILM_BREATH_H
#define VIDEOD_DAEMON_FILM_BREATH_H

/* Where a text that is spoken may be cut: the marks of many scripts, and nothing of their grammar. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How good a cut is, rising. */
enum breath { BREATH_NONE, BREATH_WORD, BREATH_CLAUSE, BREATH_SENTENCE, BREATH_COUNT };

#define BREATH_SEAM '\f' /* between two narrations of one script: never spoken, and nothing goes over it */

bool breath_is_blank(uint32_t point);  /* white space at which a line may end */
bool breath_is_closer(uint32_t point); /* quotes and brackets that close belong to what they close */

/* Between a text whose last point but closers is mark, and next; 0 is the text's end. */
enum breath breath_between(uint32_t mark, uint32_t next);

/*
 * What breath_between does not know: "Dr." before a blank is no end of a sentence, nor is what goes on in
 * lower case ("wait... what").
 */
bool breath_is_abbreviation(const char *word, size_t n); /* with its dot */
bool breath_is_lower_case(uint32_t point);

#endif
