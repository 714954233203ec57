/*
 * Allocation that cannot fail: the process ends instead, with one line on standard error and a core dump.
 * Nothing here is for sizes that a peer controls; those are bounded and reported before they come here.
 */

#include "lib/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
	if (!p) {
		(void)fputs("<2>out of memory\n", stderr);
		abort();
	}
	return p;
}

void *xmalloc(size_t size_bytes)
{
	return must(malloc(size_bytes ? size_bytes : 1));
}

void *xcalloc(size_t count, size_t size_bytes)
{
	return must(count && size_bytes ? calloc(count, size_bytes) : calloc(1, 1));
}

void *xrealloc(void *p, size_t size_bytes)
{
	return must(realloc(p, size_bytes ? size_bytes : 1));
}

void *xreallocarray(void *p, size_t count, size_t size_bytes)
{
	size_t total = 0;

	if (__builtin_mul_overflow(count, size_bytes, &total))
		(void)must(NULL);
	return xrealloc(p, total);
}

char *xstrdup(const char *s)
{
	return s ? must(strdup(s)) : NULL;
}

char *xstrndup(const char *s, size_t n)
{
	return must(strndup(s, n));
}

char *xasprintf(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);

	return must(n < 0 ? NULL : s);
}
