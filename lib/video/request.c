/*
 * The tables of what clients may send, and the checks of ids and addresses. The reading itself is fields.c's.
 * Wire names are those of the API; limits come from limits.h only.
 */

#include "lib/video/request.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/fields.h"
#include "lib/video/models.h"
#include "lib/video/money.h"
#include "lib/video/rules.h"
#include "lib/video/source.h"

#define ALNUM        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define STRINGIFY(x) #x
#define TEXT_OF(x)   STRINGIFY(x)

bool request_id_ok(const char *s)
{
	size_t n = strspn(s, ALNUM "._-");

	return n > 0 && n <= LIMIT_ID && !s[n] && strspn(s, ALNUM) > 0;
}

static const char *check_id(const char *s)
{
	return request_id_ok(s)
		       ? NULL
		       : "must be 1 to " TEXT_OF(
				 LIMIT_ID) " of A-Z a-z 0-9 . _ - and begin with a letter or a digit";
}

static const char *check_voice_id(const char *s)
{
	size_t n = strspn(s, ALNUM "_-");

	return n <= LIMIT_VOICE_ID && !s[n] ? NULL
					    : "must be 1 to " TEXT_OF(LIMIT_VOICE_ID) " of A-Z a-z 0-9 _ -";
}

/* All of them by name: the one who gets this wrong wants to know what there is. */
static const char *check_model(const char *s)
{
	return models_find(s) ? NULL : "must be one of gen4.5, gen4_turbo, veo3.1, veo3.1_fast";
}

static const char *check_track_id(const char *s)
{
	struct uuid id;

	return uuid_parse_text(s, &id) ? NULL : "must be a UUID; GET /videos/music lists the tracks";
}

#define AT(type, member) .offset = offsetof(struct type, member)

/* What stands in more than one table, for the member of that name of struct owner. */
#define PROMPT(owner) .name = "prompt", .type = FIELD_LINES, AT(owner, prompt), .min = 1, .max = LIMIT_PROMPT
#define IMAGE_URL(owner)                                                                                     \
	.name = "imageUrl", .type = FIELD_LINE, AT(owner, image_url), .max = LIMIT_URL, .check = source_check
#define MODEL(owner)                                                                                         \
	.name = "model", .type = FIELD_LINE, AT(owner, model), .max = LIMIT_MODEL, .check = check_model

static const struct field scene_fields[] = {
	{PROMPT(scene), .required = true},
	{.name = "duration",
		.type = FIELD_NUMBER,
		.required = true,
		AT(scene, duration_ms),
		.places = 3,
		.min = LIMIT_SCENE_MIN_MS,
		.max = LIMIT_SCENE_MAX_MS,
		.what = "a number of seconds"},
	{IMAGE_URL(scene)},
	{.name = "textOverlay", .type = FIELD_LINES, AT(scene, text_overlay), .max = LIMIT_OVERLAY},
	{MODEL(scene)},
	{.type = FIELD_INCLUDE, AT(scene, look), .items = &scene_look_table},
};
static void init_scene(void *scene)
{
	scene_init(scene);
}
static const struct field_table scene_table = {
	scene_fields, ARRAY_LEN(scene_fields), sizeof(struct scene), init_scene};

/* Of a video; a product's options and a change have some of them. */
#define PRODUCT_ID .name = "productId", .type = FIELD_LINE, AT(video, product_id), .check = check_id
#define TITLE      .name = "title", .type = FIELD_LINE, AT(video, title), .min = 1, .max = LIMIT_TITLE
#define STYLE                                                                                                \
	.name = "style", .type = FIELD_NAME, AT(video, style), .names = video_style_names,                   \
	.name_count = STYLE_COUNT
#define ASPECT_RATIO                                                                                         \
	.name = "aspectRatio", .type = FIELD_NAME, AT(video, aspect), .names = video_aspect_names,           \
	.name_count = ASPECT_COUNT
#define MODE(owner)                                                                                          \
	.name = "mode", .type = FIELD_NAME, AT(owner, mode), .names = video_mode_names,                      \
	.name_count = MODE_COUNT
#define REUSE .name = "reuse", .type = FIELD_BOOL, AT(video, reuse)
#define SCENES                                                                                               \
	.name = "scenes", .type = FIELD_LIST, AT(video, scenes), .min = 1, .max = LIMIT_SCENES,              \
	.what = "scenes", .items = &scene_table, .count_offset = offsetof(struct video, scene_count)
#define SCRIPT                                                                                               \
	.name = "voiceoverScript", .type = FIELD_LINES, AT(video, voiceover_script), .max = LIMIT_SCRIPT
#define VOICE_ID .name = "voiceId", .type = FIELD_LINE, AT(video, voice_id), .check = check_voice_id
#define VOICE_VOLUME                                                                                         \
	.name = "voiceVolume", .type = FIELD_NUMBER, AT(video, voice_volume), .max = LIMIT_VOICE_VOLUME,     \
	.what = "a whole number"
#define MUSIC_TRACK_ID                                                                                       \
	.name = "musicTrackId", .type = FIELD_LINE, AT(video, music_track_id), .check = check_track_id
#define MUSIC_VOLUME                                                                                         \
	.name = "musicVolume", .type = FIELD_NUMBER, AT(video, music_volume), .max = LIMIT_MUSIC_VOLUME,     \
	.what = "a whole number"

#define LOOK .type = FIELD_INCLUDE, AT(video, look), .items = &look_table

/* What may be said wherever a video is asked for, and has a default. */
static const struct field choice_fields[] = {
	{MODE(video)},
	{MODEL(video)},
	{REUSE},
	{VOICE_ID},
	{VOICE_VOLUME},
	{MUSIC_TRACK_ID},
	{MUSIC_VOLUME},
	{LOOK},
};
static const struct field_table choice_table = {
	choice_fields, ARRAY_LEN(choice_fields), sizeof(struct video), NULL};
#define CHOICES .type = FIELD_INCLUDE, .items = &choice_table

static const struct field video_fields[] = {
	{.name = "storeId", .type = FIELD_LINE, .required = true, AT(video, store_id), .check = check_id},
	{PRODUCT_ID},
	{TITLE, .required = true},
	{STYLE, .required = true},
	{ASPECT_RATIO, .required = true},
	{SCENES, .required = true},
	{SCRIPT},
	{CHOICES},
};
static const struct field_table video_table = {
	video_fields, ARRAY_LEN(video_fields), sizeof(struct video), NULL};

static const struct field option_fields[] = {
	{ASPECT_RATIO},
	{CHOICES},
};
static const struct field_table option_table = {
	option_fields, ARRAY_LEN(option_fields), sizeof(struct video), NULL};

static const struct field wish_fields[] = {
	{PRODUCT_ID, .required = true},
	{STYLE},
	{ASPECT_RATIO},
	{CHOICES},
};
static const struct field_table wish_table = {
	wish_fields, ARRAY_LEN(wish_fields), sizeof(struct video), NULL};

static const struct field change_fields[] = {
	{TITLE, .keeps = true},
	{STYLE, .keeps = true},
	{ASPECT_RATIO, .keeps = true},
	{SCENES, .keeps = true},
	{SCRIPT},
	{CHOICES},
};
static const struct field_table change_table = {
	change_fields, ARRAY_LEN(change_fields), sizeof(struct video), NULL};

static const struct field regenerate_fields[] = {
	{PROMPT(request_regenerate), .keeps = true},
	{IMAGE_URL(request_regenerate)},
};
static const struct field_table regenerate_table = {
	regenerate_fields, ARRAY_LEN(regenerate_fields), sizeof(struct request_regenerate), NULL};

struct retry {
	bool accept;
};
static const struct field retry_fields[] = {
	{.name = "acceptPossibleCharge", .type = FIELD_BOOL, AT(retry, accept)},
};
static const struct field_table retry_table = {
	retry_fields, ARRAY_LEN(retry_fields), sizeof(struct retry), NULL};

struct render {
	int mode;
};
static const struct field render_fields[] = {{MODE(render)}};
static const struct field_table render_table = {
	render_fields, ARRAY_LEN(render_fields), sizeof(struct render), NULL};

static const struct field store_fields[] = {
	{.name = "id", .type = FIELD_SAME, AT(store, id)},
	{.name = "storeId", .type = FIELD_SAME, AT(store, id)},
	{.name = "name",
		.type = FIELD_LINE,
		.required = true,
		AT(store, name),
		.min = 1,
		.max = LIMIT_STORE_NAME},
	{.name = "niche", .type = FIELD_LINE, AT(store, niche), .max = LIMIT_NICHE},
	{.name = "currency", .type = FIELD_NAME, AT(store, currency), .names = money_currencies},
	{.name = "locale", .type = FIELD_NAME, AT(store, locale), .names = money_locales},
};
static const struct field_table store_table = {
	store_fields, ARRAY_LEN(store_fields), sizeof(struct store), NULL};

static const struct field image_fields[] = {
	{.name = "url",
		.type = FIELD_LINE,
		.required = true,
		AT(image, url),
		.min = 1,
		.max = LIMIT_URL,
		.check = source_check},
	{.name = "alt", .type = FIELD_LINE, AT(image, alt), .max = LIMIT_ALT},
};
static const struct field_table image_table = {
	image_fields, ARRAY_LEN(image_fields), sizeof(struct image), NULL};

static const struct field product_fields[] = {
	{.name = "id", .type = FIELD_SAME, AT(product, id)},
	{.name = "productId", .type = FIELD_SAME, AT(product, id)},
	{.name = "storeId", .type = FIELD_LINE, .required = true, AT(product, store_id), .check = check_id},
	{.name = "title",
		.type = FIELD_LINE,
		.required = true,
		AT(product, title),
		.min = 1,
		.max = LIMIT_TITLE},
	{.name = "description", .type = FIELD_LINES, AT(product, description), .max = LIMIT_DESCRIPTION},
	{.name = "sellingPrice",
		.type = FIELD_NUMBER,
		AT(product, price_milli),
		.places = 3,
		.max = LIMIT_PRICE_MILLI,
		.what = "an amount"},
	{.name = "images",
		.type = FIELD_LIST,
		AT(product, images),
		.max = LIMIT_IMAGES,
		.what = "images",
		.items = &image_table,
		.count_offset = offsetof(struct product, image_count)},
};
static const struct field_table product_table = {
	product_fields, ARRAY_LEN(product_fields), sizeof(struct product), NULL};

/* Problems that were there before, such as the query's, do not count. */
static bool read_body(const struct json *body, const struct field_table *t, void *out, struct problems *p)
{
	size_t before = p->count;

	fields_read(body, t, "", out, p);
	return p->count == before;
}

bool request_read_video(const struct json *body, struct video *out, struct problems *p)
{
	video_init(out);
	return read_body(body, &video_table, out, p) && rules_check(out, p);
}

bool request_read_product_options(const struct json *body, struct video *out, struct problems *p)
{
	return read_body(body, &option_table, out, p);
}

bool request_read_product_wish(const struct json *body, struct video *out, struct problems *p)
{
	return read_body(body, &wish_table, out, p);
}

bool request_read_store(const struct json *body, struct store *out, struct problems *p)
{
	return read_body(body, &store_table, out, p);
}

bool request_read_product(const struct json *body, struct product *out, struct problems *p)
{
	bool good;

	out->price_milli = -1;
	good = read_body(body, &product_table, out, p);
	for (size_t i = 0; good && i < out->image_count; i++) {
		AUTO_FREE char *path = xasprintf("/images/%zu/url", i);

		rules_check_source(out->images[i].url, out->store_id, path, p);
	}
	return good && p->count == 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_clip(const struct scene *a, const struct scene *b)
{
	return same_text(a->prompt, b->prompt) && same_text(a->image_url, b->image_url) &&
	       same_text(a->model, b->model);
}

/*
 * Gives each new scene the take of an old one that is the same clip, each of those once, so that a clip which
 * was generated anew stays the one it is where scenes move. A scene that stayed in its place has its own.
 */
static void keep_takes(struct video *changed, const struct video *old)
{
	bool given[LIMIT_SCENES] = {false}, has[LIMIT_SCENES] = {false};
	size_t n = changed->scene_count;

	for (size_t i = 0; i < n && i < old->scene_count; i++) {
		has[i] = given[i] = same_clip(&changed->scenes[i], &old->scenes[i]);
		if (has[i])
			changed->scenes[i].take = old->scenes[i].take;
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; !has[i] && k < old->scene_count; k++) {
			if (given[k] || !same_clip(&changed->scenes[i], &old->scenes[k]))
				continue;
			changed->scenes[i].take = old->scenes[k].take;
			has[i] = given[k] = true;
		}
	}
}

bool request_read_change(const struct json *body, struct video *v, struct problems *p)
{
	AUTO_VIDEO given = {
		.style = v->style,
		.aspect = v->aspect,
		.mode = v->mode,
		.reuse = v->reuse,
		.music_volume = v->music_volume,
		.voice_volume = v->voice_volume,
	};

	look_init(&given.look);
	if (!read_body(body, &change_table, &given, p))
		return false;
	keep_takes(&given, v);
	fields_swap(body, &change_table, v, &given);
	if (rules_check(v, p))
		return true;
	fields_swap(body, &change_table, v, &given); /* twice is not at all */
	return false;
}

void request_regenerate_done(struct request_regenerate *r)
{
	free(r->prompt);
	free(r->image_url);
	*r = (struct request_regenerate){0};
}

bool request_read_regenerate(const struct json *body, struct request_regenerate *out, struct problems *p)
{
	bool good = read_body(body, &regenerate_table, out, p);

	out->no_image = !out->image_url && json_has(body, "imageUrl");
	return good;
}

bool request_read_retry(const struct json *body, bool *accept, struct problems *p)
{
	struct retry r = {*accept};
	bool good = read_body(body, &retry_table, &r, p);

	*accept = r.accept;
	return good;
}

bool request_read_render(const struct json *body, int *mode, struct problems *p)
{
	struct render r = {*mode};
	bool good = read_body(body, &render_table, &r, p);

	*mode = r.mode;
	return good;
}
