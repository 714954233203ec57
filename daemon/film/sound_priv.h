#ifndef VIDEOD_DAEMON_FILM_SOUND_PRIV_H
#define VIDEOD_DAEMON_FILM_SOUND_PRIV_H

/* What mix.c and master.c share. */

#include <stdbool.h>
#include <stdint.h>

struct args;
struct buf;
struct film_tools;

#define SOUND_RATE  48000
#define SOUND_FRAME 1600 /* samples of a frame */

/*
 * Appends the filters that measure a track of so many samples, with its peaks where they are wanted (that
 * takes twice the time), and print it on standard output under that name when it ends.
 */
void sound_add_meter(const char *name, bool peaks, int64_t samples, struct buf *b);
/* -map label to nowhere, for a meter's end. */
void sound_add_nowhere(const char *label, struct args *a);

#endif
