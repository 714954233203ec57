#ifndef VIDEOD_DAEMON_STEPS_PRIV_H
#define VIDEOD_DAEMON_STEPS_PRIV_H

/* What the table in kinds.c is made of: one file per kind of work. */

struct err;
struct media;
struct run;
struct step;

/* As http_status of an ERR_PERM of picture and check: the text is about what the client asked for, and is for
 * it. */
#define CLIENTS_FAULT 422

/* step_check.c */
int check_begin(struct step *s, struct err *e);

/* step_picture.c */
int picture_begin(struct step *s, struct err *e);
int picture_check(struct step *s, const struct media *m, struct err *e);
int picture_refuse(const struct step *s, struct err *e); /* it is no picture of ours; -1 */

/* step_compose.c */
int encode_begin(struct step *s, struct err *e);
int sound_begin(struct step *s, struct err *e);
int assemble_begin(struct step *s, struct err *e);
int still_begin(struct step *s, struct err *e);
int clip_check(struct step *s, const struct media *m, struct err *e);
int voice_check(struct step *s, const struct media *m, struct err *e);
int sound_check(struct step *s, const struct media *m, struct err *e);
int film_check(struct step *s, const struct media *m, struct err *e);
int still_check(struct step *s, const struct media *m, struct err *e);

/* step_publish.c */
int publish_begin(struct step *s, struct err *e);
/* What the film before this one was published as, where this one is published otherwise. Best effort. */
void publish_remove_old(struct run *r);

#endif
