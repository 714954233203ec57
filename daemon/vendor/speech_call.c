/*
 * One paid request for speech. Its sound comes with the answer and never again, so once it is here the only
 * way is forward: what fails on this disk is tried again until it is sealed. It belongs to its order and
 * outlives the step.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/engine.h"
#include "daemon/vendor/accounts.h"
#include "daemon/vendor/bought.h"
#include "daemon/vendor/buy.h"
#include "daemon/vendor/speech_priv.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "lib/remote/elevenlabs.h"

#define DISK_RETRY_MS 5000
#define FILE_MODE     0640

struct call {
	struct engine *engine;
	struct order *order;
	struct elevenlabs_call *call;
	struct loop_timer *timer;
	int fd;
	char name[BOUGHT_NAME_SIZE];
	char *note; /* and below: once the sound is here */
	char vendor_id[129];
	int64_t bytes, cost_milli;
	bool complained;
};

static void free_call(struct call *c)
{
	elevenlabs_call_cancel(c->call);
	loop_timer_free(c->timer);
	macros_closep(&c->fd);
	free(c->note);
	free(c);
}

static void cancel(void *call)
{
	free_call(call);
}

/* The note needs disk that was not set aside for it; what the sound did not take is given back first. */
static int write_down(struct call *c, struct err *e)
{
	char beside[BOUGHT_PATH_SIZE];

	if (c->fd >= 0 && ftruncate(c->fd, c->bytes) < 0) /* also says to bought_sweep that we are alive */
		return err_set_errno(e, ERR_TEMP, errno, "cutting %s", c->name);
	bought_beside_path(c->engine, c->name, beside);
	if (fs_write_atomic(beside, c->note, strlen(c->note), FILE_MODE, e) < 0)
		return -1;
	return bought_seal(c->engine, c->name, c->bytes, e);
}

static void seal(void *arg)
{
	struct call *c = arg;
	char result[64];
	struct err e;

	if (write_down(c, &e) < 0) {
		if (!c->complained)
			log_error("bought speech not sealed yet", log_text("file", c->name),
				log_text("error", e.text));
		c->complained = true;
		loop_timer_arm(c->timer, DISK_RETRY_MS);
		return;
	}
	(void)snprintf(result, sizeof(result), "{\"bytes\":%" PRId64 "}", c->bytes);
	order_kept(c->order, c->vendor_id, c->name, c->bytes, c->cost_milli, result);
	free_call(c);
}

static void spoken(const struct speech *sp, const struct verdict *v, void *arg)
{
	struct call *c = arg;

	c->call = NULL;
	if (v) {
		bought_discard(c->engine, c->name);
		order_denied(c->order, v);
		free_call(c);
		return;
	}
	accounts_learned(c->engine, PLACE_SPEECH, sp->concurrency);
	c->note = speech_note_text(sp);
	c->bytes = sp->bytes;
	c->cost_milli = sp->cost_milli;
	/* the ledger wants a name for what is known */
	(void)snprintf(
		c->vendor_id, sizeof(c->vendor_id), "%s", *sp->request_id ? sp->request_id : "unnamed");
	seal(c);
}

void speech_call(struct engine *en, struct order *o, const struct speech_order *q, const char *name, int fd,
	int64_t max_bytes)
{
	struct call *c = xcalloc(1, sizeof(*c));
	struct err e;

	*c = (struct call){.engine = en, .order = o, .fd = fd};
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	if (loop_timer_new(en->loop, seal, c, &c->timer, &e) == 0 &&
		elevenlabs_speak(en->elevenlabs, q, fd, max_bytes, spoken, c, &c->call, &e) == 0) {
		order_set_call(o, cancel, c);
		return;
	}
	bought_discard(en, name);
	order_not_sent(o, &e);
	free_call(c);
}
