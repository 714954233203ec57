#ifndef VIDEOD_DAEMON_FILM_ENCODE_H
#define VIDEOD_DAEMON_FILM_ENCODE_H

/*
 * From a clip of any kind to a piece of the film: the film's size, rate, pixel format and colours, exactly
 * its frames, with lettering and logo, encoded once. All pieces of a rendition have the same H.264 settings
 * and the same track time scale, so that they join by copying packets.
 *
 * The film of parts 0..n-1 is the pieces body 0, transition into 1, body 1, transition into 2, ... A
 * transition takes the first T frames of the later part's time; under them the earlier part's clip goes on,
 * or its last frame stays. So every cut is exactly at the sum of the parts before it, whatever the
 * transitions.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/film/tools.h"

struct args;
struct buf;

/* A PNG with alpha in the work folder, and where its top left corner goes. */
struct film_image {
	char file[64]; /* "": none */
	int x, y, width, height;
};

/* All captions of a part have the same place and size; their pictures are clear around the letters. */
struct film_caption {
	struct film_image image;
	unsigned from, to; /* shown in frames from <= n < to of the part's own time */
};

/* What is drawn over a part's picture, in this order. */
struct film_layers {
	struct film_image text;
	int entrance; /* enum look_entrance, of text; it begins with the part's frame 0 */
	const struct film_caption *captions; /* rising, not overlapping */
	size_t caption_count;
	const char
		*caption_list;  /* the file that film_caption_list is in; NULL where there are no captions */
	struct film_image logo; /* the same in every part of a rendition, also during transitions */
};

/* How a clip's colours are meant; see media.colours. */
enum film_colours {
	COLOURS_SAID,   /* as its frames say, BT.601 where they do not */
	COLOURS_BT709,  /* it says nothing, and is large */
	COLOURS_HDR_PQ, /* BT.2020 with the transfer of SMPTE ST 2084 */
	COLOURS_HDR_HLG,
	COLOURS_COUNT
};

/* A part's picture, from its frame 0 on. */
struct film_shot {
	const char *clip;     /* NULL: a card, whose ground is drawn: a slanting run of colours */
	int colours;          /* enum film_colours, of the clip */
	int fit;              /* enum look_fit */
	int focus_x, focus_y; /* thousandths */
	unsigned ground_from,
		ground_to; /* 0xRRGGBB: a card's colours; ground_from is behind FIT_CONTAIN too */
	struct film_layers layers;
};

/* Frames from <= n < to of the shot -> out. The clip is held on its last frame where it is too short. */
void film_body_args(const struct film_tools *t, const struct film_size *size, const struct film_shot *shot,
	unsigned from, unsigned to, const char *out, struct args *a);
/*
 * The T frames of a transition: before's frames from before_from on go over into after's frames 0 to T.
 * Captions and logo drawn are those of after, over both; the texts are part of their pictures. kind: enum
 * look_transition, no cut.
 */
void film_transition_args(const struct film_tools *t, const struct film_size *size,
	const struct film_shot *before, unsigned before_from, const struct film_shot *after, int kind,
	unsigned frames, const char *out, struct args *a);

/* The ffconcat list of the pictures of a part's captions, for a file: one input instead of a hundred. */
void film_caption_list(const struct film_layers *layers, struct buf *out);

struct film_piece {
	const char *file; /* what film_body_args or film_transition_args made */
	unsigned frames;
};
/* The ffconcat list of a rendition's pieces, for a file. */
void film_join_list(const struct film_piece *pieces, size_t count, struct buf *out);
/* The pieces in the list by stream copy, with the sound -> out, faststart. */
void film_join_args(const struct film_tools *t, const char *list_file, const char *sound, const char *out,
	struct args *a);

#endif
