#ifndef VIDEOD_REMOTE_S3_ENDPOINT_PRIV_H
#define VIDEOD_REMOTE_S3_ENDPOINT_PRIV_H

/* Where a bucket is: scheme, host, path and address of its objects. Pure. */

#include <stdbool.h>

#include "lib/base/macros.h"

struct buf;
struct err;

#define S3_REGION_MAX     64
#define S3_REGION_DEFAULT "us-east-1"

struct s3_endpoint_spec {
	const char *endpoint; /* "https://host[:port][/prefix]"; NULL: AWS, by region */
	const char *region;   /* NULL: S3_REGION_DEFAULT */
	const char *bucket;
	bool path_style;
	bool allow_http; /* also where it is not loopback */
};

struct s3_endpoint {
	char *origin; /* "https://host:port", for addresses */
	char *host;   /* as the Host header says it, in small letters: no port where it is the scheme's own */
	char *base;   /* of every path, not encoded: "", "/bucket", "/prefix/bucket" */
	bool path_style; /* asked for, or because the host has no name, or because of TLS: a certificate for
			    "*.host" does not cover a bucket's name with dots */
};

/* ERR_PERM with what is wrong: an endpoint that is none, http to a host that is not loopback, a bucket's name
 * or a region that is none. */
int s3_endpoint_init(struct s3_endpoint *p, const struct s3_endpoint_spec *spec, struct err *e);
void s3_endpoint_done(struct s3_endpoint *p);
#define AUTO_S3_ENDPOINT CLEANUP(s3_endpoint_done) struct s3_endpoint

/* What is signed, not encoded: "/bucket/key". key NULL: the bucket itself ("/bucket", "/"). */
void s3_endpoint_path(const struct s3_endpoint *p, const char *key, struct buf *out);
/* What is asked for: the path encoded once, and behind it "?query" where there is one (encoded by now; NULL
 * or "": none). */
void s3_endpoint_url(const struct s3_endpoint *p, const char *key, const char *query, struct buf *out);

/* May be part of a host's name and of a signature: also for what a server calls its region. */
bool s3_region_ok(const char *region);

#endif
