#ifndef VIDEOD_DAEMON_VENDOR_SPEECH_PRIV_H
#define VIDEOD_DAEMON_VENDOR_SPEECH_PRIV_H

/*
 * A script that ElevenLabs speaks. step_speech.c comes to its pieces; speech_call.c is the paid request for
 * one, until its sound lies sealed in bought_dir; speech_note.c is what lies beside it and what of it goes to
 * the work folder.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct err;
struct media;
struct order;
struct purchase;
struct run;
struct speech;
struct speech_order;
struct step;

/*
 * The note beside a piece's sound: {"requestId","costMilli","bytes","characters":[...],"startMs":[...],
 * "endMs":[...]}. It is there before the sound is sealed, so a sealed piece tells all that the vendor said.
 */
char *speech_note_text(const struct speech *sp); /* caller frees */

/* Whether the answer to p's request is here, sealed by an earlier claim: fills p as the answer did. */
bool speech_note_recover(const struct engine *en, struct purchase *p);

/* The note of the piece goes to the work folder; one that is missing is replaced by an empty one. 0, -1. */
int speech_note_take(const struct step *s, const char *artefact, size_t piece, struct err *e);

/*
 * Writes voice.json (voice_note.h) in the work folder: each piece's times from where its sound begins in the
 * whole. 0, -1.
 */
int speech_note_join(struct step *s, const struct media *voice, struct err *e);

/* Whether all of the script, in pieces of at most max_points, was bought for this video and is kept. 1, 0,
 * -1. */
int speech_is_here(const struct run *r, int64_t max_points, struct err *e);

/*
 * Sends what o asks for as o's call; the sound goes to fd (taken over), bought_dir's part of name. Tells o
 * the answer, after having sealed it, for as long as it takes. Returns at once, also when it could not be
 * sent.
 */
void speech_call(struct engine *en, struct order *o, const struct speech_order *q, const char *name, int fd,
	int64_t max_bytes);

#endif
