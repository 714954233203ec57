#ifndef VIDEOD_DAEMON_ENGINE_H
#define VIDEOD_DAEMON_ENGINE_H

/*
 * Drives every video under way: starts each step whose inputs are ready within the limits, writes each
 * outcome in one short transaction, retries, gives up, ends. It never waits for the database: what could not
 * be written is written later, and the lease decides whether it still may.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct accounts;
struct cache;
struct calloff;
struct db;
struct elevenlabs;
struct err;
struct http;
struct job;
struct job_lease;
struct keeper;
struct keeping;
struct loop;
struct loop_timer;
struct order;
struct removal;
struct run;
struct runway;
struct settings;
struct storage;

/* What a step takes one of while it runs, limited over all videos of one daemon. */
enum place {
	PLACE_FREE,     /* of nothing */
	PLACE_CHILD,    /* of the ffmpeg processes: the setting children */
	PLACE_FETCH,    /* of the pictures that are brought here: a transfer, then an ffprobe */
	PLACE_UPLOAD,   /* of the transfers to the storage */
	PLACE_RUNWAY,   /* of the clips that a vendor is making; shared fairly by the stores */
	PLACE_SPEECH,   /* of the scripts that a vendor is speaking; shared fairly by the stores */
	PLACE_PROVIDER, /* in step_kinds only: what the provider says */
	PLACE_COUNT,
};

struct engine {
	struct loop *loop;
	struct db *db;
	struct cache *cache;
	struct http *http;
	struct storage *storage;
	struct runway *runway;         /* NULL: not used */
	struct elevenlabs *elevenlabs; /* NULL: not used */
	const struct settings *settings;
	const char *worker;           /* our id in leases and logs */
	unsigned places[PLACE_COUNT]; /* how many there are */
	void (*freed)(void *arg);     /* a place for another video became free */
	void *freed_arg;

	/* below: the engine's own */
	struct run *runs; /* oldest first */
	struct removal *removals;
	struct order *orders;      /* paid requests without an answer: see buy.h */
	struct calloff *calloff;   /* cancels tasks at the vendor: see calloff.h */
	struct accounts *accounts; /* looks at the vendors: see accounts.h */
	struct keeper *keeper;     /* bought files in the storage, NULL: see keeper.h */
	struct keeping *keeping;   /* looks after what was published: see keeping.h */
	unsigned bought_swept;     /* the folder of bought_dir that is looked at next: see bought.h */
	unsigned bought_seen;      /* how many of its files were looked at already */
	size_t count;              /* of both */
	unsigned used[PLACE_COUNT];
	struct loop_timer *pump;    /* armed for the next thing to do */
	struct loop_timer *publish; /* ticks while something is under way */
	bool kicked;                /* while pumping: pump again at once */
	bool draining;
};

int engine_init(struct engine *en, struct err *e); /* after the upper part is filled in */
void engine_done(struct engine *en);               /* kills what is at work, writes nothing */

/* Takes a claimed job over. 0, or -1: the job was handed back, or will be when its lease ends. */
int engine_add(struct engine *en, const struct job *job, struct err *e);
size_t engine_count(const struct engine *en);

/* The leases as the database has them; runs that are not among them stop at once and write nothing. */
void engine_leases(struct engine *en, const struct job_lease *leases, size_t count, int64_t asked_ms);
/* Whether something here works under this lease. */
bool engine_has(const struct engine *en, const struct job_lease *lease);
/* Drops runs whose lease was not renewed for so long that another daemon may have them. */
void engine_drop_stale(struct engine *en);

void engine_drain(struct engine *en);     /* starts nothing more; hands back what has nothing running */
void engine_hand_back(struct engine *en); /* drain time is over: kills and hands back */
void engine_kick(struct engine *en);      /* something changed: pump soon */

#endif
