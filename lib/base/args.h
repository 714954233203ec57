#ifndef VIDEOD_BASE_ARGS_H
#define VIDEOD_BASE_ARGS_H

/* An argument vector being built. It owns its strings. At most ARGS_MAX; more ends the process: our bug. */

#include <stddef.h>

#include "lib/base/macros.h"

#define ARGS_MAX 1024

struct args {
	char **v; /* NULL-terminated once something was added */
	size_t n;
};

#define AUTO_ARGS CLEANUP(args_done) struct args

void args_add(struct args *a, const char *s);
void args_adds(struct args *a, const char *const *list); /* NULL-terminated */
void args_addf(struct args *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
void args_done(struct args *a);

#endif
