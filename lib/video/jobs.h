#ifndef VIDEOD_VIDEO_JOBS_H
#define VIDEOD_VIDEO_JOBS_H

/*
 * The queue: one job a video. A daemon claims a job for a lease, renews all of its leases with one statement,
 * and carries the job's token in each later write (fencing): a daemon that lost its lease changes nothing.
 * All times are the database's. Forms and indexes follow measurements: see the top of jobs.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/io/uuid.h"

struct db;
struct err;

#define JOBS_WORKER_SIZE 97 /* "host:pid:nonce" and its NUL */

enum job_kind { JOB_MAKE, JOB_REMOVE, JOB_KIND_COUNT };

/* How a job can end for good; the numbers are those of jobs.state. */
enum job_end { JOB_DONE = 3, JOB_FAILED = 4, JOB_CANCELLED = 5, JOB_PAUSED = 6 };

struct job {
	int64_t id;
	struct uuid video_id;
	int kind;        /* enum job_kind */
	uint64_t token;  /* of this claim */
	int64_t attempt; /* claims so far, this one included */
};

struct jobs_rules {
	const char *worker; /* who claims */
	int64_t lease_sec;
	int64_t store_in_flight; /* jobs of one store running at once */
	int64_t lost_leases;     /* see settings.h */
};

/*
 * Takes the best job of the store that has least running, or of the next one that has any. 1 claimed, 0
 * nothing to do now, -1 failed: ERR_PERM where all that is left are jobs of a kind that is not known, which
 * stay.
 */
int jobs_claim(struct db *db, const struct jobs_rules *r, struct job *ret_job, struct err *e);

struct job_lease {
	int64_t id;
	uint64_t token;
	bool cancel; /* somebody asked the job to stop */
};

/* Renews every lease of the worker with one statement and lists them; those not listed are lost. Caller
 * frees. */
int jobs_renew(struct db *db, const struct jobs_rules *r, struct job_lease **ret_leases, size_t *ret_count,
	struct err *e);

/* Within a transaction: 1 the job is ours and its row is locked, 0 the lease was lost, -1 failed. */
int jobs_fence(struct db *db, const struct job *job, struct err *e);

/*
 * Hands a job back to be claimed again after delay_ms; without delay no attempt is counted (drain). A job
 * that was asked to stop meanwhile ends in place of waiting. 1, 0 lost, -1.
 */
int jobs_release(struct db *db, const struct job *job, int64_t delay_ms, const char *why, struct err *e);

/*
 * Ends the job within the caller's transaction, after jobs_fence. A job whose video was deleted meanwhile
 * becomes the video's removal in place of ending: *ret_removal tells.
 */
int jobs_end(struct db *db, const struct job *job, enum job_end how, const char *why, bool *ret_removal,
	struct err *e);

/* Upkeep; any daemon may call them at any time. Each returns how many jobs it changed, or -1. */
int jobs_promote(struct db *db, struct err *e); /* scheduled and due -> queued */
int jobs_reap(struct db *db, const struct jobs_rules *r,
	struct err *e); /* leases that ran out -> queued, or failed */
/* The leases of a worker that is known to be dead, now; again until there are none. */
int jobs_take_back(struct db *db, const struct jobs_rules *r, const char *dead_worker, struct err *e);
/* One lease of our own that nobody works on; renewed with the others it would never run out. */
int jobs_disown(struct db *db, const struct jobs_rules *r, const struct job_lease *l, struct err *e);
int jobs_prune(
	struct db *db, int64_t keep_completed, int64_t keep_failed, struct err *e); /* at most 500 a call */

/* 1 the video has a job that is waiting or running to make it (its work folder is in use), 0 not, -1 failed.
 */
int jobs_in_use(struct db *db, const struct uuid *video_id, struct err *e);

#endif
