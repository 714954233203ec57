/*
 * The questions of a look. Runway has one; ElevenLabs has the account, the models and every page of voices,
 * and its lists are written when the last page is here, so that half a list never replaces a whole one.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/vendor/accounts.h"
#include "daemon/vendor/accounts_priv.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/remote/elevenlabs.h"
#include "lib/remote/runway.h"
#include "lib/video/settings.h"

#define FORBIDDEN 403
#define PAGES_MAX 400 /* more voices than any account may have; a vendor that repeats itself ends here */

/* What could not even be asked. */
static void not_asked(struct inquiry *l, const struct err *e)
{
	look_failed(l, "unreachable", e->text);
}

/* Runway */

static bool uses_runway(const struct engine *en)
{
	return en->runway != NULL;
}

static void on_runway_account(const struct runway_account *a, const struct verdict *v, void *arg)
{
	struct inquiry *l = arg;

	l->call = NULL;
	if (v) {
		look_refused(l, v);
		return;
	}
	l->balance_milli = a->balance_milli;
	l->at_daily_limit = a->daily_limit >= 0 && a->daily_used >= a->daily_limit;
	accounts_learned(l->engine, PLACE_RUNWAY, a->concurrency);
	look_answered(l);
}

static void ask_runway(struct inquiry *l)
{
	struct runway_call *call = NULL;
	struct err e;

	if (runway_account(l->engine->runway, l->engine->settings->runway_model, on_runway_account, l, &call,
		    &e) < 0)
		not_asked(l, &e);
	else
		l->call = call;
}

static void cancel_runway(void *call)
{
	runway_call_cancel(call);
}

/* ElevenLabs */

static bool uses_elevenlabs(const struct engine *en)
{
	return en->elevenlabs != NULL;
}

static void keep_page(struct inquiry *l, const struct elevenlabs_voices *p)
{
	l->voices = xreallocarray(l->voices, l->voice_count + p->count + 1, sizeof(*l->voices));
	for (size_t i = 0; i < p->count; i++)
		l->voices[l->voice_count++] = (struct vendor_voice){
			.id = xstrdup(p->list[i].id),
			.name = xstrdup(p->list[i].name),
			.category = xstrdup(p->list[i].category),
			.gender = xstrdup(p->list[i].gender),
			.preview_url = xstrdup(p->list[i].preview_url),
		};
}

static void on_voices(const struct elevenlabs_voices *p, const struct verdict *v, void *arg);

static void ask_voices(struct inquiry *l, const char *page)
{
	struct elevenlabs_call *call = NULL;
	struct err e;

	if (elevenlabs_voices(l->engine->elevenlabs, page, on_voices, l, &call, &e) < 0)
		not_asked(l, &e);
	else
		l->call = call;
}

static void on_voices(const struct elevenlabs_voices *p, const struct verdict *v, void *arg)
{
	struct inquiry *l = arg;
	struct err e;

	l->call = NULL;
	if (v) {
		look_refused(l, v);
		return;
	}
	keep_page(l, p);
	if (p->next_page_token && ++l->pages < PAGES_MAX)
		ask_voices(l, p->next_page_token);
	else if (vendor_voices_write(l->engine->db, l->voices, l->voice_count, &e) < 0)
		not_asked(l, &e);
	else
		look_answered(l);
}

static int write_models(struct inquiry *l, const struct elevenlabs_model *list, size_t count, struct err *e)
{
	AUTO_FREE struct speech_model *models = xcalloc(count + 1, sizeof(*models));
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		struct speech_model *m = &models[n];

		if (strlen(list[i].id) >= sizeof(m->id) || strlen(list[i].name) >= sizeof(m->name))
			continue; /* a cut id is another model's */
		memcpy(m->id, list[i].id, strlen(list[i].id));
		memcpy(m->name, list[i].name, strlen(list[i].name));
		m->max_characters = list[i].max_characters;
		m->cost_permille = list[i].cost_permille;
		n++;
	}
	return speech_models_write(l->engine->db, models, n, e);
}

static void on_models(const struct elevenlabs_model *list, size_t count, const struct verdict *v, void *arg)
{
	struct inquiry *l = arg;
	struct err e;

	l->call = NULL;
	if (v)
		look_refused(l, v);
	else if (write_models(l, list, count, &e) < 0)
		not_asked(l, &e);
	else
		ask_voices(l, NULL);
}

static void ask_models(struct inquiry *l)
{
	struct elevenlabs_call *call = NULL;
	struct err e;

	if (elevenlabs_models(l->engine->elevenlabs, on_models, l, &call, &e) < 0)
		not_asked(l, &e);
	else
		l->call = call;
}

static void on_elevenlabs_account(const struct elevenlabs_account *a, const struct verdict *v, void *arg)
{
	struct inquiry *l = arg;

	l->call = NULL;
	if (v && v->err.kind != ERR_PERM && v->err.http_status != FORBIDDEN) {
		look_refused(l, v);
		return;
	}
	if (v) /* a key that may speak need not be one that may read the account */
		l->detail = xstrdup(v->err.text);
	else
		l->balance_milli = a->left_milli;
	ask_models(l);
}

static void ask_elevenlabs(struct inquiry *l)
{
	struct elevenlabs_call *call = NULL;
	struct err e;

	if (elevenlabs_account(l->engine->elevenlabs, on_elevenlabs_account, l, &call, &e) < 0)
		not_asked(l, &e);
	else
		l->call = call;
}

static void cancel_elevenlabs(void *call)
{
	elevenlabs_call_cancel(call);
}

const struct asker accounts_askers[ASKERS] = {
	{"runway", PLACE_RUNWAY, uses_runway, ask_runway, cancel_runway},
	{"elevenlabs", PLACE_SPEECH, uses_elevenlabs, ask_elevenlabs, cancel_elevenlabs},
};

void look_forget(struct inquiry *l)
{
	for (size_t i = 0; i < l->voice_count; i++)
		vendor_voice_done(&l->voices[i]);
	free(steal_ptr(l->voices));
	free(steal_ptr(l->detail));
	l->voice_count = 0;
	l->pages = 0;
	l->balance_milli = -1;
	l->at_daily_limit = false;
}
