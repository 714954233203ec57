#ifndef VIDEOD_BASE_WALK_H
#define VIDEOD_BASE_WALK_H

/*
 * Goes over a tree of files step by step, in the byte order of their paths, so that whoever goes on later can
 * say where. Links are files, and never followed. What comes or goes meanwhile may be met or not.
 */

#include "lib/base/macros.h"

struct err;
struct walk;

/*
 * Of what is below root/start; start is "" or ends with '/', and may not be there. after: only paths behind
 * it, NULL all. The texts are copied.
 */
struct walk *walk_new(const char *root, const char *start, const char *after);
void walk_free(struct walk *w);
DEFINE_FREEP(walk)

enum walk_event {
	WALK_FILE, /* all that is no folder */
	WALK_LEFT, /* a folder, all of which was met; the start too */
	WALK_END,
};
/* The next one. *ret_path: below root, a folder's with '/' at its end, valid until the next call. 0, -1 as
 * fs.h has it. */
int walk_next(struct walk *w, enum walk_event *ret_event, const char **ret_path, struct err *e);

#endif
