#ifndef VIDEOD_VIDEO_OUTPUTS_H
#define VIDEOD_VIDEO_OUTPUTS_H

/* What was published of a video: keys below the storage's root. One JSON form, in videos.outputs. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct addresses;
struct err;
struct json;
struct uuid;

enum output_kind {
	OUTPUT_FILM,
	OUTPUT_THUMBNAIL,
	OUTPUT_PREVIEW,
	OUTPUT_SPRITE,
	OUTPUT_SPRITE_VTT,
	OUTPUT_KIND_COUNT
};
enum output_captions { OUTPUT_SRT, OUTPUT_VTT, OUTPUT_CAPTIONS_COUNT };

struct output_film {
	int aspect;                   /* enum video_aspect */
	int64_t width, height;        /* of the film; 0: those of its ratio, as of all films once */
	int64_t bytes;                /* of the film */
	char *key[OUTPUT_KIND_COUNT]; /* NULL: there is none */
};

struct outputs {
	struct output_film *films; /* [0] is of the video's own aspect ratio */
	size_t count;
	char *captions[OUTPUT_CAPTIONS_COUNT]; /* NULL: there are none */
	char *report;                          /* NULL: there is none */
};

void outputs_done(struct outputs *o);
#define AUTO_OUTPUTS CLEANUP(outputs_done) struct outputs
/* {"films":[{"aspectRatio","width","height","bytes","film","thumbnail","preview","sprite","spriteVtt"}],"captions":{"srt","vtt"},"report"}
 */
struct json *outputs_json(const struct outputs *o);
int outputs_read(const char *text, struct outputs *ret, struct err *e); /* NULL text: none. -1 ERR_PERM */
bool outputs_have(const struct outputs *o, const char *key);
/* Calls fn with each key that there is. */
void outputs_keys(const struct outputs *o, void (*fn)(const char *key, void *arg), void *arg);
/*
 * The same for clients, put into object: "films", each with aspectRatio, width, height, bytes, "videoUrl",
 * "thumbnailUrl", "previewUrl", "spriteUrl", "spriteVttUrl", null where there is none; "captionFiles" as
 * {"srtUrl","vttUrl"} or null; "reportUrl" or null.
 */
void outputs_put_urls(const struct outputs *o, const struct addresses *a, struct json *object);

/* What all keys of a video, or of one revision of it, begin with: "videos/<id>/", "videos/<id>/2/". */
#define OUTPUTS_PREFIX_SIZE 80
void outputs_prefix(const struct uuid *video_id, char out[static OUTPUTS_PREFIX_SIZE]);
void outputs_revision_prefix(
	const struct uuid *video_id, int64_t revision, char out[static OUTPUTS_PREFIX_SIZE]);

#endif
