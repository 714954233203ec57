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
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/io/json.h"
#include "lib/io/proc.h"
#include "lib/video/settings.h"
#include "lib/video/steps.h"
#include "lib/video/stores.h"

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

static void plan(struct run *r)
{
	size_t n = r->video.scene_count;

	r->steps = xcalloc(STEP_ID_COUNT * (n + 1), sizeof(*r->steps));
	for (int id = 0; id < STEP_ID_COUNT; id++) {
		const struct step_kind *k = &step_kinds[id];

		for (size_t item = 0; item < (k->per_scene ? n : 1); item++)
			if (!k->wanted || k->wanted(r, item))
				r->steps[r->step_count++] = (struct step){
					.run = r, .id = (enum step_id)id, .item = item, .fd = -1};
	}
}

/* What a step found out travels through the log as JSON. */

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
	for (size_t i = 0; i < ARRAY_LEN(s->key); i++) {
		const char *key = json_string(json_at(json_get(root, "keys"), i));

		if (key)
			(void)snprintf(s->key[i], sizeof(s->key[i]), "%s", key);
	}
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
 * enum step_id. */
static bool still_needed(const struct run *r, const struct step *s)
{
	for (size_t i = 0; i < r->step_count; i++)
		if (r->steps[i].id > s->id && r->steps[i].state != STEP_DONE)
			return true;
	return false;
}

static bool artefact_is_here(const struct run *r, const struct step *s)
{
	AUTO_FREE char *path = xasprintf("%s/%s", r->folder, s->file);
	struct err ignored;
	int64_t bytes = 0;

	return s->file[0] == '\0' || (fs_size(path, &bytes, &ignored) == 1 && bytes == s->bytes);
}

static void forget_lost_artefacts(struct run *r)
{
	for (size_t i = r->step_count; i-- > 0;) {
		struct step *s = &r->steps[i];

		if (s->state != STEP_DONE || !still_needed(r, s) || artefact_is_here(r, s))
			continue;
		s->state = STEP_WAITING;
		s->file[0] = '\0';
	}
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

/* The film as the steps know it so far */

void run_update_film(struct run *r)
{
	const struct step *voice = run_step(r, STEP_VOICE, 0);
	bool spoken = voice && voice->state == STEP_DONE;
	unsigned total = film_total_frames(&r->video, spoken ? voice->media.duration_ms : 0), sum = 0;

	for (size_t i = 0; i < r->video.scene_count; i++) {
		const struct scene *from = &r->video.scenes[i];
		const struct step *picture = run_step(r, STEP_PICTURE, i);
		bool here = picture && picture->state == STEP_DONE;

		r->scenes[i] = (struct film_scene){
			.frames = video_frames(from->duration_ms),
			.clip_frames = video_frames(from->duration_ms),
			.text = from->text_overlay,
			.picture = here ? picture->file : NULL,
			.picture_width = here ? picture->media.width : 0,
			.picture_height = here ? picture->media.height : 0,
		};
		sum += r->scenes[i].frames;
	}
	if (r->video.scene_count > 0 && total > sum)
		r->scenes[r->video.scene_count - 1].frames += total - sum;
	r->film.voice = spoken ? voice->file : NULL;
}

static int find_music(struct run *r, struct err *e)
{
	struct music_track track = {0};
	int found;

	if (!r->video.music_track_id || r->video.music_volume == 0)
		return 0;
	found = music_get(r->engine->db, r->video.music_track_id, &track, e);
	if (found == 1)
		r->music_path = xasprintf("%s/%s", r->engine->settings->assets_dir, track.file);
	music_track_done(&track);
	return found < 0 ? -1 : 0;
}

static void begin_film(struct run *r)
{
	const struct settings *s = r->engine->settings;
	const struct video_size *size = &video_sizes[r->video.aspect];
	unsigned processors = (unsigned)sysconf(_SC_NPROCESSORS_ONLN),
		 children = r->engine->places[PLACE_CHILD];

	r->scenes = xcalloc(r->video.scene_count + 1, sizeof(*r->scenes));
	r->film = (struct film){
		.tools = {.ffmpeg = s->ffmpeg,
			.ffprobe = s->ffprobe,
			.threads = processors > children ? processors / children : 1},
		.width = size->width,
		.height = size->height,
		.style = r->video.style,
		.title = r->video.title,
		.scenes = r->scenes,
		.scene_count = r->video.scene_count,
		.music = r->music_path,
		.music_volume = (int)r->video.music_volume,
		.voice_volume = (int)r->video.voice_volume,
	};
	run_update_film(r);
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
	r->old_key[0] = xstrdup(r->video.video_key);
	r->old_key[1] = xstrdup(r->video.thumbnail_key);
	choose_providers(r);
	plan(r);
	if (find_music(r, e) < 0 || fs_mkdirs(r->folder, 0750, e) < 0 || resume(r, e) < 0)
		return -1;
	begin_film(r);
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
		macros_closep(&s->fd);
	}
	video_done(&r->video);
	free(r->steps);
	free(r->scenes);
	free(r->music_path);
	free(r->folder);
	free(r->voice_id);
	for (size_t i = 0; i < ARRAY_LEN(r->old_key); i++)
		free(r->old_key[i]);
	free(r);
}

bool run_remove_folder(struct run *r)
{
	struct err ignored;

	return fs_remove_tree(r->folder, &ignored) == 0;
}
