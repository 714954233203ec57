#ifndef VIDEOD_VIDEO_PURCHASES_PRIV_H
#define VIDEOD_VIDEO_PURCHASES_PRIV_H

/*
 * What becomes of a video's purchases when it is cancelled, deleted, removed or made again: part of those
 * transactions, after the job's row is locked.
 */

#include <stddef.h>

#include "lib/io/uuid.h"
#include "lib/video/videos_priv.h"

struct purchase;

/* What may still be made at the vendor is to be cancelled there as soon as its id is known. 0, -1. */
int purchases_call_off(struct db *db, const struct uuid *video_id, struct err *e);
int purchases_call_back(
	struct db *db, const struct uuid *video_id, struct err *e); /* undoes it where it is not too late */
/* A repeat of the unknown ones was accepted; an intent may still be answered, and is waited for. 0, -1. */
int purchases_write_off(struct db *db, const struct uuid *video_id, struct err *e);
/* The daemon that held this lease is dead: no answer to what it intended can come any more. 0, -1. */
int purchases_claim_died(struct db *db, const struct uuid *video_id, uint64_t token, struct err *e);
/* Before the video's row goes: purchases_release looks at what it bought and used. 0, -1. */
int purchases_orphan(struct db *db, const struct uuid *video_id, struct err *e);

/* sql gives PURCHASE_COLUMNS of purchases p. Caller frees with purchases_free. 0, -1. */
int purchases_query(struct db *db, const char *sql, const struct db_arg *args, size_t nargs,
	struct purchase **ret, size_t *ret_count, struct err *e);

/* The item may be another table's: that of the step that uses the purchase. */
#define PURCHASE_COLUMNS_OF(item)                                                                            \
	"p.id, p.video_id, p.vendor, p.kind, " item ", p.request_hash, p.input_hash, p.state, p.token, "     \
	"p.cancel_req, p.vendor_id, p.request, p.estimate_milli, p.cost_milli, p.artefact, p.bytes, "        \
	"p.result, p.detail, " SQL_MS(                                                                       \
		"p.created_at") ", TIMESTAMPDIFF(MICROSECOND, p.created_at, UTC_TIMESTAMP(3)) DIV 1000, "    \
				"p.stored_in, "                                                              \
				"TIMESTAMPDIFF(MICROSECOND, p.ended_at, UTC_TIMESTAMP(3)) DIV 1000"
#define PURCHASE_COLUMNS PURCHASE_COLUMNS_OF("p.item")

#endif
