#ifndef VIDEOD_DAEMON_FILM_LOCAL_VOICE_H
#define VIDEOD_DAEMON_FILM_LOCAL_VOICE_H

/*
 * The voice of the local provider: flite, which speaks English and says nothing of when. So it speaks
 * sentence by sentence; where each begins in the whole is then known to the sample (speech.h). Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct args;
struct film_tools;
struct voice_note;

#define LOCAL_VOICE_PIECES 100 /* at most: what one command takes; more sentences are spoken in groups */

/* A sentence or a few, of one narration. */
struct local_piece {
	size_t at, len;    /* bytes of the script, without white space at both ends */
	int64_t silent_ms; /* flite has no sounds for it: silence, for as long as saying it takes; 0: it has
			    */
	bool pause;        /* after it, for one of the same narration follows */
};
/* How many; caller frees *ret. 0: the script is nothing but white space. */
size_t local_voice_pieces(const char *script, struct local_piece **ret);

/* "say-003.txt": the file in the work folder that has the text of a piece. */
void local_voice_name(size_t piece, char out[static 32]);
/* Speaks the pieces -> out, WAV 48 kHz mono; prints what film_speech_places reads. voice_id: voices.h. */
void local_voice_args(const struct film_tools *t, const struct local_piece *pieces, size_t count,
	const char *voice_id, const char *out, struct args *a);
/* The whole script, by where its pieces begin and the end of the last. */
void local_voice_note(const char *script, const struct local_piece *pieces, size_t count,
	const int64_t *places_ms, int64_t end_ms, struct voice_note *note);

#endif
