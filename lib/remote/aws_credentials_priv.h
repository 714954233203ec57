#ifndef VIDEOD_REMOTE_AWS_CREDENTIALS_PRIV_H
#define VIDEOD_REMOTE_AWS_CREDENTIALS_PRIV_H

/* The sources of keys that take reading: the shared credentials file, and endpoints that hand them out. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct aws_fetch;
struct err;
struct http;
struct loop;

/* Owned; overwritten before they are freed. */
struct aws_keys {
	char *id, *secret;
	char *token;     /* NULL none */
	int64_t expires; /* seconds since 1970; 0: never, as far as one knows */
};
void aws_keys_done(struct aws_keys *k);
#define AUTO_KEYS CLEANUP(aws_keys_done) struct aws_keys

/* A secret's end; NULL is allowed. */
void aws_wipe(char *secret);

/* Both are there, and all of them can be said in a header. */
bool aws_keys_ok(const struct aws_keys *k);

/* A profile of a shared credentials file, "[name]" or "[profile name]". 1; 0: no such profile, or without
 * keys; -1 (ERR_PERM): one of the two without the other, or not fit for a header. */
int aws_profile_read(const char *text, const char *profile, struct aws_keys *ret_keys, struct err *e);

/* What an endpoint answers: {"AccessKeyId", "SecretAccessKey", "Token", "Expiration", perhaps "Code"}. -1
 * ERR_TEMP: it is not that. No text of it is in the error. */
int aws_answer_read(const char *p, size_t n, struct aws_keys *ret_keys, struct err *e);

/* Whether a container's credentials may be asked of this address: https, or http to this machine or to one of
 * the fixed addresses of ECS and EKS. */
bool aws_container_uri_ok(const char *uri);

typedef const char *aws_env_fn(const char *name);

/* Fetching from the container's endpoint or the instance's metadata service, whichever the environment says.
 * 1; 0: neither, for the metadata service is disabled; -1 (ERR_PERM) what it says cannot be used. */
int aws_fetch_new(
	struct loop *l, struct http *h, aws_env_fn *env, struct aws_fetch **ret_fetch, struct err *e);
void aws_fetch_free(struct aws_fetch *f); /* done is not called any more */
DEFINE_FREEP(aws_fetch)

/* done may take what is in keys, and leave it empty. NULL: e says why, ERR_TEMP, or ERR_BLOCKED where there
 * will be none until somebody acts. */
typedef void aws_fetch_fn(struct aws_keys *keys, const struct err *e, void *arg);
/* Calls done once, from the loop. One at a time. */
void aws_fetch_start(struct aws_fetch *f, aws_fetch_fn *done, void *arg);

#endif
