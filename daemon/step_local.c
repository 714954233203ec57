/* The local provider: clips and voice made with the same program that composes; no key, no cost. */
#include <stdio.h>

#include "daemon/film/clip.h"
#include "daemon/provider.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "lib/base/err.h"

/* One clip serves every rendition: as wide as the widest of them, as high as the highest. */
static struct film_size size_for_all(const struct run *r)
{
	struct film_size size = {0, 0};

	for (size_t i = 0; i < r->rendition_count; i++) {
		const struct film_size *one = &r->renditions[i].size;

		size.width = one->width > size.width ? one->width : size.width;
		size.height = one->height > size.height ? one->height : size.height;
	}
	return size;
}

/* It goes on under the transition into the next part. */
static unsigned frames_of(const struct run *r, size_t part)
{
	const struct timeline *t = &r->timeline;

	return t->parts[part].frames + (part + 1 < t->part_count ? t->parts[part + 1].lead : 0);
}

static int begin_scene(struct step *s, struct err *e)
{
	const struct run *r = s->run;
	const struct step *picture = run_step(r, STEP_PICTURE, s->item);
	struct film_clip clip = {
		.size = size_for_all(r),
		.style = r->video.style,
		.item = s->item,
		.frames = frames_of(r, timeline_part_of(&r->timeline, s->item)),
		.picture = run_file(r, STEP_PICTURE, s->item),
	};
	AUTO_ARGS a = {0};
	char name[STEP_FILE_SIZE];

	if (picture) {
		clip.picture_width = picture->media.width;
		clip.picture_height = picture->media.height;
	}
	(void)snprintf(name, sizeof(name), "scene-%03zu.mp4", s->item);
	film_clip_args(&r->tools, &clip, s->part, &a);
	return step_run_child(s, &a, name, (int64_t)clip.frames, e);
}

const struct provider provider_local = {
	.name = "local",
	.scene_place = PLACE_CHILD,
	.voice_place = PLACE_CHILD,
	.begin_scene = begin_scene,
	.begin_voice = local_voice_begin,
	.check_voice = local_voice_check,
};
