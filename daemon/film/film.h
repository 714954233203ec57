#ifndef VIDEOD_DAEMON_FILM_FILM_H
#define VIDEOD_DAEMON_FILM_FILM_H

/*
 * What the makers of commands in this folder have in common besides tools.h: what a file really is, and how
 * far a command has come. clip and local_voice: what the local provider makes. encode: pieces and the film.
 * sound, lettering, captions, pictures, report: each says it in its own header.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/film/tools.h"
#include "lib/base/args.h"
#include "lib/video/video.h"

struct args;
struct err;

/* Where a file comes from says what it may be: its formats, its decoders, how large its pictures are. No file
 * may refer to another one but our own lists. */
enum film_fence {
	FENCE_PICTURE, /* a client's */
	FENCE_SOUND,   /* a client's, or a vendor's speech */
	FENCE_CLIP,    /* a vendor's */
	FENCE_OURS,    /* made here, of those */
	FENCE_LETTERS, /* drawn here */
	FENCE_LETTERS_LIST,
	FENCE_PIECES_LIST,
	FENCE_COUNT
};

/* Prints JSON for film_probe_read. The first frames are decoded; of what is not ours, with all strictness. */
void film_probe_args(const struct film_tools *t, enum film_fence fence, const char *file, struct args *a);

/* A picture that was looked at already -> PNG with its alpha, no side longer than max_side. */
void film_png_args(
	const struct film_tools *t, const char *picture, int max_side, const char *out, struct args *a);

struct media {
	bool has_video, has_audio;
	int width, height;   /* after rotation */
	int64_t duration_ms; /* of the container */
	int64_t frames;      /* of the video stream, counted by the container; 0 unknown */
	int rate;            /* frames a second, rounded up; 0 unknown */
	bool has_frame;      /* a picture among its first packets could be decoded */
	char format[32];     /* "mov,mp4,...", "png_pipe", ... cut */
	char video_codec[16], pixel_format[16], audio_codec[16];
	int colours; /* enum film_colours */
	int sample_rate, channels;
};
/* Reads ffprobe's JSON. -1 ERR_PERM when it is not that. */
int film_probe_read(const char *json, size_t n, struct media *ret_media, struct err *e);
/* Whether a clip from outside, which wanted_ms are needed of, can be used. -1 ERR_PERM. */
int film_clip_check(const struct media *m, int64_t wanted_ms, struct err *e);

/* "out_time_us=..." and "frame=..." lines of -progress: frames done, or -1 for other lines. */
int64_t film_progress_frames(const char *line);

#endif
