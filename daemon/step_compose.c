/*
 * The steps that make the film from clips, voice and music, and the local provider, which makes clips and
 * voice with the same program. What each must look like when it is done is checked here.
 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/provider.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"

#define TEXT_MAX_BYTES (64 * 1024)

static int write_file(struct step *s, const char *name, const char *p, size_t n, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/%s", s->run->folder, name);

	return fs_write_atomic(path, p, n, 0640, e);
}

static const char *file_of(const struct run *r, enum step_id id, size_t item)
{
	const struct step *s = run_step(r, id, item);

	return s ? s->file : NULL;
}

/* Making */

static int local_scene_begin(struct step *s, struct err *e)
{
	const struct film *f = &s->run->film;
	AUTO_ARGS a = {0};
	char name[STEP_FILE_SIZE];

	(void)snprintf(name, sizeof(name), "scene-%03zu.mp4", s->item);
	film_local_scene_args(f, s->item, s->part, &a);
	return step_run_child(s, &a, name, (int64_t)f->scenes[s->item].clip_frames, e);
}

static int local_voice_begin(struct step *s, struct err *e)
{
	const struct video *v = &s->run->video;
	AUTO_BUF script = BUF_INIT(TEXT_MAX_BYTES);
	AUTO_ARGS a = {0};

	buf_adds(&script, v->voiceover_script);
	if (write_file(s, "script.txt", buf_text(&script), script.len, e) < 0)
		return -1;
	film_local_voice_args(&s->run->film, "script.txt", v->voice_id, s->part, &a);
	return step_run_child(s, &a, "voice.wav", 0, e);
}

const struct provider provider_local = {
	.name = "local",
	.scene_place = PLACE_CHILD,
	.voice_place = PLACE_CHILD,
	.begin_scene = local_scene_begin,
	.begin_voice = local_voice_begin,
};

int encode_begin(struct step *s, struct err *e)
{
	const struct film *f = &s->run->film;
	AUTO_BUF text = BUF_INIT(TEXT_MAX_BYTES);
	AUTO_ARGS a = {0};
	char text_file[STEP_FILE_SIZE], name[32];
	bool has_text = film_text(f, s->item, &text);

	(void)snprintf(text_file, sizeof(text_file), "text-%03zu.ass", s->item);
	if (has_text && write_file(s, text_file, buf_text(&text), text.len, e) < 0)
		return -1;
	film_part_name(s->item, name);
	film_encode_args(
		f, s->item, file_of(s->run, STEP_SCENE, s->item), has_text ? text_file : NULL, s->part, &a);
	return step_run_child(s, &a, name, (int64_t)f->scenes[s->item].frames, e);
}

int sound_begin(struct step *s, struct err *e)
{
	AUTO_ARGS a = {0};

	film_sound_args(&s->run->film, s->part, &a);
	return step_run_child(s, &a, "sound.m4a", 0, e);
}

int assemble_begin(struct step *s, struct err *e)
{
	AUTO_BUF list = BUF_INIT(TEXT_MAX_BYTES);
	AUTO_ARGS a = {0};

	film_list(&s->run->film, &list);
	if (write_file(s, "parts.txt", buf_text(&list), list.len, e) < 0)
		return -1;
	film_assemble_args(&s->run->film, "parts.txt", file_of(s->run, STEP_SOUND, 0), s->part, &a);
	return step_run_child(s, &a, "film.mp4", 0, e);
}

int still_begin(struct step *s, struct err *e)
{
	AUTO_ARGS a = {0};

	film_still_args(&s->run->film, file_of(s->run, STEP_ENCODE, 0), s->part, &a);
	return step_run_child(s, &a, "still.jpg", 0, e);
}

/* Checking: a file that is not what it should be is ours to make again, a limited number of times. */

static int64_t film_frames(const struct film *f)
{
	int64_t n = 0;

	for (size_t i = 0; i < f->scene_count; i++)
		n += (int64_t)f->scenes[i].frames;
	return n;
}

static int64_t frames_to_ms(int64_t frames)
{
	return frames * 1000 / VIDEO_FPS;
}

static int same_size(const struct film *f, const struct media *m, struct err *e)
{
	if (m->has_video && m->width == f->width && m->height == f->height)
		return 0;
	return err_set(e, ERR_TEMP, "the picture is %dx%d instead of %dx%d", m->width, m->height, f->width,
		f->height);
}

static int about(const char *what, int64_t is_ms, int64_t should_ms, struct err *e)
{
	if (llabs(is_ms - should_ms) <= 1000 / VIDEO_FPS + 1)
		return 0;
	return err_set(e, ERR_TEMP, "%s lasts %lld ms instead of %lld", what, (long long)is_ms,
		(long long)should_ms);
}

int clip_check(struct step *s, const struct media *m, struct err *e)
{
	const struct film_scene *scene = &s->run->film.scenes[s->item];
	int64_t frames = (int64_t)(s->id == STEP_SCENE ? scene->clip_frames : scene->frames);

	if (!m->has_video)
		return err_set(e, ERR_TEMP, "the clip has no picture");
	if (s->id == STEP_SCENE)
		return 0; /* a provider's clip has its own size and length; encode makes them ours */
	if (m->frames != frames)
		return err_set(
			e, ERR_TEMP, "%lld frames instead of %lld", (long long)m->frames, (long long)frames);
	return same_size(&s->run->film, m, e);
}

int voice_check(struct step *s, const struct media *m, struct err *e)
{
	if (!m->has_audio || m->duration_ms <= 0)
		return err_set(e, ERR_TEMP, "the voice-over has no sound");
	return s->run->voice_by->check_voice ? s->run->voice_by->check_voice(s, m, e) : 0;
}

int sound_check(struct step *s, const struct media *m, struct err *e)
{
	if (!m->has_audio)
		return err_set(e, ERR_TEMP, "the mix has no sound");
	return about("the sound", m->duration_ms, frames_to_ms(film_frames(&s->run->film)), e);
}

int film_check(struct step *s, const struct media *m, struct err *e)
{
	const struct film *f = &s->run->film;

	if (!m->has_audio || m->frames != film_frames(f))
		return err_set(e, ERR_TEMP, "the film has %lld frames instead of %lld", (long long)m->frames,
			(long long)film_frames(f));
	if (same_size(f, m, e) < 0)
		return -1;
	return about("the film", m->duration_ms, frames_to_ms(film_frames(f)), e);
}

int still_check(struct step *s, const struct media *m, struct err *e)
{
	return same_size(&s->run->film, m, e);
}
