#ifndef VIDEOD_REMOTE_VERDICT_H
#define VIDEOD_REMOTE_VERDICT_H

/*
 * What an answer of a vendor means: every failureCode, HTTP status and error body that is known has its row
 * in a table (verdict.c), and nowhere else is anything decided by them. err.kind says what to do:
 *
 * - ERR_TEMP: conclusively nothing was bought, or the call is free to repeat: again, later
 * - ERR_PERM: the same request will be refused again
 * - ERR_BLOCKED: the operator must act; reason says what is wrong
 * - ERR_UNCERTAIN: a paid request may have been accepted
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

struct http_result;

struct verdict {
	struct err err;     /* the text has the vendor's own words: for the operator only */
	const char *told;   /* what the client is told, a static text; NULL: nothing but what the step says */
	const char *reason; /* with ERR_BLOCKED: "out_of_credit", "bad_key", "daily_limit"; else NULL */
	int64_t wait_ms;    /* at least so long before the next try; 0: the usual backoff */
	bool image;         /* Runway says that the fault is in the picture or its address */
	bool outage;        /* with ERR_TEMP: the vendor is busy or away, and would be for any request */
};

enum verdict_call {
	CALL_PAID, /* a create, or speech: an answer that says nothing leaves it unknown */
	CALL_FREE, /* anything that may be repeated for nothing */
};

/* For an HTTP status that is no success, with its body; or a body of a success that is not what it should be.
 */
void verdict_runway(const struct http_result *r, enum verdict_call call, struct verdict *ret);
void verdict_elevenlabs(const struct http_result *r, enum verdict_call call, struct verdict *ret);
/* No answer: e of the HTTP client. A paid call stays as uncertain as e says; a free one never is. */
void verdict_no_answer(const struct err *e, enum verdict_call call, const char *vendor, struct verdict *ret);
/* A success whose body is not what it should be: unknown when it was paid for, else again. */
void verdict_bad_body(const struct http_result *r, enum verdict_call call, const char *vendor,
	const char *what, struct verdict *ret);
/* A task that FAILED, by its failureCode (NULL: none) and failure text. */
void verdict_runway_task(const char *failure_code, const char *failure, struct verdict *ret);

#endif
