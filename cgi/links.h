#ifndef VIDEOD_CGI_LINKS_H
#define VIDEOD_CGI_LINKS_H

#include <stddef.h>

struct app;
struct err;
struct video;

/*
 * Where clients get signed addresses: has the daemon make new ones for those of the videos whose own end
 * soon, and waits half a second at most, for all together, where there are none that work. 0, with what there
 * is by then in the videos, which may be none; -1.
 */
int links_renew(struct app *a, struct video *videos, size_t count, struct err *e);

#endif
