/*
 * voice.json is ours, but what it says came from a vendor: lists of unequal length or what is no number is
 * refused, times that go back, or beyond the file, are put where they cannot do harm.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/film/breath.h"
#include "daemon/film/captions_priv.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/json.h"

#define MOST_MS (INT64_C(24) * 3600 * 1000)

void voice_times_done(struct voice_times *v)
{
	for (size_t i = 0; v->characters && i < v->count; i++)
		free(v->characters[i]);
	free(v->characters);
	free(v->start_ms);
	free(v->end_ms);
	*v = (struct voice_times){0};
}

static bool is_time(const struct json *v)
{
	return json_type_of(v) == JSON_INT && json_int(v) >= 0 && json_int(v) <= MOST_MS;
}

static int64_t between(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* False: item i is not what it should be. */
static bool read_item(struct voice_times *v, size_t i, const struct json *character, const struct json *start,
	const struct json *end)
{
	const char *text = json_string(character);
	int64_t last_ms = i > 0 ? v->end_ms[i - 1] : 0;

	if (!text || !is_time(start) || !is_time(end))
		return false;
	v->characters[i] = xstrdup(text);
	v->start_ms[i] = between(json_int(start), last_ms, v->duration_ms);
	v->end_ms[i] = between(json_int(end), v->start_ms[i], v->duration_ms);
	return true;
}

static bool read_times(const struct json *root, struct voice_times *v)
{
	const struct json *characters = json_get(root, "characters"), *start = json_get(root, "startMs"),
			  *end = json_get(root, "endMs"), *duration = json_get(root, "durationMs");
	size_t n = json_count(characters);

	if (json_type_of(characters) != JSON_ARRAY || json_type_of(start) != JSON_ARRAY ||
		json_type_of(end) != JSON_ARRAY || json_count(start) != n || json_count(end) != n ||
		!is_time(duration))
		return false;
	*v = (struct voice_times){
		.count = n,
		.characters = xcalloc(n + 1, sizeof(*v->characters)),
		.start_ms = xcalloc(n + 1, sizeof(*v->start_ms)),
		.end_ms = xcalloc(n + 1, sizeof(*v->end_ms)),
		.duration_ms = json_int(duration),
	};
	for (size_t i = 0; i < n; i++)
		if (!read_item(v, i, json_at(characters, i), json_at(start, i), json_at(end, i)))
			return false;
	return true;
}

int voice_times_read(const char *json, size_t n, struct voice_times *ret, struct err *e)
{
	AUTO(json) root = NULL;
	AUTO_VOICE_TIMES v = {0};

	if (json_parse(json, n, &root, e) < 0) {
		e->kind = ERR_PERM;
		return -1;
	}
	if (!read_times(root, &v))
		return err_set(e, ERR_PERM, "the times of the voice are not what they should be");
	*ret = v;
	v = (struct voice_times){0};
	return 0;
}

static bool is_seam(const char *character)
{
	return character[0] == BREATH_SEAM && character[1] == '\0';
}

bool voice_times_range(const struct voice_times *v, size_t i, size_t *ret_first, size_t *ret_end)
{
	for (size_t first = 0, narration = 0;; narration++) {
		size_t end = first;

		while (end < v->count && !is_seam(v->characters[end]))
			end++;
		if (narration == i) {
			*ret_first = first;
			*ret_end = end;
			return true;
		}
		if (end == v->count)
			return false;
		first = end + 1;
	}
}

void voice_times_part(const struct voice_times *v, size_t i, int64_t *ret_from_ms, int64_t *ret_to_ms)
{
	size_t first, end;

	if (!voice_times_range(v, i, &first, &end)) {
		*ret_from_ms = *ret_to_ms = v->duration_ms;
		return;
	}
	*ret_from_ms = first > 0 ? v->end_ms[first - 1] : 0;
	*ret_to_ms = end < v->count ? v->start_ms[end] : v->duration_ms;
}
