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

void film_local_voice_args(const struct film_tools *t, const char *script_file, const char *voice_id,
	const char *out, struct args *a)
{
	const struct voice *asked = voice_id ? voices_find(voice_id) : NULL;
	const struct voice *voice = asked ? asked : &voices_local[0];

	film_add_program(t, a);
	args_adds(a, (const char *const[]){"-f", "lavfi", "-i", NULL});
	args_addf(a, "flite=textfile=%s:voice=%s", script_file, voice->flite);
	args_add(a, "-af");
	args_addf(a, "%saresample=%d", voice->filters, SAMPLE_RATE);
	args_adds(a, (const char *const[]){"-ar", "48000", "-ac", "1", "-c:a", "pcm_s16le", NULL});
	film_add_output("wav", out, a);
}
