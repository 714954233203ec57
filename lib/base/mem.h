#ifndef VIDEOD_BASE_MEM_H
#define VIDEOD_BASE_MEM_H

/*
 * Allocation of small things. Where it fails the process ends: nothing sensible is left to do, and every
 * caller is simpler for it. Sizes that a peer controls are bounded before they come here.
 */

#include <stddef.h>

void *xmalloc(size_t size_bytes);               /* never NULL; uninitialised */
void *xcalloc(size_t count, size_t size_bytes); /* never NULL; zeroed; overflow ends the process */
void *xrealloc(void *p, size_t size_bytes);     /* never NULL */
void *xreallocarray(void *p, size_t count, size_t size_bytes);
char *xstrdup(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* caller frees */

#endif
