#ifndef VIDEOD_CGI_LINKS_H
#define VIDEOD_CGI_LINKS_H

#include <stddef.h>

struct app;
struct err;
struct video;

/*
 * Where clients get signed addresses: has the daemon make new ones for those of the videos whose own end
 * soon, and waits a moment for those that have none that work. 0, with what there is by then in the videos;
 * -1: ERR_TEMP where a video still has none.
 */
int links_renew(struct app *a, struct video *videos, size_t count, struct err *e);

#endif
