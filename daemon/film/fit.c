/*
 * A shot's picture in the film's size: never stretched, whatever its shape and that of its pixels; turned as
 * it says; in BT.709 of limited range; at VIDEO_FPS, frame n being what is seen at that time, and the last
 * one for as long as is asked for. Interlaced frames become two whole
 * ones where they say that they are.
 */
#include "daemon/film/encode_priv.h"
#include "daemon/film/film_priv.h"
#include "lib/video/look.h"

#define BLUR_SHRINK    12
#define BLUR_SIGMA     25 /* of the small one's shorter side */
#define GROUND_SHRINK  4
#define GROUND_ROOM    12 /* a card's ground is larger than the film by one part of so many, to move */
#define GROUND_SECONDS 20 /* there and back */

/* In nits, what white is in pictures of high dynamic range: ITU-R BT.2408 */
#define TONE_MAP(transfer)                                                                                   \
	",format=yuv420p10le,zscale=tin=" transfer ":min=2020_ncl:pin=2020:rin=tv:t=linear:npl=203,"         \
	"format=gbrpf32le,zscale=p=709,tonemap=mobius:desat=0,zscale=t=709:m=709:r=tv"

static const struct {
	const char *matrix; /* for scale */
	const char *after;
} colours[COLOURS_COUNT] = {
	[COLOURS_SAID] = {"in_color_matrix=auto:out_color_matrix=bt709:out_range=tv", ""},
	[COLOURS_BT709] = {"in_color_matrix=bt709:out_color_matrix=bt709:out_range=tv", ""},
	[COLOURS_HDR_PQ] = {"in_color_matrix=bt2020:out_color_matrix=bt2020:out_range=tv",
		TONE_MAP("smpte2084")},
	[COLOURS_HDR_HLG] = {"in_color_matrix=bt2020:out_color_matrix=bt2020:out_range=tv",
		TONE_MAP("arib-std-b67")},
};

/* The film's frames of a clip as it comes. */
static void add_frames(struct making *m, const struct film_shot *shot, unsigned from, unsigned frames)
{
	unsigned input = making_input(m, FENCE_CLIP, shot->clip);
	struct buf *b = &m->filters;

	buf_addf(b, "[%u:V:0]setpts=PTS-STARTPTS,bwdif=mode=send_field:deint=interlaced,fps=%d:start_time=0,",
		input, VIDEO_FPS);
	buf_addf(b, "tpad=stop_mode=clone:stop=%u,trim=start_frame=%u:end_frame=%u,setpts=PTS-STARTPTS",
		from + frames, from, from + frames);
}

/* Cut to the film's shape around the focus, or by less than two pixels too little: what is left, scale and
 * crop do. Scaling what is thrown away afterwards would be dear. */
static void add_cut(const struct making *m, const struct film_shot *shot, struct buf *b)
{
	int w = m->size.width, h = m->size.height;

	buf_addf(b, ",crop=w='min(iw,2*ceil(ih*%d/%d/sar/2-0.01))':h='min(ih,2*ceil(iw*sar*%d/%d/2-0.01))'",
		w, h, h, w);
	buf_addf(b, ":x='clip(iw*%d/1000-ow/2,0,iw-ow)':y='clip(ih*%d/1000-oh/2,0,ih-oh)'", shot->focus_x,
		shot->focus_y);
}

/* Scaled to a width and height that are expressions, of square pixels, in the film's colours. */
static void add_scale(const struct film_shot *shot, const char *size, const char *flags, struct buf *b)
{
	buf_addf(b, ",scale=%s:flags=%s:%s%s,format=yuv420p,setsar=1", size, flags,
		colours[shot->colours].matrix, colours[shot->colours].after);
}

/* At most twice the film's size, whatever a clip says of its pixels' shape. */
static void add_covering(const struct making *m, const struct film_shot *shot, struct buf *b)
{
	int w = m->size.width, h = m->size.height;
	AUTO_BUF size = BUF_INIT(256);

	buf_addf(&size, "w='clip(2*ceil(%d*dar/2-0.01),%d,%d)':h='clip(2*ceil(%d/dar/2-0.01),%d,%d)'", h, w,
		2 * w, w, h, 2 * h);
	add_cut(m, shot, b);
	add_scale(shot, buf_text(&size), "bicubic", b);
	buf_addf(b, ",crop=%d:%d", w, h);
}

static void add_contained(const struct making *m, const struct film_shot *shot, struct buf *b)
{
	int w = m->size.width, h = m->size.height;
	AUTO_BUF size = BUF_INIT(256);

	buf_addf(&size, "w='clip(2*round(%d*dar/2),2,%d)':h='clip(2*round(%d/dar/2),2,%d)'", h, w, w, h);
	add_scale(shot, buf_text(&size), "bicubic", b);
}

static unsigned picture_before(struct making *m, unsigned ground, unsigned near)
{
	buf_addf(&m->filters, "[s%u][s%u]overlay=x=(W-w)/2:y=(H-h)/2:format=yuv420:shortest=1", ground, near);
	return making_chain(m);
}

static unsigned make_cover(struct making *m, const struct film_shot *shot, unsigned from, unsigned frames)
{
	add_frames(m, shot, from, frames);
	add_covering(m, shot, &m->filters);
	return making_chain(m);
}

static unsigned make_contain(struct making *m, const struct film_shot *shot, unsigned from, unsigned frames)
{
	buf_addf(&m->filters, "color=c=0x%06x:s=%dx%d:r=%d,trim=end_frame=1,format=rgb24,", shot->ground_from,
		m->size.width, m->size.height, VIDEO_FPS);
	buf_adds(&m->filters,
		"scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd,format=yuv420p," FILM_FOR_EVER);
	unsigned ground = making_chain(m);

	add_frames(m, shot, from, frames);
	add_contained(m, shot, &m->filters);
	return picture_before(m, ground, making_chain(m));
}

/* Blurred while it is small, which is cheap, and is blurred again by being made large. */
static unsigned make_blur(struct making *m, const struct film_shot *shot, unsigned from, unsigned frames)
{
	int w = m->size.width, h = m->size.height;
	AUTO_BUF small = BUF_INIT(64);

	buf_addf(&small, "%d:%d", w / BLUR_SHRINK / 2 * 2, h / BLUR_SHRINK / 2 * 2);
	add_frames(m, shot, from, frames);
	buf_adds(&m->filters, ",split[near][far];[far]null");
	add_cut(m, shot, &m->filters);
	add_scale(shot, buf_text(&small), "area", &m->filters);
	buf_addf(&m->filters,
		",gblur=sigma=%d,lutyuv=y='16+(val-16)*0.5',scale=%d:%d:flags=bilinear,setsar=1",
		1 + (w < h ? w : h) / BLUR_SHRINK / BLUR_SIGMA, w, h);
	unsigned far = making_chain(m);

	buf_adds(&m->filters, "[near]null");
	add_contained(m, shot, &m->filters);
	return picture_before(m, far, making_chain(m));
}

/* A slanting run from one colour to the other with a light in it, dithered, because 8 bits would show as
 * steps. */
void film_add_ground(const struct film_size *size, unsigned from, unsigned to, struct buf *out)
{
	buf_addf(out,
		"color=c=black:s=%dx%d:r=%d,trim=end_frame=1,format=gbrp,geq=", size->width / GROUND_SHRINK,
		size->height / GROUND_SHRINK, VIDEO_FPS);
	for (unsigned i = 0; i < 3; i++) {
		unsigned shift = 16 - 8 * i;

		buf_addf(out,
			"%s%c='st(0,(X/W+Y/H)/2);%u+(%d)*ld(0)+26*exp(-4*hypot(X/W-0.75,(Y-0.2*H)/"
			"W))+random(1)'",
			i ? ":" : "", "rgb"[i], (from >> shift) & 255,
			(int)((to >> shift) & 255) - (int)((from >> shift) & 255));
	}
	buf_addf(out,
		",scale=%d:%d:flags=bicubic:out_color_matrix=bt709:out_range=tv,format=yuv420p,setsar=1",
		size->width, size->height);
}

/* The ground moves by so little that nobody sees steps in what has no edges. */
static unsigned make_card(struct making *m, const struct film_shot *shot, unsigned from, unsigned frames)
{
	int w = m->size.width, h = m->size.height;
	struct film_size ground = {(w + w / GROUND_ROOM) / 2 * 2, (h + h / GROUND_ROOM) / 2 * 2};
	struct buf *b = &m->filters;

	film_add_ground(&ground, shot->ground_from, shot->ground_to, b);
	buf_addf(b, "," FILM_FOR_EVER ",crop=%d:%d", w, h);
	buf_addf(b, ":x='(iw-ow)*(0.5-0.5*cos(2*PI*(t+%u/%d)/%d))'", from, VIDEO_FPS, GROUND_SECONDS);
	buf_addf(b, ":y='(ih-oh)*(0.5+0.5*sin(2*PI*(t+%u/%d)/%d))'", from, VIDEO_FPS, GROUND_SECONDS);
	buf_addf(b, ",trim=end_frame=%u", frames);
	return making_chain(m);
}

unsigned making_picture(struct making *m, const struct film_shot *shot, unsigned from, unsigned frames)
{
	static unsigned (*const fits[FIT_COUNT])(
		struct making *, const struct film_shot *, unsigned, unsigned) = {
		[FIT_COVER] = make_cover,
		[FIT_CONTAIN] = make_contain,
		[FIT_BLUR] = make_blur,
	};

	return (shot->clip ? fits[shot->fit] : make_card)(m, shot, from, frames);
}
