#ifndef VIDEOD_VIDEO_REQUEST_H
#define VIDEOD_VIDEO_REQUEST_H

/*
 * Request bodies: JSON to structs, every problem found at once, each with its JSON pointer (RFC 6901). Types
 * are strict, unknown keys are refused, an optional key may be null. The fields are tables (name, type,
 * range, place in the struct).
 */

#include "lib/video/problems.h"
#include "lib/video/video.h"

struct json;

/*
 * All fill *out, which its _done frees, problems or not, and return whether there was no problem. out is
 * zeroed by the caller, but for what each says; a member that the body does not have keeps its default.
 */
bool request_read_video(const struct json *body, struct video *out, struct problems *p); /* CreateVideoDto */
/* Where out->id is set (from the URL), an id in the body must be the same. */
bool request_read_store(const struct json *body, struct store *out, struct problems *p);
bool request_read_product(const struct json *body, struct product *out, struct problems *p);
/*
 * POST /videos/product/{id} may carry a JSON body: aspectRatio, musicTrackId, musicVolume, voiceId, each
 * optional. The caller has set the defaults in out.
 */
bool request_read_product_options(const struct json *body, struct video *out, struct problems *p);

/* A store's or product's id: at most LIMIT_ID of A-Z a-z 0-9 . _ -, the first a letter or a digit. */
bool request_id_ok(const char *s);

#endif
