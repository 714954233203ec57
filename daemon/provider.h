#ifndef VIDEOD_DAEMON_PROVIDER_H
#define VIDEOD_DAEMON_PROVIDER_H

/* Who makes clips and voices: a table of functions. Each begins a step and ends it by step_ended(). */

struct err;
struct step;

struct provider {
	const char *name;
	int (*begin_scene)(struct step *s, struct err *e);
	int (*begin_voice)(struct step *s, struct err *e);
};

extern const struct provider provider_local; /* ffmpeg alone: no key, no cost */

#endif
