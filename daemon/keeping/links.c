/*
 * Signed addresses, of all that a video has published. Signing asks nobody: it is done at once, when a film
 * is completed and whenever a client that reads it wants new ones.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/engine.h"
#include "daemon/keeping/keeping.h"
#include "daemon/keeping/keeping_priv.h"
#include "daemon/storage.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/io/loop.h"
#include "lib/video/addresses.h"
#include "lib/video/outputs.h"
#include "lib/video/settings.h"
#include "lib/video/video.h"

#define WISHES_MAX      50 /* a turn */
#define LINKS_MAX_BYTES (256 * 1024)

/* Of one video. */
struct signing {
	const struct engine *engine;
	struct json *links;
	size_t count;
	int64_t good_sec; /* all of them */
	bool has_no_key;  /* to sign with, now */
};

static void sign_key(const char *key, void *arg)
{
	struct signing *g = arg;
	struct storage *s = g->engine->storage;
	int64_t good_sec = 0;
	AUTO_FREE char *url = s->ops->link(s, key, g->engine->settings->s3_link_sec, &good_sec);

	g->count++;
	if (!url) {
		g->has_no_key = true;
		return;
	}
	json_put_string(g->links, key, url);
	g->good_sec = good_sec < g->good_sec ? good_sec : g->good_sec;
}

enum signed_how { SIGNED, SIGNED_NOTHING, SIGNED_NOT_NOW };

/* *ret_links: {key: address} of all; caller frees. */
static enum signed_how sign(const struct engine *en, const char *outputs, char **ret_links, int64_t *ret_sec)
{
	AUTO_OUTPUTS all = {0};
	AUTO(json) links = json_new_object();
	AUTO_BUF text = BUF_INIT(LINKS_MAX_BYTES);
	struct signing g = {.engine = en, .links = links, .good_sec = en->settings->s3_link_sec};
	struct err e;

	if (outputs_read(outputs, &all, &e) < 0)
		return SIGNED_NOTHING;
	outputs_keys(&all, sign_key, &g);
	if (g.has_no_key)
		return SIGNED_NOT_NOW;
	json_write(links, &text);
	if (g.count == 0 || !buf_ok(&text))
		return SIGNED_NOTHING;
	*ret_links = buf_steal(&text);
	*ret_sec = g.good_sec;
	return SIGNED;
}

void keeping_sign(const struct engine *en, struct video *v)
{
	free(steal_ptr(v->links));
	v->links_left_sec = 0;
	if (addresses_are_signed(en->settings))
		(void)sign(en, v->outputs, &v->links, &v->links_left_sec);
}

/* Wishes */

struct signer {
	struct engine *engine;
	struct loop_timer *timer;
};

/* 1, 0 not now, -1. */
static int fulfil(const struct engine *en, const struct link_wish *w, struct err *e)
{
	AUTO_FREE char *links = NULL;
	int64_t sec = 0;

	switch (sign(en, w->outputs, &links, &sec)) {
	case SIGNED:
		return links_put(en->db, w, links, sec, e) < 0 ? -1 : 1;
	case SIGNED_NOTHING:
		return links_cannot(en->db, w, e) < 0 ? -1 : 1;
	case SIGNED_NOT_NOW:
		return 0;
	}
	return 0;
}

static void on_timer(void *arg)
{
	struct signer *g = arg;
	const struct engine *en = g->engine;
	struct link_wish *list = NULL;
	size_t count = 0;
	struct err e;
	int r;

	if (!addresses_are_signed(en->settings))
		return;
	r = links_wanted(en->db, WISHES_MAX, &list, &count, &e) < 0 ? -1 : 1;
	for (size_t i = 0; r > 0 && i < count; i++)
		r = fulfil(en, &list[i], &e);
	if (r < 0)
		log_warning("addresses not signed", log_text("error", e.text));
	if (r > 0 && count == WISHES_MAX)
		loop_timer_arm(g->timer, 0);
	links_free(list, count);
}

int signer_new(struct engine *en, struct signer **ret, struct err *e)
{
	struct signer *g = xcalloc(1, sizeof(*g));

	g->engine = en;
	if (loop_timer_new(en->loop, on_timer, g, &g->timer, e) < 0) {
		free(g);
		return -1;
	}
	*ret = g;
	return 0;
}

void signer_free(struct signer *g)
{
	if (!g)
		return;
	loop_timer_free(g->timer);
	free(g);
}

void signer_soon(struct signer *g)
{
	loop_timer_arm(g->timer, 0);
}
