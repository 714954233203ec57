#ifndef VIDEOD_DAEMON_FILM_VOICE_NOTE_H
#define VIDEOD_DAEMON_FILM_VOICE_NOTE_H

/*
 * Writes voice.json, {"durationMs","characters","startMs","endMs"}: every character of the script, in order,
 * and when it is heard in the voice's file. voice_times_read of captions.h reads it. Pure.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct json;

#define VOICE_NOTE "voice.json" /* in the work folder, beside the voice */

/* Three lists of one length. */
struct voice_note {
	struct json *characters, *start_ms, *end_ms;
	int64_t last_ms; /* nothing goes back behind it: at a seam roundings meet */
};

void voice_note_init(struct voice_note *n);
void voice_note_done(struct voice_note *n);
#define AUTO_VOICE_NOTE CLEANUP(voice_note_done) struct voice_note

void voice_note_add(struct voice_note *n, const char *character, int64_t start_ms, int64_t end_ms);
/* What stands between two pieces, white space and seams: it takes no time. */
void voice_note_between(struct voice_note *n, const char *text, size_t bytes, int64_t at_ms);
/* A text of which only the beginning and the end are known: by how long its letters take to say. */
void voice_note_share(struct voice_note *n, const char *text, size_t bytes, int64_t start_ms, int64_t end_ms);
/* The three lists become members of the object. Ends n. */
void voice_note_put(struct voice_note *n, struct json *object);
/* The JSON; caller frees. Ends n. */
char *voice_note_text(struct voice_note *n, int64_t duration_ms);

#endif
