/*
 * The pieces of the film and the film itself. A piece is composed as soon as its clip and its lettering are
 * here, while other scenes are still being made; at the end all are joined by copying. What each must look
 * like when it is done is checked here.
 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/film/encode.h"
#include "daemon/film/lettering.h"
#include "daemon/provider.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"

#define LIST_MAX_BYTES (64 * 1024)
#define FILE_MODE      0640

/* Shots: a part's clip and what is drawn over it */

struct shots {
	struct film_shot shot[2];
	char caption_list[2][STEP_FILE_SIZE];
	size_t count;
};
#define AUTO_SHOTS CLEANUP(shots_done) struct shots

static void shots_done(struct shots *s)
{
	while (s->count > 0)
		lettering_done(&s->shot[--s->count].layers);
}

/* The scene's own word, else the video's. */
static int fit_of(const struct run *r, const struct scene_look *look)
{
	return look->fit != LOOK_UNSET ? look->fit : r->video.look.fit;
}

static int add_shot(struct shots *to, const struct run *r, size_t piece, struct err *e)
{
	const struct film_part *part = run_part(r, piece);
	struct film_ground ground = film_ground(r->video.style, run_brand(r));
	struct film_shot *shot = &to->shot[to->count];
	int64_t missing;

	*shot = (struct film_shot){.ground_from = ground.from, .ground_to = ground.to};
	if (part->kind == PART_SCENE) {
		const struct scene_look *look = &r->video.scenes[part->scene].look;

		shot->clip = run_file(r, STEP_SCENE, part->scene);
		shot->colours = run_step(r, STEP_SCENE, part->scene)->media.colours;
		shot->fit = fit_of(r, look);
		shot->focus_x = (int)look->focus_x;
		shot->focus_y = (int)look->focus_y;
	}
	if (layers_load(r, piece, &shot->layers, &missing, e) < 0)
		return -1;
	caption_list_name(piece, to->caption_list[to->count]);
	if (shot->layers.caption_count > 0)
		shot->layers.caption_list = to->caption_list[to->count];
	to->count++;
	return 0;
}

static int write_file(const struct run *r, const char *name, const struct buf *b, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/%s", r->folder, name);

	return fs_write_atomic(path, buf_text(b), b->len, FILE_MODE, e);
}

/* Pieces */

int encode_begin(struct step *s, struct err *e)
{
	const struct run *r = s->run;
	const struct film_part *part = run_part(r, s->item);
	const struct film_tools tools = run_piece_tools(r);
	AUTO_SHOTS shots = {.count = 0};
	AUTO_ARGS a = {0};
	char name[STEP_FILE_SIZE];

	if (add_shot(&shots, r, s->item, e) < 0)
		return -1;
	(void)snprintf(name, sizeof(name), "piece-%03zu.mp4", s->item);
	film_body_args(&tools, &run_rendition(r, s->item)->size, &shots.shot[0], part->lead, part->frames,
		s->part, &a);
	return step_run_child(s, &a, name, (int64_t)(part->frames - part->lead), e);
}

int transition_begin(struct step *s, struct err *e)
{
	const struct run *r = s->run;
	const struct film_part *part = run_part(r, s->item);
	const struct film_tools tools = run_piece_tools(r);
	AUTO_SHOTS shots = {.count = 0};
	AUTO_ARGS a = {0};
	char name[STEP_FILE_SIZE];

	if (add_shot(&shots, r, s->item - 1, e) < 0 || add_shot(&shots, r, s->item, e) < 0)
		return -1;
	(void)snprintf(name, sizeof(name), "transition-%03zu.mp4", s->item);
	film_transition_args(&tools, &run_rendition(r, s->item)->size, &shots.shot[0], part[-1].frames,
		&shots.shot[1], part->transition, part->lead, s->part, &a);
	return step_run_child(s, &a, name, (int64_t)part->lead, e);
}

/* The film of a rendition */

static void add_pieces(const struct run *r, size_t rendition, struct buf *list)
{
	struct film_piece pieces[2 * FILM_PARTS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < r->timeline.part_count; i++) {
		const struct film_part *part = &r->timeline.parts[i];
		size_t item = FILM_ITEM(rendition, i);

		if (part->lead > 0)
			pieces[n++] = (struct film_piece){run_file(r, STEP_TRANSITION, item), part->lead};
		pieces[n++] = (struct film_piece){run_file(r, STEP_ENCODE, item), part->frames - part->lead};
	}
	film_join_list(pieces, n, list);
}

int assemble_begin(struct step *s, struct err *e)
{
	const struct run *r = s->run;
	AUTO_BUF list = BUF_INIT(LIST_MAX_BYTES);
	AUTO_ARGS a = {0};
	char list_file[STEP_FILE_SIZE], name[STEP_FILE_SIZE];

	(void)snprintf(list_file, sizeof(list_file), "pieces-%zu.txt", s->item);
	upload_file_name(s->item, UPLOAD_FILM, name);
	add_pieces(r, s->item, &list);
	if (write_file(r, list_file, &list, e) < 0)
		return -1;
	film_join_args(&r->tools, list_file, run_file(r, STEP_SOUND, 0), s->part, &a);
	return step_run_child(s, &a, name, 0, e);
}

/* Checking: a file that is not what it should be is ours to make again, a limited number of times. */

static int same_size(const struct film_size *size, const struct media *m, struct err *e)
{
	if (m->has_video && m->width == size->width && m->height == size->height)
		return 0;
	return err_set(e, ERR_TEMP, "the picture is %dx%d instead of %dx%d", m->width, m->height, size->width,
		size->height);
}

static int same_frames(int64_t frames, const struct media *m, struct err *e)
{
	if (m->frames == frames)
		return 0;
	return err_set(e, ERR_TEMP, "%lld frames instead of %lld", (long long)m->frames, (long long)frames);
}

static int about(const char *what, int64_t is_ms, unsigned frames, struct err *e)
{
	int64_t should_ms = (int64_t)frames * 1000 / VIDEO_FPS;

	if (llabs(is_ms - should_ms) <= 1000 / VIDEO_FPS + 1)
		return 0;
	return err_set(e, ERR_TEMP, "%s lasts %lld ms instead of %lld", what, (long long)is_ms,
		(long long)should_ms);
}

/* A provider's clip has its own size and length; composing makes them ours. */
int clip_check(struct step *s, const struct media *m, struct err *e)
{
	(void)s;
	return m->has_video ? 0 : err_set(e, ERR_TEMP, "the clip has no picture");
}

int piece_check(struct step *s, const struct media *m, struct err *e)
{
	const struct film_part *part = run_part(s->run, s->item);
	unsigned frames = s->id == STEP_TRANSITION ? part->lead : part->frames - part->lead;

	if (same_size(&run_rendition(s->run, s->item)->size, m, e) < 0)
		return -1;
	return same_frames((int64_t)frames, m, e);
}

int voice_check(struct step *s, const struct media *m, struct err *e)
{
	if (!m->has_audio || m->duration_ms <= 0)
		return err_set(e, ERR_TEMP, "the voice-over has no sound");
	if (s->run->voice_by->check_voice && s->run->voice_by->check_voice(s, m, e) < 0)
		return -1;
	return run_read_times(s->run, e);
}

bool voice_whole(const struct step *s)
{
	struct err ignored;

	return run_read_times(s->run, &ignored) == 0;
}

int sound_check(struct step *s, const struct media *m, struct err *e)
{
	if (!m->has_audio)
		return err_set(e, ERR_TEMP, "the mix has no sound");
	return about("the sound", m->duration_ms, s->run->timeline.frames, e);
}

int film_check(struct step *s, const struct media *m, struct err *e)
{
	const struct run *r = s->run;

	if (!m->has_audio)
		return err_set(e, ERR_TEMP, "the film has no sound");
	if (same_size(&r->renditions[s->item].size, m, e) < 0 ||
		same_frames((int64_t)r->timeline.frames, m, e) < 0)
		return -1;
	return about("the film", m->duration_ms, r->timeline.frames, e);
}
