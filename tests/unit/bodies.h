#ifndef VIDEOD_TESTS_UNIT_BODIES_H
#define VIDEOD_TESTS_UNIT_BODIES_H

/* Request bodies as tests write them down, and all that is wrong with one. What cannot be read fails the
 * test. */

struct json;
struct problems;

struct json *body_parse(const char *text); /* caller frees */
/* expected is "/path: message\n" for each problem, in their order. */
void body_problems(const char *title, const struct problems *p, const char *expected);

/* Of lib/video/look.h, as messages list them. */
#define LOOK_KEYS                                                                                            \
	"renditions, quality, fit, transition, transitionDuration, captions, captionStyle, textStyle, "      \
	"sceneVolume, voiceUrl, musicUrl, brand"
#define SCENE_LOOK_KEYS "narration, fit, focus, transition, transitionDuration, textStyle"

#endif
