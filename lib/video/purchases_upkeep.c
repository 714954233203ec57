/*
 * The ledger beside the steps: what is to be cancelled at the vendor, what nobody will ever answer, what is
 * of no use to any video. Nothing here proves a lease; each change asks again, by the primary key, whether
 * what was seen still holds.
 *
 * cancel_req means, on what is not kept yet: to be cancelled at the vendor (1), or the vendor is being asked
 * to (2). Between the two stands one conditional UPDATE: either it comes first, and a retry finds a task that
 * is going, or the retry does, and the vendor is not asked. On a kept one it means: perhaps of no use since a
 * video let go of it; purchases_release looks at those only, so its work does not grow with the shop.
 */
#include <stdlib.h>

#include "lib/base/err.h"
#include "lib/io/db.h"
#include "lib/video/purchases.h"
#include "lib/video/purchases_priv.h"

#define BATCH 50

static const char SQL_CALL_OFF[] =
	"UPDATE purchases SET cancel_req = 1 WHERE video_id = ? AND cancel_req = 0 "
	"AND state IN ('intended', 'known', 'unknown')";
static const char SQL_CALL_BACK[] =
	"UPDATE purchases SET cancel_req = 0 WHERE video_id = ? AND cancel_req = 1 "
	"AND state IN ('intended', 'known', 'unknown')";
static const char SQL_WRITE_OFF[] = "UPDATE purchases SET state = 'written_off', ended_at = UTC_TIMESTAMP(3) "
				    "WHERE video_id = ? AND state = 'unknown'";
static const char SQL_CLAIM_DIED[] =
	"UPDATE purchases SET state = 'unknown' WHERE video_id = ? AND token = ? AND state = 'intended'";
static const char SQL_ORPHAN_OWN[] =
	"UPDATE purchases SET cancel_req = 1 WHERE video_id = ? AND state = 'kept'";
static const char SQL_ORPHAN_USED[] =
	"UPDATE purchases p JOIN purchase_uses u ON u.purchase_id = p.id SET p.cancel_req = 1 "
	"WHERE u.video_id = ? AND p.state = 'kept'";
static const char SQL_TO_CANCEL[] =
	"SELECT " PURCHASE_COLUMNS
	" FROM purchases p WHERE p.state = 'known' AND p.cancel_req IN (1, 2) AND p.vendor = ? "
	"AND p.id > ? ORDER BY p.id LIMIT ?";
static const char SQL_CANCELLING[] = "UPDATE purchases SET cancel_req = 2, cost_milli = ? "
				     "WHERE id = ? AND state = 'known' AND (cancel_req IN (1, 2) OR ?)";
static const char SQL_CANCELLED[] =
	"UPDATE purchases SET state = ?, cost_milli = COALESCE(?, cost_milli), ended_at = UTC_TIMESTAMP(3) "
	"WHERE id = ? AND state = 'known'";
static const char SQL_STILL_WANTED[] = "UPDATE purchases SET cancel_req = 0, cost_milli = COALESCE(?, "
				       "cost_milli) WHERE id = ? AND state = 'known'";
static const char SQL_UNANSWERED[] =
	"SELECT p.id, p.token FROM purchases p "
	"LEFT JOIN jobs j ON j.video_id = p.video_id AND j.state = 1 AND j.lease_token = p.token "
	"WHERE p.state = 'intended' AND p.created_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND AND j.id IS NULL "
	"LIMIT ?";
static const char SQL_SETTLE[] =
	"UPDATE purchases SET state = 'unknown' WHERE id = ? AND state = 'intended' AND token = ?";
static const char SQL_PERHAPS_USELESS[] =
	"SELECT id, video_id FROM purchases WHERE state = 'kept' AND cancel_req = 1 LIMIT ?";
static const char SQL_LOOK_AT[] =
	"UPDATE purchases SET cancel_req = 0 WHERE id = ? AND state = 'kept' AND cancel_req = 1";
static const char SQL_WANTED[] = "SELECT 1 FROM purchase_uses WHERE purchase_id = ? "
				 "UNION ALL SELECT 1 FROM videos WHERE id = ? LIMIT 1";
static const char SQL_REMOVING[] = "UPDATE purchases SET state = 'removing' WHERE id = ?";
static const char SQL_TO_STORE[] =
	"SELECT " PURCHASE_COLUMNS " FROM purchases p WHERE p.state = 'kept' AND p.stored_in IS NULL "
	"AND p.id > ? ORDER BY p.id LIMIT ?";
static const char SQL_STORED[] =
	"UPDATE purchases SET stored_in = ? WHERE id = ? AND state = 'kept' AND artefact = ?";
static const char SQL_NOT_ELSEWHERE[] =
	"UPDATE purchases SET stored_in = NULL WHERE state = 'kept' AND stored_in <> ? LIMIT ?";
static const char SQL_TO_REMOVE[] =
	"SELECT " PURCHASE_COLUMNS " FROM purchases p WHERE p.state = 'removing' LIMIT ?";
static const char SQL_REMOVED[] =
	"UPDATE purchases SET state = 'removed' WHERE id = ? AND state = 'removing'";
static const char SQL_KNOWS[] =
	"SELECT 1 FROM purchases WHERE id = ? AND state IN ('intended', 'known', 'kept', 'unknown', "
	"'written_off', 'removing')";

/* What becomes of a video's purchases with it */

int purchases_call_off(struct db *db, const struct uuid *video_id, struct err *e)
{
	return db_exec(db, SQL_CALL_OFF, DB_ARGS(db_uuid(video_id)), NULL, e);
}

int purchases_call_back(struct db *db, const struct uuid *video_id, struct err *e)
{
	return db_exec(db, SQL_CALL_BACK, DB_ARGS(db_uuid(video_id)), NULL, e);
}

int purchases_write_off(struct db *db, const struct uuid *video_id, struct err *e)
{
	return db_exec(db, SQL_WRITE_OFF, DB_ARGS(db_uuid(video_id)), NULL, e);
}

int purchases_claim_died(struct db *db, const struct uuid *video_id, uint64_t token, struct err *e)
{
	return db_exec(db, SQL_CLAIM_DIED, DB_ARGS(db_uuid(video_id), db_int((int64_t)token)), NULL, e);
}

int purchases_orphan(struct db *db, const struct uuid *video_id, struct err *e)
{
	struct db_arg video = db_uuid(video_id);

	if (purchases_call_off(db, video_id, e) < 0 ||
		db_exec(db, SQL_ORPHAN_OWN, DB_ARGS(video), NULL, e) < 0)
		return -1;
	return db_exec(db, SQL_ORPHAN_USED, DB_ARGS(video), NULL, e);
}

/* Cancelling at the vendor */

int purchases_to_cancel(struct db *db, const char *vendor, const struct uuid *after, size_t max,
	struct purchase **ret, size_t *ret_count, struct err *e)
{
	return purchases_query(db, SQL_TO_CANCEL,
		DB_ARGS(db_text(vendor), db_uuid(after), db_int((int64_t)max)), ret, ret_count, e);
}

int purchases_cancelling(
	struct db *db, const struct uuid *id, bool wanted_too, int64_t cost_milli, struct err *e)
{
	uint64_t matched = 0;

	if (db_exec(db, SQL_CANCELLING, DB_ARGS(db_int(cost_milli), db_uuid(id), db_int(wanted_too)),
		    &matched, e) < 0)
		return -1;
	return matched > 0;
}

int purchases_cancelled(
	struct db *db, const struct uuid *id, enum purchase_state to, int64_t cost_milli, struct err *e)
{
	struct db_arg cost = cost_milli < 0 ? db_null() : db_int(cost_milli);

	if (to == PURCHASE_KNOWN)
		return db_exec(db, SQL_STILL_WANTED, DB_ARGS(cost, db_uuid(id)), NULL, e);
	return db_exec(
		db, SQL_CANCELLED, DB_ARGS(db_text(purchase_state_names[to]), cost, db_uuid(id)), NULL, e);
}

/* Intents without an answer */

int purchases_settle(struct db *db, int64_t max_age_sec, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	int settled = 0;

	if (db_query(db, SQL_UNANSWERED, DB_ARGS(db_int(max_age_sec), db_int(BATCH)), &rows, e) < 0)
		return -1;
	while (db_next(rows)) {
		struct uuid id = {{0}};
		uint64_t matched = 0;

		(void)db_get_uuid(rows, 0, &id);
		/* Its claim is over for good: tokens do not come again. */
		if (db_exec(db, SQL_SETTLE, DB_ARGS(db_uuid(&id), db_int(db_get_int(rows, 1))), &matched, e) <
			0)
			return -1;
		settled += (int)matched;
	}
	return settled;
}

/* Artefacts of no use */

/* Within a transaction: 1 nobody wants it and it is to be removed, 0 not, -1. */
static int release(struct db *db, struct db_arg id, struct db_arg video, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	uint64_t locked = 0;

	if (db_exec(db, SQL_LOOK_AT, DB_ARGS(id), &locked, e) < 0)
		return -1;
	if (locked == 0)
		return 0;
	if (db_query(db, SQL_WANTED, DB_ARGS(id, video), &rows, e) < 0)
		return -1;
	if (db_next(rows))
		return 0;
	return db_exec(db, SQL_REMOVING, DB_ARGS(id), NULL, e) < 0 ? -1 : 1;
}

static int release_in_transaction(struct db *db, struct db_arg id, struct db_arg video, struct err *e)
{
	int released;

	if (db_begin(db, e) < 0)
		return -1;
	released = release(db, id, video, e);
	if (released < 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e) < 0 ? -1 : released;
}

int purchases_release(struct db *db, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	int all = 0;

	if (db_query(db, SQL_PERHAPS_USELESS, DB_ARGS(db_int(BATCH)), &rows, e) < 0)
		return -1;
	while (db_next(rows)) {
		struct uuid id = {{0}}, video = {{0}};
		int released;

		(void)db_get_uuid(rows, 0, &id);
		(void)db_get_uuid(rows, 1, &video);
		released = release_in_transaction(db, db_uuid(&id), db_uuid(&video), e);
		if (released < 0)
			return -1;
		all += released;
	}
	return all;
}

int purchases_to_store(struct db *db, const struct uuid *after, size_t max, struct purchase **ret,
	size_t *ret_count, struct err *e)
{
	return purchases_query(
		db, SQL_TO_STORE, DB_ARGS(db_uuid(after), db_int((int64_t)max)), ret, ret_count, e);
}

int purchases_stored(struct db *db, const struct purchase *p, const char *storage, struct err *e)
{
	uint64_t matched = 0;

	if (db_exec(db, SQL_STORED, DB_ARGS(db_text(storage), db_uuid(&p->id), db_text(p->artefact)),
		    &matched, e) < 0)
		return -1;
	return matched > 0;
}

int purchases_not_elsewhere(struct db *db, const char *storage, size_t max, struct err *e)
{
	uint64_t matched = 0;

	if (db_exec(db, SQL_NOT_ELSEWHERE, DB_ARGS(db_text(storage), db_int((int64_t)max)), &matched, e) < 0)
		return -1;
	return (int)matched;
}

int purchases_to_remove(struct db *db, size_t max, struct purchase **ret, size_t *ret_count, struct err *e)
{
	return purchases_query(db, SQL_TO_REMOVE, DB_ARGS(db_int((int64_t)max)), ret, ret_count, e);
}

int purchases_removed(struct db *db, const struct uuid *id, struct err *e)
{
	return db_exec(db, SQL_REMOVED, DB_ARGS(db_uuid(id)), NULL, e);
}

int purchases_knows(struct db *db, const struct uuid *id, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	return db_query(db, SQL_KNOWS, DB_ARGS(db_uuid(id)), &rows, e) < 0 ? -1 : db_next(rows);
}
