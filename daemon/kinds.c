/*
 * The graph: what each kind of step waits for, weighs and begins. Everything that is ready runs at the same
 * time, so a scene is encoded while others are still being made, and after the last one only its encode and
 * the join are left.
 */
#include "daemon/engine.h"
#include "daemon/provider.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"

#define VENDOR_SCENE_MS 60000 /* of waiting, which weighs as much as working */
#define VENDOR_VOICE_MS 6000

static bool wants_check(const struct run *r, size_t item)
{
	(void)item;
	return r->video.voiceover_script != NULL && r->voice_by->is_vendor;
}

static bool wants_picture(const struct run *r, size_t item)
{
	return r->video.scenes[item].image_url != NULL;
}

static bool wants_voice(const struct run *r, size_t item)
{
	(void)item;
	return r->video.voiceover_script != NULL;
}

/* Nothing is paid for before all is known that can be known for nothing. */
static bool may_pay(const struct run *r)
{
	return run_done(r, STEP_CHECK, 0) && run_all_done(r, STEP_PICTURE);
}

static bool scene_ready(const struct run *r, size_t item)
{
	return r->scenes_by->is_vendor ? may_pay(r) : run_done(r, STEP_PICTURE, item);
}

static bool voice_ready(const struct run *r, size_t item)
{
	(void)item;
	return !r->voice_by->is_vendor || may_pay(r);
}

/* The last scene is held until the voice's end, so its part waits for the voice too. */
static bool encode_ready(const struct run *r, size_t item)
{
	return run_done(r, STEP_SCENE, item) &&
	       (item + 1 < r->video.scene_count || run_done(r, STEP_VOICE, 0));
}

static bool sound_ready(const struct run *r, size_t item)
{
	(void)item;
	return run_done(r, STEP_VOICE, 0);
}

static bool assemble_ready(const struct run *r, size_t item)
{
	(void)item;
	return run_all_done(r, STEP_ENCODE) && run_done(r, STEP_SOUND, 0);
}

static bool still_ready(const struct run *r, size_t item)
{
	(void)item;
	return run_done(r, STEP_ENCODE, 0);
}

static bool publish_ready(const struct run *r, size_t item)
{
	(void)item;
	return run_done(r, STEP_ASSEMBLE, 0) && run_done(r, STEP_STILL, 0);
}

/* Weights: measured on one processor for a film of 1080x1920; only their proportions matter. */

static int64_t weighs_little(const struct run *r, size_t item)
{
	(void)r;
	(void)item;
	return 150;
}

static int64_t frames_of(const struct run *r, size_t item)
{
	return r->scenes ? (int64_t)r->scenes[item].frames
			 : (int64_t)video_frames(r->video.scenes[item].duration_ms);
}

static int64_t scene_weight(const struct run *r, size_t item)
{
	if (r->scenes_by->is_vendor)
		return VENDOR_SCENE_MS;
	return 200 + frames_of(r, item) * 20;
}

static int64_t encode_weight(const struct run *r, size_t item)
{
	return 200 + frames_of(r, item) * 18;
}

static int64_t sound_weight(const struct run *r, size_t item)
{
	(void)item;
	return 300 + (int64_t)r->video.scene_count * 200;
}

static int64_t voice_weight(const struct run *r, size_t item)
{
	return r->voice_by->is_vendor ? VENDOR_VOICE_MS : sound_weight(r, item);
}

static int begin_scene(struct step *s, struct err *e)
{
	return s->run->scenes_by->begin_scene(s, e);
}

static int begin_voice(struct step *s, struct err *e)
{
	return s->run->voice_by->begin_voice(s, e);
}

const struct provider *step_provider(const struct step *s)
{
	if (s->id == STEP_SCENE)
		return s->run->scenes_by;
	return s->id == STEP_VOICE ? s->run->voice_by : NULL;
}

enum place step_place(const struct step *s)
{
	enum place place = step_kinds[s->id].place;

	if (place != PLACE_PROVIDER)
		return place;
	return s->id == STEP_SCENE ? s->run->scenes_by->scene_place : s->run->voice_by->voice_place;
}

const struct step_kind step_kinds[STEP_ID_COUNT] = {
	[STEP_CHECK] =
		{
			.name = "check",
			.extension = "",
			.status = STATUS_GENERATING_SCENES,
			.stage = "Checking the voice",
			.wanted = wants_check,
			.weight = weighs_little,
			.begin = check_begin,
			.blame = "The voice-over could not be made",
		},
	[STEP_PICTURE] =
		{
			.name = "picture",
			.place = PLACE_FETCH,
			.extension = "",
			.status = STATUS_GENERATING_SCENES,
			.stage = "Fetching picture",
			.per_scene = true,
			.wanted = wants_picture,
			.weight = weighs_little,
			.begin = picture_begin,
			.check = picture_check,
			.blame = "A picture could not be used",
		},
	[STEP_SCENE] =
		{
			.name = "scene",
			.extension = ".mp4",
			.status = STATUS_GENERATING_SCENES,
			.stage = "Generating scene",
			.per_scene = true,
			.place = PLACE_PROVIDER,
			.ready = scene_ready,
			.weight = scene_weight,
			.begin = begin_scene,
			.check = clip_check,
			.blame = "A scene could not be made",
		},
	[STEP_VOICE] =
		{
			.name = "voice",
			.extension = ".wav",
			.status = STATUS_GENERATING_VOICEOVER,
			.stage = "Recording the voice-over",
			.place = PLACE_PROVIDER,
			.wanted = wants_voice,
			.ready = voice_ready,
			.weight = voice_weight,
			.begin = begin_voice,
			.check = voice_check,
			.blame = "The voice-over could not be made",
		},
	[STEP_ENCODE] =
		{
			.name = "encode",
			.extension = ".mp4",
			.status = STATUS_COMPOSING,
			.stage = "Composing scene",
			.per_scene = true,
			.place = PLACE_CHILD,
			.ready = encode_ready,
			.weight = encode_weight,
			.begin = encode_begin,
			.check = clip_check,
			.blame = "A scene could not be composed",
		},
	[STEP_SOUND] =
		{
			.name = "sound",
			.extension = ".m4a",
			.status = STATUS_COMPOSING,
			.stage = "Mixing the sound",
			.place = PLACE_CHILD,
			.ready = sound_ready,
			.weight = sound_weight,
			.begin = sound_begin,
			.check = sound_check,
			.blame = "The sound could not be mixed",
		},
	[STEP_ASSEMBLE] =
		{
			.name = "assemble",
			.extension = ".mp4",
			.status = STATUS_COMPOSING,
			.stage = "Joining the film",
			.place = PLACE_CHILD,
			.ready = assemble_ready,
			.weight = weighs_little,
			.begin = assemble_begin,
			.check = film_check,
			.blame = "The film could not be joined",
		},
	[STEP_STILL] =
		{
			.name = "still",
			.extension = ".jpg",
			.status = STATUS_COMPOSING,
			.stage = "Taking the thumbnail",
			.place = PLACE_CHILD,
			.ready = still_ready,
			.weight = weighs_little,
			.begin = still_begin,
			.check = still_check,
			.blame = "The thumbnail could not be made",
		},
	[STEP_PUBLISH] =
		{
			.name = "publish",
			.extension = "",
			.status = STATUS_PROCESSING,
			.stage = "Publishing",
			.ready = publish_ready,
			.weight = weighs_little,
			.begin = publish_begin,
			.blame = "The film could not be published",
		},
};
