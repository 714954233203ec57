#ifndef VIDEOD_DAEMON_VENDOR_BOUGHT_H
#define VIDEOD_DAEMON_VENDOR_BOUGHT_H

/*
 * The folder of what was paid for, bought_dir. An artefact is written here from its first byte, is synced and
 * renamed before the database says that it is kept, and is linked or copied into a work folder from here; so
 * no failure of composing, publishing or a work folder can lose it. A name carries the purchase and the
 * claim, so a daemon that lost its lease never writes where another one does. Beside an artefact may lie
 * "<name>.json", what is known of it; it comes and goes with it.
 */

#include <stddef.h>
#include <stdint.h>

struct engine;
struct err;
struct purchase;

#define BOUGHT_NAME_SIZE 129
#define BOUGHT_PATH_SIZE 512

/* "ab/<purchase>-<token>.mp4" below bought_dir. */
void bought_name(
	const struct purchase *p, uint64_t token, const char *extension, char out[static BOUGHT_NAME_SIZE]);
void bought_path(const struct engine *en, const char *name, char out[static BOUGHT_PATH_SIZE]);
/* Of the file while it is written: "<path>.part". */
void bought_part_path(const struct engine *en, const char *name, char out[static BOUGHT_PATH_SIZE]);
/* Of what lies beside it: "<path>.json". */
void bought_beside_path(const struct engine *en, const char *name, char out[static BOUGHT_PATH_SIZE]);
int bought_make_folder(const struct engine *en, const char *name, struct err *e); /* 0, -1 ERR_TEMP */
/* At start: makes bought_dir where it is not there. 0, or -1: nothing can be kept in it. */
int bought_check_folder(const struct engine *en, struct err *e);
/*
 * Opens "<name>.part", empty, for writing with reserve_bytes of disk set aside for it (0: what was set aside
 * before stays), so that what was paid for does not meet a full disk. A descriptor, or -1, ERR_TEMP whatever
 * it is: what a disk does not take passes.
 */
int bought_open(const struct engine *en, const char *name, int64_t reserve_bytes, struct err *e);
/* The part is whole: cut to bytes, synced, renamed to name. 0, -1 ERR_TEMP. Again after it was done: 0. */
int bought_seal(const struct engine *en, const char *name, int64_t bytes, struct err *e);
void bought_discard(const struct engine *en, const char *name); /* the part, the name, what is beside it */
/*
 * The sealed artefact also becomes the file to (a path): a hard link, a copy where that cannot be. Checked to
 * have bytes. 0, -1: ERR_PERM when it is not there any more or has another size, else ERR_TEMP.
 */
int bought_take(const struct engine *en, const char *name, int64_t bytes, const char *to, struct err *e);

/*
 * Upkeep: deletes what purchases.h says is to be removed, and of what is older than a day the parts and the
 * files whose purchase is of no use. It looks at some files of one of the 256 folders a call.
 */
void bought_sweep(struct engine *en);

#endif
