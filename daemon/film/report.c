/*
 * What a film must be is severe: what is not right there is our fault, and nobody may see it. What it may be,
 * though it is seldom wanted (a second of black, a still picture), is noted.
 */
#include "daemon/film/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/film/film_priv.h"
#include "daemon/film/readings.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/json.h"

#define LOUDNESS_TOLERANCE 0.5                           /* LU */
#define LOUDNESS_FAR       6.0                           /* of a film that speaks: something went wrong */
#define AV_TOLERANCE_US    (1000000 / VIDEO_FPS + 25000) /* a frame, and what an AAC packet may be over */
#define BLACK_NOTED_MS     1000
#define FROZEN_NOTED_MS    4000
#define SILENT_NOTED_MS    3000

/* Packets */

void film_packets_args(const struct film_tools *t, const char *film, struct args *a)
{
	args_add(a, t->ffprobe);
	args_adds(a, (const char *const[]){"-hide_banner", "-loglevel", "error", NULL});
	film_add_fence(FENCE_OURS, a);
	args_adds(a, (const char *const[]){"-show_entries",
			     "stream=codec_type,codec_name,width,height,pix_fmt,start_time,duration:"
			     "packet=codec_type,pts,duration,flags",
			     "-of", "compact=nokey=0:print_section=1", "-i", film, NULL});
}

/* "packet|codec_type=video|pts=512|duration=512|flags=K_": the value of a key, cut to size; "" where it is
 * none. */
static void value_of(const char *line, size_t n, const char *key, char *out, size_t size)
{
	size_t key_len = strlen(key);

	out[0] = '\0';
	for (size_t i = 0; i + key_len + 1 < n; i++) {
		size_t v = i + 1 + key_len + 1, len = 0;

		if (line[i] != '|' || strncmp(line + i + 1, key, key_len) != 0 || line[v - 1] != '=')
			continue;
		while (v + len < n && line[v + len] != '|' && len + 1 < size)
			len++;
		memcpy(out, line + v, len);
		out[len] = '\0';
		return;
	}
}

static int64_t number_of(const char *line, size_t n, const char *key)
{
	char text[32];
	int64_t v;

	value_of(line, n, key, text, sizeof(text));
	return text_to_i64(text, INT64_MIN, INT64_MAX, &v) ? v : -1;
}

static bool has(const char *line, size_t n, const char *key, const char *value)
{
	char text[32];

	value_of(line, n, key, text, sizeof(text));
	return strcmp(text, value) == 0;
}

/* Seconds as ffprobe writes them, in microseconds; -1 where there are none. */
static int64_t micros_of(const char *line, size_t n, const char *key)
{
	char text[32];
	int64_t v;

	value_of(line, n, key, text, sizeof(text));
	return text_to_scaled(text, 6, INT64_MIN, INT64_MAX, &v) ? v : -1;
}

struct packet {
	int64_t pts;
	bool is_key;
};

struct packets {
	struct packet *list; /* of the picture */
	size_t count;
	bool sound_starts_at_zero;
};

static void read_stream(const char *line, size_t n, struct film_findings *f, struct packets *p)
{
	if (has(line, n, "codec_type", "video")) {
		value_of(line, n, "codec_name", f->video_codec, sizeof(f->video_codec));
		value_of(line, n, "pix_fmt", f->pixel_format, sizeof(f->pixel_format));
		f->width = (int)number_of(line, n, "width");
		f->height = (int)number_of(line, n, "height");
		f->video_us = micros_of(line, n, "duration");
	} else if (has(line, n, "codec_type", "audio")) {
		value_of(line, n, "codec_name", f->audio_codec, sizeof(f->audio_codec));
		f->audio_us = micros_of(line, n, "duration");
		p->sound_starts_at_zero = micros_of(line, n, "start_time") == 0;
	}
}

static void read_packet(const char *line, size_t n, struct packets *p)
{
	char flags[8];

	if (!has(line, n, "codec_type", "video"))
		return;
	if ((p->count & (p->count - 1)) == 0)
		p->list = xreallocarray(p->list, p->count ? p->count * 2 : 1, sizeof(*p->list));
	value_of(line, n, "flags", flags, sizeof(flags));
	p->list[p->count++] = (struct packet){number_of(line, n, "pts"), flags[0] == 'K'};
}

static int by_pts(const void *a, const void *b)
{
	const struct packet *x = a, *y = b;

	return (x->pts > y->pts) - (x->pts < y->pts);
}

static bool is_key(const struct packets *p, size_t frame)
{
	return frame < p->count && p->list[frame].is_key;
}

/* In the order in which they are shown. */
static void judge_packets(const struct packets *p, const struct film_expected *x, struct film_findings *f)
{
	int64_t step = p->count > 1 ? p->list[1].pts - p->list[0].pts : 1;

	f->frames = (int64_t)p->count;
	f->starts_at_zero = p->sound_starts_at_zero && p->count > 0 && p->list[0].pts == 0;
	for (size_t i = 1; i < p->count; i++)
		f->bad_steps += p->list[i].pts - p->list[i - 1].pts != step || step <= 0;
	f->cuts_are_keys = is_key(p, 0);
	for (size_t i = 0; i < x->cut_count; i++)
		f->cuts_are_keys &= is_key(p, x->cuts[i]);
}

int film_packets_read(
	const char *text, size_t n, const struct film_expected *x, struct film_findings *ret, struct err *e)
{
	struct film_findings f = {0};
	struct packets p = {0};

	for (const char *line = text, *end; line < text + n; line = end + 1) {
		end = memchr(line, '\n', (size_t)(text + n - line));
		end = end ? end : text + n;
		if (strncmp(line, "stream|", 7) == 0)
			read_stream(line, (size_t)(end - line), &f, &p);
		else if (strncmp(line, "packet|", 7) == 0)
			read_packet(line, (size_t)(end - line), &p);
	}
	if (p.count > 0)
		qsort(p.list, p.count, sizeof(*p.list), by_pts);
	judge_packets(&p, x, &f);
	free(p.list);
	if (f.frames == 0)
		return err_set(e, ERR_PERM, "the film has no frames");
	*ret = f;
	return 0;
}

/* Pictures and sound */

void film_inspect_args(const struct film_tools *t, const char *film, struct args *a)
{
	film_add_printer(t, a);
	film_add_input(t, FENCE_OURS, film, a);
	args_adds(a, (const char *const[]){"-filter_complex",
			     "[0:v:0]fps=10,scale=160:-2:flags=area,blackdetect=d=0.1:pix_th=0.06,"
			     "freezedetect=n=0.0003:d=1,metadata=mode=print:direct=1:file=-[v];"
			     "[0:a:0]asetnsamples=4800,silencedetect=n=-50dB:d=1,"
			     "ebur128=metadata=1:peak=true,ametadata=mode=print:direct=1:file=-[a]",
			     "-map", "[v]", "-f", "null", "-", "-map", "[a]", "-f", "null", "-", NULL});
}

/* A stretch that filters say the beginning and the end of; one that has no end goes on to the film's. */
struct stretch {
	double begun; /* NAN: none is */
	int64_t *together_ms, *longest_ms;
};

static void end_stretch(struct stretch *s, double at)
{
	int64_t ms = (int64_t)((at - s->begun) * 1000);

	*s->together_ms += ms;
	*s->longest_ms = ms > *s->longest_ms ? ms : *s->longest_ms;
	s->begun = NAN;
}

static void follow(struct stretch *s, double start, double end)
{
	if (!isnan(end) && !isnan(s->begun))
		end_stretch(s, end);
	if (!isnan(start))
		s->begun = start;
}

enum {
	AT_BLACK_START,
	AT_BLACK_END,
	AT_FREEZE_START,
	AT_FREEZE_END,
	AT_SILENCE_START,
	AT_SILENCE_END,
	AT_LUFS,
	AT_RANGE,
	AT_PEAK_0,
	AT_PEAK_1,
	AT_COUNT
};

static const char *const keys[AT_COUNT] = {
	[AT_BLACK_START] = "lavfi.black_start",
	[AT_BLACK_END] = "lavfi.black_end",
	[AT_FREEZE_START] = "lavfi.freezedetect.freeze_start",
	[AT_FREEZE_END] = "lavfi.freezedetect.freeze_end",
	[AT_SILENCE_START] = "lavfi.silence_start",
	[AT_SILENCE_END] = "lavfi.silence_end",
	[AT_LUFS] = "lavfi.r128.I",
	[AT_RANGE] = "lavfi.r128.LRA",
	[AT_PEAK_0] = "lavfi.r128.true_peaks_ch0",
	[AT_PEAK_1] = "lavfi.r128.true_peaks_ch1",
};

static void take_loudness(const struct readings *r, struct film_loudness *l)
{
	double peak = fmax(r->value[AT_PEAK_0], r->value[AT_PEAK_1]);

	if (!isnan(r->value[AT_LUFS]))
		l->lufs = r->value[AT_LUFS];
	if (!isnan(r->value[AT_RANGE]))
		l->range = r->value[AT_RANGE];
	if (!isnan(peak))
		l->dbtp = fmax(l->dbtp, 20 * log10(fmax(peak, 1e-6)));
}

int film_inspect_read(const char *text, size_t n, struct film_findings *ret, struct err *e)
{
	struct readings r = readings_new(text, n, keys, AT_COUNT);
	struct stretch black = {NAN, &ret->black_ms, &ret->longest_black_ms},
		       frozen = {NAN, &ret->frozen_ms, &ret->longest_frozen_ms},
		       silent = {NAN, &ret->silent_ms, &ret->longest_silent_ms};
	double end = (double)ret->video_us / 1000000;
	bool any = false;

	ret->loudness = (struct film_loudness){.lufs = NAN, .dbtp = -120};
	while (readings_next(&r)) {
		any = true;
		follow(&black, r.value[AT_BLACK_START], r.value[AT_BLACK_END]);
		follow(&frozen, r.value[AT_FREEZE_START], r.value[AT_FREEZE_END]);
		follow(&silent, r.value[AT_SILENCE_START], r.value[AT_SILENCE_END]);
		take_loudness(&r, &ret->loudness);
	}
	follow(&black, NAN, end);
	follow(&frozen, NAN, end);
	follow(&silent, NAN, end);
	if (!any || isnan(ret->loudness.lufs))
		return err_set(e, ERR_TEMP, "the inspection printed nothing");
	return 0;
}

/* The report */

struct judge {
	struct json *problems;
	struct err *e;
	bool severe;
};

__attribute__((format(printf, 4, 5))) static void say(
	struct judge *j, const char *what, bool severe, const char *fmt, ...)
{
	struct json *one = json_new_object();
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_put_string(one, "what", what);
	json_put_bool(one, "severe", severe);
	json_put_string(one, "text", text);
	json_append(j->problems, one);
	if (severe && !j->severe)
		(void)err_set(j->e, ERR_PERM, "%s: %s", what, text);
	j->severe |= severe;
}

static void judge_streams(struct judge *j, const struct film_expected *x, const struct film_findings *f)
{
	int64_t should_us = (int64_t)x->frames * 1000000 / VIDEO_FPS;

	if (strcmp(f->video_codec, "h264") != 0 || strcmp(f->pixel_format, "yuv420p") != 0 ||
		strcmp(f->audio_codec, "aac") != 0)
		say(j, "streams", true, "they are %s %s and %s", f->video_codec, f->pixel_format,
			f->audio_codec);
	if (f->width != x->size.width || f->height != x->size.height)
		say(j, "size", true, "it is %dx%d instead of %dx%d", f->width, f->height, x->size.width,
			x->size.height);
	if (f->frames != (int64_t)x->frames)
		say(j, "length", true, "it has %" PRId64 " frames instead of %u", f->frames, x->frames);
	if (llabs(f->audio_us - should_us) > AV_TOLERANCE_US)
		say(j, "length", true, "its sound lasts %" PRId64 " ms instead of %" PRId64,
			f->audio_us / 1000, should_us / 1000);
	if (f->bad_steps > 0)
		say(j, "steps", true, "%" PRId64 " frames are not one frame after the one before",
			f->bad_steps);
	if (!f->cuts_are_keys)
		say(j, "cuts", true, "not every cut is a key frame");
	if (!f->starts_at_zero)
		say(j, "start", true, "picture and sound do not both start at zero");
}

static void judge_texts(struct judge *j, const struct film_expected *x)
{
	if (x->texts_drawn < x->texts)
		say(j, "text", true, "%zu of %zu texts were not drawn", x->texts - x->texts_drawn, x->texts);
	if (x->missing_characters > 0)
		say(j, "characters", false, "%" PRId64 " characters are in none of the fonts",
			x->missing_characters);
}

static void judge_sound(struct judge *j, const struct film_expected *x, const struct film_findings *f)
{
	const struct film_loudness *l = &f->loudness;
	double off = fabs(l->lufs - FILM_LOUDNESS_LUFS);

	if (!x->sound)
		return;
	if (l->lufs <= FILM_SILENCE_LUFS)
		say(j, "loudness", x->voice, "nothing is to be heard");
	else if (off > LOUDNESS_TOLERANCE)
		say(j, "loudness", x->voice && off > LOUDNESS_FAR, "it is %.1f LUFS instead of %.1f", l->lufs,
			FILM_LOUDNESS_LUFS);
	if (l->dbtp > FILM_PEAK_DBTP + 0.1)
		say(j, "peak", false, "its true peak is %.1f dBTP, above %.1f", l->dbtp, FILM_PEAK_DBTP);
	if (f->longest_silent_ms > SILENT_NOTED_MS)
		say(j, "silent", false, "it is silent for %.1f s", (double)f->longest_silent_ms / 1000);
}

static void judge_pictures(struct judge *j, const struct film_expected *x, const struct film_findings *f)
{
	int64_t all_ms = (int64_t)x->frames * 1000 / VIDEO_FPS;

	if (f->longest_black_ms > BLACK_NOTED_MS)
		say(j, "black", f->black_ms * 10 > all_ms * 9, "it is black for %.1f s",
			(double)f->longest_black_ms / 1000);
	if (f->longest_frozen_ms > FROZEN_NOTED_MS)
		say(j, "frozen", false, "its picture stands still for %.1f s",
			(double)f->longest_frozen_ms / 1000);
}

static int64_t tenths(double v)
{
	return isfinite(v) ? (int64_t)round(v * 10) : -1000;
}

static struct json *loudness_json(const struct film_loudness *l)
{
	struct json *o = json_new_object();

	json_put_scaled(o, "integrated", tenths(l->lufs), 1);
	json_put_scaled(o, "truePeak", tenths(l->dbtp), 1);
	json_put_scaled(o, "range", tenths(l->range), 1);
	return o;
}

bool film_report(
	const struct film_expected *x, const struct film_findings *f, struct json **ret, struct err *e)
{
	struct judge j = {.problems = json_new_array(), .e = e};
	struct json *root = json_new_object();

	judge_streams(&j, x, f);
	judge_texts(&j, x);
	judge_sound(&j, x, f);
	judge_pictures(&j, x, f);

	json_put_int(root, "width", f->width);
	json_put_int(root, "height", f->height);
	json_put_int(root, "frames", f->frames);
	json_put_scaled(root, "duration", f->frames * 1000 / VIDEO_FPS, 3);
	json_put_string(root, "video", f->video_codec);
	json_put_string(root, "audio", f->audio_codec);
	json_put(root, "loudness", loudness_json(&f->loudness));
	json_put_scaled(root, "black", f->black_ms, 3);
	json_put_scaled(root, "frozen", f->frozen_ms, 3);
	json_put_scaled(root, "silent", f->silent_ms, 3);
	json_put_int(root, "missingCharacters", x->missing_characters);
	json_put(root, "problems", j.problems);
	*ret = root;
	return !j.severe;
}
