#ifndef VIDEOD_DAEMON_VENDOR_BRING_H
#define VIDEOD_DAEMON_VENDOR_BRING_H

/*
 * Brings back to bought_dir what was paid for and is not there (any more): bought on another host, or on this
 * one before it was lost. A remote storage may have it: see keeper.h.
 */

#include <stdbool.h>

struct bringing;
struct engine;
struct err;
struct purchase;
struct step;

typedef void bring_fn(struct step *s, const struct err *failure, void *arg);

/* Whether there is anywhere to look. */
bool bring_possible(const struct engine *en);
/*
 * Ends by done, once, from the loop; failure NULL: its artefact is there, and what is known of it, too.
 * ERR_PERM: the storage does not have it; ERR_TEMP: another try may get it. The purchase is copied.
 */
struct bringing *bring_begin(struct step *s, const struct purchase *p, bring_fn *done, void *arg);
/*
 * Whether it may yet be put into the storage by the host that bought it: that it is there was not recorded,
 * and it was kept a short while ago. Then that it is not there (ERR_PERM) is not for good.
 */
bool bring_awaited(const struct engine *en, const struct purchase *p);
void bring_cancel(struct bringing *b); /* done is not called. NULL is allowed */

#endif
