#ifndef VIDEOD_BASE_UTF8_H
#define VIDEOD_BASE_UTF8_H

/* UTF-8 one code point at a time, of texts that are known to be valid (text_utf8_valid). */

#include <stdint.h>

struct buf;

/* The code point at *s, which moves past it; 0 at the end, where it stays. */
uint32_t utf8_next(const char **s);
uint32_t utf8_peek(const char *s);
void utf8_add(struct buf *out, uint32_t point); /* point is no surrogate and at most 10FFFF */

#endif
