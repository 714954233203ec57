/* The parts of looking after, in one. */
#include "daemon/keeping/keeping.h"

#include <stdlib.h>

#include "daemon/engine.h"
#include "daemon/keeping/keeping_priv.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/video/keeping.h"

struct keeping {
	struct engine *engine;
	struct signer *signer;
	struct tidying *tidying;
	struct orphans *orphans;
	struct check *check;
};

int keeping_new(struct engine *en, struct keeping **ret, struct err *e)
{
	struct keeping *k = xcalloc(1, sizeof(*k));

	k->engine = en;
	if (signer_new(en, &k->signer, e) < 0 || tidying_new(en, &k->tidying, e) < 0 ||
		orphans_new(en, &k->orphans, e) < 0 || check_new(en, &k->check, e) < 0) {
		keeping_free(k);
		return -1;
	}
	*ret = k;
	return 0;
}

void keeping_free(struct keeping *k)
{
	if (!k)
		return;
	signer_free(k->signer);
	tidying_free(k->tidying);
	orphans_free(k->orphans);
	check_free(k->check);
	free(k);
}

/* What is deleted here is removed by jobs, as if a client had deleted it. */
static void delete_old(const struct engine *en)
{
	struct err e;
	int expired = videos_expire(en->db, en->settings, &e),
	    cleared = expired < 0 ? -1 : stores_clear(en->db, en->settings, &e);

	if (cleared < 0)
		log_warning("deleting what is old", log_text("error", e.text));
	else if (expired > 0)
		log_info("videos deleted for their age", log_number("videos", expired));
}

void keeping_soon(struct keeping *k)
{
	if (!k)
		return;
	signer_soon(k->signer);
	delete_old(k->engine);
	tidying_soon(k->tidying);
	orphans_soon(k->orphans);
	check_soon(k->check);
}
