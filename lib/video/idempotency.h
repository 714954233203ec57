#ifndef VIDEOD_VIDEO_IDEMPOTENCY_H
#define VIDEOD_VIDEO_IDEMPOTENCY_H

/*
 * A client's own key for a request that must not be done twice, after
 * draft-ietf-httpapi-idempotency-key-header. Keys belong to a store; each is good for a day, or until its
 * video is gone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/io/digest.h"

struct db;
struct err;
struct uuid;

struct idempotency {
	const char *key;                           /* borrowed */
	uint8_t request_hash[DIGEST_SHA256_BYTES]; /* of the method, the path with its query, and the body */
};

bool idempotency_key_ok(const char *key); /* 1 to LIMIT_CLIENT_KEY printable ASCII characters */
struct idempotency idempotency_of(
	const char *key, const char *method, const char *uri, const void *body, size_t body_len);

/*
 * Within a transaction, before it locks anything else: others with this key wait for its end. 1 the key is
 * ours, to be kept or rolled back; 0 the same request made *ret_video; -1, by ERR_PERM with http_status 422
 * where it was another request's.
 */
int idempotency_claim(
	struct db *db, int64_t store, const struct idempotency *i, struct uuid *ret_video, struct err *e);
/* Within the same transaction, once the video is there. */
int idempotency_keep(
	struct db *db, int64_t store, const struct idempotency *i, const struct uuid *video, struct err *e);

#endif
