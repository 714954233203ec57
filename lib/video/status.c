/*
 * The JSON that a client polls. The responder, the daemon and memcached all have it from here, so that a
 * client sees the same whoever answers. The database is written first, and memcached is never made older than
 * what a client has been told. What is unknown is left out; a film that is done is at 100 whatever
 * its row still says. While a film is made again, and where that did not succeed, the one before it is still
 * shown.
 */

#include "lib/video/status.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/cache.h"
#include "lib/io/json.h"
#include "lib/video/addresses.h"
#include "lib/video/videos.h"

#define STATUS_MAX_BYTES (16 * 1024)
#define ROUNDS           20 /* of a race that somebody else wins each time */

/* Nothing is under way: it ended, or it waits for somebody. */
static bool is_at_rest(int status)
{
	return status == STATUS_COMPLETED || status == STATUS_FAILED || status == STATUS_CANCELLED ||
	       status == STATUS_PAUSED;
}

static void put_url(struct json *o, const char *name, const struct addresses *a, const char *key)
{
	AUTO_FREE char *url = address_get(a, key);

	if (url)
		json_put_string(o, name, url);
}

struct json *status_json(const struct video *v, const struct settings *s)
{
	AUTO_ADDRESSES addresses = addresses_of(v, s);
	struct json *o = json_new_object();
	char id[UUID_TEXT_SIZE];

	uuid_format(&v->id, id);
	json_put_string(o, "videoId", id);
	json_put_string(o, "status", names_get(video_status_names, STATUS_COUNT, v->status));
	json_put_int(o, "progress", v->status == STATUS_COMPLETED ? 100 : v->progress);
	if (v->stage && !is_at_rest(v->status))
		json_put_string(o, "stage", v->stage);
	if (v->eta_sec >= 0 && !is_at_rest(v->status))
		json_put_int(o, "etaSeconds", v->eta_sec);
	if (v->mode == MODE_DRAFT)
		json_put_string(o, "mode", video_mode_names[MODE_DRAFT]);
	put_url(o, "videoUrl", &addresses, v->video_key);
	put_url(o, "thumbnailUrl", &addresses, v->thumbnail_key);
	if (v->duration_ms > 0)
		json_put_scaled(o, "duration", v->duration_ms, 3);
	if (v->error && v->status != STATUS_COMPLETED)
		json_put_string(o, "error", v->error);
	if (v->status == STATUS_PAUSED)
		json_put_string(o, "pause", names_get(pause_reason_names, PAUSE_COUNT, v->pause));
	return o;
}

void status_key(const struct uuid *id, char out[static STATUS_KEY_SIZE])
{
	char text[UUID_TEXT_SIZE];

	uuid_format(id, text);
	(void)snprintf(out, STATUS_KEY_SIZE, "videod:status:%s", text);
}

bool status_look(struct cache *c, const struct uuid *id, uint64_t *ret_version)
{
	char key[STATUS_KEY_SIZE];

	status_key(id, key);
	return cache_look(c, key, ret_version);
}

int status_swap(struct cache *c, uint64_t version, const struct video *v, const struct settings *s)
{
	AUTO(json) o = status_json(v, s);
	AUTO_BUF text = BUF_INIT(STATUS_MAX_BYTES);
	char key[STATUS_KEY_SIZE];

	json_write(o, &text);
	if (!buf_ok(&text))
		return -1;
	status_key(&v->id, key);
	return cache_swap(c, key, version, buf_text(&text), text.len,
		is_at_rest(v->status) && !links_end_soon(v, s) ? STATUS_ENDED_SEC : STATUS_LIVE_SEC);
}

int status_get(struct db *db, struct cache *c, const struct settings *s, const struct uuid *id,
	struct video *ret_video, struct err *e)
{
	for (int i = 0;; i++) {
		AUTO_VIDEO v = {0};
		uint64_t version = CACHE_NOTHING;
		bool known = status_look(c, id, &version);
		int found = videos_get(db, id, &v, e), done = -1;

		if (found == 0 && version != CACHE_NOTHING)
			status_forget(c, id);
		if (found <= 0)
			return found;
		if (known)
			done = status_swap(c, version, &v, s);
		/* What was put where nothing was may have been old by then: only a look that finds it, and
		 * the same again in the database, tells. */
		if (done < 0 || (done > 0 && version != CACHE_NOTHING) || i == ROUNDS) {
			*ret_video = v;
			v = (struct video){0};
			return 1;
		}
	}
}

void status_forget(struct cache *c, const struct uuid *id)
{
	char key[STATUS_KEY_SIZE];

	status_key(id, key);
	(void)cache_delete(c, key); /* what stays is soon gone by itself */
}
