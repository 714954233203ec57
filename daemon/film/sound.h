#ifndef VIDEOD_DAEMON_FILM_SOUND_H
#define VIDEOD_DAEMON_FILM_SOUND_H

/*
 * What the film sounds like: voice cleaned and levelled; music looped without a seam to be heard, ducked
 * under the voice, faded; the clips' own sound where it is wanted. Two passes: the mix is made and measured,
 * then it gets the one gain, and the limiter, that bring it to -14 LUFS +-0.5 with peaks below -1 dBTP (EBU R
 * 128). Exactly the film's length: a frame is 1,600 samples at 48 kHz.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/film/tools.h"

struct args;
struct buf;
struct err;

/* A stretch of the voice's file and where in the film it is heard. */
struct film_speech {
	int64_t from_ms, to_ms; /* of the file; to_ms 0: its end */
	int64_t at_ms;          /* of the film */
};

/* The own sound of a part's clip. */
struct film_noise {
	const char *clip;
	int64_t at_ms, length_ms; /* where in the film; from the clip's beginning */
};

struct film_sound {
	unsigned frames;                  /* the film's */
	const char *voice;                /* file in the work folder, NULL none */
	const struct film_speech *speech; /* rising, not overlapping */
	size_t speech_count;
	const char *music;              /* NULL none */
	const struct film_noise *noise; /* of clips that have sound */
	size_t noise_count;
	int voice_volume, music_volume, scene_volume; /* 0..100 to the ear; 0 is silence */
};

#define FILM_LOUDNESS_LUFS (-14.0)
#define FILM_PEAK_DBTP     (-1.0)

/* First pass: everything -> out, WAV 48 kHz stereo of 32-bit floats; prints what film_measure_read reads. */
void film_mix_args(const struct film_tools *t, const struct film_sound *s, const char *out, struct args *a);

struct film_loudness {
	double lufs;  /* integrated; below -70: silence */
	double dbtp;  /* true peak */
	double range; /* LU */
};
/* From a command's standard output. -1 ERR_TEMP when there is none. */
int film_measure_read(const char *text, size_t n, struct film_loudness *ret, struct err *e);
/* Second pass: mix -> out, AAC 48 kHz stereo in MP4; also prints its measure. gain_db: see film_gain. */
void film_master_args(const struct film_tools *t, const char *mix, unsigned frames, double gain_db,
	const char *out, struct args *a);
/*
 * The gain for the second pass. tried_db is the last try's and got what came of it (NULL: the first try), for
 * a limiter takes some away. Silence stays silent. false: got is within 0.3 LU and the peak: it is done.
 */
bool film_gain(
	const struct film_loudness *mix, double tried_db, const struct film_loudness *got, double *ret_db);

#endif
