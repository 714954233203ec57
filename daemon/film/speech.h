#ifndef VIDEOD_DAEMON_FILM_SPEECH_H
#define VIDEOD_DAEMON_FILM_SPEECH_H

/* Joins a script's pieces, as a vendor spoke them, to one WAV of 48 kHz mono. Pure; as film.h. */

#include <stddef.h>
#include <stdint.h>

struct args;
struct film_tools;

/* Of sound in a format by the vendor's name, such as "mp3_44100_128". */
int64_t film_speech_bytes_per_sec(const char *format);

#define FILM_SPEECH_RATE         48000
#define FILM_SPEECH_SAMPLE_BYTES 2
#define FILM_SPEECH_PIECES       20 /* at most: what one command takes */

#define FILM_SPEECH_EXTENSION "mp3" /* the setting elevenlabs_format takes no other */
/* "voice-003.mp3": a piece's file in the work folder. */
void film_speech_name(size_t piece, const char *extension, char out[static 32]);

/*
 * The pieces' files by film_speech_name -> out. Beside it, where there are several, each but the last becomes
 * its raw samples ("voice-003.raw"), so that the place of each next one in out is known to the sample.
 */
void film_speech_join_args(const struct film_tools *t, size_t pieces, const char *out, struct args *a);

#endif
