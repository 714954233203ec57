#ifndef VIDEOD_IO_DB_PRIV_H
#define VIDEOD_IO_DB_PRIV_H

/* What db.c shares with its helpers that do not know the client library: what an error means, how rows are
 * kept. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db_rows;
struct err;

/* What a client or server error number says about the statement and the connection. */
enum db_failure {
	DB_FAIL_OTHER,     /* the statement is wrong, or a constraint says no */
	DB_FAIL_DUPLICATE, /* a unique key says no */
	DB_FAIL_RETRY,     /* the server says: not now; nothing of the statement happened */
	DB_FAIL_LOST,      /* no answer, or none to be trusted: drop the connection */
};

/* What a lost answer leaves in doubt. */
enum db_effect {
	DB_EFFECT_NONE, /* a read, a prepare, or a statement that a lost connection rolls back */
	DB_EFFECT_LAST, /* a commit or an autocommitted write */
};

enum db_failure db_failure_of(unsigned code);
/* Fills *e by kind of failure and effect; http_status is 409 for a duplicate, 503 for what may pass. Returns
 * -1. */
int db_fail(struct err *e, unsigned code, const char *message, enum db_effect effect);

/* Collecting a result: a row is begun, then its cells are added from left to right. */
struct db_rows *db_rows_new(unsigned cols);
/* All three return -1 (ERR_PERM) when the result grows over DB_MAX_ROWS or DB_MAX_RESULT_BYTES. */
int db_rows_add_null(struct db_rows *rows, struct err *e);
int db_rows_add_int(struct db_rows *rows, int64_t v, struct err *e);
/* *ret_place has len bytes and a NUL after them, and is to be filled before the next addition. */
int db_rows_add_bytes(struct db_rows *rows, size_t len, char **ret_place, struct err *e);

/* The next statement of a script from *at on, without its ';'. False at the end; blank and comment-only parts
 * are skipped. */
bool db_script_next(const char **at, const char **ret_sql, size_t *ret_len);

#endif
