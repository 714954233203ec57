/*
 * The pictures of a film, in two commands: one that looks for the best frame, and one that makes thumbnail,
 * preview and sprites; the second again and smaller while the preview is too large.
 */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/film/pictures.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"

#define LOOK_MAX_BYTES  (4 * 1024 * 1024)
#define SHRINKS_MAX     6
#define ENTRANCE_FRAMES 12 /* until a text that comes in is there */

/* Under a name of this lease's own while they are made. */
static void part_name(const struct step *s, const char *what, char out[static STEP_FILE_SIZE])
{
	(void)snprintf(out, STEP_FILE_SIZE, "part-%s-%zu.%" PRIx64, what, s->item, s->run->job.token);
}

static struct film_pictures pictures_of(const struct step *s)
{
	const struct run *r = s->run;

	return (struct film_pictures){
		.film = run_file(r, STEP_ASSEMBLE, s->item),
		.size = r->renditions[s->item].size,
		.frames = r->timeline.frames,
		.still_frame = s->still_frame,
	};
}

static int make(struct step *s, struct err *e);

static int rename_to(struct step *s, const char *part, const char *name, struct err *e)
{
	AUTO_FREE char *from = xasprintf("%s/%s", s->run->folder, part);
	AUTO_FREE char *to = xasprintf("%s/%s", s->run->folder, name);

	return fs_rename_durable(from, to, e);
}

/* 1 good, 0 too large, -1 */
static int take(struct step *s, struct err *e)
{
	char preview[STEP_FILE_SIZE], sprite[STEP_FILE_SIZE], name[STEP_FILE_SIZE];
	int64_t bytes = 0;

	part_name(s, "preview", preview);
	part_name(s, "sprite", sprite);
	AUTO_FREE char *path = xasprintf("%s/%s", s->run->folder, preview);
	if (fs_size(path, &bytes, e) != 1 || bytes == 0)
		return err_set(e, ERR_TEMP, "no preview was made");
	if (bytes > FILM_PREVIEW_MAX_BYTES && s->pass < SHRINKS_MAX)
		return 0;
	upload_file_name(s->item, UPLOAD_PREVIEW, name);
	if (rename_to(s, preview, name, e) < 0)
		return -1;
	upload_file_name(s->item, UPLOAD_SPRITE, name);
	if (rename_to(s, sprite, name, e) < 0)
		return -1;
	upload_file_name(s->item, UPLOAD_THUMBNAIL, name);
	return step_look(s, FENCE_OURS, name, e) < 0 ? -1 : 1;
}

static void made(struct step *s, const char *out, size_t n, const struct err *failure)
{
	struct err e;
	int taken;

	(void)out;
	(void)n;
	if (failure) {
		step_ended(s, failure);
		return;
	}
	taken = take(s, &e);
	s->pass++;
	if (taken < 0 || (taken == 0 && make(s, &e) < 0))
		step_ended(s, &e);
}

static int make(struct step *s, struct err *e)
{
	struct film_pictures p = pictures_of(s);
	char preview[STEP_FILE_SIZE], sprite[STEP_FILE_SIZE];
	AUTO_ARGS a = {0};

	part_name(s, "preview", preview);
	part_name(s, "sprite", sprite);
	p.still = s->part;
	p.preview = preview;
	p.sprite = sprite;
	film_pictures_args(&s->run->tools, &p, s->pass, &a);
	return step_run_output(s, &a, LOOK_MAX_BYTES, made, e);
}

/* A frame in the middle of a transition, or where a text is still coming in, tells little. */
static void looked(struct step *s, const char *out, size_t n, const struct err *failure)
{
	const struct timeline *t = &s->run->timeline;
	struct film_span avoid[FILM_PARTS_MAX];
	struct err e;

	if (failure) {
		step_ended(s, failure);
		return;
	}
	for (size_t i = 0; i < t->part_count; i++)
		avoid[i] = (struct film_span){
			t->parts[i].at, t->parts[i].at + t->parts[i].lead + ENTRANCE_FRAMES};
	s->still_frame = film_still_choose(out, n, t->frames, avoid, t->part_count);
	if (make(s, &e) < 0)
		step_ended(s, &e);
}

int still_begin(struct step *s, struct err *e)
{
	AUTO_ARGS a = {0};

	s->pass = 0;
	film_look_args(&s->run->tools, run_file(s->run, STEP_ASSEMBLE, s->item), s->run->timeline.frames, &a);
	return step_run_output(s, &a, LOOK_MAX_BYTES, looked, e);
}

int still_check(struct step *s, const struct media *m, struct err *e)
{
	const struct film_size *size = &s->run->renditions[s->item].size;

	if (m->has_video && m->width == size->width && m->height == size->height)
		return 0;
	return err_set(e, ERR_TEMP, "the thumbnail is %dx%d", m->width, m->height);
}

bool still_whole(const struct step *s)
{
	char preview[STEP_FILE_SIZE], sprite[STEP_FILE_SIZE];

	upload_file_name(s->item, UPLOAD_PREVIEW, preview);
	upload_file_name(s->item, UPLOAD_SPRITE, sprite);
	return run_has_file(s->run, preview) && run_has_file(s->run, sprite);
}
