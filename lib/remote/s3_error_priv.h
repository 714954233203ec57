#ifndef VIDEOD_REMOTE_S3_ERROR_PRIV_H
#define VIDEOD_REMOTE_S3_ERROR_PRIV_H

/*
 * What an S3 server's answer means: every error code and HTTP status that is known has its row in a table
 * (s3_error.c), and nowhere else is anything decided by them. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct http_result;
struct xml_node;

enum s3_what {
	S3_FINE,
	S3_RETRY,       /* passes by itself: the server's fault, or broken on the way */
	S3_THROTTLE,    /* as S3_RETRY, with longer waits */
	S3_REGION,      /* sign anew for .region, once */
	S3_CLOCK,       /* sign anew by .server_time, once */
	S3_KEY,         /* the credentials: fetch others, once */
	S3_DENIED,      /* these credentials may not do it */
	S3_NOT_FOUND,   /* no such object; or by a status without a body, no such something */
	S3_UPLOAD_GONE, /* no such upload in parts: done before, or begin anew */
	S3_PART_GONE,   /* it is there, but not with these parts: begin anew */
	S3_NO_BUCKET,
	S3_MISSET,  /* what is configured does not suit the server: storage class, encryption, region, ... */
	S3_FULL,    /* a quota, or the disk */
	S3_FOREIGN, /* said by somebody in between, or cut off: as S3_RETRY, then for the operator */
	S3_REFUSED, /* the same request will be refused again */
	S3_WHAT_COUNT,
};

struct s3_answer {
	int status;
	const char *body; /* may hold anything; NULL none, as of HEAD */
	size_t body_n;
	const char *root; /* the element that the body of a success must be ("CompleteMultipartUploadResult");
			     anything else is S3_RETRY. NULL: a success's body is not looked at, but for S3's
			     own <Error> */
	/* headers, NULL for none */
	const char *region;     /* x-amz-bucket-region */
	const char *request_id; /* x-amz-request-id */
	const char *date;       /* Date */
	int64_t retry_after_s;  /* -1 none */
	int64_t now; /* seconds since 1970, by the clock of which it was signed, when the answer came */
	const char *signed_for; /* the region; NULL not known */
	const char *key_id;     /* that it was signed with: no text of ours shows it; NULL none */
};

struct s3_verdict {
	enum s3_what what;
	int status;
	char code[64];        /* as the server says it, "" none; printable, as the rest is */
	char message[200];    /* "" none */
	char request_id[128]; /* "" none */
	char region[65];      /* with S3_REGION; s3_region_ok */
	bool may_be_key;      /* with S3_DENIED: nothing tells it from S3_KEY */
	int64_t server_time;  /* with S3_CLOCK: what the server's clock says, seconds since 1970 */
	int64_t wait_s;       /* at least so long before the next try; 0: as one likes */
};

/* status, body and headers of r; the rest is the caller's. */
void s3_answer_of(const struct http_result *r, struct s3_answer *ret);
void s3_judge(const struct s3_answer *a, struct s3_verdict *ret);
/* Of an <Error> that a success lists, such as of a key that was not deleted. */
void s3_judge_error(const struct xml_node *error, const char *key_id, struct s3_verdict *ret);
/* Not for S3_FINE. "PUT bucket/key: status 503, SlowDown: Please reduce your request rate. (request ABC)",
 * kind by what. Returns -1. */
int s3_verdict_err(const struct s3_verdict *v, const char *asked, struct err *e);

#endif
