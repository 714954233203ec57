/*
 * What spans the fields of a video. Each rule looks at one matter and names the field that a client would
 * change; a video that passes is one that can be composed as it says.
 */

#include "lib/video/rules.h"

#include <inttypes.h>
#include <stddef.h>

#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/base/text.h"
#include "lib/video/own_files.h"
#include "lib/video/problems.h"
#include "lib/video/video.h"

void rules_check_source(const char *url, const char *store_id, const char *path, struct problems *p)
{
	if (url && own_file_is_upload(url) && !own_upload_is_of(url, store_id))
		problems_add(p, path, "is an upload of another store");
}

static void check_sources(const struct video *v, struct problems *p)
{
	for (size_t i = 0; i < v->scene_count; i++) {
		AUTO_FREE char *path = xasprintf("/scenes/%zu/imageUrl", i);

		rules_check_source(v->scenes[i].image_url, v->store_id, path, p);
	}
	rules_check_source(v->look.voice_url, v->store_id, "/voiceUrl", p);
	rules_check_source(v->look.music_url, v->store_id, "/musicUrl", p);
}

static void check_renditions(const struct video *v, struct problems *p)
{
	if (v->look.renditions & 1U << v->aspect)
		problems_add(p, "/renditions", "must not have %s, which is the video's own aspectRatio",
			names_get(video_aspect_names, ASPECT_COUNT, v->aspect));
}

/* The words come from one place: a script, scenes that are narrated, or a file. */
static void check_voice(const struct video *v, struct problems *p)
{
	bool narrated = video_is_narrated(v);

	if (v->voiceover_script && narrated)
		problems_add(p, "/voiceoverScript", "must not stand beside a scene's narration");
	if (!v->look.voice_url)
		return;
	if (v->voiceover_script || narrated)
		problems_add(p, "/voiceUrl", "must not stand beside %s: it is spoken already",
			narrated ? "a scene's narration" : "voiceoverScript");
	if (v->look.captions != CAPTIONS_NONE)
		problems_add(p, "/captions", "must be none with voiceUrl: its words are not known");
}

static void check_music(const struct video *v, struct problems *p)
{
	if (v->look.music_url && v->music_track_id)
		problems_add(p, "/musicUrl", "must not stand beside musicTrackId: it is instead of a track");
}

static void check_narrations(const struct video *v, struct problems *p)
{
	size_t points = 0;

	for (size_t i = 0; i < v->scene_count && points <= LIMIT_SCRIPT; i++) {
		const char *narration = v->scenes[i].look.narration;
		AUTO_FREE char *path = xasprintf("/scenes/%zu/narration", i);

		points += narration ? text_utf8_points(narration) : 0;
		if (points > LIMIT_SCRIPT)
			problems_add(p, path, "makes the narrations longer than %d characters together",
				LIMIT_SCRIPT);
	}
}

static int64_t shorter(const struct scene *a, const struct scene *b)
{
	return a->duration_ms < b->duration_ms ? a->duration_ms : b->duration_ms;
}

/* Of a scene that lasts as long as its narration nobody knows how long that is: the daemon sees to those. */
static void check_transitions(const struct video *v, struct problems *p)
{
	bool told = false; /* of the video's own duration, which is in each boundary's way, once */

	for (size_t i = 0; i + 1 < v->scene_count; i++) {
		const struct scene *s = &v->scenes[i];
		bool own = s->look.transition_ms != LOOK_UNSET;
		int kind = s->look.transition == LOOK_UNSET ? v->look.transition : s->look.transition;
		int64_t ms = own ? s->look.transition_ms : v->look.transition_ms;
		AUTO_FREE char *path =
			own ? xasprintf("/scenes/%zu/transitionDuration", i) : xstrdup("/transitionDuration");

		if (kind == TRANSITION_CUT || 2 * ms <= shorter(s, s + 1) || (!own && told))
			continue;
		problems_add(
			p, path, "must be at most half of the shorter of scenes %zu and %zu", i + 1, i + 2);
		told = told || !own;
	}
}

bool rules_check(const struct video *v, struct problems *p)
{
	static void (*const rules[])(const struct video *v, struct problems *p) = {check_renditions,
		check_transitions, check_narrations, check_voice, check_music, check_sources};
	size_t before = p->count;

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		rules[i](v, p);
	return p->count == before;
}
