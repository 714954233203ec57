/*
 * Removing is a job like making: it is claimed under a lease and handed back with a delay when something does
 * not work now, for as long as it takes. The row goes last, so nothing is left that nobody knows of; and as a
 * remote storage may still be busy with a put that was cut off, its place takes a note to look once more.
 */
#include "daemon/removal.h"

#include <stdlib.h>

#include "daemon/engine_priv.h"
#include "daemon/keeping/keeping.h"
#include "daemon/storage.h"
#include "daemon/vendor/calloff.h"
#include "daemon/vendor/keeper.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "lib/video/jobs.h"
#include "lib/video/outputs.h"
#include "lib/video/purchases.h"
#include "lib/video/settings.h"
#include "lib/video/status.h"
#include "lib/video/steps.h"

#define DATABASE_RETRY_MS 1000
#define MAX_DOUBLINGS     20

struct removal {
	struct engine *engine;
	struct job job;
	int64_t lease_ms; /* clock_mono_ms when our lease was last known to be renewed */
	struct loop_timer *timer;
	struct storage_call *call; /* NULL: the storage has answered */
	bool failed;               /* hand it back rather than delete the row */
	struct err failure;
	struct removal *next;
};

static void removal_free(struct removal *r)
{
	storage_cancel(r->call);
	loop_timer_free(r->timer);
	free(r);
}

static void leave(struct removal *r)
{
	struct engine *en = r->engine;
	struct removal **p = &en->removals;

	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	en->count--;
	removal_free(r);
	en->freed(en->freed_arg);
}

static int64_t next_try_ms(const struct removal *r)
{
	const struct settings *s = r->engine->settings;
	unsigned n = r->job.attempt < MAX_DOUBLINGS ? (unsigned)r->job.attempt - 1 : MAX_DOUBLINGS;

	return clock_backoff_ms(n, s->backoff_ms, s->backoff_cap_ms);
}

/* What was bought for it alone is of no use any more, and what is being made for it neither; its store may
 * have waited for it. */
static void after_one(struct engine *en)
{
	struct err e;

	if (purchases_release(en->db, &e) < 0) /* upkeep does it again */
		log_warning("purchases not released", log_text("error", e.text));
	calloff_soon(en->calloff);
	keeper_soon(en->keeper);
	keeping_soon(en->keeping);
}

/* Writes down how it went; tried again until the database answers. A lost lease is somebody else's removal.
 */
static void settle(void *arg)
{
	struct removal *r = arg;
	struct engine *en = r->engine;
	char id[UUID_TEXT_SIZE];
	struct err e;
	int w = r->failed ? jobs_release(en->db, &r->job, next_try_ms(r), r->failure.text, &e)
			  : steps_remove_video(en->db, &r->job, en->storage->ops->is_remote, &e);

	if (w < 0 && (e.kind == ERR_TEMP || e.kind == ERR_UNCERTAIN)) {
		loop_timer_arm(r->timer, DATABASE_RETRY_MS);
		return;
	}
	uuid_format(&r->job.video_id, id);
	status_forget(en->cache, &r->job.video_id);
	if (w == 0)
		log_warning("lease lost", log_text("video", id));
	else if (w < 0)
		log_error("removal not recorded", log_text("video", id), log_text("error", e.text));
	else if (r->failed)
		log_warning("removal put off", log_text("video", id), log_text("error", r->failure.text));
	else
		log_info("video removed", log_text("video", id));
	if (w == 1 && !r->failed)
		after_one(en);
	leave(r);
}

static void drop(struct removal *r, const char *why)
{
	char id[UUID_TEXT_SIZE];

	uuid_format(&r->job.video_id, id);
	log_warning("lease lost", log_text("video", id), log_text("why", why));
	leave(r);
}

static void removed(const struct err *failure, void *arg)
{
	struct removal *r = arg;

	r->call = NULL;
	r->failed = failure != NULL;
	if (failure)
		r->failure = *failure;
	loop_timer_arm(r->timer, 0);
}

void removal_start(struct engine *en, const struct job *job)
{
	struct removal *r = xcalloc(1, sizeof(*r));
	char id[UUID_TEXT_SIZE], prefix[OUTPUTS_PREFIX_SIZE];
	AUTO_FREE char *folder = NULL;
	struct err e;

	uuid_format(&job->video_id, id);
	*r = (struct removal){.engine = en, .job = *job, .lease_ms = clock_mono_ms(), .next = en->removals};
	if (loop_timer_new(en->loop, settle, r, &r->timer, &e) < 0) {
		log_error("removal not begun", log_text("video", id), log_text("error", e.text));
		free(r);
		return;
	}
	en->removals = r;
	en->count++;

	folder = xasprintf("%s/%s", en->settings->work_dir, id);
	if (fs_remove_tree(folder, &e) < 0) {
		removed(&e, r);
		return;
	}
	outputs_prefix(&job->video_id, prefix);
	r->call = en->storage->ops->remove(en->storage, prefix, removed, r);
}

bool removals_have(const struct engine *en, const struct job_lease *lease)
{
	for (const struct removal *r = en->removals; r; r = r->next)
		if (r->job.id == lease->id && r->job.token == lease->token)
			return true;
	return false;
}

void removals_leases(struct engine *en, const struct job_lease *leases, size_t count, int64_t asked_ms)
{
	for (struct removal *r = en->removals, *next; r; r = next) {
		next = r->next;
		if (engine_find_lease(leases, count, &r->job))
			r->lease_ms = asked_ms;
		else
			drop(r, "not renewed");
	}
}

void removals_drop_stale(struct engine *en)
{
	for (struct removal *r = en->removals, *next; r; r = next) {
		next = r->next;
		if (engine_is_stale(en, r->lease_ms))
			drop(r, "the database did not answer for a whole lease");
	}
}

void removals_free(struct engine *en)
{
	while (en->removals) {
		struct removal *r = en->removals;

		en->removals = r->next;
		en->count--;
		removal_free(r);
	}
}
