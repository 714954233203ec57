#ifndef VIDEOD_DAEMON_VENDOR_ACCOUNTS_PRIV_H
#define VIDEOD_DAEMON_VENDOR_ACCOUNTS_PRIV_H

/* One look at one vendor: asking (accounts_ask.c), and what follows from what was heard (accounts.c). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/engine.h"
#include "lib/video/vendors.h"

struct inquiry;
struct loop_timer;
struct verdict;

struct asker {
	const char *name; /* of the vendor, in the database */
	enum place place;
	bool (*is_used)(const struct engine *en);
	void (*ask)(struct inquiry *l); /* ends with look_answered or look_failed, later */
	void (*cancel)(void *call);
};

#define ASKERS 2
extern const struct asker accounts_askers[ASKERS];

struct inquiry {
	struct engine *engine;
	const struct asker *asker;
	bool busy;
	bool early;          /* not yet its time: somebody was refused */
	void *call;          /* under way */
	int64_t concurrency; /* the vendor's word, 0 none */

	/* what is heard now */
	int64_t balance_milli; /* -1 not said */
	bool at_daily_limit;
	char *detail;
	struct vendor_voice *voices;
	size_t voice_count;
	unsigned pages;

	/* what was heard last */
	char state[17];
	int64_t last_balance_milli;
	bool was_at_daily_limit;
	struct loop_timer *resume; /* armed while videos go on by it */
};

struct accounts {
	struct engine *engine;
	struct loop_timer *timer;
	int64_t due_ms;    /* the next look at its time */
	int64_t looked_ms; /* the last one */
	struct inquiry looks[ASKERS];
};

/* The end of a look: everything was heard and is in the database, or something was refused. */
void look_answered(struct inquiry *l);
void look_failed(struct inquiry *l, const char *state, const char *why);
void look_refused(struct inquiry *l, const struct verdict *v);
void look_forget(struct inquiry *l); /* what was heard now */

#endif
