#ifndef VIDEOD_IO_UUID_H
#define VIDEOD_IO_UUID_H

/* Ids (libuuid). On the wire 36 lower-case characters, in SQL BINARY(16). */

#include <stdbool.h>
#include <stdint.h>

#define UUID_TEXT_SIZE 37

struct uuid {
	uint8_t bytes[16];
};

struct uuid uuid_new(void);                               /* random, version 4 */
bool uuid_parse_text(const char *s, struct uuid *ret_id); /* exactly the canonical form, any case */
void uuid_format(const struct uuid *id, char out[static UUID_TEXT_SIZE]);
bool uuid_equal(const struct uuid *a, const struct uuid *b);

#endif
