/*
 * Orders. Nothing here writes, and nothing is asked outside: the price follows from tables, a vendor's voices
 * are what the daemon last read. What only the database can say for sure (a store's day limit, an unknown
 * track) its transaction says.
 */
#include "cgi/order.h"

#include <stdlib.h>
#include <string.h>

#include "cgi/reply.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/video/estimate.h"
#include "lib/video/models.h"
#include "lib/video/problems.h"
#include "lib/video/rules.h"
#include "lib/video/script.h"
#include "lib/video/stores.h"
#include "lib/video/vendors.h"
#include "lib/video/voices.h"

/* The body names something that is not there: 404 like an unknown id in the path, and the detail says which.
 */
static int answer_unknown(struct reply *r, const char *field)
{
	static const struct {
		const char *field, *path, *message;
	} table[] = {
		{"storeId", "/storeId", NO_SUCH_STORE},
		{"productId", "/productId", "The store has no product with this id."},
		{"musicTrackId", "/musicTrackId", "There is no music track with this id."},
		{"voiceId", "/voiceId", NO_SUCH_VOICE},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(field, table[i].field) == 0)
			return reply_error_at(r, REPLY_NOT_FOUND, table[i].path, table[i].message);
	return reply_error(r, REPLY_NOT_FOUND, NULL);
}

int order_refused(struct reply *r, const struct err *e)
{
	if (e->kind != ERR_PERM)
		return -1;
	switch (e->http_status) {
	case 402:
		return reply_error(r, REPLY_BUDGET, e->text);
	case 404:
		return answer_unknown(r, e->text);
	case 409:
		return reply_error(r, REPLY_CONFLICT, e->text);
	case 422:
		return reply_error(r, REPLY_KEY_REUSED, NULL);
	default:
		return -1;
	}
}

struct video order_defaults(void)
{
	struct video v;

	video_init(&v);
	v.aspect = ASPECT_9_16;
	return v;
}

/* A product video has music unless its client wants none: the first track of a category that suits the style.
 */
static int choose_music(struct db *db, struct video *v, struct err *e)
{
	static const char *const categories[STYLE_COUNT][2] = {
		[STYLE_PRODUCT_SHOWCASE] = {"corporate", "upbeat"},
		[STYLE_LIFESTYLE] = {"calm", "upbeat"},
		[STYLE_TESTIMONIAL] = {"calm", "corporate"},
		[STYLE_PROMOTIONAL] = {"upbeat", "corporate"},
		[STYLE_SOCIAL_AD] = {"upbeat", "corporate"},
		[STYLE_STORY] = {"calm", "corporate"},
	};
	struct music_track *tracks = NULL;
	size_t count = 0, chosen = 0;

	if (music_list(db, &tracks, &count, e) < 0)
		return -1;

	for (size_t c = ARRAY_LEN(categories[0]); c-- > 0;)
		for (size_t i = count; i-- > 0;)
			if (strcmp(tracks[i].category, categories[v->style][c]) == 0)
				chosen = i;
	if (count > 0) {
		v->music_track_id = xmalloc(UUID_TEXT_SIZE);
		uuid_format(&tracks[chosen].id, v->music_track_id);
	}
	music_list_free(tracks, count);
	return 0;
}

int order_product(
	struct app *a, const char *product_id, int style, struct video *v, struct reply *r, struct err *e)
{
	AUTO_PRODUCT product = {0};
	AUTO_STORE store = {0};
	AUTO_PROBLEMS problems = {0};
	int found = products_get(a->db, product_id, &product, e);

	if (found == 1)
		found = stores_get(a->db, product.store_id, &store, e);
	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_PRODUCT);

	script_write(&product, &store, style, v);
	if (v->look.voice_url)
		free(steal_ptr(v->voiceover_script));
	if (!v->voice_id)
		v->voice_id = xstrdup("default");
	if (!v->music_track_id && !v->look.music_url && v->music_volume > 0 && choose_music(a->db, v, e) < 0)
		return -1;
	return rules_check(v, &problems) ? 1 : reply_problems(r, &problems);
}

/* Whether a draft could be bought as it is. */
static bool can_be_bought(const struct app *a, const struct video *v, struct problems *p)
{
	struct video full = *v; /* borrows all of v */
	struct estimate ignored;

	full.mode = MODE_FULL;
	return estimate_video(&full, &a->settings, NULL, &ignored, p);
}

bool order_price(const struct app *a, struct video *v, struct scene_choice *choices, struct estimate *ret,
	struct reply *r)
{
	AUTO_PROBLEMS problems = {0};

	if (!can_be_bought(a, v, &problems) || !estimate_video(v, &a->settings, choices, ret, &problems)) {
		(void)reply_problems(r, &problems);
		return false;
	}
	v->estimate_credits_milli = ret->credits_milli;
	v->estimate_characters = ret->characters;
	return true;
}

bool order_allowed(const struct app *a, const struct estimate *t, struct buf *ret_why)
{
	AUTO_PROBLEMS over = {0};

	if (budget_video_ok(&a->settings, t, &over))
		return true;
	for (size_t i = 0; i < over.count; i++)
		buf_addf(ret_why, "%sThe video %s.", i > 0 ? " " : "", over.list[i].message);
	return false;
}

int order_check_price(struct app *a, struct video *v, struct reply *r)
{
	AUTO_BUF why = BUF_INIT(512);
	struct estimate total;

	if (!order_price(a, v, NULL, &total, r))
		return 0;
	return order_allowed(a, &total, &why) ? 1 : reply_error(r, REPLY_BUDGET, buf_text(&why));
}

/*
 * 1, 0 there is no such voice, -1. A draft is spoken by a local voice, whatever the film will be spoken by,
 * so it may name one that every provider has. While the vendor's list was never read, the daemon finds out
 * before it pays.
 */
static int find_voice(struct app *a, const struct video *v, struct err *e)
{
	const struct voice *ours = voices_find(v->voice_id);
	AUTO_FREE char *id = NULL;
	int found;

	if (a->settings.voice_provider == VOICES_LOCAL)
		return ours != NULL;
	if (v->mode == MODE_DRAFT && ours && ours->everywhere)
		return 1;
	found = vendor_voices_resolve(a->db, &a->settings, v->voice_id, &id, e);
	return found < 0 && e->kind == ERR_TEMP ? 1 : found;
}

int order_check_voice(struct app *a, const struct video *v, struct reply *r, struct err *e)
{
	int voice = v->voice_id ? find_voice(a, v, e) : 1;

	return voice == 0 ? answer_unknown(r, "voiceId") : voice;
}

int order_check(struct app *a, struct video *v, struct reply *r, struct err *e)
{
	int priced = order_check_price(a, v, r);

	return priced <= 0 ? priced : order_check_voice(a, v, r, e);
}
