#ifndef VIDEOD_DAEMON_VENDOR_SPEECH_WISH_H
#define VIDEOD_DAEMON_VENDOR_SPEECH_WISH_H

/* What is asked of ElevenLabs for a piece of a script, and the hashes by which it, and an equal one, is
 * found again. Pure. */

#include <stddef.h>
#include <stdint.h>

#include "daemon/vendor/script_pieces.h"
#include "lib/io/digest.h"
#include "lib/remote/elevenlabs.h"

struct settings;

struct speech_wish {
	struct speech_order order;    /* its strings are below, or the settings' and the caller's */
	char *text, *previous, *next; /* NULL: none */
	char *request;                /* JSON for the ledger */
	int64_t characters;           /* code points of text */
	int64_t estimate_milli;       /* thousandths of a character */
	uint8_t request_hash[DIGEST_SHA256_BYTES], hash[DIGEST_SHA256_BYTES]; /* as in purchase_key */
};

/* Piece i of the pieces of script, spoken by voice_id, which must live as long as *ret. asked_voice: the
 * client's word for it, NULL none. */
void speech_wish_make(const char *script, const struct script_piece *pieces, size_t count, size_t i,
	const char *asked_voice, const char *voice_id, const struct settings *s, struct speech_wish *ret);
void speech_wish_done(struct speech_wish *w); /* frees the members */

#endif
