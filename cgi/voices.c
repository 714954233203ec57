/*
 * What a video can be given: the voices, and the music library. The vendor's voices are what the daemon last
 * wrote down, so they are listed also while the vendor is away, and nobody is asked.
 */
#include "cgi/voices.h"

#include <string.h>

#include "cgi/reply.h"
#include "cgi/view.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/video/stores.h"
#include "lib/video/vendors.h"
#include "lib/video/voices.h"

static void add_voice(
	struct json *list, const char *id, const char *name, const char *category, const char *preview)
{
	struct json *o = json_new_object();

	json_put_string(o, "id", id);
	json_put_string(o, "name", name);
	json_put_string(o, "category", category);
	json_put_string(o, "preview", preview);
	json_append(list, o);
}

/* Names that work with every provider. */
static void add_presets(struct json *list)
{
	for (size_t i = 0; i < voices_local_count; i++)
		add_voice(list, voices_local[i].id, voices_local[i].name, voices_local[i].category, NULL);
}

int serve_voices(struct app *a, const struct request *q UNUSED, struct reply *r, struct err *e)
{
	struct vendor_voice *voices = NULL;
	struct json *list;
	size_t count = 0;

	if (a->settings.voice_provider == VOICES_ELEVENLABS &&
		vendor_voices_list(a->db, &voices, &count, e) < 0)
		return -1;

	list = json_new_array();
	add_presets(list);
	for (size_t i = 0; i < count; i++)
		add_voice(list, voices[i].id, voices[i].name, voices[i].category, voices[i].preview_url);
	vendor_voices_free(voices, count);
	return reply_json(r, 200, list);
}

/* 1 with the voice that a client's name for it stands for, 0 there is none, -1. */
static int find_voice(struct app *a, const char *name, struct vendor_voice *ret, struct err *e)
{
	AUTO_FREE char *id = NULL;
	int found;

	if (a->settings.voice_provider == VOICES_LOCAL)
		return 0;
	found = vendor_voices_resolve(a->db, &a->settings, name, &id, e);
	return found <= 0 ? found : vendor_voices_get(a->db, id, ret, e);
}

int serve_voice_preview(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_VENDOR_VOICE voice = {0};
	struct json *body;
	int found = find_voice(a, q->key, &voice, e);

	if (found < 0)
		return -1;
	if (found == 0 && !voices_find(q->key))
		return reply_error(r, REPLY_NOT_FOUND, NO_SUCH_VOICE);
	if (!voice.preview_url)
		return reply_error(r, REPLY_NOT_FOUND, "This voice has no preview.");

	body = json_new_object();
	json_put_string(body, "voiceId", q->key);
	json_put_string(body, "previewUrl", voice.preview_url);
	return reply_json(r, 200, body);
}

int serve_music(struct app *a, const struct request *q UNUSED, struct reply *r, struct err *e)
{
	struct json *list;
	struct music_track *tracks = NULL;
	size_t count = 0;

	if (music_list(a->db, &tracks, &count, e) < 0)
		return -1;

	list = json_new_array();
	for (size_t i = 0; i < count; i++)
		json_append(list, view_track(&tracks[i]));
	music_list_free(tracks, count);
	return reply_json(r, 200, list);
}
