/*
 * The tables of how a film can look, and their defaults. Each struct has one table, by which it is read from
 * requests, written to the database and shown again; what is at its default is not stored, so a default may
 * change later for films that said nothing.
 */

#include "lib/video/look.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/video/fields.h"
#include "lib/video/limits.h"
#include "lib/video/problems.h"
#include "lib/video/source.h"
#include "lib/video/video.h"

const char *const look_quality_names[QUALITY_COUNT] = {
	[QUALITY_DRAFT] = "draft",
	[QUALITY_STANDARD] = "standard",
	[QUALITY_HIGH] = "high",
};
const char *const look_fit_names[FIT_COUNT] = {
	[FIT_COVER] = "cover",
	[FIT_CONTAIN] = "contain",
	[FIT_BLUR] = "blur",
};
const char *const look_transition_names[TRANSITION_COUNT] = {
	[TRANSITION_CUT] = "cut",
	[TRANSITION_FADE] = "fade",
	[TRANSITION_CROSSFADE] = "crossfade",
	[TRANSITION_SLIDE_LEFT] = "slide_left",
	[TRANSITION_SLIDE_UP] = "slide_up",
	[TRANSITION_WIPE_LEFT] = "wipe_left",
	[TRANSITION_WIPE_UP] = "wipe_up",
};
const char *const look_captions_names[CAPTIONS_COUNT] = {
	[CAPTIONS_NONE] = "none",
	[CAPTIONS_LINES] = "lines",
	[CAPTIONS_WORDS] = "words",
};
const char *const look_caption_style_names[CAPTION_STYLE_COUNT] = {
	[CAPTION_CLEAN] = "clean",
	[CAPTION_BOX] = "box",
	[CAPTION_BOLD] = "bold",
};
const char *const look_position_names[POSITION_COUNT] = {
	[POSITION_TOP] = "top",
	[POSITION_MIDDLE] = "middle",
	[POSITION_BOTTOM] = "bottom",
};
const char *const look_size_names[SIZE_COUNT] = {
	[SIZE_SMALL] = "small",
	[SIZE_MEDIUM] = "medium",
	[SIZE_LARGE] = "large",
};
const char *const look_background_names[BACKGROUND_COUNT] = {
	[BACKGROUND_NONE] = "none",
	[BACKGROUND_GLOW] = "glow",
	[BACKGROUND_BOX] = "box",
	[BACKGROUND_OUTLINE] = "outline",
};
const char *const look_entrance_names[ENTRANCE_COUNT] = {
	[ENTRANCE_NONE] = "none",
	[ENTRANCE_FADE] = "fade",
	[ENTRANCE_RISE] = "rise",
	[ENTRANCE_SLIDE] = "slide",
};
const char *const look_corner_names[CORNER_COUNT] = {
	[CORNER_TOP_LEFT] = "top_left",
	[CORNER_TOP_RIGHT] = "top_right",
	[CORNER_BOTTOM_LEFT] = "bottom_left",
	[CORNER_BOTTOM_RIGHT] = "bottom_right",
};

/* Families that are shaped and have the weights that titles are set in; set-up installs their packages. */
const char *const brand_fonts[] = {"Lato", "Noto Sans", "Noto Serif", "Open Sans", "Roboto", NULL};

#define AT(owner, member) .offset = offsetof(struct owner, member)
#define NAME(wire, owner, member, list, n)                                                                   \
	.name = (wire), .type = FIELD_NAME, AT(owner, member), .names = (list), .name_count = (n)
#define TEXT_STYLE(owner)                                                                                    \
	.name = "textStyle", .type = FIELD_OBJECT, AT(owner, text), .items = &text_look_table
#define FIT(owner)        NAME("fit", owner, fit, look_fit_names, FIT_COUNT)
#define TRANSITION(owner) NAME("transition", owner, transition, look_transition_names, TRANSITION_COUNT)
#define TRANSITION_DURATION(owner)                                                                           \
	.name = "transitionDuration", .type = FIELD_NUMBER, AT(owner, transition_ms), .places = 3,           \
	.min = LIMIT_TRANSITION_MIN_MS, .max = LIMIT_TRANSITION_MAX_MS, .what = "a number of seconds"
#define COLOUR(wire, owner, member) .name = (wire), .type = FIELD_COLOUR, AT(owner, member)
#define SOURCE(wire, owner, member)                                                                          \
	.name = (wire), .type = FIELD_LINE, AT(owner, member), .max = LIMIT_URL, .check = source_check

static const struct field text_look_fields[] = {
	{NAME("position", text_look, position, look_position_names, POSITION_COUNT)},
	{NAME("size", text_look, size, look_size_names, SIZE_COUNT)},
	{NAME("background", text_look, background, look_background_names, BACKGROUND_COUNT)},
	{NAME("entrance", text_look, entrance, look_entrance_names, ENTRANCE_COUNT)},
	{COLOUR("colour", text_look, colour)},
	{COLOUR("backgroundColour", text_look, background_colour)},
};
static const struct field_table text_look_table = {
	text_look_fields, ARRAY_LEN(text_look_fields), sizeof(struct text_look), NULL};

static const struct field look_fields[] = {
	{.name = "renditions",
		.type = FIELD_NAMES,
		AT(look, renditions),
		.names = video_aspect_names,
		.name_count = ASPECT_COUNT,
		.what = "aspect ratios"},
	{NAME("quality", look, quality, look_quality_names, QUALITY_COUNT)},
	{FIT(look)},
	{TRANSITION(look)},
	{TRANSITION_DURATION(look)},
	{NAME("captions", look, captions, look_captions_names, CAPTIONS_COUNT)},
	{NAME("captionStyle", look, caption_style, look_caption_style_names, CAPTION_STYLE_COUNT)},
	{TEXT_STYLE(look)},
	{.name = "sceneVolume",
		.type = FIELD_NUMBER,
		AT(look, scene_volume),
		.max = LIMIT_SCENE_VOLUME,
		.what = "a whole number"},
	{SOURCE("voiceUrl", look, voice_url)},
	{SOURCE("musicUrl", look, music_url)},
	{.name = "brand", .type = FIELD_BOOL, AT(look, brand)},
};
const struct field_table look_table = {look_fields, ARRAY_LEN(look_fields), sizeof(struct look), NULL};

/* Of the members that are in scene_look itself. */
#define THOUSANDTHS(wire, member)                                                                            \
	.name = (wire), .type = FIELD_NUMBER, AT(scene_look, member), .places = 3, .max = 1000,              \
	.what = "a number"
static const struct field focus_fields[] = {
	{THOUSANDTHS("x", focus_x)},
	{THOUSANDTHS("y", focus_y)},
};
static const struct field_table focus_table = {
	focus_fields, ARRAY_LEN(focus_fields), sizeof(struct scene_look), NULL};

static const struct field scene_look_fields[] = {
	{.name = "narration", .type = FIELD_LINES, AT(scene_look, narration), .max = LIMIT_NARRATION},
	{FIT(scene_look)},
	{.name = "focus", .type = FIELD_OBJECT, .items = &focus_table},
	{TRANSITION(scene_look)},
	{TRANSITION_DURATION(scene_look)},
	{TEXT_STYLE(scene_look)},
};
const struct field_table scene_look_table = {
	scene_look_fields, ARRAY_LEN(scene_look_fields), sizeof(struct scene_look), NULL};

#define CARD_LINE(wire, member)                                                                              \
	.name = (wire), .type = FIELD_LINE, AT(brand_card, member), .max = LIMIT_CARD_TEXT
static const struct field card_fields[] = {
	{CARD_LINE("title", title)},
	{CARD_LINE("text", text)},
	{CARD_LINE("action", action)},
	{.name = "duration",
		.type = FIELD_NUMBER,
		AT(brand_card, duration_ms),
		.places = 3,
		.min = LIMIT_CARD_MIN_MS,
		.max = LIMIT_CARD_MAX_MS,
		.what = "a number of seconds"},
};
static const struct field_table card_table = {
	card_fields, ARRAY_LEN(card_fields), sizeof(struct brand_card), NULL};
#define CARD(wire, member)                                                                                   \
	.name = (wire), .type = FIELD_OBJECT, AT(brand, member), .items = &card_table,                       \
	.count_offset = offsetof(struct brand, member) + offsetof(struct brand_card, there)

static const char *check_font(const char *s)
{
	for (size_t i = 0; brand_fonts[i]; i++) {
		if (strcmp(brand_fonts[i], s) == 0)
			return NULL;
	}
	return "must be one of Lato, Noto Sans, Noto Serif, Open Sans, Roboto";
}

static const struct field brand_fields[] = {
	{.name = "font", .type = FIELD_LINE, AT(brand, font), .check = check_font},
	{COLOUR("textColour", brand, text_colour)},
	{COLOUR("backgroundColour", brand, background_colour)},
	{COLOUR("accentColour", brand, accent_colour)},
	{COLOUR("groundColour", brand, ground_colour)},
	{TEXT_STYLE(brand)},
	{SOURCE("logoUrl", brand, logo_url)},
	{NAME("logoPosition", brand, logo_corner, look_corner_names, CORNER_COUNT)},
	{.name = "logoOpacity",
		.type = FIELD_NUMBER,
		AT(brand, logo_opacity),
		.max = 100,
		.what = "a whole number"},
	{.name = "logoSize",
		.type = FIELD_NUMBER,
		AT(brand, logo_size),
		.min = LIMIT_LOGO_MIN,
		.max = LIMIT_LOGO_MAX,
		.what = "a whole number"},
	{CARD("intro", intro)},
	{CARD("endCard", end)},
};
const struct field_table brand_table = {brand_fields, ARRAY_LEN(brand_fields), sizeof(struct brand), NULL};

/* Defaults */

#define TEXT_UNSET                                                                                           \
	{                                                                                                    \
		.position = LOOK_UNSET, .size = LOOK_UNSET, .background = LOOK_UNSET,                        \
		.entrance = LOOK_UNSET, .colour = LOOK_UNSET, .background_colour = LOOK_UNSET                \
	}

static const struct look look_default = {
	.quality = LOOK_UNSET,
	.fit = FIT_COVER,
	.transition = TRANSITION_CUT,
	.transition_ms = DEFAULT_TRANSITION_MS,
	.captions = CAPTIONS_NONE,
	.caption_style = CAPTION_CLEAN,
	.text = TEXT_UNSET,
	.brand = true,
};
static const struct scene_look scene_look_default = {
	.fit = LOOK_UNSET,
	.focus_x = 500,
	.focus_y = 500,
	.transition = LOOK_UNSET,
	.transition_ms = LOOK_UNSET,
	.text = TEXT_UNSET,
};
static const struct brand brand_default = {
	.text_colour = LOOK_UNSET,
	.background_colour = LOOK_UNSET,
	.accent_colour = LOOK_UNSET,
	.ground_colour = LOOK_UNSET,
	.text = TEXT_UNSET,
	.logo_corner = CORNER_TOP_RIGHT,
	.logo_opacity = 100,
	.logo_size = DEFAULT_LOGO_SIZE,
	.intro = {.duration_ms = DEFAULT_CARD_MS},
	.end = {.duration_ms = DEFAULT_CARD_MS},
};

void look_init(struct look *l)
{
	*l = look_default;
}

void scene_look_init(struct scene_look *l)
{
	*l = scene_look_default;
}

void brand_init(struct brand *b)
{
	*b = brand_default;
}

void look_done(struct look *l)
{
	free(l->voice_url);
	free(l->music_url);
	look_init(l);
}

void scene_look_done(struct scene_look *l)
{
	free(l->narration);
	scene_look_init(l);
}

static void card_done(struct brand_card *c)
{
	free(c->title);
	free(c->text);
	free(c->action);
}

void brand_done(struct brand *b)
{
	free(b->font);
	free(b->logo_url);
	card_done(&b->intro);
	card_done(&b->end);
	brand_init(b);
}

/* To and from JSON */

static struct json *write(const void *from, const struct field_table *t, const void *defaults)
{
	struct json *o = json_new_object();

	fields_write(from, t, defaults, o);
	return o;
}

struct json *look_json(const struct look *l)
{
	return write(l, &look_table, &look_default);
}

struct json *scene_look_json(const struct scene_look *l)
{
	return write(l, &scene_look_table, &scene_look_default);
}

struct json *brand_json(const struct brand *b)
{
	return write(b, &brand_table, &brand_default);
}

static int read(const char *text, const struct field_table *t, void *out, const char *what, struct err *e)
{
	AUTO(json) o = NULL;
	AUTO_PROBLEMS p = {.count = 0};

	if (!text)
		return 0;
	if (json_parse(text, strlen(text), &o, e) < 0) {
		err_prefix(e, "%s: ", what);
		return -1;
	}
	fields_read(o, t, "", out, &p);
	return p.count == 0 ? 0 : err_set(e, ERR_PERM, "%s: %s %s", what, p.list[0].path, p.list[0].message);
}

int look_read(const char *text, struct look *ret, struct err *e)
{
	struct look l = look_default;

	if (read(text, &look_table, &l, "the video's look", e) < 0) {
		look_done(&l);
		return -1;
	}
	*ret = l;
	return 0;
}

int scene_look_read(const char *text, struct scene_look *ret, struct err *e)
{
	struct scene_look l = scene_look_default;

	if (read(text, &scene_look_table, &l, "the scene's look", e) < 0) {
		scene_look_done(&l);
		return -1;
	}
	*ret = l;
	return 0;
}

int brand_read(const char *text, struct brand *ret, struct err *e)
{
	struct brand b = brand_default;

	if (read(text, &brand_table, &b, "the brand kit", e) < 0) {
		brand_done(&b);
		return -1;
	}
	*ret = b;
	return 0;
}
