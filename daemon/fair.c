/*
 * A level is looked for as water finds it: as low as may be, so that the places are all taken when no store
 * holds more than that.
 */
#include "daemon/fair.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"

static struct fair_store *find(const struct fair *f, const char *store)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->stores[i].id, store) == 0)
			return &f->stores[i];
	return NULL;
}

void fair_add(struct fair *f, const char *store, unsigned held, unsigned wanted)
{
	struct fair_store *s = find(f, store);

	if (!s) {
		f->stores = xreallocarray(f->stores, f->count + 1, sizeof(*f->stores));
		s = &f->stores[f->count++];
		*s = (struct fair_store){.id = xstrdup(store)};
	}
	s->held += held;
	s->wanted += wanted;
}

/* Places taken when each store holds what it wants, but no more than level. */
static unsigned taken_at(const struct fair *f, unsigned level)
{
	unsigned sum = 0;

	for (size_t i = 0; i < f->count; i++) {
		unsigned all = f->stores[i].held + f->stores[i].wanted;

		sum += all < level ? all : level;
	}
	return sum;
}

void fair_settle(struct fair *f, unsigned places)
{
	unsigned low = 0, high = places;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (taken_at(f, middle) >= places)
			high = middle;
		else
			low = middle + 1;
	}
	f->level = low;
}

bool fair_take(struct fair *f, const char *store)
{
	struct fair_store *s = find(f, store);

	if (!s || s->held >= f->level)
		return false;
	s->held++;
	return true;
}

void fair_done(struct fair *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->stores[i].id);
	free(f->stores);
	*f = (struct fair){0};
}
