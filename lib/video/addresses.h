#ifndef VIDEOD_VIDEO_ADDRESSES_H
#define VIDEOD_VIDEO_ADDRESSES_H

/*
 * Where clients find what was published. A key is stored, an address is derived from it when it is shown:
 * under public_url or cdn_domain, or a signed one, which the daemon makes because only it has the key to sign
 * with. Signed ones are kept with the video until they end; who reads a video whose addresses end soon asks
 * for new ones (links_want), and the daemon makes them. They last s3_link_sec, or as long as the daemon's
 * temporary key.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"
#include "lib/io/uuid.h"

struct db;
struct err;
struct json;
struct settings;
struct video;

/* Whether clients get signed addresses: the storage is a bucket, and no cdn_domain delivers it. */
bool addresses_are_signed(const struct settings *s);

struct addresses { /* of one video */
	const struct settings *settings;
	struct json *links;
};
#define AUTO_ADDRESSES CLEANUP(addresses_done) struct addresses
struct addresses addresses_of(const struct video *v, const struct settings *s);
void addresses_done(struct addresses *a);
/* NULL for a NULL key, and where the signed one is not made yet or has ended. Caller frees. */
char *address_get(const struct addresses *a, const char *key);

/* Whether clients that read it now should get new ones: those that it has end soon, or it has none. */
bool links_end_soon(const struct video *v, const struct settings *s);
/* Has the daemon make new ones. 1, 0 nothing to do: it is asked already, or has just made some; -1. */
int links_want(struct db *db, const struct uuid *id, struct err *e);

struct link_wish {
	struct uuid id;
	char *video_key; /* of the film it was when it was asked */
	char *outputs;
};
/* For the daemon: those that are wanted, at most max. Caller frees with links_free. 0, -1. */
int links_wanted(struct db *db, size_t max, struct link_wish **ret_list, size_t *ret_count, struct err *e);
void links_free(struct link_wish *list, size_t count);
/* links: {key: address}, good for so long. Not written where another film was published meanwhile. 0, -1. */
int links_put(struct db *db, const struct link_wish *w, const char *links, int64_t seconds, struct err *e);
/* There is nothing to make any of. 0, -1. */
int links_cannot(struct db *db, const struct link_wish *w, struct err *e);

#endif
