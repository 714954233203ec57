#ifndef VIDEOD_CGI_VIEW_H
#define VIDEOD_CGI_VIEW_H

/* How the things we speak of look on the wire: camelCase, lengths in seconds, times in RFC 3339, null for
 * what is absent. */

#include "lib/video/purchases.h"
#include "lib/video/settings.h"
#include "lib/video/video.h"

struct json;

/* What was bought for one video. Init with zeroes. */
struct view_bought {
	struct purchase *used; /* by its steps, perhaps another video's */
	size_t used_count;
	struct purchase *ledger; /* its own, oldest first */
	size_t ledger_count;
};

/* All give a new object that the caller frees. */
/* The status and everything else; what was bought only where it is given, for lists leave it out. */
struct json *view_video(const struct video *v, const struct view_bought *bought, const struct settings *s);
struct json *view_accepted(const struct video *v); /* {videoId,status,progress} */
struct json *view_store(const struct store *s);
struct json *view_product(const struct product *p);
struct json *view_product_brief(const struct product *p); /* {id,title,images} */
struct json *view_track(const struct music_track *t);

#endif
