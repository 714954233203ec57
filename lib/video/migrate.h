#ifndef VIDEOD_VIDEO_MIGRATE_H
#define VIDEOD_VIDEO_MIGRATE_H

/*
 * Forward-only migrations: a folder of files NNN_name.sql, numbered from 001 without a gap, and the table
 * schema_migrations(version, name, applied_at) of those that a database has. Each is applied once, whoever
 * runs it.
 */

struct db;
struct err;

/*
 * Applies what is missing, in order, and returns how many that were. Waits up to wait_sec for another that is
 * at it (ERR_TEMP when it takes longer). ERR_PERM, with nothing applied, for a gap, for a version in the
 * database that the folder does not have and for one that has another name there. A file whose SQL fails
 * stops the run with its name and the number of the statement. It is not marked as applied, and its rows are
 * rolled back; DDL of it that ran before stays. db's io_timeout_sec must exceed wait_sec and the time of the
 * longest single statement.
 */
int migrate_run(struct db *db, const char *folder, unsigned wait_sec, struct err *e);

#endif
