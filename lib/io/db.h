#ifndef VIDEOD_IO_DB_H
#define VIDEOD_IO_DB_H

/*
 * One connection to MySQL 8.0.16+ or MariaDB 10.6+ through the libmysqlclient API: prepared statements only,
 * values are bound. The session is utf8mb4, UTC, strict, READ COMMITTED, and counts matched (not changed)
 * rows as affected. The connection is opened at first use and again after it was lost; a lost connection is
 * ERR_TEMP, but a COMMIT (or an autocommitted write) whose reply was lost is ERR_UNCERTAIN. Deadlock, lock
 * timeout and 1020 are ERR_TEMP, a duplicate key is ERR_PERM with http_status 409, anything else ERR_PERM.
 * For a second after a connect that failed slowly, statements fail at once with the same error. Not
 * thread-safe.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct err;
struct uuid;
struct db;
struct db_rows;

struct db_options {
	const char *socket; /* unix socket, or NULL for host and port */
	const char *host;
	unsigned port;
	const char *user;
	const char *password;         /* may be NULL */
	const char *name;             /* of the database */
	unsigned connect_timeout_sec; /* 0: 5 */
	/* Of one statement, and between two of a transaction, 0: 30; one second later a silent server is
	 * given up. */
	unsigned io_timeout_sec;
	bool log_outages; /* a line when the server is out of reach, and one when it is back */
};

#define DB_MAX_ROWS         100000
#define DB_MAX_RESULT_BYTES (64 * 1024 * 1024)

enum db_type { DB_NULL, DB_INT, DB_TEXT, DB_BLOB };

struct db_arg {
	enum db_type type;
	int64_t number;
	const void *data;
	size_t len;
};

struct db_arg db_int(int64_t v);
struct db_arg db_text(const char *s); /* NULL is SQL NULL; borrowed until the call returns */
struct db_arg db_blob(const void *p, size_t n);
struct db_arg db_uuid(const struct uuid *id);
struct db_arg db_null(void);

/* db_exec(db, SQL, DB_ARGS(db_int(7), db_text(name)), &affected, e) */
#define DB_ARGS(...)                                                                                         \
	(const struct db_arg[]){__VA_ARGS__},                                                                \
		sizeof((const struct db_arg[]){__VA_ARGS__}) / sizeof(struct db_arg)
#define DB_NO_ARGS NULL, 0

struct db *db_new(const struct db_options *o); /* copies o; does not connect; never NULL */
void db_free(struct db *db);
DEFINE_FREEP(db)
void db_library_end(void); /* once, after the last db_free: gives the library's memory back */

/*
 * Runs one statement. sql must be a string that lives as long as db (a constant): prepared statements are
 * kept by its address. ret_affected may be NULL.
 */
int db_exec(struct db *db, const char *sql, const struct db_arg *args, size_t nargs, uint64_t *ret_affected,
	struct err *e);
/*
 * Runs a query and stores its whole result. Its LIMIT bounds it: more than DB_MAX_ROWS or DB_MAX_RESULT_BYTES
 * is ERR_PERM. Caller frees *ret_rows.
 */
int db_query(struct db *db, const char *sql, const struct db_arg *args, size_t nargs,
	struct db_rows **ret_rows, struct err *e);

/* Transactions do not nest. After a failed statement the only thing to do is db_rollback. */
int db_begin(struct db *db, struct err *e);
int db_commit(struct db *db, struct err *e); /* ERR_UNCERTAIN when the reply was lost; ends it in any case */
void db_rollback(struct db *db); /* never fails: a lost connection has rolled back; none open is fine */

/*
 * Runs text statements one after the other on one connection, separated by ';' at a line's end. Only for
 * migrations. DDL commits on the server; a transaction around it still keeps the connection from being
 * replaced.
 */
int db_script(struct db *db, const char *sql, struct err *e);

bool db_next(struct db_rows *rows); /* moves to the next row; false after the last */
size_t db_row_count(const struct db_rows *rows);
bool db_is_null(const struct db_rows *rows, unsigned col);
/* Of an integer column only; 0 for NULL. */
int64_t db_get_int(const struct db_rows *rows, unsigned col);
/* Of any column, NUL-terminated; NULL for NULL; valid until db_rows_free. */
const char *db_get_text(const struct db_rows *rows, unsigned col);
size_t db_get_len(const struct db_rows *rows, unsigned col);
bool db_get_uuid(const struct db_rows *rows, unsigned col, struct uuid *ret_id); /* false unless 16 bytes */
void db_rows_free(struct db_rows *rows);
DEFINE_FREEP(db_rows)

#endif
