#ifndef VIDEOD_VIDEO_CHECKS_H
#define VIDEOD_VIDEO_CHECKS_H

/*
 * Comparing what is in the storage with the rows: asked for by an operator, made by a daemon, which alone can
 * reach the storage. And what the rows say, in the order in which a storage lists its keys: an id's text
 * sorts as its bytes.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/macros.h"
#include "lib/io/uuid.h"

struct db;
struct err;

enum check_state { CHECK_WANTED, CHECK_RUNNING, CHECK_DONE, CHECK_FAILED, CHECK_STATE_COUNT };

/* For the operator. */

/* What was not taken within ten minutes is not made any more. */
int checks_ask(struct db *db, bool repair, int64_t *ret_id, struct err *e);
/* *ret_report: JSON of a done one, the reason of a failed one, else NULL; caller frees. 1, 0 there is none,
 * -1. */
int checks_look(struct db *db, int64_t id, int *ret_state, char **ret_report, struct err *e);

/* Where no daemon has taken it. 1, 0 one has, -1. */
int checks_withdraw(struct db *db, int64_t id, struct err *e);

/* For the daemon that makes it. */

/* The oldest that nobody is at. 1, 0, -1. */
int checks_take(struct db *db, int64_t *ret_id, bool *ret_repair, struct err *e);
int checks_alive(struct db *db, int64_t id, struct err *e); /* else another daemon takes it in a minute */
int checks_end(struct db *db, int64_t id, enum check_state state, const char *report, struct err *e);

/* What the rows say of a video. */
struct check_video {
	struct uuid id;
	bool has_ended; /* before the check was asked for, and it is not deleted: its outputs must be there */
	bool is_completed; /* and nothing but them */
	char *outputs;     /* NULL none */
};
void check_video_done(struct check_video *v);
/* 1, 0 there is none, -1. */
int checks_video(struct db *db, int64_t check, const struct uuid *id, struct check_video *ret, struct err *e);
/* The first that has ended and has outputs, after one (all zero: of all) and before another (NULL: to the
 * end). 1, 0, -1. */
int checks_next(struct db *db, int64_t check, const struct uuid *after, const struct uuid *before,
	struct check_video *ret, struct err *e);

/* Whether it is the key of a file of a video. */
bool checks_read_key(const char *key, struct uuid *ret_video_id);
/* Whether it is one of a bought file, or of what is known of one: "bought/ab/<purchase>-<token>.mp4[.json]",
 * where ab begins the purchase's id. */
bool checks_read_bought_key(const char *key);
/* Whether any row names a key, a video's or a bought file's or all of a video's, or might soon. 1, 0, -1. */
int checks_names(struct db *db, const char *key, struct err *e);

#endif
