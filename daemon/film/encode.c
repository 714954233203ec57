/*
 * The commands that make a film's pieces and join them. All pieces of a rendition are encoded with the same
 * settings, so that they have the same parameter sets; each begins with a key frame and refers to nothing
 * outside itself; a frame is always 512 ticks. So joining is copying.
 */
#include "daemon/film/encode.h"

#include <inttypes.h>

#include "daemon/film/encode_priv.h"
#include "daemon/film/film_priv.h"
#include "lib/video/look.h"

#define FILTERS_MAX_BYTES (32 * 1024)

/* See docs/performance.md for how they were chosen. */
static const struct {
	const char *preset, *crf, *more;
} qualities[QUALITY_COUNT] = {
	[QUALITY_DRAFT] = {"ultrafast", "24", "open-gop=0"},
	[QUALITY_STANDARD] = {"superfast", "20", "open-gop=0:mbtree=1:rc-lookahead=10"},
	[QUALITY_HIGH] = {"fast", "18", "open-gop=0"},
};

/* What xfade calls them. */
static const char *const transitions[TRANSITION_COUNT] = {
	[TRANSITION_CUT] = "",
	[TRANSITION_FADE] = "fadeblack",
	[TRANSITION_CROSSFADE] = "fade",
	[TRANSITION_SLIDE_LEFT] = "slideleft",
	[TRANSITION_SLIDE_UP] = "slideup",
	[TRANSITION_WIPE_LEFT] = "wipeleft",
	[TRANSITION_WIPE_UP] = "wipeup",
};

unsigned making_input(struct making *m, enum film_fence fence, const char *file)
{
	film_add_input(m->tools, fence, file, m->args);
	return m->inputs++;
}

unsigned making_chain(struct making *m)
{
	buf_addf(&m->filters, "[s%u];", m->chains);
	return m->chains++;
}

static struct making making_begin(const struct film_tools *t, const struct film_size *size, struct args *a)
{
	film_add_program(t, a);
	return (struct making){.tools = t, .size = *size, .args = a, .filters = BUF_INIT(FILTERS_MAX_BYTES)};
}

/* Chain number on, encoded. */
static void making_end(struct making *m, unsigned on, unsigned frames, const char *out)
{
	int quality = m->tools->quality;

	buf_addf(&m->filters, "[s%u]trim=end_frame=%u,format=yuv420p,", on, frames);
	buf_adds(&m->filters,
		"setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709[out]");
	args_adds(m->args,
		(const char *const[]){"-filter_complex", buf_text(&m->filters), "-map", "[out]", NULL});
	film_add_h264(m->tools, frames, m->args);
	args_adds(m->args, (const char *const[]){"-preset", qualities[quality].preset, "-profile:v", "high",
				   "-crf", qualities[quality].crf, "-g", "60", "-x264-params", NULL});
	/* what looks ahead has seen half of a short piece before the encoder begins */
	args_addf(m->args, "lookahead-threads=%u:%s", m->tools->threads, qualities[quality].more);
	film_add_output("mp4", out, m->args);
	buf_done(&m->filters);
}

void film_body_args(const struct film_tools *t, const struct film_size *size, const struct film_shot *shot,
	unsigned from, unsigned to, const char *out, struct args *a)
{
	const struct film_layers *l = &shot->layers;
	struct making m = making_begin(t, size, a);
	unsigned s = making_picture(&m, shot, from, to - from);

	s = making_text(&m, l, s, from);
	s = making_captions(&m, l, s, from, to - from);
	s = making_logo(&m, l, s);
	making_end(&m, s, to - from, out);
}

static int64_t microseconds(uint64_t frames)
{
	return (int64_t)((frames * 1000000 + VIDEO_FPS / 2) / VIDEO_FPS);
}

/* In frame i, after is seen by (i + 1) / (frames + 1): neither the first nor the last is one picture alone.
 * The pictures go on for longer than is needed, or xfade would end with them. */
void film_transition_args(const struct film_tools *t, const struct film_size *size,
	const struct film_shot *before, unsigned before_from, const struct film_shot *after, int kind,
	unsigned frames, const char *out, struct args *a)
{
	struct making m = making_begin(t, size, a);
	unsigned old = making_picture(&m, before, before_from, frames + 2);

	old = making_text(&m, &before->layers, old, before_from);
	unsigned new = making_picture(&m, after, 0, frames + 2);

	new = making_text(&m, &after->layers, new, 0);
	buf_addf(&m.filters, "[s%u][s%u]xfade=transition=%s:duration=%" PRId64 "us:offset=-%" PRId64 "us",
		old, new, transitions[kind], microseconds(frames + 1), microseconds(1));
	unsigned s = making_chain(&m);

	s = making_captions(&m, &after->layers, s, 0, frames);
	s = making_logo(&m, &after->layers, s);
	making_end(&m, s, frames, out);
}

/* Lengths in microseconds whose sums are right: rounded one by one they would add up to a tick. */
void film_join_list(const struct film_piece *pieces, size_t count, struct buf *out)
{
	uint64_t frames = 0;

	buf_adds(out, "ffconcat version 1.0\n");
	for (size_t i = 0; i < count; i++) {
		int64_t length = microseconds(frames + pieces[i].frames) - microseconds(frames);

		buf_addf(out, "file %s\nduration %" PRId64 ".%06" PRId64 "\n", pieces[i].file,
			length / 1000000, length % 1000000);
		frames += pieces[i].frames;
	}
}

void film_join_args(
	const struct film_tools *t, const char *list_file, const char *sound, const char *out, struct args *a)
{
	film_add_program(t, a);
	/* else each piece's parameter sets would come again among its pictures */
	args_adds(a, (const char *const[]){"-f", "concat", "-auto_convert", "0", NULL});
	film_add_input(t, FENCE_PIECES_LIST, list_file, a);
	film_add_input(t, FENCE_OURS, sound, a);
	args_adds(a, (const char *const[]){"-map", "0:v:0", "-map", "1:a:0", "-c", "copy",
			     "-video_track_timescale", "15360", "-movflags", "+faststart", NULL});
	film_add_output("mp4", out, a);
}
