/*
 * What a video costs, and whether it may. The estimate is pure and follows from the request and the
 * configuration alone; it takes nothing off for what can be used again. The limits of a store's day are
 * kept on the ledger of purchases: what was spent, and what those videos that are not over may still spend,
 * which is promised already.
 */

#include "lib/video/estimate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/db.h"
#include "lib/io/json.h"
#include "lib/video/models.h"
#include "lib/video/problems.h"
#include "lib/video/settings.h"

#define AMOUNT_BYTES 32

/* Two creates of one store stand in line here, so that the second one sees what the first one promised. */
static const char SQL_LOCK_STORE[] = "SELECT id FROM stores WHERE public_id = ? FOR UPDATE";
static const char SQL_LOCK_STORE_OF[] =
	"SELECT id FROM stores WHERE id = (SELECT store_id FROM videos WHERE id = ?) FOR UPDATE";

/*
 * What a purchase counts as spent: what the vendor said that it cost, and until it says so what it was
 * estimated to. By state:
 *   intended, known        on its way: the estimate
 *   kept                   its cost; removing and removed too, for a deleted file gives no money back
 *   unknown, written_off   perhaps charged, and nobody will ever say: the estimate
 *   failed                 its cost, which is 0 where the vendor gave it back; silence counts as the estimate
 *   cancelled              its cost, which is 0 where it had not begun; silence counts as the estimate
 *   refused                nothing
 */
#define SPENT "IF(state = 'refused', 0, COALESCE(cost_milli, estimate_milli))"

static const char SQL_SPENT_TODAY[] =
	"SELECT CAST(COALESCE(SUM(IF(vendor = 'runway', " SPENT ", 0)), 0) AS SIGNED), "
	"CAST(COALESCE(SUM(IF(vendor = 'elevenlabs', " SPENT ", 0)), 0) AS SIGNED) "
	"FROM purchases WHERE store_id = ? AND created_at >= UTC_DATE()";

static const char SQL_SPENT_ON[] =
	"SELECT CAST(COALESCE(SUM(IF(vendor = 'runway', " SPENT ", 0)), 0) AS SIGNED), "
	"CAST(COALESCE(SUM(IF(vendor = 'elevenlabs', " SPENT ", 0)), 0) AS SIGNED) "
	"FROM purchases WHERE video_id = ?";

/*
 * Of the videos that wait, are being made or will be tried again: their estimates, less the
 * estimates of what is bought and still serves (refused, failed, cancelled and written_off ones will be
 * bought again). A video that had more bought than it needs, because it is made again, promises nothing.
 * (Summing over a derived table would be the plainer form; MariaDB 10.11 refuses that with error 1140 when it
 * is executed again.)
 */
#define PROMISED(estimate, vendor_name)                                                                      \
	"CAST(COALESCE(SUM(GREATEST(CAST(" estimate " AS SIGNED) - "                                         \
	"(SELECT CAST(COALESCE(SUM(p.estimate_milli), 0) AS SIGNED) FROM purchases p "                       \
	"WHERE p.video_id = v.id AND p.vendor = '" vendor_name "' "                                          \
	"AND p.state IN ('intended', 'known', 'kept', 'unknown')), 0)), 0) AS SIGNED)"

#define PROMISED_CREDITS    PROMISED("v.estimate_credits_milli", "runway")
#define PROMISED_CHARACTERS PROMISED("v.estimate_characters * 1000", "elevenlabs")

static const char SQL_PROMISED[] =
	"SELECT " PROMISED_CREDITS ", " PROMISED_CHARACTERS " FROM jobs j JOIN videos v ON v.id = j.video_id "
	"WHERE j.store_id = ? AND j.state < 3 AND j.kind = 'make' AND v.deleted_at IS NULL";

static bool buys_scenes(const struct video *v, const struct settings *s)
{
	return v->mode == MODE_FULL && s->scene_provider == SCENES_RUNWAY;
}

static bool buys_voice(const struct video *v, const struct settings *s)
{
	return v->mode == MODE_FULL && s->voice_provider == VOICES_ELEVENLABS;
}

static bool estimate_scene(const struct video *v, size_t i, const struct settings *s,
	struct scene_choice *choice, struct problems *p)
{
	const char *field = NULL, *problem = NULL;

	if (models_choose(v, i, s->runway_model, choice, &field, &problem) == 0)
		return true;

	AUTO_FREE char *path = xasprintf("/scenes/%zu/%s", i, field);
	problems_add(p, path, "%s", problem);
	return false;
}

bool estimate_video(const struct video *v, const struct settings *s, struct scene_choice *choices,
	struct estimate *ret, struct problems *p)
{
	struct estimate sum = {0};
	bool possible = true;

	for (size_t i = 0; i < v->scene_count; i++) {
		struct scene_choice choice = {0};

		if (buys_scenes(v, s) && !estimate_scene(v, i, s, &choice, p))
			possible = false;
		sum.credits_milli += choice.credits_milli;
		if (choices)
			choices[i] = choice;
	}
	if (buys_voice(v, s))
		sum.characters = video_script_points(v);
	*ret = sum;
	return possible;
}

static struct json *scene_json(const struct scene_choice *c)
{
	struct json *o = json_new_object();

	json_put_string(o, "model", c->model ? c->model->name : NULL);
	json_put_string(o, "endpoint", c->model ? models_endpoint_names[c->endpoint] : NULL);
	json_put_string(o, "ratio", c->model ? c->ratio->text : NULL);
	if (c->model)
		json_put_int(o, "seconds", c->seconds);
	else
		json_put(o, "seconds", NULL);
	json_put_scaled(o, "credits", c->credits_milli, 3);
	return o;
}

/* null: no limit. */
static void put_limit(struct json *o, const char *key, int64_t limit)
{
	if (limit > 0)
		json_put_int(o, key, limit);
	else
		json_put(o, key, NULL);
}

struct json *estimate_json(const struct video *v, const struct settings *s,
	const struct scene_choice *choices, const struct estimate *t)
{
	struct json *o = json_new_object(), *scenes = json_new_array(), *voice = json_new_object(),
		    *limits = json_new_object();

	for (size_t i = 0; i < v->scene_count; i++)
		json_append(scenes, scene_json(&choices[i]));
	json_put_string(voice, "model", video_speaks(v) && buys_voice(v, s) ? s->elevenlabs_model : NULL);
	json_put_int(voice, "characters", t->characters);
	put_limit(limits, "videoCredits", s->max_video_credits);
	put_limit(limits, "videoCharacters", s->max_video_characters);
	put_limit(limits, "storeDayCredits", s->max_store_day_credits);
	put_limit(limits, "storeDayCharacters", s->max_store_day_characters);

	json_put_string(o, "mode", names_get(video_mode_names, MODE_COUNT, v->mode));
	json_put_scaled(o, "credits", t->credits_milli, 3);
	json_put_int(o, "characters", t->characters);
	json_put(o, "scenes", scenes);
	json_put(o, "voice", voice);
	json_put(o, "limits", limits);
	return o;
}

/* One vendor's unit: what there is to spend, and what is asked for; thousandths. */
struct budget {
	const char *unit;
	int64_t video_limit, day_limit; /* 0: none */
	int64_t wanted, taken;
};

enum { CREDITS, CHARACTERS, UNIT_COUNT };

static void read_budgets(
	const struct settings *s, const struct estimate *t, struct budget out[static UNIT_COUNT])
{
	out[CREDITS] = (struct budget){.unit = "credits",
		.video_limit = s->max_video_credits * 1000,
		.day_limit = s->max_store_day_credits * 1000,
		.wanted = t->credits_milli};
	out[CHARACTERS] = (struct budget){.unit = "characters",
		.video_limit = s->max_video_characters * 1000,
		.day_limit = s->max_store_day_characters * 1000,
		.wanted = t->characters * 1000};
}

/* 12500 -> "12.5" */
static const char *amount(int64_t milli, char out[static AMOUNT_BYTES])
{
	AUTO(json) o = json_new_object();

	json_put_scaled(o, "v", milli, 3);
	(void)snprintf(out, AMOUNT_BYTES, "%s", json_number_text(json_get(o, "v")));
	return out;
}

static void over_video_limit(const struct budget *b, struct problems *p)
{
	char wanted[AMOUNT_BYTES], limit[AMOUNT_BYTES];

	problems_add(p, "", "may cost %s %s; one video may cost no more than %s", amount(b->wanted, wanted),
		b->unit, amount(b->video_limit, limit));
}

bool budget_video_ok(const struct settings *s, const struct estimate *t, struct problems *p)
{
	struct budget budgets[UNIT_COUNT];
	size_t before = p->count;

	read_budgets(s, t, budgets);
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		const struct budget *b = &budgets[i];

		if (b->video_limit > 0 && b->wanted > b->video_limit)
			over_video_limit(b, p);
	}
	return p->count == before;
}

/* Adds to both budgets what sql finds. */
static int add_taken(struct db *db, const char *sql, struct db_arg of,
	struct budget budgets[static UNIT_COUNT], struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, sql, DB_ARGS(of), &rows, e) < 0)
		return -1;
	(void)db_next(rows); /* sums: there is always one */
	for (unsigned i = 0; i < UNIT_COUNT; i++)
		budgets[i].taken += db_get_int(rows, i);
	return 0;
}

static int lock_store(struct db *db, const char *sql, struct db_arg which, int64_t *ret_store, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, sql, DB_ARGS(which), &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return err_set_http(e, ERR_PERM, 404, "storeId");
	*ret_store = db_get_int(rows, 0);
	return 0;
}

static int over_day_limit(const struct budget *b, enum err_kind kind, struct err *e)
{
	char limit[AMOUNT_BYTES], left[AMOUNT_BYTES], wanted[AMOUNT_BYTES];

	return err_set_http(e, kind, 402,
		"The store may spend %s %s a day; %s are left until midnight UTC, and this may cost %s.",
		amount(b->day_limit, limit), b->unit,
		amount(b->taken < b->day_limit ? b->day_limit - b->taken : 0, left),
		amount(b->wanted, wanted));
}

int budget_check(struct db *db, const struct settings *s, const char *store_id, const struct estimate *t,
	struct err *e)
{
	struct budget budgets[UNIT_COUNT];
	bool limited = false;
	int64_t store = 0;

	read_budgets(s, t, budgets);
	for (size_t i = 0; i < UNIT_COUNT; i++)
		limited = limited || (budgets[i].day_limit > 0 && budgets[i].wanted > 0);
	if (!limited)
		return 0;

	if (lock_store(db, SQL_LOCK_STORE, db_text(store_id), &store, e) < 0 ||
		add_taken(db, SQL_SPENT_TODAY, db_int(store), budgets, e) < 0 ||
		add_taken(db, SQL_PROMISED, db_int(store), budgets, e) < 0)
		return -1;
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		const struct budget *b = &budgets[i];

		if (b->day_limit > 0 && b->wanted > 0 && b->taken + b->wanted > b->day_limit)
			return over_day_limit(b, ERR_PERM, e);
	}
	return 0;
}

int budget_check_more(struct db *db, const struct settings *s, const struct video *v,
	const struct estimate *t, struct err *e)
{
	struct budget budgets[UNIT_COUNT];
	char limit[AMOUNT_BYTES], taken[AMOUNT_BYTES], wanted[AMOUNT_BYTES];

	read_budgets(s, t, budgets);
	if (add_taken(db, SQL_SPENT_ON, db_uuid(&v->id), budgets, e) < 0)
		return -1;
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		const struct budget *b = &budgets[i];

		if (b->video_limit > 0 && b->wanted > 0 && b->taken + b->wanted > b->video_limit)
			return err_set_http(e, ERR_PERM, 402,
				"One video may cost %s %s; this one has cost %s, and this may cost %s more.",
				amount(b->video_limit, limit), b->unit, amount(b->taken, taken),
				amount(b->wanted, wanted));
	}
	return budget_check(db, s, v->store_id, t, e);
}

int budget_spend(struct db *db, const struct settings *s, const struct uuid *video_id, const char *vendor,
	int64_t milli, struct err *e)
{
	struct budget budgets[UNIT_COUNT];
	struct budget *b = &budgets[strcmp(vendor, "runway") == 0 ? CREDITS : CHARACTERS];
	int64_t store = 0;

	read_budgets(s, &(struct estimate){.credits_milli = 0}, budgets);
	b->wanted = milli;
	if (b->day_limit == 0)
		return 0;
	if (lock_store(db, SQL_LOCK_STORE_OF, db_uuid(video_id), &store, e) < 0 ||
		add_taken(db, SQL_SPENT_TODAY, db_int(store), budgets, e) < 0)
		return -1;
	b->taken -= milli; /* it is among what was found */
	return b->taken + b->wanted > b->day_limit ? over_day_limit(b, ERR_BLOCKED, e) : 0;
}
