/*
 * One connection through the libmysqlclient API (as libmariadb implements it), and the only file that knows
 * it.
 *
 * Invariants: a statement outside a transaction is sent on a connection that showed no sign of being closed,
 * so that an idle one that the server has dropped is replaced before anything is sent. Nothing is ever sent
 * twice. A transaction lives on one connection: once a statement of it has failed, or the connection is gone,
 * nothing more of it reaches the server, where it would be autocommitted. No value is truncated silently.
 */

#include "lib/io/db.h"

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mysql.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/db_priv.h"
#include "lib/io/uuid.h"

#define DEFAULT_CONNECT_SEC 5
#define DEFAULT_IO_SEC      30
#define SLOW_CONNECT_MS     100  /* one that failed so late is not tried again */
#define OUTAGE_MS           1000 /* for so long */
#define IDLE_TIMES          10   /* as long as a statement may take, a connection to MySQL may be idle */

/* my_bool in libmariadb, bool in MySQL's own library. */
typedef __typeof__(*((MYSQL_BIND *)NULL)->is_null) db_flag;

struct statement {
	const char *sql; /* the caller's constant; its address is the key */
	MYSQL_STMT *stmt;
};

struct db {
	char *socket, *host, *user, *password, *name;
	unsigned port, connect_sec, io_sec;
	MYSQL *link;                  /* NULL while not connected */
	struct statement *statements; /* prepared on link */
	size_t statement_count;
	bool in_transaction;
	bool failed; /* a statement of the transaction has: only its end may follow */
	bool log_outages;
	bool is_out; /* the last connect has failed: */
	struct err outage;
	int64_t outage_ends_ms; /* by the monotonic clock: not asked again before */
};

struct db_arg db_int(int64_t v)
{
	return (struct db_arg){.type = DB_INT, .number = v};
}

struct db_arg db_text(const char *s)
{
	return s ? (struct db_arg){.type = DB_TEXT, .data = s, .len = strlen(s)} : db_null();
}

struct db_arg db_blob(const void *p, size_t n)
{
	return (struct db_arg){.type = DB_BLOB, .data = p, .len = n};
}

struct db_arg db_uuid(const struct uuid *id)
{
	return db_blob(id->bytes, sizeof(id->bytes));
}

struct db_arg db_null(void)
{
	return (struct db_arg){.type = DB_NULL};
}

struct db *db_new(const struct db_options *o)
{
	struct db *db = xcalloc(1, sizeof(*db));

	*db = (struct db){
		.socket = xstrdup(o->socket),
		.host = xstrdup(o->host),
		.user = xstrdup(o->user),
		.password = xstrdup(o->password),
		.name = xstrdup(o->name),
		.port = o->port,
		.connect_sec = o->connect_timeout_sec ? o->connect_timeout_sec : DEFAULT_CONNECT_SEC,
		.io_sec = o->io_timeout_sec ? o->io_timeout_sec : DEFAULT_IO_SEC,
		.log_outages = o->log_outages,
	};
	return db;
}

static void disconnect(struct db *db)
{
	if (!db->link)
		return;
	mysql_close(db->link); /* first: so the statements only free memory and do not read what was left
				  unread */
	db->link = NULL;
	for (size_t i = 0; i < db->statement_count; i++)
		(void)mysql_stmt_close(db->statements[i].stmt);
	db->statement_count = 0;
}

void db_free(struct db *db)
{
	if (!db)
		return;
	disconnect(db);
	free(db->statements);
	free(db->socket);
	free(db->host);
	free(db->user);
	free(db->password);
	free(db->name);
	free(db);
}

void db_library_end(void)
{
	mysql_library_end();
}

/* A statement on the connection itself, not prepared. */
static int send_text(MYSQL *link, const char *sql, size_t len, enum db_effect effect, struct err *e)
{
	if (mysql_real_query(link, sql, len) != 0)
		return db_fail(e, mysql_errno(link), mysql_error(link), effect);

	MYSQL_RES *result = mysql_store_result(link);

	if (result)
		mysql_free_result(result);
	else if (mysql_errno(link) != 0)
		return db_fail(e, mysql_errno(link), mysql_error(link), effect);
	return 0;
}

static void set_link_options(const struct db *db, MYSQL *link)
{
	unsigned connect_sec = db->connect_sec, off = 0;
	unsigned wait_sec =
		db->io_sec + 1; /* the server's own limit comes first, so that the outcome is known */
	unsigned protocol = db->socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;

	/* Reconnecting by itself, which would lose session and transaction, is off unless asked for. */
	(void)mysql_options(link, MYSQL_OPT_CONNECT_TIMEOUT, &connect_sec);
	(void)mysql_options(link, MYSQL_OPT_READ_TIMEOUT, &wait_sec);
	(void)mysql_options(link, MYSQL_OPT_WRITE_TIMEOUT, &wait_sec);
	(void)mysql_options(link, MYSQL_OPT_PROTOCOL, &protocol);
	(void)mysql_options(link, MYSQL_OPT_LOCAL_INFILE, &off);
	(void)mysql_options(link, MYSQL_SET_CHARSET_NAME, "utf8mb4");
}

/*
 * The two special comments are each read by one of the servers only: MariaDB bounds every statement, MySQL
 * only a SELECT, whence the lock timeouts. A client that is stopped, or whose host is lost, in the middle of
 * a transaction would keep its locks for hours: MariaDB ends what is idle in one, MySQL only what is idle.
 */
static int set_session(struct db *db, MYSQL *link, struct err *e)
{
	static const char isolation[] = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
	AUTO_FREE char *settings = xasprintf(
		"SET SESSION autocommit=1, time_zone='+00:00', sql_mode='STRICT_ALL_TABLES,NO_ZERO_DATE,"
		"NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY', "
		"innodb_lock_wait_timeout=%u, lock_wait_timeout=%u "
		"/*M!100300 , max_statement_time=%u, idle_transaction_timeout=%u */ "
		"/*!80000 , max_execution_time=%u, wait_timeout=%u */",
		db->io_sec, db->io_sec, db->io_sec, db->io_sec, db->io_sec * 1000, db->io_sec * IDLE_TIMES);

	if (send_text(link, settings, strlen(settings), DB_EFFECT_NONE, e) < 0)
		return -1;
	return send_text(link, isolation, sizeof(isolation) - 1, DB_EFFECT_NONE, e);
}

/* Whatever hinders a connection is the surroundings' fault, not the statement's: all of it may pass. */
static int try_connect(struct db *db, struct err *e)
{
	MYSQL *link = mysql_init(NULL);

	if (!link)
		abort();
	set_link_options(db, link);

	bool ok = mysql_real_connect(link, db->socket ? NULL : db->host, db->user, db->password, db->name,
		db->port, db->socket, CLIENT_FOUND_ROWS);

	if (!ok)
		(void)err_set(
			e, ERR_TEMP, "database: connect: %s (%u)", mysql_error(link), mysql_errno(link));
	else
		ok = fcntl(mysql_get_socket(link), F_SETFD, FD_CLOEXEC) == 0 && set_session(db, link, e) == 0;
	if (!ok) {
		mysql_close(link);
		e->kind = ERR_TEMP;
		e->http_status = 503;
		return -1;
	}
	db->link = link;
	return 0;
}

static void note_outage(struct db *db, const struct err *e, int64_t began_ms)
{
	int64_t now_ms = clock_mono_ms();

	if (db->log_outages && !db->is_out)
		log_warning("database is out of reach", log_text("error", e->text));
	db->is_out = true;
	db->outage = *e;
	db->outage_ends_ms = now_ms - began_ms >= SLOW_CONNECT_MS ? now_ms + OUTAGE_MS : now_ms;
}

/*
 * A host that does not answer costs the whole connect timeout, so it is not asked at each statement. One that
 * refuses costs nothing, and is asked each time, because the next time it may be back.
 */
static int connect_link(struct db *db, struct err *e)
{
	int64_t began_ms = clock_mono_ms();

	if (db->is_out && began_ms < db->outage_ends_ms) {
		*e = db->outage;
		return -1;
	}
	if (try_connect(db, e) < 0) {
		note_outage(db, e, began_ms);
		return -1;
	}
	if (db->log_outages && db->is_out)
		log_info("database is back");
	db->is_out = false;
	return 0;
}

/* Between statements a server says nothing: what can be read now is its farewell. */
static bool is_closed(MYSQL *link)
{
	struct pollfd p = {.fd = mysql_get_socket(link), .events = POLLIN | POLLRDHUP};

	return poll(&p, 1, 0) > 0;
}

static int make_ready(struct db *db, struct err *e)
{
	if (db->link && !db->failed && is_closed(db->link))
		disconnect(db);
	if (db->in_transaction && (db->failed || !db->link)) {
		db->failed = true;
		return err_set_http(
			e, ERR_TEMP, 503, "database: the transaction was lost before this statement");
	}
	return db->link ? 0 : connect_link(db, e);
}

/* Notes a failure that has been put into *e: its transaction is over, and a lost connection is let go.
 * Returns -1. */
static int note_failure(struct db *db, unsigned code)
{
	db->failed = db->in_transaction;
	if (db_failure_of(code) == DB_FAIL_LOST)
		disconnect(db);
	return -1;
}

/* A failure while reading, with the rest of the result perhaps still on its way: the connection is of no more
 * use. */
static int fail_reading(struct db *db, MYSQL_STMT *stmt, struct err *e)
{
	/* libmariadb leaves what the server said in the middle of a result with the connection. */
	if (mysql_stmt_errno(stmt) != 0)
		(void)db_fail(e, mysql_stmt_errno(stmt), mysql_stmt_error(stmt), DB_EFFECT_NONE);
	else
		(void)db_fail(e, mysql_errno(db->link), mysql_error(db->link), DB_EFFECT_NONE);
	db->failed = db->in_transaction;
	disconnect(db);
	return -1;
}

static int fail_statement(struct db *db, MYSQL_STMT *stmt, enum db_effect effect, struct err *e)
{
	unsigned code = mysql_stmt_errno(stmt);

	(void)db_fail(e, code, mysql_stmt_error(stmt), effect);
	return note_failure(db, code);
}

static int prepare(struct db *db, const char *sql, MYSQL_STMT **ret_stmt, struct err *e)
{
	for (size_t i = 0; i < db->statement_count; i++) {
		if (db->statements[i].sql == sql) {
			*ret_stmt = db->statements[i].stmt;
			return 0;
		}
	}

	MYSQL_STMT *stmt = mysql_stmt_init(db->link);

	if (!stmt)
		abort();
	if (mysql_stmt_prepare(stmt, sql, strlen(sql)) != 0) {
		unsigned code = mysql_stmt_errno(stmt);

		(void)db_fail(e, code, mysql_stmt_error(stmt), DB_EFFECT_NONE);
		(void)mysql_stmt_close(stmt);
		return note_failure(db, code);
	}
	db->statements = xreallocarray(db->statements, db->statement_count + 1, sizeof(*db->statements));
	db->statements[db->statement_count++] = (struct statement){.sql = sql, .stmt = stmt};
	*ret_stmt = stmt;
	return 0;
}

/* The library's bind is not const, but of a parameter it only reads. */
static void *unconst(const void *p)
{
	return (void *)(uintptr_t)p;
}

static MYSQL_BIND bind_of(const struct db_arg *arg)
{
	switch (arg->type) {
	case DB_NULL:
		break;
	case DB_INT:
		return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = unconst(&arg->number)};
	case DB_TEXT:
		return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING,
			.buffer = unconst(arg->data),
			.buffer_length = arg->len};
	case DB_BLOB:
		return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_BLOB,
			.buffer = unconst(arg->data),
			.buffer_length = arg->len};
	}
	return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_NULL};
}

/* Prepares where needed, binds and executes. */
static int execute(struct db *db, const char *sql, const struct db_arg *args, size_t nargs,
	enum db_effect effect, MYSQL_STMT **ret_stmt, struct err *e)
{
	MYSQL_STMT *stmt = NULL;

	if (make_ready(db, e) < 0 || prepare(db, sql, &stmt, e) < 0)
		return -1;
	assert(mysql_stmt_param_count(stmt) == nargs);

	AUTO_FREE MYSQL_BIND *binds = xcalloc(nargs, sizeof(*binds));

	for (size_t i = 0; i < nargs; i++)
		binds[i] = bind_of(&args[i]);
	if (nargs > 0 && mysql_stmt_bind_param(stmt, binds) != 0)
		return fail_statement(db, stmt, DB_EFFECT_NONE, e);
	if (mysql_stmt_execute(stmt) != 0)
		return fail_statement(db, stmt, effect, e);
	*ret_stmt = stmt;
	return 0;
}

int db_exec(struct db *db, const char *sql, const struct db_arg *args, size_t nargs, uint64_t *ret_affected,
	struct err *e)
{
	enum db_effect effect = db->in_transaction ? DB_EFFECT_NONE : DB_EFFECT_LAST;
	MYSQL_STMT *stmt = NULL;

	if (execute(db, sql, args, nargs, effect, &stmt, e) < 0)
		return -1;
	assert(mysql_stmt_field_count(stmt) == 0); /* one that gives rows is for db_query */
	if (ret_affected)
		*ret_affected = mysql_stmt_affected_rows(stmt);
	return 0;
}

/* Where a row's columns arrive. What is longer than text is fetched by its own length. */
struct column {
	bool is_int, is_unsigned;
	int64_t number;
	char text[64];
	unsigned long len;
	db_flag is_null, error;
};

static bool is_integer(const MYSQL_FIELD *f)
{
	switch (f->type) {
	case MYSQL_TYPE_TINY:
	case MYSQL_TYPE_SHORT:
	case MYSQL_TYPE_INT24:
	case MYSQL_TYPE_LONG:
	case MYSQL_TYPE_LONGLONG:
	case MYSQL_TYPE_YEAR:
		return true;
	case MYSQL_TYPE_NEWDECIMAL:
		return f->decimals == 0; /* what SUM() of integers gives */
	default:
		return false;
	}
}

static int bind_columns(MYSQL_STMT *stmt, struct column *columns, MYSQL_BIND *binds)
{
	MYSQL_RES *meta = mysql_stmt_result_metadata(stmt);

	assert(meta); /* a statement without rows is for db_exec */
	for (unsigned i = 0; i < mysql_num_fields(meta); i++) {
		const MYSQL_FIELD *f = mysql_fetch_field_direct(meta, i);
		struct column *c = &columns[i];

		c->is_int = is_integer(f);
		c->is_unsigned = (f->flags & UNSIGNED_FLAG) != 0;
		binds[i] = (MYSQL_BIND){
			.buffer_type = c->is_int ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_BLOB,
			.buffer = c->is_int ? (void *)&c->number : c->text,
			.buffer_length = c->is_int ? sizeof(c->number) : sizeof(c->text),
			.length = &c->len,
			.is_null = &c->is_null,
			.error = &c->error,
			.is_unsigned = c->is_unsigned,
		};
	}
	mysql_free_result(meta);
	return mysql_stmt_bind_result(stmt, binds) ? -1 : 0;
}

static int add_long(struct db_rows *rows, MYSQL_STMT *stmt, unsigned i, size_t len, struct err *e)
{
	char *place = NULL;

	if (db_rows_add_bytes(rows, len, &place, e) < 0)
		return -1;

	unsigned long full = 0;
	db_flag is_null = 0, error = 0;
	MYSQL_BIND bind = {
		.buffer_type = MYSQL_TYPE_BLOB,
		.buffer = place,
		.buffer_length = len,
		.length = &full,
		.is_null = &is_null,
		.error = &error,
	};

	if (mysql_stmt_fetch_column(stmt, &bind, i, 0) != 0 || error || full != len)
		return err_set(e, ERR_PERM, "database: column %u cannot be read whole", i);
	return 0;
}

static int add_column(
	struct db_rows *rows, MYSQL_STMT *stmt, unsigned i, const struct column *c, struct err *e)
{
	char *place = NULL;

	if (c->is_null)
		return db_rows_add_null(rows, e);
	if (c->is_int) {
		if (c->error || (c->is_unsigned && c->number < 0))
			return err_set(
				e, ERR_PERM, "database: the number in column %u does not fit 64 bits", i);
		return db_rows_add_int(rows, c->number, e);
	}
	if (c->len > sizeof(c->text))
		return add_long(rows, stmt, i, c->len, e);
	if (db_rows_add_bytes(rows, c->len, &place, e) < 0)
		return -1;
	memcpy(place, c->text, c->len);
	return 0;
}

/* Reads row by row, so that a result is in memory once and its bounds hold while it arrives. */
static int fetch_rows(struct db *db, MYSQL_STMT *stmt, struct db_rows *rows, struct err *e)
{
	unsigned cols = mysql_stmt_field_count(stmt);
	AUTO_FREE struct column *columns = xcalloc(cols, sizeof(*columns));
	AUTO_FREE MYSQL_BIND *binds = xcalloc(cols, sizeof(*binds));

	if (bind_columns(stmt, columns, binds) < 0)
		return fail_reading(db, stmt, e);
	for (;;) {
		int rc = mysql_stmt_fetch(stmt);

		if (rc == MYSQL_NO_DATA)
			return 0;
		if (rc != 0 && rc != MYSQL_DATA_TRUNCATED)
			return fail_reading(db, stmt, e);
		for (unsigned i = 0; i < cols; i++) {
			if (add_column(rows, stmt, i, &columns[i], e) < 0) {
				db->failed = db->in_transaction;
				disconnect(db); /* cheaper than reading the rest of what is too much */
				return -1;
			}
		}
	}
}

int db_query(struct db *db, const char *sql, const struct db_arg *args, size_t nargs,
	struct db_rows **ret_rows, struct err *e)
{
	MYSQL_STMT *stmt = NULL;

	if (execute(db, sql, args, nargs, DB_EFFECT_NONE, &stmt, e) < 0)
		return -1;

	AUTO(db_rows) rows = db_rows_new(mysql_stmt_field_count(stmt));

	if (fetch_rows(db, stmt, rows, e) < 0)
		return -1;
	(void)mysql_stmt_free_result(stmt);
	*ret_rows = steal_ptr(rows);
	return 0;
}

static int command(struct db *db, const char *sql, size_t len, enum db_effect effect, struct err *e)
{
	if (send_text(db->link, sql, len, effect, e) == 0)
		return 0;
	return note_failure(db, mysql_errno(db->link));
}

int db_begin(struct db *db, struct err *e)
{
	static const char sql[] = "START TRANSACTION";

	assert(!db->in_transaction);
	if (make_ready(db, e) < 0 || command(db, sql, sizeof(sql) - 1, DB_EFFECT_NONE, e) < 0)
		return -1;
	db->in_transaction = true;
	db->failed = false;
	return 0;
}

int db_commit(struct db *db, struct err *e)
{
	static const char sql[] = "COMMIT";

	assert(db->in_transaction);

	int rc = make_ready(db, e);

	if (rc < 0) {
		db_rollback(db);
		return -1;
	}
	rc = command(db, sql, sizeof(sql) - 1, DB_EFFECT_LAST, e);
	db->in_transaction = db->failed = false;
	if (rc < 0)
		disconnect(db); /* whatever it left open ends with it */
	return rc;
}

void db_rollback(struct db *db)
{
	static const char sql[] = "ROLLBACK";
	struct err ignored;

	if (db->in_transaction && db->link && command(db, sql, sizeof(sql) - 1, DB_EFFECT_NONE, &ignored) < 0)
		disconnect(db);
	db->in_transaction = db->failed = false;
}

int db_script(struct db *db, const char *sql, struct err *e)
{
	const char *statement = NULL;
	size_t len = 0;

	enum db_effect effect = db->in_transaction ? DB_EFFECT_NONE : DB_EFFECT_LAST;

	if (make_ready(db, e) < 0)
		return -1;
	for (unsigned n = 1; db_script_next(&sql, &statement, &len); n++) {
		if (command(db, statement, len, effect, e) < 0)
			return err_prefix(e, "statement %u: ", n);
	}
	return 0;
}
