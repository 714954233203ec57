/*
 * Whether a script is spoken already. Then the film is made without asking what the account has: a voice that
 * was withdrawn since, or a key that is refused, is nothing to a film whose speech is bought.
 */
#include <stdlib.h>

#include "daemon/run.h"
#include "daemon/vendor/script_pieces.h"
#include "daemon/vendor/speech_priv.h"
#include "daemon/vendor/speech_wish.h"
#include "lib/base/mem.h"
#include "lib/video/purchases.h"

/* 1 kept, 0 not, -1 */
static int piece_is_here(const struct run *r, const char *script, const struct script_piece *pieces,
	size_t count, size_t i, struct err *e)
{
	AUTO_PURCHASE p = {.request = NULL};
	struct speech_wish wish = {.text = NULL};
	struct purchase_key key = {
		.kind = step_kinds[STEP_VOICE].name,
		.item = (int64_t)i,
		.request_hash = wish.request_hash,
		.hash = wish.hash,
	};
	int found;

	/* the name stands for its voice: another one's content is none of ours, but the request is found by
	 * it */
	speech_wish_make(script, pieces, count, i, r->video.voice_id, "", r->engine->settings, &wish);
	found = purchases_find(r->engine->db, &r->job, &key, false, &p, e);
	speech_wish_done(&wish);
	return found < 0 ? -1 : found == 1 && p.state == PURCHASE_KEPT;
}

int speech_is_here(const struct run *r, int64_t max_points, struct err *e)
{
	AUTO_FREE char *script = video_script(&r->video);
	AUTO_FREE struct script_piece *pieces = NULL;
	size_t count = script_pieces(script, (size_t)max_points, &pieces);
	int here = count > 0;

	for (size_t i = 0; i < count && here == 1; i++)
		here = piece_is_here(r, script, pieces, count, i, e);
	return here;
}
