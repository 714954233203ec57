/*
 * One file at a time. A round first puts what was bought here, in the order of the purchases' ids, then
 * removes what is to go. A file that cannot be put stands in no other's way; several in a row say that the
 * storage is away, and are the end of putting for this round. The next upkeep begins another one.
 *
 * A purchase may be let go, or its artefact lost and fetched anew, while that is on its way up. Then it is
 * not recorded as stored, and is removed at once by who put it: whoever removed it before may not have seen
 * it.
 */
#include "daemon/vendor/keeper.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/engine.h"
#include "daemon/storage.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "lib/video/purchases.h"
#include "lib/video/settings.h"

#define BATCH        20
#define FAILURES_MAX 3    /* in a row: the storage is away */
#define ADOPT_MAX    1000 /* of another storage, at once */

struct keeper {
	struct engine *engine;
	struct loop_timer *timer;
	struct storage_call *call; /* under way, NULL none */
	struct purchase *list;     /* the batch at work */
	size_t count, at;
	bool removing;     /* the round has come to what is to go */
	bool working;      /* a round is under way or about to begin */
	bool closing;      /* rounds end with the last file to put */
	bool adopted;      /* what was put into another storage before is to be put into this one */
	unsigned failures; /* files in a row that could not be put */
	bool beside;       /* of the one at work: what is known of it, not it */
	bool undone;       /* the one at work was let go meanwhile: what was put of it goes again */
	bool again;        /* asked for meanwhile */
	struct uuid after; /* putting has come so far in this round */
};

void keeper_key(const char *name, char out[static KEEPER_KEY_SIZE])
{
	(void)snprintf(out, KEEPER_KEY_SIZE, "bought/%s", name);
}

void keeper_beside_key(const char *name, char out[static KEEPER_KEY_SIZE])
{
	(void)snprintf(out, KEEPER_KEY_SIZE, "bought/%s.json", name);
}

static void log_trouble(const char *what, const struct err *e)
{
	log_warning(what, log_text("kind", err_kind_names[e->kind]), log_text("error", e->text));
}

static void go_on(struct keeper *k)
{
	k->working = true;
	loop_timer_arm(k->timer, 0);
}

static void drop_batch(struct keeper *k)
{
	purchases_free(k->list, k->count);
	k->list = NULL;
	k->count = k->at = 0;
}

/* Until the next upkeep, or until something more is bought. */
static void end_round(struct keeper *k)
{
	drop_batch(k);
	k->after = (struct uuid){{0}};
	k->removing = k->working = false;
	k->failures = 0;
	if (k->again)
		go_on(k);
	k->again = false;
}

static void next_one(struct keeper *k)
{
	k->at++;
	k->beside = true;
	k->undone = false;
	go_on(k);
}

/* Removing */

static void record_removed(struct keeper *k, const struct purchase *p)
{
	struct err e;

	bought_discard(k->engine, p->artefact);
	if (purchases_removed(k->engine->db, &p->id, &e) < 0) {
		log_trouble("sweeping what was bought", &e);
		end_round(k);
	} else {
		next_one(k);
	}
}

static void remove_some(struct keeper *k, const struct purchase *p);

static void removed(const struct err *failure, void *arg)
{
	struct keeper *k = arg;
	const struct purchase *p = &k->list[k->at];

	k->call = NULL;
	if (failure) {
		log_trouble("a bought file not removed from the storage", failure);
		end_round(k);
	} else if (k->beside) {
		k->beside = false;
		remove_some(k, p);
	} else if (k->undone) {
		next_one(k);
	} else {
		record_removed(k, p);
	}
}

static void remove_some(struct keeper *k, const struct purchase *p)
{
	struct storage *storage = k->engine->storage;
	char key[KEEPER_KEY_SIZE];

	(k->beside ? keeper_beside_key : keeper_key)(p->artefact, key);
	k->call = storage->ops->remove(storage, key, removed, k);
}

/* Putting */

static void record_stored(struct keeper *k, const struct purchase *p)
{
	struct err e;
	int stored = purchases_stored(k->engine->db, p, k->engine->storage->id, &e);

	if (stored < 0) { /* put once more in the next round */
		log_trouble("a bought file's copy not recorded", &e);
		end_round(k);
	} else if (stored == 0) {
		k->undone = k->beside = true;
		remove_some(k, p);
	} else {
		next_one(k);
	}
}

static void put_some(struct keeper *k, const struct purchase *p);

static void put_failed(struct keeper *k, const struct err *failure)
{
	log_trouble("a bought file not copied to the storage", failure);
	if (failure->kind == ERR_BLOCKED) { /* nothing is done there before somebody has mended it */
		end_round(k);
		return;
	}
	if (failure->kind == ERR_TEMP && ++k->failures >= FAILURES_MAX) {
		drop_batch(k);
		k->removing = true;
		go_on(k);
		return;
	}
	next_one(k);
}

static void put_done(const struct err *failure, void *arg)
{
	struct keeper *k = arg;
	const struct purchase *p = &k->list[k->at];

	k->call = NULL;
	if (failure) {
		put_failed(k, failure);
		return;
	}
	k->failures = 0;
	if (k->beside) {
		k->beside = false;
		put_some(k, p);
	} else {
		record_stored(k, p);
	}
}

static const char *type_of(const char *key)
{
	static const struct {
		const char *ending, *type;
	} types[] = {{".json", "application/json"}, {".mp4", "video/mp4"}};
	size_t n = strlen(key);

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (n > strlen(types[i].ending) &&
			strcmp(key + n - strlen(types[i].ending), types[i].ending) == 0)
			return types[i].type;
	return "application/octet-stream";
}

static void put_file(struct keeper *k, const char *path, const char *key)
{
	struct storage *storage = k->engine->storage;
	const struct storage_put what = {.file = path, .key = key, .content_type = type_of(key)};

	k->call = storage->ops->put(storage, &what, put_done, k);
}

/* What was bought on another host is put there by that one's daemon. */
static void put_some(struct keeper *k, const struct purchase *p)
{
	char path[BOUGHT_PATH_SIZE], key[KEEPER_KEY_SIZE];

	if (k->beside) {
		bought_beside_path(k->engine, p->artefact, path);
		keeper_beside_key(p->artefact, key);
		if (access(path, F_OK) == 0) {
			put_file(k, path, key);
			return;
		}
		k->beside = false;
	}
	bought_path(k->engine, p->artefact, path);
	keeper_key(p->artefact, key);
	if (access(path, F_OK) == 0)
		put_file(k, path, key);
	else
		next_one(k);
}

/* Rounds */

/* Once in a daemon's life: what the rows say of the bucket that was used before is not true of this one. */
static int adopt(struct keeper *k, struct err *e)
{
	int changed;

	if (k->adopted)
		return 0;
	changed = purchases_not_elsewhere(k->engine->db, k->engine->storage->id, ADOPT_MAX, e);
	k->adopted = changed >= 0 && changed < ADOPT_MAX;
	return changed < 0 ? -1 : 0;
}

static int load_puts(struct keeper *k, struct err *e)
{
	if (k->removing || !k->engine->settings->keep_bought)
		return 0;
	if (adopt(k, e) < 0)
		return -1;
	return purchases_to_store(k->engine->db, &k->after, BATCH, &k->list, &k->count, e);
}

/* 1 there is a batch to work at, 0 none (more in this round), -1. */
static int load_batch(struct keeper *k, struct err *e)
{
	drop_batch(k);
	k->beside = true;
	k->undone = false;
	if (load_puts(k, e) < 0)
		return -1;
	if (k->count > 0) {
		k->after = k->list[k->count - 1].id;
		return 1;
	}
	if (k->closing)
		return 0;
	drop_batch(k); /* an empty list is one too */
	k->removing = true;
	if (purchases_to_remove(k->engine->db, BATCH, &k->list, &k->count, e) < 0)
		return -1;
	return k->count > 0;
}

static void work(void *arg)
{
	struct keeper *k = arg;
	struct err e;
	int loaded = 1;

	if (k->call)
		return;
	if (k->at == k->count)
		loaded = load_batch(k, &e);
	if (loaded < 0)
		log_trouble("looking after what was bought", &e);
	if (loaded <= 0)
		end_round(k);
	else if (k->removing)
		remove_some(k, &k->list[k->at]);
	else
		put_some(k, &k->list[k->at]);
}

int keeper_new(struct engine *en, struct keeper **ret, struct err *e)
{
	struct keeper *k;

	*ret = NULL;
	if (!en->storage->ops->is_remote)
		return 0;
	k = xcalloc(1, sizeof(*k));
	k->engine = en;
	if (loop_timer_new(en->loop, work, k, &k->timer, e) < 0) {
		free(k);
		return -1;
	}
	*ret = k;
	return 0;
}

void keeper_free(struct keeper *k)
{
	if (!k)
		return;
	storage_cancel(k->call);
	loop_timer_free(k->timer);
	drop_batch(k);
	free(k);
}

void keeper_soon(struct keeper *k)
{
	if (!k)
		return;
	if (k->call || k->list)
		k->again = true;
	else
		go_on(k);
}

void keeper_close(struct keeper *k)
{
	if (!k)
		return;
	k->closing = true;
	keeper_soon(k);
}

bool keeper_is_busy(const struct keeper *k)
{
	return k && k->working;
}
