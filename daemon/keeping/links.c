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
#include "lib/video/addresses.h"
#include "lib/video/outputs.h"
#include "lib/video/settings.h"
#include "lib/video/video.h"

#define WISHES_MAX      50
#define LINKS_MAX_BYTES (256 * 1024)

struct signing {
	const struct engine *engine;
	struct json *links;
	int64_t seconds; /* that all of them are good for */
	bool failed;
};

static void sign_key(const char *key, void *arg)
{
	struct signing *g = arg;
	struct storage *s = g->engine->storage;
	int64_t seconds = 0;
	AUTO_FREE char *url = s->ops->link(s, key, g->engine->settings->s3_link_sec, &seconds);

	if (!url) {
		g->failed = true;
		return;
	}
	json_put_string(g->links, key, url);
	if (seconds < g->seconds)
		g->seconds = seconds;
}

/* {key: address} of all of them, and for how many seconds they are good; NULL where the keys to sign with are
 * not here now. Caller frees. */
static char *sign(const struct engine *en, const char *outputs, int64_t *ret_sec)
{
	AUTO_OUTPUTS all = {0};
	AUTO(json) links = json_new_object();
	AUTO_BUF text = BUF_INIT(LINKS_MAX_BYTES);
	struct signing g = {.engine = en, .links = links, .seconds = en->settings->s3_link_sec};
	struct err e;

	if (!outputs || outputs_read(outputs, &all, &e) < 0)
		return NULL;
	outputs_keys(&all, sign_key, &g);
	json_write(links, &text);
	if (g.failed || !buf_ok(&text))
		return NULL;
	*ret_sec = g.seconds;
	return buf_steal(&text);
}

void keeping_sign(const struct engine *en, struct video *v)
{
	if (!addresses_are_signed(en->settings))
		return;
	free(v->links);
	v->links_left_sec = 0;
	v->links = sign(en, v->outputs, &v->links_left_sec);
}

void links_sign_wanted(const struct engine *en)
{
	struct link_wish *list = NULL;
	size_t count = 0;
	struct err e;
	int r;

	if (!addresses_are_signed(en->settings))
		return;
	r = links_wanted(en->db, WISHES_MAX, &list, &count, &e);
	for (size_t i = 0; r == 0 && i < count; i++) {
		int64_t seconds = 0;
		AUTO_FREE char *links = sign(en, list[i].outputs, &seconds);

		if (links)
			r = links_put(en->db, &list[i], links, seconds, &e);
	}
	if (r < 0)
		log_warning("addresses not signed", log_text("error", e.text));
	links_free(list, count);
}
