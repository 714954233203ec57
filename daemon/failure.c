/*
 * A failure's kind was set where the fact was known. What follows from it is the first table here; the others
 * are what clients read: our own words, or what was found about what they asked for, never a vendor's.
 */
#include "daemon/failure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/provider.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"

#define PATIENCE   6 /* times attempts: more than an hour, at the usual waits */
#define WORDS_SIZE 64

static enum failure_means again(const struct failure *f, int64_t attempts)
{
	bool is_patient = f->paid || f->outage;

	return f->attempt + 1 < attempts * (is_patient ? PATIENCE : 1) ? MEANS_RETRY : MEANS_FAIL;
}

/* What is bought is there to be had: only the vendor's word ends it, no download and no disk of ours. */
static enum failure_means never(const struct failure *f, int64_t attempts)
{
	return f->paid && !f->refused ? again(f, attempts) : MEANS_FAIL;
}

/* Only a step that spends can have spent; from another one it is a mistake, and no reason to ask about money.
 */
static enum failure_means unknown(const struct failure *f, int64_t attempts)
{
	(void)attempts;
	return f->buys ? MEANS_PAUSE : MEANS_FAIL;
}

static enum failure_means blocked(const struct failure *f, int64_t attempts)
{
	(void)attempts;
	return f->pause != PAUSE_NONE ? MEANS_PAUSE : MEANS_FAIL;
}

static enum failure_means gone(const struct failure *f, int64_t attempts)
{
	(void)f;
	(void)attempts;
	return MEANS_DROP;
}

static enum failure_means (*const by_kind[])(const struct failure *f, int64_t attempts) = {
	[ERR_TEMP] = again,
	[ERR_PERM] = never,
	[ERR_UNCERTAIN] = unknown,
	[ERR_CANCELED] = gone,
	[ERR_BLOCKED] = blocked,
};
_Static_assert(ARRAY_LEN(by_kind) == ERR_KIND_COUNT, "each kind means something");

enum failure_means failure_means(const struct failure *f, int64_t attempts)
{
	return by_kind[f->kind](f, attempts);
}

static int pause_of(const struct step *s)
{
	if (s->failure.kind == ERR_UNCERTAIN)
		return PAUSE_POSSIBLE_CHARGE;
	return s->reason && s->vendor ? NAMES_FIND(pause_reason_names, s->reason) : PAUSE_NONE;
}

struct failure failure_of(const struct step *s)
{
	const struct provider *by = step_provider(s);

	return (struct failure){
		.kind = s->failure.kind,
		.buys = by && by->is_vendor,
		.paid = s->paid,
		.pause = pause_of(s),
		.attempt = s->attempt,
		.refused = s->vendor != NULL,
		.outage = s->outage,
	};
}

/* Words */

static const char *const paused_for[] = {
	[PAUSE_POSSIBLE_CHARGE] = "",
	[PAUSE_OUT_OF_CREDIT] = "There is not enough credit for it.",
	[PAUSE_BAD_KEY] = "What makes it does not accept our account.",
	[PAUSE_DAILY_LIMIT] = "No more can be made today.",
	[PAUSE_STORE_LIMIT] = "The store has spent what it may spend today.",
};
_Static_assert(ARRAY_LEN(paused_for) == PAUSE_COUNT, "each reason has its words");

static const struct {
	const char *vendor, *unit;
} units[] = {{"runway", "credits"}, {"elevenlabs", "characters"}};

static const char *unit_of(const char *vendor)
{
	for (size_t i = 0; vendor && i < ARRAY_LEN(units); i++)
		if (strcmp(units[i].vendor, vendor) == 0)
			return units[i].unit;
	return NULL;
}

/* "60 credits", "12.5 credits"; "" where it is not known. */
static void amount(const struct step *s, char out[static WORDS_SIZE])
{
	const char *unit = unit_of(s->vendor);
	int64_t whole = s->need_milli / 1000, rest = s->need_milli % 1000;
	int digits = 3;

	out[0] = '\0';
	if (!unit || s->need_milli <= 0)
		return;
	for (; digits > 0 && rest % 10 == 0; digits--)
		rest /= 10;
	if (digits == 0)
		(void)snprintf(out, WORDS_SIZE, "%" PRId64 " %s", whole, unit);
	else
		(void)snprintf(out, WORDS_SIZE, "%" PRId64 ".%0*" PRId64 " %s", whole, digits, rest, unit);
}

/* "Scene 3", "The voice-over" */
static void subject(const struct step *s, char out[static WORDS_SIZE])
{
	if (run_scene_of(s) >= 0)
		(void)snprintf(out, WORDS_SIZE, "Scene %d", run_scene_of(s) + 1);
	else
		(void)snprintf(out, WORDS_SIZE, "The voice-over");
}

static char *possible_charge(const struct step *s)
{
	char who[WORDS_SIZE], cost[WORDS_SIZE];

	subject(s, who);
	amount(s, cost);
	return xasprintf("%s: the request to make it was sent, but no answer came. It may have been "
			 "charged%s%s%s. Retry with acceptPossibleCharge to request it again.",
		who, *cost ? " (" : "", cost, *cost ? ")" : "");
}

static char *waits(const struct step *s)
{
	char who[WORDS_SIZE];

	subject(s, who);
	return xasprintf("%s waits. %s The video goes on by itself when that has changed.", who,
		s->told ? s->told : names_get(paused_for, PAUSE_COUNT, pause_of(s)));
}

/* What picture, file and check find out may be about what the client asked for; they say so. What an
 * inspection found is in its note, and in our own words. */
static bool may_be_told(const struct step *s)
{
	if (s->id == STEP_INSPECT)
		return s->failure.kind == ERR_PERM && s->note;
	return (s->id == STEP_PICTURE || s->id == STEP_FILE || s->id == STEP_CHECK) &&
	       s->failure.kind == ERR_PERM && s->failure.http_status != 0;
}

static char *failed(const struct step *s)
{
	const char *blame = step_kinds[s->id].blame, *gap = s->told ? " " : "",
		   *told = s->told ? s->told : "";

	if (may_be_told(s))
		return xasprintf("%s: %s.", blame, s->failure.text);
	if (run_scene_of(s) >= 0)
		return xasprintf("%s (scene %d).%s%s", blame, run_scene_of(s) + 1, gap, told);
	return xasprintf("%s.%s%s", blame, gap, told);
}

char *failure_text(const struct step *s, enum failure_means means)
{
	if (means != MEANS_PAUSE)
		return failed(s);
	return s->failure.kind == ERR_UNCERTAIN ? possible_charge(s) : waits(s);
}
