#ifndef VIDEOD_BASE_FILETYPE_H
#define VIDEOD_BASE_FILETYPE_H

/* What a file says of itself in its first bytes. */

#include <stddef.h>

#define FILETYPE_BYTES 12 /* that are looked at */

/*
 * "image/jpeg", "image/png", "image/webp", "audio/mpeg", "audio/wav", "audio/mp4" (any MP4: only its tracks
 * could say more), "audio/ogg", "audio/flac"; NULL for what is none of them, or shorter than FILETYPE_BYTES.
 */
const char *filetype_of(const void *head, size_t n);

#endif
