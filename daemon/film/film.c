/*
 * What all of a film's commands share: how they begin and end, their inputs' fences, the one set of H.264
 * tags, and the sums of frames. Nothing here runs anything: the same film always gives the same arguments.
 */
#include "daemon/film/film.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/film/film_priv.h"
#include "lib/base/buf.h"
#include "lib/base/text.h"

#define VOICE_TAIL_MS 400 /* the film goes on for this long after the last word */

void film_add_program(const struct film_tools *t, struct args *a)
{
	args_add(a, t->ffmpeg);
	args_adds(a, (const char *const[]){"-nostdin", "-hide_banner", "-loglevel", "error", "-y", NULL});
	args_adds(a, (const char *const[]){"-nostats", "-progress", "pipe:1", NULL});
	args_add(a, "-filter_threads");
	args_addf(a, "%u", t->threads);
	args_add(a, "-filter_complex_threads");
	args_addf(a, "%u", t->threads);
}

void film_add_input(const struct film_tools *t, const char *formats, const char *file, struct args *a)
{
	args_adds(a, (const char *const[]){
			     "-protocol_whitelist", "file,pipe", "-format_whitelist", formats, NULL});
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
	args_add(a, "-threads");
	args_addf(a, "%u", t->threads);
	args_adds(a, (const char *const[]){"-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc",
			     "bt709", "-color_range", "tv", "-video_track_timescale", "15360", NULL});
}

void film_add_output(const char *container, const char *out, struct args *a)
{
	args_adds(a, (const char *const[]){
			     "-map_metadata", "-1", "-map_chapters", "-1", "-f", container, out, NULL});
}

void film_part_name(size_t item, char out[static 32])
{
	(void)snprintf(out, 32, "part-%03zu.mp4", item);
}

void film_list(const struct film *f, struct buf *out)
{
	char name[32];

	buf_adds(out, "ffconcat version 1.0\n");
	for (size_t i = 0; i < f->scene_count; i++) {
		film_part_name(i, name);
		buf_addf(out, "file %s\n", name);
	}
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

unsigned film_sum_frames(const struct film *f)
{
	unsigned sum = 0;

	for (size_t i = 0; i < f->scene_count; i++)
		sum += f->scenes[i].frames;
	return sum;
}

/* The film is as long as its scenes, or as the voice and a moment after it where that is longer. */
unsigned film_total_frames(const struct video *v, int64_t voice_ms)
{
	unsigned sum = 0, voice = 0;

	for (size_t i = 0; i < v->scene_count; i++)
		sum += video_frames(v->scenes[i].duration_ms);
	if (voice_ms > 0)
		voice = (unsigned)(((voice_ms + VOICE_TAIL_MS) * VIDEO_FPS + 999) / 1000);
	return voice > sum ? voice : sum;
}
