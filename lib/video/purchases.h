#ifndef VIDEOD_VIDEO_PURCHASES_H
#define VIDEOD_VIDEO_PURCHASES_H

/*
 * Paid requests, the ledger. Its row is committed before a request is sent, so that each paid call is at any
 * time one of: not sent, sent and known, sent and unknown. Amounts are thousandths of the vendor's unit:
 * credits at Runway, characters at ElevenLabs.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"
#include "lib/io/digest.h"
#include "lib/io/uuid.h"
#include "lib/video/jobs.h"

struct db;
struct err;
struct settings;

enum purchase_state {
	PURCHASE_INTENDED, /* committed, then sent: until its answer is written down nobody else knows */
	PURCHASE_KNOWN,    /* accepted: the vendor's id is here */
	PURCHASE_KEPT,     /* the artefact is here */
	PURCHASE_UNKNOWN,  /* perhaps sent, perhaps charged; nothing is repeated before somebody accepts it */
	PURCHASE_WRITTEN_OFF, /* was unknown, and a repeat was accepted */
	PURCHASE_REFUSED,     /* the vendor said no: nothing was charged */
	PURCHASE_FAILED,      /* the vendor could not; cost_milli says what it charged all the same */
	PURCHASE_CANCELLED,   /* at the vendor, by us */
	PURCHASE_REMOVING,    /* the artefact is to be deleted: nobody uses it any more */
	PURCHASE_REMOVED,
	PURCHASE_STATE_COUNT,
};
extern const char *const purchase_state_names[PURCHASE_STATE_COUNT]; /* "intended", ... in the database */

/* The column cancel_req. What the vendor is asked to cancel cannot be wanted back. */
enum purchase_cancel { CANCEL_NONE, CANCEL_WANTED, CANCEL_ASKED };

/* A storage's own short name for itself, which another bucket or folder does not share; with its NUL. */
#define PURCHASE_STORAGE_SIZE 33

struct purchase {
	struct uuid id, video_id;
	char vendor[17], kind[17];
	int64_t item; /* scene, or piece of the script */
	uint8_t request_hash[DIGEST_SHA256_BYTES], hash[DIGEST_SHA256_BYTES]; /* as in purchase_key */
	int state;                                                            /* enum purchase_state */
	uint64_t token;                     /* the lease it was intended under */
	int cancel;                         /* enum purchase_cancel */
	char vendor_id[129];                /* "" none yet */
	char *request;                      /* JSON, what was chosen */
	int64_t estimate_milli, cost_milli; /* cost -1: not said yet */
	char artefact[129];                 /* below bought_dir, "" none */
	int64_t bytes;
	char stored_in[PURCHASE_STORAGE_SIZE]; /* the remote storage that is known to have it, "" none */
	char *result;                          /* JSON, NULL none */
	char *detail;                          /* for the operator, NULL none */
	int64_t created_ms;                    /* Unix time of the intent */
	int64_t age_ms;                        /* since then, by the database's clock */
	int64_t ended_age_ms;                  /* since it was kept or otherwise over; 0: it is not */
};
void purchase_done(struct purchase *p); /* frees the members */
#define AUTO_PURCHASE CLEANUP(purchase_done) struct purchase

/* As it is now. 1, 0 there is none, -1. purchase_done frees. */
int purchases_get(struct db *db, const struct uuid *id, struct purchase *ret, struct err *e);

/*
 * By what a step finds what was bought. Of DIGEST_SHA256_BYTES each: request_hash is of what the client asked
 * for, and stays the same when a setting changes or a picture's server gives other bytes, so that nothing
 * that the video has in flight or paid for is lost sight of; hash is of everything that decides what comes
 * back.
 */
struct purchase_key {
	const char *kind;
	int64_t item;
	const uint8_t *request_hash, *hash;
};

/*
 * What there is for this step: the video's own newest purchase of this request, or of this hash, that is
 * intended, known, kept or unknown; else, with reuse, the newest one of this hash in the same store that is
 * kept. 1 found, 0 nothing: it is to be bought; -1.
 */
int purchases_find(struct db *db, const struct job *job, const struct purchase_key *key, bool reuse,
	struct purchase *ret, struct err *e);

/* Commits the intent of p (id, vendor, kind, item, both hashes, request, estimate are set). The store is the
 * job's video's. 1 written: send now, 0 the lease was lost, -1 not written: do not send. After ERR_UNCERTAIN
 * call it again; ERR_BLOCKED is budget_spend's: the store has spent what it may today. */
int purchases_intend(struct db *db, const struct settings *s, const struct job *job, const struct purchase *p,
	struct err *e);

/*
 * The answer to the request, or that there was none. Not fenced by the lease: it is the answer to our own
 * request, by p's id and token, and changes only a purchase that is intended, unknown or written off; so that
 * an answer that comes late, after the lease was lost, is not lost with it. p->state says which: KNOWN with
 * vendor_id and estimate_milli, KEPT where the answer is the artefact (with vendor_id, artefact, bytes,
 * result, cost_milli; the step then says purchases_use), REFUSED, UNKNOWN, FAILED; p->detail goes with it.
 * What was written off and is KNOWN now is to be cancelled at the vendor; UNKNOWN tells nothing new of it. 1
 * written, 0 it had been settled otherwise, -1.
 */
int purchases_answered(struct db *db, const struct purchase *p, struct err *e);

/* Fenced; 1, 0 the lease was lost, -1. Each may be repeated after ERR_TEMP and ERR_UNCERTAIN. */
/* The artefact is durably here: state KEPT with artefact, bytes, result, cost_milli; the video uses it. */
int purchases_kept(struct db *db, const struct job *job, const struct purchase *p, struct err *e);
/* The vendor's task ended without an artefact, or the artefact is gone for good: p->state FAILED or
 * CANCELLED, with cost_milli and detail; UNKNOWN where the vendor knows the task no more and nobody cancelled
 * it. */
int purchases_lost(struct db *db, const struct job *job, const struct purchase *p, struct err *e);
/* A kept one, perhaps another video's, becomes what this step uses. *ret_gone: it is no longer kept; find
 * again. */
int purchases_use(struct db *db, const struct job *job, const char *kind, int64_t item,
	const struct uuid *purchase_id, bool *ret_gone, struct err *e);
/* An intent of an earlier claim becomes UNKNOWN, an UNKNOWN one that is to be repeated WRITTEN_OFF.
 * *ret_moved: it did; else it is something else by now: find again. */
int purchases_move(struct db *db, const struct job *job, const struct uuid *purchase_id,
	enum purchase_state to, bool *ret_moved, struct err *e);

/* How many of this video, kind, item and request were written off: the setting repeat-once allows one. -1
 * failed. */
int purchases_written_off(
	struct db *db, const struct uuid *video_id, const struct purchase_key *key, struct err *e);

/* Upkeep; any daemon at any time. */
/* Up to max known ones that are to be cancelled at the vendor, in the order of their ids, those after the
 * given one. Caller frees with purchases_free. 0, -1. */
int purchases_to_cancel(struct db *db, const char *vendor, const struct uuid *after, size_t max,
	struct purchase **ret, size_t *ret_count, struct err *e);
/*
 * Immediately before the vendor is asked to cancel: from now on it cannot be wanted back. cost_milli is what
 * it costs should the vendor cancel it and say nothing of that. wanted_too: whether or not it was to be
 * cancelled. 1 ask, 0 do not: it is wanted again, or settled; -1.
 */
int purchases_cancelling(
	struct db *db, const struct uuid *id, bool wanted_too, int64_t cost_milli, struct err *e);
/* What the vendor said: CANCELLED, FAILED, or KNOWN when it was finished already and is still wanted (cancel
 * is taken back). cost_milli -1: not said. */
int purchases_cancelled(
	struct db *db, const struct uuid *id, enum purchase_state to, int64_t cost_milli, struct err *e);
/* Intents whose claim is over and older than max_age_sec (no answer can come any more) -> unknown. How many,
 * -1. */
int purchases_settle(struct db *db, int64_t max_age_sec, struct err *e);
/* Kept ones that no video uses and whose own video is gone -> removing. How many, -1. */
int purchases_release(struct db *db, struct err *e);
/*
 * Kept ones that no remote storage is known to have, those after the given id, in the order of their ids; and
 * that this storage has p's artefact now: 1, 0 that one is not kept any more, -1.
 */
int purchases_to_store(struct db *db, const struct uuid *after, size_t max, struct purchase **ret,
	size_t *ret_count, struct err *e);
int purchases_stored(struct db *db, const struct purchase *p, const char *storage, struct err *e);
/* What only another storage is known to have is to be stored here too. How many of at most max, -1. */
int purchases_not_elsewhere(struct db *db, const char *storage, size_t max, struct err *e);
int purchases_to_remove(struct db *db, size_t max, struct purchase **ret, size_t *ret_count, struct err *e);
int purchases_removed(struct db *db, const struct uuid *id, struct err *e);
/* 1 what this purchase brought is kept or to be removed, or may be heard of yet; 0 it is of no use, -1. */
int purchases_knows(struct db *db, const struct uuid *id, struct err *e);

/* The ledger of a video, oldest first; and what each of its steps uses now. Caller frees with purchases_free.
 * 0, -1. */
int purchases_list(
	struct db *db, const struct uuid *video_id, struct purchase **ret, size_t *ret_count, struct err *e);
int purchases_used(
	struct db *db, const struct uuid *video_id, struct purchase **ret, size_t *ret_count, struct err *e);
void purchases_free(struct purchase *list, size_t count);

#endif
