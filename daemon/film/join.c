/*
 * From clips to the film. encode makes any clip fit: size, rate, colours, exactly its frames, its text burned
 *in, with the same H.264 settings for all, so that assemble can join the parts by copying packets. The preset
 *is measured, on 90 frames of 1080x1920 (processor seconds, KB, SSIM to the source):
 *
 *	superfast                          3.4   2,461   0.9895
 *	superfast, mbtree, lookahead 10    2.7     553   0.9861    <- this one
 *	veryfast                           4.3     770   0.9858
 *	faster                             9.1     968   0.9868
 */
#include "daemon/film/film_priv.h"
#include "lib/base/buf.h"

#define FILTERS_MAX_BYTES 4096
#define STILL_SECONDS     6 /* the thumbnail is chosen from as much of the first scene */

static void encode_filters(const struct film *f, unsigned frames, const char *text_file, struct buf *b)
{
	int w = f->width, h = f->height;

	buf_addf(b, "setpts=PTS-STARTPTS,fps=%d:start_time=0,", VIDEO_FPS);
	/* dar: what the clip means to look like, whatever its pixels' shape */
	buf_addf(b,
		"scale=w='max(%d,2*ceil(%d*dar/2))':h='max(%d,2*ceil(%d/dar/2))':out_range=tv:flags=bicubic,",
		w, h, h, w);
	buf_addf(b, "crop=%d:%d,setsar=1,format=yuv420p,", w, h);
	buf_addf(b, "tpad=stop_mode=clone:stop=%u,trim=end_frame=%u", frames, frames);
	if (text_file)
		buf_addf(b, ",ass=f=%s", text_file);
}

void film_encode_args(const struct film *f, size_t item, const char *clip, const char *text_file,
	const char *out, struct args *a)
{
	unsigned frames = f->scenes[item].frames;
	AUTO_BUF filters = BUF_INIT(FILTERS_MAX_BYTES);

	encode_filters(f, frames, text_file, &filters);
	film_add_program(&f->tools, a);
	film_add_input(&f->tools, FILM_CLIP_FORMATS, clip, a);
	args_adds(a, (const char *const[]){"-map", "0:v:0", "-vf", buf_text(&filters), NULL});
	film_add_h264(&f->tools, frames, a);
	args_adds(a, (const char *const[]){"-preset", "superfast", "-profile:v", "high", "-crf", "20", "-g",
			     "60", "-x264-params", "mbtree=1:rc-lookahead=10:open-gop=0", NULL});
	film_add_output("mp4", out, a);
}

void film_assemble_args(
	const struct film *f, const char *list_file, const char *sound, const char *out, struct args *a)
{
	film_add_program(&f->tools, a);
	args_adds(a, (const char *const[]){"-f", "concat", NULL});
	film_add_input(&f->tools, "concat," FILM_CLIP_FORMATS, list_file, a);
	film_add_input(&f->tools, FILM_SOUND_FORMATS, sound, a);
	args_adds(a, (const char *const[]){"-map", "0:v:0", "-map", "1:a:0", "-c", "copy",
			     "-video_track_timescale", "15360", "-movflags", "+faststart", NULL});
	film_add_output("mp4", out, a);
}

/* The most telling of the first seconds' frames, and not one of the first, where the text is still coming. */
void film_still_args(const struct film *f, const char *film, const char *out, struct args *a)
{
	film_add_program(&f->tools, a);
	args_add(a, "-t");
	args_addf(a, "%d", STILL_SECONDS);
	film_add_input(&f->tools, FILM_CLIP_FORMATS, film, a);
	args_adds(
		a, (const char *const[]){"-map", "0:v:0", "-vf",
			   "select='gt(n,14)*not(mod(n,6))+eq(n,0)',thumbnail=n=100,"
			   "scale=in_color_matrix=bt709:out_color_matrix=bt601:out_range=pc,format=yuvj420p",
			   "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "3", "-update", "1", NULL});
	film_add_output("image2", out, a);
}
