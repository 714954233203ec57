/*
 * What is drawn over a picture: text with its entrance, captions, logo. All are pictures drawn before, so no
 * text is in a filter. Each is decoded once and kept as one frame in the film's colours; only the rectangle
 * that it takes is touched. Times are frames' own, not counts of what a filter has seen, so that a part that
 * is made in pieces looks as if it were made in one.
 */
#include "daemon/film/encode_priv.h"
#include "daemon/film/film_priv.h"
#include "lib/video/look.h"

#define ENTRANCE_FRAMES 9  /* 300 ms */
#define RISE_PART       40 /* of the height */
#define SLIDE_PART      10 /* of the width */
#define LIST_FPS                                                                                             \
	25 /* what a list of pictures counts in: a frame is 1/25 s, which is exact in microseconds           \
	    */

/* All that meets in an overlay counts time alike: version 5.1 reads t in expressions wrong else. */
#define TO_FILM                                                                                              \
	"settb=1/30,scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format="    \
	"yuva420p"

/* How far it comes in from; in the last frame of the entrance it is there. */
static const struct {
	bool fades, rises, slides;
} entrances[ENTRANCE_COUNT] = {
	[ENTRANCE_NONE] = {0},
	[ENTRANCE_FADE] = {.fades = true},
	[ENTRANCE_RISE] = {.fades = true, .rises = true},
	[ENTRANCE_SLIDE] = {.fades = true, .slides = true},
};

static unsigned image_input(struct making *m, const char *file)
{
	args_adds(m->args, (const char *const[]){"-f", "png_pipe", NULL});
	return making_input(m, FENCE_LETTERS, file);
}

/* By how many pixels it is off its place: all of it at first, slower and slower. */
static void add_way(int pixels, unsigned from, struct buf *b)
{
	buf_addf(b, "%d*pow(max(0,1-(t*%d+%u)/%d),3)", pixels, VIDEO_FPS, from, ENTRANCE_FRAMES);
}

/* Frames of the picture that grows clearer, as many as the entrance has left; the last one stays. */
static void add_fade(unsigned from, struct buf *b)
{
	buf_addf(b, ",loop=loop=%d:size=1,setpts=N/%d/TB,fade=in:start_frame=0:nb_frames=%d:alpha=1",
		ENTRANCE_FRAMES, VIDEO_FPS, ENTRANCE_FRAMES);
	if (from > 0)
		buf_addf(b, ",trim=start_frame=%u,setpts=PTS-STARTPTS", from);
}

unsigned making_text(struct making *m, const struct film_layers *l, unsigned on, unsigned from)
{
	const struct film_image *text = &l->text;
	bool enters = from < ENTRANCE_FRAMES;
	struct buf *b = &m->filters;

	if (!text->file[0])
		return on;
	buf_addf(b, "[%u:v]" TO_FILM, image_input(m, text->file));
	if (enters && entrances[l->entrance].fades)
		add_fade(from, b);
	unsigned image = making_chain(m);

	buf_addf(b, "[s%u][s%u]overlay=format=yuv420:x='%d", on, image, text->x);
	if (enters && entrances[l->entrance].slides)
		add_way(-m->size.width / SLIDE_PART, from, b);
	buf_addf(b, "':y='%d", text->y);
	if (enters && entrances[l->entrance].rises) {
		buf_addc(b, '+');
		add_way(m->size.height / RISE_PART, from, b);
	}
	buf_addc(b, '\'');
	return making_chain(m);
}

/* The captions' place, or beside the picture while there is none: a sum of stretches, half a frame early, for
 * times are rounded. The filter's own enable goes by whatever frame it has read last. */
static void add_seen(const struct film_layers *l, unsigned from, struct buf *b)
{
	buf_adds(b, "x='if(0");
	for (size_t i = 0; i < l->caption_count;) {
		size_t end = i + 1;

		while (end < l->caption_count && l->captions[end].from == l->captions[end - 1].to)
			end++;
		buf_addf(b, "+between(t,(%u-0.5-%u)/%d,(%u-0.5-%u)/%d)", l->captions[i].from, from, VIDEO_FPS,
			l->captions[end - 1].to, from, VIDEO_FPS);
		i = end;
	}
	buf_addf(b, ",%d,W)':y=%d", l->captions[0].image.x, l->captions[0].image.y);
}

static bool any_caption(const struct film_layers *l, unsigned from, unsigned to)
{
	for (size_t i = 0; i < l->caption_count; i++)
		if (l->captions[i].from < to && l->captions[i].to > from)
			return true;
	return false;
}

unsigned making_captions(
	struct making *m, const struct film_layers *l, unsigned on, unsigned from, unsigned frames)
{
	struct buf *b = &m->filters;

	if (!any_caption(l, from, from + frames))
		return on;
	args_adds(m->args, (const char *const[]){"-f", "concat", NULL});
	unsigned input = making_input(m, FENCE_LETTERS_LIST, l->caption_list);

	/* the list's 25ths of a second are the film's 30ths; 150 is a multiple of both */
	buf_addf(b, "[%u:v]settb=1/150,setpts=PTS*%d/%d-%u*150/%d," TO_FILM, input, LIST_FPS, VIDEO_FPS, from,
		VIDEO_FPS);
	unsigned image = making_chain(m);

	buf_addf(b, "[s%u][s%u]overlay=format=yuv420:", on, image);
	add_seen(l, from, b);
	return making_chain(m);
}

void film_caption_list(const struct film_layers *l, struct buf *out)
{
	unsigned at = 0;

	buf_adds(out, "ffconcat version 1.0\n");
	for (size_t i = 0; i < l->caption_count; i++) {
		/* until the next one; it is not shown in between */
		unsigned next = i + 1 < l->caption_count ? l->captions[i + 1].from : l->captions[i].to;
		unsigned hundredths = (next - at) * 100 / LIST_FPS;

		buf_addf(out, "file %s\nduration %u.%02u\n", l->captions[i].image.file, hundredths / 100,
			hundredths % 100);
		at = next;
	}
}

unsigned making_logo(struct making *m, const struct film_layers *l, unsigned on)
{
	if (!l->logo.file[0])
		return on;
	buf_addf(&m->filters, "[%u:v]" TO_FILM, image_input(m, l->logo.file));
	unsigned image = making_chain(m);

	buf_addf(&m->filters, "[s%u][s%u]overlay=format=yuv420:x=%d:y=%d", on, image, l->logo.x, l->logo.y);
	return making_chain(m);
}
