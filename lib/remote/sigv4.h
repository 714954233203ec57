#ifndef VIDEOD_REMOTE_SIGV4_H
#define VIDEOD_REMOTE_SIGV4_H

/*
 * AWS Signature Version 4 by S3's rules, as pure functions: the path is encoded once and never normalised,
 * the payload's hash is always part of it. Follows "Authenticating Requests (AWS Signature Version 4)" of the
 * Amazon S3 API Reference. Nothing here can fail but by a buffer's limit.
 */

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
	const struct sigv4_pair *query; /* not encoded, in any order */
	size_t query_count;
	/* Those that are sent and to be signed besides host, x-amz-date, x-amz-content-sha256 and
	 * x-amz-security-token, which are added; in any order and case. */
	const struct sigv4_pair *headers;
	size_t header_count;
	const char *payload; /* hex SHA-256 of the body, or SIGV4_UNSIGNED */
	const char *region, *service;
	int64_t time; /* seconds since 1970 */
};

void sigv4_time(int64_t time, char out[static SIGV4_TIME_SIZE]);

/* Percent-encoded as S3 wants it: all but A-Za-z0-9-_.~, and in a path the slashes. */
void sigv4_encode_path(const char *path, struct buf *out);
/* "a=1&b=" in the order in which it is signed. */
void sigv4_encode_query(const struct sigv4_pair *query, size_t count, struct buf *out);

/* The steps, for tests and for whoever wants to know why a server disagrees; they hold no secret. */
void sigv4_canonical_request(const struct sigv4_key *k, const struct sigv4_request *q, struct buf *out);
void sigv4_string_to_sign(const struct sigv4_key *k, const struct sigv4_request *q, struct buf *out);

/* The value of the Authorization header. */
void sigv4_authorization(const struct sigv4_key *k, const struct sigv4_request *q, struct buf *out);

/* The query of a signed address, encoded, X-Amz-Signature last; q->payload is not looked at. expires_s:
 * 1..SIGV4_PRESIGN_MAX_S. */
void sigv4_presigned_query(
	const struct sigv4_key *k, const struct sigv4_request *q, int64_t expires_s, struct buf *out);

#endif
