#ifndef VIDEOD_DAEMON_FILM_FILM_H
#define VIDEOD_DAEMON_FILM_FILM_H

/*
 * How a film is made with the ffmpeg program: pure builders of argument vectors and of the text files they
 * read. All run in the video's work folder; names without a slash are files in it. No user text is ever part
 * of an argument.
 *
 * scene (local)   picture or card -> clip of exactly its frames, camera movement, no text, no sound
 * voice (local)   script -> WAV 48 kHz mono
 * encode          any clip -> the film's size, rate and pixel format, exactly its frames, with its text
 * sound           voice and music -> AAC 48 kHz stereo, exactly the film's length
 * assemble        encoded scenes joined by stream copy + sound -> MP4, faststart
 * still           thumbnail from the film, in its own shape
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/film/tools.h"
#include "lib/base/args.h"
#include "lib/video/video.h"

struct err;
struct json;

struct film_scene {
	unsigned frames;      /* at VIDEO_FPS; for the last scene the hold until the voice's end is in it */
	unsigned clip_frames; /* what the provider is asked for: frames without the hold */
	const char *text;     /* overlay, NULL none */
	const char *picture;  /* file in the work folder, NULL: a card */
	int picture_width, picture_height; /* after orientation; 0 without a picture */
};

struct film {
	struct film_tools tools;
	int width, height; /* of the film */
	int style;         /* enum video_style: movement, colours, placing of text */
	const char *title; /* what a card shows where its scene has no text */
	const struct film_scene *scenes;
	size_t scene_count;
	const char *voice; /* file in the work folder, NULL none */
	const char *music; /* absolute path, NULL none */
	int music_volume;  /* 0..100, to the ear; 0 is silence */
	int voice_volume;  /* the same; 100 is as it was spoken */
};

/*
 * Each appends a whole command to *a and names its output out (a file in the work folder). item is the
 * scene's index. The commands print progress on standard output (-progress pipe:1) where they take long.
 */
void film_local_scene_args(const struct film *f, size_t item, const char *out, struct args *a);
void film_local_voice_args(
	const struct film *f, const char *script_file, const char *voice_id, const char *out, struct args *a);
void film_encode_args(const struct film *f, size_t item, const char *clip, const char *text_file,
	const char *out, struct args *a); /* text_file: from film_text, NULL where there is no text */
void film_sound_args(const struct film *f, const char *out, struct args *a);
void film_assemble_args(
	const struct film *f, const char *list_file, const char *sound, const char *out, struct args *a);
void film_still_args(const struct film *f, const char *film, const char *out, struct args *a);
void film_probe_args(
	const struct film *f, const char *file, struct args *a); /* prints JSON for film_probe_read */

struct buf;
/* The ASS file that shows scene item's text; false when there is none to show. */
bool film_text(const struct film *f, size_t item, struct buf *out);
/* The concat list of n files named by fmt ("part-%03zu.mp4"). */
void film_list(const struct film *f, struct buf *out);
void film_part_name(
	size_t item, char out[static 32]); /* "part-003.mp4": what encode writes and film_list names */

struct media {
	bool has_video, has_audio;
	int width, height;   /* after rotation */
	int64_t duration_ms; /* of the container */
	int64_t frames;      /* of the video stream, counted by the container; 0 unknown */
	char format[32];     /* "mov,mp4,...", "png_pipe", ... cut */
	char video_codec[16], pixel_format[16], audio_codec[16];
	int colours; /* enum film_colours */
	int sample_rate, channels;
};
/* Reads ffprobe's JSON. -1 ERR_PERM when it is not that. */
int film_probe_read(const char *json, size_t n, struct media *ret_media, struct err *e);

/* "out_time_us=..." and "frame=..." lines of -progress: frames done, or -1 for other lines. */
int64_t film_progress_frames(const char *line);

/* Frames of the whole film: the scenes' sum, or the voice's end where that is later (voice_ms 0: none). */
unsigned film_total_frames(const struct video *v, int64_t voice_ms);

#endif
