/*
 * Addresses of keys. The signed ones of a video are one JSON object, so that a row holds all of them and they
 * end together. A wish stays in the row until it is fulfilled, and a daemon that dies over it leaves it
 * there.
 */
#include "lib/video/addresses.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/io/json.h"
#include "lib/video/settings.h"
#include "lib/video/video.h"

static const char SQL_WANT[] =
	"UPDATE videos SET links_wanted_at = UTC_TIMESTAMP(3) WHERE id = ? AND video_key IS NOT NULL "
	"AND links_wanted_at IS NULL AND (links_made_at IS NULL OR links_until <= UTC_TIMESTAMP(3) "
	"OR links_made_at < UTC_TIMESTAMP(3) - INTERVAL 60 SECOND)"; /* those of a short-lived key */
static const char SQL_WANTED[] =
	"SELECT id, video_key, outputs FROM videos WHERE links_wanted_at IS NOT NULL "
	"ORDER BY links_wanted_at LIMIT ?";
static const char SQL_PUT[] = "UPDATE videos SET links = ?, links_until = UTC_TIMESTAMP(3) + INTERVAL ? "
			      "SECOND, links_made_at = UTC_TIMESTAMP(3), links_wanted_at = NULL "
			      "WHERE id = ? AND video_key = ?";
static const char SQL_CANNOT[] = "UPDATE videos SET links_wanted_at = NULL WHERE id = ? AND video_key = ?";

bool addresses_are_signed(const struct settings *s)
{
	return s->storage == STORAGE_S3 && !(s->cdn_domain && *s->cdn_domain);
}

/* What delivers a bucket sees its keys as they are there. */
static const char *prefix_of(const struct settings *s)
{
	return s->storage == STORAGE_S3 && s->s3_prefix ? s->s3_prefix : "";
}

struct addresses addresses_of(const struct video *v, const struct settings *s)
{
	struct addresses a = {.settings = s};
	struct err ignored;

	if (addresses_are_signed(s) && v->links && v->links_left_sec > 0)
		(void)json_parse(v->links, strlen(v->links), &a.links, &ignored);
	return a;
}

void addresses_done(struct addresses *a)
{
	json_free(steal_ptr(a->links));
}

char *address_get(const struct addresses *a, const char *key)
{
	const struct settings *s = a->settings;
	const char *base = s->public_url ? s->public_url : "";
	size_t n = strlen(base);

	if (!key)
		return NULL;
	if (addresses_are_signed(s))
		return xstrdup(json_string(json_get(a->links, key)));
	if (s->cdn_domain && *s->cdn_domain)
		return xasprintf("https://%s/%s%s", s->cdn_domain, prefix_of(s), key);
	while (n > 0 && base[n - 1] == '/')
		n--;
	return xasprintf("%.*s/media/%s", (int)n, base, key);
}

bool links_end_soon(const struct video *v, const struct settings *s)
{
	return addresses_are_signed(s) && v->video_key && v->links_left_sec < s->s3_link_sec / 2;
}

int links_want(struct db *db, const struct uuid *id, struct err *e)
{
	uint64_t wanted = 0;

	return db_exec(db, SQL_WANT, DB_ARGS(db_uuid(id)), &wanted, e) < 0 ? -1 : wanted > 0;
}

int links_wanted(struct db *db, size_t max, struct link_wish **ret_list, size_t *ret_count, struct err *e)
{
	AUTO(db_rows) rows = NULL;
	struct link_wish *list;
	size_t n = 0;

	if (db_query(db, SQL_WANTED, DB_ARGS(db_int((int64_t)max)), &rows, e) < 0)
		return -1;
	list = xcalloc(db_row_count(rows) + 1, sizeof(*list));
	for (; db_next(rows); n++) {
		(void)db_get_uuid(rows, 0, &list[n].id);
		list[n].video_key = xstrdup(db_get_text(rows, 1));
		list[n].outputs = xstrdup(db_get_text(rows, 2));
	}
	*ret_list = list;
	*ret_count = n;
	return 0;
}

void links_free(struct link_wish *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(list[i].video_key);
		free(list[i].outputs);
	}
	free(list);
}

int links_put(struct db *db, const struct link_wish *w, const char *links, int64_t seconds, struct err *e)
{
	return db_exec(db, SQL_PUT,
		DB_ARGS(db_text(links), db_int(seconds), db_uuid(&w->id), db_text(w->video_key)), NULL, e);
}

int links_cannot(struct db *db, const struct link_wish *w, struct err *e)
{
	return db_exec(db, SQL_CANNOT, DB_ARGS(db_uuid(&w->id), db_text(w->video_key)), NULL, e);
}
