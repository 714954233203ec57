/*
 * Texts, captions and logo of one part in one rendition become pictures. The program that draws them reads an
 * order and prints where each goes; what it printed is the artefact, and is read again by whoever composes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/film/burn.h"
#include "daemon/film/lettering.h"
#include "daemon/provider.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"

#define ORDER_MAX_BYTES  (4 * 1024 * 1024)
#define LAYERS_MAX_BYTES (4 * 1024 * 1024)
#define FILE_MODE        0640

static struct captions captions_of(const struct run *r, const struct rendition *to)
{
	struct captions c = {0};
	bool tall = to->aspect != ASPECT_16_9;

	if (r->video.look.captions != CAPTIONS_NONE && r->times.count > 0)
		captions_make(&r->times, r->timeline.speech, r->timeline.speech_count,
			tall ? CAPTION_LINE_TALL : CAPTION_LINE_WIDE, run_ms(r), &c);
	return c;
}

static void add_card(const struct brand_card *card, struct lettering_order *o)
{
	o->card.there = true;
	o->card.title = card->title;
	o->card.text = card->text;
	o->card.action = card->action;
}

/* A scene without a picture that is made here is a card too: it says its text, or the film's title. */
static void add_scene(const struct run *r, const struct scene *scene, struct lettering_order *o)
{
	o->scene_text = &scene->look.text;
	o->overlay = scene->text_overlay;
	if (scene->image_url || r->scenes_by->is_vendor)
		return;
	o->overlay = NULL;
	o->card.there = true;
	o->card.title = scene->text_overlay ? scene->text_overlay : r->video.title;
}

static struct lettering_order order_of(const struct step *s, const char *prefix)
{
	const struct run *r = s->run;
	const struct rendition *to = run_rendition(r, s->item);
	const struct film_part *part = run_part(r, s->item);
	struct lettering_order o = {
		.size = to->size,
		.style = r->video.style,
		.brand = run_brand(r),
		.video_text = &r->video.look.text,
		.captions = r->video.look.captions,
		.caption_style = r->video.look.caption_style,
		.logo = run_file(r, STEP_FILE, FILE_LOGO),
		.prefix = prefix,
	};

	if (part->kind == PART_SCENE)
		add_scene(r, &r->video.scenes[part->scene], &o);
	else
		add_card(part->kind == PART_INTRO ? &r->brand.intro : &r->brand.end, &o);
	return o;
}

static int write_order(struct step *s, const char *name, struct err *e)
{
	const struct run *r = s->run;
	AUTO_CAPTIONS captions = captions_of(r, run_rendition(r, s->item));
	AUTO_BUF text = BUF_INIT(ORDER_MAX_BYTES);
	AUTO_FREE struct lettering_caption *list = NULL;
	AUTO_FREE char *path = xasprintf("%s/%s", r->folder, name);
	char prefix[48];

	/* not shared with a daemon that lost its lease */
	(void)snprintf(prefix, sizeof(prefix), "l%zu-%" PRIx64, s->item, r->job.token);
	struct lettering_order o = order_of(s, prefix);

	list = burn_part(&captions, run_part(r, s->item), o.captions == CAPTIONS_WORDS, &o.caption_count);
	o.caption = list;
	lettering_write(&o, &text);
	if (!buf_ok(&text))
		return err_set(e, ERR_PERM, "the texts of a part take more than %d bytes", ORDER_MAX_BYTES);
	return fs_write_atomic(path, buf_text(&text), text.len, FILE_MODE, e);
}

void caption_list_name(size_t piece, char out[static STEP_FILE_SIZE])
{
	(void)snprintf(out, STEP_FILE_SIZE, "captions-%zu.txt", piece);
}

static int write_caption_list(const struct step *s, const struct film_layers *layers, struct err *e)
{
	AUTO_BUF text = BUF_INIT(ORDER_MAX_BYTES);
	AUTO_FREE char *path = NULL;
	char name[STEP_FILE_SIZE];

	caption_list_name(s->item, name);
	path = xasprintf("%s/%s", s->run->folder, name);
	film_caption_list(layers, &text);
	return fs_write_atomic(path, buf_text(&text), text.len, FILE_MODE, e);
}

/* Believed when it can be read; kept as it was printed. */
static int keep(struct step *s, const char *out, size_t n, struct err *e)
{
	AUTO_FREE char *path = NULL;
	struct film_layers layers;
	int64_t missing;
	int written = 0;

	if (lettering_read(out, n, &layers, &missing, e) < 0)
		return -1;
	if (layers.caption_count > 0)
		written = write_caption_list(s, &layers, e);
	lettering_done(&layers);
	if (written < 0)
		return -1;
	(void)snprintf(s->file, sizeof(s->file), "layers-%zu.json", s->item);
	path = xasprintf("%s/%s", s->run->folder, s->file);
	s->bytes = (int64_t)n;
	return fs_write_atomic(path, out, n, FILE_MODE, e);
}

static void drawn(struct step *s, const char *out, size_t n, const struct err *failure)
{
	struct err e;

	if (failure)
		step_ended(s, failure);
	else
		step_ended(s, keep(s, out, n, &e) < 0 ? &e : NULL);
}

int lettering_begin(struct step *s, struct err *e)
{
	AUTO_ARGS a = {0};
	char order[STEP_FILE_SIZE];

	(void)snprintf(order, sizeof(order), "order-%zu.json", s->item);
	if (write_order(s, order, e) < 0)
		return -1;
	lettering_args(&s->run->tools, order, &a);
	return step_run_output(s, &a, LAYERS_MAX_BYTES, drawn, e);
}

int layers_load(
	const struct run *r, size_t piece, struct film_layers *ret, int64_t *ret_missing, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/%s", r->folder, run_file(r, STEP_LETTERING, piece));
	AUTO_BUF b = BUF_INIT(LAYERS_MAX_BYTES);

	if (fs_read(path, LAYERS_MAX_BYTES, &b, e) < 0)
		return -1;
	return lettering_read(buf_text(&b), b.len, ret, ret_missing, e);
}

static bool is_here(const struct run *r, const struct film_image *image)
{
	return image->file[0] == '\0' || run_has_file(r, image->file);
}

bool lettering_whole(const struct step *s)
{
	const struct run *r = s->run;
	struct film_layers l;
	char list[STEP_FILE_SIZE];
	int64_t missing;
	struct err ignored;
	bool whole;

	if (layers_load(r, s->item, &l, &missing, &ignored) < 0)
		return false;
	caption_list_name(s->item, list);
	whole = is_here(r, &l.text) && is_here(r, &l.logo) && (l.caption_count == 0 || run_has_file(r, list));
	for (size_t i = 0; i < l.caption_count; i++)
		whole = whole && is_here(r, &l.captions[i].image);
	lettering_done(&l);
	return whole;
}
