/* Reading what ElevenLabs answers, and writing what it is sent. Pure; fuzzed. Keys that are not known are
 * skipped. */

#include "lib/remote/elevenlabs_priv.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/remote/decimal_priv.h"

#define AMOUNT_MAX     ((int64_t)1000 * 1000 * 1000 * 1000)
#define CHARACTERS_MAX 1000000
#define COST_MAX       1000000 /* permille */

void elevenlabs_speak_body(const struct speech_order *o, struct buf *out)
{
	AUTO(json) body = json_new_object();
	struct json *voice = json_new_object();

	json_put_string(body, "text", o->text);
	json_put_string(body, "model_id", o->model);
	json_put_scaled(voice, "stability", o->stability, 2);
	json_put_scaled(voice, "similarity_boost", o->similarity, 2);
	json_put_scaled(voice, "style", o->style, 2);
	json_put_scaled(voice, "speed", o->speed, 2);
	json_put(body, "voice_settings", voice);
	if (o->previous_text != NULL)
		json_put_string(body, "previous_text", o->previous_text);
	if (o->next_text != NULL)
		json_put_string(body, "next_text", o->next_text);
	json_write(body, out);
}

static const char *text_or(const struct json *v, const char *instead)
{
	const char *s = json_string(v);

	return s != NULL && s[0] != '\0' ? s : instead;
}

bool elevenlabs_read_voices(
	const struct json *root, struct elevenlabs_voice **ret_list, struct elevenlabs_voices *ret)
{
	const struct json *voices = json_get(root, "voices");
	const char *token = text_or(json_get(root, "next_page_token"), NULL);
	bool has_more = json_bool(json_get(root, "has_more"));
	size_t count = 0;

	if (json_type_of(voices) != JSON_ARRAY || (has_more && token == NULL))
		return false;
	struct elevenlabs_voice *list = xcalloc(json_count(voices) + 1, sizeof(*list));
	for (size_t i = 0; i < json_count(voices); i++) {
		const struct json *v = json_at(voices, i);
		const char *id = text_or(json_get(v, "voice_id"), NULL);

		if (id == NULL)
			continue;
		list[count++] = (struct elevenlabs_voice){
			.id = id,
			.name = text_or(json_get(v, "name"), id),
			.category = text_or(json_get(v, "category"), ""),
			.gender = text_or(json_get(json_get(v, "labels"), "gender"), NULL),
			.preview_url = text_or(json_get(v, "preview_url"), NULL),
		};
	}
	*ret_list = list;
	*ret = (struct elevenlabs_voices){
		.list = list, .count = count, .next_page_token = has_more ? token : NULL};
	return true;
}

/* A whole or broken number scaled by 10^places, or instead. */
static int64_t number_or(const struct json *v, unsigned places, int64_t max, int64_t instead)
{
	int64_t n = 0;

	return decimal_round(json_number_text(v), places, max, &n) && n > 0 ? n : instead;
}

bool elevenlabs_read_models(const struct json *root, struct elevenlabs_model **ret_list, size_t *ret_count)
{
	size_t count = 0;

	if (json_type_of(root) != JSON_ARRAY)
		return false;
	struct elevenlabs_model *list = xcalloc(json_count(root) + 1, sizeof(*list));
	for (size_t i = 0; i < json_count(root); i++) {
		const struct json *m = json_at(root, i), *rates = json_get(m, "model_rates");
		const char *id = text_or(json_get(m, "model_id"), NULL);
		int64_t most =
			number_or(json_get(m, "maximum_text_length_per_request"), 0, CHARACTERS_MAX, 0);

		/* Without its limit a model is as unknown as one that is not listed. */
		if (id == NULL || most == 0 || !json_bool(json_get(m, "can_do_text_to_speech")))
			continue;
		list[count++] = (struct elevenlabs_model){
			.id = id,
			.name = text_or(json_get(m, "name"), id),
			.max_characters = most,
			.cost_permille =
				number_or(json_get(rates, "character_cost_multiplier"), 3, COST_MAX, 1000),
		};
	}
	*ret_list = list;
	*ret_count = count;
	return true;
}

bool elevenlabs_read_account(const struct json *root, struct elevenlabs_account *ret)
{
	int64_t used = 0, limit = 0;

	if (!decimal_round(json_number_text(json_get(root, "character_count")), 3, AMOUNT_MAX, &used) ||
		!decimal_round(json_number_text(json_get(root, "character_limit")), 3, AMOUNT_MAX, &limit))
		return false;
	*ret = (struct elevenlabs_account){.left_milli = limit > used ? limit - used : 0};
	(void)snprintf(ret->tier, sizeof(ret->tier), "%s", text_or(json_get(root, "tier"), ""));
	return true;
}
