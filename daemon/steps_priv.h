#ifndef VIDEOD_DAEMON_STEPS_PRIV_H
#define VIDEOD_DAEMON_STEPS_PRIV_H

/* What the table in kinds.c is made of: one file per kind of work. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/fetch.h"
#include "daemon/run.h"

struct film_layers;
struct err;
struct media;

/* step_check.c */
int check_begin(struct step *s, struct err *e);

/* step_picture.c */
int picture_begin(struct step *s, struct err *e);
int picture_check(struct step *s, const struct media *m, struct err *e);
int picture_refuse(const struct step *s, struct err *e); /* it is no picture of ours; -1 */

/* step_file.c */
bool file_wanted(const struct run *r, size_t item);
int file_begin(struct step *s, struct err *e);
int file_check(struct step *s, const struct media *m, struct err *e);
int file_refuse(const struct step *s, struct err *e); /* it is not what it should be; -1 */

/* step_voice_local.c */
int local_voice_begin(struct step *s, struct err *e);
int local_voice_check(struct step *s, const struct media *voice, struct err *e);

/* step_lettering.c */
int lettering_begin(struct step *s, struct err *e);
bool lettering_whole(const struct step *s);
/* What was drawn for a piece, but for its caption_list; the caller ends it with lettering_done. *ret_missing:
 * characters no font has. */
void caption_list_name(size_t piece, char out[static STEP_FILE_SIZE]); /* film_caption_list's file */
int layers_load(
	const struct run *r, size_t piece, struct film_layers *ret, int64_t *ret_missing, struct err *e);

/* step_compose.c */
int encode_begin(struct step *s, struct err *e);
int transition_begin(struct step *s, struct err *e);
int assemble_begin(struct step *s, struct err *e);
int clip_check(struct step *s, const struct media *m, struct err *e);
int piece_check(struct step *s, const struct media *m, struct err *e);
int voice_check(struct step *s, const struct media *m, struct err *e);
bool voice_whole(const struct step *s);
int sound_check(struct step *s, const struct media *m, struct err *e);
int film_check(struct step *s, const struct media *m, struct err *e);

/* step_sound.c, step_still.c, step_inspect.c */
int sound_begin(struct step *s, struct err *e);
int still_begin(struct step *s, struct err *e);
int still_check(struct step *s, const struct media *m, struct err *e);
bool still_whole(const struct step *s);
int inspect_begin(struct step *s, struct err *e);

/* step_upload.c */
bool upload_wanted(const struct run *r, size_t item);
bool upload_ready(const struct run *r, size_t item);
int64_t upload_weight(const struct run *r, size_t item);
int upload_begin(struct step *s, struct err *e);
/* "video-0.mp4": its name in the work folder, by whatever makes it. */
void upload_file_name(size_t rendition, enum upload_kind kind, char out[static STEP_FILE_SIZE]);
/* Whether what a done one has put, if anything, is in the storage that is used now. */
bool upload_is_here(const struct step *s);
/* Where it was put; NULL: there is none. Caller frees. */
char *upload_key(const struct run *r, size_t rendition, enum upload_kind kind);

/* step_publish.c */
int publish_begin(struct step *s, struct err *e);

#endif
