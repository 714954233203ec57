/* What keeps letters readable on any picture: a dark cloud, an outline, a box. */

#include <math.h>

#include "daemon/lettering/studio.h"

#define CLOUD_GROW   0.16 /* parts of the letters' size */
#define CLOUD_BLUR   0.15
#define CLOUD_ALPHA  0.62
#define EDGE         0.035
#define EDGE_ALPHA   0.45
#define SHADOW_SHIFT 0.05
#define SHADOW_BLUR  0.05
#define SHADOW_ALPHA 0.5
#define SNAP         0.9 /* line ends nearer than this become one, of the size */

static struct canvas mask_of(const struct canvas *c, const struct block *b, double x, double y)
{
	struct canvas mask = canvas_mask(c);

	block_draw(b, mask.cairo, x, y);
	return mask;
}

void studio_glow(const struct canvas *c, const struct block *b, double x, double y, unsigned rgb)
{
	AUTO_CANVAS cloud = mask_of(c, b, x, y), edge = mask_of(c, b, x, y);

	canvas_grow(&cloud, CLOUD_GROW * b->size);
	canvas_blur(&cloud, (int)ceil(CLOUD_BLUR * b->size));
	canvas_fill(c, &cloud, rgb, CLOUD_ALPHA);
	canvas_grow(&edge, EDGE * b->size);
	canvas_blur(&edge, (int)(EDGE * b->size));
	canvas_fill(c, &edge, rgb, EDGE_ALPHA);
}

void studio_outline(
	const struct canvas *c, const struct block *b, double x, double y, unsigned rgb, double width)
{
	AUTO_CANVAS edge = mask_of(c, b, x, y);
	AUTO_CANVAS shadow = mask_of(c, b, x, y + SHADOW_SHIFT * b->size);

	canvas_grow(&shadow, width * b->size);
	canvas_blur(&shadow, (int)ceil(SHADOW_BLUR * b->size));
	canvas_fill(c, &shadow, 0, SHADOW_ALPHA);
	canvas_grow(&edge, width * b->size);
	canvas_fill(c, &edge, rgb, 0.92);
}

/* A line's left and right end in the box behind it: the same as its neighbour's where they are nearly so. */
static void ends_of(const struct block *b, size_t i, double *left, double *right)
{
	*left = b->lines[i].x;
	*right = *left + b->lines[i].width;
	for (size_t k = i > 0 ? i - 1 : 0; k <= i + 1 && k < b->line_count; k++) {
		double other = b->lines[k].x, end = other + b->lines[k].width;

		if (other < *left && *left - other < SNAP * b->size)
			*left = other;
		if (end > *right && end - *right < SNAP * b->size)
			*right = end;
	}
}

static void box_by_line(cairo_t *cairo, const struct block *b, double x, double y, const struct box_style *s)
{
	double first = b->lines[0].baseline, last = b->height - b->lines[b->line_count - 1].baseline;
	double radius = s->radius * b->size;

	for (size_t i = 0; i < b->line_count; i++) {
		double left, right, base = y + b->lines[i].baseline;
		double top = base - first - s->above * b->size, bottom = base + last + s->below * b->size;

		ends_of(b, i, &left, &right);
		if (i + 1 < b->line_count) /* no gap to the next */
			bottom = fmax(bottom, base + b->pitch - first - s->above * b->size + 2 * radius);
		canvas_rounded(cairo, x + left - s->side * b->size, top, right - left + 2 * s->side * b->size,
			bottom - top, radius);
		cairo_fill(cairo);
	}
}

void studio_box(const struct canvas *c, const struct block *b, double x, double y, const struct box_style *s)
{
	AUTO_CANVAS mask = canvas_mask(c);
	double side = s->side * b->size, above = s->above * b->size;

	if (s->by_line) {
		box_by_line(mask.cairo, b, x, y, s);
	} else {
		canvas_rounded(mask.cairo, x - side, y - above, b->width + 2 * side,
			b->height + above + s->below * b->size, s->radius * b->size);
		cairo_fill(mask.cairo);
	}
	canvas_fill(c, &mask, s->rgb, s->alpha);
}
