#ifndef VIDEOD_REMOTE_ELEVENLABS_H
#define VIDEOD_REMOTE_ELEVENLABS_H

/*
 * ElevenLabs' API: speak with timestamps, list voices and models, read the account. As runway.h: done exactly
 * once, never retries, exactly one of result and v is not NULL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"
#include "lib/remote/verdict.h"

/* No answer to a request for speech comes later: the official client's time. Most of it may pass before the
 * first byte. */
#define ELEVENLABS_SPEAK_MS 240000

struct buf;
struct http;
struct elevenlabs;
struct elevenlabs_call;

struct elevenlabs_options {
	struct http *http;
	const char *url; /* "https://api.elevenlabs.io"; http is taken for loopback only */
	const char *key; /* copied; appears in no error and no log */
};
int elevenlabs_new(const struct elevenlabs_options *o, struct elevenlabs **ret, struct err *e);
void elevenlabs_free(struct elevenlabs *x);
DEFINE_FREEP(elevenlabs)

struct speech_order {
	int64_t send_by_ms;                           /* see http_request */
	const char *voice_id, *model, *format;        /* "mp3_44100_128" */
	const char *text, *previous_text, *next_text; /* the last two NULL: none */
	int stability, similarity, style, speed;      /* per cent; 0 is 0 */
};
void elevenlabs_speak_body(const struct speech_order *o, struct buf *out);

/* Of each character (code point) of the text, in order, milliseconds from the sound's beginning. */
struct speech_times {
	size_t count;
	char **characters; /* UTF-8 */
	int64_t *start_ms, *end_ms;
};
struct speech {
	const char *request_id;           /* printable ASCII without spaces, at most 128; "" not said */
	int64_t cost_milli;               /* thousandths of a credit (character-cost), -1 not said */
	int64_t concurrency;              /* maximum-concurrent-requests, 0 not said */
	int64_t bytes;                    /* of sound written to fd */
	const struct speech_times *times; /* NULL: the vendor gave none */
};
typedef void speech_fn(const struct speech *s, const struct verdict *v, void *arg);
/*
 * Paid. The sound is decoded as it comes and written to fd (the caller's; at most max_bytes), never held in
 * memory; the times are. A reply that breaks off or is not what it should be is ERR_UNCERTAIN.
 */
int elevenlabs_speak(struct elevenlabs *x, const struct speech_order *o, int fd, int64_t max_bytes,
	speech_fn *done, void *arg, struct elevenlabs_call **ret_call, struct err *e);

/* lib/remote/speech_reader.c: takes the reply apart as it comes. Pure but for fd; fuzzed. */
struct speech_reader;
struct speech_reader *speech_reader_new(int fd, int64_t max_bytes);
/* False: it is not what it should be, or could not be written; speech_reader_end says which. */
bool speech_reader_take(struct speech_reader *s, const char *p, size_t n);
/* 0 and the times (owned by s; NULL none), or -1: ERR_TEMP for a full disk, ERR_PERM otherwise. */
int speech_reader_end(
	struct speech_reader *s, const struct speech_times **ret_times, int64_t *ret_bytes, struct err *e);
void speech_reader_free(struct speech_reader *s);
DEFINE_FREEP(speech_reader)

struct elevenlabs_voice {
	const char *id, *name, *category; /* category "" when not said */
	const char *gender, *preview_url; /* NULL not said */
};
struct elevenlabs_voices {
	const struct elevenlabs_voice *list;
	size_t count;
	const char *next_page_token; /* NULL: this was the last page */
};
typedef void elevenlabs_voices_fn(const struct elevenlabs_voices *p, const struct verdict *v, void *arg);
int elevenlabs_voices(struct elevenlabs *x, const char *page_token, elevenlabs_voices_fn *done, void *arg,
	struct elevenlabs_call **ret_call, struct err *e);

struct elevenlabs_model {
	const char *id, *name;
	int64_t max_characters; /* of one request */
	int64_t cost_permille;  /* credits for a thousand characters */
};
typedef void elevenlabs_models_fn(
	const struct elevenlabs_model *list, size_t count, const struct verdict *v, void *arg);
/* Those that can speak text. list NULL with v. */
int elevenlabs_models(struct elevenlabs *x, elevenlabs_models_fn *done, void *arg,
	struct elevenlabs_call **ret_call, struct err *e);

struct elevenlabs_account {
	int64_t left_milli; /* credits */
	char tier[33];
};
typedef void elevenlabs_account_fn(const struct elevenlabs_account *a, const struct verdict *v, void *arg);
int elevenlabs_account(struct elevenlabs *x, elevenlabs_account_fn *done, void *arg,
	struct elevenlabs_call **ret_call, struct err *e);

void elevenlabs_call_cancel(struct elevenlabs_call *c); /* done is not called; NULL is allowed */

#endif
