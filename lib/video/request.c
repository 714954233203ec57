/*
 * The tables of what clients may send, and the checks of ids and addresses. The reading itself is fields.c's.
 * Wire names are those of the API; limits come from limits.h only.
 */

#include "lib/video/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/fields.h"
#include "lib/video/models.h"
#include "lib/video/money.h"

#define ALNUM        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define STRINGIFY(x) #x
#define TEXT_OF(x)   STRINGIFY(x)

bool request_id_ok(const char *s)
{
	size_t n = strspn(s, ALNUM "._-");

	return n > 0 && n <= LIMIT_ID && !s[n] && strspn(s, ALNUM) > 0;
}

static const char *check_id(const char *s)
{
	return request_id_ok(s)
		       ? NULL
		       : "must be 1 to " TEXT_OF(
				 LIMIT_ID) " of A-Z a-z 0-9 . _ - and begin with a letter or a digit";
}

static const char *check_voice_id(const char *s)
{
	size_t n = strspn(s, ALNUM "_-");

	return n <= LIMIT_VOICE_ID && !s[n] ? NULL
					    : "must be 1 to " TEXT_OF(LIMIT_VOICE_ID) " of A-Z a-z 0-9 _ -";
}

/* All of them by name: the one who gets this wrong wants to know what there is. */
static const char *check_model(const char *s)
{
	return models_find(s) ? NULL : "must be one of gen4.5, gen4_turbo, veo3.1, veo3.1_fast";
}

static const char *check_track_id(const char *s)
{
	struct uuid id;

	return uuid_parse_text(s, &id) ? NULL : "must be a UUID; GET /videos/music lists the tracks";
}

/* The host's length at the beginning of s (an IPv6 address with its brackets), 0 when it is none. */
static size_t host_length(const char *s)
{
	if (*s != '[')
		return strspn(s, ALNUM ".-_");

	size_t n = strspn(s + 1, "0123456789abcdefABCDEF:.");
	return n > 0 && s[n + 1] == ']' ? n + 2 : 0;
}

static bool is_loopback(const char *host, size_t n)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (n == strlen(names[i]) && strncmp(host, names[i], n) == 0)
			return true;
	}
	return false;
}

/* "", ":8080" or no port at all. */
static bool port_ok(const char *s, size_t n)
{
	char digits[8];
	int64_t port;

	if (n == 0)
		return true;
	if (*s != ':' || n > sizeof(digits))
		return false;
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)(n - 1), s + 1);
	return text_to_i64(digits, 1, UINT16_MAX, &port);
}

/*
 * Plain http is refused but for this very machine, where a shop is developed; whether the daemon may go there
 * is its own setting. That a name leads to no private address can only be seen when it is looked up, so the
 * daemon checks it.
 */
static const char *check_image_url(const char *s)
{
	static const char assets[] = "/assets/";

	if (strncmp(s, assets, strlen(assets)) == 0)
		return fs_is_safe_relative(s + strlen(assets)) ? NULL
							       : "must be /assets/ and a plain relative path";

	bool plain = strncmp(s, "http://", 7) == 0;
	if (!plain && strncmp(s, "https://", 8) != 0)
		return "must begin with https:// or /assets/";
	if (strpbrk(s, " \t\n\\"))
		return "must not contain blanks or backslashes; a blank is written %20";

	const char *host = s + (plain ? 7 : 8);
	size_t authority = strcspn(host, "/?#"), n = host_length(host);
	if (memchr(host, '@', authority))
		return "must not contain a user name or a password";
	if (n == 0 || n > authority || !port_ok(host + n, authority - n))
		return "must have a valid host name";
	if (plain && !is_loopback(host, n))
		return "must begin with https://; plain http:// is not accepted";
	return NULL;
}

#define AT(type, member) .offset = offsetof(struct type, member)

/* What stands in more than one table, for the member of that name of struct owner. */
#define PROMPT(owner) .name = "prompt", .type = FIELD_LINES, AT(owner, prompt), .min = 1, .max = LIMIT_PROMPT
#define IMAGE_URL(owner)                                                                                     \
	.name = "imageUrl", .type = FIELD_LINE, AT(owner, image_url), .max = LIMIT_URL,                      \
	.check = check_image_url
#define MODEL(owner)                                                                                         \
	.name = "model", .type = FIELD_LINE, AT(owner, model), .max = LIMIT_MODEL, .check = check_model

static const struct field scene_fields[] = {
	{PROMPT(scene), .required = true},
	{.name = "duration",
		.type = FIELD_NUMBER,
		.required = true,
		AT(scene, duration_ms),
		.places = 3,
		.min = LIMIT_SCENE_MIN_MS,
		.max = LIMIT_SCENE_MAX_MS,
		.what = "a number of seconds"},
	{IMAGE_URL(scene)},
	{.name = "textOverlay", .type = FIELD_LINES, AT(scene, text_overlay), .max = LIMIT_OVERLAY},
	{MODEL(scene)},
};
static const struct field_table scene_table = {scene_fields, ARRAY_LEN(scene_fields), sizeof(struct scene)};

/* Of a video; a product's options and a change have some of them. */
#define PRODUCT_ID .name = "productId", .type = FIELD_LINE, AT(video, product_id), .check = check_id
#define TITLE      .name = "title", .type = FIELD_LINE, AT(video, title), .min = 1, .max = LIMIT_TITLE
#define STYLE                                                                                                \
	.name = "style", .type = FIELD_NAME, AT(video, style), .names = video_style_names,                   \
	.name_count = STYLE_COUNT
#define ASPECT_RATIO                                                                                         \
	.name = "aspectRatio", .type = FIELD_NAME, AT(video, aspect), .names = video_aspect_names,           \
	.name_count = ASPECT_COUNT
#define MODE(owner)                                                                                          \
	.name = "mode", .type = FIELD_NAME, AT(owner, mode), .names = video_mode_names,                      \
	.name_count = MODE_COUNT
#define REUSE .name = "reuse", .type = FIELD_BOOL, AT(video, reuse)
#define SCENES                                                                                               \
	.name = "scenes", .type = FIELD_LIST, AT(video, scenes), .min = 1, .max = LIMIT_SCENES,              \
	.what = "scenes", .items = &scene_table, .count_offset = offsetof(struct video, scene_count)
#define SCRIPT                                                                                               \
	.name = "voiceoverScript", .type = FIELD_LINES, AT(video, voiceover_script), .max = LIMIT_SCRIPT
#define VOICE_ID .name = "voiceId", .type = FIELD_LINE, AT(video, voice_id), .check = check_voice_id
#define VOICE_VOLUME                                                                                         \
	.name = "voiceVolume", .type = FIELD_NUMBER, AT(video, voice_volume), .max = LIMIT_VOICE_VOLUME,     \
	.what = "a whole number"
#define MUSIC_TRACK_ID                                                                                       \
	.name = "musicTrackId", .type = FIELD_LINE, AT(video, music_track_id), .check = check_track_id
#define MUSIC_VOLUME                                                                                         \
	.name = "musicVolume", .type = FIELD_NUMBER, AT(video, music_volume), .max = LIMIT_MUSIC_VOLUME,     \
	.what = "a whole number"

static const struct field video_fields[] = {
	{.name = "storeId", .type = FIELD_LINE, .required = true, AT(video, store_id), .check = check_id},
	{PRODUCT_ID},
	{TITLE, .required = true},
	{STYLE, .required = true},
	{ASPECT_RATIO, .required = true},
	{MODE(video)},
	{MODEL(video)},
	{REUSE},
	{SCENES, .required = true},
	{SCRIPT},
	{VOICE_ID},
	{VOICE_VOLUME},
	{MUSIC_TRACK_ID},
	{MUSIC_VOLUME},
};
static const struct field_table video_table = {video_fields, ARRAY_LEN(video_fields), sizeof(struct video)};

static const struct field option_fields[] = {
	{ASPECT_RATIO},
	{MODE(video)},
	{MODEL(video)},
	{REUSE},
	{VOICE_ID},
	{VOICE_VOLUME},
	{MUSIC_TRACK_ID},
	{MUSIC_VOLUME},
};
static const struct field_table option_table = {
	option_fields, ARRAY_LEN(option_fields), sizeof(struct video)};

static const struct field wish_fields[] = {
	{PRODUCT_ID, .required = true},
	{STYLE},
	{ASPECT_RATIO},
	{MODE(video)},
	{MODEL(video)},
	{REUSE},
	{VOICE_ID},
	{VOICE_VOLUME},
	{MUSIC_TRACK_ID},
	{MUSIC_VOLUME},
};
static const struct field_table wish_table = {wish_fields, ARRAY_LEN(wish_fields), sizeof(struct video)};

static const struct field change_fields[] = {
	{TITLE, .keeps = true},
	{STYLE, .keeps = true},
	{ASPECT_RATIO, .keeps = true},
	{MODE(video)},
	{MODEL(video)},
	{REUSE},
	{SCENES, .keeps = true},
	{SCRIPT},
	{VOICE_ID},
	{VOICE_VOLUME},
	{MUSIC_TRACK_ID},
	{MUSIC_VOLUME},
};
static const struct field_table change_table = {
	change_fields, ARRAY_LEN(change_fields), sizeof(struct video)};

static const struct field regenerate_fields[] = {
	{PROMPT(request_regenerate), .keeps = true},
	{IMAGE_URL(request_regenerate)},
};
static const struct field_table regenerate_table = {
	regenerate_fields, ARRAY_LEN(regenerate_fields), sizeof(struct request_regenerate)};

struct retry {
	bool accept;
};
static const struct field retry_fields[] = {
	{.name = "acceptPossibleCharge", .type = FIELD_BOOL, AT(retry, accept)},
};
static const struct field_table retry_table = {retry_fields, ARRAY_LEN(retry_fields), sizeof(struct retry)};

struct render {
	int mode;
};
static const struct field render_fields[] = {{MODE(render)}};
static const struct field_table render_table = {
	render_fields, ARRAY_LEN(render_fields), sizeof(struct render)};

static const struct field store_fields[] = {
	{.name = "id", .type = FIELD_SAME, AT(store, id)},
	{.name = "storeId", .type = FIELD_SAME, AT(store, id)},
	{.name = "name",
		.type = FIELD_LINE,
		.required = true,
		AT(store, name),
		.min = 1,
		.max = LIMIT_STORE_NAME},
	{.name = "niche", .type = FIELD_LINE, AT(store, niche), .max = LIMIT_NICHE},
	{.name = "currency", .type = FIELD_NAME, AT(store, currency), .names = money_currencies},
	{.name = "locale", .type = FIELD_NAME, AT(store, locale), .names = money_locales},
};
static const struct field_table store_table = {store_fields, ARRAY_LEN(store_fields), sizeof(struct store)};

static const struct field image_fields[] = {
	{.name = "url",
		.type = FIELD_LINE,
		.required = true,
		AT(image, url),
		.min = 1,
		.max = LIMIT_URL,
		.check = check_image_url},
	{.name = "alt", .type = FIELD_LINE, AT(image, alt), .max = LIMIT_ALT},
};
static const struct field_table image_table = {image_fields, ARRAY_LEN(image_fields), sizeof(struct image)};

static const struct field product_fields[] = {
	{.name = "id", .type = FIELD_SAME, AT(product, id)},
	{.name = "productId", .type = FIELD_SAME, AT(product, id)},
	{.name = "storeId", .type = FIELD_LINE, .required = true, AT(product, store_id), .check = check_id},
	{.name = "title",
		.type = FIELD_LINE,
		.required = true,
		AT(product, title),
		.min = 1,
		.max = LIMIT_TITLE},
	{.name = "description", .type = FIELD_LINES, AT(product, description), .max = LIMIT_DESCRIPTION},
	{.name = "sellingPrice",
		.type = FIELD_NUMBER,
		AT(product, price_milli),
		.places = 3,
		.max = LIMIT_PRICE_MILLI,
		.what = "an amount"},
	{.name = "images",
		.type = FIELD_LIST,
		AT(product, images),
		.max = LIMIT_IMAGES,
		.what = "images",
		.items = &image_table,
		.count_offset = offsetof(struct product, image_count)},
};
static const struct field_table product_table = {
	product_fields, ARRAY_LEN(product_fields), sizeof(struct product)};

/* Problems that were there before, such as the query's, do not count. */
static bool read_body(const struct json *body, const struct field_table *t, void *out, struct problems *p)
{
	size_t before = p->count;

	fields_read(body, t, "", out, p);
	return p->count == before;
}

bool request_read_video(const struct json *body, struct video *out, struct problems *p)
{
	*out = (struct video){
		.mode = MODE_FULL,
		.reuse = true,
		.music_volume = DEFAULT_MUSIC_VOLUME,
		.voice_volume = DEFAULT_VOICE_VOLUME,
		.status = STATUS_PENDING,
		.eta_sec = -1,
		.pause = PAUSE_NONE,
		.revision = 1,
	};
	return read_body(body, &video_table, out, p);
}

bool request_read_product_options(const struct json *body, struct video *out, struct problems *p)
{
	return read_body(body, &option_table, out, p);
}

bool request_read_product_wish(const struct json *body, struct video *out, struct problems *p)
{
	return read_body(body, &wish_table, out, p);
}

bool request_read_store(const struct json *body, struct store *out, struct problems *p)
{
	return read_body(body, &store_table, out, p);
}

bool request_read_product(const struct json *body, struct product *out, struct problems *p)
{
	out->price_milli = -1;
	return read_body(body, &product_table, out, p);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_clip(const struct scene *a, const struct scene *b)
{
	return same_text(a->prompt, b->prompt) && same_text(a->image_url, b->image_url) &&
	       same_text(a->model, b->model);
}

/*
 * Gives each new scene the take of an old one that is the same clip, each of those once, so that a clip which
 * was generated anew stays the one it is where scenes move. A scene that stayed in its place has its own.
 */
static void keep_takes(struct video *changed, const struct video *old)
{
	bool given[LIMIT_SCENES] = {false}, has[LIMIT_SCENES] = {false};
	size_t n = changed->scene_count;

	for (size_t i = 0; i < n && i < old->scene_count; i++) {
		has[i] = given[i] = same_clip(&changed->scenes[i], &old->scenes[i]);
		if (has[i])
			changed->scenes[i].take = old->scenes[i].take;
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; !has[i] && k < old->scene_count; k++) {
			if (given[k] || !same_clip(&changed->scenes[i], &old->scenes[k]))
				continue;
			changed->scenes[i].take = old->scenes[k].take;
			has[i] = given[k] = true;
		}
	}
}

static void swap_bytes(void *a, void *b, size_t n)
{
	char *p = a, *q = b;

	for (size_t i = 0; i < n; i++) {
		char kept = p[i];

		p[i] = q[i];
		q[i] = kept;
	}
}

/* Exchanges what field f is read into. */
static void swap_member(const struct field *f, struct video *a, struct video *b)
{
	static const size_t sizes[FIELD_TYPE_COUNT] = {
		[FIELD_LINE] = sizeof(char *),
		[FIELD_LINES] = sizeof(char *),
		[FIELD_SAME] = 0,
		[FIELD_NAME] = sizeof(int),
		[FIELD_NUMBER] = sizeof(int64_t),
		[FIELD_BOOL] = sizeof(bool),
		[FIELD_LIST] = sizeof(void *),
	};

	swap_bytes((char *)a + f->offset, (char *)b + f->offset, sizes[f->type]);
	if (f->type == FIELD_LIST)
		swap_bytes((char *)a + f->count_offset, (char *)b + f->count_offset, sizeof(size_t));
}

bool request_read_change(const struct json *body, struct video *v, struct problems *p)
{
	AUTO_VIDEO given = {
		.style = v->style,
		.aspect = v->aspect,
		.mode = v->mode,
		.reuse = v->reuse,
		.music_volume = v->music_volume,
		.voice_volume = v->voice_volume,
	};

	if (!read_body(body, &change_table, &given, p))
		return false;
	keep_takes(&given, v);
	for (size_t i = 0; i < change_table.count; i++) {
		if (json_has(body, change_fields[i].name))
			swap_member(&change_fields[i], v, &given);
	}
	return true;
}

void request_regenerate_done(struct request_regenerate *r)
{
	free(r->prompt);
	free(r->image_url);
	*r = (struct request_regenerate){0};
}

bool request_read_regenerate(const struct json *body, struct request_regenerate *out, struct problems *p)
{
	bool good = read_body(body, &regenerate_table, out, p);

	out->no_image = !out->image_url && json_has(body, "imageUrl");
	return good;
}

bool request_read_retry(const struct json *body, bool *accept, struct problems *p)
{
	struct retry r = {*accept};
	bool good = read_body(body, &retry_table, &r, p);

	*accept = r.accept;
	return good;
}

bool request_read_render(const struct json *body, int *mode, struct problems *p)
{
	struct render r = {*mode};
	bool good = read_body(body, &render_table, &r, p);

	*mode = r.mode;
	return good;
}
