/*
 * Videos as clients see them: created, read, listed, deleted. A video is created together with its job in one
 * transaction, so there is never one without the other; it is deleted by turning that job into one that
 * removes it, so what cannot be removed now is removed later. A deleted video is unknown to clients from that
 * moment on.
 */
#include "lib/video/videos.h"

#include <stdlib.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/db.h"
#include "lib/io/json.h"
#include "lib/video/estimate.h"
#include "lib/video/idempotency.h"
#include "lib/video/purchases_priv.h"
#include "lib/video/settings.h"
#include "lib/video/videos_priv.h"

#define LOOK_MAX_BYTES (256 * 1024) /* a narration's every character may be escaped */

static const char SQL_STORE[] = "SELECT id FROM stores WHERE public_id = ?";
static const char SQL_PRODUCT[] = "SELECT id FROM products WHERE public_id = ? AND store_id = ?";
static const char SQL_MUSIC[] = "SELECT 1 FROM music_tracks WHERE id = ?";
static const char SQL_INSERT_VIDEO[] =
	"INSERT INTO videos (id, store_id, product_id, title, style, aspect_ratio, mode, model, reuse, "
	"voiceover_script, voice_id, music_track_id, music_volume, voice_volume, estimate_credits_milli, "
	"estimate_characters, look, created_at, updated_at) "
	"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))";
static const char SQL_TAKE_BRAND[] = "UPDATE videos v JOIN stores s ON s.id = v.store_id "
				     "SET v.brand = IF(?, s.brand, NULL) WHERE v.id = ?";
static const char SQL_INSERT_SCENE[] = "INSERT INTO scenes (video_id, no, prompt, duration_ms, image_url, "
				       "text_overlay, model, take, look) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char SQL_INSERT_JOB[] =
	"INSERT INTO jobs (video_id, store_id, kind, priority, rank_key, created_at) "
	"SELECT id, store_id, ?, ?, " SQL_MS("UTC_TIMESTAMP(3)") " + ? * 600000, UTC_TIMESTAMP(3) "
								 "FROM videos WHERE id = ?";
static const char SQL_GET[] = "SELECT " VIDEO_COLUMNS " FROM " VIDEO_TABLES
			      " WHERE v.id = ? AND v.deleted_at IS NULL AND s.gone_id IS NULL";
static const char SQL_SCENES[] =
	"SELECT prompt, duration_ms, image_url, text_overlay, model, take, look FROM "
	"scenes WHERE video_id = ? ORDER BY no";
static const char SQL_LIST[] = "SELECT " VIDEO_COLUMNS " FROM " VIDEO_TABLES
			       " WHERE s.public_id = ? AND v.deleted_at IS NULL AND (? IS NULL OR v.status = "
			       "?) AND (? IS NULL OR p.public_id = ?)"
			       " ORDER BY v.created_at DESC, v.id DESC LIMIT ? OFFSET ?";
static const char SQL_COUNT[] =
	"SELECT COUNT(*) FROM " VIDEO_TABLES " WHERE s.public_id = ? AND v.deleted_at IS NULL AND (? IS NULL "
	"OR v.status = ?) AND (? IS NULL OR p.public_id = ?)";
static const char SQL_DELETE[] =
	"UPDATE videos SET deleted_at = UTC_TIMESTAMP(3), updated_at = UTC_TIMESTAMP(3) "
	"WHERE id = ? AND deleted_at IS NULL "
	"AND (? IS NULL OR (status = ? AND updated_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY))";
static const char SQL_LOCK_JOB[] = "UPDATE jobs SET worker = worker WHERE video_id = ?";
/* A running job is asked to stop and becomes a removal when it has; any other becomes one now. SET goes left
 * to right. */
static const char SQL_REMOVE_JOB[] = "UPDATE jobs SET cancel_req = IF(state = 1, 1, 0), kind = IF(state = 1, "
				     "kind, 'remove'), lost_count = 0, "
				     "rank_key = IF(state = 1, rank_key, 0), due_at = NULL, finished_at = "
				     "NULL, state = IF(state = 1, 1, 0) "
				     "WHERE video_id = ?";

/* Fills *v, zeroed by the caller, without its scenes. */
static int read_row(const struct db_rows *r, struct video *v, struct err *e)
{
	struct uuid music;

	(void)db_get_uuid(r, 0, &v->id);
	v->store_id = xstrdup(db_get_text(r, 1));
	v->product_id = xstrdup(db_get_text(r, 2));
	v->title = xstrdup(db_get_text(r, 3));
	v->style = NAMES_FIND(video_style_names, db_get_text(r, 4));
	v->aspect = NAMES_FIND(video_aspect_names, db_get_text(r, 5));
	v->status = NAMES_FIND(video_status_names, db_get_text(r, 6));
	v->progress = db_get_int(r, 7);
	v->eta_sec = db_is_null(r, 8) ? -1 : db_get_int(r, 8);
	v->stage = xstrdup(db_get_text(r, 9));
	v->voiceover_script = xstrdup(db_get_text(r, 10));
	v->voice_id = xstrdup(db_get_text(r, 11));
	if (db_get_uuid(r, 12, &music)) {
		v->music_track_id = xmalloc(UUID_TEXT_SIZE);
		uuid_format(&music, v->music_track_id);
	}
	v->music_volume = db_get_int(r, 13);
	v->video_key = xstrdup(db_get_text(r, 14));
	v->thumbnail_key = xstrdup(db_get_text(r, 15));
	v->duration_ms = db_get_int(r, 16);
	v->error = xstrdup(db_get_text(r, 17));
	v->created_ms = db_get_int(r, 18);
	v->updated_ms = db_get_int(r, 19);
	v->completed_ms = db_get_int(r, 20);
	v->mode = NAMES_FIND(video_mode_names, db_get_text(r, 21));
	v->model = xstrdup(db_get_text(r, 22));
	v->reuse = db_get_int(r, 23) != 0;
	v->voice_volume = db_get_int(r, 24);
	v->revision = db_get_int(r, 25);
	v->estimate_credits_milli = db_get_int(r, 26);
	v->estimate_characters = db_get_int(r, 27);
	v->pause = NAMES_FIND(pause_reason_names, db_get_text(r, 28));
	v->brand = xstrdup(db_get_text(r, 30));
	v->outputs = xstrdup(db_get_text(r, 31));
	v->report = xstrdup(db_get_text(r, 32));
	v->links = xstrdup(db_get_text(r, 33));
	v->links_left_sec = db_get_int(r, 34);
	v->links_wanted_sec = db_get_int(r, 35);
	return look_read(db_get_text(r, 29), &v->look, e);
}

static int read_scenes(struct db *db, struct video *v, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, SQL_SCENES, DB_ARGS(db_uuid(&v->id)), &rows, e) < 0)
		return -1;

	video_clear_scenes(v);
	v->scenes = xcalloc(db_row_count(rows) + 1, sizeof(*v->scenes));
	while (db_next(rows)) {
		struct scene *s = &v->scenes[v->scene_count++];

		*s = (struct scene){
			.prompt = xstrdup(db_get_text(rows, 0)),
			.duration_ms = db_get_int(rows, 1),
			.image_url = xstrdup(db_get_text(rows, 2)),
			.text_overlay = xstrdup(db_get_text(rows, 3)),
			.model = xstrdup(db_get_text(rows, 4)),
			.take = db_get_int(rows, 5),
		};
		if (scene_look_read(db_get_text(rows, 6), &s->look, e) < 0)
			return -1;
	}
	return 0;
}

static int unknown(struct err *e, const char *field)
{
	return err_set_http(e, ERR_PERM, 404, "%s", field);
}

/* The internal number behind a public id: 1 found, 0 not found, -1 failed. */
static int find_number(struct db *db, const char *sql, const struct db_arg *args, size_t n,
	int64_t *ret_number, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, sql, args, n, &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	*ret_number = db_get_int(rows, 0);
	return 1;
}

/* Compact JSON; NULL for an empty object. Frees o. */
static char *column_of(struct json *o)
{
	AUTO(json) all = o;
	AUTO_BUF text = BUF_INIT(LOOK_MAX_BYTES);

	if (json_count(all) == 0)
		return NULL;
	json_write(all, &text);
	return buf_steal(&text);
}

char *videos_look_text(const struct video *v)
{
	return column_of(look_json(&v->look));
}

int videos_insert_scenes(struct db *db, const struct video *v, struct err *e)
{
	for (size_t i = 0; i < v->scene_count; i++) {
		const struct scene *s = &v->scenes[i];
		AUTO_FREE char *look = column_of(scene_look_json(&s->look));

		if (db_exec(db, SQL_INSERT_SCENE,
			    DB_ARGS(db_uuid(&v->id), db_int((int64_t)i), db_text(s->prompt),
				    db_int(s->duration_ms), db_text(s->image_url), db_text(s->text_overlay),
				    db_text(s->model), db_int(s->take), db_text(look)),
			    NULL, e) < 0)
			return -1;
	}
	return 0;
}

int videos_insert_job(struct db *db, const struct uuid *id, const char *kind, int64_t priority, struct err *e)
{
	return db_exec(db, SQL_INSERT_JOB,
		DB_ARGS(db_text(kind), db_int(priority), db_int(priority), db_uuid(id)), NULL, e);
}

int videos_take_brand(struct db *db, const struct video *v, struct err *e)
{
	return db_exec(db, SQL_TAKE_BRAND, DB_ARGS(db_int(v->look.brand), db_uuid(&v->id)), NULL, e);
}

int videos_lock_job(struct db *db, const struct uuid *id, struct err *e)
{
	return db_exec(db, SQL_LOCK_JOB, DB_ARGS(db_uuid(id)), NULL, e);
}

int videos_check_music(
	struct db *db, const struct video *v, struct uuid *id, struct db_arg *ret_music, struct err *e)
{
	int64_t found = 0;
	int r;

	if (!v->music_track_id) {
		*ret_music = db_null();
		return 0;
	}
	r = uuid_parse_text(v->music_track_id, id)
		    ? find_number(db, SQL_MUSIC, DB_ARGS(db_uuid(id)), &found, e)
		    : 0;
	if (r <= 0)
		return r < 0 ? -1 : unknown(e, "musicTrackId");
	*ret_music = db_uuid(id);
	return 0;
}

int videos_check_budget(struct db *db, const struct settings *s, const struct video *v, struct err *e)
{
	struct estimate t = {
		.credits_milli = v->estimate_credits_milli, .characters = v->estimate_characters};

	return v->mode == MODE_DRAFT ? 0 : budget_check(db, s, v->store_id, &t, e);
}

static int insert_video(
	struct db *db, const struct video *v, int64_t store, struct db_arg product, struct err *e)
{
	AUTO_FREE char *look = videos_look_text(v);
	struct db_arg music;
	struct uuid track;

	if (videos_check_music(db, v, &track, &music, e) < 0)
		return -1;
	return db_exec(db, SQL_INSERT_VIDEO,
		DB_ARGS(db_uuid(&v->id), db_int(store), product, db_text(v->title),
			db_text(names_get(video_style_names, STYLE_COUNT, v->style)),
			db_text(names_get(video_aspect_names, ASPECT_COUNT, v->aspect)),
			db_text(names_get(video_mode_names, MODE_COUNT, v->mode)), db_text(v->model),
			db_int(v->reuse), db_text(v->voiceover_script), db_text(v->voice_id), music,
			db_int(v->music_volume), db_int(v->voice_volume), db_int(v->estimate_credits_milli),
			db_int(v->estimate_characters), db_text(look)),
		NULL, e);
}

static int insert_all(
	struct db *db, const struct settings *s, const struct video *v, int64_t store, struct err *e)
{
	int64_t product = 0;

	if (v->product_id) {
		int r = find_number(
			db, SQL_PRODUCT, DB_ARGS(db_text(v->product_id), db_int(store)), &product, e);

		if (r <= 0)
			return r < 0 ? -1 : unknown(e, "productId");
	}
	if (videos_check_budget(db, s, v, e) < 0 ||
		insert_video(db, v, store, v->product_id ? db_int(product) : db_null(), e) < 0 ||
		videos_take_brand(db, v, e) < 0 || videos_insert_scenes(db, v, e) < 0)
		return -1;
	return videos_insert_job(db, &v->id, "make", s->priority, e);
}

/* 1 it is inserted, 0 the key has its video already: *ret_id; -1. */
static int insert_once(struct db *db, const struct settings *s, const struct video *v,
	const struct idempotency *key, struct uuid *ret_id, struct err *e)
{
	int64_t store = 0;
	int r = find_number(db, SQL_STORE, DB_ARGS(db_text(v->store_id)), &store, e);

	if (r <= 0)
		return r < 0 ? -1 : unknown(e, "storeId");
	r = key ? idempotency_claim(db, store, key, ret_id, e) : 1;
	if (r <= 0)
		return r;
	if (insert_all(db, s, v, store, e) < 0)
		return -1;
	return key && idempotency_keep(db, store, key, &v->id, e) < 0 ? -1 : 1;
}

static int exists(struct db *db, const struct uuid *id, struct err *e)
{
	AUTO_VIDEO v = {0};

	return videos_get(db, id, &v, e);
}

static int create_once(struct db *db, const struct settings *s, struct video *v,
	const struct idempotency *key, struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;

	struct uuid made = v->id;
	int inserted = insert_once(db, s, v, key, &made, e);

	if (inserted <= 0) {
		db_rollback(db);
		v->id = made;
		return inserted;
	}
	if (db_commit(db, e) == 0)
		return 0;
	if (e->kind != ERR_UNCERTAIN)
		return -1;

	/* The reply was lost, the rows perhaps not: our own id tells. While nobody can say, nothing is
	 * repeated. */
	switch (exists(db, &v->id, e)) {
	case 1:
		return 0;
	case 0:
		return err_set_http(e, ERR_TEMP, 503, "the database lost the transaction");
	default:
		e->kind = ERR_UNCERTAIN;
		return -1;
	}
}

int videos_create(struct db *db, const struct settings *s, struct video *v, const struct idempotency *key,
	struct err *e)
{
	v->id = uuid_new();
	v->status = STATUS_PENDING;
	v->pause = PAUSE_NONE;
	v->revision = 1;
	v->eta_sec = -1;

	/* Nothing is committed before the commit, so a connection that had gone stale costs one more try. */
	if (create_once(db, s, v, key, e) == 0)
		return 0;
	if (e->kind != ERR_TEMP)
		return -1;
	if (create_once(db, s, v, key, e) == 0)
		return 0;
	/* Or the first commit had only not been seen yet. */
	return e->http_status == 409 && exists(db, &v->id, e) == 1 ? 0 : -1;
}

int videos_load(struct db *db, const char *sql, const struct uuid *id, struct video *ret_video, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	AUTO_VIDEO v = {0};

	if (db_query(db, sql, DB_ARGS(db_uuid(id)), &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	if (read_row(rows, &v, e) < 0 || read_scenes(db, &v, e) < 0)
		return -1;

	*ret_video = v;
	v = (struct video){0};
	return 1;
}

int videos_get(struct db *db, const struct uuid *id, struct video *ret_video, struct err *e)
{
	return videos_load(db, SQL_GET, id, ret_video, e);
}

int videos_list(struct db *db, const struct videos_filter *f, struct video **ret_list, size_t *ret_count,
	int64_t *ret_total, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	const char *status =
		f->status == STATUS_INVALID ? NULL : names_get(video_status_names, STATUS_COUNT, f->status);
	struct db_arg store = db_text(f->store_id), st = db_text(status), product = db_text(f->product_id);
	struct video *list;
	size_t n = 0;
	int64_t total = 0;

	if (find_number(db, SQL_COUNT, DB_ARGS(store, st, st, product, product), &total, e) < 0 ||
		db_query(db, SQL_LIST,
			DB_ARGS(store, st, st, product, product, db_int(f->limit), db_int(f->offset)), &rows,
			e) < 0)
		return -1;

	list = xcalloc(db_row_count(rows) + 1, sizeof(*list));
	while (db_next(rows)) {
		struct video *v = &list[n++];

		if (read_row(rows, v, e) < 0 || read_scenes(db, v, e) < 0) {
			videos_list_free(list, n);
			return -1;
		}
	}
	*ret_list = list;
	*ret_count = n;
	*ret_total = total;
	return 0;
}

void videos_list_free(struct video *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		video_done(&list[i]);
	free(list);
}

static int mark_deleted(struct db *db, const struct uuid *id, const char *status, int64_t days,
	uint64_t *ret_found, struct err *e)
{
	struct db_arg only = db_text(status);
	uint64_t jobs = 0;

	if (videos_lock_job(db, id, e) < 0 ||
		db_exec(db, SQL_DELETE, DB_ARGS(db_uuid(id), only, only, db_int(days)), ret_found, e) < 0)
		return -1;
	if (*ret_found == 0)
		return 0;
	if (purchases_call_off(db, id, e) < 0 ||
		db_exec(db, SQL_REMOVE_JOB, DB_ARGS(db_uuid(id)), &jobs, e) < 0)
		return -1;
	if (jobs > 0)
		return 0;
	return videos_insert_job(db, id, "remove", 0, e); /* its job was pruned long ago */
}

static int delete_once(struct db *db, const struct uuid *id, const char *status, int64_t days, struct err *e)
{
	uint64_t found = 0;

	if (db_begin(db, e) < 0)
		return -1;
	if (mark_deleted(db, id, status, days, &found, e) < 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e) < 0 ? -1 : found > 0;
}

int videos_delete(struct db *db, const struct uuid *id, struct err *e)
{
	int r = delete_once(db, id, NULL, 0, e);

	/* A lost commit is repeated by the client: deleting what is deleted answers 404, and nothing is left
	 * behind. */
	return r < 0 && e->kind == ERR_TEMP ? delete_once(db, id, NULL, 0, e) : r;
}

int videos_delete_old(struct db *db, const struct uuid *id, const char *status, int64_t days, struct err *e)
{
	return delete_once(db, id, status, days, e);
}
