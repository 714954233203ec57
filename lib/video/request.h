#ifndef VIDEOD_VIDEO_REQUEST_H
#define VIDEOD_VIDEO_REQUEST_H

/*
 * Request bodies: JSON to structs, every problem found at once, each with its JSON pointer (RFC 6901). Types
 * are strict, unknown keys are refused, an optional key may be null. The fields are tables (name, type,
 * range, place in the struct).
 */

#include <stdbool.h>

#include "lib/base/macros.h"
#include "lib/video/problems.h"
#include "lib/video/video.h"

struct json;

/*
 * All fill *out, which its _done frees, problems or not, and return whether there was no problem. out is
 * zeroed by the caller, but for what each says; a member that the body does not have keeps its default. What
 * must hold between fields (rules.h) is looked at where each of them is good.
 */
bool request_read_video(const struct json *body, struct video *out, struct problems *p); /* CreateVideoDto */
/* Where out->id is set (from the URL), an id in the body must be the same. */
bool request_read_store(const struct json *body, struct store *out, struct problems *p);
bool request_read_product(const struct json *body, struct product *out, struct problems *p);
/*
 * POST /videos/product/{id} may carry a JSON body: aspectRatio, mode, model, reuse, musicTrackId,
 * musicVolume, voiceId, voiceVolume and the look, each optional. The caller has set the defaults in out, and
 * looks at the rules once the scenes are written.
 */
bool request_read_product_options(const struct json *body, struct video *out, struct problems *p);
/* The same with productId, which must be there, and style: what a client would ask of that product. */
bool request_read_product_wish(const struct json *body, struct video *out, struct problems *p);

/*
 * PATCH of a video: any of its fields but storeId and productId. v is a whole video, untouched where there is
 * a problem. What the body does not have stays; null takes a text away that need not be there, and sets what
 * belongs to the look to its default; a textStyle replaces all of the old one. A list of
 * scenes replaces the old one; a scene that is still made from the same prompt, image and model keeps its
 * take, also in another place.
 */
bool request_read_change(const struct json *body, struct video *v, struct problems *p);

/* Of one scene: {"prompt"?, "imageUrl"?}. An image that is null or blank goes. */
struct request_regenerate {
	char *prompt;    /* NULL: as it is */
	char *image_url; /* NULL: as it is, but for no_image */
	bool no_image;
};
void request_regenerate_done(struct request_regenerate *r);
#define AUTO_REGENERATE CLEANUP(request_regenerate_done) struct request_regenerate
bool request_read_regenerate(const struct json *body, struct request_regenerate *out, struct problems *p);

bool request_read_retry(const struct json *body, bool *accept, struct problems *p); /* acceptPossibleCharge */
bool request_read_render(const struct json *body, int *mode, struct problems *p);   /* enum video_mode */

/* A store's or product's id: at most LIMIT_ID of A-Z a-z 0-9 . _ -, the first a letter or a digit. */
bool request_id_ok(const char *s);

#endif
