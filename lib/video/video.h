#ifndef VIDEOD_VIDEO_VIDEO_H
#define VIDEOD_VIDEO_VIDEO_H

/* The things videod speaks of, as plain data. Strings are owned by the struct; an absent one is NULL. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"
#include "lib/io/uuid.h"
#include "lib/video/look.h"

#define VIDEO_FPS 30

enum video_style {
	STYLE_PRODUCT_SHOWCASE,
	STYLE_LIFESTYLE,
	STYLE_TESTIMONIAL,
	STYLE_PROMOTIONAL,
	STYLE_SOCIAL_AD,
	STYLE_STORY,
	STYLE_COUNT,
	STYLE_INVALID = -1,
};

enum video_aspect { ASPECT_16_9, ASPECT_9_16, ASPECT_1_1, ASPECT_4_5, ASPECT_COUNT, ASPECT_INVALID = -1 };

enum video_mode { MODE_FULL, MODE_DRAFT, MODE_COUNT, MODE_INVALID = -1 };

/* Why a paused video waits for somebody. */
enum pause_reason {
	PAUSE_POSSIBLE_CHARGE, /* a paid request may have been accepted, and nobody knows */
	PAUSE_OUT_OF_CREDIT,
	PAUSE_BAD_KEY,
	PAUSE_DAILY_LIMIT, /* the vendor's */
	PAUSE_STORE_LIMIT, /* ours: what the store may spend in a day */
	PAUSE_COUNT,
	PAUSE_NONE = -1,
};

enum video_status {
	STATUS_PENDING,
	STATUS_GENERATING_SCENES,
	STATUS_GENERATING_VOICEOVER,
	STATUS_COMPOSING,
	STATUS_PROCESSING,
	STATUS_COMPLETED,
	STATUS_FAILED,
	STATUS_PAUSED,
	STATUS_CANCELLING,
	STATUS_CANCELLED,
	STATUS_COUNT,
	STATUS_INVALID = -1,
};

/* Wire and database names. */
extern const char *const video_style_names[STYLE_COUNT];
extern const char *const video_aspect_names[ASPECT_COUNT];
extern const char *const video_status_names[STATUS_COUNT];
extern const char *const video_mode_names[MODE_COUNT];    /* "full", "draft" */
extern const char *const pause_reason_names[PAUSE_COUNT]; /* "possible_charge", "out_of_credit", ... */

struct video_size {
	int width, height; /* pixels */
};
extern const struct video_size video_sizes[ASPECT_COUNT]; /* 1920x1080, 1080x1920, 1080x1080, 1080x1350 */

struct scene {
	char *prompt;
	int64_t duration_ms;
	char *image_url;    /* https://... or /assets/... ; NULL: none */
	char *text_overlay; /* NULL: none */
	char *model;        /* of the vendor; NULL: the video's */
	int64_t take;       /* counts up when it is to be generated anew */
	struct scene_look look;
};

struct video {
	struct uuid id;
	char *store_id;
	char *product_id;
	char *title;
	int style;   /* enum video_style */
	int aspect;  /* enum video_aspect */
	int mode;    /* enum video_mode */
	char *model; /* of scenes that name none; NULL: the setting's */
	bool reuse;  /* take equal clips and voices that the store has bought */
	struct scene *scenes;
	size_t scene_count;
	char *voiceover_script;
	char *voice_id;
	char *music_track_id; /* a UUID as text, as it came */
	int64_t music_volume; /* 0..100, 0 is silence */
	int64_t voice_volume; /* 0..100, 100 as it was spoken */
	struct look look;
	char *brand; /* the store's kit as it was when this was asked for: brand_read; NULL none */

	int status;       /* enum video_status */
	int64_t progress; /* 0..100, never goes back */
	int64_t eta_sec;  /* about, -1 unknown */
	char *stage;      /* one short line for people, "Generating scene 2 of 4" */
	char *video_key;  /* where it was published, below the storage's root; an address is made by
			     addresses_of() */
	char *thumbnail_key;
	char *outputs;            /* all that was published: outputs_read; NULL none */
	char *links;              /* {key: signed address}: addresses_of; NULL none */
	int64_t links_left_sec;   /* until they end; 0 or less: they have */
	int64_t links_wanted_sec; /* since new ones were asked for; -1: they are not */
	char *report;             /* what the inspection found: JSON, NULL none */
	int64_t duration_ms;      /* of the film, 0 while unknown */
	char *error;              /* for the client; no vendor's text; also what a paused video waits for */
	int pause;                /* enum pause_reason */
	int64_t revision;         /* from 1; counts up each time it is made again */
	int64_t estimate_credits_milli, estimate_characters;
	int64_t created_ms, updated_ms, completed_ms; /* Unix time; 0 none */
};

struct store {
	char *id;
	char *name;
	char *niche;
	int currency; /* index in money_currencies */
	int locale;   /* index in money_locales */
};

struct image {
	char *url;
	char *alt;
};

struct product {
	char *id;
	char *store_id;
	char *title;
	char *description;
	int64_t price_milli; /* thousandths of the store's currency; -1 none */
	struct image *images;
	size_t image_count;
};

struct music_track {
	struct uuid id;
	char *name;
	char *category;
	int64_t duration_ms;
	bool is_ring;      /* its end leads to its beginning by itself */
	char *file;        /* below assets_dir */
	char *preview_url; /* /assets/... */
};

/* What one is before anything is known of it: defaults of a request, nothing made yet. */
void video_init(struct video *v);
void scene_init(struct scene *s);
void video_done(struct video *v); /* frees the members; v may be zeroed only */
void store_done(struct store *s);
void product_done(struct product *p);
void music_track_done(struct music_track *t);
void video_clear_scenes(struct video *v);

/*
 * The whole text that is spoken: the script, or what scenes have to narrate, in their order, with a form feed
 * (U+000C, which no text of a client has) between two of them. NULL: nothing is. Caller frees.
 */
char *video_script(const struct video *v);
#define SCRIPT_SCENE_END '\f'
bool video_speaks(const struct video *v);           /* whether video_script has any */
bool video_is_narrated(const struct video *v);      /* whether scenes have narrations, which are spoken */
int64_t video_script_points(const struct video *v); /* code points that are spoken: no form feeds */

/* Frames of a scene of that length at VIDEO_FPS, rounded to the nearest; at least 1. */
unsigned video_frames(int64_t duration_ms);

#define AUTO_VIDEO   CLEANUP(video_done) struct video
#define AUTO_STORE   CLEANUP(store_done) struct store
#define AUTO_PRODUCT CLEANUP(product_done) struct product

#endif
