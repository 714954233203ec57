#ifndef VIDEOD_DAEMON_FAIR_H
#define VIDEOD_DAEMON_FAIR_H

/*
 * Places that all stores share: what a vendor makes at once. Pure. Each store may hold as many as the others
 * do, and what some do not want is for those that want more; so with n stores that want all they can get,
 * each holds at most its n-th part, rounded up, and no place stays empty while anybody wants it.
 */

#include <stdbool.h>
#include <stddef.h>

struct fair_store {
	char *id;
	unsigned held;   /* places that it has */
	unsigned wanted; /* that it would take besides */
};

struct fair {
	struct fair_store *stores;
	size_t count;
	unsigned level; /* what one store may hold, by fair_settle */
};

/* Adds to what the store has and wants. */
void fair_add(struct fair *f, const char *store, unsigned held, unsigned wanted);
/* After the last fair_add: how many one store may hold, of so many places. */
void fair_settle(struct fair *f, unsigned places);
/* One more for the store: true, and it holds it now; false when it has what it may have. */
bool fair_take(struct fair *f, const char *store);
void fair_done(struct fair *f);

#endif
