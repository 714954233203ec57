/*
 * Puts one file where clients find it, as soon as it is there: a film while it is still being looked at, the
 * captions while it is still being composed. Nobody is told of any before all are there (step_publish.c), so
 * what came of a film that then fails is known by its video alone, and goes: see lib/video/leftovers.h.
 *
 * A key is made of the video and its revision, which counts up before a video that has ended is made again:
 * what a key stands for never changes once anybody was told of it. So nothing goes on when the lease may be
 * gone.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine.h"
#include "daemon/film/captions.h"
#include "daemon/film/pictures.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "daemon/storage.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"

#define TEXT_MAX_BYTES (4 * 1024 * 1024)
#define NOTE_MAX_BYTES 1000
#define FILE_MODE      0640
#define TITLE_MAX      60 /* bytes of it in a file's name */
#define KEY_SIZE       (OUTPUTS_PREFIX_SIZE + 40)

/* Before a file is there: of a film what its pixels come to, of all else that it is small. */
#define PIXELS_A_BYTE   80
#define SMALL_BYTES     100000
#define LOCAL_BYTES_MS  200000 /* what a storage takes in a millisecond, about */
#define REMOTE_BYTES_MS 20000

/* When each is there */

static bool film_is_made(const struct run *r, size_t rendition)
{
	return run_done(r, STEP_ASSEMBLE, rendition);
}

static bool pictures_are_made(const struct run *r, size_t rendition)
{
	return run_done(r, STEP_STILL, rendition);
}

static bool voice_is_made(const struct run *r, size_t rendition)
{
	(void)rendition;
	return run_done(r, STEP_VOICE, 0);
}

static bool all_are_inspected(const struct run *r, size_t rendition)
{
	(void)rendition;
	return run_all_done(r, STEP_INSPECT);
}

/* The texts, which are made just before they are put; none: there is nothing to put */

static void sprite_vtt(const struct run *r, size_t rendition, struct buf *out)
{
	const struct film_pictures pictures = {
		.size = r->renditions[rendition].size, .frames = r->timeline.frames};

	film_sprite_vtt(&pictures, "sprite.jpg", out); /* which is beside it */
}

static void make_captions(const struct run *r, struct captions *ret)
{
	captions_make(
		&r->times, r->timeline.speech, r->timeline.speech_count, CAPTION_LINE_WIDE, run_ms(r), ret);
}

static void srt(const struct run *r, size_t rendition, struct buf *out)
{
	AUTO_CAPTIONS captions = {0};

	(void)rendition;
	make_captions(r, &captions);
	if (r->times.count > 0)
		captions_srt(&captions, out);
}

static void vtt(const struct run *r, size_t rendition, struct buf *out)
{
	AUTO_CAPTIONS captions = {0};

	(void)rendition;
	make_captions(r, &captions);
	if (r->times.count > 0)
		captions_vtt(&captions, out);
}

static void report(const struct run *r, size_t rendition, struct buf *out)
{
	AUTO_FREE char *text = run_report(r);

	(void)rendition;
	buf_adds(out, text);
}

static const struct upload {
	const char *stem, *extension; /* of its key, and of its name in the work folder */
	const char *type;
	bool once;   /* of the video, not of each rendition */
	bool spoken; /* only where something is */
	bool (*ready)(const struct run *r, size_t rendition);
	void (*text)(const struct run *r, size_t rendition, struct buf *out); /* NULL: the file is there */
} uploads[UPLOAD_COUNT] = {
	[UPLOAD_FILM] = {"video", "mp4", "video/mp4", .ready = film_is_made},
	[UPLOAD_THUMBNAIL] = {"thumbnail", "jpg", "image/jpeg", .ready = pictures_are_made},
	[UPLOAD_PREVIEW] = {"preview", "webp", "image/webp", .ready = pictures_are_made},
	[UPLOAD_SPRITE] = {"sprite", "jpg", "image/jpeg", .ready = pictures_are_made},
	[UPLOAD_SPRITE_VTT] = {"sprite", "vtt", "text/vtt", .ready = pictures_are_made, .text = sprite_vtt},
	[UPLOAD_SRT] = {"captions", "srt", "application/x-subrip", true, true, voice_is_made, srt},
	[UPLOAD_VTT] = {"captions", "vtt", "text/vtt", true, true, voice_is_made, vtt},
	[UPLOAD_REPORT] = {"report", "json", "application/json", true, false, all_are_inspected, report},
};

static size_t rendition_of(size_t item)
{
	return item / UPLOAD_COUNT;
}

static const struct upload *upload_of(size_t item)
{
	return &uploads[item % UPLOAD_COUNT];
}

void upload_file_name(size_t rendition, enum upload_kind kind, char out[static STEP_FILE_SIZE])
{
	const struct upload *u = &uploads[kind];

	(void)snprintf(out, STEP_FILE_SIZE, "%s-%zu.%s", u->stem, rendition, u->extension);
}

bool upload_wanted(const struct run *r, size_t item)
{
	const struct upload *u = upload_of(item);

	if (u->once && rendition_of(item) > 0)
		return false;
	return !u->spoken || video_script_points(&r->video) > 0;
}

bool upload_ready(const struct run *r, size_t item)
{
	const struct upload *u = upload_of(item);

	return u->ready(r, rendition_of(item));
}

int64_t upload_weight(const struct run *r, size_t item)
{
	size_t rendition = rendition_of(item);
	const struct film_size *size = &r->renditions[rendition].size;
	int64_t bytes = SMALL_BYTES;

	if (item % UPLOAD_COUNT == UPLOAD_FILM) {
		bytes = run_step(r, STEP_ASSEMBLE, rendition)->bytes;
		if (bytes == 0)
			bytes = (int64_t)r->timeline.frames * size->width * size->height / PIXELS_A_BYTE;
	}
	return 20 + bytes / (r->engine->storage->ops->is_remote ? REMOTE_BYTES_MS : LOCAL_BYTES_MS);
}

/* Names */

/* "1x1/", "" of the video's own aspect ratio. */
static void folder_of(const struct run *r, size_t rendition, char *out, size_t size)
{
	const char *ratio = video_aspect_names[r->renditions[rendition].aspect];

	(void)snprintf(out, size, "%s%s", rendition > 0 ? ratio : "", rendition > 0 ? "/" : "");
	for (; *out; out++)
		if (*out == ':')
			*out = 'x';
}

static void key_of(const struct run *r, size_t item, char out[static KEY_SIZE])
{
	const struct upload *u = upload_of(item);
	char prefix[OUTPUTS_PREFIX_SIZE], folder[16];

	outputs_revision_prefix(&r->video.id, r->video.revision, prefix);
	folder_of(r, rendition_of(item), folder, sizeof(folder));
	(void)snprintf(out, KEY_SIZE, "%s%s%s.%s", prefix, folder, u->stem, u->extension);
}

/* The title in letters that every file system and every header takes: "Blue mug, 300 ml" is
 * "Blue-mug-300-ml". */
static void title_stem(const char *title, char out[static TITLE_MAX + 1])
{
	size_t n = 0;

	for (; *title && n < TITLE_MAX; title++) {
		if (isalnum((unsigned char)*title))
			out[n++] = *title;
		else if (n > 0 && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n > 0 && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	if (n == 0)
		(void)snprintf(out, TITLE_MAX + 1, "video");
}

/* What a browser saves it as: "Blue-mug.mp4", "Blue-mug-1x1-thumbnail.jpg". Caller frees. */
static char *saved_as(const struct run *r, size_t item)
{
	const struct upload *u = upload_of(item);
	char stem[TITLE_MAX + 1], folder[16];
	bool is_film = item % UPLOAD_COUNT == UPLOAD_FILM;

	title_stem(r->video.title, stem);
	folder_of(r, rendition_of(item), folder, sizeof(folder));
	folder[strcspn(folder, "/")] = '\0';
	return xasprintf("%s%s%s%s%s.%s", stem, *folder ? "-" : "", folder, is_film ? "" : "-",
		is_film ? "" : u->stem, u->extension);
}

/* Putting */

static char *note_of(const char *key, const struct storage *storage)
{
	AUTO(json) root = json_new_object();
	AUTO_BUF text = BUF_INIT(NOTE_MAX_BYTES);

	json_put_string(root, "key", key);
	json_put_string(root, "storage", storage->id);
	json_write(root, &text);
	return buf_steal(&text);
}

static void put_done(const struct err *failure, void *arg)
{
	struct step *s = arg;
	char key[KEY_SIZE];
	struct err e;

	s->put = NULL;
	if (failure) {
		e = *failure;
		s->outage = e.kind !=
			    ERR_PERM;      /* all the work is done: the storage is waited for, and for long */
		if (e.kind == ERR_BLOCKED) /* until somebody has mended it */
			e.kind = ERR_TEMP;
		step_ended(s, &e);
		return;
	}
	key_of(s->run, s->item, key);
	free(s->note);
	s->note = note_of(key, s->run->engine->storage);
	step_ended(s, NULL);
}

/* Is called before a file gets its name, too: who may have lost the lease must not replace what its new
 * holder has put there. */
static void went_on(int64_t sent_bytes, void *arg)
{
	struct step *s = arg;
	struct err e;

	step_progress(s, (unsigned)(sent_bytes * 1000 / (s->bytes > 0 ? s->bytes : 1)));
	if (clock_mono_ms() <= run_lease_end_ms(s->run))
		return;
	storage_cancel(steal_ptr(s->put));
	(void)err_set(&e, ERR_TEMP, "the lease was not renewed in time");
	step_ended(s, &e);
}

/* 1 the file is there, 0 there is nothing to put, -1. */
static int make_file(const struct step *s, const char *path, struct err *e)
{
	const struct upload *u = upload_of(s->item);
	AUTO_BUF text = BUF_INIT(TEXT_MAX_BYTES);

	if (!u->text)
		return 1;
	u->text(s->run, rendition_of(s->item), &text);
	if (text.len == 0)
		return 0;
	return fs_write_atomic(path, buf_text(&text), text.len, FILE_MODE, e) < 0 ? -1 : 1;
}

int upload_begin(struct step *s, struct err *e)
{
	struct storage *storage = s->run->engine->storage;
	char name[STEP_FILE_SIZE], key[KEY_SIZE];
	AUTO_FREE char *path = NULL, *saved = saved_as(s->run, s->item);
	int made;

	upload_file_name(rendition_of(s->item), (enum upload_kind)(s->item % UPLOAD_COUNT), name);
	path = xasprintf("%s/%s", s->run->folder, name);
	made = make_file(s, path, e);
	if (made < 0)
		return -1;
	if (made == 0) {
		step_ended(s, NULL);
		return 0;
	}
	if (fs_size(path, &s->bytes, e) != 1)
		return err_set(e, ERR_TEMP, "%s is not there", name);
	key_of(s->run, s->item, key);
	s->put = storage->ops->put(storage,
		&(struct storage_put){.file = path,
			.key = key,
			.content_type = upload_of(s->item)->type,
			.file_name = saved,
			.progress = went_on},
		put_done, s);
	return 0;
}

/* NULL: nothing was put. The caller frees. */
static struct json *read_note(const struct step *s)
{
	struct json *root = NULL;
	struct err ignored;

	if (s && s->note)
		(void)json_parse(s->note, strlen(s->note), &root, &ignored);
	return root;
}

bool upload_is_here(const struct step *s)
{
	AUTO(json) note = read_note(s);
	const char *where = note ? json_string(json_get(note, "storage")) : NULL;

	return !note || (where && strcmp(where, s->run->engine->storage->id) == 0);
}

char *upload_key(const struct run *r, size_t rendition, enum upload_kind kind)
{
	AUTO(json) note = read_note(run_step(r, STEP_UPLOAD, rendition * UPLOAD_COUNT + kind));

	return note ? xstrdup(json_string(json_get(note, "key"))) : NULL;
}
