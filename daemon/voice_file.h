#ifndef VIDEOD_DAEMON_VOICE_FILE_H
#define VIDEOD_DAEMON_VOICE_FILE_H

/* The work folder's files about when the voice says what, whoever speaks. */

#include <stddef.h>
#include <stdint.h>

struct err;
struct run;
struct voice_note;

/* As film_speech_places, from the file that the command left, which is removed. 0, -1 ERR_TEMP. */
int voice_file_places(
	const struct run *r, size_t pieces, int64_t end_ms, int64_t *ret_places_ms, struct err *e);
/* Writes voice.json, and ends note. 0, -1. */
int voice_file_write(const struct run *r, struct voice_note *note, int64_t duration_ms, struct err *e);

#endif
