#ifndef VIDEOD_VIDEO_UPLOADS_H
#define VIDEOD_VIDEO_UPLOADS_H

/*
 * Pictures, voices and music that stores upload. A file is named for its content, so the same content is one
 * file of its store: settings.uploads_dir/STORE/NAME, whose address is /uploads/STORE/NAME (own_files.h). The
 * table says whose it is, how large, and when it was last of use.
 */

#include <stdint.h>

#include "lib/video/limits.h"
#include "lib/video/own_files.h"

struct db;
struct err;
struct settings;

#define UPLOADS_INCOMING ".incoming" /* folder in uploads_dir of what is being written */

/* A media type that is taken, as clients write it. */
struct upload_type {
	const char *name;   /* "image/jpeg", as filetype_of says it */
	const char *ending; /* of files */
};
/* By a Content-Type, whatever its parameters; NULL: it is not taken. */
const struct upload_type *uploads_type(const char *content_type);
#define UPLOADS_TYPES                                                                                        \
	"audio/mpeg, audio/wav, audio/mp4, audio/ogg, audio/flac, image/jpeg, image/png or image/webp"

struct upload {
	const char *store;
	char name[OWN_UPLOAD_NAME + 1];
	int64_t bytes;
};

/*
 * Writes down that the store has that file, before it gets its name. 1 it is new, 0 it had it already, -1
 * failed: ERR_PERM with http_status 404 for an unknown store, with 413 where all its uploads together would
 * be more than it may have.
 */
int uploads_put(struct db *db, const struct settings *s, const struct upload *u, struct err *e);
/* That a request names it: from now on it stays for upload_keep_days at least. 1, 0 there is none, -1. */
int uploads_touch(struct db *db, const char *store, const char *name, struct err *e);

/*
 * Upkeep; any daemon may call it at any time. Looks at a few files that were of no use for upload_keep_days,
 * and removes those that nothing refers to; the others have been of use just now. How many are gone, -1.
 */
int uploads_sweep(struct db *db, const struct settings *s, struct err *e);
/* Of what is being written, files that nobody writes any more. How many are gone, -1. */
int uploads_sweep_incoming(const struct settings *s, struct err *e);

#endif
