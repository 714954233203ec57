/* What all storages share: a call knows how it is cancelled, a storage which one it is. */
#include "daemon/storage.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/io/digest.h"

void storage_cancel(struct storage_call *c)
{
	if (c)
		c->cancel(c);
}

void storage_set_id(struct storage *s, const char *where)
{
	uint8_t digest[DIGEST_SHA256_BYTES];

	digest_sha256(where, strlen(where), digest);
	text_hex_encode(digest, (STORAGE_ID_SIZE - 1) / 2, s->id);
}
