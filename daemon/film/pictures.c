/*
 * The thumbnail is the frame that says most: full of detail, sharp, neither dark nor glaring, and not in
 * motion. Each candidate gets a score; a frame that is black or in a transition is none.
 */
#include "daemon/film/pictures.h"

#include <math.h>

#include "daemon/film/film_priv.h"
#include "daemon/film/readings.h"
#include "lib/base/buf.h"

#define FILTERS_MAX_BYTES 4096
#define LOOK_EVERY        6 /* frames, or more of a long film */
#define LOOK_WIDTH        320

#define PREVIEW_SEC     4 /* of film that it shows, from all of it */
#define PREVIEW_SHOTS   5
#define PREVIEW_FPS     10
#define PREVIEW_SIDE    270 /* the shorter one */
#define PREVIEW_QUALITY 55
#define SHRINK          0.75

#define SPRITE_COLUMNS 10
#define SPRITE_MAX     100
#define SPRITE_SIDE    160 /* the longer one */

/* Looking */

static unsigned look_every(unsigned frames)
{
	unsigned every = (frames + FILM_LOOK_MOST - 1) / FILM_LOOK_MOST;

	return every > LOOK_EVERY ? every : LOOK_EVERY;
}

void film_look_args(const struct film_tools *t, const char *film, unsigned frames, struct args *a)
{
	film_add_printer(t, a);
	film_add_input(t, FENCE_OURS, film, a);
	args_adds(a, (const char *const[]){"-map", "0:v:0", "-vf", NULL});
	args_addf(a,
		"select=not(mod(n\\,%u)),scale=%d:-2:flags=area,signalstats,entropy,blurdetect=block_width="
		"32:"
		"block_height=32,metadata=mode=print:file=-",
		look_every(frames), LOOK_WIDTH);
	args_adds(a, (const char *const[]){"-f", "null", "-", NULL});
}

struct candidate {
	unsigned frame;
	double luma, motion, entropy, blur;
};

static double score(const struct candidate *c)
{
	if (!(c->luma >= 28) || isnan(c->motion + c->entropy + c->blur))
		return 0; /* black, or nearly; or nothing is known of it */
	double sharp = 1 / (1 + c->blur / 4), still = 1 / (1 + c->motion / 12);
	double light = c->luma > 215 ? 0.4 : c->luma < 55 ? 0.6 : 1;

	return c->entropy * sharp * still * light;
}

static bool is_in(const struct film_span *spans, size_t count, unsigned frame)
{
	for (size_t i = 0; i < count; i++)
		if (frame >= spans[i].from && frame < spans[i].to)
			return true;
	return false;
}

unsigned film_still_choose(
	const char *text, size_t n, unsigned frames, const struct film_span *avoid, size_t avoid_count)
{
	static const char *const keys[] = {"lavfi.signalstats.YAVG", "lavfi.signalstats.YDIF",
		"lavfi.entropy.normalized_entropy.normal.Y", "lavfi.blur"};
	struct readings r = readings_new(text, n, keys, ARRAY_LEN(keys));
	unsigned best = frames / 2;
	double most = 0;

	while (readings_next(&r)) {
		struct candidate c = {(unsigned)r.frame * look_every(frames), r.value[0], r.value[1],
			r.value[2], r.value[3]};

		if (c.frame >= frames || is_in(avoid, avoid_count, c.frame) || score(&c) <= most)
			continue;
		most = score(&c);
		best = c.frame;
	}
	return best;
}

/* Making */

static int even(double v)
{
	return 2 * (int)(v / 2 + 0.5);
}

static struct film_size scaled(const struct film_size *size, double scale)
{
	return (struct film_size){even(size->width * scale), even(size->height * scale)};
}

static int shorter(const struct film_size *size)
{
	return size->width < size->height ? size->width : size->height;
}

static int longer(const struct film_size *size)
{
	return size->width > size->height ? size->width : size->height;
}

/* Some moments of the film, one after the other. */
static void add_preview(const struct film_pictures *p, unsigned shrink, struct buf *b)
{
	double scale = (double)PREVIEW_SIDE / shorter(&p->size);
	unsigned every = p->frames / PREVIEW_SHOTS, shot = PREVIEW_SEC * VIDEO_FPS / PREVIEW_SHOTS;

	for (unsigned i = 0; i < shrink; i++)
		scale *= SHRINK;
	struct film_size size = scaled(&p->size, scale < 1 ? scale : 1);
	if (every <= shot) /* a short film is seen whole */
		buf_addf(b, "[p]select=not(mod(n\\,%d))", VIDEO_FPS / PREVIEW_FPS);
	else
		buf_addf(b, "[p]select=lt(mod(n\\,%u)\\,%u)*not(mod(mod(n\\,%u)\\,%d))", every, shot, every,
			VIDEO_FPS / PREVIEW_FPS);
	buf_addf(b, ",setpts=N/%d/TB,fps=%d,scale=%d:%d:flags=area[preview];", PREVIEW_FPS, PREVIEW_FPS,
		size.width, size.height);
}

struct sheet {
	unsigned every, count, columns, rows;
	struct film_size tile;
};

/* One tile a second, or fewer of a long film. */
static struct sheet sheet_of(const struct film_pictures *p)
{
	unsigned seconds = (p->frames + VIDEO_FPS - 1) / VIDEO_FPS,
		 step = (seconds + SPRITE_MAX - 1) / SPRITE_MAX;
	struct sheet s = {
		.every = step * VIDEO_FPS, .tile = scaled(&p->size, (double)SPRITE_SIDE / longer(&p->size))};

	s.count = (p->frames + s.every - 1) / s.every;
	s.columns = s.count < SPRITE_COLUMNS ? s.count : SPRITE_COLUMNS;
	s.rows = (s.count + s.columns - 1) / s.columns;
	return s;
}

static void add_sheet(const struct film_pictures *p, struct buf *b)
{
	struct sheet s = sheet_of(p);

	buf_addf(b,
		"[s]select=not(mod(n\\,%u)),scale=%d:%d:flags=area,tile=%ux%u,"
		"scale=in_color_matrix=bt709:out_color_matrix=bt601:out_range=pc,format=yuvj420p[sprite]",
		s.every, s.tile.width, s.tile.height, s.columns, s.rows);
}

static void add_jpeg(const char *pad, int quality, const char *out, struct args *a)
{
	args_adds(a, (const char *const[]){"-map", pad, "-frames:v", "1", "-c:v", "mjpeg", "-q:v", NULL});
	args_addf(a, "%d", quality);
	args_adds(a, (const char *const[]){"-update", "1", NULL});
	film_add_output("image2", out, a);
}

void film_pictures_args(
	const struct film_tools *t, const struct film_pictures *p, unsigned shrink, struct args *a)
{
	AUTO_BUF b = BUF_INIT(FILTERS_MAX_BYTES);

	buf_addf(&b,
		"[0:v:0]split=3[t][p][s];[t]select=eq(n\\,%u),"
		"scale=in_color_matrix=bt709:out_color_matrix=bt601:out_range=pc,format=yuvj420p[still];",
		p->still_frame);
	add_preview(p, shrink, &b);
	add_sheet(p, &b);
	film_add_printer(t, a);
	film_add_input(t, FENCE_OURS, p->film, a);
	args_adds(a, (const char *const[]){"-filter_complex", buf_text(&b), NULL});
	args_adds(a, (const char *const[]){
			     "-map", "[preview]", "-c:v", "libwebp_anim", "-loop", "0", "-quality", NULL});
	args_addf(a, "%d", PREVIEW_QUALITY);
	args_adds(a, (const char *const[]){"-compression_level", "3", NULL});
	film_add_output("webp", p->preview, a);
	add_jpeg("[sprite]", 5, p->sprite, a);
	add_jpeg("[still]", 3, p->still, a);
}

static void add_time(unsigned frame, struct buf *b)
{
	unsigned ms = frame * 1000 / VIDEO_FPS;

	buf_addf(b, "%02u:%02u:%02u.%03u", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

void film_sprite_vtt(const struct film_pictures *p, const char *sheet, struct buf *out)
{
	struct sheet s = sheet_of(p);

	buf_adds(out, "WEBVTT\n");
	for (unsigned i = 0; i < s.count; i++) {
		unsigned end = (i + 1) * s.every;

		buf_adds(out, "\n");
		add_time(i * s.every, out);
		buf_adds(out, " --> ");
		add_time(end < p->frames ? end : p->frames, out);
		buf_addf(out, "\n%s#xywh=%d,%d,%d,%d\n", sheet, (int)(i % s.columns) * s.tile.width,
			(int)(i / s.columns) * s.tile.height, s.tile.width, s.tile.height);
	}
}
