#ifndef VIDEOD_DAEMON_FAILURE_H
#define VIDEOD_DAEMON_FAILURE_H

/* What a step's failure means, decided here and nowhere else, and what the client is told of it. Pure. */

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

struct step;

enum failure_means {
	MEANS_RETRY, /* the step is tried again */
	MEANS_FAIL,  /* the video fails */
	MEANS_PAUSE, /* the video waits for somebody */
	MEANS_DROP,  /* the video is another daemon's now: nothing is written */
	MEANS_COUNT,
};

struct failure {
	enum err_kind kind;
	bool buys;       /* the step spends money */
	bool paid;       /* what it asked for is bought already, and was only to be fetched */
	int pause;       /* enum pause_reason: what the operator has to do, PAUSE_NONE when nobody said */
	int64_t attempt; /* tries that had failed before this one */
	bool refused;    /* it is what the vendor said */
	bool outage;     /* nothing is wrong with the step: a vendor or our own disk is away for a while */
};

enum failure_means failure_means(const struct failure *f, int64_t attempts);
/* Of a step that ended and failed. */
struct failure failure_of(const struct step *s);
/* The sentences for the client, by what it means. Caller frees. */
char *failure_text(const struct step *s, enum failure_means means);

#endif
