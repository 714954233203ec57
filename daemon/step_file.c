/*
 * Files of the client's own: a voice, music, the brand's logo. Each is decoded here once, under the eyes of
 * whoever knows that it is foreign, and becomes a FLAC or a PNG of ours, which is all that others read.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/fetch.h"
#include "daemon/film/sound.h"
#include "daemon/run.h"
#include "daemon/sniff.h"
#include "daemon/steps_priv.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/video/limits.h"

#define LOGO_MAX_SIDE 1024
#define WHOLE_PERCENT 90 /* of what a sound says of its length: more of it is there, or it was cut off */

static const struct {
	const char *what, *came, *name;
	enum film_fence fence;
	int64_t max_bytes, max_ms;
} files[FILE_COUNT] = {
	[FILE_VOICE] = {"the voice", "voice.came", "own-voice.flac", FENCE_SOUND, LIMIT_SOUND_BYTES,
		FILM_VOICE_MAX_MS},
	[FILE_MUSIC] = {"the music", "music.came", "own-music.flac", FENCE_SOUND, LIMIT_SOUND_BYTES,
		FILM_MUSIC_MAX_MS},
	[FILE_LOGO] = {"the logo", "logo.came", "logo.png", FENCE_PICTURE, LIMIT_PICTURE_BYTES, 0},
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

/* In these the length is guessed from the first frames' bit rate. */
static bool knows_its_length(const struct media *m)
{
	return strcmp(m->format, "mp3") != 0 && strcmp(m->format, "aac") != 0;
}

static int check(struct step *s, const struct media *m, struct err *e)
{
	if (s->item == FILE_LOGO)
		return picture_check(s, m, e);
	if (film_sound_check(m, s->what, files[s->item].max_ms, e) == 0)
		return 0;
	e->http_status = CLIENTS_FAULT;
	return -1;
}

static int convert(struct step *s, const struct media *m, struct err *e)
{
	const struct film_tools *t = &s->run->tools;
	AUTO_ARGS a = {0};

	if (check(s, m, e) < 0)
		return -1;
	s->said_ms = knows_its_length(m) ? m->duration_ms : 0;
	if (s->item == FILE_LOGO)
		film_png_args(t, files[s->item].came, LOGO_MAX_SIDE, s->part, &a);
	else
		film_sound_args(t, files[s->item].came, files[s->item].max_ms, s->part, &a);
	return step_run_child(s, &a, files[s->item].name, 0, e);
}

static void probed(struct step *s, const struct media *m, const struct err *failure)
{
	struct err e;

	if (failure)
		step_ended(s, failure);
	else
		end_unless(convert(s, m, &e), s, &e);
}

static int probe(struct step *s, struct err *e)
{
	const char *came = files[s->item].came;
	AUTO_FREE char *from = xasprintf("%s/%s", s->run->folder, s->part);
	AUTO_FREE char *to = xasprintf("%s/%s", s->run->folder, came);

	if (fs_rename_durable(from, to, e) < 0)
		return -1;
	if (!sniff_wav_whole(to)) /* ffmpeg takes what is there for all of it */
		return err_set_http(e, ERR_PERM, CLIENTS_FAULT,
			"%s is damaged: there is less of it than it says", s->what);
	return step_probe(s, files[s->item].fence, came, probed, e);
}

static void here(struct step *s)
{
	struct err e;

	end_unless(probe(s, &e), s, &e);
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
	if (check(s, m, e) < 0)
		return -1;
	if (m->duration_ms < s->said_ms * WHOLE_PERCENT / 100)
		return err_set_http(e, ERR_PERM, CLIENTS_FAULT,
			"%s is damaged: it lasts %lld s, and only %lld can be heard", s->what,
			(long long)s->said_ms / 1000, (long long)m->duration_ms / 1000);
	return 0;
}

int file_refuse(const struct step *s, struct err *e)
{
	if (s->item == FILE_LOGO)
		return picture_refuse(s, e);
	return err_set_http(e, ERR_PERM, CLIENTS_FAULT, "%s is not a sound file", s->what);
}
