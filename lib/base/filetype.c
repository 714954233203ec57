/*
 * First bytes. An MP3 without a tag begins with a frame (ISO/IEC 11172-3, 2.4.1.3): 11 bits of sync, and then
 * the layer, which must be III, because a frame of layer 0 is another format's.
 */
#include "lib/base/filetype.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/macros.h"

static const struct {
	const char *type;
	struct {
		size_t at, n;
		const char *bytes;
		const char *mask; /* NULL: all of their bits */
	} mark[2];
} kinds[] = {
	{"image/jpeg", {{0, 3, "\xff\xd8\xff", NULL}}},
	{"image/png", {{0, 8, "\x89PNG\r\n\x1a\n", NULL}}},
	{"image/webp", {{0, 4, "RIFF", NULL}, {8, 4, "WEBP", NULL}}},
	{"audio/wav", {{0, 4, "RIFF", NULL}, {8, 4, "WAVE", NULL}}},
	{"audio/mp4", {{4, 4, "ftyp", NULL}}},
	{"audio/ogg", {{0, 4, "OggS", NULL}}},
	{"audio/flac", {{0, 4, "fLaC", NULL}}},
	{"audio/mpeg", {{0, 3, "ID3", NULL}}},
	{"audio/mpeg", {{0, 2, "\xff\xe2", "\xff\xe6"}}},
};

static bool has_mark(const char *head, size_t at, size_t n, const char *bytes, const char *mask)
{
	for (size_t i = 0; i < n; i++) {
		if ((head[at + i] & (mask ? mask[i] : '\xff')) != bytes[i])
			return false;
	}
	return true;
}

const char *filetype_of(const void *head, size_t n)
{
	if (n < FILETYPE_BYTES)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		bool is = true;

		for (size_t k = 0; k < ARRAY_LEN(kinds[i].mark); k++)
			is = is && has_mark(head, kinds[i].mark[k].at, kinds[i].mark[k].n,
					   kinds[i].mark[k].bytes, kinds[i].mark[k].mask);
		if (is)
			return kinds[i].type;
	}
	return NULL;
}
