/*
 * What the film sounds like. The voice is levelled to the target, then set by its volume; the music is
 * looped, set below that target by its own, ducked while the voice speaks, however loud that is heard, and
 * faded at both ends; a limiter keeps the peaks. Lengths are exact: a frame is 1,600 samples at 48 kHz.
 */
#include <math.h>

#include "daemon/film/film_priv.h"
#include "lib/base/buf.h"
#include "lib/video/voices.h"

#define FILTERS_MAX_BYTES 4096
#define SAMPLE_RATE       48000
#define LOOP_MAX_SEC      300 /* what the loop holds in memory: of longer music the first five minutes */
#define SMALL_FRAMES                                                                                         \
	"asetnsamples=4096:p=0," /* loudnorm ends with one of three seconds: 190 MB in what follows */
#define FADE_IN_SEC  0.4
#define FADE_OUT_SEC 1.6

void film_local_voice_args(
	const struct film *f, const char *script_file, const char *voice_id, const char *out, struct args *a)
{
	const struct voice *asked = voice_id ? voices_find(voice_id) : NULL;
	const struct voice *voice = asked ? asked : &voices_local[0];

	film_add_program(&f->tools, a);
	args_adds(a, (const char *const[]){"-f", "lavfi", "-i", NULL});
	args_addf(a, "flite=textfile=%s:voice=%s", script_file, voice->flite);
	args_add(a, "-af");
	args_addf(a, "%saresample=%d", voice->filters, SAMPLE_RATE);
	args_adds(a, (const char *const[]){"-ar", "48000", "-ac", "1", "-c:a", "pcm_s16le", NULL});
	film_add_output("wav", out, a);
}

/* Half the volume sounds half as loud: ten decibels. */
static double volume_db(int volume)
{
	return 10 * log2(volume / 100.0);
}

/* Looped after decoding: an encoded file that is begun again (-stream_loop) has a hole of 20 ms at its seam.
 */
static void add_music(const char *in, double seconds, struct buf *b)
{
	double fade_out = fmin(FADE_OUT_SEC, seconds / 3);

	buf_addf(b,
		"%saformat=sample_fmts=fltp:sample_rates=%d:channel_layouts=stereo,aloop=loop=-1:size=%d,",
		in, SAMPLE_RATE, LOOP_MAX_SEC * SAMPLE_RATE);
	buf_addf(b, "atrim=end=%.4f,afade=t=in:d=%.3f,afade=t=out:st=%.4f:d=%.3f", seconds, FADE_IN_SEC,
		seconds - fade_out, fade_out);
}

static void sound_filters(const struct film *f, bool voice, bool music, struct buf *b)
{
	unsigned frames = film_sum_frames(f);
	double seconds = (double)frames / VIDEO_FPS;

	if (voice) {
		buf_addf(b,
			"[0:a:0]aformat=sample_fmts=fltp:sample_rates=%d:channel_layouts=stereo,highpass=f="
			"70,",
			SAMPLE_RATE);
		buf_addf(b,
			"loudnorm=I=-14.5:TP=-2:LRA=9," SMALL_FRAMES "aresample=%d,apad=whole_dur=%.4f,%s",
			SAMPLE_RATE, seconds, music ? "asplit[said][key];[said]" : "");
		/* in doubles, as the limiter works: where both would do, 5.1 cannot settle on a layout */
		buf_addf(b, "volume=%.2fdB:precision=double%s;", volume_db(f->voice_volume),
			music ? "[voice]" : "[mix]");
	}
	if (music) {
		add_music(voice ? "[1:a:0]" : "[0:a:0]", seconds, b);
		if (voice) {
			buf_addf(b, ",volume=%.2fdB[music];", volume_db(f->music_volume) + 4);
			buf_adds(b,
				"[music][key]sidechaincompress=threshold=0.06:ratio=1.8:attack=80:release="
				"500:knee=4[bed];"
				"[voice][bed]amix=inputs=2:normalize=0:duration=longest[mix];");
		} else {
			buf_addf(b, ",loudnorm=I=-14:TP=-2:LRA=11," SMALL_FRAMES "aresample=%d[mix];",
				SAMPLE_RATE);
		}
	}
	if (!voice && !music)
		buf_addf(b, "anullsrc=r=%d:cl=stereo[mix];", SAMPLE_RATE);
	buf_addf(b,
		"[mix]aformat=sample_fmts=dbl:sample_rates=192000:channel_layouts=stereo,alimiter=limit=-1."
		"5dB:level=0:attack=2:release=60,aresample=%d,",
		SAMPLE_RATE);
	buf_addf(b, "apad,atrim=end_sample=%u,asetpts=N/SR/TB", frames * (SAMPLE_RATE / VIDEO_FPS));
}

void film_sound_args(const struct film *f, const char *out, struct args *a)
{
	bool voice = f->voice && f->voice_volume > 0, music = f->music && f->music_volume > 0;
	AUTO_BUF filters = BUF_INIT(FILTERS_MAX_BYTES);

	sound_filters(f, voice, music, &filters);
	film_add_program(&f->tools, a);
	if (voice)
		film_add_input(&f->tools, FILM_SOUND_FORMATS, f->voice, a);
	if (music)
		film_add_input(&f->tools, FILM_SOUND_FORMATS, f->music, a);
	args_adds(a, (const char *const[]){"-filter_complex", buf_text(&filters), "-vn", "-c:a", "aac",
			     "-b:a", "192k", "-ar", "48000", "-ac", "2", NULL});
	film_add_output("ipod", out, a);
}
