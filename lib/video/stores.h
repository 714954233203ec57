#ifndef VIDEOD_VIDEO_STORES_H
#define VIDEOD_VIDEO_STORES_H

/* SQL on stores, products and music tracks. Lookups: 1 found, 0 not found, -1 failed. */

#include "lib/video/video.h"

struct db;
struct err;

/* Creates or replaces. 1 created, 0 replaced, -1 failed: ERR_PERM with http_status 409 while a deleted store
 * of that id is not gone yet. */
int stores_put(struct db *db, const struct store *s, struct err *e);
int stores_get(struct db *db, const char *id, struct store *ret_store, struct err *e);
int stores_list(struct db *db, int64_t limit, int64_t offset, struct store **ret_list, size_t *ret_count,
	int64_t *ret_total, struct err *e); /* by id; caller frees with stores_list_free */
void stores_list_free(struct store *list, size_t count);

/* As stores_put; ERR_PERM 404 when the store is unknown, 409 when the product belongs to another store. */
int products_put(struct db *db, const struct product *p, struct err *e);
int products_get(struct db *db, const char *id, struct product *ret_product, struct err *e);
int products_list(struct db *db, const char *store_id, int64_t limit, int64_t offset,
	struct product **ret_list, size_t *ret_count, int64_t *ret_total, struct err *e); /* by id */
void products_list_free(struct product *list, size_t count);

int music_list(struct db *db, struct music_track **ret_list, size_t *ret_count,
	struct err *e); /* by category, name */
void music_list_free(struct music_track *list, size_t count);
int music_get(struct db *db, const char *id_text, struct music_track *ret_track,
	struct err *e); /* 0 for a malformed id */

#endif
