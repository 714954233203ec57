#ifndef VIDEOD_DAEMON_FILM_SOUND_H
#define VIDEOD_DAEMON_FILM_SOUND_H

/*
 * What the film sounds like: voice cleaned and levelled; music looped without a seam to be heard, ducked
 * under the voice, faded; the clips' own sound where it is wanted. The commands, in their order:
 *
 *   listen   how loud is each source?                 film_listen_args, film_listen_read
 *   mix      all of it, as floats, and its measure    film_mix_args, film_measure_read
 *   master   one gain and a limiter, AAC              film_gain, film_master_args   | at most
 *   measure  the AAC as it is heard                   film_measure_args, _read      | FILM_MASTERS times
 *
 * They bring the film to -14 LUFS +-0.5 with true peaks of at most -1 dBTP (EBU R 128, ITU-R BS.1770). Of
 * what is silence, and of what a gain of FILM_GAIN_MAX_DB does not bring there, nothing is asked. The sound
 * is exactly as long as the film: a frame is 1,600 samples at 48 kHz.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/film/tools.h"

struct args;
struct err;
struct media;

/* A stretch of the voice's file and where in the film it is heard, to the sample. */
struct film_speech {
	int64_t from_ms, to_ms; /* of the file; to_ms 0: its end */
	int64_t at_ms;          /* of the film */
};

/* The own sound of a part's clip. */
struct film_noise {
	const char *clip;         /* that has sound; a clip without is left out */
	int64_t at_ms, length_ms; /* where in the film; from the clip's beginning */
};
#define FILM_NOISE_MAX 50

struct film_sound {
	unsigned frames;                  /* the film's */
	const char *voice;                /* file in the work folder, NULL none */
	const struct film_speech *speech; /* rising, not overlapping */
	size_t speech_count;              /* at most FILM_PARTS_MAX; 0: the whole voice, from the start */
	const char *music;                /* NULL none */
	int64_t music_ms;                 /* its length as probed; 0: not known */
	bool music_is_ring;               /* made to be looped: its end leads to its beginning by itself */
	const struct film_noise *noise;   /* rising, not overlapping */
	size_t noise_count;               /* at most FILM_NOISE_MAX */
	/* 0..100 to the ear, that is, half is 10 dB less; 0 is silence. What matters is how loud each is
	 * beside the others. Under the voice the music is another 6 dB lower, or as many as let the voice be
	 * heard. */
	int voice_volume, music_volume, scene_volume;
};

#define FILM_LOUDNESS_LUFS (-14.0)
#define FILM_PEAK_DBTP     (-1.0)
#define FILM_SILENCE_LUFS  (-70.0) /* or less: silence, as a meter says it */
#define FILM_GAIN_MAX_DB   40.0
#define FILM_MASTERS       3

/* How loud the sources are, in LUFS; FILM_SILENCE_LUFS where there is none. */
struct film_levels {
	double voice, music, noise;
};
/* Reads the sources as far as the film needs them, writes no file. Not needed where there is no source. */
void film_listen_args(const struct film_tools *t, const struct film_sound *s, struct args *a);
int film_listen_read(const char *text, size_t n, struct film_levels *ret, struct err *e); /* -1 ERR_TEMP */

/* Everything -> out, WAV 48 kHz stereo of 32-bit floats; prints what film_measure_read reads. */
void film_mix_args(const struct film_tools *t, const struct film_sound *s, const struct film_levels *levels,
	const char *out, struct args *a);

struct film_loudness {
	double lufs;  /* integrated; FILM_SILENCE_LUFS or less: silence */
	double dbtp;  /* true peak */
	double range; /* LU */
};
/* From a command's standard output. -1 ERR_TEMP when there is none. */
int film_measure_read(const char *text, size_t n, struct film_loudness *ret, struct err *e);

/* What the mix still needs. */
struct film_master {
	double gain_db;
	double ceiling_db; /* of the limiter: below FILM_PEAK_DBTP, for the encoder adds to it; 0: no limiter
			    */
};
/*
 * The next try. tried and got, which came of it, are NULL for the first one. false: got is within 0.35 LU and
 * the peak, or cannot be bettered: it is done.
 */
bool film_gain(const struct film_loudness *mix, const struct film_master *tried,
	const struct film_loudness *got, struct film_master *ret);
/* mix -> out, AAC 48 kHz stereo in MP4. */
void film_master_args(const struct film_tools *t, const char *mix, unsigned frames,
	const struct film_master *master, const char *out, struct args *a);
/* Of any file's sound, of which so many frames' time is heard; prints what film_measure_read reads. */
void film_measure_args(const struct film_tools *t, const char *file, unsigned frames, struct args *a);

#define FILM_VOICE_MAX_MS INT64_C(600000)
#define FILM_MUSIC_MAX_MS INT64_C(1800000)
#define FILM_SOUND_MIN_MS INT64_C(100)
/* Whether a client's own file will do as voice or music: what is the word for it in the texts. -1 ERR_PERM.
 */
int film_sound_check(const struct media *m, const char *what, int64_t max_ms, struct err *e);
/* A client's sound that was looked at -> FLAC 48 kHz stereo of 24 bits; fails where much of it is damaged. */
void film_sound_args(
	const struct film_tools *t, const char *sound, int64_t max_ms, const char *out, struct args *a);

#endif
