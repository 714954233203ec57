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

static bool has_script(const struct run *r)
{
	return video_script_points(&r->video) > 0;
}

static bool wants_check(const struct run *r, size_t item)
{
	(void)item;
	return has_script(r) && r->voice_by->is_vendor;
}

static bool wants_picture(const struct run *r, size_t item)
{
	return r->video.scenes[item].image_url != NULL;
}

static bool wants_voice(const struct run *r, size_t item)
{
	(void)item;
	return has_script(r);
}

static bool wants_transition(const struct run *r, size_t piece)
{
	return run_part(r, piece)->lead > 0;
}

/* Nothing is paid for before all is known that can be known for nothing. */
static bool may_pay(const struct run *r)
{
	return run_done(r, STEP_CHECK, 0) && run_all_done(r, STEP_PICTURE) && run_all_done(r, STEP_FILE);
}

/* Whether how long the part is depends on a voice that is not there yet. */
static bool waits_for_voice(const struct run *r, size_t part)
{
	return timeline_waits(&r->video, &r->timeline, part);
}

/* What is made here is made as long as it is seen; what is bought has a length of its own. */
static bool scene_ready(const struct run *r, size_t item)
{
	if (r->scenes_by->is_vendor)
		return may_pay(r);
	return run_done(r, STEP_PICTURE, item) && !waits_for_voice(r, timeline_part_of(&r->timeline, item));
}

static bool voice_ready(const struct run *r, size_t item)
{
	(void)item;
	return !r->voice_by->is_vendor || may_pay(r);
}

static bool voice_is_here(const struct run *r)
{
	return run_done(r, STEP_VOICE, 0) && run_done(r, STEP_FILE, FILE_VOICE);
}

static bool lettering_ready(const struct run *r, size_t piece)
{
	(void)piece;
	return run_done(r, STEP_FILE, FILE_LOGO) &&
	       (r->video.look.captions == CAPTIONS_NONE || voice_is_here(r));
}

/* Clip and lettering of a piece's part. */
static bool shot_is_here(const struct run *r, size_t piece)
{
	const struct film_part *p = run_part(r, piece);

	return run_done(r, STEP_LETTERING, piece) &&
	       (p->kind != PART_SCENE || run_done(r, STEP_SCENE, p->scene));
}

static bool encode_ready(const struct run *r, size_t piece)
{
	return shot_is_here(r, piece) && !waits_for_voice(r, piece % FILM_PARTS_MAX);
}

static bool transition_ready(const struct run *r, size_t piece)
{
	return encode_ready(r, piece - 1) && shot_is_here(r, piece);
}

static bool sound_ready(const struct run *r, size_t item)
{
	(void)item;
	return voice_is_here(r) && run_done(r, STEP_FILE, FILE_MUSIC) &&
	       (r->video.look.scene_volume == 0 || run_all_done(r, STEP_SCENE));
}

static bool assemble_ready(const struct run *r, size_t rendition)
{
	for (size_t part = 0; part < r->timeline.part_count; part++)
		if (!run_done(r, STEP_ENCODE, FILM_ITEM(rendition, part)) ||
			!run_done(r, STEP_TRANSITION, FILM_ITEM(rendition, part)))
			return false;
	return run_done(r, STEP_SOUND, 0);
}

static bool film_is_here(const struct run *r, size_t rendition)
{
	return run_done(r, STEP_ASSEMBLE, rendition);
}

static bool publish_ready(const struct run *r, size_t item)
{
	(void)item;
	return run_all_done(r, STEP_INSPECT) && run_all_done(r, STEP_UPLOAD);
}

/* Weights: measured on one processor for a film of 1080x1920; only their proportions matter. */

static int64_t weighs_little(const struct run *r, size_t item)
{
	(void)r;
	(void)item;
	return 150;
}

static int64_t scene_weight(const struct run *r, size_t item)
{
	if (r->scenes_by->is_vendor)
		return VENDOR_SCENE_MS;
	return 200 + (int64_t)video_frames(r->video.scenes[item].duration_ms) * 20;
}

static int64_t encode_weight(const struct run *r, size_t piece)
{
	const struct film_part *p = run_part(r, piece);

	return 200 + (int64_t)(p->frames - p->lead) * 18;
}

static int64_t transition_weight(const struct run *r, size_t piece)
{
	return 200 + (int64_t)run_part(r, piece)->lead * 30;
}

static int64_t film_weight(const struct run *r, size_t rendition)
{
	(void)rendition;
	return 200 + (int64_t)r->timeline.frames * 3;
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
			.extension = "",
			.status = STATUS_GENERATING_SCENES,
			.stage = "Fetching picture",
			.per = PER_SCENE,
			.place = PLACE_FETCH,
			.wanted = wants_picture,
			.weight = weighs_little,
			.begin = picture_begin,
			.check = picture_check,
			.blame = "A picture could not be used",
		},
	[STEP_FILE] =
		{
			.name = "file",
			.extension = "",
			.status = STATUS_GENERATING_SCENES,
			.stage = "Fetching file",
			.per = PER_FILE,
			.place = PLACE_FETCH,
			.wanted = file_wanted,
			.weight = weighs_little,
			.begin = file_begin,
			.check = file_check,
			.blame = "A file could not be used",
		},
	[STEP_SCENE] =
		{
			.name = "scene",
			.extension = ".mp4",
			.status = STATUS_GENERATING_SCENES,
			.stage = "Generating scene",
			.per = PER_SCENE,
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
			.whole = voice_whole,
			.blame = "The voice-over could not be made",
		},
	[STEP_LETTERING] =
		{
			.name = "lettering",
			.extension = ".json",
			.status = STATUS_COMPOSING,
			.stage = "Setting the texts",
			.per = PER_PIECE,
			.place = PLACE_CHILD,
			.ready = lettering_ready,
			.weight = weighs_little,
			.begin = lettering_begin,
			.whole = lettering_whole,
			.blame = "A text could not be drawn",
		},
	[STEP_ENCODE] =
		{
			.name = "encode",
			.extension = ".mp4",
			.status = STATUS_COMPOSING,
			.stage = "Composing scene",
			.per = PER_PIECE,
			.place = PLACE_CHILD,
			.ready = encode_ready,
			.weight = encode_weight,
			.begin = encode_begin,
			.check = piece_check,
			.blame = "A scene could not be composed",
		},
	[STEP_TRANSITION] =
		{
			.name = "transition",
			.extension = ".mp4",
			.status = STATUS_COMPOSING,
			.stage = "Composing transition",
			.per = PER_PIECE,
			.place = PLACE_CHILD,
			.wanted = wants_transition,
			.ready = transition_ready,
			.weight = transition_weight,
			.begin = transition_begin,
			.check = piece_check,
			.blame = "A transition could not be composed",
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
			.per = PER_RENDITION,
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
			.status = STATUS_PROCESSING,
			.stage = "Taking pictures",
			.per = PER_RENDITION,
			.place = PLACE_CHILD,
			.ready = film_is_here,
			.weight = film_weight,
			.begin = still_begin,
			.check = still_check,
			.whole = still_whole,
			.blame = "The thumbnail could not be made",
		},
	[STEP_INSPECT] =
		{
			.name = "inspect",
			.extension = "",
			.status = STATUS_PROCESSING,
			.stage = "Inspecting the film",
			.per = PER_RENDITION,
			.place = PLACE_CHILD,
			.ready = film_is_here,
			.weight = film_weight,
			.begin = inspect_begin,
			.blame = "The film did not pass its inspection",
		},
	[STEP_UPLOAD] =
		{
			.name = "upload",
			.extension = "",
			.status = STATUS_PROCESSING,
			.stage = "Publishing",
			.per = PER_UPLOAD,
			.place = PLACE_UPLOAD,
			.wanted = upload_wanted,
			.ready = upload_ready,
			.weight = upload_weight,
			.begin = upload_begin,
			.blame = "The film could not be published",
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
