/*
 * The wire form of our things. The names are the API's contract, read back by lib/video/request.c where a
 * client may send the same thing: what a PUT answers can be PUT again.
 */
#include "cgi/view.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/names.h"
#include "lib/io/json.h"
#include "lib/video/addresses.h"
#include "lib/video/fields.h"
#include "lib/video/models.h"
#include "lib/video/money.h"
#include "lib/video/outputs.h"
#include "lib/video/status.h"

static void put_time(struct json *o, const char *key, int64_t wall_ms)
{
	char text[25];

	if (wall_ms > 0)
		clock_rfc3339(wall_ms, text);
	json_put_string(o, key, wall_ms > 0 ? text : NULL);
}

static void put_id(struct json *o, const char *key, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(id, text);
	json_put_string(o, key, text);
}

/* Credits to three places, characters whole: as the vendors count. */
static struct json *view_amounts(int64_t credits_milli, int64_t characters)
{
	struct json *o = json_new_object();

	json_put_scaled(o, "credits", credits_milli, 3);
	json_put_int(o, "characters", characters);
	return o;
}

/* What the vendors have said so far. */
static struct json *view_cost(const struct view_bought *b)
{
	int64_t credits_milli = 0, characters_milli = 0;

	for (size_t i = 0; i < b->ledger_count; i++) {
		const struct purchase *p = &b->ledger[i];

		if (p->cost_milli < 0)
			continue;
		if (strcmp(p->kind, "scene") == 0)
			credits_milli += p->cost_milli;
		else
			characters_milli += p->cost_milli;
	}
	return view_amounts(credits_milli, characters_milli / 1000);
}

/* What is sent begins with the client's words, or is as much of them as the model takes. */
static bool says(const char *sent, const char *prompt)
{
	size_t n = sent ? strlen(sent) : 0, words = strlen(prompt);

	return n > 0 && strncmp(sent, prompt, n < words ? n : words) == 0;
}

/*
 * Whether that is what would be asked for scene i as it is now: a change says nothing to the ledger, which
 * still has what the scene was. The purchase's own model stands for the setting, which may be another by now.
 */
static bool fits_scene(const struct purchase *p, const struct video *v, size_t i)
{
	AUTO(json) was = NULL;
	struct scene_choice now;
	const char *field, *problem;
	struct err ignored;

	if (json_parse(p->request, strlen(p->request), &was, &ignored) < 0)
		return false;

	const char *model = json_string(json_get(was, "model")), *ratio = json_string(json_get(was, "ratio")),
		   *endpoint = json_string(json_get(was, "endpoint"));

	if (!model || !ratio || !endpoint || models_choose(v, i, model, &now, &field, &problem) < 0)
		return false;
	return strcmp(now.model->name, model) == 0 && strcmp(now.ratio->text, ratio) == 0 &&
	       strcmp(models_endpoint_names[now.endpoint], endpoint) == 0 &&
	       json_int(json_get(was, "seconds")) == now.seconds &&
	       says(json_string(json_get(was, "prompt")), v->scenes[i].prompt);
}

static bool is_of_scene(const struct purchase *p, const struct video *v, size_t scene)
{
	return strcmp(p->kind, "scene") == 0 && p->item == (int64_t)scene && fits_scene(p, v, scene);
}

static bool is_under_way(const struct purchase *p)
{
	return p->state == PURCHASE_INTENDED || p->state == PURCHASE_KNOWN || p->state == PURCHASE_UNKNOWN;
}

/* What is being bought, else what is used, else what came of it last; NULL: nothing was ever asked for. */
static const struct purchase *purchase_of(const struct view_bought *b, const struct video *v, size_t scene)
{
	const struct purchase *used = NULL, *last = NULL;

	for (size_t i = 0; i < b->used_count; i++)
		if (is_of_scene(&b->used[i], v, scene))
			used = &b->used[i];
	for (size_t i = 0; i < b->ledger_count; i++)
		if (is_of_scene(&b->ledger[i], v, scene))
			last = &b->ledger[i];
	return used && (!last || !is_under_way(last)) ? used : last;
}

/* What was chosen and what came of it; the vendor's own words stay inside. NULL for nothing. */
static struct json *view_generation(const struct purchase *p, const struct uuid *video_id)
{
	static const char *const texts[] = {"model", "endpoint", "ratio"};
	static const char *const numbers[] = {"seconds", "seed"};
	AUTO(json) request = NULL;
	struct err ignored;

	if (!p)
		return NULL;

	struct json *o = json_new_object();

	(void)json_parse(p->request, strlen(p->request), &request, &ignored);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		json_put_string(o, texts[i], json_string(json_get(request, texts[i])));
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		json_put_int(o, numbers[i], json_int(json_get(request, numbers[i])));
	json_put_string(o, "state", names_get(purchase_state_names, PURCHASE_STATE_COUNT, p->state));
	json_put_scaled(o, "estimatedCredits", p->estimate_milli, 3);
	if (p->cost_milli < 0)
		json_put_string(o, "credits", NULL);
	else
		json_put_scaled(o, "credits", p->cost_milli, 3);
	json_put_bool(o, "reused", !uuid_equal(&p->video_id, video_id));
	return o;
}

static struct json *view_scenes(const struct video *v, const struct view_bought *bought)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < v->scene_count; i++) {
		const struct scene *s = &v->scenes[i];
		struct json *o = json_new_object();

		json_put_string(o, "prompt", s->prompt);
		json_put_scaled(o, "duration", s->duration_ms, 3);
		json_put_string(o, "imageUrl", s->image_url);
		json_put_string(o, "textOverlay", s->text_overlay);
		json_put_string(o, "model", s->model);
		fields_write(&s->look, &scene_look_table, NULL, o);
		if (bought)
			json_put(o, "generation", view_generation(purchase_of(bought, v, i), &v->id));
		json_append(list, o);
	}
	return list;
}

/* What the database has of it; what cannot be read is as good as not there. */
static struct json *stored_json(const char *text)
{
	struct json *o = NULL;
	struct err ignored;

	if (text)
		(void)json_parse(text, strlen(text), &o, &ignored);
	return o;
}

static void put_outputs(struct json *o, const struct video *v, const struct settings *s)
{
	AUTO_OUTPUTS all = {0};
	AUTO_ADDRESSES addresses = addresses_of(v, s);
	struct err ignored;

	(void)outputs_read(v->outputs, &all, &ignored);
	outputs_put_urls(&all, &addresses, o);
}

struct json *view_video(const struct video *v, const struct view_bought *bought, const struct settings *s)
{
	/* what the status leaves out while it is unknown */
	static const char *const nullable[] = {
		"stage", "etaSeconds", "videoUrl", "thumbnailUrl", "duration", "error"};
	struct json *o = status_json(v, s);

	for (size_t i = 0; i < ARRAY_LEN(nullable); i++)
		if (!json_get(o, nullable[i]))
			json_put_string(o, nullable[i], NULL);
	put_id(o, "id", &v->id);
	json_put_string(o, "storeId", v->store_id);
	json_put_string(o, "productId", v->product_id);
	json_put_string(o, "title", v->title);
	json_put_string(o, "style", names_get(video_style_names, STYLE_COUNT, v->style));
	json_put_string(o, "aspectRatio", names_get(video_aspect_names, ASPECT_COUNT, v->aspect));
	json_put_string(o, "mode", names_get(video_mode_names, MODE_COUNT, v->mode));
	json_put_string(o, "model", v->model);
	json_put_bool(o, "reuse", v->reuse);
	json_put(o, "scenes", view_scenes(v, bought));
	json_put_string(o, "voiceoverScript", v->voiceover_script);
	json_put_string(o, "voiceId", v->voice_id);
	json_put_string(o, "musicTrackId", v->music_track_id);
	json_put_int(o, "musicVolume", v->music_volume);
	json_put_int(o, "voiceVolume", v->voice_volume);
	fields_write(&v->look, &look_table, NULL, o);
	put_outputs(o, v, s);
	json_put_int(o, "revision", v->revision);
	json_put_string(o, "pause",
		v->pause == PAUSE_NONE ? NULL : names_get(pause_reason_names, PAUSE_COUNT, v->pause));
	json_put(o, "estimate", view_amounts(v->estimate_credits_milli, v->estimate_characters));
	if (bought) {
		json_put(o, "cost", view_cost(bought));
		json_put(o, "report", stored_json(v->report));
	}
	put_time(o, "createdAt", v->created_ms);
	put_time(o, "updatedAt", v->updated_ms);
	put_time(o, "completedAt", v->completed_ms);
	return o;
}

struct json *view_accepted(const struct video *v)
{
	struct json *o = json_new_object();

	put_id(o, "videoId", &v->id);
	json_put_string(o, "status", names_get(video_status_names, STATUS_COUNT, v->status));
	json_put_int(o, "progress", v->progress);
	return o;
}

struct json *view_store(const struct store *s)
{
	struct json *o = json_new_object();

	json_put_string(o, "id", s->id);
	json_put_string(o, "name", s->name);
	json_put_string(o, "niche", s->niche);
	json_put_string(o, "currency", money_currencies[s->currency]);
	json_put_string(o, "locale", money_locales[s->locale]);
	return o;
}

static struct json *view_images(const struct product *p)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < p->image_count; i++) {
		struct json *o = json_new_object();

		json_put_string(o, "url", p->images[i].url);
		json_put_string(o, "alt", p->images[i].alt);
		json_append(list, o);
	}
	return list;
}

struct json *view_product_brief(const struct product *p)
{
	struct json *o = json_new_object();

	json_put_string(o, "id", p->id);
	json_put_string(o, "title", p->title);
	json_put(o, "images", view_images(p));
	return o;
}

struct json *view_product(const struct product *p)
{
	struct json *o = view_product_brief(p);

	json_put_string(o, "storeId", p->store_id);
	json_put_string(o, "description", p->description);
	if (p->price_milli < 0)
		json_put_string(o, "sellingPrice", NULL);
	else
		json_put_scaled(o, "sellingPrice", p->price_milli, 3);
	return o;
}

struct json *view_track(const struct music_track *t)
{
	struct json *o = json_new_object();

	put_id(o, "id", &t->id);
	json_put_string(o, "name", t->name);
	json_put_string(o, "category", t->category);
	json_put_scaled(o, "duration", t->duration_ms, 3);
	json_put_string(o, "previewUrl", t->preview_url);
	return o;
}
