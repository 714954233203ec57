/*
 * Writes one of our own pieces of music as a WAV file: compose bright-morning out.wav
 *
 * A piece is a table: chords bar by bar, and for each instrument what it does in a bar, in eighths.
 * Everything is made from sines and a fixed sequence of noise, so the same source always gives the same
 * music. The piece is a ring: a note that lasts beyond the end sounds on at the beginning, and the room's
 * echo goes round twice, so it loops without a seam.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE      48000
#define AAC_FRAME 1024 /* a piece is a whole number of these: the encoder adds nothing at its end */
#define EIGHTHS   8
#define CHORD_MAX 5
#define PI        3.14159265358979323846

/* In a pattern: a digit plays the chord's note of that number (1 lowest), a letter the same an octave higher,
 * 'x' a drum. */
struct part {
	const char *pattern[2]; /* in turn, bar by bar */
	unsigned first_bar;     /* silent before */
	double level;
};

struct piece {
	const char *name;
	double seconds; /* about: rounded to whole AAC frames */
	unsigned bars;
	double level;             /* brings the piece to -18 LUFS */
	double wet;               /* share of the room's echo */
	int chords[4][CHORD_MAX]; /* MIDI notes, 0 none; in turn, bar by bar; [0] is the bass */
	struct part pad, bass, pluck, bell, kick, hat;
};

static const struct piece pieces[] = {
	{.name = "bright-morning",
		.seconds = 32,
		.bars = 16,
		.level = 1.70,
		.wet = 0.20,
		.chords = {{38, 62, 66, 69, 74}, {33, 61, 64, 69, 73}, {35, 62, 66, 71, 74},
			{31, 62, 67, 71, 74}},
		.pad = {{"2.......", "2......."}, 0, 0.30},
		.bass = {{"1..1..1.", "1..1.11."}, 0, 0.85},
		.pluck = {{"24354354", "25345453"}, 0, 0.55},
		.bell = {{"d...c...", "e..d..c."}, 4, 0.34},
		.kick = {{"x...x...", "x...x..x"}, 4, 0.55},
		.hat = {{"..x...x.", ".xx..xx."}, 2, 0.16}},
	{.name = "quiet-harbour",
		.seconds = 40,
		.bars = 12,
		.level = 2.24,
		.wet = 0.36,
		.chords = {{41, 60, 64, 65, 69}, {45, 60, 64, 67, 69}, {38, 60, 62, 65, 69},
			{46, 62, 65, 69, 70}},
		.pad = {{"2.......", "2......."}, 0, 0.60},
		.bass = {{"1.......", "1...1..."}, 0, 0.55},
		.pluck = {{"2.3.5.4.", "2.4.5.3."}, 2, 0.30},
		.bell = {{"..e...c.", ".d....b."}, 1, 0.36},
		.kick = {{"........", "........"}, 0, 0},
		.hat = {{"........", "........"}, 0, 0}},
	{.name = "clear-path",
		.seconds = 36,
		.bars = 16,
		.level = 1.80,
		.wet = 0.24,
		.chords = {{33, 61, 64, 69, 73}, {40, 59, 64, 68, 71}, {30, 61, 66, 69, 73},
			{38, 62, 66, 69, 74}},
		.pad = {{"2.......", "2......."}, 0, 0.42},
		.bass = {{"1...1...", "1...1.1."}, 2, 0.80},
		.pluck = {{"22322322", "33433433"}, 0, 0.50},
		.bell = {{"c.....b.", "..d.c..."}, 6, 0.30},
		.kick = {{"x...x...", "x...x..."}, 4, 0.50},
		.hat = {{"..x...x.", "..x...x."}, 8, 0.14}},
};

struct ring {
	double *left, *right;
	size_t n;
};

/* How a note of an instrument sounds: partial k has strength k^-slope and dies at rate decay + k * damping
 * per second. */
struct timbre {
	unsigned partials;
	double slope, attack_sec, decay, damping, hold_eighths, release_sec, detune;
};

static const struct timbre pad_timbre = {5, 1.9, 0.70, 0.0, 0.0, 8.0, 1.2, 0.0022};
static const struct timbre bass_timbre = {4, 1.3, 0.008, 1.6, 0.9, 2.6, 0.10, 0.0};
static const struct timbre pluck_timbre = {7, 1.25, 0.003, 2.4, 2.0, 8.0, 0.3, 0.0008};
static const struct timbre bell_timbre = {3, 1.5, 0.006, 1.3, 1.6, 8.0, 0.5, 0.0012};

static double envelope(const struct timbre *t, double at, double hold)
{
	double rise = at < t->attack_sec ? 0.5 - 0.5 * cos(PI * at / t->attack_sec) : 1;
	double fall = at < hold ? 1 : fmax(0, 1 - (at - hold) / t->release_sec);

	return rise * fall * fall;
}

/* Adds one sine that fades, to one side. It is turned sample by sample, which is far quicker than asking for
 * sines. */
static void play_partial(double *side, size_t n_side, size_t first, size_t n, const double *loudness,
	double strength, double phase, double angle, double fade)
{
	double re = strength * cos(phase), im = strength * sin(phase);
	double turn_re = exp(-fade) * cos(angle), turn_im = exp(-fade) * sin(angle);
	size_t at = first % n_side;

	for (size_t i = 0; i < n; i++) {
		double next = re * turn_re - im * turn_im;

		side[at] += loudness[i] * im;
		im = re * turn_im + im * turn_re;
		re = next;
		at = at + 1 == n_side ? 0 : at + 1;
	}
}

/* One note; pan from 0 (left) to 1. The two sides are a little out of tune, which makes it wide. */
static void play(struct ring *ring, const struct timbre *t, double start, double eighth, int note,
	double level, double pan)
{
	double hold = t->hold_eighths * eighth, turns = 2 * PI * 440 * pow(2, (note - 69) / 12.0) / RATE;
	size_t first = (size_t)(start * RATE), n = (size_t)((hold + t->release_sec) * RATE);
	double *loudness = calloc(n, sizeof(*loudness));

	if (!loudness)
		abort();
	for (size_t i = 0; i < n; i++)
		loudness[i] = level * envelope(t, (double)i / RATE, hold);
	for (unsigned k = 1; k <= t->partials; k++) {
		double strength = pow(k, -t->slope), fade = (t->decay + t->damping * k) / RATE;

		play_partial(ring->left, ring->n, first, n, loudness, strength * cos(pan * PI / 2), 0,
			turns * k * (1 - t->detune), fade);
		play_partial(ring->right, ring->n, first, n, loudness, strength * sin(pan * PI / 2), 0.3,
			turns * k * (1 + t->detune), fade);
	}
	free(loudness);
}

static void play_kick(struct ring *ring, double start, double level)
{
	size_t first = (size_t)(start * RATE);
	double phase = 0;

	for (size_t i = 0; i < RATE / 3; i++) {
		double at = (double)i / RATE;

		phase += 2 * PI * (46 + 70 * exp(-at * 38)) / RATE;
		double v = level * sin(phase) * exp(-at * 11) * fmin(1, at * 700);
		ring->left[(first + i) % ring->n] += v;
		ring->right[(first + i) % ring->n] += v;
	}
}

static void play_hat(struct ring *ring, double start, double level, uint32_t *noise)
{
	size_t first = (size_t)(start * RATE);
	double before = 0, smooth = 0;

	for (size_t i = 0; i < RATE / 8; i++) {
		*noise = *noise * 1664525u + 1013904223u;
		double raw = (double)(*noise >> 8) / (1 << 23) - 1, at = (double)i / RATE;
		double high = raw - before;

		before = raw;
		smooth += 0.55 * (high - smooth);
		double v = level * smooth * exp(-at * 45) * fmin(1, at * 900);
		ring->left[(first + i) % ring->n] += v * 0.8;
		ring->right[(first + i) % ring->n] += v;
	}
}

/* The note of a pattern's character, 0 for none. */
static int note_of(char c, const int chord[CHORD_MAX])
{
	if (c >= '1' && c < '1' + CHORD_MAX)
		return chord[c - '1'];
	if (c >= 'a' && c < 'a' + CHORD_MAX)
		return chord[c - 'a'] + 12;
	return 0;
}

static void play_part(
	struct ring *ring, const struct piece *p, const struct part *part, const struct timbre *t, double pan)
{
	double eighth = (double)ring->n / RATE / p->bars / EIGHTHS;

	for (unsigned bar = part->first_bar; bar < p->bars; bar++) {
		const int *chord = p->chords[bar % 4];
		const char *pattern = part->pattern[bar % 2];

		for (unsigned i = 0; i < EIGHTHS; i++) {
			int note = note_of(pattern[i], chord);
			double accent = i % 4 == 0 ? 1.0 : i % 2 == 0 ? 0.86 : 0.74;
			double side = pan + (i % 2 ? 0.12 : -0.12) * (part == &p->bass ? 0 : 1);

			if (note)
				play(ring, t, (bar * EIGHTHS + i) * eighth, eighth, note,
					part->level * accent * 0.2, side);
		}
	}
}

static void play_pad(struct ring *ring, const struct piece *p)
{
	double eighth = (double)ring->n / RATE / p->bars / EIGHTHS;

	for (unsigned bar = 0; bar < p->bars; bar++)
		for (size_t i = 1; i < CHORD_MAX; i++)
			play(ring, &pad_timbre, bar * EIGHTHS * eighth, eighth, p->chords[bar % 4][i],
				p->pad.level * 0.09, 0.2 + 0.2 * (double)i);
}

static void play_drums(struct ring *ring, const struct piece *p)
{
	double eighth = (double)ring->n / RATE / p->bars / EIGHTHS;
	uint32_t noise = 1;

	for (unsigned i = 0; i < p->bars * EIGHTHS; i++) {
		unsigned bar = i / EIGHTHS;

		if (bar >= p->kick.first_bar && p->kick.pattern[bar % 2][i % EIGHTHS] == 'x')
			play_kick(ring, i * eighth, p->kick.level * 0.5);
		if (bar >= p->hat.first_bar && p->hat.pattern[bar % 2][i % EIGHTHS] == 'x')
			play_hat(ring, i * eighth, p->hat.level * 0.5, &noise);
	}
}

/* One side of a small hall: six damped echoes, summed. Goes round twice, so that the end's echo is in the
 * beginning. */
static void add_room(double *side, size_t n, double wet, size_t spread)
{
	static const size_t delays[] = {1687, 1931, 2203, 2473, 2801, 3163};
	size_t count = sizeof(delays) / sizeof(delays[0]);
	double *sum = calloc(n, sizeof(*sum));

	if (!sum)
		abort();
	for (size_t d = 0; d < count; d++) {
		size_t length = delays[d] + spread, at = 0;
		double *line = calloc(length, sizeof(*line)), dark = 0;

		if (!line)
			abort();
		for (size_t i = 0; i < 2 * n; i++, at = (at + 1) % length) {
			dark += 0.45 * (line[at] - dark);
			if (i >= n)
				sum[i - n] += line[at] / (double)count;
			line[at] = side[i % n] + 0.80 * dark;
		}
		free(line);
	}
	for (size_t i = 0; i < n; i++)
		side[i] = (1 - wet) * side[i] + wet * 1.6 * sum[i];
	free(sum);
}

static void put_le(uint8_t *to, uint32_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		to[i] = (uint8_t)(v >> (8 * i));
}

static int write_wav(const char *path, const struct ring *ring, double level)
{
	FILE *f = fopen(path, "wb");
	uint8_t head[44] = "RIFF....WAVEfmt ";
	uint32_t bytes = (uint32_t)ring->n * 4;
	size_t clipped = 0;

	if (!f)
		return -1;
	put_le(head + 4, 36 + bytes, 4);
	put_le(head + 16, 16, 4);
	put_le(head + 20, 1, 2);
	put_le(head + 22, 2, 2);
	put_le(head + 24, RATE, 4);
	put_le(head + 28, RATE * 4, 4);
	put_le(head + 32, 4, 2);
	put_le(head + 34, 16, 2);
	memcpy(head + 36, "data", 4);
	put_le(head + 40, bytes, 4);
	(void)fwrite(head, sizeof(head), 1, f);
	for (size_t i = 0; i < ring->n; i++) {
		double v[2] = {ring->left[i] * level, ring->right[i] * level};
		uint8_t sample[4];

		for (size_t side = 0; side < 2; side++) {
			clipped += fabs(v[side]) > 0.98;
			put_le(sample + 2 * side,
				(uint32_t)(int32_t)lrint(fmax(-1, fmin(1, v[side])) * 32767), 2);
		}
		(void)fwrite(sample, sizeof(sample), 1, f);
	}
	int failed = ferror(f);
	if (clipped)
		(void)fprintf(stderr, "compose: %zu samples are too loud\n", clipped);
	return fclose(f) != 0 || failed || clipped ? -1 : 0;
}

static void perform(struct ring *ring, const struct piece *p)
{
	play_pad(ring, p);
	play_part(ring, p, &p->pluck, &pluck_timbre, 0.42);
	play_part(ring, p, &p->bell, &bell_timbre, 0.62);
	add_room(ring->left, ring->n, p->wet, 0);
	add_room(ring->right, ring->n, p->wet, 61);
	/* low notes and drums stay dry, or all turns to mud */
	play_part(ring, p, &p->bass, &bass_timbre, 0.5);
	play_drums(ring, p);
}

static int compose(const struct piece *p, const char *path)
{
	size_t n = (size_t)lrint(p->seconds * RATE / AAC_FRAME) * AAC_FRAME;
	struct ring ring = {calloc(n, sizeof(double)), calloc(n, sizeof(double)), n};
	int result = -1;

	if (ring.left && ring.right) {
		perform(&ring, p);
		result = write_wav(path, &ring, p->level);
	}
	free(ring.left);
	free(ring.right);
	return result;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		if (strcmp(argv[1], pieces[i].name) != 0)
			continue;
		if (compose(&pieces[i], argv[2]) == 0)
			return 0;
		(void)fprintf(stderr, "compose: cannot write %s\n", argv[2]);
		return 1;
	}
	(void)fprintf(stderr, "usage: compose bright-morning|quiet-harbour|clear-path out.wav\n");
	return 2;
}
