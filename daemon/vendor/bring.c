/*
 * What is known of an artefact comes before the artefact, so that one that is there has all that belongs to
 * it. Each comes under a name of its own, which the sweep of bought_dir knows, and is renamed: two videos may
 * want the same at once.
 */
#include "daemon/vendor/bring.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/engine.h"
#include "daemon/run.h"
#include "daemon/storage.h"
#include "daemon/vendor/bought.h"
#include "daemon/vendor/keeper.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/video/purchases.h"
#include "lib/video/settings.h"

#define ANY_BYTES   (-1)
#define HANDOVER_MS (30 * 60 * 1000) /* a keeper that has not put it by then is one of a lost host */

struct bringing {
	struct step *step;
	char name[BOUGHT_NAME_SIZE];
	int64_t bytes;
	bool beside; /* what is known of it is on its way, not it */
	char *part, *path;
	struct storage_call *call;
	bring_fn *done;
	void *arg;
};

bool bring_possible(const struct engine *en)
{
	return en->storage && en->storage->ops->is_remote;
}

bool bring_awaited(const struct engine *en, const struct purchase *p)
{
	return bring_possible(en) && en->settings->keep_bought &&
	       strcmp(p->stored_in, en->storage->id) != 0 && p->ended_age_ms < HANDOVER_MS;
}

void bring_cancel(struct bringing *b)
{
	if (!b)
		return;
	storage_cancel(b->call);
	free(b->part);
	free(b->path);
	free(b);
}

static void end(struct bringing *b, const struct err *failure)
{
	bring_fn *done = b->done;
	struct step *step = b->step;
	void *arg = b->arg;

	bring_cancel(b);
	done(step, failure, arg);
}

static void get(struct bringing *b);

static int rename_part(const struct bringing *b, struct err *e)
{
	if (fs_rename_durable(b->part, b->path, e) == 0)
		return 0;
	(void)unlink(b->part);
	e->kind = ERR_TEMP;
	return -1;
}

/* Whether it is not in the storage; a folder of ours that cannot be made says nothing of that. */
static bool is_absent(const struct bringing *b, struct err *failure)
{
	return failure->kind == ERR_PERM && bought_make_folder(b->step->run->engine, b->name, failure) == 0;
}

static void got(const struct err *failure, void *arg)
{
	struct bringing *b = arg;
	struct err e = {.kind = ERR_TEMP};
	bool is_none;

	b->call = NULL;
	if (failure)
		e = *failure;
	is_none = failure && is_absent(b, &e) && b->beside;
	if (failure && !is_none) {
		if (e.kind == ERR_BLOCKED) /* until somebody has mended it */
			e.kind = ERR_TEMP;
		end(b, &e);
		return;
	}
	if (!is_none && rename_part(b, &e) < 0) {
		end(b, &e);
		return;
	}
	if (!b->beside) {
		end(b, NULL);
		return;
	}
	b->beside = false;
	get(b);
}

static void get(struct bringing *b)
{
	const struct engine *en = b->step->run->engine;
	struct storage *storage = en->storage;
	char path[BOUGHT_PATH_SIZE], key[KEEPER_KEY_SIZE];

	(b->beside ? bought_beside_path : bought_path)(en, b->name, path);
	(b->beside ? keeper_beside_key : keeper_key)(b->name, key);
	free(b->path);
	free(b->part);
	b->path = xstrdup(path);
	b->part = xasprintf("%s-%016" PRIx64 ".part", path, clock_random());
	b->call = storage->ops->get(storage, key, b->beside ? ANY_BYTES : b->bytes, b->part, got, b);
}

struct bringing *bring_begin(struct step *s, const struct purchase *p, bring_fn *done, void *arg)
{
	struct bringing *b = xcalloc(1, sizeof(*b));
	struct err ignored;

	b->step = s;
	(void)snprintf(b->name, sizeof(b->name), "%s", p->artefact);
	b->bytes = p->bytes;
	b->beside = true;
	b->done = done;
	b->arg = arg;
	(void)bought_make_folder(s->run->engine, b->name, &ignored); /* or getting it says so */
	get(b);
	return b;
}
