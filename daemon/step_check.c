/*
 * Looks before anything is paid: the voice that will speak must be one of the account, and how much its model
 * takes in one request must be known. Both are read from what the daemon last heard of the vendor; nothing is
 * asked of it here, only a look is ordered when the answer is not there.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/provider.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "daemon/vendor/accounts.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/video/limits.h"
#include "lib/video/settings.h"
#include "lib/video/vendors.h"

#define VENDOR        "elevenlabs"
#define DEFAULT_VOICE "default"
#define STALE_LOOKS   2    /* at so many in a row nobody looked */
#define LOOK_MS       6000 /* time for a look at the account, which is not taken at once: see accounts.c */

/* What is known of the account, without its detail: an empty state when nothing is. */
static int read_account(struct db *db, struct vendor_account *ret, struct err *e)
{
	struct vendor_account *list = NULL;
	size_t n = 0;

	if (vendors_list(db, &list, &n, e) < 0)
		return -1;
	*ret = (struct vendor_account){.age_ms = -1};
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].name, VENDOR) == 0)
			*ret = list[i];
	}
	ret->detail = NULL;
	vendors_free(list, n);
	return 0;
}

/*
 * Not among what was heard last: perhaps it is newer than that. One look is ordered; when the next try comes
 * and the vendor has answered since the video was asked for, it is believed.
 */
static int missing(struct step *s, const char *what, const char *name, int whose_fault, struct err *e)
{
	const struct run *r = s->run;
	struct vendor_account account;

	if (read_account(r->engine->db, &account, e) < 0)
		return -1;
	accounts_soon(r->engine->accounts);
	if (strcmp(account.state, "bad_key") == 0) {
		s->reason = "bad_key";
		s->vendor = VENDOR;
		return err_set(e, ERR_BLOCKED, "the account's voices are not known: its key is refused");
	}
	if (s->attempt > 0 && account.answered_ms > r->video.created_ms)
		return err_set_http(
			e, ERR_PERM, whose_fault, "the %s \"%s\" is not available any more", what, name);
	s->wait_ms = LOOK_MS;
	s->outage = true;
	return err_set(e, ERR_TEMP, "the %s \"%s\" is not known yet", what, name);
}

/*
 * Where no daemon looked for a while, what was heard last is not believed at once. It is the next time, for
 * the vendor may be away, and what was bought already needs no vendor.
 */
static int look_first(struct step *s, struct err *e)
{
	const struct run *r = s->run;
	const struct settings *set = r->engine->settings;
	struct vendor_account account;

	if (s->attempt > 0)
		return 0;
	if (read_account(r->engine->db, &account, e) < 0)
		return -1;
	if (account.age_ms <= STALE_LOOKS * set->probe_sec * 1000)
		return 0;
	accounts_soon(r->engine->accounts);
	s->wait_ms = LOOK_MS;
	s->outage = true;
	return err_set(e, ERR_TEMP, "the voices were read too long ago");
}

static int passed(struct step *s, const char *voice_id, int64_t max_characters)
{
	struct run *r = s->run;

	free(r->voice_id);
	r->voice_id = xstrdup(voice_id);
	r->speech_max = max_characters;
	step_ended(s, NULL);
	return 0;
}

int check_begin(struct step *s, struct err *e)
{
	struct run *r = s->run;
	const struct settings *set = r->engine->settings;
	const char *name = r->video.voice_id ? r->video.voice_id : DEFAULT_VOICE;
	struct speech_model model = {.max_characters = LIMIT_SCRIPT};
	AUTO_FREE char *id = NULL;
	int known = speech_models_get(r->engine->db, set->elevenlabs_model, &model, e), here, found;

	if (known < 0)
		return -1;
	here = r->voice_by->has_spoken(r, model.max_characters, e);
	if (here != 0)
		return here < 0 ? -1 : passed(s, name, model.max_characters);
	if (look_first(s, e) < 0)
		return -1;
	found = vendor_voices_resolve(r->engine->db, set, name, &id, e);
	if (found <= 0)
		return missing(s, "voice", name, CLIENTS_FAULT, e);
	if (known == 0)
		return missing(s, "speech model", set->elevenlabs_model, 0, e);
	return passed(s, id, model.max_characters);
}
