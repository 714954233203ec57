/* Nothing here knows which vendor it is: the tests say its key, its headers and its calls. */

#include "tests/unit/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/io/loop.h"
#include "tests/unit/peer.h"

void wire_open(struct wire *w)
{
	struct err e;

	*w = (struct wire){.loop = NULL};
	assert_int_equal(loop_new(&w->loop, &e), 0);
	assert_int_equal(http_new(w->loop, &w->http, &e), 0);
	w->peer = peer_new(w->loop);
}

void wire_close(struct wire *w)
{
	http_free(w->http);
	peer_free(w->peer);
	loop_free(w->loop);
}

void wire_note(struct wire *w, const struct verdict *v, const char *key)
{
	w->done_calls++;
	w->refused = v != NULL;
	if (v != NULL) {
		w->v = *v;
		assert_null(strstr(v->err.text, key));
	}
	loop_quit(w->loop);
}

void wire_run(struct wire *w, int started, const struct err *e)
{
	unsigned before = w->done_calls;
	struct err failure;

	if (started != 0)
		fail_msg("%s", e->text);
	assert_int_equal(loop_run(w->loop, &failure), 0);
	assert_int_equal(w->done_calls, before + 1);
}

void wire_expect_verdict(const struct wire *w, const char *title, enum err_kind kind, const char *part)
{
	if (!w->refused || w->v.err.kind != kind || strstr(w->v.err.text, part) == NULL)
		fail_msg("%s: %s: %s", title, w->refused ? err_kind_names[w->v.err.kind] : "accepted",
			w->refused ? w->v.err.text : "");
	assert_non_null(w->v.told);
}

void wire_expect_request(const struct wire *w, size_t i, const char *first_line, const char *const *headers)
{
	const char *request = peer_request(w->peer, i);

	if (strncmp(request, first_line, strlen(first_line)) != 0)
		fail_msg("%s", request);
	for (; *headers != NULL; headers++) {
		AUTO_FREE char *line = xasprintf("\r\n%s\r\n", *headers);

		expect_has(request, line);
	}
}

void expect_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no \"%s\" in: %s", part, text);
}
