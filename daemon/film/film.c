/*
 * What all commands share: how they begin and end, their inputs' fences, the one set of H.264 tags. Nothing
 * here runs anything: the same film always gives the same arguments.
 */
#include "daemon/film/film.h"

#include <string.h>

#include "daemon/film/film_priv.h"
#include "lib/base/text.h"
#include "lib/video/limits.h"

#define STREAMS_MAX "32"
/* The largest picture, of eight bytes a pixel, and some room; what is packed into a file is unpacked into one
 * block */
#define BLOCK_MAX_BYTES (LIMIT_PICTURE_SIDE * LIMIT_PICTURE_SIDE * 9)

void film_add_printer(const struct film_tools *t, struct args *a)
{
	args_add(a, t->ffmpeg);
	args_adds(a, (const char *const[]){
			     "-nostdin", "-hide_banner", "-loglevel", "error", "-nostats", "-y", NULL});
	args_add(a, "-filter_threads");
	args_addf(a, "%u", t->threads);
	args_add(a, "-filter_complex_threads");
	args_addf(a, "%u", t->threads);
}

void film_add_program(const struct film_tools *t, struct args *a)
{
	film_add_printer(t, a);
	args_adds(a, (const char *const[]){"-progress", "pipe:1", NULL});
}

#define PICTURE_FORMATS "image2,jpeg_pipe,png_pipe,webp_pipe"
#define CLIP_FORMATS    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
#define SOUND_FORMATS   "wav,mp3,flac,ogg,aac," CLIP_FORMATS

/* By the names of decoders, of which a coding may have several. A song has a cover. */
#define PICTURE_CODECS "mjpeg,png,webp"
#define SOUND_CODECS                                                                                         \
	"aac,alac,flac,mp3,mp3float,opus,libopus,vorbis,libvorbis,pcm_f32le,pcm_f64le,pcm_s16be,pcm_s16le,"  \
	"pcm_s24le,pcm_s32le,pcm_u8"
#define CLIP_CODECS "h264,hevc,vp8,libvpx,vp9,libvpx-vp9,libdav1d,libaom-av1,av1,mpeg4,mjpeg,prores"

static const struct {
	const char *formats, *codecs;
	int side; /* of its pictures, which have no more pixels than a square of it */
} fences[FENCE_COUNT] = {
	[FENCE_PICTURE] = {PICTURE_FORMATS, PICTURE_CODECS, LIMIT_PICTURE_SIDE},
	[FENCE_SOUND] = {SOUND_FORMATS, SOUND_CODECS ",mjpeg,png", LIMIT_PICTURE_SIDE},
	[FENCE_CLIP] = {CLIP_FORMATS, CLIP_CODECS "," SOUND_CODECS, LIMIT_CLIP_SIDE},
	[FENCE_OURS] = {PICTURE_FORMATS "," SOUND_FORMATS, PICTURE_CODECS ",h264," SOUND_CODECS,
		LIMIT_PICTURE_SIDE},
	[FENCE_LETTERS] = {"png_pipe", "png", LIMIT_PICTURE_SIDE},
	[FENCE_LETTERS_LIST] = {"concat,image2,png_pipe", "png", LIMIT_PICTURE_SIDE},
	[FENCE_PIECES_LIST] = {"concat," CLIP_FORMATS, "h264", LIMIT_CLIP_SIDE},
};

void film_add_fence(enum film_fence fence, struct args *a)
{
	args_adds(a, (const char *const[]){"-protocol_whitelist", "file,pipe", "-format_whitelist",
			     fences[fence].formats, "-codec_whitelist", fences[fence].codecs, "-max_streams",
			     STREAMS_MAX, "-max_pixels", NULL});
	args_addf(a, "%d", fences[fence].side * fences[fence].side);
	args_add(a, "-max_alloc");
	args_addf(a, "%d", BLOCK_MAX_BYTES);
}

void film_add_input(const struct film_tools *t, enum film_fence fence, const char *file, struct args *a)
{
	film_add_fence(fence, a);
	args_add(a, "-threads");
	args_addf(a, "%u", t->threads);
	args_adds(a, (const char *const[]){"-i", file, NULL});
}

void film_add_h264(const struct film_tools *t, unsigned frames, struct args *a)
{
	args_add(a, "-frames:v");
	args_addf(a, "%u", frames);
	args_adds(a,
		(const char *const[]){"-an", "-sn", "-dn", "-c:v", "libx264", "-pix_fmt", "yuv420p", NULL});
	/* half as many again as processors, which is x264's own habit: some always wait for others' rows */
	args_add(a, "-threads");
	args_addf(a, "%u", t->threads + t->threads / 2);
	args_adds(a, (const char *const[]){"-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc",
			     "bt709", "-color_range", "tv", "-video_track_timescale", "15360", NULL});
}

void film_add_output(const char *container, const char *out, struct args *a)
{
	args_adds(a, (const char *const[]){
			     "-map_metadata", "-1", "-map_chapters", "-1", "-f", container, out, NULL});
}

int64_t film_progress_frames(const char *line)
{
	static const char frame[] = "frame=", time[] = "out_time_us=";
	int64_t v;

	if (strncmp(line, frame, sizeof(frame) - 1) == 0 &&
		text_to_i64(line + sizeof(frame) - 1, 0, INT64_MAX, &v))
		return v;
	if (strncmp(line, time, sizeof(time) - 1) == 0 &&
		text_to_i64(line + sizeof(time) - 1, 0, INT64_MAX / VIDEO_FPS, &v))
		return v * VIDEO_FPS / 1000000;
	return -1;
}
