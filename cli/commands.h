#ifndef VIDEOD_CLI_COMMANDS_H
#define VIDEOD_CLI_COMMANDS_H

/* The subcommands of videoctl. Each gets its own arguments (argv[0] is its name) and returns 0, or with *e -1
 * or COMMAND_MISUSED. */

#include "lib/base/macros.h"

#define COMMAND_MISUSED (-2) /* it was not asked rightly: nothing was done */

struct err;
struct settings;

int command_migrate(const struct settings *s, int argc, char **argv, struct err *e);
int command_create(const struct settings *s, int argc, char **argv, struct err *e);
int command_watch(const struct settings *s, int argc, char **argv, struct err *e);
int command_cancel(const struct settings *s, int argc, char **argv, struct err *e);
int command_retry(const struct settings *s, int argc, char **argv, struct err *e);
int command_render(const struct settings *s, int argc, char **argv, struct err *e);
int command_regenerate(const struct settings *s, int argc, char **argv, struct err *e);
int command_change(const struct settings *s, int argc, char **argv, struct err *e);
int command_upload(const struct settings *s, int argc, char **argv, struct err *e);
int command_brand(const struct settings *s, int argc, char **argv, struct err *e);
int command_resume(const struct settings *s, int argc, char **argv, struct err *e);
int command_vendors(const struct settings *s, int argc, char **argv, struct err *e);
int command_ledger(const struct settings *s, int argc, char **argv, struct err *e);
int command_storage(const struct settings *s, int argc, char **argv, struct err *e);

/* Fills *e, returns COMMAND_MISUSED, for a caller's  return command_misused(...); */
int command_misused(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Where the API is: public_url, which VIDEOD_PUBLIC_URL sets for another host. Borrowed. */
const char *command_base_url(const struct settings *s);

#endif
