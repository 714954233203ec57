#ifndef VIDEOD_DAEMON_FILM_FILM_PRIV_H
#define VIDEOD_DAEMON_FILM_FILM_PRIV_H

/* What the film_*.c files share: how each style looks and moves, and the parts that commands have in common.
 */

#include "daemon/film/film.h"

/* Colours are 0xRRGGBB. */
struct film_look {
	const char *font;            /* a family */
	int weight;                  /* of it, as in CSS */
	int position;                /* enum look_position, of a scene's text; a card's is in the middle */
	int background;              /* enum look_background: what keeps the text readable on any picture */
	int entrance;                /* enum look_entrance */
	bool centred;                /* else aligned to where reading begins */
	bool by_line;                /* a box behind each line */
	unsigned size_percent;       /* of the usual size of text */
	unsigned text_colour;        /* on a picture */
	unsigned back_colour;        /* of glow, box or outline */
	unsigned card_from, card_to; /* the ground of a card, and behind pictures with holes */
	unsigned card_text, card_accent;
	unsigned tempo_percent; /* how far the camera goes, of the usual way */
	unsigned char moves[4]; /* the camera's moves, taken in turn; see film_scene.c */
};

const struct film_look *film_look(int style);

/* ffmpeg and the options that every command begins with; a printer's standard output is its filters' own. */
void film_add_printer(const struct film_tools *t, struct args *a);
void film_add_program(const struct film_tools *t, struct args *a);
/* The options that keep what is read within its fence; for ffprobe too. */
void film_add_fence(enum film_fence fence, struct args *a);
/* -i file, within its fence. */
void film_add_input(const struct film_tools *t, enum film_fence fence, const char *file, struct args *a);
/* Colour tags and size of H.264 that every clip has. */
void film_add_h264(const struct film_tools *t, unsigned frames, struct args *a);
/* Progress, no metadata, container, output; the end of every command. */
void film_add_output(const char *container, const char *out, struct args *a);

#endif
