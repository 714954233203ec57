/*
 * A hash is taken over a text of lines "name=value" in a fixed order, what may hold line breaks last or with
 * its length; the first line names the form, to be counted up when it changes.
 */
#include "daemon/vendor/runway_wish.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/prompt.h"
#include "lib/video/settings.h"

#define CANON_MAX_BYTES   (32 * 1024)
#define REQUEST_MAX_BYTES (16 * 1024)

static void hash_wish(const struct video *v, size_t i, const uint8_t *picture, struct runway_wish *w)
{
	const struct scene_choice *c = &w->choice;
	AUTO_BUF canon = BUF_INIT(CANON_MAX_BYTES);
	char hex[2 * DIGEST_SHA256_BYTES + 1] = "none";

	if (picture)
		text_hex_encode(picture, DIGEST_SHA256_BYTES, hex);
	buf_adds(&canon, "runway scene 1\n");
	buf_addf(&canon, "endpoint=%s\nmodel=%s\nratio=%s\nseconds=%d\n", models_endpoint_names[c->endpoint],
		c->model->name, c->ratio->text, c->seconds);
	buf_addf(&canon, "take=%" PRId64 "\npicture=%s\nprompt=%s", v->scenes[i].take, hex, w->prompt);
	digest_sha256(buf_text(&canon), canon.len, w->hash);
}

static void add_text(const char *name, const char *text, struct buf *out)
{
	buf_addf(out, "%s=%zu:%s\n", name, text ? strlen(text) : 0, text ? text : "");
}

/* The client's own words for it, and nothing of what our settings or anybody's server make of them. */
static void hash_request(const struct video *v, size_t i, struct runway_wish *w)
{
	const struct scene *s = &v->scenes[i];
	AUTO_BUF canon = BUF_INIT(CANON_MAX_BYTES);

	buf_addf(&canon, "runway scene request 1\ntake=%" PRId64 "\nduration=%" PRId64 "\n", s->take,
		s->duration_ms);
	add_text("aspect", names_get(video_aspect_names, ASPECT_COUNT, v->aspect), &canon);
	add_text("style", names_get(video_style_names, STYLE_COUNT, v->style), &canon);
	add_text("model", s->model ? s->model : v->model, &canon);
	add_text("image", s->image_url, &canon);
	add_text("prompt", s->prompt, &canon);
	digest_sha256(buf_text(&canon), canon.len, w->request_hash);
}

static char *request_text(const struct runway_wish *w)
{
	AUTO(json) root = models_choice_json(&w->choice, w->seed);
	AUTO_BUF out = BUF_INIT(REQUEST_MAX_BYTES);

	json_put_string(root, "prompt", w->prompt);
	json_write(root, &out);
	return buf_steal(&out);
}

int runway_wish_make(const struct video *v, size_t i, const struct settings *s, const uint8_t *picture,
	int64_t seed, struct runway_wish *ret, struct err *e)
{
	struct runway_wish w = {.seed = seed};
	AUTO_BUF prompt = BUF_INIT(CANON_MAX_BYTES / 2);
	const char *field = "", *problem = "";

	if (models_choose(v, i, s->runway_model, &w.choice, &field, &problem) < 0)
		return err_set(e, ERR_PERM, "scene %zu: %s %s", i + 1, field, problem);
	prompt_write(v->scenes[i].prompt, v->style, s->prompt_suffix, s->prompt_enhance,
		w.choice.model->prompt_units, &prompt);
	w.prompt = buf_steal(&prompt);
	hash_request(v, i, &w);
	hash_wish(v, i, picture, &w);
	w.request = request_text(&w);
	*ret = w;
	return 0;
}

void runway_wish_done(struct runway_wish *w)
{
	free(steal_ptr(w->prompt));
	free(steal_ptr(w->request));
}
