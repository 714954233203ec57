#ifndef VIDEOD_DAEMON_VENDOR_RUNWAY_WISH_H
#define VIDEOD_DAEMON_VENDOR_RUNWAY_WISH_H

/* What is asked of Runway for a scene, and the hashes by which it, and an equal one, is found again. Pure. */

#include <stddef.h>
#include <stdint.h>

#include "lib/io/digest.h"
#include "lib/video/models.h"

struct err;
struct settings;
struct video;

struct runway_wish {
	struct scene_choice choice;
	char *prompt;  /* as it is sent */
	int64_t seed;  /* decides the clip, but is no part of the hash: any clip of the same wish will do */
	char *request; /* JSON for the ledger */
	uint8_t request_hash[DIGEST_SHA256_BYTES], hash[DIGEST_SHA256_BYTES]; /* as in purchase_key */
};

/*
 * For scene i of v with the digest of its picture's bytes (NULL: it has none). 0, caller calls
 * runway_wish_done; or -1 ERR_PERM: no model can do it.
 */
int runway_wish_make(const struct video *v, size_t i, const struct settings *s, const uint8_t *picture,
	int64_t seed, struct runway_wish *ret, struct err *e);
void runway_wish_done(struct runway_wish *w); /* frees the members */

#endif
