#ifndef VIDEOD_VIDEO_PROMPT_H
#define VIDEOD_VIDEO_PROMPT_H

/* The prompt as a video model gets it. Pure. */

#include <stddef.h>

struct buf;

/* UTF-16 code units of a valid UTF-8 text: one for a character up to U+FFFF, two above it. */
size_t prompt_units(const char *text);

/*
 * The client's prompt, then what the style asks of the camera and the setting's own suffix (both left out
 * when enhance is false), as much as max_units takes: the client's words come first and are never displaced;
 * cut between words, never inside a character.
 */
void prompt_write(
	const char *prompt, int style, const char *suffix, int enhance, size_t max_units, struct buf *out);

#endif
