#ifndef VIDEOD_REMOTE_JSON_STREAM_PRIV_H
#define VIDEOD_REMOTE_JSON_STREAM_PRIV_H

/*
 * JSON as it comes, in pieces of any size, without ever holding more than one number or one key of it. Strict
 * as lib/io/json.h, but that a lone surrogate becomes U+FFFD, keys may come twice and strings may hold any
 * bytes: who listens knows which matter.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_STREAM_DEPTH 64
#define JSON_STREAM_TOKEN                                                                                    \
	64 /* bytes of a number, and of a key that is told whole; longer keys are told cut */

enum json_stream_event {
	STREAM_OBJECT,
	STREAM_ARRAY,
	STREAM_STRING, /* begins; then parts, then its end */
	STREAM_STRING_PART,
	STREAM_STRING_END,
	STREAM_NUMBER,
	STREAM_LITERAL, /* "null", "true", "false" */
	STREAM_KEY,
	STREAM_END, /* of an object or array */
};

/* text is NUL-terminated with keys, numbers and literals. False ends the reading. */
typedef bool json_stream_fn(void *arg, enum json_stream_event event, const char *text, size_t n);

struct json_stream {
	json_stream_fn *on_event;
	void *arg;
	unsigned depth; /* of open objects and arrays: before one is told that begins, after one that ended */
	/* below: its own */
	uint64_t objects; /* bit i: what is open at depth i + 1 is an object */
	unsigned state;
	bool is_key;            /* the string that is read */
	unsigned hex, hex_left; /* of a \u escape */
	unsigned high;          /* a surrogate that waits for its other half */
	char token[JSON_STREAM_TOKEN];
	size_t token_len;
};

void json_stream_init(struct json_stream *s, json_stream_fn *on_event, void *arg);
bool json_stream_take(struct json_stream *s, const char *p, size_t n); /* false: broken, and stays so */
bool json_stream_whole(const struct json_stream *s);                   /* one value has come, and all of it */

#endif
