/* A list that stops growing at its limit but goes on counting. */

#include "lib/video/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/mem.h"

#define MESSAGE_MAX_BYTES 1024

void problems_add(struct problems *p, const char *path, const char *fmt, ...)
{
	char message[MESSAGE_MAX_BYTES];
	va_list args;

	if (p->count++ >= LIMIT_PROBLEMS)
		return;

	va_start(args, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, args); /* cut where it is too long */
	va_end(args);
	p->list[p->count - 1] = (struct problem){.path = xstrdup(path), .message = xstrdup(message)};
}

void problems_done(struct problems *p)
{
	for (size_t i = 0; i < p->count && i < LIMIT_PROBLEMS; i++) {
		free(p->list[i].path);
		free(p->list[i].message);
	}
	p->count = 0;
}
