/*
 * videoctl resume, vendors, ledger: what the operator does and looks at, in the database. Here, and in the
 * log, are the vendors' own words; clients never see them.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/table.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/db.h"
#include "lib/io/uuid.h"
#include "lib/io/wake.h"
#include "lib/video/again.h"
#include "lib/video/purchases.h"
#include "lib/video/settings.h"
#include "lib/video/vendors.h"

int command_resume(const struct settings *s, int argc, char **argv, struct err *e)
{
	static const struct option table[] = {
		{"vendor", required_argument, NULL, 'v'}, {"video", required_argument, NULL, 'i'}, {0}};
	struct db_options where = settings_db(s);
	const char *vendor = NULL, *video = NULL;
	struct uuid id;
	int c, resumed;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == '?')
			return err_set(e, ERR_PERM, "resume: see videoctl --help");
		if (c == 'v')
			vendor = optarg;
		else
			video = optarg;
	}
	if (optind < argc || (video && !uuid_parse_text(video, &id)))
		return err_set(e, ERR_PERM, "resume: see videoctl --help");

	AUTO(db) db = db_new(&where);

	resumed = videos_resume(db, vendor, NULL, video ? &id : NULL, -1, e);
	if (resumed < 0)
		return -1;
	wake_daemon(s->wake_socket);
	(void)printf("%d video%s resumed\n", resumed, resumed == 1 ? "" : "s");
	return 0;
}

int command_vendors(const struct settings *s, int argc, char **argv UNUSED, struct err *e)
{
	static const char *const heads[] = {
		"VENDOR", "STATE", "BALANCE", "CONCURRENCY", "LAST ANSWER", "LAST ASKED", "DETAIL"};
	AUTO_TABLE t = TABLE_OF(heads);
	struct db_options where = settings_db(s);
	struct vendor_account *list = NULL;
	size_t count = 0;

	if (argc != 1)
		return err_set(e, ERR_PERM, "vendors: takes no arguments");

	AUTO(db) db = db_new(&where);

	if (vendors_list(db, &list, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct vendor_account *a = &list[i];

		table_add(&t, a->name);
		table_add(&t, a->state);
		table_add_milli(&t, a->balance_milli);
		if (a->concurrency > 0)
			table_add_int(&t, a->concurrency);
		else
			table_add(&t, NULL);
		table_add_time(&t, a->answered_ms);
		table_add_time(&t, a->checked_ms);
		table_add(&t, a->detail);
	}
	vendors_free(list, count);
	table_print(&t);
	return 0;
}

static void add_purchase(struct table *t, const struct purchase *p)
{
	AUTO_FREE char *what = xasprintf("%s %" PRId64, p->kind, p->item + 1);

	table_add_time(t, p->created_ms);
	table_add(t, what);
	table_add(t, p->vendor);
	table_add(t, names_get(purchase_state_names, PURCHASE_STATE_COUNT, p->state));
	table_add(t, p->vendor_id);
	table_add_milli(t, p->estimate_milli);
	table_add_milli(t, p->cost_milli);
	table_add(t, p->detail);
}

int command_ledger(const struct settings *s, int argc, char **argv, struct err *e)
{
	static const char *const heads[] = {
		"WHEN", "WHAT", "VENDOR", "STATE", "VENDOR'S ID", "ESTIMATE", "COST", "DETAIL"};
	AUTO_TABLE t = TABLE_OF(heads);
	struct db_options where = settings_db(s);
	struct purchase *list = NULL;
	size_t count = 0;
	struct uuid id;

	if (argc != 2 || !uuid_parse_text(argv[1], &id))
		return err_set(e, ERR_PERM, "ledger: the id of a video is needed, and nothing else");

	AUTO(db) db = db_new(&where);

	if (purchases_list(db, &id, &list, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		add_purchase(&t, &list[i]);
	purchases_free(list, count);
	table_print(&t);
	return 0;
}
