#ifndef VIDEOD_VIDEO_STATUS_H
#define VIDEOD_VIDEO_STATUS_H

/* The JSON a client polls, made in one place for the responder, the daemon and memcached. */

#include "lib/video/video.h"

struct cache;
struct db;
struct err;
struct json;
struct settings;

/*
 * {videoId,status,progress,stage?,etaSeconds?,mode?,videoUrl?,thumbnailUrl?,duration?,error?,pause?}: mode
 * only of a draft, pause {reason} only of a paused one, whose error says what it waits for.
 */
struct json *status_json(const struct video *v, const struct settings *s); /* caller frees */

#define STATUS_KEY_SIZE 64
/*
 * How long memcached keeps a status: of a video under way not long, for the daemon writes twice a second, and
 * a last word that memcached did not take must not be hidden for long by the word before it.
 */
#define STATUS_LIVE_SEC  5
#define STATUS_ENDED_SEC 60
/* "videod:status:<id>": nginx reads the same key, see nginx/. */
void status_key(const struct uuid *id, char out[static STATUS_KEY_SIZE]);
/* As cache_look() and cache_swap(). */
bool status_look(struct cache *c, const struct uuid *id, uint64_t *ret_version);
int status_swap(struct cache *c, uint64_t version, const struct video *v, const struct settings *s);
/*
 * The video as the database has it, 1, 0, -1, and memcached made to say the same before anybody is told: the
 * daemon writes to the database first, so that a client which was told from there would else be told
 * something older from memcached by its next poll.
 */
int status_get(struct db *db, struct cache *c, const struct settings *s, const struct uuid *id,
	struct video *ret_video, struct err *e);
void status_forget(struct cache *c, const struct uuid *id);

#endif
