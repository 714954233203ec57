#ifndef VIDEOD_VIDEO_RULES_H
#define VIDEOD_VIDEO_RULES_H

/* What must hold between the fields of a request that are each good by themselves. Pure. */

#include <stdbool.h>

struct problems;
struct video;

/* Of a whole video: whether there is no problem. */
bool rules_check(const struct video *v, struct problems *p);
/* That a file's address, NULL for none, is no upload of another store. */
void rules_check_source(const char *url, const char *store_id, const char *path, struct problems *p);

#endif
