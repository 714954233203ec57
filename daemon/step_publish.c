/*
 * Puts the film and its thumbnail where clients find them. A name carries the digest of its content, so it
 * never changes what it stands for and may be cached for ever.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/engine.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "daemon/storage.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/digest.h"

#define NAME_BYTES 8 /* of the digest: enough to tell apart what one video ever was */

static const struct output {
	enum step_id from;
	const char *extension, *type;
} outputs[] = {
	{STEP_ASSEMBLE, "mp4", "video/mp4"},
	{STEP_STILL, "jpg", "image/jpeg"},
};
_Static_assert(ARRAY_LEN(outputs) == ARRAY_LEN(((struct step *)NULL)->key), "a key for each output");

static int put_from(struct step *s, size_t i, struct err *e);

static void put(const struct err *failure, void *arg)
{
	struct step *s = arg;
	struct err e;

	if (failure) {
		step_ended(s, failure);
		return;
	}
	s->put++;
	step_progress(s, (unsigned)(s->put * 1000 / ARRAY_LEN(outputs)));
	if (s->put == ARRAY_LEN(outputs))
		step_ended(s, NULL);
	else if (put_from(s, s->put, &e) < 0)
		step_ended(s, &e);
}

static int put_from(struct step *s, size_t i, struct err *e)
{
	const struct run *r = s->run;
	struct storage *storage = r->engine->storage;
	AUTO_FREE char *path = xasprintf("%s/%s", r->folder, run_step(r, outputs[i].from, 0)->file);
	uint8_t digest[DIGEST_SHA256_BYTES];
	char hex[2 * NAME_BYTES + 1], id[UUID_TEXT_SIZE];

	if (digest_sha256_file(path, digest, e) < 0)
		return -1;
	text_hex_encode(digest, NAME_BYTES, hex);
	uuid_format(&r->video.id, id);
	(void)snprintf(s->key[i], sizeof(s->key[i]), "videos/%s/%s.%s", id, hex, outputs[i].extension);
	storage->ops->put(storage, path, s->key[i], outputs[i].type, put, s);
	return 0;
}

int publish_begin(struct step *s, struct err *e)
{
	s->put = 0;
	return put_from(s, s->put, e);
}

static void old_removed(const struct err *failure, void *arg)
{
	(void)arg;
	if (failure)
		log_warning("old film not removed", log_text("error", failure->text));
}

void publish_remove_old(struct run *r)
{
	const struct step *published = run_step(r, STEP_PUBLISH, 0);
	struct storage *storage = r->engine->storage;

	for (size_t i = 0; i < ARRAY_LEN(r->old_key); i++)
		if (r->old_key[i] && strcmp(r->old_key[i], published->key[i]) != 0)
			storage->ops->remove(storage, r->old_key[i], old_removed, NULL);
}
