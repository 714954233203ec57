/*
 * videod-lettering: draws texts. It reads orders, which name no file but a logo beside them, draws pictures
 * into the current folder, and prints a line of JSON for each order: which pictures, and where they go in the
 * frame.
 *
 *   order    reads and checks the JSON       clean    makes texts drawable
 *   studio   places on the frame             block    lines and sizes, with Pango
 *   overlay, card, caption, logo             the four kinds of pictures
 *   behind   what keeps letters readable     canvas   pictures in memory, with Cairo
 *   fonts    which font draws which script
 */
#include <stdio.h>
#include <string.h>

#include "daemon/lettering/fonts.h"
#include "daemon/lettering/studio.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/io/json.h"

#define ANSWER_MAX_BYTES (4 * 1024 * 1024)

/* The same letters on every machine: no hints, no rounding, no sub-pixels. */
static PangoContext *new_context(PangoFontMap *map)
{
	PangoContext *context = pango_font_map_create_context(map);
	cairo_font_options_t *options = cairo_font_options_create();

	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(context, options);
	cairo_font_options_destroy(options);
	pango_cairo_context_set_resolution(context, 72);
	pango_context_set_round_glyph_positions(context, FALSE);
	pango_context_set_language(context, pango_language_from_string("en"));
	return context;
}

static int draw_all(struct studio *s, struct err *e)
{
	if (studio_logo(s, e) < 0 || studio_captions(s, e) < 0)
		return -1;
	return s->order->card.there ? studio_card(s, e) : studio_overlay(s, e);
}

static int draw_order(PangoFontMap *map, const char *file, struct err *e)
{
	AUTO_BUF text = BUF_INIT(ORDER_MAX_BYTES);
	AUTO_BUF line = BUF_INIT(ANSWER_MAX_BYTES);
	AUTO_ORDER order = {0};
	struct studio s;
	int r;

	if (fs_read(file, ORDER_MAX_BYTES, &text, e) < 0 ||
		order_read(buf_text(&text), text.len, &order, e) < 0)
		return -1;

	PangoContext *context = new_context(map);
	AUTO(json) answer = json_new_object();
	studio_init(&s, context, &order, answer);
	r = draw_all(&s, e);
	g_object_unref(context);
	if (r < 0)
		return -1;
	json_put_string(answer, "entrance", order.entrance);
	json_put_int(answer, "missing", s.unknown);
	json_write(answer, &line);
	return buf_ok(&line) && puts(buf_text(&line)) >= 0 && fflush(stdout) == 0
		       ? 0
		       : err_set(e, ERR_TEMP, "the answer could not be written");
}

static int check_fonts(PangoFontMap *map)
{
	PangoContext *context = new_context(map);
	bool ok = fonts_check(context, stderr);

	g_object_unref(context);
	return ok ? 0 : 1;
}

static int draw_orders(PangoFontMap *map, char **files)
{
	struct err e;

	for (; *files; files++) {
		if (draw_order(map, *files, &e) < 0) {
			(void)fprintf(stderr, "videod-lettering: %s: %s\n", *files, e.text);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2 || (argv[1][0] == '-' && strcmp(argv[1], "--fonts") != 0)) {
		(void)fputs("usage: videod-lettering ORDER.json... | --fonts\n", stderr);
		return 2;
	}

	PangoFontMap *map = pango_cairo_font_map_new();
	int r = argv[1][0] == '-' ? check_fonts(map) : draw_orders(map, argv + 1);

	g_object_unref(map);
	return r;
}
