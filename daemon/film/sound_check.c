/*
 * Whether a client's own sound file can be used: what it is, by ffprobe, against what is decoded here; then
 * it is decoded once, all of it, and nobody reads what it came as again.
 */
#include <inttypes.h>
#include <string.h>

#include "daemon/film/film_priv.h"
#include "daemon/film/sound.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"

#define RATE_MIN     8000
#define RATE_MAX     192000
#define CHANNELS_MAX 8

static const char *const codecs[] = {"aac", "alac", "flac", "mp3", "opus", "pcm_f32le", "pcm_f64le",
	"pcm_s16be", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_u8", "vorbis"};

static bool decodable(const char *codec)
{
	for (size_t i = 0; i < ARRAY_LEN(codecs); i++)
		if (strcmp(codecs[i], codec) == 0)
			return true;
	return false;
}

int film_sound_check(const struct media *m, const char *what, int64_t max_ms, struct err *e)
{
	if (!m->has_audio)
		return err_set(e, ERR_PERM, "%s: there is no sound in the file", what);
	if (!decodable(m->audio_codec))
		return err_set(e, ERR_PERM,
			"%s: its coding (%s) is none of AAC, ALAC, FLAC, MP3, Opus, Vorbis, PCM", what,
			m->audio_codec[0] ? m->audio_codec : "unknown");
	if (m->sample_rate < RATE_MIN || m->sample_rate > RATE_MAX)
		return err_set(e, ERR_PERM, "%s: %d samples a second; from %d to %d will do", what,
			m->sample_rate, RATE_MIN, RATE_MAX);
	if (m->channels < 1 || m->channels > CHANNELS_MAX)
		return err_set(
			e, ERR_PERM, "%s: %d channels; at most %d will do", what, m->channels, CHANNELS_MAX);
	if (m->duration_ms <= 0)
		return err_set(e, ERR_PERM, "%s: the file does not say how long it is", what);
	if (m->duration_ms < FILM_SOUND_MIN_MS)
		return err_set(e, ERR_PERM, "%s: lasts %lld ms; at least %lld are needed", what,
			(long long)m->duration_ms, (long long)FILM_SOUND_MIN_MS);
	if (m->duration_ms > max_ms)
		return err_set(e, ERR_PERM, "%s: lasts %lld s; at most %lld will do", what,
			(long long)((m->duration_ms + 999) / 1000), (long long)(max_ms / 1000));
	return 0;
}

/* A file that is mostly damaged is refused by the exit status; one more second shows what is too long. */
void film_sound_args(
	const struct film_tools *t, const char *sound, int64_t max_ms, const char *out, struct args *a)
{
	film_add_program(t, a);
	args_adds(a, (const char *const[]){"-max_error_rate", "0.1", NULL});
	film_add_input(t, FENCE_SOUND, sound, a);
	args_adds(a, (const char *const[]){"-map", "0:a:0", "-t", NULL});
	args_addf(a, "%" PRId64, max_ms / 1000 + 1);
	args_adds(a, (const char *const[]){"-af", "aformat=sample_rates=48000:channel_layouts=stereo", "-c:a",
			     "flac", "-sample_fmt", "s32", "-compression_level", "0", NULL});
	film_add_output("flac", out, a);
}
