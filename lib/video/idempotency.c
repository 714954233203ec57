/*
 * Keys of requests. A row is claimed before its video exists and names it in the same transaction, so no row
 * without a video is ever committed, and of two requests at once the second waits at the row until the first
 * has ended. There is at most one row for each video; it goes with its video, and an old one where its key is
 * used again.
 */
#include "lib/video/idempotency.h"

#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/io/db.h"
#include "lib/io/uuid.h"
#include "lib/video/limits.h"

static const char SQL_FORGET[] = "DELETE FROM idempotency_keys WHERE store_id = ? AND client_key = ? "
				 "AND created_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY";
/* Where the row is there already, it is only locked; a duplicate that failed would end the transaction. */
static const char SQL_CLAIM[] =
	"INSERT INTO idempotency_keys (store_id, client_key, request_hash, created_at) "
	"VALUES (?, ?, ?, UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE store_id = store_id";
static const char SQL_LOOK[] =
	"SELECT request_hash, video_id FROM idempotency_keys WHERE store_id = ? AND client_key = ?";
static const char SQL_KEEP[] =
	"UPDATE idempotency_keys SET video_id = ? WHERE store_id = ? AND client_key = ?";

bool idempotency_key_ok(const char *key)
{
	size_t n = 0;

	while (key[n] >= ' ' && key[n] <= '~')
		n++;
	return key[n] == '\0' && n > 0 && n <= LIMIT_CLIENT_KEY;
}

struct idempotency idempotency_of(
	const char *key, const char *method, const char *uri, const void *body, size_t body_len)
{
	AUTO_BUF whole = BUF_INIT(strlen(method) + strlen(uri) + body_len + 8);
	struct idempotency i = {.key = key};

	buf_addf(&whole, "%s %s\n", method, uri); /* neither holds a space */
	buf_add(&whole, body, body_len);
	digest_sha256(whole.data, whole.len, i.request_hash);
	return i;
}

int idempotency_claim(
	struct db *db, int64_t store, const struct idempotency *i, struct uuid *ret_video, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	struct db_arg of_store = db_int(store), key = db_text(i->key);

	if (db_exec(db, SQL_FORGET, DB_ARGS(of_store, key), NULL, e) < 0 ||
		db_exec(db, SQL_CLAIM,
			DB_ARGS(of_store, key, db_blob(i->request_hash, sizeof(i->request_hash))), NULL,
			e) < 0 ||
		db_query(db, SQL_LOOK, DB_ARGS(of_store, key), &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return err_set_http(e, ERR_TEMP, 503, "the key went while it was claimed");
	if (memcmp(db_get_text(rows, 0), i->request_hash, sizeof(i->request_hash)) != 0)
		return err_set_http(e, ERR_PERM, 422, "the key is another request's");
	return db_get_uuid(rows, 1, ret_video) ? 0 : 1;
}

int idempotency_keep(
	struct db *db, int64_t store, const struct idempotency *i, const struct uuid *video, struct err *e)
{
	return db_exec(db, SQL_KEEP, DB_ARGS(db_uuid(video), db_int(store), db_text(i->key)), NULL, e);
}
