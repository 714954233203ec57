#ifndef VIDEOD_VIDEO_REQUEST_H
#define VIDEOD_VIDEO_REQUEST_H

/*
 * Request bodies: JSON to structs, every problem found at once, each with its JSON pointer (RFC 6901). Types are
 * strict, unknown keys are refused. The fields are tables (name, type, range, place in the struct).
 */

#include "lib/video/limits.h"
#include "lib/video/video.h"

struct json;

struct problem {
	char *path;    /* "/scenes/0/prompt"; "" is the body itself */
	char *message; /* "must be a string of 1 to 1000 characters" */
};

struct problems {
	struct problem list[LIMIT_PROBLEMS];
	size_t count;  /* found; those past LIMIT_PROBLEMS are counted only */
};

#define AUTO_PROBLEMS CLEANUP(problems_done) struct problems

void problems_add(struct problems *p, const char *path, const char *fmt, ...) PRINTF_LIKE(3, 4);
void problems_done(struct problems *p);

/* All fill *out, which its _done frees, and return whether there was no problem. */
bool request_read_video(const struct json *body, struct video *out, struct problems *p);   /* CreateVideoDto */
bool request_read_store(const struct json *body, struct store *out, struct problems *p);
bool request_read_product(const struct json *body, struct product *out, struct problems *p);

/* POST /videos/product/{id} may carry a JSON body: aspectRatio, musicTrackId, musicVolume, voiceId, each optional. */
bool request_read_product_options(const struct json *body, struct video *out, struct problems *p);

bool request_id_ok(const char *s);  /* a store's or product's id: see LIMIT_ID */

#endif
