/*
 * videoctl resume, vendors, ledger: what the operator does and looks at, in the database. Here, and in the
 * log, are the vendors' own words; clients never see them.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/table.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/db.h"
#include "lib/io/json.h"
#include "lib/io/uuid.h"
#include "lib/io/wake.h"
#include "lib/video/again.h"
#include "lib/video/purchases.h"
#include "lib/video/settings.h"
#include "lib/video/vendors.h"
#include "lib/video/videos.h"

/* One of those that settings name. */
static bool is_vendor(const char *name)
{
	static const char *const vendors[] = {"runway", "elevenlabs"};

	for (size_t i = 0; i < ARRAY_LEN(vendors); i++)
		if (strcmp(vendors[i], name) == 0)
			return true;
	return false;
}

int command_resume(const struct settings *s, int argc, char **argv, struct err *e)
{
	static const struct option table[] = {
		{"vendor", required_argument, NULL, 'v'}, {"video", required_argument, NULL, 'i'}, {0}};
	struct db_options where = settings_db(s);
	const char *vendor = NULL, *video = NULL;
	struct uuid id;
	int c, batch, resumed = 0;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == '?')
			return command_misused(e, "resume: see videoctl --help");
		if (c == 'v')
			vendor = optarg;
		else
			video = optarg;
	}
	if (optind < argc || (video && !uuid_parse_text(video, &id)))
		return command_misused(e, "resume: see videoctl --help");
	if (vendor && !is_vendor(vendor))
		return command_misused(e, "resume: \"%s\" is none of runway, elevenlabs", vendor);

	AUTO(db) db = db_new(&where);

	do {
		batch = videos_resume(db, vendor, NULL, video ? &id : NULL, -1, e);
		if (batch < 0)
			return -1;
		resumed += batch;
	} while (batch == VIDEOS_RESUME_MAX);
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
		return command_misused(e, "vendors: takes no arguments");

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

/* "gen4.5", "eleven_multilingual_v2 as VOICE": what was asked for, by the request in the ledger. */
static void add_model(struct table *t, const struct purchase *p)
{
	AUTO(json) request = NULL;
	struct err ignored;

	(void)json_parse(p->request, strlen(p->request), &request, &ignored);

	const char *model = json_string(json_get(request, "model")),
		   *voice = json_string(json_get(request, "voice"));
	AUTO_FREE char *both = model && voice ? xasprintf("%s as %s", model, voice) : xstrdup(model);

	table_add(t, both);
}

/* What another video bought, and this one uses, was not paid for again. */
static void add_purchase(struct table *t, const struct purchase *p, bool reused)
{
	AUTO_FREE char *what = xasprintf("%s %" PRId64, p->kind, p->item + 1);

	table_add_time(t, p->created_ms);
	table_add(t, what);
	table_add(t, p->vendor);
	add_model(t, p);
	table_add(t, reused ? "reused" : names_get(purchase_state_names, PURCHASE_STATE_COUNT, p->state));
	table_add(t, p->vendor_id);
	table_add_milli(t, reused ? 0 : p->estimate_milli);
	table_add_milli(t, reused ? 0 : p->cost_milli);
	table_add(t, p->detail);
}

/* How many there are, -1. A video may be gone, and what it bought still serve another one. */
static int add_purchases(struct table *t, struct db *db, const struct uuid *id, struct err *e)
{
	struct purchase *list = NULL;
	size_t own = 0, used = 0, reused = 0;

	if (purchases_list(db, id, &list, &own, e) < 0)
		return -1;
	for (size_t i = 0; i < own; i++)
		add_purchase(t, &list[i], false);
	purchases_free(list, own);

	if (purchases_used(db, id, &list, &used, e) < 0)
		return -1;
	for (size_t i = 0; i < used; i++) {
		if (uuid_equal(&list[i].video_id, id))
			continue;
		add_purchase(t, &list[i], true);
		reused++;
	}
	purchases_free(list, used);
	return (int)(own + reused);
}

int command_ledger(const struct settings *s, int argc, char **argv, struct err *e)
{
	static const char *const heads[] = {
		"WHEN", "WHAT", "VENDOR", "MODEL", "STATE", "VENDOR'S ID", "ESTIMATE", "COST", "DETAIL"};
	AUTO_TABLE t = TABLE_OF(heads);
	AUTO_VIDEO video = {0};
	struct db_options where = settings_db(s);
	struct uuid id;

	if (argc != 2 || !uuid_parse_text(argv[1], &id))
		return command_misused(e, "ledger: the id of a video is needed, and nothing else");

	AUTO(db) db = db_new(&where);
	int found = videos_get(db, &id, &video, e), bought = found < 0 ? -1 : add_purchases(&t, db, &id, e);

	if (bought < 0)
		return -1;
	if (found == 0 && bought == 0)
		return err_set(
			e, ERR_PERM, "ledger: there is no video %s, and nothing that it bought", argv[1]);
	table_print(&t);
	return 0;
}
