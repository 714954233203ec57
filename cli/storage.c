/* videoctl storage check: has a daemon compare the storage with the rows, and says what it found. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/io/json.h"
#include "lib/io/wake.h"
#include "lib/video/checks.h"
#include "lib/video/settings.h"

#define LOOK_MS  100
#define TAKEN_MS 30000 /* a daemon is here, or none will be */

static int look(struct db *db, int64_t id, int *ret_state, char **ret_report, struct err *e)
{
	int found = checks_look(db, id, ret_state, ret_report, e);

	if (found == 0 || (found > 0 && *ret_state < 0))
		return err_set(e, ERR_PERM, "storage: the check is not there any more");
	return found < 0 ? -1 : 0;
}

/* Waits until a daemon has made it. */
static int wait_for(struct db *db, int64_t id, char **ret_report, struct err *e)
{
	int64_t until_ms = clock_mono_ms() + TAKEN_MS;

	for (int state = CHECK_WANTED;;) {
		AUTO_FREE char *report = NULL;

		if (look(db, id, &state, &report, e) < 0)
			return -1;
		if (state == CHECK_WANTED && clock_mono_ms() > until_ms && checks_withdraw(db, id, e) == 1)
			return err_set(
				e, ERR_TEMP, "storage: no daemon has taken the check, so it is withdrawn");
		if (state == CHECK_FAILED)
			return err_set(e, ERR_TEMP, "storage: %s", report);
		if (state == CHECK_DONE) {
			*ret_report = steal_ptr(report);
			return 0;
		}
		(void)nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
	}
}

static void print_keys(const struct json *keys, int64_t count, const char *what)
{
	for (size_t i = 0; i < json_count(keys); i++)
		(void)printf("%s  %s\n", what, json_string(json_at(keys, i)));
	if (count > (int64_t)json_count(keys))
		(void)printf("%s  ... and %" PRId64 " more\n", what, count - (int64_t)json_count(keys));
}

/* 0, or -1 where something is wrong that was not repaired. */
static int print(const struct json *r, bool repair, struct err *e)
{
	int64_t orphans = json_int(json_get(r, "orphanCount")),
		missing = json_int(json_get(r, "missingCount")),
		foreign = json_int(json_get(r, "foreignCount"));

	print_keys(json_get(r, "orphans"), orphans, "orphan ");
	print_keys(json_get(r, "missing"), missing, "missing");
	print_keys(json_get(r, "foreign"), foreign, "foreign");
	(void)printf("%" PRId64 " objects, %" PRId64 " bytes; %" PRId64 " orphans%s; %" PRId64
		     " missing; %" PRId64 " foreign\n",
		json_int(json_get(r, "objects")), json_int(json_get(r, "bytes")), orphans,
		repair && orphans > 0 ? " (to be removed)" : "", missing, foreign);
	if (missing > 0)
		return err_set(e, ERR_PERM,
			"storage: files of completed videos are missing: videoctl render "
			"makes such a video again, of what was bought");
	if (orphans > 0 && !repair)
		return err_set(e, ERR_PERM, "storage: no row names the orphans: --repair removes them");
	return 0;
}

int command_storage(const struct settings *s, int argc, char **argv, struct err *e)
{
	static const struct option table[] = {{"repair", no_argument, NULL, 'r'}, {0}};
	struct db_options where = settings_db(s);
	AUTO_FREE char *report = NULL;
	AUTO(json) found = NULL;
	bool repair = false;
	int64_t id = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == '?')
			return command_misused(e, "storage: see videoctl --help");
		repair = true;
	}
	if (argc - optind != 1 || strcmp(argv[optind], "check") != 0)
		return command_misused(e, "storage: \"check\" is what it can do");

	AUTO(db) db = db_new(&where);

	if (checks_ask(db, repair, &id, e) < 0)
		return -1;
	wake_daemon(s->wake_socket);
	if (wait_for(db, id, &report, e) < 0 || !report || json_parse(report, strlen(report), &found, e) < 0)
		return -1;
	return print(found, repair, e);
}
