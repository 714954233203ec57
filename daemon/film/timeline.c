/*
 * A cut is always at the sum of the parts before it: a transition takes time of the later part only, so none
 * makes the film shorter, and the voice stays with its scene.
 */
#include "daemon/film/timeline.h"

#include <stdlib.h>

#include "daemon/film/captions.h"
#include "lib/base/mem.h"
#include "lib/video/limits.h"
#include "lib/video/look.h"
#include "lib/video/video.h"

#define VOICE_TAIL_MS     400 /* the film goes on for this long after the last word */
#define NARRATION_LEAD_MS 200 /* a scene is seen before it is spoken of */
#define NARRATION_TAIL_MS 300

static unsigned frames_up(int64_t ms)
{
	return (unsigned)((ms * VIDEO_FPS + 999) / 1000);
}

static int64_t ms_of(unsigned frames)
{
	return (int64_t)frames * 1000 / VIDEO_FPS;
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

size_t timeline_part_of(const struct timeline *t, size_t scene)
{
	size_t i = 0;

	while (t->parts[i].kind != PART_SCENE || t->parts[i].scene != scene)
		i++;
	return i;
}

static bool is_last_scene(const struct video *v, const struct film_part *p)
{
	return p->kind == PART_SCENE && p->scene + 1 == v->scene_count;
}

static bool is_narrated(const struct video *v)
{
	for (size_t i = 0; i < v->scene_count; i++)
		if (v->scenes[i].look.narration)
			return true;
	return false;
}

static bool has_voice(const struct video *v)
{
	return v->voiceover_script || v->look.voice_url || is_narrated(v);
}

bool timeline_waits(const struct video *v, const struct timeline *t, size_t part)
{
	const struct film_part *p = &t->parts[part];

	if (t->speech_count > 0 || p->kind != PART_SCENE || !has_voice(v))
		return false;
	return is_narrated(v) ? v->scenes[p->scene].look.narration != NULL : is_last_scene(v, p);
}

/* What parts there are */

static void add_part(struct timeline *t, enum part_kind kind, size_t scene, int64_t duration_ms)
{
	t->parts[t->part_count++] =
		(struct film_part){.kind = kind, .scene = scene, .frames = video_frames(duration_ms)};
}

static void add_parts(struct timeline *t, const struct video *v, const struct brand *brand)
{
	t->parts = xcalloc(v->scene_count + 2, sizeof(*t->parts));
	if (brand && brand->intro.there)
		add_part(t, PART_INTRO, 0, brand->intro.duration_ms);
	for (size_t i = 0; i < v->scene_count; i++)
		add_part(t, PART_SCENE, i, v->scenes[i].duration_ms);
	if (brand && brand->end.there)
		add_part(t, PART_END, 0, brand->end.duration_ms);
}

/* How each comes in: as the scene before it says, else as the video does. */

struct way {
	int kind;
	int64_t ms;
};

static struct way way_into(const struct video *v, const struct timeline *t, size_t part)
{
	const struct film_part *before = &t->parts[part - 1];
	struct way way = {v->look.transition, v->look.transition_ms};
	const struct scene_look *look;

	if (before->kind != PART_SCENE)
		return way;
	look = &v->scenes[before->scene].look;
	if (look->transition != LOOK_UNSET)
		way.kind = look->transition;
	if (look->transition_ms != LOOK_UNSET)
		way.ms = look->transition_ms;
	return way;
}

static unsigned half_of_shorter(const struct film_part *a, const struct film_part *b)
{
	return (a->frames < b->frames ? a->frames : b->frames) / 2;
}

static void add_transitions(struct timeline *t, const struct video *v)
{
	for (size_t i = 1; i < t->part_count; i++) {
		struct film_part *p = &t->parts[i];
		struct way way = way_into(v, t, i);
		unsigned frames = video_frames(way.ms), limit = half_of_shorter(p - 1, p);

		if (way.kind == TRANSITION_CUT || way.kind == LOOK_UNSET || limit == 0)
			continue;
		p->transition = way.kind;
		p->lead = frames < limit ? frames : limit;
	}
}

/* Where the voice is */

static void add_speech(struct timeline *t, int64_t from_ms, int64_t to_ms, int64_t at_ms)
{
	t->speech[t->speech_count++] = (struct film_speech){from_ms, to_ms, at_ms};
}

/* Each narration in its scene, which becomes as long as that takes. */
static void place_narrations(struct timeline *t, const struct video *v, const struct voice_times *times)
{
	size_t narration = 0;
	unsigned at = 0;

	for (size_t i = 0; i < t->part_count; i++) {
		struct film_part *p = &t->parts[i];
		unsigned next_lead = i + 1 < t->part_count ? p[1].lead : 0;
		int64_t lead = most(NARRATION_LEAD_MS, ms_of(p->lead) / 2), from = 0, to = 0;

		if (p->kind == PART_SCENE && v->scenes[p->scene].look.narration) {
			voice_times_part(times, narration++, &from, &to);
			add_speech(t, from, to, ms_of(at) + lead);
			p->frames = frames_up(most(lead + to - from + NARRATION_TAIL_MS, LIMIT_SCENE_MIN_MS));
			p->frames = (unsigned)most(p->frames, 2 * most(p->lead, next_lead));
		}
		at += p->frames;
	}
}

/* From the first scene on; the last scene stays until it has ended. */
static void place_script(struct timeline *t, const struct video *v, int64_t duration_ms)
{
	struct film_part *last = &t->parts[timeline_part_of(t, v->scene_count - 1)];
	unsigned at = t->parts[0].kind == PART_INTRO ? t->parts[0].frames : 0, sum = 0,
		 voice = frames_up(duration_ms + VOICE_TAIL_MS);

	for (const struct film_part *p = t->parts; p <= last; p++)
		sum += p->kind == PART_SCENE ? p->frames : 0;
	if (voice > sum)
		last->frames += voice - sum;
	add_speech(t, 0, duration_ms, ms_of(at));
}

static void place_voice(struct timeline *t, const struct video *v, const struct timeline_voice *voice)
{
	t->speech = xcalloc(v->scene_count + 1, sizeof(*t->speech));
	if (is_narrated(v) && voice->times)
		place_narrations(t, v, voice->times);
	else if (!is_narrated(v))
		place_script(t, v, voice->duration_ms);
}

void timeline_make(const struct video *v, const struct brand *brand, const struct timeline_voice *voice,
	struct timeline *ret)
{
	struct timeline t = {0};

	add_parts(&t, v, brand);
	add_transitions(&t, v);
	if (voice->duration_ms > 0)
		place_voice(&t, v, voice);
	for (size_t i = 0; i < t.part_count; i++) {
		t.parts[i].at = t.frames;
		t.frames += t.parts[i].frames;
	}
	*ret = t;
}

void timeline_done(struct timeline *t)
{
	free(t->parts);
	free(t->speech);
	*t = (struct timeline){0};
}
