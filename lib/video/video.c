/*
 * Names and sizes of what a video may be, and the freeing of the plain structs. Each _done leaves its struct
 * zeroed where it matters, so that a second one does no harm.
 */

#include "lib/video/video.h"

#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/video/limits.h"

const char *const video_style_names[STYLE_COUNT] = {
	[STYLE_PRODUCT_SHOWCASE] = "product_showcase",
	[STYLE_LIFESTYLE] = "lifestyle",
	[STYLE_TESTIMONIAL] = "testimonial",
	[STYLE_PROMOTIONAL] = "promotional",
	[STYLE_SOCIAL_AD] = "social_ad",
	[STYLE_STORY] = "story",
};

const char *const video_aspect_names[ASPECT_COUNT] = {
	[ASPECT_16_9] = "16:9",
	[ASPECT_9_16] = "9:16",
	[ASPECT_1_1] = "1:1",
	[ASPECT_4_5] = "4:5",
};

const char *const video_mode_names[MODE_COUNT] = {
	[MODE_FULL] = "full",
	[MODE_DRAFT] = "draft",
};

const char *const pause_reason_names[PAUSE_COUNT] = {
	[PAUSE_POSSIBLE_CHARGE] = "possible_charge",
	[PAUSE_OUT_OF_CREDIT] = "out_of_credit",
	[PAUSE_BAD_KEY] = "bad_key",
	[PAUSE_DAILY_LIMIT] = "daily_limit",
	[PAUSE_STORE_LIMIT] = "store_limit",
};

const char *const video_status_names[STATUS_COUNT] = {
	[STATUS_PENDING] = "pending",
	[STATUS_GENERATING_SCENES] = "generating_scenes",
	[STATUS_GENERATING_VOICEOVER] = "generating_voiceover",
	[STATUS_COMPOSING] = "composing",
	[STATUS_PROCESSING] = "processing",
	[STATUS_COMPLETED] = "completed",
	[STATUS_FAILED] = "failed",
	[STATUS_PAUSED] = "paused",
	[STATUS_CANCELLING] = "cancelling",
	[STATUS_CANCELLED] = "cancelled",
};

const struct video_size video_sizes[ASPECT_COUNT] = {
	[ASPECT_16_9] = {1920, 1080},
	[ASPECT_9_16] = {1080, 1920},
	[ASPECT_1_1] = {1080, 1080},
	[ASPECT_4_5] = {1080, 1350},
};

void video_init(struct video *v)
{
	*v = (struct video){
		.mode = MODE_FULL,
		.reuse = true,
		.music_volume = DEFAULT_MUSIC_VOLUME,
		.voice_volume = DEFAULT_VOICE_VOLUME,
		.status = STATUS_PENDING,
		.eta_sec = -1,
		.pause = PAUSE_NONE,
		.revision = 1,
	};
	look_init(&v->look);
}

void scene_init(struct scene *s)
{
	*s = (struct scene){.prompt = NULL};
	scene_look_init(&s->look);
}

static void scene_done(struct scene *s)
{
	free(s->prompt);
	free(s->image_url);
	free(s->text_overlay);
	free(s->model);
	scene_look_done(&s->look);
	*s = (struct scene){0};
}

void video_clear_scenes(struct video *v)
{
	for (size_t i = 0; i < v->scene_count; i++)
		scene_done(&v->scenes[i]);
	free(v->scenes);
	v->scenes = NULL;
	v->scene_count = 0;
}

void video_done(struct video *v)
{
	video_clear_scenes(v);
	free(v->store_id);
	free(v->product_id);
	free(v->title);
	free(v->model);
	free(v->voiceover_script);
	free(v->voice_id);
	free(v->music_track_id);
	look_done(&v->look);
	free(v->brand);
	free(v->stage);
	free(v->video_key);
	free(v->thumbnail_key);
	free(v->outputs);
	free(v->report);
	free(v->links);
	free(v->error);
	*v = (struct video){0};
}

void store_done(struct store *s)
{
	free(s->id);
	free(s->name);
	free(s->niche);
	*s = (struct store){0};
}

void product_done(struct product *p)
{
	for (size_t i = 0; i < p->image_count; i++) {
		free(p->images[i].url);
		free(p->images[i].alt);
	}
	free(p->images);
	free(p->id);
	free(p->store_id);
	free(p->title);
	free(p->description);
	*p = (struct product){0};
}

void music_track_done(struct music_track *t)
{
	free(t->name);
	free(t->category);
	free(t->file);
	free(t->preview_url);
	*t = (struct music_track){0};
}

unsigned video_frames(int64_t duration_ms)
{
	int64_t frames = (duration_ms * VIDEO_FPS + 500) / 1000;

	return frames < 1 ? 1 : (unsigned)frames;
}

bool video_is_narrated(const struct video *v)
{
	for (size_t i = 0; i < v->scene_count; i++) {
		if (v->scenes[i].look.narration)
			return true;
	}
	return false;
}

bool video_speaks(const struct video *v)
{
	return v->voiceover_script || video_is_narrated(v);
}

char *video_script(const struct video *v)
{
	AUTO_BUF text = BUF_INIT(4 * LIMIT_SCRIPT + LIMIT_SCENES);

	if (v->voiceover_script || !video_is_narrated(v))
		return xstrdup(v->voiceover_script);
	for (size_t i = 0; i < v->scene_count; i++) {
		if (!v->scenes[i].look.narration)
			continue;
		if (text.len > 0)
			buf_addc(&text, SCRIPT_SCENE_END);
		buf_adds(&text, v->scenes[i].look.narration);
	}
	return buf_steal(&text);
}

int64_t video_script_points(const struct video *v)
{
	int64_t points = 0;

	if (v->voiceover_script)
		return (int64_t)text_utf8_points(v->voiceover_script);
	for (size_t i = 0; i < v->scene_count; i++) {
		if (v->scenes[i].look.narration)
			points += (int64_t)text_utf8_points(v->scenes[i].look.narration);
	}
	return points;
}
