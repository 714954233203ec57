#ifndef VIDEOD_DAEMON_PROVIDER_H
#define VIDEOD_DAEMON_PROVIDER_H

#include <stdbool.h>

#include "daemon/engine.h"

/* Who makes clips and voices: a table of functions. Each begins a step and ends it by step_ended(). */

struct err;
struct media;
struct run;
struct step;

struct provider {
	const char *name;
	bool is_vendor; /* it costs money: see buy.h */
	/* What a step takes one of while it runs. */
	enum place scene_place, voice_place;
	int (*begin_scene)(struct step *s, struct err *e); /* NULL: it makes none */
	int (*begin_voice)(struct step *s, struct err *e);
	/* Whether it has spoken the video's script already, in pieces of that many characters. 1, 0, -1. */
	int (*has_spoken)(const struct run *r, int64_t max_points, struct err *e);
	/* What it still has to do when the voice is there as one file; NULL: nothing. */
	int (*check_voice)(struct step *s, const struct media *m, struct err *e);
};

/*
 * What a vendor step holds while it runs, embedded first in its own struct and freed by stop. The engine
 * calls stop when the step is stopped before it ended: timers, polls and downloads end; a paid request that
 * has no answer yet goes on as an order without a step (buy.h).
 */
struct work {
	void (*stop)(struct work *w);
	bool may_rest; /* only waiting for the vendor: a drain need not wait for it, another daemon goes on
			  asking */
};

extern const struct provider provider_local; /* ffmpeg alone: no key, no cost */
extern const struct provider provider_runway, provider_elevenlabs;

#endif
