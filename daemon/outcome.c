/*
 * How a step went and how a run ended, written down: in the step log, in the video's row, in memcached, in
 * the daemon's log. What a failure means is in failure.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_priv.h"
#include "daemon/failure.h"
#include "daemon/keeping/keeping.h"
#include "daemon/run.h"
#include "daemon/vendor/accounts.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/cache.h"
#include "lib/io/json.h"
#include "lib/video/settings.h"
#include "lib/video/status.h"
#include "lib/video/steps.h"

#define RESULT_MAX_BYTES (64 * 1024)
#define MISSED_MS        2000 /* between two looks at why memcached has no status */

/* Log lines and names */

struct step_ref outcome_ref(const struct step *s)
{
	return (struct step_ref){
		.kind = step_kinds[s->id].name, .item = (int64_t)s->item, .worker = s->run->engine->worker};
}

/* Ends the list of pairs where there is nothing to say. */
static struct log_pair reason(const char *why)
{
	return why && *why ? log_text("why", why) : (struct log_pair){.key = NULL};
}

void outcome_log_run(enum log_level level, const char *what, const struct run *r, const char *why)
{
	char id[UUID_TEXT_SIZE];

	uuid_format(&r->video.id, id);
	log_write(level, what,
		LOG_PAIRS(log_text("video", id), log_number("job", r->job.id),
			log_number("attempt", r->job.attempt),
			log_number("ms", clock_mono_ms() - r->claimed_ms), reason(why)));
}

void outcome_log_step(enum log_level level, const char *what, const struct step *s, const char *why)
{
	char id[UUID_TEXT_SIZE];

	uuid_format(&s->run->video.id, id);
	log_write(level, what,
		LOG_PAIRS(log_text("video", id), log_text("step", step_kinds[s->id].name),
			log_number("item", (int64_t)s->item),
			log_number("ms", clock_mono_ms() - s->started_ms), reason(why)));
}

/* Outcomes */

static void result_text(const struct step *s, struct buf *out)
{
	AUTO(json) root = json_new_object();
	struct json *note = NULL;
	struct err ignored;

	if (s->id == STEP_CHECK) {
		json_put_string(root, "voiceId", s->run->voice_id);
		json_put_int(root, "maxCharacters", s->run->speech_max);
	}
	json_put_int(root, "durationMs", s->media.duration_ms);
	json_put_int(root, "width", s->media.width);
	json_put_int(root, "height", s->media.height);
	json_put_bool(root, "hasAudio", s->media.has_audio);
	json_put_int(root, "colours", s->media.colours);
	if (s->note && json_parse(s->note, strlen(s->note), &note, &ignored) == 0)
		json_put(root, "note", note);
	json_write(root, out);
}

/* As the database has it now: since we wrote there a client may have deleted the video, or asked for it anew.
 */
static bool show_stored(const struct run *r)
{
	const struct engine *en = r->engine;
	AUTO_VIDEO v = {.title = NULL};
	struct err ignored;

	return status_get(en->db, en->cache, en->settings, &r->video.id, &v, &ignored) >= 0;
}

void outcome_recorded(struct run *r)
{
	const struct engine *en = r->engine;
	uint64_t version;
	int64_t now_ms;

	r->unwritten = false;
	/* First the look, then the lease: should we be stopped for so long that another daemon goes on,
	 * either the lease is over, or that daemon has left another version. Nor is it tried again then: who
	 * was faster has said as much, from the database. */
	if (!status_look(en->cache, &r->video.id, &version) || engine_is_stale(en, r->lease_ms))
		return;
	now_ms = clock_mono_ms();
	if (version != CACHE_NOTHING) {
		(void)status_swap(en->cache, version, &r->video, en->settings);
	} else if (now_ms >= r->missed_ms + MISSED_MS) {
		r->missed_ms = now_ms;
		if (!show_stored(r)) /* nobody else can show anything now */
			(void)status_swap(en->cache, CACHE_NOTHING, &r->video, en->settings);
	}
}

static int write_done(struct step *s, struct err *e)
{
	AUTO_BUF result = BUF_INIT(RESULT_MAX_BYTES);
	struct step_ref name = outcome_ref(s);
	struct run *r = s->run;
	int w;

	result_text(s, &result);
	s->state = STEP_DONE; /* so that what clients see counts it */
	run_update_progress(r);
	w = steps_done(r->engine->db, &r->job, &name, s->file[0] ? s->file : NULL, s->bytes,
		buf_text(&result), &r->video, e);
	if (w != 1) {
		s->state = STEP_ENDED;
		return w;
	}
	outcome_recorded(r);
	run_update_film(r);
	outcome_log_step(LOG_LEVEL_INFO, "step done", s, NULL);
	return 1;
}

static int write_retry(struct step *s, struct err *e)
{
	const struct settings *set = s->run->engine->settings;
	struct step_ref name = outcome_ref(s);
	int64_t delay_ms = clock_backoff_ms((unsigned)s->attempt, set->backoff_ms, set->backoff_cap_ms);
	int w;

	if (delay_ms < s->wait_ms)
		delay_ms = s->wait_ms;
	w = steps_retry(s->run->engine->db, &s->run->job, &name, delay_ms, s->failure.text, e);
	if (w != 1)
		return w;
	outcome_log_step(LOG_LEVEL_WARNING, "step to be tried again", s, s->failure.text);
	s->attempt++;
	s->state = STEP_WAITING;
	s->due_ms = clock_mono_ms() + delay_ms;
	return 1;
}

char *run_report(const struct run *r)
{
	AUTO(json) list = json_new_array();
	AUTO_BUF text = BUF_INIT(RESULT_MAX_BYTES);

	for (size_t i = 0; i < r->rendition_count; i++) {
		const char *note = run_step(r, STEP_INSPECT, i)->note;
		struct json *one = NULL;
		struct err ignored;

		if (!note || json_parse(note, strlen(note), &one, &ignored) < 0)
			continue;
		json_put_string(one, "aspectRatio", video_aspect_names[r->renditions[i].aspect]);
		json_append(list, one);
	}
	json_write(list, &text);
	return buf_steal(&text);
}

static void replace(char **text, char *by)
{
	free(*text);
	*text = by;
}

/* How the run will end, by the step that failed: the first failure stands, a pause only until there is one.
 */
static void settle(const struct step *s, enum failure_means means)
{
	struct run *r = s->run;
	bool pauses = means == MEANS_PAUSE;

	if (r->settling == RUN_FAILED || (r->settling == RUN_PAUSED && pauses))
		return;
	r->settling = pauses ? RUN_PAUSED : RUN_FAILED;
	free(r->video.error);
	r->video.error = failure_text(s, means);
	r->video.pause = pauses ? failure_of(s).pause : PAUSE_NONE;
	r->pause_vendor = s->vendor;
	r->pause_need_milli = s->need_milli;
	if (s->id == STEP_INSPECT && s->note)
		replace(&r->video.report, run_report(r));
	(void)snprintf(
		r->why, sizeof(r->why), "%s %zu: %s", step_kinds[s->id].name, s->item, s->failure.text);
}

static int write_failure(struct step *s, enum failure_means means, struct err *e)
{
	struct run *r = s->run;
	struct step_ref name = outcome_ref(s);
	int w = steps_fail(r->engine->db, &r->job, &name, s->failure.text, e);

	if (w != 1)
		return w;
	outcome_log_step(means == MEANS_PAUSE ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
		means == MEANS_PAUSE ? "step pauses the video" : "step failed", s, s->failure.text);
	settle(s, means);
	s->state = STEP_FAILED;
	return 1;
}

int outcome_write_step(struct step *s, struct err *e)
{
	struct failure f = failure_of(s);
	enum failure_means means;

	if (!s->failed)
		return write_done(s, e);
	means = failure_means(&f, s->run->engine->settings->attempts);
	if (means == MEANS_DROP)
		return 0;
	return means == MEANS_RETRY ? write_retry(s, e) : write_failure(s, means, e);
}

/* Ends */

static int take_results(struct run *r, struct err *e)
{
	const struct step *published = run_step(r, STEP_PUBLISH, 0);
	AUTO_OUTPUTS outputs = {0};

	if (outputs_read(published->note, &outputs, e) < 0)
		return -1;
	replace(&r->video.video_key, xstrdup(outputs.films[0].key[OUTPUT_FILM]));
	replace(&r->video.thumbnail_key, xstrdup(outputs.films[0].key[OUTPUT_THUMBNAIL]));
	replace(&r->video.outputs, xstrdup(published->note));
	replace(&r->video.report, run_report(r));
	keeping_sign(r->engine, &r->video);
	r->video.duration_ms = run_step(r, STEP_ASSEMBLE, 0)->media.duration_ms;
	return 0;
}

/* A possible charge concerns whoever asked for the video; anything else goes on when the vendor does. */
static int write_pause(struct run *r, bool *ret_removal, struct err *e)
{
	bool asks = r->video.pause == PAUSE_POSSIBLE_CHARGE;

	return steps_pause(r->engine->db, &r->job, &r->video, (enum pause_reason)r->video.pause,
		asks ? NULL : r->pause_vendor, asks ? 0 : r->pause_need_milli, r->why, ret_removal, e);
}

static int write_end(struct run *r, bool *ret_removal, struct err *e)
{
	struct db *db = r->engine->db;

	switch (r->end) {
	case RUN_COMPLETED:
		if (take_results(r, e) < 0)
			return -1;
		return steps_complete(db, &r->job, &r->video, ret_removal, e);
	case RUN_FAILED:
		return steps_give_up(db, &r->job, JOB_FAILED, &r->video, r->why, ret_removal, e);
	case RUN_CANCELLED:
		return steps_give_up(db, &r->job, JOB_CANCELLED, &r->video, r->why, ret_removal, e);
	case RUN_PAUSED:
		return write_pause(r, ret_removal, e);
	case RUN_RELEASED:
	case RUN_GOES_ON:
		break;
	}
	return jobs_release(db, &r->job, r->release_ms, r->why, e);
}

static const struct {
	const char *log;
	enum log_level level;
} endings[] = {
	[RUN_GOES_ON] = {"", LOG_LEVEL_INFO},
	[RUN_COMPLETED] = {"video completed", LOG_LEVEL_INFO},
	[RUN_FAILED] = {"video failed", LOG_LEVEL_ERROR},
	[RUN_CANCELLED] = {"video cancelled", LOG_LEVEL_INFO},
	[RUN_RELEASED] = {"video handed back", LOG_LEVEL_INFO},
	[RUN_PAUSED] = {"video paused", LOG_LEVEL_WARNING},
};

int outcome_write_end(struct run *r, struct err *e)
{
	bool removal = false;
	int w = write_end(r, &removal, e);

	if (w != 1)
		return w;
	if (removal || !show_stored(r))
		status_forget(r->engine->cache, &r->video.id);
	outcome_log_run(endings[r->end].level, endings[r->end].log, r, r->why);
	if (r->end == RUN_PAUSED && r->video.pause != PAUSE_POSSIBLE_CHARGE)
		accounts_soon(r->engine->accounts);
	return 1;
}
