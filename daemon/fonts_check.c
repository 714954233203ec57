/* Asks videod-lettering about its fonts: boxes in place of letters are to be seen by the operator, not in
 * films. */
#include "daemon/fonts_check.h"

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "lib/io/proc.h"
#include "lib/video/settings.h"

#define DEADLINE_MS 60000 /* the first time, fontconfig reads every font of the machine */

struct check {
	struct loop *loop;
	struct err *e;
	int r;
};

/* Its lines as one. */
static void describe(const struct proc_result *r, struct err *e)
{
	AUTO_BUF said = BUF_INIT(2 * PROC_STDERR_TAIL);

	for (const char *p = r->err_tail; *p; p++) {
		if (*p != '\n')
			buf_addc(&said, *p);
		else if (p[1] != '\0')
			buf_adds(&said, "; ");
	}
	if (r->timed_out)
		(void)err_set(e, ERR_TEMP, "ran out of time");
	else
		(void)err_set(e, ERR_PERM, "%s", said.len > 0 ? said.data : "ended badly");
}

static void done(const struct proc_result *r, void *arg)
{
	struct check *c = arg;

	c->r = r->ok ? 0 : -1;
	if (!r->ok)
		describe(r, c->e);
	loop_quit(c->loop);
}

int fonts_check(const struct settings *s, struct err *e)
{
	AUTO(loop) loop = NULL;
	AUTO_FREE char *cache = xasprintf("XDG_CACHE_HOME=%s/.cache", s->work_dir);
	const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", cache, NULL};
	const char *const argv[] = {s->lettering, "--fonts", NULL};
	const struct proc_spec spec = {.argv = argv, .env = env, .deadline_ms = DEADLINE_MS};
	struct check c = {.e = e, .r = -1};
	struct proc *proc = NULL;

	if (loop_new(&loop, e) < 0)
		return -1;
	c.loop = loop;
	if (proc_start(loop, &spec, done, &c, &proc, e) < 0 || loop_run(loop, e) < 0 || c.r < 0)
		return err_prefix(e, "fonts: %s: ", s->lettering);
	return 0;
}
