/*
 * Measuring loudness, and the master that brings a mix to the film's: one gain for the whole film, so that
 * nothing pumps, and a limiter on the peaks between the samples too (at four times the rate). What a limiter
 * takes away and what the encoder adds cannot be known before: the result is measured and the next try
 * learns from it.
 */
#include <math.h>
#include <string.h>

#include "daemon/film/film_priv.h"
#include "daemon/film/sound.h"
#include "daemon/film/sound_priv.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/text.h"

#define FILTERS_MAX_BYTES 4096
#define STEP              4800 /* samples after which ebur128 says what it has measured so far */
#define LINE_MAX_BYTES    128

#define NEAR_LU        0.3
#define FIRST_CEILING  (-1.8) /* dBTP; AAC adds some tenths */
#define CEILING_MARGIN 0.2
#define LOSS_PER_DB    0.1
#define LOSS_MAX       0.6
#define THROUGH_POWER  0.8
#define LOWEST_PEAK    (-120.0)

/* Prefix of what ebur128 says, and the key under which a meter prints its name. */
#define R128     "lavfi.r128."
#define NAME_KEY "videod.meter"

void sound_add_meter(const char *name, bool peaks, int64_t samples, struct buf *b)
{
	const char *how = peaks ? ":peak=true" : "";
	long long whole = (long long)((samples + STEP - 1) / STEP) * STEP;

	buf_addf(b, "apad=whole_len=%lld,ebur128=metadata=1:framelog=verbose%s,atrim=start_sample=%lld,",
		whole, how, whole - STEP);
	buf_addf(b, "ametadata=mode=add:key=" NAME_KEY ":value=%s,ametadata=mode=print:file=-", name);
}

void sound_add_nowhere(const char *label, struct args *a)
{
	args_add(a, "-map");
	args_addf(a, "[%s]", label);
	args_adds(a, (const char *const[]){"-f", "null", "-", NULL});
}

/* --- reading --- */

static bool number(const char *line, const char *key, double *ret)
{
	size_t n = strlen(key);
	int64_t v;

	if (strncmp(line, key, n) != 0 || !text_to_scaled(line + n, 6, INT64_MIN, INT64_MAX, &v))
		return false;
	*ret = (double)v / 1e6;
	return true;
}

/* Takes one line of a meter's; true when it is its last, the name. */
static bool read_line(const char *line, struct film_loudness *l, const char **ret_name)
{
	static const char name[] = NAME_KEY "=";
	double peak;

	(void)number(line, R128 "I=", &l->lufs);
	(void)number(line, R128 "LRA=", &l->range);
	if (number(line, R128 "true_peak=", &peak))
		l->dbtp = peak > 0 ? 20 * log10(peak) : LOWEST_PEAK;
	if (strncmp(line, name, sizeof(name) - 1) != 0)
		return false;
	*ret_name = line + sizeof(name) - 1;
	return true;
}

/* The last that the meter of that name has said; 1 found, 0 not. */
static int read_meter(const char *text, size_t n, const char *wanted, struct film_loudness *ret)
{
	struct film_loudness l = {FILM_SILENCE_LUFS, LOWEST_PEAK, 0};
	const char *end = text + n, *name;
	char line[LINE_MAX_BYTES];
	int found = 0;

	for (const char *p = text; p < end;) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t length = (size_t)((stop ? stop : end) - p);

		if (length < sizeof(line)) {
			memcpy(line, p, length);
			line[length] = '\0';
			if (read_line(line, &l, &name) && strcmp(name, wanted) == 0) {
				*ret = l;
				found = 1;
			}
		}
		p += length + 1;
	}
	return found;
}

int film_measure_read(const char *text, size_t n, struct film_loudness *ret, struct err *e)
{
	if (read_meter(text, n, "mix", ret))
		return 0;
	return err_set(e, ERR_TEMP, "the sound's loudness is not in the answer");
}

int film_listen_read(const char *text, size_t n, struct film_levels *ret, struct err *e)
{
	struct film_loudness l;
	struct film_levels levels = {FILM_SILENCE_LUFS, FILM_SILENCE_LUFS, FILM_SILENCE_LUFS};
	const struct {
		const char *name;
		double *level;
	} meters[] = {{"voice", &levels.voice}, {"music", &levels.music}, {"noise", &levels.noise}};
	int found = 0;

	for (size_t i = 0; i < ARRAY_LEN(meters); i++)
		if (read_meter(text, n, meters[i].name, &l)) {
			*meters[i].level = l.lufs;
			found++;
		}
	if (!found)
		return err_set(e, ERR_TEMP, "no source's loudness is in the answer");
	*ret = levels;
	return 0;
}

/* --- mastering --- */

/* What a limiter mostly takes from music and speech whose peaks are so far above it; so the first try is
 * mostly the last. */
static double expected_loss(double above)
{
	return above > 0 ? fmin(LOSS_PER_DB * above, LOSS_MAX) : 0;
}

static struct film_master first_try(const struct film_loudness *mix)
{
	double gain = mix->lufs > FILM_SILENCE_LUFS ? FILM_LOUDNESS_LUFS - mix->lufs : 0;
	double above = mix->dbtp + gain - FIRST_CEILING;

	return (struct film_master){.gain_db = fmin(gain + expected_loss(above), FILM_GAIN_MAX_DB),
		.ceiling_db = above > 0 ? FIRST_CEILING : 0};
}

/*
 * A limiter takes ever more of each decibel that peaks rise above it: about the 0.8th power of what they are
 * above comes through (measured on music, drums and clicks).
 */
static double next_gain(
	const struct film_loudness *mix, const struct film_master *tried, const struct film_loudness *got)
{
	double missing = FILM_LOUDNESS_LUFS - got->lufs;
	double above = mix->dbtp + tried->gain_db - tried->ceiling_db;
	double through = above - (mix->lufs + tried->gain_db - got->lufs);

	if (tried->ceiling_db >= 0 || above <= 0 || through <= 0 || through + missing <= 0)
		return tried->gain_db + missing;
	return tried->gain_db + above * (pow((through + missing) / through, 1 / THROUGH_POWER) - 1);
}

bool film_gain(const struct film_loudness *mix, const struct film_master *tried,
	const struct film_loudness *got, struct film_master *ret)
{
	if (!tried || !got) {
		*ret = first_try(mix);
		return true;
	}

	struct film_master next = *tried;
	double missing = FILM_LOUDNESS_LUFS - got->lufs;
	if (mix->lufs > FILM_SILENCE_LUFS && fabs(missing) > NEAR_LU)
		next.gain_db = fmin(next_gain(mix, tried, got), FILM_GAIN_MAX_DB);
	if (got->dbtp > FILM_PEAK_DBTP)
		next.ceiling_db = fmin(
			tried->ceiling_db - (got->dbtp - FILM_PEAK_DBTP + CEILING_MARGIN), FIRST_CEILING);
	else if (tried->ceiling_db >= 0 && mix->dbtp + next.gain_db > FIRST_CEILING)
		next.ceiling_db = FIRST_CEILING;
	if (next.gain_db == tried->gain_db && next.ceiling_db == tried->ceiling_db)
		return false;
	*ret = next;
	return true;
}

void film_master_args(const struct film_tools *t, const char *mix, unsigned frames,
	const struct film_master *master, const char *out, struct args *a)
{
	AUTO_BUF filters = BUF_INIT(FILTERS_MAX_BYTES);

	buf_addf(&filters, "volume=%.3fdB,", master->gain_db);
	if (master->ceiling_db < 0)
		buf_addf(&filters,
			"aresample=%d,alimiter=limit=%.3fdB:level=0:attack=2:release=60:latency=1,aresample=%"
			"d,",
			4 * SOUND_RATE, master->ceiling_db, SOUND_RATE);
	buf_addf(&filters, "atrim=end_sample=%lld", (long long)frames * SOUND_FRAME);
	film_add_program(t, a);
	film_add_input(t, FENCE_OURS, mix, a);
	args_adds(a, (const char *const[]){"-af", buf_text(&filters), "-vn", "-c:a", "aac", "-b:a", "192k",
			     "-ar", "48000", "-ac", "2", NULL});
	film_add_output("ipod", out, a);
}

void film_measure_args(const struct film_tools *t, const char *file, unsigned frames, struct args *a)
{
	AUTO_BUF filters = BUF_INIT(FILTERS_MAX_BYTES);
	int64_t samples = (int64_t)frames * SOUND_FRAME;

	buf_addf(&filters, "[0:a:0]aresample=%d,atrim=end_sample=%lld,", SOUND_RATE, (long long)samples);
	sound_add_meter("mix", true, samples, &filters);
	buf_adds(&filters, "[meter]");
	film_add_printer(t, a);
	film_add_input(t, FENCE_OURS, file, a);
	args_adds(a, (const char *const[]){"-filter_complex", buf_text(&filters), NULL});
	sound_add_nowhere("meter", a);
}
