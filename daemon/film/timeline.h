#ifndef VIDEOD_DAEMON_FILM_TIMELINE_H
#define VIDEOD_DAEMON_FILM_TIMELINE_H

/*
 * When everything happens: the parts of a film, how long each is, how it comes in, and where in the film the
 * voice speaks. A pure function of the video, the brand kit and, once it is there, the voice.
 *
 *   a scene with a narration   is as long as that takes to say, whatever was asked for
 *   any other scene            as long as was asked for
 *   the last scene             stays until a voice of the whole film has ended
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/film/sound.h"

struct brand;
struct video;
struct voice_times;

enum part_kind { PART_INTRO, PART_SCENE, PART_END };

struct film_part {
	enum part_kind kind;
	size_t scene;    /* PART_SCENE: which */
	unsigned at;     /* its first frame in the film */
	unsigned frames; /* at VIDEO_FPS */
	unsigned lead;   /* of them, those of the transition into it; 0: a cut */
	int transition;  /* enum look_transition, into it */
};

struct timeline {
	struct film_part *parts;
	size_t part_count;
	struct film_speech *speech; /* empty while the voice is not known */
	size_t speech_count;
	unsigned frames; /* the film's */
};

/* The voice as far as it is known. */
struct timeline_voice {
	int64_t duration_ms;             /* of its file; 0: not known yet, or none */
	const struct voice_times *times; /* NULL: there are none */
};

/* How many parts it has and of which kinds is known from the beginning; the rest as the voice is. */
void timeline_make(const struct video *v, const struct brand *brand, const struct timeline_voice *voice,
	struct timeline *ret);
void timeline_done(struct timeline *t);
#define AUTO_TIMELINE CLEANUP(timeline_done) struct timeline

/* The part of a scene. */
size_t timeline_part_of(const struct timeline *t, size_t scene);
/* Whether how long the part is depends on a voice that is not known yet. */
bool timeline_waits(const struct video *v, const struct timeline *t, size_t part);

#endif
