#ifndef VIDEOD_VIDEO_STYLES_PRIV_H
#define VIDEOD_VIDEO_STYLES_PRIV_H

/*
 * What makes the six styles: pacing and texts. In a text {title}, {headline} (the title cut short), {name}
 * (the title as it is said), {price}, {spoken_price}, {store}, {niche} and {feature} stand for what the shop
 * says; nothing else is said about a product. Of alternatives the first is taken whose words are all known
 * (and, when spoken, that fits).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/video/video.h"

#define STYLE_ALTERNATIVES 4

enum scene_role { ROLE_OPENING, ROLE_DETAIL, ROLE_CLOSING, ROLE_COUNT };

struct style {
	int64_t length_ms[ROLE_COUNT];
	size_t pictures;       /* of the product's, at most */
	bool closing_picture;  /* the closing shows the first picture again, not a plain card */
	size_t feature_points; /* the longest feature that is shown */
	const char *prompt[ROLE_COUNT];
	const char *opening[STYLE_ALTERNATIVES]; /* overlays */
	const char *details[STYLE_ALTERNATIVES]; /* one after another, the last for all that follow */
	const char *closing[STYLE_ALTERNATIVES];
	const char *say_opening[STYLE_ALTERNATIVES];
	const char *say_price[STYLE_ALTERNATIVES];
	const char *say_closing[STYLE_ALTERNATIVES];
};

extern const struct style styles[STYLE_COUNT];

#endif
