#ifndef VIDEOD_DAEMON_FILM_REPORT_H
#define VIDEOD_DAEMON_FILM_REPORT_H

/*
 * Before a film is called completed it is looked at from beginning to end: streams, exact length, equal
 * steps, black, frozen and silent stretches, loudness. What is found is the report; some of it refuses the
 * film.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/film/sound.h"
#include "daemon/film/tools.h"

struct args;
struct err;
struct json;

/* What it should be. */
struct film_expected {
	struct film_size size;
	unsigned frames;
	bool voice, sound;    /* whether it is to be heard */
	const unsigned *cuts; /* first frames of the parts after the first */
	size_t cut_count;
	int64_t missing_characters; /* of texts: drawn as boxes, from lettering */
	size_t texts, texts_drawn;  /* asked for, and not empty pictures */
};

struct film_findings {
	int width, height;
	int64_t frames, bad_steps;  /* of packets: times that do not rise by one frame */
	bool cuts_are_keys;         /* a key frame at each cut */
	bool starts_at_zero;        /* both streams */
	int64_t video_us, audio_us; /* lengths */
	char video_codec[16], pixel_format[16], audio_codec[16];
	struct film_loudness loudness;
	int64_t black_ms, frozen_ms, silent_ms; /* together */
	int64_t longest_black_ms, longest_frozen_ms, longest_silent_ms;
};

/* Two commands: packets by ffprobe, then pictures and sound by ffmpeg (decoded once, small). */
void film_packets_args(const struct film_tools *t, const char *film, struct args *a);
int film_packets_read(
	const char *text, size_t n, const struct film_expected *x, struct film_findings *ret, struct err *e);
void film_inspect_args(const struct film_tools *t, const char *film, struct args *a);
int film_inspect_read(const char *text, size_t n, struct film_findings *ret, struct err *e);

/*
 * {"width","height","duration","frames","video","audio","loudness":{"integrated","truePeak","range"},
 *  "black","frozen","silent","missingCharacters","problems":[{"what","severe","text"}]}. false: it has a
 * severe problem and must not be published; e says which, for the operator.
 */
bool film_report(
	const struct film_expected *x, const struct film_findings *f, struct json **ret, struct err *e);

#endif
