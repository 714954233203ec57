/*
 * Pictures in memory. All surfaces are bounded by the frame, which the order bounds. What lies behind letters
 * is made from masks, by their alpha, so that an emoji has an outline and a shadow as well.
 */
#include "daemon/lettering/canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"

#define BLUR_TIMES 3 /* boxes that make a bell */

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

static int max_int(int a, int b)
{
	return a > b ? a : b;
}

struct rect rect_and(struct rect a, struct rect b)
{
	int x = max_int(a.x, b.x), y = max_int(a.y, b.y);
	int right = min_int(a.x + a.width, b.x + b.width), bottom = min_int(a.y + a.height, b.y + b.height);

	if (right <= x || bottom <= y)
		return (struct rect){0};
	return (struct rect){x, y, right - x, bottom - y};
}

struct rect rect_or(struct rect a, struct rect b)
{
	if (a.width == 0)
		return b;
	if (b.width == 0)
		return a;

	int x = min_int(a.x, b.x), y = min_int(a.y, b.y);
	int right = max_int(a.x + a.width, b.x + b.width), bottom = max_int(a.y + a.height, b.y + b.height);

	return (struct rect){x, y, right - x, bottom - y};
}

bool rect_meet(struct rect a, struct rect b)
{
	return rect_and(a, b).width > 0;
}

static void make(struct rect area, cairo_format_t format, struct canvas *ret)
{
	*ret = (struct canvas){
		.area = area,
		.surface =
			cairo_image_surface_create(format, max_int(area.width, 1), max_int(area.height, 1)),
	};
	ret->cairo = cairo_create(ret->surface);
	cairo_translate(ret->cairo, -area.x, -area.y);
}

void canvas_new(struct rect area, struct canvas *ret)
{
	make(area, CAIRO_FORMAT_ARGB32, ret);
}

void canvas_done(struct canvas *c)
{
	if (c->cairo)
		cairo_destroy(c->cairo);
	if (c->surface)
		cairo_surface_destroy(c->surface);
	*c = (struct canvas){0};
}

struct rect canvas_ink(const struct canvas *c)
{
	int width = cairo_image_surface_get_width(c->surface),
	    height = cairo_image_surface_get_height(c->surface);
	int left = width, top = height, right = 0, bottom = 0;

	cairo_surface_flush(c->surface);
	for (int y = 0; y < height; y++) {
		const unsigned char *row = cairo_image_surface_get_data(c->surface) +
					   (ptrdiff_t)y * cairo_image_surface_get_stride(c->surface);

		for (int x = 0; x < width; x++) {
			uint32_t pixel;

			memcpy(&pixel, row + (ptrdiff_t)4 * x, sizeof(pixel));
			if (pixel >> 24 == 0)
				continue;
			left = min_int(left, x);
			right = max_int(right, x + 1);
			top = min_int(top, y);
			bottom = y + 1;
		}
	}
	if (right == 0)
		return (struct rect){0};
	left = (left + c->area.x) & ~1;
	top = (top + c->area.y) & ~1;
	return (struct rect){
		left, top, (right + c->area.x - left + 1) & ~1, (bottom + c->area.y - top + 1) & ~1};
}

int canvas_save(const struct canvas *c, struct rect part, const char *file, struct err *e)
{
	AUTO_CANVAS small = {0};
	cairo_status_t status;

	canvas_new(part, &small);
	cairo_set_source_surface(small.cairo, c->surface, c->area.x, c->area.y);
	cairo_paint(small.cairo);
	status = cairo_surface_write_to_png(small.surface, file);
	if (status != CAIRO_STATUS_SUCCESS)
		return err_set(e, ERR_TEMP, "%s: %s", file, cairo_status_to_string(status));
	return 0;
}

static double channel(unsigned rgb, unsigned shift)
{
	return (double)(rgb >> shift & 0xFF) / 255;
}

void canvas_set_colour(cairo_t *cairo, unsigned rgb, double alpha)
{
	cairo_set_source_rgba(cairo, channel(rgb, 16), channel(rgb, 8), channel(rgb, 0), alpha);
}

void canvas_rounded(cairo_t *cairo, double x, double y, double width, double height, double radius)
{
	double r = fmin(radius, fmin(width, height) / 2);

	cairo_new_sub_path(cairo);
	cairo_arc(cairo, x + width - r, y + r, r, -M_PI_2, 0);
	cairo_arc(cairo, x + width - r, y + height - r, r, 0, M_PI_2);
	cairo_arc(cairo, x + r, y + height - r, r, M_PI_2, 2 * M_PI_2);
	cairo_arc(cairo, x + r, y + r, r, 2 * M_PI_2, 3 * M_PI_2);
	cairo_close_path(cairo);
}

struct canvas canvas_mask(const struct canvas *like)
{
	struct canvas mask;

	make(like->area, CAIRO_FORMAT_A8, &mask);
	return mask;
}

/* The bytes of a mask, one a pixel. */
struct plane {
	unsigned char *data;
	int width, height, stride;
};

static struct plane plane_of(const struct canvas *mask)
{
	cairo_surface_flush(mask->surface);
	return (struct plane){
		.data = cairo_image_surface_get_data(mask->surface),
		.width = cairo_image_surface_get_width(mask->surface),
		.height = cairo_image_surface_get_height(mask->surface),
		.stride = cairo_image_surface_get_stride(mask->surface),
	};
}

static unsigned at(const struct plane *p, int x, int y)
{
	if (x < 0 || y < 0 || x >= p->width || y >= p->height)
		return 0;
	return p->data[(ptrdiff_t)y * p->stride + x];
}

/* What is around is as full, so that the discs of those at the edge cover its own. */
static bool is_inside(const struct plane *p, int x, int y)
{
	return at(p, x, y) + at(p, x - 1, y) + at(p, x + 1, y) + at(p, x, y - 1) + at(p, x, y + 1) == 5 * 255;
}

/* A disc around x, y, as dense as value, where it is denser than what is there. */
static void stamp(const struct plane *out, int x, int y, unsigned value, const unsigned char *disc, int reach)
{
	int side = 2 * reach + 1, left = max_int(0, x - reach), right = min_int(out->width - 1, x + reach);

	for (int py = max_int(0, y - reach); py <= min_int(out->height - 1, y + reach); py++) {
		unsigned char *row = out->data + (ptrdiff_t)py * out->stride;
		const unsigned char *of = disc + (ptrdiff_t)(py - y + reach) * side - (x - reach);

		for (int px = left; px <= right; px++) {
			unsigned v = of[px] * value / 255;

			if (v > row[px])
				row[px] = (unsigned char)v;
		}
	}
}

static unsigned char *new_disc(double radius, int reach)
{
	int side = 2 * reach + 1;
	unsigned char *disc = xmalloc((size_t)side * (size_t)side);

	for (int y = 0; y < side; y++)
		for (int x = 0; x < side; x++) {
			double covered = radius + 0.5 - hypot(x - reach, y - reach);

			disc[y * side + x] = (unsigned char)(255 * fmax(0, fmin(1, covered)));
		}
	return disc;
}

void canvas_grow(struct canvas *mask, double radius)
{
	struct canvas grown = canvas_mask(mask);
	struct plane from = plane_of(mask), to = plane_of(&grown);
	int reach = (int)ceil(radius);
	AUTO_FREE unsigned char *disc = new_disc(radius, reach);

	for (int y = 0; y < from.height; y++)
		for (int x = 0; x < from.width; x++) {
			unsigned value = at(&from, x, y);

			if (value > 0 && is_inside(&from, x, y))
				to.data[(ptrdiff_t)y * to.stride + x] = 255;
			else if (value > 0)
				stamp(&to, x, y, value, disc, reach);
		}
	cairo_surface_mark_dirty(grown.surface);
	canvas_done(mask);
	*mask = grown;
}

/* The mean of 2 * radius + 1 pixels around each of n, which are step bytes apart. */
static void blur_run(unsigned char *p, int n, ptrdiff_t step, int radius, unsigned char *copy)
{
	int sum = 0, width = 2 * radius + 1;

	for (int i = 0; i < n; i++)
		copy[i] = p[i * step];
	for (int i = 0; i < radius && i < n; i++)
		sum += copy[i];
	for (int i = 0; i < n; i++) {
		sum += i + radius < n ? copy[i + radius] : 0;
		sum -= i > radius ? copy[i - radius - 1] : 0;
		p[i * step] = (unsigned char)((sum + radius) / width);
	}
}

void canvas_blur(struct canvas *mask, int radius)
{
	struct plane p = plane_of(mask);
	AUTO_FREE unsigned char *copy = xmalloc((size_t)max_int(p.width, p.height));

	for (int i = 0; i < BLUR_TIMES && radius > 0; i++) {
		for (int y = 0; y < p.height; y++)
			blur_run(p.data + (ptrdiff_t)y * p.stride, p.width, 1, radius, copy);
		for (int x = 0; x < p.width; x++)
			blur_run(p.data + x, p.height, p.stride, radius, copy);
	}
	cairo_surface_mark_dirty(mask->surface);
}

void canvas_fill(const struct canvas *c, const struct canvas *mask, unsigned rgb, double alpha)
{
	canvas_set_colour(c->cairo, rgb, alpha);
	cairo_mask_surface(c->cairo, mask->surface, mask->area.x, mask->area.y);
}
