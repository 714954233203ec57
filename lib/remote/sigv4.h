#ifndef VIDEOD_REMOTE_SIGV4_H
#define VIDEOD_REMOTE_SIGV4_H

/*
 * AWS Signature Version 4 by S3's rules, as pure functions: the path is encoded once and never normalised,
 * the payload's hash is always part of it. Follows "Authenticating Requests (AWS Signature Version 4)" of the
 * Amazon S3 API Reference. Nothing here can fail but by a buffer's limit.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define SIGV4_UNSIGNED      "UNSIGNED-PAYLOAD"
#define SIGV4_TIME_SIZE     17 /* "20260102T030405Z" and its NUL */
#define SIGV4_PRESIGN_MAX_S 604800

struct sigv4_key {
	const char *id, *secret;
	const char *token; /* of temporary credentials; NULL none */
};

struct sigv4_pair {
	const char *name;
	const char *value; /* NULL: as "" */
};

struct sigv4_request {
	const char *method;
	const char *host; /* as the Host header will say it: with the port where that is not the scheme's */
	const char *path; /* as it is, not encoded; "" and "/" are the same */
	const struct sigv4_pair *query; /* not encoded, in any order; a name may come again */
	size_t query_count;
	/* Those that are sent and to be signed; in any order and case, values with any blanks. A name that
	 * comes again has its values in the order given. What is added here (host; and unless presigned,
	 * x-amz-date, x-amz-content-sha256 and x-amz-security-token) is passed over, and so is what never is
	 * signed because it is changed on the way: Expect, User-Agent, ... */
	const struct sigv4_pair *headers;
	size_t header_count;
	const char *payload; /* hex SHA-256 of the body; NULL: SIGV4_UNSIGNED, which presigned requests are */
	bool without_payload_header; /* as services other than S3 want it: no x-amz-content-sha256 is added */
	const char *region, *service;
	int64_t time; /* seconds since 1970, within the years 1970..9999 */
};

void sigv4_time(int64_t time, char out[static SIGV4_TIME_SIZE]);

/* Percent-encoded once: all but A-Za-z0-9-_.~ and the slashes. "" is "/"; what does not begin with a slash
 * gets one. */
void sigv4_encode_path(const char *path, struct buf *out);
/* "a=1&b=" in the order given, as it is sent; what is signed is sorted besides. */
void sigv4_encode_query(const struct sigv4_pair *query, size_t count, struct buf *out);

/* The steps, for tests and for whoever wants to know why a server disagrees. They hold the token, but not the
 * secret. presign_s: as expires_s below; 0: by the Authorization header. */
void sigv4_canonical_request(
	const struct sigv4_key *k, const struct sigv4_request *q, int64_t presign_s, struct buf *out);
void sigv4_string_to_sign(
	const struct sigv4_key *k, const struct sigv4_request *q, int64_t presign_s, struct buf *out);

/* The value of the Authorization header. The caller sends it with X-Amz-Date (sigv4_time), with
 * X-Amz-Content-Sha256 (payload), and X-Amz-Security-Token where the key has one. */
void sigv4_authorization(const struct sigv4_key *k, const struct sigv4_request *q, struct buf *out);

/* The query of a signed address, encoded: q's own in the order given, what signing adds, X-Amz-Signature
 * last. expires_s: 1..SIGV4_PRESIGN_MAX_S. Whoever uses the address sends q's headers too. */
void sigv4_presigned_query(
	const struct sigv4_key *k, const struct sigv4_request *q, int64_t expires_s, struct buf *out);

#endif
