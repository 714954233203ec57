#ifndef VIDEOD_DAEMON_SNIFF_H
#define VIDEOD_DAEMON_SNIFF_H

/* What a file says of itself in its own bytes. */

#include <stdbool.h>

/* "image/jpeg", "image/png", "image/webp"; "application/octet-stream" for what is none of them. */
const char *sniff_picture_type(const char *path);

/*
 * Whether an MP4 ends where its boxes say that it does: a download without a length that was cut off looks
 * whole to anybody who reads its beginning only. True for what is no MP4.
 */
bool sniff_mp4_whole(const char *path);

/* Whether nine tenths of the sound that a WAV says it has are there. True for what is no WAV, or says
 * nothing.
 */
bool sniff_wav_whole(const char *path);

#endif
