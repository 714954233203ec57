#ifndef VIDEOD_DAEMON_VOICE_FILE_H
#define VIDEOD_DAEMON_VOICE_FILE_H

/* The work folder's files about when the voice says what, whoever speaks. */

#include <stddef.h>
#include <stdint.h>

struct args;
struct err;
struct run;
struct step;
struct voice_note;

#define VOICE_FILE "voice.wav" /* in the work folder */

/* Runs a command that makes s->part of pieces and prints where each begins; then as step_run_child. */
int voice_file_make(struct step *s, const struct args *command, struct err *e);
/* What that command printed: as film_speech_places. 0, -1 ERR_TEMP. */
int voice_file_places(
	const struct run *r, size_t pieces, int64_t end_ms, int64_t *ret_places_ms, struct err *e);
/* Writes voice.json, and ends note. 0, -1. */
int voice_file_write(const struct run *r, struct voice_note *note, int64_t duration_ms, struct err *e);

#endif
