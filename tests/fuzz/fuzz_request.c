/* Any JSON as each kind of request body: a struct within the limits, or problems; and nothing leaks either
 * way. */

#include "lib/video/request.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/money.h"

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

static void try_video(const struct json *body)
{
	AUTO_VIDEO v = {0};
	AUTO_PROBLEMS p = {0};
	bool good = request_read_video(body, &v, &p);

	check_problems(&p, good);
	if (!good)
		return;
	require(request_id_ok(v.store_id) && v.scene_count >= 1 && v.scene_count <= LIMIT_SCENES);
	require(v.style >= 0 && v.style < STYLE_COUNT && v.aspect >= 0 && v.aspect < ASPECT_COUNT);
	require(v.music_volume >= 0 && v.music_volume <= LIMIT_MUSIC_VOLUME);
	check_text(v.title, LIMIT_TITLE, true);
	check_text(v.voiceover_script, LIMIT_SCRIPT, false);
	for (size_t i = 0; i < v.scene_count; i++) {
		const struct scene *s = &v.scenes[i];

		require(s->duration_ms >= LIMIT_SCENE_MIN_MS && s->duration_ms <= LIMIT_SCENE_MAX_MS);
		check_text(s->prompt, LIMIT_PROMPT, true);
		check_text(s->image_url, LIMIT_URL, false);
		check_text(s->text_overlay, LIMIT_OVERLAY, false);
	}
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
	return 0;
}
