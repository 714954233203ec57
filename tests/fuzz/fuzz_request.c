/* Any JSON as each kind of request body: a struct within the limits, or problems; and nothing leaks either
 * way. */

#include "lib/video/request.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/estimate.h"
#include "lib/video/models.h"
#include "lib/video/money.h"
#include "lib/video/prompt.h"
#include "lib/video/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_text(const char *s, size_t max, bool required)
{
	require(s || !required);
	if (s)
		require(!text_is_blank(s) && text_utf8_points(s) <= max && !text_has_control(s));
}

static void check_problems(const struct problems *p, bool good)
{
	require((p->count == 0) == good);
	for (size_t i = 0; i < p->count && i < LIMIT_PROBLEMS; i++) {
		require(p->list[i].path[0] == '/' || p->list[i].path[0] == '\0');
		require(p->list[i].message[0] != '\0');
	}
}

static void check_model(const char *name)
{
	require(!name || models_find(name));
}

/* What a vendor would be asked with it is within the vendor's limits. */
static void check_prompt(const struct video *v, const struct scene *s, size_t max_units)
{
	AUTO_BUF out = BUF_INIT(8 * LIMIT_PROMPT);

	prompt_write(s->prompt, v->style, "Sharp focus", 1, max_units, &out);
	require(buf_ok(&out) && prompt_units(buf_text(&out)) <= max_units);
	require(text_utf8_valid(buf_text(&out), out.len));
}

static void check_video(const struct video *v)
{
	require(request_id_ok(v->store_id) && v->scene_count >= 1 && v->scene_count <= LIMIT_SCENES);
	require(v->style >= 0 && v->style < STYLE_COUNT && v->aspect >= 0 && v->aspect < ASPECT_COUNT);
	require(v->mode >= 0 && v->mode < MODE_COUNT);
	require(v->music_volume >= 0 && v->music_volume <= LIMIT_MUSIC_VOLUME);
	require(v->voice_volume >= 0 && v->voice_volume <= LIMIT_VOICE_VOLUME);
	check_text(v->title, LIMIT_TITLE, true);
	check_text(v->voiceover_script, LIMIT_SCRIPT, false);
	check_model(v->model);
	for (size_t i = 0; i < v->scene_count; i++) {
		const struct scene *s = &v->scenes[i];

		require(s->duration_ms >= LIMIT_SCENE_MIN_MS && s->duration_ms <= LIMIT_SCENE_MAX_MS);
		check_text(s->prompt, LIMIT_PROMPT, true);
		check_text(s->image_url, LIMIT_URL, false);
		check_text(s->text_overlay, LIMIT_OVERLAY, false);
		check_text(s->look.narration, LIMIT_NARRATION, false);
		check_model(s->model);
		check_prompt(v, s, 1000);
		check_prompt(v, s, i);
	}
}

/* As the database keeps it, it is read again as it was. */
static void check_stored(const struct video *v)
{
	AUTO(json) one = look_json(&v->look);
	AUTO(json) other = NULL;
	AUTO_BUF first = BUF_INIT(1 << 20), second = BUF_INIT(1 << 20);
	AUTO_LOOK read;
	struct err e;

	json_write(one, &first);
	look_init(&read);
	require(look_read(buf_text(&first), &read, &e) == 0);
	other = look_json(&read);
	json_write(other, &second);
	require(buf_ok(&first) && strcmp(buf_text(&first), buf_text(&second)) == 0);
}

static void check_scene_stored(const struct scene *s)
{
	AUTO(json) one = scene_look_json(&s->look);
	AUTO_BUF text = BUF_INIT(1 << 20);
	AUTO_SCENE_LOOK read;
	struct err e;

	json_write(one, &text);
	scene_look_init(&read);
	require(scene_look_read(buf_text(&text), &read, &e) == 0);
	require((s->look.narration == NULL) == (read.narration == NULL));
	require(!read.narration || strcmp(s->look.narration, read.narration) == 0);
	require(read.focus_x == s->look.focus_x && read.transition_ms == s->look.transition_ms);
}

/* A whole valid video is found possible at a known price, or what is not is pointed at. */
static void check_estimate(const struct video *v)
{
	static char model[] = "gen4.5";
	const struct settings s = {
		.scene_provider = SCENES_RUNWAY, .voice_provider = VOICES_ELEVENLABS, .runway_model = model};
	struct scene_choice choices[LIMIT_SCENES];
	struct estimate t;
	AUTO_PROBLEMS p = {0};
	bool possible = estimate_video(v, &s, choices, &t, &p);

	check_problems(&p, possible);
	for (size_t i = 0; possible && v->mode == MODE_FULL && i < v->scene_count; i++)
		require(choices[i].seconds * INT64_C(1000) >= v->scenes[i].duration_ms);
	require(t.credits_milli >= 0 && t.characters >= 0);
}

static void try_video(const struct json *body)
{
	AUTO_VIDEO v = {0};
	AUTO_PROBLEMS p = {0};
	bool good = request_read_video(body, &v, &p);

	check_problems(&p, good);
	if (!good)
		return;
	check_video(&v);
	check_stored(&v);
	for (size_t i = 0; i < v.scene_count; i++)
		check_scene_stored(&v.scenes[i]);
	require(video_script_points(&v) <= LIMIT_SCRIPT);
	check_estimate(&v);
}

/* Whatever a change is, what it leaves is a whole video. */
static void try_change(const struct json *body)
{
	AUTO_VIDEO v = {.store_id = xstrdup("s"),
		.title = xstrdup("T"),
		.model = xstrdup("veo3.1"),
		.scene_count = 1};
	AUTO_PROBLEMS p = {0};

	v.scenes = xcalloc(1, sizeof(*v.scenes));
	scene_init(&v.scenes[0]);
	v.scenes[0].prompt = xstrdup("p");
	v.scenes[0].duration_ms = 1000;
	v.scenes[0].take = 1;
	check_problems(&p, request_read_change(body, &v, &p));
	check_video(&v);
}

static void try_again(const struct json *body)
{
	AUTO_REGENERATE r = {0};
	AUTO_PROBLEMS p = {0}, q = {0}, w = {0};
	bool accept = false;
	int mode = MODE_FULL;

	check_problems(&p, request_read_regenerate(body, &r, &p));
	check_text(r.prompt, LIMIT_PROMPT, false);
	check_text(r.image_url, LIMIT_URL, false);
	require(!r.no_image || !r.image_url);
	check_problems(&q, request_read_retry(body, &accept, &q));
	check_problems(&w, request_read_render(body, &mode, &w));
	require(mode >= 0 && mode < MODE_COUNT);
}

static void try_brand(const char *text)
{
	AUTO_BRAND b;
	struct err e = {0};

	brand_init(&b);
	if (brand_read(text, &b, &e) < 0) {
		require(e.kind == ERR_PERM && e.text[0]);
		return;
	}

	AUTO(json) o = brand_json(&b);
	AUTO_BUF first = BUF_INIT(1 << 20);

	json_write(o, &first);
	brand_done(&b);
	require(brand_read(buf_text(&first), &b, &e) == 0);
}

static void try_store(const struct json *body)
{
	AUTO_STORE s = {0};
	AUTO_PROBLEMS p = {0};
	bool good = request_read_store(body, &s, &p);

	check_problems(&p, good);
	if (good)
		check_text(s.name, LIMIT_STORE_NAME, true);
	require(money_currencies[s.currency] && money_locales[s.locale]);
}

static void try_product(const struct json *body)
{
	AUTO_PRODUCT t = {0};
	AUTO_PROBLEMS p = {0};
	bool good = request_read_product(body, &t, &p);

	check_problems(&p, good);
	if (!good)
		return;
	require(t.price_milli >= -1 && t.price_milli <= LIMIT_PRICE_MILLI && t.image_count <= LIMIT_IMAGES);
	for (size_t i = 0; i < t.image_count; i++)
		check_text(t.images[i].url, LIMIT_URL, true);
}

static void try_options(const struct json *body)
{
	AUTO_VIDEO v = {0};
	AUTO_PROBLEMS p = {0};

	check_problems(&p, request_read_product_options(body, &v, &p));
	check_model(v.model);
}

static void try_wish(const struct json *body)
{
	AUTO_VIDEO v = {0};
	AUTO_PROBLEMS p = {0};

	check_problems(&p, request_read_product_wish(body, &v, &p));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(json) body = NULL;
	struct err e;

	if (json_parse((const char *)data, size, &body, &e) < 0)
		return 0;
	try_video(body);
	try_store(body);
	try_product(body);
	try_options(body);
	try_wish(body);
	try_change(body);
	try_again(body);

	AUTO_BUF text = BUF_INIT(size * 8 + 64);
	json_write(body, &text);
	if (buf_ok(&text))
		try_brand(buf_text(&text));
	return 0;
}
