/*
 * A video under way: planned from the video alone, then taken up where the step log says it stands. A done
 * step whose artefact is not here any more, in its right size, while a later step still needs it, is done
 * again.
 */
#include "daemon/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/engine.h"
#include "daemon/provider.h"
#include "daemon/steps_priv.h"
#include "daemon/storage.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/io/json.h"
#include "lib/io/proc.h"
#include "lib/video/settings.h"
#include "lib/video/steps.h"
#include "lib/video/stores.h"

#define NOTE_MAX_BYTES (256 * 1024)

const struct step *run_step(const struct run *r, enum step_id id, size_t item)
{
	for (size_t i = 0; i < r->step_count; i++)
		if (r->steps[i].id == id && r->steps[i].item == item)
			return &r->steps[i];
	return NULL;
}

bool run_done(const struct run *r, enum step_id id, size_t item)
{
	const struct step *s = run_step(r, id, item);

	return !s || s->state == STEP_DONE;
}

bool run_all_done(const struct run *r, enum step_id id)
{
	for (size_t i = 0; i < r->step_count; i++)
		if (r->steps[i].id == id && r->steps[i].state != STEP_DONE)
			return false;
	return true;
}

/* Planning */

static void add_step(struct run *r, enum step_id id, size_t item)
{
	const struct step_kind *k = &step_kinds[id];

	if (k->wanted && !k->wanted(r, item))
		return;
	if (r->steps)
		r->steps[r->step_count] = (struct step){.run = r, .id = id, .item = item, .fd = -1};
	r->step_count++;
}

static size_t items_of(const struct run *r, enum step_per per)
{
	switch (per) {
	case PER_SCENE:
		return r->video.scene_count;
	case PER_FILE:
		return FILE_COUNT;
	case PER_RENDITION:
		return r->rendition_count;
	case PER_PIECE:
		return r->timeline.part_count;
	case PER_UPLOAD:
		return r->rendition_count * UPLOAD_COUNT;
	case PER_VIDEO:
		break;
	}
	return 1;
}

static void add_steps(struct run *r)
{
	r->step_count = 0;
	for (int id = 0; id < STEP_ID_COUNT; id++) {
		enum step_per per = step_kinds[id].per;
		size_t times = per == PER_PIECE ? r->rendition_count : 1;

		for (size_t rendition = 0; rendition < times; rendition++)
			for (size_t i = 0; i < items_of(r, per); i++)
				add_step(r, (enum step_id)id, FILM_ITEM(rendition, i));
	}
}

/* Counted first, for steps are pointed at. */
static void plan(struct run *r)
{
	add_steps(r);
	r->steps = xcalloc(r->step_count, sizeof(*r->steps));
	add_steps(r);
}

/* What a step found out travels through the log as JSON. */

static char *note_text(const struct json *note)
{
	AUTO_BUF b = BUF_INIT(NOTE_MAX_BYTES);

	json_write(note, &b);
	return buf_steal(&b);
}

static void read_result(struct step *s, const char *text)
{
	struct run *r = s->run;
	AUTO(json) root = NULL;
	struct err ignored;

	if (!text || json_parse(text, strlen(text), &root, &ignored) < 0)
		return;
	if (s->id == STEP_CHECK) {
		free(r->voice_id);
		r->voice_id = xstrdup(json_string(json_get(root, "voiceId")));
		r->speech_max = json_int(json_get(root, "maxCharacters"));
	}
	s->media.width = (int)json_int(json_get(root, "width"));
	s->media.height = (int)json_int(json_get(root, "height"));
	s->media.duration_ms = json_int(json_get(root, "durationMs"));
	s->media.has_audio = json_bool(json_get(root, "hasAudio"));
	s->media.colours = (int)json_int(json_get(root, "colours"));
	if (json_has(root, "note"))
		s->note = note_text(json_get(root, "note"));
}

static struct step *find_row(struct run *r, const struct step_row *row)
{
	for (size_t i = 0; i < r->step_count; i++)
		if (strcmp(step_kinds[r->steps[i].id].name, row->kind) == 0 &&
			r->steps[i].item == (size_t)row->item)
			return &r->steps[i];
	return NULL;
}

static void take_up(struct step *s, const struct step_row *row)
{
	s->attempt = row->attempt;
	s->due_ms = clock_mono_ms() + row->due_in_ms;
	if (row->state != STEP_ROW_DONE)
		return;
	s->state = STEP_DONE;
	s->bytes = row->bytes;
	(void)snprintf(s->file, sizeof(s->file), "%s", row->artefact ? row->artefact : "");
	read_result(s, row->result);
}

/* Whether a step that is not done takes s's artefact in. Later kinds take from earlier ones, in the order of
 * enum step_id; the last one takes no files. */
static bool still_needed(const struct run *r, const struct step *s)
{
	for (size_t i = 0; i < r->step_count; i++)
		if (r->steps[i].id > s->id && r->steps[i].id != STEP_PUBLISH &&
			r->steps[i].state != STEP_DONE)
			return true;
	return false;
}

static bool artefact_is_here(const struct run *r, const struct step *s)
{
	const struct step_kind *k = &step_kinds[s->id];
	AUTO_FREE char *path = xasprintf("%s/%s", r->folder, s->file);
	struct err ignored;
	int64_t bytes = 0;

	if (s->file[0] == '\0')
		return true;
	return fs_size(path, &bytes, &ignored) == 1 && bytes == s->bytes && (!k->whole || k->whole(s));
}

bool run_has_file(const struct run *r, const char *name)
{
	AUTO_FREE char *path = xasprintf("%s/%s", r->folder, name);
	struct err ignored;
	int64_t bytes = 0;

	return fs_size(path, &bytes, &ignored) == 1 && bytes > 0;
}

/* What was found out about a file, or put of it, is not true of the one that is now made in its place. */
static void forget_words_of(struct run *r)
{
	for (size_t i = 0; i < r->step_count; i++) {
		struct step *s = &r->steps[i];
		const struct step_kind *k = &step_kinds[s->id];

		if (s->state == STEP_DONE && s->file[0] == '\0' && k->ready && !k->ready(r, s->item))
			s->state = STEP_WAITING;
	}
}

/* Files of one film are not left in two storages: the setting has changed since. */
static void forget_uploads_elsewhere(struct run *r)
{
	for (size_t i = 0; i < r->step_count; i++) {
		struct step *s = &r->steps[i];

		if (s->id == STEP_UPLOAD && s->state == STEP_DONE && !upload_is_here(s))
			s->state = STEP_WAITING;
	}
}

static void forget_lost_artefacts(struct run *r)
{
	forget_uploads_elsewhere(r);
	for (size_t i = r->step_count; i-- > 0;) {
		struct step *s = &r->steps[i];

		if (s->state != STEP_DONE || !still_needed(r, s) || artefact_is_here(r, s))
			continue;
		s->state = STEP_WAITING;
		s->file[0] = '\0';
	}
	forget_words_of(r);
}

static int resume(struct run *r, struct err *e)
{
	struct step_row *rows = NULL;
	size_t n = 0;

	if (steps_load(r->engine->db, &r->video.id, &rows, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct step *s = find_row(r, &rows[i]);

		if (s)
			take_up(s, &rows[i]);
	}
	steps_free(rows, n);
	forget_lost_artefacts(r);
	return 0;
}

static int find_music(struct run *r, struct err *e)
{
	struct music_track track = {0};
	int found;

	if (!r->video.music_track_id || r->video.music_volume == 0)
		return 0;
	found = music_get(r->engine->db, r->video.music_track_id, &track, e);
	if (found >= 0) { /* of one that is gone no file is found when it is wanted */
		r->music_path = xasprintf("%s/%s", r->engine->settings->assets_dir,
			found ? track.file : r->video.music_track_id);
		r->music_ms = track.duration_ms;
		r->music_is_ring = track.is_ring;
	}
	music_track_done(&track);
	return found < 0 ? -1 : 0;
}

static void choose_providers(struct run *r)
{
	static const struct provider *const scenes_by[] = {
		[SCENES_LOCAL] = &provider_local, [SCENES_RUNWAY] = &provider_runway};
	static const struct provider *const voice_by[] = {
		[VOICES_LOCAL] = &provider_local, [VOICES_ELEVENLABS] = &provider_elevenlabs};
	const struct settings *set = r->engine->settings;
	bool draft = r->video.mode == MODE_DRAFT;

	_Static_assert(ARRAY_LEN(scenes_by) == SCENES_COUNT, "somebody makes the scenes");
	_Static_assert(ARRAY_LEN(voice_by) == VOICES_COUNT, "somebody speaks");
	r->scenes_by = scenes_by[draft ? SCENES_LOCAL : set->scene_provider];
	r->voice_by = voice_by[draft ? VOICES_LOCAL : set->voice_provider];
}

int run_new(struct engine *engine, const struct job *job, struct run **ret_run, struct err *e)
{
	AUTO(run) r = xcalloc(1, sizeof(*r));
	char id[UUID_TEXT_SIZE];
	int found;

	r->engine = engine;
	r->job = *job;
	r->claimed_ms = r->lease_ms = r->seen_ms = clock_mono_ms();
	found = steps_load_video(engine->db, &job->video_id, &r->video, e);
	if (found <= 0)
		return found;
	uuid_format(&job->video_id, id);
	r->folder = xasprintf("%s/%s", engine->settings->work_dir, id);
	choose_providers(r);
	if (run_begin_film(r, e) < 0)
		return -1;
	plan(r);
	if (find_music(r, e) < 0 || fs_mkdirs(r->folder, 0750, e) < 0 || resume(r, e) < 0)
		return -1;
	run_update_film(r);
	r->start_permille = run_permille(r);
	run_update_progress(r);

	*ret_run = steal_ptr(r);
	return 1;
}

void run_free(struct run *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->step_count; i++) {
		struct step *s = &r->steps[i];
		struct work *work = steal_ptr(s->work);

		if (work)
			work->stop(work);
		proc_free(s->proc);
		http_cancel(s->call);
		storage_cancel(s->put);
		macros_closep(&s->fd);
		free(s->note);
	}
	voice_times_done(&r->times);
	timeline_done(&r->timeline);
	brand_done(&r->brand);
	video_done(&r->video);
	free(r->steps);
	free(r->music_path);
	free(r->folder);
	free(r->voice_id);
	free(r);
}

bool run_remove_folder(struct run *r)
{
	struct err ignored;

	return fs_remove_tree(r->folder, &ignored) == 0;
}
