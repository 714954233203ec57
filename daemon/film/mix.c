/*
 * The mix. Every source becomes a track of exactly the film's length: the voice from its stretches, the music
 * from its loop, the clips' sounds one after the other. Each is first brought to one loudness by what was
 * measured of it, so that the volumes mean the same for every file; then the voice, a little early, presses
 * the others down.
 *
 * Places are counted in samples. A track is a row of slots, each filled up to where the next one begins: what
 * is missing of one source moves nothing of the others.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "daemon/film/film_priv.h"
#include "daemon/film/sound.h"
#include "daemon/film/sound_priv.h"
#include "lib/base/buf.h"
#include "lib/base/macros.h"

#define FILTERS_MAX_BYTES (64 * 1024)
#define STEREO            "aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo"
#define SLOTS_MAX         FILM_PARTS_MAX

#define TRACK_LUFS     (-20.0) /* of each source at full volume: leaves room for the peaks of all */
#define NOISE_RAISE_DB 12.0    /* a room's hum does not become a storm */

/* Under the voice the rest goes down by this, and by more where it would not be so far below the voice. */
#define DUCK_DB     6.0
#define DUCK_MAX_DB 30.0
#define CLEAR_DB    13.0
#define DUCK_REST   0.05 /* of what is ducked, where the compressor does most, see add_duck */
#define DUCK_AHEAD  7200 /* samples: the music is down before the word begins */

#define LOOP_MAX (180 * SOUND_RATE) /* samples in memory: longer music begins again then */
#define SEAM_MAX (2 * SOUND_RATE)
#define SEAM_MIN 16
#define FADE_IN  (SOUND_RATE * 2 / 5)
#define FADE_OUT (SOUND_RATE * 8 / 5)
#define EDGE     480 /* samples of a clip's sound, faded against clicks */

/* Gentle: 6 dB off the noise between the words, and 2.5:1 on what is loud of them; nothing is gated. At this
 * rate afftdn is 1,200 samples late. */
static const char denoise[] = "apad=pad_len=1200,afftdn=nr=6:nf=-55,atrim=start_sample=1200,asetpts=N/SR/TB";
static const char level[] = "acompressor=threshold=0.05:ratio=2.5:attack=8:release=200:knee=6:makeup=2.2";

enum track { TRACK_VOICE, TRACK_MUSIC, TRACK_NOISE, TRACK_COUNT };

static const char *const track_names[] = {
	[TRACK_VOICE] = "voice",
	[TRACK_MUSIC] = "music",
	[TRACK_NOISE] = "noise",
};
_Static_assert(ARRAY_LEN(track_names) == TRACK_COUNT, "each track has a name");

struct stretch {
	size_t source;
	int64_t from, to, at; /* samples; to 0: the source's end */
};

/* What the graph is made from. */
struct mixer {
	const struct film_sound *s;
	struct buf *b;
	bool there[TRACK_COUNT];
	size_t input[TRACK_COUNT];     /* the first */
	double even_db[TRACK_COUNT];   /* brings it to TRACK_LUFS */
	double volume_db[TRACK_COUNT]; /* beside the loudest of them */
	double duck_db;
	int64_t total; /* samples */
};

static int64_t samples(int64_t ms)
{
	return ms * (SOUND_RATE / 1000);
}

static int64_t at_most(int64_t v, int64_t max)
{
	return v < max ? v : max;
}

/* --- planning --- */

static struct mixer mixer_new(const struct film_sound *s, struct buf *b)
{
	struct mixer m = {.s = s, .b = b, .total = (int64_t)s->frames * SOUND_FRAME};

	m.there[TRACK_VOICE] = s->voice && s->voice_volume > 0;
	m.there[TRACK_MUSIC] = s->music && s->music_volume > 0;
	m.there[TRACK_NOISE] = s->noise_count > 0 && s->scene_volume > 0;
	m.input[TRACK_MUSIC] = m.there[TRACK_VOICE] ? 1 : 0;
	m.input[TRACK_NOISE] = m.input[TRACK_MUSIC] + (m.there[TRACK_MUSIC] ? 1 : 0);
	return m;
}

/* Half the volume sounds half as loud: ten decibels. The loudest source counts as full: the master makes up
 * for the rest. */
static void set_volumes(struct mixer *m)
{
	const int volume[] = {[TRACK_VOICE] = m->s->voice_volume,
		[TRACK_MUSIC] = m->s->music_volume,
		[TRACK_NOISE] = m->s->scene_volume};
	int loudest = 0;

	for (size_t i = 0; i < TRACK_COUNT; i++)
		if (m->there[i] && volume[i] > loudest)
			loudest = volume[i];
	for (size_t i = 0; i < TRACK_COUNT; i++)
		if (m->there[i])
			m->volume_db[i] = 10 * log2((double)volume[i] / loudest);
}

static void set_levels(struct mixer *m, const struct film_levels *levels)
{
	const double heard[] = {
		[TRACK_VOICE] = levels->voice, [TRACK_MUSIC] = levels->music, [TRACK_NOISE] = levels->noise};
	bool alone = !m->there[TRACK_VOICE] && !m->there[TRACK_MUSIC];

	for (size_t i = 0; i < TRACK_COUNT; i++) {
		double most = i == TRACK_NOISE && !alone ? NOISE_RAISE_DB : FILM_GAIN_MAX_DB;

		if (heard[i] > FILM_SILENCE_LUFS)
			m->even_db[i] = fmin(TRACK_LUFS - heard[i], most);
	}
}

static void set_duck(struct mixer *m)
{
	double rest = 0;

	for (size_t i = TRACK_MUSIC; i < TRACK_COUNT; i++)
		if (m->there[i])
			rest += pow(10, m->volume_db[i] / 10);
	if (rest == 0)
		return;
	m->duck_db = fmax(DUCK_DB, 10 * log10(rest) - m->volume_db[TRACK_VOICE] + CLEAR_DB);
	m->duck_db = fmin(m->duck_db, DUCK_MAX_DB);
}

/* --- tracks --- */

/* [name0], [name1], ... each cut to its stretch and placed; the filters that come out are the track's. Each
 * stretch begins before the next one, and inside the film. */
static void add_slots(struct mixer *m, const char *name, const struct stretch *list, size_t n)
{
	struct buf *b = m->b;
	int64_t lead = list[0].at;

	for (size_t i = 0; i < n; i++) {
		int64_t room = (i + 1 < n ? list[i + 1].at : m->total) - list[i].at;

		buf_addf(b, "[%s%zu]atrim=start_sample=%lld", name, i, (long long)list[i].from);
		if (list[i].to > list[i].from)
			buf_addf(b, ":end_sample=%lld", (long long)list[i].to);
		buf_addf(b, ",asetpts=N/SR/TB,apad=whole_len=%lld,atrim=end_sample=%lld[%s_%zu];",
			(long long)room, (long long)room, name, i);
	}
	if (lead > 0)
		buf_addf(b, "anullsrc=r=%d:cl=stereo," STEREO ",atrim=end_sample=%lld[%s_];[%s_]", SOUND_RATE,
			(long long)lead, name, name);
	for (size_t i = 0; i < n; i++)
		buf_addf(b, "[%s_%zu]", name, i);
	buf_addf(b, "concat=n=%zu:v=0:a=1,asetpts=N/SR/TB", n + (lead > 0));
}

static bool fits(const struct mixer *m, const struct stretch *list, size_t n, const struct stretch *next)
{
	return n < SLOTS_MAX && next->at < m->total && (n == 0 || next->at > list[n - 1].at);
}

static size_t plan_voice(const struct mixer *m, struct stretch list[static SLOTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < m->s->speech_count; i++) {
		const struct film_speech *p = &m->s->speech[i];
		struct stretch next = {i, samples(p->from_ms), samples(p->to_ms), samples(p->at_ms)};

		if (fits(m, list, n, &next))
			list[n++] = next;
	}
	if (n == 0)
		list[n++] = (struct stretch){0};
	return n;
}

static void add_voice(struct mixer *m, const char *clean)
{
	struct stretch list[SLOTS_MAX];
	size_t n = plan_voice(m, list);

	buf_addf(m->b, "[%zu:a:0]" STEREO ",asetpts=N/SR/TB,highpass=f=75%s,asplit=%zu",
		m->input[TRACK_VOICE], clean, n);
	for (size_t i = 0; i < n; i++)
		buf_addf(m->b, "[voice%zu]", i);
	buf_addc(m->b, ';');
	add_slots(m, "voice", list, n);
}

static size_t plan_noise(const struct mixer *m, struct stretch list[static SLOTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < m->s->noise_count; i++) {
		const struct film_noise *p = &m->s->noise[i];
		struct stretch next = {i, 0, samples(p->length_ms), samples(p->at_ms)};

		if (fits(m, list, n, &next))
			list[n++] = next;
	}
	assert(n > 0); /* the first clip is seen before the film is over */
	return n;
}

/* A clip's sound stays with its pictures: what begins late, or has holes, is filled up. */
static void add_noise(struct mixer *m)
{
	struct stretch list[SLOTS_MAX];
	size_t n = plan_noise(m, list);

	for (size_t i = 0; i < n; i++) {
		int64_t edge = at_most(EDGE, list[i].to / 3);

		buf_addf(m->b,
			"[%zu:a:0]aresample=%d:async=1:first_pts=0," STEREO ",highpass=f=20,"
			"afade=t=in:ns=%lld,afade=t=out:ss=%lld:ns=%lld[noise%zu];",
			m->input[TRACK_NOISE] + list[i].source, SOUND_RATE, (long long)edge,
			(long long)(list[i].to - edge), (long long)edge, i);
	}
	add_slots(m, "noise", list, n);
}

/*
 * Looped after decoding: an encoded file that is begun again (-stream_loop) has a hole of 20 ms at its seam.
 * Of what was not made to be looped the end is faded over into the beginning: the beginning is heard once,
 * then, again and again, the rest with that seam at its end.
 */
static void add_loop(struct mixer *m, int64_t length)
{
	int64_t kept = at_most(LOOP_MAX, m->total + 2 * SEAM_MAX);
	int64_t seam = length > 0 ? at_most(SEAM_MAX, length / 4) : SEAM_MAX / 20;

	buf_addf(m->b, ",atrim=end_sample=%lld", (long long)kept);
	if (m->s->music_is_ring && length <= LOOP_MAX) {
		buf_addf(m->b, ",aloop=loop=-1:size=%lld", (long long)kept);
		return;
	}
	if (seam < SEAM_MIN)
		seam = SEAM_MIN;
	buf_addf(m->b,
		",asplit=3[music_a][music_b][music_c];[music_a]atrim=end_sample=%lld[music_head];"
		"[music_b]atrim=start_sample=%lld,asetpts=PTS-STARTPTS[music_body];"
		"[music_c]atrim=end_sample=%lld[music_again];",
		(long long)seam, (long long)seam, (long long)seam);
	buf_addf(m->b,
		"[music_body][music_again]acrossfade=ns=%lld:c1=qsin:c2=qsin,aloop=loop=-1:size=%lld"
		"[music_ring];[music_head][music_ring]concat=n=2:v=0:a=1",
		(long long)seam, (long long)kept);
}

static void add_music(struct mixer *m)
{
	int64_t length = samples(m->s->music_ms), out = at_most(FADE_OUT, m->total / 3);

	buf_addf(m->b, "[%zu:a:0]" STEREO ",asetpts=N/SR/TB", m->input[TRACK_MUSIC]);
	if (m->total <= LOOP_MAX || length < m->total)
		add_loop(m, length);
	buf_addf(m->b, ",highpass=f=20,asetpts=N/SR/TB,atrim=end_sample=%lld,apad=whole_len=%lld",
		(long long)m->total, (long long)m->total);
	buf_addf(m->b, ",afade=t=in:ns=%lld,afade=t=out:ss=%lld:ns=%lld",
		(long long)at_most(FADE_IN, m->total / 3), (long long)(m->total - out), (long long)out);
}

/* --- the whole --- */

/*
 * [key] is the voice at TRACK_LUFS: where it is heard at all, far above the threshold, so that the compressor
 * takes away nearly everything, and what is left is decided by mix. It rises at once and falls over pauses
 * between words.
 */
static void add_duck(struct mixer *m)
{
	double rest = pow(10, -m->duck_db / 20);

	buf_addf(m->b,
		"[key]atrim=start_sample=%lld,asetpts=N/SR/TB,apad=whole_len=%lld[ahead];[bed][ahead]"
		"sidechaincompress=threshold=0.003:ratio=20:attack=400:release=450:knee=2:mix=%.4f[ducked];",
		(long long)at_most(DUCK_AHEAD, m->total / 2), (long long)m->total,
		fmin((1 - rest) / (1 - DUCK_REST), 1));
}

static void add_bed(struct mixer *m)
{
	bool both = m->there[TRACK_MUSIC] && m->there[TRACK_NOISE];

	if (m->there[TRACK_MUSIC]) {
		add_music(m);
		buf_addf(m->b, ",volume=%.2fdB%s;", m->even_db[TRACK_MUSIC] + m->volume_db[TRACK_MUSIC],
			both ? "[tune]" : "[bed]");
	}
	if (m->there[TRACK_NOISE]) {
		add_noise(m);
		buf_addf(m->b, ",volume=%.2fdB%s;", m->even_db[TRACK_NOISE] + m->volume_db[TRACK_NOISE],
			both ? "[scenes]" : "[bed]");
	}
	if (both)
		buf_adds(m->b, "[tune][scenes]amix=inputs=2:normalize=0[bed];");
}

static void add_mix(struct mixer *m)
{
	bool bed = m->there[TRACK_MUSIC] || m->there[TRACK_NOISE];

	if (m->there[TRACK_VOICE]) {
		char clean[512];

		(void)snprintf(clean, sizeof(clean), ",volume=%.2fdB,%s,%s", m->even_db[TRACK_VOICE], denoise,
			level);
		add_voice(m, clean);
		buf_addf(m->b, "%svolume=%.2fdB[said];", bed ? ",asplit[key][plain];[plain]" : ",",
			m->volume_db[TRACK_VOICE]);
	}
	if (bed)
		add_bed(m);
	if (bed && m->there[TRACK_VOICE]) {
		add_duck(m);
		buf_adds(m->b, "[said][ducked]amix=inputs=2:normalize=0");
	} else if (bed || m->there[TRACK_VOICE]) {
		buf_addf(m->b, "[%s]anull", bed ? "bed" : "said");
	} else {
		buf_addf(m->b, "anullsrc=r=%d:cl=stereo", SOUND_RATE);
	}
	buf_addf(m->b, "," STEREO ",atrim=end_sample=%lld,asplit[mix][metered];[metered]",
		(long long)m->total);
	sound_add_meter("mix", true, m->total, m->b);
	buf_adds(m->b, "[meter]");
}

static void add_inputs(const struct mixer *m, const struct film_tools *t, struct args *a)
{
	assert(m->s->noise_count <= FILM_NOISE_MAX);
	film_add_printer(t, a);
	if (m->there[TRACK_VOICE])
		film_add_input(t, FENCE_SOUND, m->s->voice, a);
	if (m->there[TRACK_MUSIC])
		film_add_input(t, FENCE_SOUND, m->s->music, a);
	for (size_t i = 0; m->there[TRACK_NOISE] && i < m->s->noise_count; i++)
		film_add_input(t, FENCE_CLIP, m->s->noise[i].clip, a);
}

void film_listen_args(const struct film_tools *t, const struct film_sound *s, struct args *a)
{
	AUTO_BUF filters = BUF_INIT(FILTERS_MAX_BYTES);
	struct mixer m = mixer_new(s, &filters);

	for (size_t i = 0; i < TRACK_COUNT; i++) {
		if (!m.there[i])
			continue;
		if (filters.len > 0)
			buf_addc(&filters, ';');
		if (i == TRACK_VOICE)
			add_voice(&m, "");
		else if (i == TRACK_MUSIC)
			add_music(&m);
		else
			add_noise(&m);
		buf_addc(&filters, ',');
		sound_add_meter(track_names[i], false, m.total, &filters);
		buf_addf(&filters, "[%s]", track_names[i]);
	}
	add_inputs(&m, t, a);
	args_adds(a, (const char *const[]){"-filter_complex", buf_text(&filters), NULL});
	for (size_t i = 0; i < TRACK_COUNT; i++)
		if (m.there[i])
			sound_add_nowhere(track_names[i], a);
}

void film_mix_args(const struct film_tools *t, const struct film_sound *s, const struct film_levels *levels,
	const char *out, struct args *a)
{
	AUTO_BUF filters = BUF_INIT(FILTERS_MAX_BYTES);
	struct mixer m = mixer_new(s, &filters);

	set_volumes(&m);
	set_levels(&m, levels);
	set_duck(&m);
	add_mix(&m);
	add_inputs(&m, t, a);
	args_adds(a, (const char *const[]){"-filter_complex", buf_text(&filters), NULL});
	sound_add_nowhere("meter", a);
	args_adds(a, (const char *const[]){"-map", "[mix]", "-c:a", "pcm_f32le", NULL});
	film_add_output("wav", out, a);
}
