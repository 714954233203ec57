#ifndef VIDEOD_DAEMON_KEEPING_KEEPING_PRIV_H
#define VIDEOD_DAEMON_KEEPING_KEEPING_PRIV_H

/* The parts of looking after. */

struct engine;
struct err;

/* Rids the storage of files of a video that its last completed revision does not name
 * (lib/video/leftovers.h), and of uploads that were begun long ago and never ended. */
struct tidying;
int tidying_new(struct engine *en, struct tidying **ret, struct err *e);
void tidying_free(struct tidying *t);
void tidying_soon(struct tidying *t);

struct orphans; /* removes what a check found: lib/video/orphans.h */
int orphans_new(struct engine *en, struct orphans **ret, struct err *e);
void orphans_free(struct orphans *o);
void orphans_soon(struct orphans *o);

struct check; /* comparing the storage with the rows */
int check_new(struct engine *en, struct check **ret, struct err *e);
void check_free(struct check *c);
void check_soon(struct check *c);

struct signer; /* signs the addresses that clients want: lib/video/addresses.h */
int signer_new(struct engine *en, struct signer **ret, struct err *e);
void signer_free(struct signer *l);
void signer_soon(struct signer *l);

#endif
