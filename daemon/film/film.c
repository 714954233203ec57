/*
 * What all commands share: how they begin and end, their inputs' fences, the one set of H.264 tags. Nothing
 * here runs anything: the same film always gives the same arguments.
 */
#include "daemon/film/film.h"

#include <string.h>

#include "daemon/film/film_priv.h"
#include "lib/base/text.h"

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
