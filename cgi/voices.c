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

static void add_local(struct json *list)
{
	for (size_t i = 0; i < voices_local_count; i++)
		add_voice(list, voices_local[i].id, voices_local[i].name, voices_local[i].category, NULL);
}

/* 1 with the vendor's voice that a client's name for it stands for, 0 there is none, -1. */
static int find_voice(struct app *a, const char *name, struct vendor_voice *ret, struct err *e)
{
	AUTO_FREE char *id = NULL;
	int found = vendor_voices_resolve(a->db, &a->settings, name, &id, e);

	return found <= 0 ? found : vendor_voices_get(a->db, id, ret, e);
}

/* A list that is filled: known is whether the vendor's voices were ever read. */
struct filling {
	struct app *app;
	struct json *list;
	bool known;
};

/* A name for one of the vendor's voices, listed unless it is known that it stands for none. 0, -1 */
static int add_preset(
	const struct filling *f, const char *id, const char *name, const char *category, struct err *e)
{
	AUTO_VENDOR_VOICE voice = {0};
	int found = f->known ? find_voice(f->app, id, &voice, e) : 1;

	if (found > 0)
		add_voice(f->list, id, name, category, voice.preview_url);
	return found < 0 ? -1 : 0;
}

/* The names that work with every provider, then those of the setting. 0, -1 */
static int add_presets(const struct filling *f, struct err *e)
{
	const char *at = f->app->settings.voice_presets;

	for (size_t i = 0; i < voices_local_count; i++) {
		const struct voice *v = &voices_local[i];

		if (v->everywhere && add_preset(f, v->id, v->name, v->category, e) < 0)
			return -1;
	}
	for (;;) {
		AUTO_FREE char *name = vendor_voices_next_preset(&at);
		const struct voice *listed = name ? voices_find(name) : NULL;

		if (!name)
			return 0;
		if (!(listed && listed->everywhere) && add_preset(f, name, name, "preset", e) < 0)
			return -1;
	}
}

/* What the vendor speaks with. 0, -1 */
static int add_vendors(struct app *a, struct json *list, struct err *e)
{
	struct vendor_voice *voices = NULL;
	size_t count = 0;

	if (vendor_voices_list(a->db, &voices, &count, e) < 0)
		return -1;

	int added = add_presets(&(struct filling){.app = a, .list = list, .known = count > 0}, e);

	for (size_t i = 0; i < count; i++)
		add_voice(list, voices[i].id, voices[i].name, voices[i].category, voices[i].preview_url);
	vendor_voices_free(voices, count);
	return added;
}

int serve_voices(struct app *a, const struct request *q UNUSED, struct reply *r, struct err *e)
{
	AUTO(json) list = json_new_array();

	if (a->settings.voice_provider == VOICES_LOCAL)
		add_local(list);
	else if (add_vendors(a, list, e) < 0)
		return -1;
	return reply_json(r, 200, steal_ptr(list));
}

int serve_voice_preview(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	bool local = a->settings.voice_provider == VOICES_LOCAL;
	AUTO_VENDOR_VOICE voice = {0};
	struct json *body;
	int found = local ? voices_find(q->key) != NULL : find_voice(a, q->key, &voice, e);

	if (found < 0)
		return -1;
	if (found == 0)
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
