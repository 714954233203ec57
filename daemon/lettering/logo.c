/* The shop's logo: a PNG that the daemon has made of whatever it was, in its corner at its size and opacity.
 */

#include <math.h>
#include <string.h>

#include "daemon/lettering/studio.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/io/json.h"
#include "lib/video/look.h"

#define MAX_BYTES  (16 * 1024 * 1024)
#define MAX_SIDE   4096
#define HEAD_BYTES 24 /* signature, then length and name of IHDR, then its width and height */

struct source {
	const struct buf *bytes;
	size_t at;
};

static cairo_status_t read_some(void *arg, unsigned char *out, unsigned n)
{
	struct source *from = arg;

	if (n > from->bytes->len - from->at)
		return CAIRO_STATUS_READ_ERROR;
	memcpy(out, from->bytes->data + from->at, n);
	from->at += n;
	return CAIRO_STATUS_SUCCESS;
}

static uint32_t number(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Its size is looked at before memory is taken for its pixels. */
static bool is_small_png(const struct buf *b)
{
	static const char head[] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";

	return b->len > HEAD_BYTES && memcmp(b->data, head, sizeof(head) - 1) == 0 &&
	       number(b->data + HEAD_BYTES - 8) - 1 < MAX_SIDE &&
	       number(b->data + HEAD_BYTES - 4) - 1 < MAX_SIDE;
}

static int load(const char *file, cairo_surface_t **ret, struct err *e)
{
	AUTO_BUF bytes = BUF_INIT(MAX_BYTES);
	struct source from = {.bytes = &bytes};

	if (fs_read(file, MAX_BYTES, &bytes, e) < 0)
		return -1;
	if (!is_small_png(&bytes))
		return err_set(e, ERR_PERM, "%s: no PNG of at most %d pixels a side", file, MAX_SIDE);

	cairo_surface_t *picture = cairo_image_surface_create_from_png_stream(read_some, &from);
	if (cairo_surface_status(picture) != CAIRO_STATUS_SUCCESS) {
		cairo_surface_destroy(picture);
		return err_set(e, ERR_PERM, "%s: the PNG is damaged", file);
	}
	*ret = picture;
	return 0;
}

static struct rect place(const struct studio *s, int width, int height)
{
	bool right =
		s->order->logo.corner == CORNER_TOP_RIGHT || s->order->logo.corner == CORNER_BOTTOM_RIGHT;
	bool bottom =
		s->order->logo.corner == CORNER_BOTTOM_LEFT || s->order->logo.corner == CORNER_BOTTOM_RIGHT;
	struct rect area = s->safe;

	return (struct rect){(right ? area.x + area.width - width : area.x) & ~1,
		(bottom ? area.y + area.height - height : area.y) & ~1, width, height};
}

static void paint(const struct canvas *c, cairo_surface_t *picture, double scale, double opacity)
{
	cairo_translate(c->cairo, c->area.x, c->area.y);
	cairo_scale(c->cairo, scale, scale);
	cairo_set_source_surface(c->cairo, picture, 0, 0);
	cairo_pattern_set_filter(cairo_get_source(c->cairo), CAIRO_FILTER_BEST);
	cairo_paint_with_alpha(c->cairo, opacity);
}

int studio_logo(struct studio *s, struct err *e)
{
	const struct order_logo *logo = &s->order->logo;
	cairo_surface_t *picture = NULL;
	AUTO_CANVAS c = {0};

	if (!logo->file || logo->opacity == 0)
		return 0;
	if (load(logo->file, &picture, e) < 0)
		return -1;

	double width = cairo_image_surface_get_width(picture),
	       height = cairo_image_surface_get_height(picture);
	double scale = s->shorter * logo->size / 100 / fmax(width, height);
	struct rect r = place(s, (int)ceil(width * scale), (int)ceil(height * scale));

	canvas_new(rect_and(r, s->frame), &c);
	paint(&c, picture, scale, logo->opacity / 100.0);
	cairo_surface_destroy(picture);

	struct rect ink = canvas_ink(&c);
	if (ink.width == 0)
		return 0;
	struct json *image = studio_save(s, &c, ink, "logo", e);
	if (!image)
		return -1;
	json_put(s->answer, "logo", image);
	s->taken[0] = ink;
	return 0;
}
