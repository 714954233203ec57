#ifndef VIDEOD_REMOTE_ELEVENLABS_PRIV_H
#define VIDEOD_REMOTE_ELEVENLABS_PRIV_H

/* ElevenLabs' replies without a network: what of a parsed reply is what. All texts borrow from it. */

#include <stdbool.h>

#include "lib/remote/elevenlabs.h"

struct json;

/* False: it is not what it should be. The lists are the caller's to free; entries without an id are left out.
 */
bool elevenlabs_read_voices(
	const struct json *root, struct elevenlabs_voice **ret_list, struct elevenlabs_voices *ret);
bool elevenlabs_read_models(const struct json *root, struct elevenlabs_model **ret_list, size_t *ret_count);
bool elevenlabs_read_account(const struct json *root, struct elevenlabs_account *ret);

#endif
