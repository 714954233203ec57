#ifndef VIDEOD_VIDEO_SOURCE_H
#define VIDEOD_VIDEO_SOURCE_H

/*
 * Where clients may have pictures, voices and music from: https://... , /assets/..., which come with videod,
 * and /uploads/<storeId>/..., which that store has sent (whether it is the video's own: rules.h).
 */

/* What the address must be, a static text for the client, or NULL where it is that. */
const char *source_check(const char *url);

#endif
