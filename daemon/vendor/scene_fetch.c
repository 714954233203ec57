/*
 * Brings a finished task's clip here: streamed to bought_dir, looked at, sealed, and only then kept in the
 * ledger. The clip is paid for, so whatever fails is tried again from the task, which signs a new address
 * each time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/engine.h"
#include "daemon/run.h"
#include "daemon/sniff.h"
#include "daemon/vendor/keeper.h"
#include "daemon/vendor/scene_priv.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/io/json.h"
#include "lib/remote/verdict.h"
#include "lib/video/settings.h"

#define FETCH_TIMEOUT_MS  (15 * 60 * 1000)
#define FETCH_REDIRECTS   3
#define REFRESHES_MAX     3
#define SPOILT_MAX        3
#define SPOILT_WAIT_POLLS 10 /* before the next download of what was not believed, doubled each time */
#define DATABASE_RETRY_MS 1000
#define RESULT_MAX_BYTES  1000

/* Keeping */

static char *result_text(const struct media *m)
{
	AUTO(json) root = json_new_object();
	AUTO_BUF out = BUF_INIT(RESULT_MAX_BYTES);

	json_put_int(root, "width", m->width);
	json_put_int(root, "height", m->height);
	json_put_int(root, "durationMs", m->duration_ms);
	json_put_int(root, "frames", m->frames);
	json_put_bool(root, "hasAudio", m->has_audio);
	json_put_int(root, "colours", m->colours);
	json_write(root, &out);
	return buf_steal(&out);
}

static void write_kept(struct scene_work *w)
{
	const struct run *r = w->s->run;
	struct err e;
	int n = purchases_kept(r->engine->db, &r->job, &w->p, &e);

	if (n == 1) {
		keeper_soon(scene_engine(w)->keeper);
		scene_take(w);
	} else if (n == 0)
		scene_lease_lost(
			w); /* the file stays: an earlier try may have been written; else it is swept */
	else if (e.kind == ERR_TEMP || e.kind == ERR_UNCERTAIN)
		scene_later(w, write_kept, DATABASE_RETRY_MS);
	else
		scene_end(w, &e);
}

static void keep(struct scene_work *w, const struct media *m)
{
	struct err e;

	if (bought_seal(scene_engine(w), w->name, w->bytes, &e) < 0) {
		scene_end(w, &e);
		return;
	}
	w->sealed = true;
	w->p.state = PURCHASE_KEPT;
	memcpy(w->p.artefact, w->name, sizeof(w->p.artefact));
	w->p.bytes = w->bytes;
	free(w->p.result);
	w->p.result = result_text(m);
	write_kept(w);
}

/* Looking */

/* A whole file, and not what was asked for. The same a few times: that is what was bought, and a person may
 * buy it again. */
static void spoilt(struct scene_work *w, struct err *e)
{
	struct verdict v = {.err = *e,
		.told = "What the video service made for the scene cannot be used, and was charged. A retry "
			"requests it once more."};
	int64_t cost_milli = w->p.cost_milli < 0 ? w->p.estimate_milli : w->p.cost_milli;
	unsigned doubled = w->spoilt++;

	if (w->spoilt < SPOILT_MAX) {
		outcome_log_step(LOG_LEVEL_WARNING, "a clip is not believed", w->s, e->text);
		scene_later(w, scene_ask,
			(scene_engine(w)->settings->runway_poll_ms * SPOILT_WAIT_POLLS) << doubled);
		return;
	}
	v.err.kind = ERR_PERM;
	if (scene_lost(w, PURCHASE_FAILED, cost_milli, e->text))
		scene_refused(w, &v);
}

static void looked(struct step *s, const struct media *m, const struct err *failure)
{
	struct scene_work *w = (struct scene_work *)(void *)s->work;
	struct err e;

	if (failure)
		e = *failure;
	else if (film_clip_check(m, w->s->run->video.scenes[w->s->item].duration_ms, &e) == 0) {
		keep(w, m);
		return;
	}
	if (e.kind == ERR_PERM)
		spoilt(w, &e);
	else
		scene_end(w, &e);
}

/* On its way, or at the vendor's: then it comes in the same length again. */
static void cut_off(struct scene_work *w)
{
	struct err e;

	if (w->bytes == w->cut_bytes) {
		(void)err_set(&e, ERR_PERM, "the clip ends before its boxes do");
		spoilt(w, &e);
	} else if (w->refreshes++ < REFRESHES_MAX) {
		w->cut_bytes = w->bytes;
		scene_later(w, scene_ask, scene_engine(w)->settings->runway_poll_ms);
	} else {
		(void)err_set(&e, ERR_TEMP, "the clip was cut off");
		scene_end(w, &e);
	}
}

static void look(struct scene_work *w)
{
	char path[BOUGHT_PATH_SIZE];
	struct err e;

	bought_part_path(scene_engine(w), w->name, path);
	if (!sniff_mp4_whole(path))
		cut_off(w);
	else if (step_probe(w->s, FENCE_CLIP, path, looked, &e) < 0)
		scene_end(w, &e);
}

/* Fetching */

static bool is_expired(int status)
{
	return status == 401 || status == 403 || status == 404 || status == 410;
}

static bool is_clip_type(const char *type)
{
	static const char *const types[] = {"video/", "application/octet-stream", "binary/octet-stream"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strncasecmp(type, types[i], strlen(types[i])) == 0)
			return true;
	return false;
}

static int judge(const struct http_result *r, struct err *e)
{
	if (r->status < 200 || r->status >= 300)
		return err_set_http(e, ERR_TEMP, r->status, "fetching the clip: status %d", r->status);
	if (!is_clip_type(r->content_type))
		return err_set(e, ERR_PERM, "fetching the clip: it is of type \"%.60s\"", r->content_type);
	return 0;
}

static void fetched(const struct http_result *r, const struct err *failure, void *arg)
{
	struct scene_work *w = arg;
	struct err e;
	int fd = steal_fd(&w->s->fd);
	bool written = close(fd) == 0;

	w->s->call = NULL;
	if (failure) {
		e = *failure;
		(void)err_prefix(&e, "fetching the clip: ");
	} else if (!written) {
		(void)err_set_errno(&e, ERR_TEMP, errno, "writing the clip");
	} else if (is_expired(r->status) && w->refreshes++ < REFRESHES_MAX) {
		scene_later(w, scene_ask, scene_engine(w)->settings->runway_poll_ms);
		return;
	} else if (judge(r, &e) == 0) {
		w->bytes = (int64_t)r->body_len;
		look(w);
		return;
	} else if (e.kind == ERR_PERM) {
		spoilt(w, &e);
		return;
	}
	scene_end(w, &e);
}

/* Only where the vendor itself is on this host, as in a test, may its clips be. */
static bool vendor_is_here(const struct settings *s)
{
	return strncmp(s->runway_url, "http://", strlen("http://")) == 0;
}

void scene_fetch(struct scene_work *w, const char *url)
{
	struct step *s = w->s;
	struct engine *en = s->run->engine;
	struct http_request q = {
		.method = "GET",
		.url = url,
		.timeout_ms = FETCH_TIMEOUT_MS,
		.max_bytes = (size_t)en->settings->runway_clip_mb << 20,
		.max_redirects = FETCH_REDIRECTS,
		.https_only = !vendor_is_here(en->settings),
		.public_only = !vendor_is_here(en->settings),
	};
	struct err e;

	bought_name(&w->p, s->run->job.token, "mp4", w->name);
	s->fd = bought_open(en, w->name, 0, &e);
	if (s->fd >= 0) {
		q.body_fd = s->fd;
		if (http_start(en->http, &q, fetched, w, &s->call, &e) == 0)
			return;
		(void)close(steal_fd(&s->fd));
	}
	scene_end(w, &e);
}
