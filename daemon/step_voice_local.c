/* A script that is spoken here: see film/local_voice.h. The texts reach the program as files, never as
 * arguments. */
#include <stdlib.h>
#include <string.h>

#include "daemon/film/local_voice.h"
#include "daemon/film/voice_note.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "daemon/voice_file.h"
#include "lib/base/args.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"

struct saying {
	char *script;
	struct local_piece *pieces;
	size_t count;
};

static void saying_done(struct saying *s)
{
	free(s->script);
	free(s->pieces);
}

#define AUTO_SAYING CLEANUP(saying_done) struct saying

static struct saying saying_of(const struct run *r)
{
	struct saying s = {.script = video_script(&r->video)};

	s.count = local_voice_pieces(s.script, &s.pieces);
	return s;
}

static int write_text(const struct run *r, const struct saying *s, size_t i, struct err *e)
{
	char name[32];
	AUTO_FREE char *path = NULL;

	local_voice_name(i, name);
	path = xasprintf("%s/%s", r->folder, name);
	return fs_write_atomic(path, s->script + s->pieces[i].at, s->pieces[i].len, 0640, e);
}

int local_voice_begin(struct step *s, struct err *e)
{
	const struct run *r = s->run;
	AUTO_SAYING say = saying_of(r);
	AUTO_ARGS a = {0};

	if (say.count == 0)
		return err_set(e, ERR_PERM, "the script says nothing");
	for (size_t i = 0; i < say.count; i++)
		if (write_text(r, &say, i, e) < 0)
			return -1;
	local_voice_args(&r->tools, say.pieces, say.count, r->video.voice_id, s->part, &a);
	return voice_file_make(s, &a, e);
}

int local_voice_check(struct step *s, const struct media *voice, struct err *e)
{
	const struct run *r = s->run;
	AUTO_SAYING say = saying_of(r);
	AUTO_VOICE_NOTE note = {.characters = NULL};
	AUTO_FREE int64_t *places_ms = xcalloc(say.count + 1, sizeof(*places_ms));

	if (voice_file_places(r, say.count, voice->duration_ms, places_ms, e) < 0)
		return -1;
	voice_note_init(&note);
	local_voice_note(say.script, say.pieces, say.count, places_ms, voice->duration_ms, &note);
	return voice_file_write(r, &note, voice->duration_ms, e);
}
