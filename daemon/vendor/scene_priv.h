#ifndef VIDEOD_DAEMON_VENDOR_SCENE_PRIV_H
#define VIDEOD_DAEMON_VENDOR_SCENE_PRIV_H

/*
 * A scene that Runway makes. step_runway.c comes to a purchase and takes its clip; scene_poll.c asks for the
 * task until it is over; scene_fetch.c brings its clip here for keeps.
 */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/film/film.h"
#include "daemon/provider.h"
#include "daemon/vendor/bought.h"
#include "daemon/vendor/runway_wish.h"
#include "lib/video/purchases.h"

struct err;
struct loop_timer;
struct order;
struct bringing;
struct runway_call;
struct step;
struct verdict;

struct scene_work {
	struct work base; /* first */
	struct step *s;
	struct runway_wish wish;
	struct purchase p; /* the one that is asked for or taken */
	struct order *order;
	struct runway_call *call;
	struct bringing *bringing; /* under way, NULL none */
	struct uuid brought;       /* the purchase that was looked for in the storage */
	struct loop_timer *timer;
	void (*due)(struct scene_work *w); /* what the timer is for */
	char *image;                       /* as Runway gets it, NULL not yet */
	bool url_refused;                  /* Runway could not use the picture's own address */
	bool own_only;
	unsigned looks;
	int64_t born_ms;    /* clock_mono_ms of the intent */
	unsigned failures;  /* polls without an answer, in a row */
	unsigned gone;      /* polls that were told of no such task, in a row */
	unsigned spoilt;    /* whole downloads that were not what was asked for */
	unsigned refreshes; /* of the clip's address */
	char name[BOUGHT_NAME_SIZE];
	int64_t bytes;
	int64_t cut_bytes; /* of a download that was cut off; 0 none */
	bool sealed;
};

struct engine *scene_engine(const struct scene_work *w);
void scene_later(struct scene_work *w, void (*due)(struct scene_work *w), int64_t delay_ms);
/* Each ends the step, and w with it; failure NULL: it is done. */
void scene_end(struct scene_work *w, const struct err *failure);
void scene_refused(struct scene_work *w, const struct verdict *v);
void scene_lease_lost(struct scene_work *w);
void scene_database_failed(struct scene_work *w, struct err *e);

void scene_look(struct scene_work *w); /* again: what was there is no longer */
void scene_take(struct scene_work *w); /* w->p is kept */
void scene_poll(struct scene_work *w); /* w->p has a task, which is asked for from now on */
void scene_ask(struct scene_work *w);  /* once more, now */
/* The task is over without a clip: true, written; cost -1: not said. Else the step is over, and tried again
 * it asks again. */
bool scene_lost(struct scene_work *w, enum purchase_state how, int64_t cost_milli, const char *why);
void scene_fetch(struct scene_work *w, const char *url); /* the task's clip; w->p.cost_milli is set */

#endif
