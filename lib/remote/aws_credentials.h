#ifndef VIDEOD_REMOTE_AWS_CREDENTIALS_H
#define VIDEOD_REMOTE_AWS_CREDENTIALS_H

/*
 * Where S3's keys come from, in this order: what is configured; the environment (AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN); the shared credentials file (AWS_SHARED_CREDENTIALS_FILE,
 * AWS_PROFILE); the container's endpoint (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI with
 * AWS_CONTAINER_AUTHORIZATION_TOKEN or _TOKEN_FILE); the instance's metadata service, version 2 only
 * (AWS_EC2_METADATA_DISABLED, AWS_EC2_METADATA_SERVICE_ENDPOINT). What expires is fetched anew five minutes
 * before it does, and while a fetch fails the old one is used as long as it holds.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/macros.h"
#include "lib/remote/sigv4.h"

struct aws_credentials;
struct err;
struct http;
struct loop;

struct aws_credentials_spec {
	struct loop *loop;
	struct http *http;
	const char *id, *secret, *token;      /* configured; NULL: look elsewhere */
	const char *(*env)(const char *name); /* getenv(3), or a test's own */
	int64_t (*now)(void);                 /* seconds since 1970; NULL: of the system's clock */
};

/* ERR_PERM: nothing is configured anywhere, or what is cannot be read; says where it looked. */
int aws_credentials_new(const struct aws_credentials_spec *spec, struct aws_credentials **ret, struct err *e);
void aws_credentials_free(struct aws_credentials *c); /* calls no one who waits */
DEFINE_FREEP(aws_credentials)

/* key is valid during the call. NULL: e says why; ERR_TEMP, or ERR_BLOCKED where there are none. */
typedef void aws_credentials_fn(const struct sigv4_key *key, const struct err *e, void *arg);

/* Calls fn once: before it returns where the key is here and holds, else from the loop. */
void aws_credentials_get(struct aws_credentials *c, aws_credentials_fn *fn, void *arg);
void aws_credentials_cancel(struct aws_credentials *c, void *arg); /* fn is not called with arg any more */
/* For how many seconds those that are given out now still hold; INT64_MAX: for good, as far as one knows. */
int64_t aws_credentials_left_sec(const struct aws_credentials *c);
/* The server would not have the key. True: it is not given out again, for another one can be fetched, or read
 * of the file anew; false: there is no other one. */
bool aws_credentials_refused(struct aws_credentials *c);
/* Likewise, but it may have been something else: where no other one comes, it is given out as before. */
bool aws_credentials_doubted(struct aws_credentials *c);

#endif
