/*
 * Any text as a product's title (first line) and description (the rest): each style's video must be one that
 * request validation accepts, with a narration that a voice has the time to say.
 */

#include "lib/video/script.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/video/limits.h"
#include "lib/video/prose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_text(const char *s, size_t max)
{
	require(text_utf8_valid(s, strlen(s)) && !text_is_blank(s) && !text_has_control(s) &&
		text_utf8_points(s) <= max);
}

static void check_video(const struct video *v)
{
	int64_t total_ms = 0;
	size_t words = prose_spoken_words(v->voiceover_script, strlen(v->voiceover_script));

	check_text(v->title, LIMIT_TITLE);
	check_text(v->voiceover_script, LIMIT_SCRIPT);
	require(v->scene_count >= 2 && v->scene_count <= LIMIT_SCENES);
	for (size_t i = 0; i < v->scene_count; i++) {
		check_text(v->scenes[i].prompt, LIMIT_PROMPT);
		if (v->scenes[i].text_overlay)
			check_text(v->scenes[i].text_overlay, LIMIT_OVERLAY);
		total_ms += v->scenes[i].duration_ms;
	}
	require((int64_t)words * 60000 / SCRIPT_WORDS_PER_MIN <= total_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *title = xstrndup((const char *)data, size);
	char *description = strchr(title, '\n');
	struct product p = {.title = title, .price_milli = (int64_t)size};
	struct store s = {.name = title, .niche = size % 2 ? title : NULL};

	if (description)
		*description++ = '\0';
	p.description = description;
	if (!text_utf8_valid(title, strlen(title)) || text_is_blank(title) || text_has_control(title) ||
		strchr(title, '\t') || text_utf8_points(title) > LIMIT_NICHE)
		return 0;
	if (description &&
		(!text_utf8_valid(description, strlen(description)) || text_has_control(description)))
		return 0;

	for (int style = 0; style < STYLE_COUNT; style++) {
		AUTO_VIDEO v = {0};

		script_write(&p, &s, style, &v);
		check_video(&v);
	}
	return 0;
}
