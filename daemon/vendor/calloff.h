#ifndef VIDEOD_DAEMON_VENDOR_CALLOFF_H
#define VIDEOD_DAEMON_VENDOR_CALLOFF_H

/*
 * Cancels at the vendor what is marked so in the ledger, until it is true, whoever marked it and whatever
 * became of the video. A task that has finished meanwhile is left alone while its video is there: it was paid
 * for, and a retry fetches it.
 */

struct calloff;
struct engine;
struct err;

int calloff_new(struct engine *en, struct calloff **ret, struct err *e);
void calloff_free(struct calloff *c);
void calloff_soon(struct calloff *c); /* NULL is allowed; also called at each upkeep */

#endif
