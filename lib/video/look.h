#ifndef VIDEOD_VIDEO_LOOK_H
#define VIDEOD_VIDEO_LOOK_H

/*
 * How a film is to look and sound, as clients say it: of a whole video, of one scene, and a store's brand
 * kit. Plain data with one JSON form each, the same on the wire and in the database (videos.look,
 * scenes.look, stores.brand, videos.brand), written and read by the same tables of fields.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct err;
struct field_table;
struct json;

#define LOOK_UNSET (-1) /* what stands above decides: the video, then the brand kit, then the style */

enum look_quality { QUALITY_DRAFT, QUALITY_STANDARD, QUALITY_HIGH, QUALITY_COUNT };
enum look_fit { FIT_COVER, FIT_CONTAIN, FIT_BLUR, FIT_COUNT };
enum look_transition {
	TRANSITION_CUT,
	TRANSITION_FADE, /* through black */
	TRANSITION_CROSSFADE,
	TRANSITION_SLIDE_LEFT,
	TRANSITION_SLIDE_UP,
	TRANSITION_WIPE_LEFT,
	TRANSITION_WIPE_UP,
	TRANSITION_COUNT,
};
enum look_captions { CAPTIONS_NONE, CAPTIONS_LINES, CAPTIONS_WORDS, CAPTIONS_COUNT };
enum look_caption_style { CAPTION_CLEAN, CAPTION_BOX, CAPTION_BOLD, CAPTION_STYLE_COUNT };
enum look_position { POSITION_TOP, POSITION_MIDDLE, POSITION_BOTTOM, POSITION_COUNT };
enum look_size { SIZE_SMALL, SIZE_MEDIUM, SIZE_LARGE, SIZE_COUNT };
enum look_background {
	BACKGROUND_NONE,
	BACKGROUND_GLOW,
	BACKGROUND_BOX,
	BACKGROUND_OUTLINE,
	BACKGROUND_COUNT
};
enum look_entrance { ENTRANCE_NONE, ENTRANCE_FADE, ENTRANCE_RISE, ENTRANCE_SLIDE, ENTRANCE_COUNT };
enum look_corner { CORNER_TOP_LEFT, CORNER_TOP_RIGHT, CORNER_BOTTOM_LEFT, CORNER_BOTTOM_RIGHT, CORNER_COUNT };

/* Wire names, in lower case with "_" between words: "slide_left". */
extern const char *const look_quality_names[QUALITY_COUNT];
extern const char *const look_fit_names[FIT_COUNT];
extern const char *const look_transition_names[TRANSITION_COUNT];
extern const char *const look_captions_names[CAPTIONS_COUNT];
extern const char *const look_caption_style_names[CAPTION_STYLE_COUNT];
extern const char *const look_position_names[POSITION_COUNT];
extern const char *const look_size_names[SIZE_COUNT];
extern const char *const look_background_names[BACKGROUND_COUNT];
extern const char *const look_entrance_names[ENTRANCE_COUNT];
extern const char *const look_corner_names[CORNER_COUNT];

#define DEFAULT_TRANSITION_MS   500
#define LIMIT_TRANSITION_MIN_MS 100
#define LIMIT_TRANSITION_MAX_MS 1500

/* "textStyle": each member LOOK_UNSET where it is not given. */
struct text_look {
	int position, size, background, entrance;
	int64_t colour, background_colour; /* 0xRRGGBB; "#RRGGBB" on the wire */
};

/* The members of a video that only its film's look depends on. */
struct look {
	unsigned renditions; /* bits 1 << enum video_aspect, the video's own never among them */
	int quality;         /* LOOK_UNSET: the setting film_quality; a draft's is QUALITY_DRAFT */
	int fit;
	int transition;        /* between all scenes that do not say otherwise */
	int64_t transition_ms; /* "transitionDuration" in seconds */
	int captions, caption_style;
	struct text_look text; /* of overlays */
	int64_t scene_volume;  /* "sceneVolume", 0..100: of the clips' own sound; 0, the default, mutes it */
	char *voice_url;       /* "voiceUrl": spoken already; no script then; NULL none */
	char *music_url;       /* "musicUrl": instead of a track; NULL none */
	bool brand;            /* "brand": whether the store's brand kit is used; default true */
};

/* Of one scene. */
struct scene_look {
	char *narration;          /* spoken while it is seen; its length follows the voice. NULL none */
	int fit;                  /* LOOK_UNSET: the video's */
	int64_t focus_x, focus_y; /* "focus": {"x","y"}, thousandths of the source's width and height: what a
				     crop keeps nearest its middle; 500 the middle */
	int transition;           /* from this scene into the next; LOOK_UNSET: the video's */
	int64_t transition_ms;    /* LOOK_UNSET: the video's */
	struct text_look text;
};

#define LIMIT_CARD_TEXT 120
struct brand_card {
	bool there;
	char *title;  /* NULL none */
	char *text;   /* a price, a promise */
	char *action; /* "Shop now", as a button; NULL none */
	int64_t duration_ms;
};

/* PUT /videos/stores/{id}/brand */
struct brand {
	char *font;                                            /* one of brand_fonts; NULL: the style's */
	int64_t text_colour, background_colour, accent_colour; /* LOOK_UNSET: the style's */
	int64_t ground_colour; /* of cards, and behind clips that do not fill the frame */
	struct text_look text;
	char *logo_url; /* a picture, as imageUrl; NULL none */
	int logo_corner;
	int64_t logo_opacity; /* 0..100 */
	int64_t logo_size; /* percent of the film's shorter side that the logo's longer side takes, 4..40 */
	struct brand_card intro, end;
};
/* Families that set-up installs, up to NULL: "Lato", "Noto Sans", ... */
extern const char *const brand_fonts[];

void look_init(struct look *l); /* defaults; fit cover, transition cut, no captions, brand */
void scene_look_init(struct scene_look *l);
void brand_init(struct brand *b);
void look_done(struct look *l);
void scene_look_done(struct scene_look *l);
void brand_done(struct brand *b);
#define AUTO_LOOK       CLEANUP(look_done) struct look
#define AUTO_SCENE_LOOK CLEANUP(scene_look_done) struct scene_look
#define AUTO_BRAND      CLEANUP(brand_done) struct brand

/*
 * To and from the one JSON form. Members at their defaults are left out, so that an empty object is a plain
 * video. Reading starts from the defaults, which the caller has not to set; -1 ERR_PERM for what is no such
 * object (it was validated when it was written: that is our bug or another version's). NULL text: defaults.
 */
struct json *look_json(const struct look *l);
struct json *scene_look_json(const struct scene_look *l);
struct json *brand_json(const struct brand *b);
int look_read(const char *text, struct look *ret, struct err *e);
int scene_look_read(const char *text, struct scene_look *ret, struct err *e);
int brand_read(const char *text, struct brand *ret, struct err *e);

/* For request.c, whose bodies have the same members at the top: see FIELD_INCLUDE in fields.h. */
extern const struct field_table look_table, scene_look_table, brand_table;

#endif
