/*
 * Stores, products and music tracks. Putting is an UPDATE that, where it matches nothing, is followed by an
 * INSERT and, where somebody else was faster, by the UPDATE again: rows are hardly ever deleted, so the third
 * step finds one. A deleted store is a row without its id until all that is its own is gone: see keeping.h.
 * Ids that could not have been stored are not found without asking: SQL's comparison pads with
 * blanks, ours does not.
 */

#include "lib/video/stores.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/io/json.h"
#include "lib/video/limits.h"
#include "lib/video/money.h"
#include "lib/video/request.h"

#define IMAGES_MAX_BYTES (1024 * 1024)

#define STORE_COLUMNS   "public_id, name, niche, currency, locale"
#define PRODUCT_COLUMNS "p.public_id, s.public_id, p.title, p.description, p.price_milli, p.images"
#define PRODUCT_TABLES  "products p JOIN stores s ON s.id = p.store_id"
#define MUSIC_COLUMNS   "id, name, category, duration_ms, is_ring, file, preview_url"

static const char SQL_STORE_UPDATE[] = "UPDATE stores SET name = ?, niche = ?, currency = ?, locale = ?, "
				       "updated_at = UTC_TIMESTAMP(3) WHERE public_id = ?";
static const char SQL_STORE_INSERT[] =
	"INSERT INTO stores (name, niche, currency, locale, public_id, created_at, updated_at) "
	"SELECT ?, ?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM DUAL "
	"WHERE NOT EXISTS (SELECT 1 FROM stores WHERE gone_id = ?)";
static const char SQL_STORE_GET[] = "SELECT " STORE_COLUMNS " FROM stores WHERE public_id = ?";
static const char SQL_STORE_LIST[] =
	"SELECT " STORE_COLUMNS " FROM stores WHERE gone_id IS NULL ORDER BY public_id LIMIT ? OFFSET ?";
static const char SQL_STORE_COUNT[] = "SELECT COUNT(*) FROM stores WHERE gone_id IS NULL";

static const char SQL_PRODUCT_UPDATE[] =
	"UPDATE " PRODUCT_TABLES " SET p.title = ?, p.description = ?, p.price_milli = ?, p.images = ?, "
	"p.updated_at = UTC_TIMESTAMP(3) WHERE p.public_id = ? AND s.public_id = ?";
static const char SQL_PRODUCT_INSERT[] =
	"INSERT INTO products (title, description, price_milli, images, public_id, store_id, created_at, "
	"updated_at) "
	"SELECT ?, ?, ?, ?, ?, id, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM stores WHERE public_id = ?";
static const char SQL_PRODUCT_GET[] =
	"SELECT " PRODUCT_COLUMNS " FROM " PRODUCT_TABLES " WHERE p.public_id = ? AND s.gone_id IS NULL";
static const char SQL_PRODUCT_LIST[] = "SELECT " PRODUCT_COLUMNS " FROM " PRODUCT_TABLES
				       " WHERE s.public_id = ? ORDER BY p.public_id LIMIT ? OFFSET ?";
static const char SQL_PRODUCT_COUNT[] = "SELECT COUNT(*) FROM " PRODUCT_TABLES " WHERE s.public_id = ?";

static const char SQL_MUSIC_LIST[] = "SELECT " MUSIC_COLUMNS " FROM music_tracks ORDER BY category, name, id";
static const char SQL_MUSIC_GET[] = "SELECT " MUSIC_COLUMNS " FROM music_tracks WHERE id = ?";

/* UPDATE, INSERT, UPDATE. 1 inserted, 0 updated, -1 failed: ERR_PERM with 409 or 404 when none of them found
 * a place. The INSERT takes all args, the UPDATE the first ones. */
static int put(struct db *db, const char *update, size_t nupdate, const char *insert,
	const struct db_arg *args, size_t nargs, struct err *e)
{
	uint64_t rows = 0;

	if (db_exec(db, update, args, nupdate, &rows, e) < 0)
		return -1;
	if (rows > 0)
		return 0;
	if (db_exec(db, insert, args, nargs, &rows, e) == 0)
		return rows > 0 ? 1 : err_set_http(e, ERR_PERM, 404, "unknown store");
	if (e->http_status != 409)
		return -1;

	struct err taken = *e;

	if (db_exec(db, update, args, nupdate, &rows, e) < 0)
		return -1;
	if (rows == 0) {
		*e = taken;
		return -1;
	}
	return 0;
}

static int count_rows(struct db *db, const char *sql, const struct db_arg *args, size_t nargs,
	int64_t *ret_total, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, sql, args, nargs, &rows, e) < 0)
		return -1;
	*ret_total = db_next(rows) ? db_get_int(rows, 0) : 0;
	return 0;
}

static char *text_of(const struct db_rows *rows, unsigned col)
{
	return xstrdup(db_get_text(rows, col));
}

/* The place of name in a NULL-terminated table, or -1. */
static int find(const char *const *table, const char *name)
{
	for (int i = 0; table[i]; i++) {
		if (strcmp(table[i], name) == 0)
			return i;
	}
	return -1;
}

int stores_put(struct db *db, const struct store *s, struct err *e)
{
	struct db_arg id = db_text(s->id);
	int r = put(db, SQL_STORE_UPDATE, 5, SQL_STORE_INSERT,
		DB_ARGS(db_text(s->name), db_text(s->niche), db_text(money_currencies[s->currency]),
			db_text(money_locales[s->locale]), id, id),
		e);

	if (r < 0 && e->http_status == 404)
		return err_set_http(e, ERR_PERM, 409, "a store of that id is still being removed");
	return r;
}

static int read_store(const struct db_rows *rows, struct store *ret_store, struct err *e)
{
	int currency = find(money_currencies, db_get_text(rows, 3)),
	    locale = find(money_locales, db_get_text(rows, 4));

	if (currency < 0 || locale < 0)
		return err_set(e, ERR_PERM, "store %s: unknown currency or locale", db_get_text(rows, 0));
	*ret_store = (struct store){
		.id = text_of(rows, 0),
		.name = text_of(rows, 1),
		.niche = text_of(rows, 2),
		.currency = currency,
		.locale = locale,
	};
	return 0;
}

int stores_get(struct db *db, const char *id, struct store *ret_store, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (!request_id_ok(id))
		return 0;
	if (db_query(db, SQL_STORE_GET, DB_ARGS(db_text(id)), &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	return read_store(rows, ret_store, e) < 0 ? -1 : 1;
}

int stores_list(struct db *db, int64_t limit, int64_t offset, struct store **ret_list, size_t *ret_count,
	int64_t *ret_total, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	int64_t total = 0;

	if (count_rows(db, SQL_STORE_COUNT, DB_NO_ARGS, &total, e) < 0 ||
		db_query(db, SQL_STORE_LIST, DB_ARGS(db_int(limit), db_int(offset)), &rows, e) < 0)
		return -1;

	struct store *list = xcalloc(db_row_count(rows), sizeof(*list));
	size_t n = 0;

	for (; db_next(rows); n++) {
		if (read_store(rows, &list[n], e) < 0) {
			stores_list_free(list, n);
			return -1;
		}
	}
	*ret_list = list;
	*ret_count = n;
	*ret_total = total;
	return 0;
}

void stores_list_free(struct store *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		store_done(&list[i]);
	free(list);
}

static void write_images(const struct product *p, struct buf *out)
{
	AUTO(json) array = json_new_array();

	for (size_t i = 0; i < p->image_count; i++) {
		struct json *image = json_new_object();

		json_put_string(image, "url", p->images[i].url);
		json_put_string(image, "alt", p->images[i].alt);
		json_append(array, image);
	}
	json_write(array, out);
}

static int read_images(const char *text, size_t len, struct product *p, struct err *e)
{
	AUTO(json) array = NULL;

	if (json_parse(text, len, &array, e) < 0)
		return -1;
	p->images = xcalloc(json_count(array), sizeof(*p->images));
	for (size_t i = 0; i < json_count(array); i++) {
		const struct json *image = json_at(array, i);
		const char *url = json_string(json_get(image, "url"));

		if (!url)
			return err_set(e, ERR_PERM, "image %zu has no url", i);
		p->images[p->image_count++] = (struct image){
			.url = xstrdup(url),
			.alt = xstrdup(json_string(json_get(image, "alt"))),
		};
	}
	return 0;
}

int products_put(struct db *db, const struct product *p, struct err *e)
{
	AUTO_BUF images = BUF_INIT(IMAGES_MAX_BYTES);

	write_images(p, &images);
	if (!buf_ok(&images))
		return err_set_http(e, ERR_PERM, 413, "product %s: its images are too long", p->id);
	return put(db, SQL_PRODUCT_UPDATE, 6, SQL_PRODUCT_INSERT,
		DB_ARGS(db_text(p->title), db_text(p->description),
			p->price_milli < 0 ? db_null() : db_int(p->price_milli), db_text(buf_text(&images)),
			db_text(p->id), db_text(p->store_id)),
		e);
}

static int read_product(const struct db_rows *rows, struct product *ret_product, struct err *e)
{
	AUTO_PRODUCT p = {
		.id = text_of(rows, 0),
		.store_id = text_of(rows, 1),
		.title = text_of(rows, 2),
		.description = text_of(rows, 3),
		.price_milli = db_is_null(rows, 4) ? -1 : db_get_int(rows, 4),
	};

	if (read_images(db_get_text(rows, 5), db_get_len(rows, 5), &p, e) < 0)
		return err_prefix(e, "product %s: ", p.id);
	*ret_product = p;
	p = (struct product){.id = NULL};
	return 0;
}

int products_get(struct db *db, const char *id, struct product *ret_product, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (!request_id_ok(id))
		return 0;
	if (db_query(db, SQL_PRODUCT_GET, DB_ARGS(db_text(id)), &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	return read_product(rows, ret_product, e) < 0 ? -1 : 1;
}

int products_list(struct db *db, const char *store_id, int64_t limit, int64_t offset,
	struct product **ret_list, size_t *ret_count, int64_t *ret_total, struct err *e)
{
	struct db_arg store = db_text(request_id_ok(store_id) ? store_id : NULL);
	AUTO(db_rows) rows = NULL;
	int64_t total = 0;

	if (count_rows(db, SQL_PRODUCT_COUNT, DB_ARGS(store), &total, e) < 0 ||
		db_query(db, SQL_PRODUCT_LIST, DB_ARGS(store, db_int(limit), db_int(offset)), &rows, e) < 0)
		return -1;

	struct product *list = xcalloc(db_row_count(rows), sizeof(*list));
	size_t n = 0;

	for (; db_next(rows); n++) {
		if (read_product(rows, &list[n], e) < 0) {
			products_list_free(list, n);
			return -1;
		}
	}
	*ret_list = list;
	*ret_count = n;
	*ret_total = total;
	return 0;
}

void products_list_free(struct product *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		product_done(&list[i]);
	free(list);
}

static struct music_track read_track(const struct db_rows *rows)
{
	struct music_track t = {
		.name = text_of(rows, 1),
		.category = text_of(rows, 2),
		.duration_ms = db_get_int(rows, 3),
		.is_ring = db_get_int(rows, 4) != 0,
		.file = text_of(rows, 5),
		.preview_url = text_of(rows, 6),
	};

	(void)db_get_uuid(rows, 0, &t.id); /* BINARY(16): always one */
	return t;
}

int music_list(struct db *db, struct music_track **ret_list, size_t *ret_count, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, SQL_MUSIC_LIST, DB_NO_ARGS, &rows, e) < 0)
		return -1;

	struct music_track *list = xcalloc(db_row_count(rows), sizeof(*list));
	size_t n = 0;

	while (db_next(rows))
		list[n++] = read_track(rows);
	*ret_list = list;
	*ret_count = n;
	return 0;
}

void music_list_free(struct music_track *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		music_track_done(&list[i]);
	free(list);
}

int music_get(struct db *db, const char *id_text, struct music_track *ret_track, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	struct uuid id;

	if (!uuid_parse_text(id_text, &id))
		return 0;
	if (db_query(db, SQL_MUSIC_GET, DB_ARGS(db_uuid(&id)), &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	*ret_track = read_track(rows);
	return 1;
}
