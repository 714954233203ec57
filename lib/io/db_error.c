/*
 * What an error number of the client library or the server means. The numbers are the protocol's (MySQL's and
 * MariaDB's error references); what is not in the table is an error of the statement itself. Observed on a
 * cluster: 1047 and 1180 come when a node has lost its quorum, 1053 and 1927 while one goes down - as with a
 * dead socket, the fate of the statement is then open.
 */

#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/io/db_priv.h"

static const struct {
	unsigned code;
	enum db_failure failure;
} failures[] = {
	{1022, DB_FAIL_DUPLICATE}, /* ER_DUP_KEY */
	{1062, DB_FAIL_DUPLICATE}, /* ER_DUP_ENTRY */
	{1586, DB_FAIL_DUPLICATE}, /* ER_DUP_ENTRY_WITH_KEY_NAME */

	{1020, DB_FAIL_RETRY}, /* ER_CHECKREAD: record has changed since last read */
	{1021, DB_FAIL_RETRY}, /* ER_DISK_FULL */
	{1037, DB_FAIL_RETRY}, /* ER_OUTOFMEMORY */
	{1041, DB_FAIL_RETRY}, /* ER_OUT_OF_RESOURCES */
	{1114, DB_FAIL_RETRY}, /* ER_RECORD_FILE_FULL */
	{1205, DB_FAIL_RETRY}, /* ER_LOCK_WAIT_TIMEOUT */
	{1213, DB_FAIL_RETRY}, /* ER_LOCK_DEADLOCK */
	{1290, DB_FAIL_RETRY}, /* ER_OPTION_PREVENTS_STATEMENT: --read-only, in a failover */
	{1317, DB_FAIL_RETRY}, /* ER_QUERY_INTERRUPTED */
	{1461, DB_FAIL_RETRY}, /* ER_MAX_PREPARED_STMT_COUNT_REACHED */
	{1615, DB_FAIL_RETRY}, /* ER_NEED_REPREPARE */
	{1836, DB_FAIL_RETRY}, /* ER_READ_ONLY_MODE */
	{1969, DB_FAIL_RETRY}, /* ER_STATEMENT_TIMEOUT (MariaDB) */
	{3024, DB_FAIL_RETRY}, /* ER_QUERY_TIMEOUT (MySQL) */
	{3572, DB_FAIL_RETRY}, /* ER_LOCK_NOWAIT (MySQL) */

	{1047, DB_FAIL_LOST}, /* ER_UNKNOWN_COM_ERROR: the node is not ready */
	{1053, DB_FAIL_LOST}, /* ER_SERVER_SHUTDOWN */
	{1158, DB_FAIL_LOST}, /* ER_NET_READ_ERROR */
	{1159, DB_FAIL_LOST}, /* ER_NET_READ_INTERRUPTED */
	{1160, DB_FAIL_LOST}, /* ER_NET_ERROR_ON_WRITE */
	{1161, DB_FAIL_LOST}, /* ER_NET_WRITE_INTERRUPTED */
	{1180, DB_FAIL_LOST}, /* ER_ERROR_DURING_COMMIT */
	{1243, DB_FAIL_LOST}, /* ER_UNKNOWN_STMT_HANDLER: the session is not the one that prepared it */
	{1927, DB_FAIL_LOST}, /* ER_CONNECTION_KILLED (MariaDB) */
	{2006, DB_FAIL_LOST}, /* CR_SERVER_GONE_ERROR */
	{2013, DB_FAIL_LOST}, /* CR_SERVER_LOST */
	{2014, DB_FAIL_LOST}, /* CR_COMMANDS_OUT_OF_SYNC */
	{2026, DB_FAIL_LOST}, /* CR_SSL_CONNECTION_ERROR */
	{2027, DB_FAIL_LOST}, /* CR_MALFORMED_PACKET */
	{2055, DB_FAIL_LOST}, /* CR_SERVER_LOST_EXTENDED */
	{2056, DB_FAIL_LOST}, /* CR_STMT_CLOSED */
	{2057, DB_FAIL_LOST}, /* CR_NEW_STMT_METADATA: a migration changed the columns under a kept statement
			       */
	{3169, DB_FAIL_LOST}, /* ER_SESSION_WAS_KILLED (MySQL) */
	{4031, DB_FAIL_LOST}, /* ER_CLIENT_INTERACTION_TIMEOUT (MySQL) */
	{5013, DB_FAIL_LOST}, /* CR_ERR_NET_READ (MariaDB) */
	{5014, DB_FAIL_LOST}, /* CR_ERR_NET_WRITE (MariaDB) */
};

enum db_failure db_failure_of(unsigned code)
{
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (failures[i].code == code)
			return failures[i].failure;
	}
	return DB_FAIL_OTHER;
}

int db_fail(struct err *e, unsigned code, const char *message, enum db_effect effect)
{
	switch (db_failure_of(code)) {
	case DB_FAIL_DUPLICATE:
		return err_set_http(e, ERR_PERM, 409, "database: %s (%u)", message, code);
	case DB_FAIL_RETRY:
		return err_set_http(e, ERR_TEMP, 503, "database: %s (%u)", message, code);
	case DB_FAIL_LOST:
		return err_set_http(e, effect == DB_EFFECT_LAST ? ERR_UNCERTAIN : ERR_TEMP, 503,
			"database: %s (%u)", message, code);
	case DB_FAIL_OTHER:
		break;
	}
	return err_set(e, ERR_PERM, "database: %s (%u)", message, code);
}
