#ifndef VIDEOD_VIDEO_SCRIPT_H
#define VIDEOD_VIDEO_SCRIPT_H

/*
 * A product, its store and a style become scenes and a narration: a pure function of the three. Each style
 * has its own pacing, texts and script. Words stay whole, prices follow the store's currency and locale, HTML
 * in the description is left out, and what is missing is left out rather than shown as "null". The narration
 * is no longer, spoken at SCRIPT_WORDS_PER_MIN, than the scenes together.
 */

#include "lib/video/video.h"

#define SCRIPT_WORDS_PER_MIN 150

/*
 * Sets v's title, style, scenes, scene_count and voiceover_script, store and product ids, which v must not
 * have yet; they are v's then. Always gives a video that request validation accepts. Cannot fail. The texts
 * are English around what the shop says; the locale decides how a price is written.
 */
void script_write(const struct product *p, const struct store *s, enum video_style style, struct video *v);

#endif
