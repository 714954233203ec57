/*
 * The film's sound, in passes: the sources are listened to, everything is mixed and measured, then it is
 * mastered with the gain that this calls for and measured as it is heard, until the loudness is what it
 * should be.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/film/sound.h"
#include "daemon/provider.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"

#define MEASURE_MAX_BYTES (64 * 1024)

static const char *voice_of(const struct run *r)
{
	const char *spoken = run_file(r, STEP_VOICE, 0);

	return spoken ? spoken : run_file(r, STEP_FILE, FILE_VOICE);
}

static const char *music_of(const struct run *r)
{
	const char *own = run_file(r, STEP_FILE, FILE_MUSIC);

	return own ? own : r->music_path;
}

static int64_t music_ms_of(const struct run *r)
{
	const struct step *own = run_step(r, STEP_FILE, FILE_MUSIC);

	return own ? own->media.duration_ms : r->music_ms;
}

/* The clips that have sound; a clip without is silence. */
static size_t noise_of(const struct run *r, struct film_noise *list)
{
	size_t n = 0;

	for (size_t i = 0; i < r->timeline.part_count && r->video.look.scene_volume > 0; i++) {
		const struct film_part *p = &r->timeline.parts[i];
		const struct step *clip = p->kind == PART_SCENE ? run_step(r, STEP_SCENE, p->scene) : NULL;

		if (clip && clip->media.has_audio)
			list[n++] = (struct film_noise){clip->file, (int64_t)p->at * 1000 / VIDEO_FPS,
				(int64_t)p->frames * 1000 / VIDEO_FPS};
	}
	return n;
}

/* Passes */

enum pass { PASS_LISTEN, PASS_MIX, PASS_MASTER, PASS_MEASURE };

struct sound_work {
	struct work work;
	enum pass pass;
	struct film_sound sound;
	/* its own: the run's timeline is made anew while passes go on, see run_update_film */
	struct film_speech speech[FILM_PARTS_MAX];
	struct film_noise noise[FILM_NOISE_MAX];
	struct film_levels levels;
	struct film_loudness mixed;
	struct film_master master;
	unsigned masters;
	char mix[STEP_FILE_SIZE];
};

static void stop(struct work *w)
{
	free(w);
}

static struct sound_work *work_of(const struct step *s)
{
	return (struct sound_work *)s->work;
}

static void end(struct step *s, const struct err *failure)
{
	stop(steal_ptr(s->work));
	step_ended(s, failure);
}

static void printed(struct step *s, const char *out, size_t n, const struct err *failure);

static int run_pass(struct step *s, enum pass pass, struct err *e)
{
	struct sound_work *w = work_of(s);
	const struct film_tools *tools = &s->run->tools;
	AUTO_ARGS a = {0};

	w->pass = pass;
	switch (pass) {
	case PASS_LISTEN:
		film_listen_args(tools, &w->sound, &a);
		break;
	case PASS_MIX:
		film_mix_args(tools, &w->sound, &w->levels, w->mix, &a);
		break;
	case PASS_MASTER:
		w->masters++;
		film_master_args(tools, w->mix, w->sound.frames, &w->master, s->part, &a);
		break;
	case PASS_MEASURE:
		film_measure_args(tools, s->part, w->sound.frames, &a);
		break;
	}
	return step_run_output(s, &a, MEASURE_MAX_BYTES, printed, e);
}

/* It is as it should be, or as near as it comes: the inspection has the last word. */
static int finish(struct step *s, struct err *e)
{
	stop(steal_ptr(s->work));
	return step_look(s, FENCE_OURS, "sound.m4a", e);
}

static int judge(struct step *s, const struct film_loudness *got, struct err *e)
{
	struct sound_work *w = work_of(s);
	const struct film_master tried = w->master;

	if (!film_gain(&w->mixed, got ? &tried : NULL, got, &w->master) && got)
		return finish(s, e);
	return w->masters < FILM_MASTERS ? run_pass(s, PASS_MASTER, e) : finish(s, e);
}

static int go_on(struct step *s, const char *out, size_t n, struct err *e)
{
	struct sound_work *w = work_of(s);
	struct film_loudness got;

	switch (w->pass) {
	case PASS_LISTEN:
		return film_listen_read(out, n, &w->levels, e) < 0 ? -1 : run_pass(s, PASS_MIX, e);
	case PASS_MIX:
		return film_measure_read(out, n, &w->mixed, e) < 0 ? -1 : judge(s, NULL, e);
	case PASS_MASTER:
		return run_pass(s, PASS_MEASURE, e);
	case PASS_MEASURE:
		break;
	}
	return film_measure_read(out, n, &got, e) < 0 ? -1 : judge(s, &got, e);
}

static void printed(struct step *s, const char *out, size_t n, const struct err *failure)
{
	struct err e;

	if (failure)
		end(s, failure);
	else if (go_on(s, out, n, &e) < 0)
		s->work ? end(s, &e) : step_ended(s, &e);
}

/* Not shared with a daemon that lost its lease. */
static struct sound_work *work_new(const struct run *r)
{
	struct sound_work *w = xcalloc(1, sizeof(*w));

	w->work.stop = stop;
	w->levels = (struct film_levels){FILM_SILENCE_LUFS, FILM_SILENCE_LUFS, FILM_SILENCE_LUFS};
	w->sound = (struct film_sound){
		.frames = r->timeline.frames,
		.voice = voice_of(r),
		.speech = w->speech,
		.speech_count = r->timeline.speech_count,
		.music = music_of(r),
		.music_ms = music_ms_of(r),
		.music_is_ring = !run_file(r, STEP_FILE, FILE_MUSIC) && r->music_is_ring,
		.noise = w->noise,
		.noise_count = noise_of(r, w->noise),
		.voice_volume = (int)r->video.voice_volume,
		.music_volume = (int)r->video.music_volume,
		.scene_volume = (int)r->video.look.scene_volume,
	};
	for (size_t i = 0; i < w->sound.speech_count; i++)
		w->speech[i] = r->timeline.speech[i];
	(void)snprintf(w->mix, sizeof(w->mix), "mix-%" PRIx64 ".wav", r->job.token);
	return w;
}

/* A track of ours that somebody has removed will not come back by trying again. */
static int find_track(struct step *s, struct err *e)
{
	const char *path = s->run->music_path;
	int64_t bytes = 0;
	int found = path ? fs_size(path, &bytes, e) : 1;

	if (found != 0)
		return found < 0 ? -1 : 0;
	s->told = "The music track is not there any more.";
	return err_set(e, ERR_PERM, "the music track %s is not there", path);
}

int sound_begin(struct step *s, struct err *e)
{
	if (find_track(s, e) < 0)
		return -1;

	struct sound_work *w = work_new(s->run);
	bool silent = !w->sound.voice && !w->sound.music && w->sound.noise_count == 0;

	s->work = &w->work;
	if (run_pass(s, silent ? PASS_MIX : PASS_LISTEN, e) == 0)
		return 0;
	stop(steal_ptr(s->work));
	return -1;
}
