/*
 * The last step: every file is there and every film has passed its inspection. What is written down here is
 * what clients are told, in the transaction that completes the video.
 */
#include <stdlib.h>

#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"

#define NOTE_MAX_BYTES (64 * 1024)

static const enum upload_kind of_film[OUTPUT_KIND_COUNT] = {
	[OUTPUT_FILM] = UPLOAD_FILM,
	[OUTPUT_THUMBNAIL] = UPLOAD_THUMBNAIL,
	[OUTPUT_PREVIEW] = UPLOAD_PREVIEW,
	[OUTPUT_SPRITE] = UPLOAD_SPRITE,
	[OUTPUT_SPRITE_VTT] = UPLOAD_SPRITE_VTT,
};

static struct output_film film_of(const struct run *r, size_t rendition)
{
	const struct rendition *made = &r->renditions[rendition];
	struct output_film film = {
		.aspect = made->aspect,
		.width = made->size.width,
		.height = made->size.height,
		.bytes = run_step(r, STEP_ASSEMBLE, rendition)->bytes,
	};

	for (size_t kind = 0; kind < OUTPUT_KIND_COUNT; kind++)
		film.key[kind] = upload_key(r, rendition, of_film[kind]);
	return film;
}

static char *text_of(const struct outputs *o)
{
	AUTO(json) root = outputs_json(o);
	AUTO_BUF text = BUF_INIT(NOTE_MAX_BYTES);

	json_write(root, &text);
	return buf_steal(&text);
}

int publish_begin(struct step *s, struct err *e)
{
	const struct run *r = s->run;
	AUTO_OUTPUTS o = {
		.films = xcalloc(r->rendition_count, sizeof(*o.films)),
		.captions = {[OUTPUT_SRT] = upload_key(r, 0, UPLOAD_SRT),
			[OUTPUT_VTT] = upload_key(r, 0, UPLOAD_VTT)},
		.report = upload_key(r, 0, UPLOAD_REPORT),
	};

	for (; o.count < r->rendition_count; o.count++)
		o.films[o.count] = film_of(r, o.count);
	if (!o.films[0].key[OUTPUT_FILM])
		return err_set(e, ERR_PERM, "the film was put nowhere");
	free(s->note);
	s->note = text_of(&o);
	step_ended(s, NULL);
	return 0;
}
