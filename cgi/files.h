#ifndef VIDEOD_CGI_FILES_H
#define VIDEOD_CGI_FILES_H

/*
 * Uploads that a request names: they must be there, and stay for a while from now on, so that what is then
 * made of the request can rely on them. Whose they are was checked before. 1 go on, 0 *r holds the answer,
 * -1 failed.
 */

#include "cgi/handler.h"

struct reply;

/* One address, at path in the request; NULL, or elsewhere: there is nothing to do. */
int files_use(struct app *a, const char *url, const char *path, struct reply *r, struct err *e);
/* All that a video names. */
int files_use_video(struct app *a, const struct video *v, struct reply *r, struct err *e);

#endif
