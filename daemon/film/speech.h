#ifndef VIDEOD_DAEMON_FILM_SPEECH_H
#define VIDEOD_DAEMON_FILM_SPEECH_H

/* Joins a script's pieces, as a vendor spoke them, to one WAV of 48 kHz mono. Pure; as film.h. */

#include <stddef.h>
#include <stdint.h>

struct args;
struct buf;
struct err;
struct film_tools;

/* Of sound in a format by the vendor's name, such as "mp3_44100_128". */
int64_t film_speech_bytes_per_sec(const char *format);

#define FILM_SPEECH_PIECES 60 /* at most: what one command takes, and more than a film has scenes */

#define FILM_SPEECH_EXTENSION "mp3" /* the setting elevenlabs_format takes no other */
/* "voice-003.mp3": a piece's file in the work folder. */
void film_speech_name(size_t piece, const char *extension, char out[static 32]);

/* The pieces' files by film_speech_name -> out; prints what film_speech_places reads. */
void film_speech_join_args(const struct film_tools *t, size_t pieces, const char *out, struct args *a);

/* What every join of pieces has: see speech.c. Of piece i's chain, which is begun; then of them all. */
void film_speech_end_piece(size_t i, struct buf *filters);
void film_speech_end_filters(size_t pieces, struct buf *filters);
void film_speech_add_output(const char *out, struct args *a);

/*
 * Where each piece begins in the whole, to the sample, from what the command printed: milliseconds, rounded,
 * never falling; one that has no sound begins where the next one does. ret has room for pieces; the last ones
 * without sound get end_ms. -1 ERR_TEMP when it is not that.
 */
int film_speech_places(
	const char *text, size_t pieces, int64_t end_ms, int64_t *ret_places_ms, struct err *e);

#endif
