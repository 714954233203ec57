#ifndef VIDEOD_VIDEO_STEPS_H
#define VIDEOD_VIDEO_STEPS_H

/*
 * The step log: what of a video is done, so that nothing finished is done again. Each function is one short
 * transaction that first proves the lease: 1 written, 0 the lease was lost (nothing written), -1 failed.
 * After ERR_TEMP or ERR_UNCERTAIN the same call may be repeated: what had been written is not written twice
 * (but that a step begins, which only the log repeats).
 */

#include <stdint.h>

#include "lib/video/jobs.h"
#include "lib/video/video.h"

struct db;
struct err;

enum step_row_state { STEP_ROW_RUNNING, STEP_ROW_WAITING, STEP_ROW_DONE, STEP_ROW_FAILED, STEP_ROW_COUNT };

struct step_row {
	char *kind;        /* name of the kind of step */
	int64_t item;      /* scene number, or 0 */
	int state;         /* enum step_row_state */
	int64_t attempt;   /* tries that failed */
	int64_t due_in_ms; /* until the next try, 0 now */
	char *artefact;    /* file in the work folder, or NULL */
	int64_t bytes;     /* its size */
	char *result;      /* JSON, or NULL */
};

int steps_load(struct db *db, const struct uuid *video_id, struct step_row **ret_rows, size_t *ret_count,
	struct err *e); /* 0 or -1; caller frees with steps_free */
void steps_free(struct step_row *rows, size_t count);

struct step_ref {
	const char *kind;
	int64_t item;
	const char *worker; /* for the log */
};

/* What clients see of the video: written with each transition. progress and status never go back. */
int steps_begin(
	struct db *db, const struct job *job, const struct step_ref *s, const struct video *v, struct err *e);
int steps_done(struct db *db, const struct job *job, const struct step_ref *s, const char *artefact,
	int64_t bytes, const char *result, const struct video *v, struct err *e);
int steps_retry(struct db *db, const struct job *job, const struct step_ref *s, int64_t delay_ms,
	const char *why, struct err *e);
int steps_fail(
	struct db *db, const struct job *job, const struct step_ref *s, const char *why, struct err *e);

/* Only the video's progress, status, stage and ETA. */
int steps_progress(struct db *db, const struct job *job, const struct video *v, struct err *e);

/* The end of a run. *ret_removal: the job became the video's removal, since it was deleted meanwhile. */
int steps_complete(
	struct db *db, const struct job *job, const struct video *v, bool *ret_removal, struct err *e);
int steps_give_up(struct db *db, const struct job *job, enum job_end how, const struct video *v,
	const char *why, bool *ret_removal, struct err *e); /* JOB_FAILED with v->error, or JOB_CANCELLED */
/*
 * The run ends for now: the video shows paused with v->error and the reason, its job is over (state 6) until
 * videos_retry or videos_resume. vendor NULL with PAUSE_POSSIBLE_CHARGE only; need_milli: credits that would
 * do, 0 unknown.
 */
int steps_pause(struct db *db, const struct job *job, const struct video *v, enum pause_reason reason,
	const char *vendor, int64_t need_milli, const char *why, bool *ret_removal, struct err *e);
/* Deletes the row and all below it. look_again: a put that was cut off may yet take effect, so its files are
 * removed once more some time later (orphans.h). */
int steps_remove_video(struct db *db, const struct job *job, bool look_again, struct err *e);

/* The video with its scenes, deleted or not. 1, 0, -1. */
int steps_load_video(struct db *db, const struct uuid *id, struct video *ret_video, struct err *e);

#endif
