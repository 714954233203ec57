/*
 * Files of the client's own: a voice, music, the brand's logo. The logo becomes a PNG, which is all that the
 * lettering program reads.
 */
#include <stdio.h>

#include "daemon/fetch.h"
#include "daemon/film/sound.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/video/limits.h"

#define LOGO_AS_IT_CAME "logo.came"
#define LOGO_MAX_SIDE   1024

static const struct {
	const char *what, *name;
	int64_t max_bytes, max_ms;
} files[FILE_COUNT] = {
	[FILE_VOICE] = {"the voice", "own-voice", LIMIT_SOUND_BYTES, FILM_VOICE_MAX_MS},
	[FILE_MUSIC] = {"the music", "own-music", LIMIT_SOUND_BYTES, FILM_MUSIC_MAX_MS},
	[FILE_LOGO] = {"the logo", "logo.png", LIMIT_PICTURE_BYTES, 0},
};

static const char *url_of(const struct run *r, size_t item)
{
	const char *const urls[FILE_COUNT] = {
		[FILE_VOICE] = r->video.look.voice_url,
		[FILE_MUSIC] = r->video.music_volume > 0 ? r->video.look.music_url : NULL,
		[FILE_LOGO] = r->has_brand ? r->brand.logo_url : NULL,
	};

	return urls[item];
}

bool file_wanted(const struct run *r, size_t item)
{
	return url_of(r, item) != NULL;
}

static void end_unless(int begun, struct step *s, const struct err *e)
{
	if (begun < 0)
		step_ended(s, e);
}

static int convert(struct step *s, const struct media *m, struct err *e)
{
	AUTO_ARGS a = {0};

	if (picture_check(s, m, e) < 0)
		return -1;
	film_png_args(&s->run->tools, LOGO_AS_IT_CAME, LOGO_MAX_SIDE, s->part, &a);
	return step_run_child(s, &a, files[FILE_LOGO].name, 0, e);
}

static void logo_probed(struct step *s, const struct media *m, const struct err *failure)
{
	struct err e;

	if (failure)
		step_ended(s, failure);
	else
		end_unless(convert(s, m, &e), s, &e);
}

static int probe_logo(struct step *s, struct err *e)
{
	AUTO_FREE char *from = xasprintf("%s/%s", s->run->folder, s->part);
	AUTO_FREE char *to = xasprintf("%s/" LOGO_AS_IT_CAME, s->run->folder);

	return fs_rename_durable(from, to, e) < 0 ? -1 : step_probe(s, LOGO_AS_IT_CAME, logo_probed, e);
}

static void here(struct step *s)
{
	struct err e;

	if (s->item == FILE_LOGO)
		end_unless(probe_logo(s, &e), s, &e);
	else
		end_unless(step_look(s, files[s->item].name, &e), s, &e);
}

int file_begin(struct step *s, struct err *e)
{
	(void)snprintf(s->what, sizeof(s->what), "%s", files[s->item].what);
	return fetch_begin(s,
		&(struct fetch){
			.url = url_of(s->run, s->item), .max_bytes = files[s->item].max_bytes, .done = here},
		e);
}

int file_check(struct step *s, const struct media *m, struct err *e)
{
	if (s->item == FILE_LOGO)
		return picture_check(s, m, e);
	return film_sound_check(m, s->what, files[s->item].max_ms, e);
}

int file_refuse(const struct step *s, struct err *e)
{
	if (s->item == FILE_LOGO)
		return picture_refuse(s, e);
	return err_set_http(e, ERR_PERM, CLIENTS_FAULT, "%s is not a sound file", s->what);
}
