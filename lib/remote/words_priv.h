#ifndef VIDEOD_REMOTE_WORDS_PRIV_H
#define VIDEOD_REMOTE_WORDS_PRIV_H

/* A vendor's own words, made fit for a log and for a row that an operator reads. */

#include <stddef.h>

#define WORDS_SIZE 321

/*
 * One printable line of valid UTF-8, cut where it would be longer: blanks and control bytes become one blank,
 * a broken byte '?'; an address loses its query, where keys and signatures are. p may be NULL.
 */
void words_clean(const char *p, size_t n, char out[static WORDS_SIZE]);

#endif
