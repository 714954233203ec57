#ifndef VIDEOD_DAEMON_FILM_TOOLS_H
#define VIDEOD_DAEMON_FILM_TOOLS_H

/*
 * What all makers of commands in this folder share. They are pure: the same input gives the same arguments.
 * All commands run in the video's work folder; names without a slash are files in it. No client's text is
 * ever part of an argument or of a filter.
 */

#include <stddef.h>

struct film_tools {
	const char *ffmpeg, *ffprobe;
	const char *lettering; /* videod-lettering, see lettering.h */
	unsigned threads;      /* per child */
	int quality;           /* enum look_quality */
};

struct film_size {
	int width, height; /* pixels, even */
};

/*
 * A part is what lies between two cuts: an intro, each scene, an end card. Renditions are numbered from 0,
 * which is the video's own aspect ratio. Where a step or a file is of one part of one rendition, its number
 * is this.
 */
#define FILM_PARTS_MAX             64
#define FILM_ITEM(rendition, part) ((size_t)(rendition)*FILM_PARTS_MAX + (size_t)(part))

#endif
