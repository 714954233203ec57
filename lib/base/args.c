/* An argument vector for a child: copies of strings, always NULL-terminated, never a shell's line. */

#include "lib/base/args.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/mem.h"

static void take(struct args *a, char *owned)
{
	assert(a->n < ARGS_MAX);

	a->v = xreallocarray(a->v, a->n + 2, sizeof(*a->v));
	a->v[a->n++] = owned;
	a->v[a->n] = NULL;
}

void args_add(struct args *a, const char *s)
{
	assert(s);
	take(a, xstrdup(s));
}

void args_adds(struct args *a, const char *const *list)
{
	for (; *list; list++)
		args_add(a, *list);
}

void args_addf(struct args *a, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);

	assert(n >= 0);
	take(a, s);
}

void args_done(struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a->v);
	*a = (struct args){0};
}
