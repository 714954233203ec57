/*
 * What clients see of a video under way: work done of all work, by weight. Status is the first kind of step
 * that is not all done; since steps are only ever finished, neither it nor the percentage goes back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/run.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"

#define PROGRESS_MAX     99 /* 100 is for what is published and written down */
#define ETA_MIN_PERMILLE 30 /* of work seen before a guess is worth showing */
#define ETA_MAX_SEC      86400

unsigned run_permille(const struct run *r)
{
	int64_t all = 0, done = 0;

	for (size_t i = 0; i < r->step_count; i++) {
		const struct step *s = &r->steps[i];
		int64_t weight = step_kinds[s->id].weight(r, s->item);

		all += weight;
		if (s->state == STEP_DONE || (s->state == STEP_ENDED && !s->failed))
			done += weight;
		else if (s->state == STEP_RUNNING)
			done += weight * (int64_t)s->permille / 1000;
	}
	return all > 0 ? (unsigned)(done * 1000 / all) : 0;
}

/* The first kind that is not all done: they are in the order in which clients know them. */
static enum step_id current_kind(const struct run *r)
{
	int id = 0;

	while (id < STEP_PUBLISH && run_all_done(r, (enum step_id)id))
		id++;
	return (enum step_id)id;
}

static char *stage_text(const struct run *r, enum step_id id)
{
	size_t all = 0, done = 0;

	for (size_t i = 0; i < r->step_count; i++) {
		if (r->steps[i].id != id)
			continue;
		all++;
		done += r->steps[i].state == STEP_DONE;
	}
	if (all < 2)
		return xstrdup(step_kinds[id].stage);
	return xasprintf("%s %zu of %zu", step_kinds[id].stage, done < all ? done + 1 : all, all);
}

static int64_t eta(const struct run *r, unsigned permille)
{
	int64_t elapsed_ms = clock_mono_ms() - r->claimed_ms, worked = (int64_t)permille - r->start_permille,
		sec;

	if (worked < ETA_MIN_PERMILLE)
		return -1;
	sec = (elapsed_ms * (1000 - (int64_t)permille) / worked + 999) / 1000;
	return sec < ETA_MAX_SEC ? sec : ETA_MAX_SEC;
}

void run_update_progress(struct run *r)
{
	unsigned permille = run_permille(r);
	int64_t percent = (int64_t)permille * PROGRESS_MAX / 1000;
	enum step_id id = current_kind(r);
	AUTO_FREE char *stage = stage_text(r, id);

	if (percent < r->video.progress)
		percent = r->video.progress;
	if (percent != r->video.progress || step_kinds[id].status != (enum video_status)r->video.status ||
		!r->video.stage || strcmp(stage, r->video.stage) != 0)
		r->unwritten = true;
	r->video.progress = percent;
	r->video.status = step_kinds[id].status;
	r->video.eta_sec = eta(r, permille);
	free(r->video.stage);
	r->video.stage = steal_ptr(stage);
}
