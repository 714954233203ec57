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
#include "daemon/film/voice_note.h"
#include "daemon/run.h"
#include "daemon/vendor/bought.h"
#include "daemon/vendor/script_pieces.h"
#include "daemon/vendor/speech_priv.h"
#include "daemon/voice_file.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/remote/elevenlabs.h"
#include "lib/video/purchases.h"

#define NOTE_MAX_BYTES (4 * 1024 * 1024)
#define FILE_MODE      0640

char *speech_note_text(const struct speech *sp)
{
	AUTO_VOICE_NOTE times = {.characters = NULL};
	AUTO(json) root = json_new_object();
	AUTO_BUF out = BUF_INIT(NOTE_MAX_BYTES);

	voice_note_init(&times);
	for (size_t i = 0; sp->times && i < sp->times->count; i++)
		voice_note_add(
			&times, sp->times->characters[i], sp->times->start_ms[i], sp->times->end_ms[i]);
	json_put_string(root, "requestId", sp->request_id);
	json_put_int(root, "costMilli", sp->cost_milli);
	json_put_int(root, "bytes", sp->bytes);
	voice_note_put(&times, root);
	json_write(root, &out);
	return buf_steal(&out);
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

/* A vendor that gave no times, or not as many as characters: the piece's letters share its time. */
static void append_times(struct voice_note *all, const struct json *note, const char *text, size_t bytes,
	int64_t place_ms, int64_t end_ms)
{
	const struct json *c = json_get(note, "characters"), *start = json_get(note, "startMs"),
			  *end = json_get(note, "endMs");
	size_t n = json_count(c);

	if (n == 0 || json_count(start) != n || json_count(end) != n) {
		voice_note_share(all, text, bytes, place_ms, end_ms);
		return;
	}
	for (size_t i = 0; i < n; i++)
		voice_note_add(all, json_string(json_at(c, i)), place_ms + json_int(json_at(start, i)),
			place_ms + json_int(json_at(end, i)));
}

struct joining {
	char *script;
	struct script_piece *pieces;
	int64_t *places_ms; /* of the pieces, and the end of the whole */
	size_t count;
};

static void joining_done(struct joining *j)
{
	free(j->script);
	free(j->pieces);
	free(j->places_ms);
}

static int append_pieces(const struct run *r, const struct joining *j, struct voice_note *all, struct err *e)
{
	size_t at = 0;

	for (size_t i = 0; i < j->count; i++) {
		const struct script_piece *p = &j->pieces[i];
		AUTO_FREE char *path = file_in(r, i, "json");
		AUTO(json) note = NULL;

		if (read_note(path, &note, e) < 0)
			return -1;
		voice_note_between(all, j->script + at, p->at - at, j->places_ms[i]);
		at = p->at + p->len;
		append_times(all, note, j->script + p->at, p->len, j->places_ms[i], j->places_ms[i + 1]);
	}
	voice_note_between(all, j->script + at, strlen(j->script + at), j->places_ms[j->count]);
	return 0;
}

int speech_note_join(struct step *s, const struct media *voice, struct err *e)
{
	const struct run *r = s->run;
	AUTO_VOICE_NOTE all = {.characters = NULL};
	CLEANUP(joining_done) struct joining j = {.script = video_script(&r->video)};

	voice_note_init(&all);
	j.count = script_pieces(j.script, (size_t)r->speech_max, &j.pieces);
	j.places_ms = xcalloc(j.count + 1, sizeof(*j.places_ms));
	j.places_ms[j.count] = voice->duration_ms;
	if (voice_file_places(r, j.count, voice->duration_ms, j.places_ms, e) < 0 ||
		append_pieces(r, &j, &all, e) < 0) {
		e->kind = ERR_TEMP;
		return -1;
	}
	return voice_file_write(r, &all, voice->duration_ms, e);
}
