/*
 * Forward-only migrations. Invariants: one process at a time holds the lock, on the connection that does the
 * work; what is missing is decided under it; and a file and its row in schema_migrations are one transaction.
 * That makes a file of plain DML all or nothing. DDL ends a transaction on the server, but the connection
 * still cannot be exchanged underneath, so that nothing is ever run without the lock.
 */

#include "lib/video/migrate.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/db.h"

#define FILE_MAX_BYTES (1024 * 1024)
#define NAME_MAX_BYTES 100

static const char SQL_LOCK[] = "SELECT GET_LOCK('videod_migrate', ?)";
static const char SQL_UNLOCK[] = "SELECT RELEASE_LOCK('videod_migrate')";
static const char SQL_HOLDS_LOCK[] = "SELECT COALESCE(IS_USED_LOCK('videod_migrate') = CONNECTION_ID(), 0)";
static const char SQL_TABLE[] = "CREATE TABLE IF NOT EXISTS schema_migrations ("
				"version INT UNSIGNED NOT NULL PRIMARY KEY, "
				"name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
				"applied_at DATETIME(3) NOT NULL) ENGINE=InnoDB";
static const char SQL_APPLIED[] = "SELECT version, name FROM schema_migrations ORDER BY version";
static const char SQL_RECORD[] =
	"INSERT INTO schema_migrations (version, name, applied_at) VALUES (?, ?, UTC_TIMESTAMP(3))";

/* The folder's files in order: names[i] has the version i + 1. */
struct files {
	const char *folder;
	char **names;
	size_t count;
};

static void files_done(struct files *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->names[i]);
	free(f->names);
}

static bool ends_in_sql(const char *name)
{
	size_t n = strlen(name);

	return n >= 4 && strcmp(name + n - 4, ".sql") == 0;
}

/* NNN_name.sql: three digits, then lower-case letters, digits and underscores. */
static bool is_well_named(const char *name)
{
	size_t digits = strspn(name, "0123456789");
	size_t word = strspn(name + digits, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return digits == 3 && name[3] == '_' && word > 1 && strcmp(name + digits + word, ".sql") == 0 &&
	       strlen(name) <= NAME_MAX_BYTES;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void dir_closep(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static int list_folder(struct files *f, struct err *e)
{
	CLEANUP(dir_closep) DIR *dir = opendir(f->folder);

	if (!dir)
		return err_set_errno(e, ERR_PERM, errno, "open %s", f->folder);
	for (;;) {
		errno = 0;

		const struct dirent *entry = readdir(dir);

		if (!entry && errno != 0)
			return err_set_errno(e, ERR_TEMP, errno, "read %s", f->folder);
		if (!entry)
			break;
		if (!ends_in_sql(entry->d_name))
			continue;
		if (!is_well_named(entry->d_name))
			return err_set(
				e, ERR_PERM, "%s/%s: not named like 001_name.sql", f->folder, entry->d_name);
		f->names = xreallocarray(f->names, f->count + 1, sizeof(*f->names));
		f->names[f->count++] = xstrdup(entry->d_name);
	}
	if (f->count > 0)
		qsort(f->names, f->count, sizeof(*f->names), compare_names);
	return 0;
}

static int check_folder(const struct files *f, struct err *e)
{
	if (f->count == 0)
		return err_set(e, ERR_PERM, "%s: no migrations there", f->folder);
	for (size_t i = 0; i < f->count; i++) {
		AUTO_FREE char *begin = xasprintf("%03zu_", i + 1);

		if (strncmp(f->names[i], begin, strlen(begin)) != 0)
			return err_set(e, ERR_PERM, "%s: %s is there where %s... should be", f->folder,
				f->names[i], begin);
	}
	return 0;
}

/* A query whose answer is one number; NULL counts as 0. */
static int ask(struct db *db, const char *sql, const struct db_arg *args, size_t nargs, int64_t *ret_number,
	struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, sql, args, nargs, &rows, e) < 0)
		return -1;
	*ret_number = db_next(rows) ? db_get_int(rows, 0) : 0;
	return 0;
}

static int take_lock(struct db *db, unsigned wait_sec, struct err *e)
{
	int64_t taken = 0;

	if (ask(db, SQL_LOCK, DB_ARGS(db_int(wait_sec)), &taken, e) < 0)
		return -1;
	if (!taken)
		return err_set(e, ERR_TEMP, "somebody else has been migrating for %u seconds", wait_sec);
	return 0;
}

/* Not being able to is fine: the lock ends with the connection. */
static void give_lock_back(struct db *db)
{
	struct err ignored;
	int64_t released = 0;

	(void)ask(db, SQL_UNLOCK, DB_NO_ARGS, &released, &ignored);
}

/* How many files the database has; that they are the first of the folder's is checked. */
static int count_applied(struct db *db, const struct files *f, size_t *ret_count, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	size_t n = 0;

	if (db_exec(db, SQL_TABLE, DB_NO_ARGS, NULL, e) < 0 ||
		db_query(db, SQL_APPLIED, DB_NO_ARGS, &rows, e) < 0)
		return -1;
	for (; db_next(rows); n++) {
		const char *name = db_get_text(rows, 1);

		if (db_get_int(rows, 0) != (int64_t)n + 1)
			return err_set(
				e, ERR_PERM, "schema_migrations has %s but no version %zu", name, n + 1);
		if (n >= f->count)
			return err_set(e, ERR_PERM, "the database has %s, which is not in %s: it is newer",
				name, f->folder);
		if (strcmp(name, f->names[n]) != 0)
			return err_set(e, ERR_PERM, "the database has %s where %s has %s", name, f->folder,
				f->names[n]);
	}
	*ret_count = n;
	return 0;
}

/* In a transaction, which keeps to the connection that has the lock. */
static int apply_text(struct db *db, const char *sql, size_t version, const char *name, struct err *e)
{
	int64_t holds = 0;

	if (ask(db, SQL_HOLDS_LOCK, DB_NO_ARGS, &holds, e) < 0)
		return -1;
	if (!holds)
		return err_set(e, ERR_TEMP, "the lock was lost with its connection");
	if (db_script(db, sql, e) < 0)
		return -1;
	return db_exec(db, SQL_RECORD, DB_ARGS(db_int((int64_t)version), db_text(name)), NULL, e);
}

static int apply_file(struct db *db, const struct files *f, size_t i, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/%s", f->folder, f->names[i]);
	AUTO_BUF sql = BUF_INIT(FILE_MAX_BYTES);

	if (fs_read(path, FILE_MAX_BYTES, &sql, e) < 0)
		return -1;
	if (strlen(buf_text(&sql)) != sql.len || !text_utf8_valid(buf_text(&sql), sql.len))
		return err_set(e, ERR_PERM, "%s: not UTF-8 text", path);
	if (db_begin(db, e) < 0)
		return err_prefix(e, "%s: ", f->names[i]);
	if (apply_text(db, buf_text(&sql), i + 1, f->names[i], e) < 0) {
		db_rollback(db);
		return err_prefix(e, "%s: ", f->names[i]);
	}
	if (db_commit(db, e) < 0)
		return err_prefix(e, "%s: ", f->names[i]);
	return 0;
}

static int apply_missing(struct db *db, const struct files *f, struct err *e)
{
	size_t applied = 0;

	if (count_applied(db, f, &applied, e) < 0)
		return -1;
	for (size_t i = applied; i < f->count; i++) {
		if (apply_file(db, f, i, e) < 0)
			return -1;
	}
	return (int)(f->count - applied);
}

int migrate_run(struct db *db, const char *folder, unsigned wait_sec, struct err *e)
{
	CLEANUP(files_done) struct files files = {.folder = folder};

	if (list_folder(&files, e) < 0 || check_folder(&files, e) < 0 || take_lock(db, wait_sec, e) < 0)
		return -1;

	int count = apply_missing(db, &files, e);

	give_lock_back(db);
	return count;
}
