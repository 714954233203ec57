/*
 * A script spoken by ElevenLabs: in pieces where the model takes no more at once, one after the other, each
 * told what comes before and after it; then joined. Each piece is a purchase of its own, so a script of which
 * only the end has changed buys only its end.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/engine.h"
#include "daemon/film/speech.h"
#include "daemon/provider.h"
#include "daemon/run.h"
#include "daemon/vendor/bought.h"
#include "daemon/vendor/bring.h"
#include "daemon/vendor/buy.h"
#include "daemon/vendor/script_pieces.h"
#include "daemon/vendor/speech_priv.h"
#include "daemon/vendor/speech_wish.h"
#include "daemon/voice_file.h"
#include "lib/base/args.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/remote/elevenlabs.h"
#include "lib/remote/verdict.h"
#include "lib/video/settings.h"

#define VENDOR        "elevenlabs"
#define LOOKS_MAX     4
#define CHARS_PER_SEC 4 /* spoken slowly: for how long a sound may be, which decides the disk set aside */
#define SPARE_BYTES   (1024 * 1024)
#define MOST_TIMES    4 /* the disk set aside, and more is no speech of this text */

struct voice_work {
	struct work base; /* first */
	struct step *s;
	char *script; /* all that is spoken: video_script */
	struct script_piece *pieces;
	size_t count, at;
	struct speech_wish wish; /* of the piece that is at work */
	struct purchase p;
	struct order *order;
	struct bringing *bringing; /* under way, NULL none */
	struct uuid brought;       /* the purchase that was looked for in the storage */
	unsigned looks;            /* of this piece */
	bool own_only;
};

static void next_piece(struct voice_work *w);
static void look(struct voice_work *w);
static void take(struct voice_work *w);

/* Ending */

static void free_work(struct voice_work *w)
{
	order_abandon(w->order);
	bring_cancel(w->bringing);
	speech_wish_done(&w->wish);
	purchase_done(&w->p);
	free(w->script);
	free(w->pieces);
	free(w);
}

static void stop(struct work *base)
{
	free_work((struct voice_work *)(void *)base);
}

static void end(struct voice_work *w, const struct err *failure)
{
	struct step *s = w->s;

	s->work = NULL;
	free_work(w);
	step_ended(s, failure);
}

static void refused(struct voice_work *w, const struct verdict *v)
{
	struct step *s = w->s;
	int64_t need_milli = w->wish.estimate_milli;
	struct verdict copy = *v;

	s->work = NULL;
	free_work(w);
	step_refused(s, &copy, VENDOR, need_milli);
}

static void database_failed(struct voice_work *w, struct err *e)
{
	if (e->kind == ERR_UNCERTAIN) /* of a write of ours, which is repeated */
		e->kind = ERR_TEMP;
	end(w, e);
}

static void lease_lost(struct voice_work *w)
{
	struct err e;

	(void)err_set(&e, ERR_CANCELED, "the lease was lost");
	end(w, &e);
}

/* Taking a piece that is there */

/* Bought, and not on this disk any more: the vendor has it no more than we have. */
static void artefact_gone(struct voice_work *w, const struct err *why)
{
	const struct run *r = w->s->run;
	struct err e;
	int n = 1;

	outcome_log_step(LOG_LEVEL_ERROR, "bought speech is gone", w->s, why->text);
	if (uuid_equal(&w->p.video_id, &r->job.video_id)) {
		w->p.state = PURCHASE_FAILED;
		free(w->p.detail);
		w->p.detail = xstrdup(why->text);
		n = purchases_lost(r->engine->db, &r->job, &w->p, &e);
	}
	w->own_only = true;
	if (n == 1)
		look(w);
	else if (n == 0)
		lease_lost(w);
	else
		database_failed(w, &e);
}

/* Until the host that bought it has put it there, too. */
static void wait_for_storage(struct voice_work *w, const struct err *failure)
{
	struct err e = *failure;

	e.kind = ERR_TEMP;
	w->s->outage = true;
	end(w, &e);
}

static void brought(struct step *s, const struct err *failure, void *arg)
{
	struct voice_work *w = arg;

	w->bringing = NULL;
	if (!failure)
		take(w);
	else if (failure->kind == ERR_PERM && !bring_awaited(s->run->engine, &w->p))
		artefact_gone(w, failure);
	else
		wait_for_storage(w, failure);
}

/* Not here: the storage may have it. */
static void look_further(struct voice_work *w, const struct err *e)
{
	if (!bring_possible(w->s->run->engine) || uuid_equal(&w->brought, &w->p.id)) {
		artefact_gone(w, e);
		return;
	}
	w->brought = w->p.id;
	w->bringing = bring_begin(w->s, &w->p, brought, w);
}

static int take_files(struct voice_work *w, struct err *e)
{
	const struct run *r = w->s->run;
	char name[32];
	AUTO_FREE char *to = NULL;

	film_speech_name(w->at, FILM_SPEECH_EXTENSION, name);
	to = xasprintf("%s/%s", r->folder, name);
	if (speech_note_take(w->s, w->p.artefact, w->at, e) < 0) {
		e->kind = ERR_TEMP;
		return -1;
	}
	return bought_take(r->engine, w->p.artefact, w->p.bytes, to, e);
}

static void take(struct voice_work *w)
{
	const struct run *r = w->s->run;
	bool gone = false;
	struct err e;
	int used;

	if (take_files(w, &e) < 0) {
		w->s->paid = true;
		if (e.kind == ERR_PERM)
			look_further(w, &e);
		else
			end(w, &e);
		return;
	}
	used = purchases_use(
		r->engine->db, &r->job, step_kinds[w->s->id].name, (int64_t)w->at, &w->p.id, &gone, &e);
	if (used < 0) {
		database_failed(w, &e);
	} else if (used == 0) {
		lease_lost(w);
	} else if (gone) {
		look(w);
	} else {
		w->at++;
		w->looks = 0;
		next_piece(w);
	}
}

/* Buying a piece */

static struct wish wish_of(const struct voice_work *w)
{
	return (struct wish){
		.vendor = VENDOR,
		.item = (int64_t)w->at,
		.request_hash = w->wish.request_hash,
		.hash = w->wish.hash,
		.request = w->wish.request,
		.estimate_milli = w->wish.estimate_milli,
		.answer_ms = ELEVENLABS_SPEAK_MS,
		.own_only = w->own_only,
		.recover = speech_note_recover,
	};
}

static void answered(struct step *s, const struct purchase *p, const struct verdict *v, void *arg)
{
	struct voice_work *w = arg;

	(void)s;
	w->order = NULL;
	if (!v) {
		purchase_done(&w->p);
		w->p = *p;
		w->p.request = w->p.result = w->p.detail = NULL; /* the order's */
		take(w);
	} else if (v->err.kind == ERR_UNCERTAIN) {
		look(w); /* the setting unknown_charge decides */
	} else {
		refused(w, v);
	}
}

static int64_t disk_for(const struct voice_work *w)
{
	int64_t per_sec = film_speech_bytes_per_sec(w->wish.order.format);

	return w->wish.characters * per_sec / CHARS_PER_SEC + SPARE_BYTES;
}

static void buy(struct voice_work *w)
{
	struct run *r = w->s->run;
	struct wish wish = wish_of(w);
	struct purchase named = {.id = uuid_new()};
	char name[BOUGHT_NAME_SIZE];
	AUTO_CLOSE int fd = -1;
	struct err e;

	wish.id = named.id;
	w->s->paid = false;
	bought_name(&named, r->job.token, FILM_SPEECH_EXTENSION, name);
	fd = bought_open(r->engine, name, disk_for(w), &e);
	if (fd < 0) {
		w->s->outage = true; /* of our own disk */
		end(w, &e);
		return;
	}
	if (buy_intend(w->s, &wish, &w->order, &e) < 0) {
		bought_discard(r->engine, name);
		end(w, &e);
		return;
	}
	order_on_done(w->order, answered, w);
	w->wish.order.send_by_ms = run_lease_end_ms(r);
	speech_call(r->engine, w->order, &w->wish.order, name, steal_fd(&fd), disk_for(w) * MOST_TIMES);
}

/* Speech has no task to be asked for: what is known and not kept can only be unknown. */
static void never_asked(struct voice_work *w)
{
	struct verdict v = {.told = NULL};

	(void)err_set(&v.err, ERR_UNCERTAIN, "the answer to an earlier request is not here");
	refused(w, &v);
}

static void look(struct voice_work *w)
{
	struct wish wish = wish_of(w);
	struct verdict v = {.told = NULL};
	enum buy_next next;

	purchase_done(&w->p);
	if (++w->looks > LOOKS_MAX) {
		(void)err_set(&v.err, ERR_TEMP, "what was bought changes too fast");
		end(w, &v.err);
		return;
	}
	if (buy_look(w->s, &wish, &next, &w->p, &w->order, &v.err) < 0) {
		if (v.err.kind == ERR_UNCERTAIN)
			refused(w, &v);
		else
			end(w, &v.err);
		return;
	}
	switch (next) {
	case BUY_TAKE:
		take(w);
		break;
	case BUY_ASK:
		never_asked(w);
		break;
	case BUY_WAIT:
		order_on_done(w->order, answered, w);
		break;
	case BUY_SEND:
		buy(w);
		break;
	}
}

/* Joining */

static void join(struct voice_work *w)
{
	struct step *s = w->s;
	AUTO_ARGS a = {0};
	struct err e;

	film_speech_join_args(&s->run->tools, w->count, s->part, &a);
	s->paid = true;
	s->work = NULL;
	free_work(w);
	if (voice_file_make(s, &a, &e) < 0)
		step_ended(s, &e);
}

static void next_piece(struct voice_work *w)
{
	const struct run *r = w->s->run;

	if (w->at == w->count) {
		join(w);
		return;
	}
	step_progress(w->s, (unsigned)(w->at * 1000 / w->count));
	speech_wish_done(&w->wish);
	speech_wish_make(w->script, w->pieces, w->count, w->at, r->video.voice_id, r->voice_id,
		r->engine->settings, &w->wish);
	look(w);
}

static int begin_voice(struct step *s, struct err *e)
{
	const struct run *r = s->run;
	struct voice_work *w = xcalloc(1, sizeof(*w));

	w->base.stop = stop;
	w->s = s;
	w->script = video_script(&r->video);
	w->count = script_pieces(w->script, (size_t)r->speech_max, &w->pieces);
	if (w->count == 0 || w->count > FILM_SPEECH_PIECES) {
		(void)err_set(e, ERR_PERM, "the script is spoken in %zu pieces; 1 to %d are allowed",
			w->count, FILM_SPEECH_PIECES);
		free_work(w);
		return -1;
	}
	s->work = &w->base;
	next_piece(w);
	return 0;
}

const struct provider provider_elevenlabs = {
	.name = VENDOR,
	.is_vendor = true,
	.voice_place = PLACE_SPEECH,
	.begin_voice = begin_voice,
	.has_spoken = speech_is_here,
	.check_voice = speech_note_join,
};
