/* videoctl migrate: brings the database up to date; safe when two run at once. */
#include "lib/video/migrate.h"

#include <getopt.h>
#include <stdio.h>

#include "cli/commands.h"
#include "lib/base/err.h"
#include "lib/io/db.h"
#include "lib/video/settings.h"

#define DEFAULT_DIR "/usr/share/videod/db"
#define WAIT_SEC    60
#define IO_SEC      3600 /* a migration of a large table takes its time */

int command_migrate(const struct settings *s, int argc, char **argv, struct err *e)
{
	static const struct option table[] = {{"dir", required_argument, NULL, 'd'}, {0}};
	struct db_options where = settings_db(s);
	const char *dir = DEFAULT_DIR;
	int c, applied;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c != 'd')
			return command_misused(e, "migrate: see videoctl --help");
		dir = optarg;
	}
	if (optind < argc)
		return command_misused(e, "migrate: takes --dir DIR, and nothing else");
	where.io_timeout_sec = IO_SEC;

	AUTO(db) db = db_new(&where);
	applied = migrate_run(db, dir, WAIT_SEC, e);
	if (applied < 0)
		return -1;
	(void)printf("%d migration%s applied\n", applied, applied == 1 ? "" : "s");
	return 0;
}
