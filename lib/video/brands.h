#ifndef VIDEOD_VIDEO_BRANDS_H
#define VIDEOD_VIDEO_BRANDS_H

/* SQL on stores' brand kits. */

#include "lib/video/look.h"

struct db;
struct err;

/* 1 it is the store's first, 0 it replaced one, -1 failed: ERR_PERM with http_status 404 for an unknown
 * store. */
int brands_put(struct db *db, const char *store, const struct brand *b, struct err *e);
/* The defaults where the store has none. 1, 0 there is no such store, -1. */
int brands_get(struct db *db, const char *store, struct brand *ret_brand, struct err *e);
/* Also where the store has none. 1, 0 there is no such store, -1. */
int brands_delete(struct db *db, const char *store, struct err *e);

#endif
