/* Files of the voice, between the commands that make it and the timeline that follows it. */
#include "daemon/voice_file.h"

#include <string.h>

#include "daemon/film/speech.h"
#include "daemon/film/voice_note.h"
#include "daemon/run.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"

#define PLACES_MAX_BYTES (64 * 1024)
#define PLACES_FILE      "voice-places.txt"
#define FILE_MODE        0640

static int keep_places(struct step *s, const char *out, size_t n, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/" PLACES_FILE, s->run->folder);

	if (fs_write_atomic(path, out, n, FILE_MODE, e) < 0)
		return -1;
	return step_look(s, FENCE_OURS, VOICE_FILE, e);
}

static void printed(struct step *s, const char *out, size_t n, const struct err *failure)
{
	struct err e;

	if (failure)
		step_ended(s, failure);
	else if (keep_places(s, out, n, &e) < 0)
		step_ended(s, &e);
}

int voice_file_make(struct step *s, const struct args *command, struct err *e)
{
	return step_run_output(s, command, PLACES_MAX_BYTES, printed, e);
}

int voice_file_places(
	const struct run *r, size_t pieces, int64_t end_ms, int64_t *ret_places_ms, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/" PLACES_FILE, r->folder);
	AUTO_BUF text = BUF_INIT(PLACES_MAX_BYTES);

	if (fs_read(path, PLACES_MAX_BYTES, &text, e) < 0) {
		e->kind = ERR_TEMP;
		return -1;
	}
	return film_speech_places(buf_text(&text), pieces, end_ms, ret_places_ms, e);
}

int voice_file_write(const struct run *r, struct voice_note *note, int64_t duration_ms, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/" VOICE_NOTE, r->folder), *text = NULL;

	text = voice_note_text(note, duration_ms);
	return fs_write_atomic(path, text, strlen(text), FILE_MODE, e);
}
