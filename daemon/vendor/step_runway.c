/*
 * A scene made by Runway: look what was bought, else bring the picture where Runway can get it, commit the
 * intent, create the task. A picture that is on the public internet is passed on by its address; any other,
 * and one whose address Runway refuses, is uploaded, which costs nothing and comes before the intent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/engine.h"
#include "daemon/run.h"
#include "daemon/sniff.h"
#include "daemon/vendor/bring.h"
#include "daemon/vendor/buy.h"
#include "daemon/vendor/scene_priv.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/io/json.h"
#include "lib/io/loop.h"
#include "lib/io/proc.h"
#include "lib/remote/runway.h"
#include "lib/video/settings.h"

#define VENDOR         "runway"
#define LOOKS_MAX      4
#define BYTES_A_SECOND (4 << 20) /* of a clip: more than the models make; the disk set aside for it */

static void send_order(struct scene_work *w);

/* Beginning and ending */

struct engine *scene_engine(const struct scene_work *w)
{
	return w->s->run->engine;
}

static void remove_part(struct scene_work *w)
{
	char part[BOUGHT_PATH_SIZE];

	if (!w->name[0] || w->sealed)
		return;
	bought_part_path(scene_engine(w), w->name, part);
	(void)unlink(part);
	w->name[0] = '\0';
}

static void free_work(struct scene_work *w)
{
	order_abandon(w->order);
	runway_call_cancel(w->call);
	bring_cancel(w->bringing);
	remove_part(w);
	loop_timer_free(w->timer);
	runway_wish_done(&w->wish);
	purchase_done(&w->p);
	free(w->image);
	free(w);
}

static void stop(struct work *base)
{
	struct scene_work *w = (struct scene_work *)(void *)base;
	struct step *s = w->s;

	s->work = NULL;
	http_cancel(steal_ptr(s->call));
	proc_free(steal_ptr(s->proc));
	free_work(w);
}

void scene_end(struct scene_work *w, const struct err *failure)
{
	struct step *s = w->s;

	s->work = NULL;
	free_work(w);
	step_ended(s, failure);
}

void scene_refused(struct scene_work *w, const struct verdict *v)
{
	struct step *s = w->s;
	int64_t need_milli = w->wish.choice.credits_milli;
	struct verdict copy = *v;

	s->work = NULL;
	free_work(w);
	step_refused(s, &copy, VENDOR, need_milli);
}

void scene_lease_lost(struct scene_work *w)
{
	struct err e;

	(void)err_set(&e, ERR_CANCELED, "the lease was lost");
	scene_end(w, &e);
}

void scene_database_failed(struct scene_work *w, struct err *e)
{
	if (e->kind == ERR_UNCERTAIN) /* of a write of ours, which is repeated */
		e->kind = ERR_TEMP;
	scene_end(w, e);
}

static void on_timer(void *arg)
{
	struct scene_work *w = arg;

	w->due(w);
}

void scene_later(struct scene_work *w, void (*due)(struct scene_work *w), int64_t delay_ms)
{
	w->due = due;
	loop_timer_arm(w->timer, delay_ms);
}

/* Taking what is there */

static void read_media(const struct purchase *p, struct media *m)
{
	AUTO(json) root = NULL;
	struct err ignored;

	*m = (struct media){.has_video = true};
	if (!p->result || json_parse(p->result, strlen(p->result), &root, &ignored) < 0)
		return;
	m->width = (int)json_int(json_get(root, "width"));
	m->height = (int)json_int(json_get(root, "height"));
	m->duration_ms = json_int(json_get(root, "durationMs"));
	m->has_audio = json_bool(json_get(root, "hasAudio"));
	m->colours = (int)json_int(json_get(root, "colours"));
}

static bool is_own(const struct scene_work *w)
{
	return uuid_equal(&w->p.video_id, &w->s->run->job.video_id);
}

/* Bought, and not on this disk any more. Its task may still have it; another video's can only be left. */
static void artefact_gone(struct scene_work *w, const struct err *e)
{
	outcome_log_step(LOG_LEVEL_ERROR, "a bought clip is gone", w->s, e->text);
	if (is_own(w)) {
		scene_poll(w);
		return;
	}
	w->own_only = true;
	scene_look(w);
}

/* Until the host that bought it has put it there, too. */
static void wait_for_storage(struct scene_work *w, const struct err *failure)
{
	struct err e = *failure;

	e.kind = ERR_TEMP;
	w->s->outage = true;
	scene_end(w, &e);
}

/* For its own the vendor can be asked at once. */
static void brought(struct step *s, const struct err *failure, void *arg)
{
	struct scene_work *w = arg;

	w->bringing = NULL;
	if (!failure)
		scene_take(w);
	else if (failure->kind == ERR_PERM && (is_own(w) || !bring_awaited(s->run->engine, &w->p)))
		artefact_gone(w, failure);
	else
		wait_for_storage(w, failure);
}

/* Not here: the storage may have it. */
static void look_further(struct scene_work *w, const struct err *e)
{
	if (!bring_possible(scene_engine(w)) || uuid_equal(&w->brought, &w->p.id)) {
		artefact_gone(w, e);
		return;
	}
	w->brought = w->p.id;
	w->bringing = bring_begin(w->s, &w->p, brought, w);
}

void scene_take(struct scene_work *w)
{
	struct step *s = w->s;
	struct run *r = s->run;
	char file[STEP_FILE_SIZE];
	AUTO_FREE char *to = NULL;
	bool gone = false;
	struct err e;
	int used;

	s->paid = true;
	(void)snprintf(file, sizeof(file), "scene-%03zu.mp4", s->item);
	to = xasprintf("%s/%s", r->folder, file);
	if (bought_take(r->engine, w->p.artefact, w->p.bytes, to, &e) < 0) {
		if (e.kind == ERR_PERM)
			look_further(w, &e);
		else
			scene_end(w, &e);
		return;
	}
	used = purchases_use(
		r->engine->db, &r->job, step_kinds[s->id].name, (int64_t)s->item, &w->p.id, &gone, &e);
	if (used < 0) {
		scene_database_failed(w, &e);
	} else if (used == 0) {
		scene_lease_lost(w);
	} else if (gone) {
		scene_look(w);
	} else {
		(void)snprintf(s->file, sizeof(s->file), "%s", file);
		s->bytes = w->p.bytes;
		read_media(&w->p, &s->media);
		scene_end(w, NULL);
	}
}

/* Looking and buying */

static struct wish wish_of(const struct scene_work *w)
{
	return (struct wish){
		.vendor = VENDOR,
		.item = (int64_t)w->s->item,
		.request_hash = w->wish.request_hash,
		.hash = w->wish.hash,
		.request = w->wish.request,
		.estimate_milli = w->wish.choice.credits_milli,
		.answer_ms = RUNWAY_CREATE_MS,
		.own_only = w->own_only,
	};
}

static void look_failed(struct scene_work *w, const struct err *e)
{
	struct verdict v = {.err = *e};

	if (e->kind == ERR_UNCERTAIN)
		scene_refused(w, &v);
	else
		scene_end(w, e);
}

static bool url_passes(const struct scene_work *w)
{
	return !w->url_refused && runway_takes_url(w->s->run->video.scenes[w->s->item].image_url);
}

static void answered(struct step *s, const struct purchase *p, const struct verdict *v, void *arg)
{
	struct scene_work *w = arg;

	(void)s;
	w->order = NULL;
	free(steal_ptr(w->image)); /* an upload is good for one request */
	if (!v) {
		purchase_done(&w->p);
		w->p = *p;
		w->p.request = w->p.result = w->p.detail = NULL; /* the order's */
		w->p.age_ms = 0;
		scene_poll(w);
	} else if (v->err.kind == ERR_UNCERTAIN) {
		scene_look(w); /* the setting unknown_charge decides */
	} else if (v->image && w->wish.choice.endpoint == ENDPOINT_IMAGE_TO_VIDEO && url_passes(w)) {
		w->url_refused = true;
		send_order(w);
	} else {
		scene_refused(w, v);
	}
}

void scene_look(struct scene_work *w)
{
	struct wish wish = wish_of(w);
	enum buy_next next;
	struct err e;

	purchase_done(&w->p);
	w->p = (struct purchase){0};
	remove_part(w);
	if (++w->looks > LOOKS_MAX) {
		(void)err_set(&e, ERR_TEMP, "what was bought changes too fast");
		scene_end(w, &e);
		return;
	}
	if (buy_look(w->s, &wish, &next, &w->p, &w->order, &e) < 0) {
		look_failed(w, &e);
		return;
	}
	switch (next) {
	case BUY_TAKE:
		scene_take(w);
		break;
	case BUY_ASK:
		scene_poll(w);
		break;
	case BUY_WAIT:
		order_on_done(w->order, answered, w);
		break;
	case BUY_SEND:
		send_order(w);
		break;
	}
}

static void created(const struct runway_created *c, const struct verdict *v, void *arg)
{
	struct order *o = arg;

	if (v)
		order_denied(o, v);
	else
		order_known(o, c->id, c->estimate_milli);
}

static void cancel_call(void *call)
{
	runway_call_cancel(call);
}

static void uploaded(const char *uri, const struct verdict *v, void *arg)
{
	struct scene_work *w = arg;

	w->call = NULL;
	if (v) {
		scene_refused(w, v);
		return;
	}
	w->image = xstrdup(uri);
	send_order(w);
}

static void find_image(struct scene_work *w)
{
	const struct run *r = w->s->run;
	AUTO_FREE char *path = NULL;
	struct err e;

	if (url_passes(w)) {
		w->image = xstrdup(r->video.scenes[w->s->item].image_url);
		send_order(w);
		return;
	}
	path = xasprintf("%s/%s", r->folder, run_step(r, STEP_PICTURE, w->s->item)->file);
	if (runway_upload(r->engine->runway, path, sniff_picture_type(path), uploaded, w, &w->call, &e) < 0)
		scene_end(w, &e);
}

/* Nothing is bought that could not be kept: the part that the clip will be is there before. */
static int set_disk_aside(struct scene_work *w, const struct uuid *id, struct err *e)
{
	const struct engine *en = scene_engine(w);
	const struct purchase named = {.id = *id};
	int64_t bytes = w->wish.choice.seconds * BYTES_A_SECOND, most = en->settings->runway_clip_mb << 20;
	AUTO_CLOSE int fd = -1;

	remove_part(w); /* of an order that was refused */
	w->sealed = false;
	bought_name(&named, w->s->run->job.token, "mp4", w->name);
	fd = bought_open(en, w->name, bytes < most ? bytes : most, e);
	if (fd < 0)
		w->s->outage = true; /* of our own disk */
	return fd < 0 ? -1 : 0;
}

/* The last of what may fail for nothing lies before the intent. */
static void send_order(struct scene_work *w)
{
	const struct scene_choice *c = &w->wish.choice;
	struct wish wish = wish_of(w);
	struct runway_call *call = NULL;
	struct runway_order order = {
		.endpoint = models_endpoint_names[c->endpoint],
		.model = c->model->name,
		.ratio = c->ratio->text,
		.prompt = w->wish.prompt,
		.seconds = c->seconds,
		.seed = w->wish.seed,
		.send_by_ms = run_lease_end_ms(w->s->run),
	};
	struct err e;

	if (c->endpoint == ENDPOINT_IMAGE_TO_VIDEO && !w->image) {
		find_image(w);
		return;
	}
	order.image_uri = w->image;
	wish.id = uuid_new();
	if (set_disk_aside(w, &wish.id, &e) < 0 || buy_intend(w->s, &wish, &w->order, &e) < 0) {
		scene_end(w, &e);
		return;
	}
	order_on_done(w->order, answered, w);
	if (runway_create(scene_engine(w)->runway, &order, created, w->order, &call, &e) < 0)
		order_not_sent(w->order, &e);
	else
		order_set_call(w->order, cancel_call, call);
}

static int make_wish(struct step *s, struct runway_wish *ret, struct err *e)
{
	const struct run *r = s->run;
	const struct step *picture = run_step(r, STEP_PICTURE, s->item);
	AUTO_FREE char *path = picture ? xasprintf("%s/%s", r->folder, picture->file) : NULL;
	uint8_t digest[DIGEST_SHA256_BYTES];
	int64_t seed = (int64_t)(clock_random() & UINT32_MAX);

	if (path && digest_sha256_file(path, digest, e) < 0) {
		e->kind = ERR_TEMP;
		return -1;
	}
	return runway_wish_make(&r->video, s->item, r->engine->settings, path ? digest : NULL, seed, ret, e);
}

static int begin_scene(struct step *s, struct err *e)
{
	struct scene_work *w = xcalloc(1, sizeof(*w));

	w->base.stop = stop;
	w->s = s;
	s->paid = false;
	if (make_wish(s, &w->wish, e) < 0 ||
		loop_timer_new(s->run->engine->loop, on_timer, w, &w->timer, e) < 0) {
		free_work(w);
		return -1;
	}
	s->work = &w->base;
	scene_look(w);
	return 0;
}

const struct provider provider_runway = {
	.name = VENDOR,
	.is_vendor = true,
	.scene_place = PLACE_RUNWAY,
	.begin_scene = begin_scene,
};
