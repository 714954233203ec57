/*
 * A scene without a provider: the camera travels over a picture, or over the ground of a card. The picture is
 * decoded and prepared once, as one frame that is then repeated.
 *
 * Where the picture can fill the film's shape and FILL_KEEP of it stays to be seen, it does; else it gets a
 * window in front of itself, blurred and dimmed, as near to the film's shape as is possible with WINDOW_KEEP
 * of it to be seen.
 */
#include <math.h>

#include "daemon/film/camera.h"
#include "daemon/film/clip.h"
#include "daemon/film/encode_priv.h"
#include "daemon/film/film_priv.h"
#include "lib/base/buf.h"

#define FILL_KEEP         0.74
#define WINDOW_KEEP       0.86
#define FILTERS_MAX_BYTES (128 * 1024 - 1) /* the kernel's limit of one argument (MAX_ARG_STRLEN) */
#define FULL_MOVE_SEC     2.5              /* a shorter scene goes less far */
#define REACH_PER_SEC     0.05             /* of the window's side */
#define BLUR_SHRINK       12

enum { MOVE_NEARER, MOVE_AWAY, MOVE_RIGHT, MOVE_LEFT, MOVE_UP, MOVE_ACROSS, MOVE_COUNT };

static const struct {
	struct camera_view from, to;
} moves[MOVE_COUNT] = {
	[MOVE_NEARER] = {{0.0, 0.0, -0.2}, {1.0, 0.0, 0.2}},
	[MOVE_AWAY] = {{1.0, 0.1, 0.2}, {0.0, 0.0, 0.0}},
	[MOVE_RIGHT] = {{0.4, -1.0, 0.0}, {0.8, 1.0, 0.0}},
	[MOVE_LEFT] = {{0.8, 1.0, 0.2}, {0.4, -1.0, 0.0}},
	[MOVE_UP] = {{0.5, 0.0, 1.0}, {0.8, 0.0, -1.0}},
	[MOVE_ACROSS] = {{0.2, -0.9, -0.9}, {0.9, 0.9, 0.9}},
};

static int even_up(double v)
{
	return 2 * (int)ceil(v / 2);
}

/* The part of the film that the picture takes. */
static struct film_size window_of(const struct film_clip *c)
{
	double film = (double)c->size.width / c->size.height,
	       picture = (double)c->picture_width / c->picture_height;
	struct film_size w = c->size;

	if (film < picture * FILL_KEEP)
		w.height = even_up(c->size.width / (picture * WINDOW_KEEP));
	else if (picture < film * FILL_KEEP)
		w.width = even_up(c->size.height * picture / WINDOW_KEEP);
	return w;
}

/* What the picture is scaled to: it covers the window from the camera's widest view. */
static struct film_size cover(struct film_size window, int width, int height)
{
	double w = CAMERA_WIDEST * window.width, h = CAMERA_WIDEST * window.height;
	double scale = fmax(w / width, h / height);

	return (struct film_size){even_up(fmax(w, scale * width)), even_up(fmax(h, scale * height))};
}

static struct camera camera_of(const struct film_clip *c, struct film_size window, struct film_size picture)
{
	const struct film_look *look = film_look(c->style);
	unsigned move = look->moves[c->item % sizeof(look->moves)];
	double sec = (double)c->frames / VIDEO_FPS, tempo = look->tempo_percent / 100.0;
	double part = fmin(1, tempo * sec / FULL_MOVE_SEC);
	struct camera cam = {
		.width = window.width,
		.height = window.height,
		.picture_width = picture.width,
		.picture_height = picture.height,
		.frames = c->frames,
		.fps = VIDEO_FPS,
		.reach = REACH_PER_SEC * tempo * sec,
		.from = moves[move].from,
		.to = moves[move].to,
	};

	/* a part of the move, around its middle */
	double middle = (cam.from.zoom + cam.to.zoom) / 2;
	cam.from.zoom = middle + (cam.from.zoom - middle) * part;
	cam.to.zoom = middle + (cam.to.zoom - middle) * part;
	cam.from.x *= part;
	cam.from.y *= part;
	cam.to.x *= part;
	cam.to.y *= part;
	return cam;
}

/* One frame becomes a stream of it, with the margin that the camera needs. */
static void add_camera(const struct camera *cam, struct buf *b)
{
	int m = CAMERA_MARGIN;

	buf_addf(b, "pad=iw+%d:ih+%d:%d:%d,fillborders=%d:%d:%d:%d:smear,", 2 * m, 2 * m, m, m, m, m, m, m);
	buf_adds(b, FILM_FOR_EVER ",");
	camera_filters(cam, b);
}

/* The picture, the right way up, on the style's ground where it has holes, in the film's colours: [picture].
 */
static void add_picture(struct film_size size, struct buf *b)
{
	buf_addf(b,
		"[0:v]scale=%d:%d:flags=lanczos+accurate_rnd,setsar=1,format=rgba["
		"raw];",
		size.width, size.height);
	buf_addf(
		b, "color=c=0xF4F2EE:s=%dx%d:r=%d,format=rgb24[ground];", size.width, size.height, VIDEO_FPS);
	buf_adds(b, "[ground][raw]overlay=format=rgb,trim=end_frame=1,"
		    "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd,format=yuv420p");
}

static void picture_filters(const struct film_clip *c, struct buf *b)
{
	struct film_size film = c->size, window = window_of(c),
			 picture = cover(window, c->picture_width, c->picture_height);
	struct camera cam = camera_of(c, window, picture);
	struct film_size small = {film.width / BLUR_SHRINK, film.height / BLUR_SHRINK};

	add_picture(picture, b);
	if (window.width == film.width && window.height == film.height) {
		buf_adds(b, ",");
		add_camera(&cam, b);
		return;
	}
	buf_adds(b, ",split[near][far];[near]");
	add_camera(&cam, b);
	buf_addf(b, "[window];[far]scale=%d:%d:force_original_aspect_ratio=increase:flags=area,crop=%d:%d,",
		small.width, small.height, small.width, small.height);
	buf_addf(b,
		"gblur=sigma=5,lutyuv=y='16+(val-16)*0.5',scale=%d:%d:flags=bicubic,setsar=1," FILM_FOR_EVER
		"[back];",
		film.width, film.height);
	buf_addf(b, "[back][window]overlay=%d:%d", (film.width - window.width) / 4 * 2,
		(film.height - window.height) / 4 * 2);
}

static void card_filters(const struct film_clip *c, struct buf *b)
{
	const struct film_look *look = film_look(c->style);
	struct film_size ground = cover(c->size, c->size.width, c->size.height);
	struct camera cam = camera_of(c, c->size, ground);

	film_add_ground(&ground, look->card_from, look->card_to, b);
	buf_adds(b, ",");
	add_camera(&cam, b);
}

void film_clip_args(const struct film_tools *t, const struct film_clip *c, const char *out, struct args *a)
{
	AUTO_BUF filters = BUF_INIT(FILTERS_MAX_BYTES);

	film_add_program(t, a);
	if (c->picture)
		film_add_input(t, FENCE_PICTURE, c->picture, a);
	(c->picture ? picture_filters : card_filters)(c, &filters);
	args_adds(a, (const char *const[]){"-filter_complex", buf_text(&filters), NULL});
	film_add_h264(t, c->frames, a);
	args_adds(a, (const char *const[]){"-preset", "ultrafast", "-crf", "12", NULL});
	film_add_output("mp4", out, a);
}
