#ifndef VIDEOD_TESTS_UNIT_WIRE_H
#define VIDEOD_TESTS_UNIT_WIRE_H

/* A vendor's client under test: its loop, the vendor's side of it, and what came of its one call at a time.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/remote/verdict.h"

struct wire {
	struct loop *loop;
	struct http *http;
	struct peer *peer;
	unsigned done_calls;
	bool refused; /* v is filled */
	struct verdict v;
};

void wire_open(struct wire *w);
void wire_close(struct wire *w);

/* The call has ended, with this verdict or NULL, which must not show the key. Ends wire_run. */
void wire_note(struct wire *w, const struct verdict *v, const char *key);
/* Until the call has ended. started, e: what starting it gave. */
void wire_run(struct wire *w, int started, const struct err *e);

/* It was refused so, and told to people in some words; part is in the text. */
void wire_expect_verdict(const struct wire *w, const char *title, enum err_kind kind, const char *part);
/* The request of that number begins so, and has each of these headers: NULL at the end. */
void wire_expect_request(const struct wire *w, size_t i, const char *first_line, const char *const *headers);
void expect_has(const char *text, const char *part);

#endif
