/*
 * Puts the films and all that belongs to them where clients find them. A name carries the digest of its
 * content, so it never changes what it stands for and may be cached for ever.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine.h"
#include "daemon/film/captions.h"
#include "daemon/film/pictures.h"
#include "daemon/provider.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "daemon/storage.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/digest.h"
#include "lib/io/json.h"

#define NAME_BYTES     8 /* of the digest: enough to tell apart what one video ever was */
#define TEXT_MAX_BYTES (4 * 1024 * 1024)
#define FILE_MODE      0640

static const struct output {
	const char *stem, *extension, *type;
} film_outputs[OUTPUT_KIND_COUNT] =
	{
		[OUTPUT_FILM] = {"film", "mp4", "video/mp4"},
		[OUTPUT_THUMBNAIL] = {"still", "jpg", "image/jpeg"},
		[OUTPUT_PREVIEW] = {"preview", "webp", "image/webp"},
		[OUTPUT_SPRITE] = {"sprite", "jpg", "image/jpeg"},
		[OUTPUT_SPRITE_VTT] = {"sprite", "vtt", "text/vtt"},
},
  caption_outputs[OUTPUT_CAPTIONS_COUNT] = {
	  [OUTPUT_SRT] = {"captions", "srt", "application/x-subrip"},
	  [OUTPUT_VTT] = {"captions", "vtt", "text/vtt"},
};

void output_name(size_t rendition, enum output_kind kind, char out[static STEP_FILE_SIZE])
{
	const struct output *o = &film_outputs[kind];

	(void)snprintf(out, STEP_FILE_SIZE, "%s-%zu.%s", o->stem, rendition, o->extension);
}

/* What is being published, one after the other: each film's, then the captions. */
struct publishing {
	struct work work;
	struct step *step;
	struct outputs outputs;
	size_t at, count;
};

static void stop(struct work *w)
{
	struct publishing *p = (struct publishing *)w;

	outputs_done(&p->outputs);
	free(p);
}

static int write_text(const struct run *r, const char *name, const struct buf *text, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/%s", r->folder, name);

	return fs_write_atomic(path, buf_text(text), text->len, FILE_MODE, e);
}

/* The texts that are made here, just before they are put. */

/* The sheet is beside it, so its name is address enough. */
static int write_sprite_vtt(const struct publishing *p, size_t rendition, const char *name, struct err *e)
{
	const struct run *r = p->step->run;
	const struct film_pictures pictures = {
		.size = r->renditions[rendition].size, .frames = r->timeline.frames};
	AUTO_BUF text = BUF_INIT(TEXT_MAX_BYTES);

	film_sprite_vtt(&pictures, strrchr(p->outputs.films[rendition].key[OUTPUT_SPRITE], '/') + 1, &text);
	return write_text(r, name, &text, e);
}

static int write_captions(
	const struct publishing *p, enum output_captions kind, const char *name, struct err *e)
{
	const struct run *r = p->step->run;
	AUTO_CAPTIONS captions = {0};
	AUTO_BUF text = BUF_INIT(TEXT_MAX_BYTES);

	captions_make(&r->times, r->timeline.speech, r->timeline.speech_count, CAPTION_LINE_WIDE, run_ms(r),
		&captions);
	(kind == OUTPUT_SRT ? captions_srt : captions_vtt)(&captions, &text);
	return write_text(r, name, &text, e);
}

/* The next one */

struct one {
	char name[STEP_FILE_SIZE]; /* in the work folder */
	const struct output *output;
	char **key; /* where it becomes known */
};

static int next_one(struct publishing *p, struct one *ret, struct err *e)
{
	size_t rendition = p->at / OUTPUT_KIND_COUNT, kind = p->at % OUTPUT_KIND_COUNT;

	if (rendition < p->outputs.count) {
		output_name(rendition, (enum output_kind)kind, ret->name);
		ret->output = &film_outputs[kind];
		ret->key = &p->outputs.films[rendition].key[kind];
		return kind == OUTPUT_SPRITE_VTT ? write_sprite_vtt(p, rendition, ret->name, e) : 0;
	}
	ret->output = &caption_outputs[kind];
	ret->key = &p->outputs.captions[kind];
	(void)snprintf(ret->name, sizeof(ret->name), "%s.%s", ret->output->stem, ret->output->extension);
	return write_captions(p, (enum output_captions)kind, ret->name, e);
}

static void put_done(const struct err *failure, void *arg);

static int put_next(struct publishing *p, struct err *e)
{
	const struct run *r = p->step->run;
	struct storage *storage = r->engine->storage;
	uint8_t digest[DIGEST_SHA256_BYTES];
	char hex[2 * NAME_BYTES + 1], id[UUID_TEXT_SIZE];
	struct one one;

	if (next_one(p, &one, e) < 0)
		return -1;
	AUTO_FREE char *path = xasprintf("%s/%s", r->folder, one.name);
	if (digest_sha256_file(path, digest, e) < 0)
		return -1;
	text_hex_encode(digest, NAME_BYTES, hex);
	uuid_format(&r->video.id, id);
	free(*one.key);
	*one.key = xasprintf("videos/%s/%s.%s", id, hex, one.output->extension);
	storage->ops->put(storage, path, *one.key, one.output->type, put_done, p->step);
	return 0;
}

static char *note_of(const struct outputs *o)
{
	AUTO(json) root = outputs_json(o);
	AUTO_BUF text = BUF_INIT(TEXT_MAX_BYTES);

	json_write(root, &text);
	return buf_steal(&text);
}

static void end(struct step *s, const struct err *failure)
{
	struct publishing *p = (struct publishing *)steal_ptr(s->work);

	if (!failure) {
		free(s->note);
		s->note = note_of(&p->outputs);
	}
	stop(&p->work);
	step_ended(s, failure);
}

static void put_done(const struct err *failure, void *arg)
{
	struct step *s = arg;
	struct publishing *p = (struct publishing *)s->work;
	struct err e;

	if (failure) {
		end(s, failure);
		return;
	}
	p->at++;
	step_progress(s, (unsigned)(p->at * 1000 / p->count));
	if (p->at == p->count)
		end(s, NULL);
	else if (put_next(p, &e) < 0)
		end(s, &e);
}

static struct publishing *publishing_new(struct step *s)
{
	const struct run *r = s->run;
	struct publishing *p = xcalloc(1, sizeof(*p));

	p->work.stop = stop;
	p->step = s;
	p->outputs.count = r->rendition_count;
	p->outputs.films = xcalloc(r->rendition_count, sizeof(*p->outputs.films));
	for (size_t i = 0; i < r->rendition_count; i++) {
		p->outputs.films[i].aspect = r->renditions[i].aspect;
		p->outputs.films[i].width = r->renditions[i].size.width;
		p->outputs.films[i].height = r->renditions[i].size.height;
		p->outputs.films[i].bytes = run_step(r, STEP_ASSEMBLE, i)->bytes;
	}
	p->count = r->rendition_count * OUTPUT_KIND_COUNT;
	if (r->times.count > 0)
		p->count += OUTPUT_CAPTIONS_COUNT;
	return p;
}

int publish_begin(struct step *s, struct err *e)
{
	struct publishing *p = publishing_new(s);

	s->work = &p->work;
	if (put_next(p, e) == 0)
		return 0;
	stop(steal_ptr(s->work));
	return -1;
}

/* What the film before this one was published as, where this one is published otherwise */

static void old_removed(const struct err *failure, void *arg)
{
	(void)arg;
	if (failure)
		log_warning("old film not removed", log_text("error", failure->text));
}

static bool is_still_there(const struct outputs *o, const char *key)
{
	for (size_t i = 0; i < o->count; i++)
		for (int kind = 0; kind < OUTPUT_KIND_COUNT; kind++)
			if (o->films[i].key[kind] && strcmp(o->films[i].key[kind], key) == 0)
				return true;
	for (int kind = 0; kind < OUTPUT_CAPTIONS_COUNT; kind++)
		if (o->captions[kind] && strcmp(o->captions[kind], key) == 0)
			return true;
	return false;
}

static void remove_old(struct run *r, const struct outputs *now, const char *key)
{
	struct storage *storage = r->engine->storage;

	if (key && !is_still_there(now, key))
		storage->ops->remove(storage, key, old_removed, NULL);
}

void publish_remove_old(struct run *r)
{
	const struct outputs *old = &r->old_outputs;
	AUTO_OUTPUTS now = {0};
	struct err ignored;

	if (outputs_read(r->video.outputs, &now, &ignored) < 0)
		return;
	for (size_t i = 0; i < old->count; i++)
		for (int kind = 0; kind < OUTPUT_KIND_COUNT; kind++)
			remove_old(r, &now, old->films[i].key[kind]);
	for (int kind = 0; kind < OUTPUT_CAPTIONS_COUNT; kind++)
		remove_old(r, &now, old->captions[kind]);
}
