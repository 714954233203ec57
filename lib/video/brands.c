/* Brand kits are a column of their stores. A video has a copy of its own: see videos_take_brand(). */
#include "lib/video/brands.h"

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/io/db.h"
#include "lib/io/json.h"
#include "lib/video/limits.h"

static const char SQL_FIRST[] = "UPDATE stores SET brand = ?, updated_at = UTC_TIMESTAMP(3) "
				"WHERE public_id = ? AND brand IS NULL";
static const char SQL_PUT[] =
	"UPDATE stores SET brand = ?, updated_at = UTC_TIMESTAMP(3) WHERE public_id = ?";
static const char SQL_GET[] = "SELECT brand FROM stores WHERE public_id = ?";

static int write(struct db *db, const char *sql, struct db_arg brand, const char *store, uint64_t *ret_rows,
	struct err *e)
{
	return db_exec(db, sql, DB_ARGS(brand, db_text(store)), ret_rows, e);
}

int brands_put(struct db *db, const char *store, const struct brand *b, struct err *e)
{
	AUTO(json) o = brand_json(b);
	AUTO_BUF text = BUF_INIT(LIMIT_BODY_BYTES);
	uint64_t rows = 0;

	json_write(o, &text);
	if (!buf_ok(&text))
		return err_set(e, ERR_PERM, "store %s: its brand kit is too long", store);
	if (write(db, SQL_FIRST, db_text(buf_text(&text)), store, &rows, e) < 0)
		return -1;
	if (rows > 0)
		return 1;
	if (write(db, SQL_PUT, db_text(buf_text(&text)), store, &rows, e) < 0)
		return -1;
	return rows > 0 ? 0 : err_set_http(e, ERR_PERM, 404, "unknown store");
}

int brands_get(struct db *db, const char *store, struct brand *ret_brand, struct err *e)
{
	AUTO(db_rows) rows = NULL;

	if (db_query(db, SQL_GET, DB_ARGS(db_text(store)), &rows, e) < 0)
		return -1;
	if (!db_next(rows))
		return 0;
	return brand_read(db_get_text(rows, 0), ret_brand, e) < 0 ? err_prefix(e, "store %s: ", store) : 1;
}

int brands_delete(struct db *db, const char *store, struct err *e)
{
	uint64_t rows = 0;

	return write(db, SQL_PUT, db_null(), store, &rows, e) < 0 ? -1 : rows > 0;
}
