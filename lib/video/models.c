/*
 * What the vendor's video models can do, and what is asked of them for a scene. The table is the whole of
 * what is known of the models: names, ratios and durations are those of the vendor's request types, the
 * credits those of its price list. A request that was chosen here is one that the vendor accepts.
 *
 * What no model does is made larger and cut when composing: a frame that covers the film's shape with the
 * least left over, of its renditions the one that fares worst, and whole seconds that are no fewer than the
 * scene's.
 */

#include "lib/video/models.h"

#include <string.h>

#include "lib/base/macros.h"
#include "lib/io/json.h"

#define DEFAULT_MODEL "gen4.5" /* does whatever the others leave */

const char *const models_endpoint_names[ENDPOINT_COUNT] = {
	[ENDPOINT_TEXT_TO_VIDEO] = "text_to_video",
	[ENDPOINT_IMAGE_TO_VIDEO] = "image_to_video",
};

/* Of each pair the landscape one is first: where a film's shape does not decide, it is taken. */
#define HD                                                                                                   \
	{"1280:720", 1280, 720},                                                                             \
	{                                                                                                    \
		"720:1280", 720, 1280                                                                        \
	}
#define FULL_HD                                                                                              \
	{"1920:1080", 1920, 1080},                                                                           \
	{                                                                                                    \
		"1080:1920", 1080, 1920                                                                      \
	}
#define GEN4                                                                                                 \
	HD, {"1104:832", 1104, 832}, {"832:1104", 832, 1104}, {"960:960", 960, 960},                         \
	{                                                                                                    \
		"1584:672", 1584, 672                                                                        \
	}

/* clang-format off */
const struct model models[] = {
	{
		.name = DEFAULT_MODEL,
		.endpoint = {[ENDPOINT_TEXT_TO_VIDEO] = true, [ENDPOINT_IMAGE_TO_VIDEO] = true},
		.ratios = {[ENDPOINT_TEXT_TO_VIDEO] = {HD}, [ENDPOINT_IMAGE_TO_VIDEO] = {GEN4}},
		.seconds = {2, 3, 4, 5, 6, 7, 8, 9, 10},
		.prompt_units = 1000,
		.credits_milli_per_sec = 12000,
		.too_long = "is longer than the 10 seconds that gen4.5 can make",
	},
	{
		.name = "gen4_turbo",
		.endpoint = {[ENDPOINT_IMAGE_TO_VIDEO] = true},
		.ratios = {[ENDPOINT_IMAGE_TO_VIDEO] = {GEN4}},
		.seconds = {2, 3, 4, 5, 6, 7, 8, 9, 10},
		.prompt_units = 1000,
		.credits_milli_per_sec = 5000,
		.image_aspect_min = 0.5,
		.image_aspect_max = 2.0,
		.too_long = "is longer than the 10 seconds that gen4_turbo can make",
	},
	{
		.name = "veo3.1",
		.endpoint = {[ENDPOINT_TEXT_TO_VIDEO] = true, [ENDPOINT_IMAGE_TO_VIDEO] = true},
		.ratios = {[ENDPOINT_TEXT_TO_VIDEO] = {HD, FULL_HD}, [ENDPOINT_IMAGE_TO_VIDEO] = {HD, FULL_HD}},
		.seconds = {4, 6, 8},
		.prompt_units = 1000,
		.credits_milli_per_sec = 20000,
		.too_long = "is longer than the 8 seconds that veo3.1 can make",
	},
	{
		.name = "veo3.1_fast",
		.endpoint = {[ENDPOINT_TEXT_TO_VIDEO] = true, [ENDPOINT_IMAGE_TO_VIDEO] = true},
		.ratios = {[ENDPOINT_TEXT_TO_VIDEO] = {HD, FULL_HD}, [ENDPOINT_IMAGE_TO_VIDEO] = {HD, FULL_HD}},
		.seconds = {4, 6, 8},
		.prompt_units = 1000,
		.credits_milli_per_sec = 10000,
		.too_long = "is longer than the 8 seconds that veo3.1_fast can make",
	},
};
/* clang-format on */
const size_t model_count = ARRAY_LEN(models);

/* Of a scene's own model; there is no falling back from that. */
static const char *const cannot_do[ENDPOINT_COUNT] = {
	[ENDPOINT_TEXT_TO_VIDEO] = "is a model that needs an image: give the scene an imageUrl",
	[ENDPOINT_IMAGE_TO_VIDEO] = "is a model that takes no image",
};

const struct model *models_find(const char *name)
{
	for (size_t i = 0; name && i < model_count; i++) {
		if (strcmp(models[i].name, name) == 0)
			return &models[i];
	}
	return NULL;
}

static const struct model *able(const char *name, enum models_endpoint endpoint)
{
	const struct model *m = models_find(name);

	return m && m->endpoint[endpoint] ? m : NULL;
}

/* What a crop to the film's shape leaves of a frame: part / whole. */
struct rest {
	int64_t part, whole;
};

static struct rest rest_of(const struct model_ratio *r, const struct video_size *film)
{
	int64_t a = (int64_t)r->width * film->height, b = (int64_t)r->height * film->width;

	return a < b ? (struct rest){a, b} : (struct rest){b, a};
}

/* -1 less, 0 the same, 1 more */
static int compare(struct rest a, struct rest b)
{
	int64_t p = a.part * b.whole, q = b.part * a.whole;

	return (p > q) - (p < q);
}

/* The least that is left for any of the video's films. */
static struct rest worst_of(const struct model_ratio *r, const struct video *v)
{
	struct rest worst = rest_of(r, &video_sizes[v->aspect]);

	for (int aspect = 0; aspect < ASPECT_COUNT; aspect++) {
		struct rest rest = rest_of(r, &video_sizes[aspect]);

		if (v->look.renditions & 1U << aspect && compare(rest, worst) < 0)
			worst = rest;
	}
	return worst;
}

/* Where the worst fare alike, as in a film of both 9:16 and 16:9, the video's own film decides. */
static bool is_better(const struct model_ratio *r, const struct model_ratio *than, const struct video *v)
{
	const struct video_size *own = &video_sizes[v->aspect];
	int worst = compare(worst_of(r, v), worst_of(than, v)),
	    first = compare(rest_of(r, own), rest_of(than, own));

	if (worst != 0 || first != 0)
		return worst != 0 ? worst > 0 : first > 0;
	return r->width * r->height > than->width * than->height;
}

static const struct model_ratio *choose_ratio(
	const struct model *m, enum models_endpoint endpoint, const struct video *v)
{
	const struct model_ratio *list = m->ratios[endpoint], *best = list;

	for (size_t i = 1; i < ARRAY_LEN(m->ratios[endpoint]) && list[i].text; i++) {
		if (is_better(&list[i], best, v))
			best = &list[i];
	}
	return best;
}

/* 0: it can make none that long. */
static int choose_seconds(const struct model *m, int64_t duration_ms)
{
	for (size_t i = 0; i < ARRAY_LEN(m->seconds) && m->seconds[i]; i++) {
		if (m->seconds[i] * INT64_C(1000) >= duration_ms)
			return m->seconds[i];
	}
	return 0;
}

/*
 * The model of scene s and its seconds. Where none can make it 0 seconds, with the last one that could but
 * for the length, which makes the longest; NULL where there is none.
 */
static const struct model *choose_model(const struct video *v, const struct scene *s,
	enum models_endpoint endpoint, const char *default_model, int *ret_seconds)
{
	const char *const any[] = {v->model, default_model, DEFAULT_MODEL};
	const char *const *names = s->model ? (const char *const *)&s->model : any;
	size_t count = s->model ? 1 : ARRAY_LEN(any);
	const struct model *m = NULL;
	int seconds = 0;

	for (size_t i = 0; seconds == 0 && i < count; i++) {
		const struct model *next = able(names[i], endpoint);

		if (!next)
			continue;
		m = next;
		seconds = choose_seconds(m, s->duration_ms);
	}
	*ret_seconds = seconds;
	return m;
}

int models_choose(const struct video *v, size_t i, const char *default_model, struct scene_choice *ret,
	const char **ret_field, const char **ret_problem)
{
	const struct scene *s = &v->scenes[i];
	enum models_endpoint endpoint = s->image_url ? ENDPOINT_IMAGE_TO_VIDEO : ENDPOINT_TEXT_TO_VIDEO;
	int seconds;
	const struct model *m = choose_model(v, s, endpoint, default_model, &seconds);

	if (seconds == 0) {
		*ret_field = m ? "duration" : "model";
		*ret_problem = m ? m->too_long : cannot_do[endpoint];
		return -1;
	}
	*ret = (struct scene_choice){
		.model = m,
		.endpoint = endpoint,
		.ratio = choose_ratio(m, endpoint, v),
		.seconds = seconds,
		.credits_milli = seconds * m->credits_milli_per_sec,
	};
	return 0;
}

struct json *models_choice_json(const struct scene_choice *c, int64_t seed)
{
	struct json *o = json_new_object();

	json_put_string(o, "model", c->model->name);
	json_put_string(o, "endpoint", models_endpoint_names[c->endpoint]);
	json_put_string(o, "ratio", c->ratio->text);
	json_put_int(o, "seconds", c->seconds);
	json_put_int(o, "seed", seed);
	return o;
}
