/* What the subcommands share. */
#include "cli/commands.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/base/err.h"
#include "lib/video/settings.h"

const char *command_base_url(const struct settings *s)
{
	return s->public_url && *s->public_url ? s->public_url : "http://127.0.0.1:8080";
}

int command_misused(struct err *e, const char *fmt, ...)
{
	va_list args;

	*e = (struct err){.kind = ERR_PERM};
	va_start(args, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, args);
	va_end(args);
	return COMMAND_MISUSED;
}
