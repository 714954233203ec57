/*
 * What a vendor said of a piece of speech besides its sound: kept beside it, found again after a crash
 * between sealing it and writing it to the ledger, and joined to the times of the whole voice-over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/engine.h"
#include "daemon/film/film.h"
#include "daemon/film/speech.h"
#include "daemon/run.h"
#include "daemon/vendor/bought.h"
#include "daemon/vendor/speech_priv.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/remote/elevenlabs.h"
#include "lib/video/purchases.h"

#define NOTE_MAX_BYTES (4 * 1024 * 1024)
#define FILE_MODE      0640
#define VOICE_NOTE     "voice.json"

/* Three lists of one length. */
struct times {
	struct json *characters, *start_ms, *end_ms;
	int64_t last_ms; /* nothing goes back behind it: at a seam roundings meet */
};

static struct times times_new(void)
{
	return (struct times){json_new_array(), json_new_array(), json_new_array(), 0};
}

static void times_put(struct json *root, struct times *t)
{
	json_put(root, "characters", t->characters);
	json_put(root, "startMs", t->start_ms);
	json_put(root, "endMs", t->end_ms);
}

static char *text_of(const struct json *root)
{
	AUTO_BUF out = BUF_INIT(NOTE_MAX_BYTES);

	json_write(root, &out);
	return buf_steal(&out);
}

char *speech_note_text(const struct speech *sp)
{
	AUTO(json) root = json_new_object();
	struct times t = times_new();

	for (size_t i = 0; sp->times && i < sp->times->count; i++) {
		json_append_string(t.characters, sp->times->characters[i]);
		json_append_int(t.start_ms, sp->times->start_ms[i]);
		json_append_int(t.end_ms, sp->times->end_ms[i]);
	}
	json_put_string(root, "requestId", sp->request_id);
	json_put_int(root, "costMilli", sp->cost_milli);
	json_put_int(root, "bytes", sp->bytes);
	times_put(root, &t);
	return text_of(root);
}

static int read_note(const char *path, struct json **ret, struct err *e)
{
	AUTO_BUF text = BUF_INIT(NOTE_MAX_BYTES);

	if (fs_read(path, NOTE_MAX_BYTES, &text, e) < 0)
		return -1;
	return json_parse(buf_text(&text), text.len, ret, e);
}

/* Recovering */

bool speech_note_recover(const struct engine *en, struct purchase *p)
{
	AUTO(json) root = NULL;
	char name[BOUGHT_NAME_SIZE], path[BOUGHT_PATH_SIZE];
	int64_t bytes = 0;
	struct err ignored;
	const char *id;

	bought_name(p, p->token, FILM_SPEECH_EXTENSION, name);
	bought_path(en, name, path);
	if (fs_size(path, &bytes, &ignored) != 1)
		return false;
	bought_beside_path(en, name, path);
	if (read_note(path, &root, &ignored) < 0 || json_int(json_get(root, "bytes")) != bytes)
		return false;
	id = json_string(json_get(root, "requestId"));
	(void)snprintf(p->vendor_id, sizeof(p->vendor_id), "%s", id && *id ? id : "unnamed");
	memcpy(p->artefact, name, sizeof(p->artefact));
	p->bytes = bytes;
	p->cost_milli = json_int(json_get(root, "costMilli"));
	return true;
}

/* In the work folder */

static char *file_in(const struct run *r, size_t piece, const char *extension)
{
	char name[32];

	film_speech_name(piece, extension, name);
	return xasprintf("%s/%s", r->folder, name);
}

int speech_note_take(const struct step *s, const char *artefact, size_t piece, struct err *e)
{
	char from[BOUGHT_PATH_SIZE];
	AUTO_FREE char *to = file_in(s->run, piece, "json");

	bought_beside_path(s->run->engine, artefact, from);
	if (access(from, F_OK) < 0)
		return fs_write_atomic(to, "{}", 2, FILE_MODE, e);
	return fs_copy_atomic(from, to, FILE_MODE, e);
}

static void append_time(struct times *all, struct json *to, int64_t ms)
{
	if (ms > all->last_ms)
		all->last_ms = ms;
	json_append_int(to, all->last_ms);
}

static void append_times(struct times *all, const struct json *note, int64_t offset_ms)
{
	const struct json *c = json_get(note, "characters"), *start = json_get(note, "startMs"),
			  *end = json_get(note, "endMs");
	size_t n = json_count(c);

	if (json_count(start) != n || json_count(end) != n)
		return;
	if (n > 0 && json_count(all->characters) > 0) { /* the white space that was left out between pieces */
		json_append_string(all->characters, " ");
		append_time(all, all->start_ms, offset_ms);
		append_time(all, all->end_ms, offset_ms);
	}
	for (size_t i = 0; i < n; i++) {
		json_append_string(all->characters, json_string(json_at(c, i)));
		append_time(all, all->start_ms, offset_ms + json_int(json_at(start, i)));
		append_time(all, all->end_ms, offset_ms + json_int(json_at(end, i)));
	}
}

/* 1 appended, 0 there is no such piece, -1. *samples: where it begins, then where it ends. */
static int append_piece(const struct run *r, size_t piece, int64_t *samples, struct times *all, struct err *e)
{
	AUTO_FREE char *note = file_in(r, piece, "json"), *raw = file_in(r, piece, "raw");
	AUTO(json) root = NULL;
	int64_t bytes = 0;

	if (access(note, F_OK) < 0)
		return 0;
	if (read_note(note, &root, e) < 0)
		return -1;
	append_times(all, root, *samples * 1000 / FILM_SPEECH_RATE);
	if (fs_size(raw, &bytes, e) < 0) /* the last has none */
		return -1;
	*samples += bytes / FILM_SPEECH_SAMPLE_BYTES;
	(void)unlink(raw);
	return 1;
}

int speech_note_join(struct step *s, const struct media *voice, struct err *e)
{
	const struct run *r = s->run;
	AUTO_FREE char *path = xasprintf("%s/" VOICE_NOTE, r->folder), *text = NULL;
	AUTO(json) root = json_new_object();
	struct times all = times_new();
	int64_t samples = 0;
	int more = 1;

	times_put(root, &all);
	json_put_int(root, "durationMs", voice->duration_ms);
	for (size_t i = 0; more == 1; i++)
		more = append_piece(r, i, &samples, &all, e);
	if (more < 0) {
		e->kind = ERR_TEMP;
		return -1;
	}
	text = text_of(root);
	return fs_write_atomic(path, text, strlen(text), FILE_MODE, e);
}
