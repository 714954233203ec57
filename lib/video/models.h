#ifndef VIDEOD_VIDEO_MODELS_H
#define VIDEOD_VIDEO_MODELS_H

/*
 * What the vendor's video models can do, as one table (model x endpoint x ratio x duration x prompt length x
 * credits), and what is chosen from it for a scene. Pure. Responders estimate with it, the daemon buys with
 * it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/video/video.h"

enum models_endpoint { ENDPOINT_TEXT_TO_VIDEO, ENDPOINT_IMAGE_TO_VIDEO, ENDPOINT_COUNT };
extern const char *const models_endpoint_names[ENDPOINT_COUNT]; /* "text_to_video", "image_to_video" */

struct model_ratio {
	const char *text; /* "720:1280", as the vendor writes it */
	int width, height;
};

struct model {
	const char *name;
	bool endpoint[ENDPOINT_COUNT];
	struct model_ratio ratios[ENDPOINT_COUNT][8]; /* up to the first without a text */
	int seconds[10];                              /* allowed durations, rising, up to the first 0 */
	size_t prompt_units;                          /* UTF-16 code units at most */
	int64_t credits_milli_per_sec;                /* without sound, which we never ask for */
	double image_aspect_min, image_aspect_max;    /* of the picture; 0 no limit */
	const char *too_long;                         /* for the client, of a scene longer than it can make */
};

extern const struct model models[];
extern const size_t model_count;
const struct model *models_find(const char *name); /* NULL: there is no such model */

/* What is asked of the vendor for one scene. */
struct scene_choice {
	const struct model *model;
	enum models_endpoint endpoint;
	const struct model_ratio *ratio; /* least crop of the worst film, then of the first; most pixels */
	int seconds;                     /* the nearest that is not shorter */
	int64_t credits_milli;
};

/*
 * The choice for scene i of v: the scene's model; where it names none the first that can do the scene's
 * endpoint and length of the video's, the setting's and gen4.5. 0, or -1 with *ret_problem, a static text for
 * the client
 * ("is longer than the 10 seconds that gen4.5 can make"), and *ret_field ("duration", "model").
 */
int models_choose(const struct video *v, size_t i, const char *default_model, struct scene_choice *ret,
	const char **ret_field, const char **ret_problem);

/* {"model","endpoint","ratio","seconds","seed"}: what the scene's record shows. Caller frees. */
struct json;
struct json *models_choice_json(const struct scene_choice *c, int64_t seed);

#endif
