/*
 * The prompt as a video model gets it. The vendor counts UTF-16 code units and refuses a prompt that is too
 * long, so what is written never has more of them than it may; the client's words are there before any of
 * ours. The styles say nothing about a product, only how it is filmed.
 */

#include "lib/video/prompt.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/video/video.h"

static const char *const camera[STYLE_COUNT] = {
	[STYLE_PRODUCT_SHOWCASE] = "Slow, steady camera move, soft studio light.",
	[STYLE_LIFESTYLE] = "Gentle handheld camera, warm natural light.",
	[STYLE_TESTIMONIAL] = "Calm camera at eye level, plain daylight.",
	[STYLE_PROMOTIONAL] = "Quick push-in, bright light with strong contrast.",
	[STYLE_SOCIAL_AD] = "Fast, energetic camera move, bright light.",
	[STYLE_STORY] = "Wide, slow cinematic camera, golden evening light.",
};

size_t prompt_units(const char *text)
{
	return text_utf16_units(text);
}

/* Code points of the longest prefix that has at most max_units. */
static size_t points_within(const char *text, size_t max_units)
{
	size_t points = 0, units = 0;

	for (uint32_t c = utf8_next(&text); c; c = utf8_next(&text), points++) {
		units += c > 0xFFFF ? 2 : 1;
		if (units > max_units)
			break;
	}
	return points;
}

/* Between a text that may stop without a full stop and the sentence after it. */
static const char *joint(const struct buf *out)
{
	static const char *const ends[] = {".", "!", "?", ":", ";", ",", "…", "。", "！", "？"};

	if (out->len == 0)
		return "";
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t n = strlen(ends[i]);

		if (out->len >= n && memcmp(out->data + out->len - n, ends[i], n) == 0)
			return " ";
	}
	return ". ";
}

/*
 * Adds as many of text's words as there is room for. Whether that was all of them: what follows a text that
 * was cut would only look as if it belonged to it.
 */
static bool add_words(struct buf *out, const char *text, size_t max_units)
{
	const char *between = joint(out);
	size_t used = prompt_units(buf_text(out)) + strlen(between);
	size_t n = used < max_units ? text_word_prefix(text, points_within(text, max_units - used)) : 0;
	bool ends_a_word = text[n] == '\0' || text[n] == ' ';

	/* Half a word is better than nothing where it is the client's, and only there. */
	if (n > 0 && (ends_a_word || out->len == 0)) {
		buf_adds(out, between);
		buf_add(out, text, n);
	}
	return text_is_blank(text + n);
}

void prompt_write(
	const char *prompt, int style, const char *suffix, int enhance, size_t max_units, struct buf *out)
{
	if (!add_words(out, prompt, max_units) || !enhance)
		return;
	if (add_words(out, camera[style], max_units) && suffix)
		(void)add_words(out, suffix, max_units);
}
