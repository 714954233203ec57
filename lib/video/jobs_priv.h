#ifndef VIDEOD_VIDEO_JOBS_PRIV_H
#define VIDEOD_VIDEO_JOBS_PRIV_H

/* What the modules that write under a lease share. */

#include "lib/video/jobs.h"

/* The two statements whose plans decide how claiming scales; a test asks the server for their plans. */
extern const char jobs_sql_waiting[]; /* no values */
extern const char jobs_sql_pick[];    /* store, limit */

extern const char *const job_kind_names[JOB_KIND_COUNT];

/*
 * A transaction with the proof of the lease at its head and work in its middle: 1 committed, 0 the lease was
 * lost, -1 failed. work returns 0 or -1.
 */
typedef int jobs_work_fn(struct db *db, const struct job *job, const void *arg, struct err *e);
int jobs_fenced(struct db *db, const struct job *job, jobs_work_fn *work, const void *arg, struct err *e);

/* Within such a transaction: whether somebody asked the job to stop, by a cancel or a delete. 0, -1. */
int jobs_leaving(struct db *db, const struct job *job, bool *ret_cancel, bool *ret_deleted, struct err *e);
/* Within such a transaction: jobs_end, and the video shows it. error is for the client of a failed one. */
int jobs_give_up(struct db *db, const struct job *job, enum job_end how, const char *error, const char *why,
	bool *ret_removal, struct err *e);

#endif
