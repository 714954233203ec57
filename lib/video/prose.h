#ifndef VIDEOD_VIDEO_PROSE_H
#define VIDEOD_VIDEO_PROSE_H

/* Plain text (plain.h) as sentences, short lines and spoken words. */

#include <stddef.h>

struct buf;

/*
 * The next sentence of a plain text at *at, which moves past it, its length in *ret_len; NULL after the last.
 * Headings ("Features:"), single words and lines without a letter are passed over.
 */
const char *prose_next_sentence(const char **at, size_t *ret_len);

/* Adds the n bytes at s as a sentence that ends in '.', '!' or '?'. Emoji and the like are left out. */
void prose_add_spoken(struct buf *out, const char *s, size_t n);
/* As above, without the end: for the middle of a sentence. */
void prose_add_spoken_name(struct buf *out, const char *s);
/* Length of the sentence without the dots at its end: as a line of its own. */
size_t prose_line_length(const char *s, size_t n);
/* Adds at most max_points of s, whole words, with an ellipsis where something is left off. */
void prose_add_short(struct buf *out, const char *s, size_t max_points);

/*
 * How many words of running English take as long to say as the n bytes at s: digits are said one by one, a
 * very long word counts several times, two characters of a script without blanks count as one word.
 */
size_t prose_spoken_words(const char *s, size_t n);

#endif
