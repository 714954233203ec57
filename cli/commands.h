#ifndef VIDEOD_CLI_COMMANDS_H
#define VIDEOD_CLI_COMMANDS_H

/* The subcommands of videoctl. Each gets its own arguments (argv[0] is its name) and returns 0 or -1 with *e.
 */

struct err;
struct settings;

int command_migrate(const struct settings *s, int argc, char **argv, struct err *e);
int command_create(const struct settings *s, int argc, char **argv, struct err *e);
int command_watch(const struct settings *s, int argc, char **argv, struct err *e);
int command_cancel(const struct settings *s, int argc, char **argv, struct err *e);
int command_retry(const struct settings *s, int argc, char **argv, struct err *e);
int command_render(const struct settings *s, int argc, char **argv, struct err *e);
int command_regenerate(const struct settings *s, int argc, char **argv, struct err *e);
int command_resume(const struct settings *s, int argc, char **argv, struct err *e);
int command_vendors(const struct settings *s, int argc, char **argv, struct err *e);
int command_ledger(const struct settings *s, int argc, char **argv, struct err *e);

/* Where the API is: public_url, which VIDEOD_PUBLIC_URL sets for another host. Borrowed. */
const char *command_base_url(const struct settings *s);

#endif
