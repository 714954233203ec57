/*
 * Ids through libuuid: 16 random bytes (RFC 9562, version 4), read and written in the canonical 8-4-4-4-12
 * form only. libuuid's reader takes nothing else: no braces, no blanks, no other length.
 */

#include "lib/io/uuid.h"

#include <stddef.h>
#include <string.h>

#include <uuid/uuid.h>

_Static_assert(sizeof(uuid_t) == sizeof(((struct uuid *)NULL)->bytes), "an id has 16 bytes");

struct uuid uuid_new(void)
{
	struct uuid id;

	uuid_generate_random(id.bytes);
	return id;
}

bool uuid_parse_text(const char *s, struct uuid *ret_id)
{
	struct uuid id;

	if (!s || uuid_parse(s, id.bytes) < 0)
		return false;
	*ret_id = id;
	return true;
}

void uuid_format(const struct uuid *id, char out[static UUID_TEXT_SIZE])
{
	uuid_unparse_lower(id->bytes, out);
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
