#ifndef VIDEOD_LETTERING_CLEAN_H
#define VIDEOD_LETTERING_CLEAN_H

/* Texts as they can be drawn. */

#include <stddef.h>

#define CLEAN_MAX_POINTS 600 /* more is cut, with an ellipsis */
#define CLEAN_MAX_LINES  40  /* the ends of more become blanks */
#define CLEAN_MAX_MARKS  6   /* on one letter */

/*
 * A copy of valid UTF-8 that the caller frees: white space is single blanks and line ends, and what is never
 * seen but changes what is (controls, overrides of the direction of writing, stray tags) is gone. The places
 * in marks, bytes of text, become those of the copy.
 */
char *clean_text(const char *text, size_t *marks, size_t mark_count);

#endif
