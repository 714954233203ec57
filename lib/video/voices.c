/* One table, so that a voice that can be asked for is one that can be spoken with. */
#include "lib/video/voices.h"

#include <string.h>

#include "lib/base/macros.h"

/* A rate of 16 kHz read as 17.28 and slowed to its own length again speaks eight per cent higher. */
#define HIGHER "asetrate=17280,aresample=48000,atempo=0.926,"

const struct voice voices_local[] = {
	{"default", "Default", "neutral", true, "slt", ""},
	{"female", "Female", "female", true, "slt", ""},
	{"male", "Male", "male", true, "rms", ""},
	{"young", "Young", "young", true, "slt", HIGHER},
	{"awb", "Scottish", "male", false, "awb", ""},
	{"kal16", "Matter-of-fact", "male", false, "kal16", ""},
};
const size_t voices_local_count = ARRAY_LEN(voices_local);

const struct voice *voices_find(const char *id)
{
	for (size_t i = 0; i < ARRAY_LEN(voices_local); i++)
		if (strcmp(voices_local[i].id, id) == 0)
			return &voices_local[i];
	return NULL;
}
