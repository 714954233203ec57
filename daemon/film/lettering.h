#ifndef VIDEOD_DAEMON_FILM_LETTERING_H
#define VIDEOD_DAEMON_FILM_LETTERING_H

/*
 * Text becomes pictures in a program of its own, videod-lettering, which uses Pango and Cairo: every script
 * is shaped, ordered and broken by its own rules, and emoji have colours. Client texts reach it as data in a
 * JSON file, never as arguments; what it has drawn, and where that goes, it prints as JSON. It runs as a
 * child with the limits of all children, for what it reads is foreign.
 *
 *   videod-lettering ORDER.json...  draws everything that is ordered into the current folder, and prints a
 *                                   line of JSON for each order
 *   videod-lettering --fonts        checks that every script's fonts are there
 *
 * Exit status 1 says on standard error in one line, of fonts in a line each, what is wrong.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/film/encode.h"
#include "daemon/film/tools.h"

struct args;
struct brand;
struct buf;
struct err;
struct text_look;

enum lettering_kind { LETTERING_OVERLAY, LETTERING_CARD, LETTERING_CAPTION, LETTERING_KIND_COUNT };

/* One caption as it is to be seen: the whole text, of which one word may be lit. */
struct lettering_caption {
	const char *text;        /* lines broken by '\n' already */
	size_t lit_from, lit_to; /* bytes of text; lit_from == lit_to: none is lit */
	unsigned from, to;       /* frames of the part */
};

/* All that is to be drawn for one part in one rendition. The pictures of its captions have one place and
 * size: see struct film_caption. */
struct lettering_order {
	struct film_size size;     /* of the film: sizes, margins and safe areas come from it */
	int style;                 /* enum video_style */
	const struct brand *brand; /* NULL: none */
	const struct text_look *video_text,
		*scene_text; /* what decides, from the last to the first: style, brand,
				video_text, scene_text; NULL: nothing said */
	const char *overlay; /* NULL: none */
	struct {
		bool there;                        /* a card: then there is no overlay */
		const char *title, *text, *action; /* each may be NULL */
	} card;
	int captions, caption_style;             /* enum look_captions, look_caption_style */
	const struct lettering_caption *caption; /* the overlay gives way to them */
	size_t caption_count;
	const char *logo;   /* a PNG in the work folder, at most 4096 pixels a side; drawn to the brand's size
			       and opacity, NULL none */
	const char *prefix; /* the pictures are named prefix + "-text.png", "-logo.png", "-c000.png", ... */
};

/* The order as JSON for the file that the command reads. */
void lettering_write(const struct lettering_order *o, struct buf *out);
void lettering_args(const struct film_tools *t, const char *order_file, struct args *a);
/*
 * Reads what the program printed: layers with the images' places (layers->entrance from the looks; captions
 * are the caller's to free with lettering_done). *ret_missing: characters that no font has, for the report.
 * -1 ERR_PERM when it is not that.
 */
int lettering_read(
	const char *json, size_t n, struct film_layers *ret_layers, int64_t *ret_missing, struct err *e);
void lettering_done(struct film_layers *layers);

/* A style's colours where neither brand nor look say: the ground of cards. */
struct film_ground {
	unsigned from, to;
};
struct film_ground film_ground(int style, const struct brand *brand);

#endif
