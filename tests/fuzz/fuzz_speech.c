/*
 * Any bytes as an answer of text-to-speech: the first byte says how large the pieces are in which the rest
 * comes. However they are cut, what comes out is the same, and it is bounded and valid.
 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/text.h"
#include "lib/remote/elevenlabs.h"

#define SOUND_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static int run(struct speech_reader *s, const char *p, size_t n, size_t piece,
	const struct speech_times **ret_times, int64_t *ret_bytes)
{
	struct err e = {.kind = ERR_KIND_INVALID};

	for (size_t len; n > 0; p += len, n -= len) {
		len = piece < n ? piece : n;
		if (!speech_reader_take(s, p, len))
			break;
	}
	if (speech_reader_end(s, ret_times, ret_bytes, &e) == 0)
		return 0;
	require((e.kind == ERR_PERM || e.kind == ERR_TEMP) && e.text[0] != '\0');
	return -1;
}

static void check_times(const struct speech_times *t)
{
	for (size_t i = 0; t != NULL && i < t->count; i++)
		require(text_utf8_valid(t->characters[i], strlen(t->characters[i])) && t->start_ms[i] >= 0 &&
			t->end_ms[i] >= 0);
}

static void check_equal(const struct speech_times *a, const struct speech_times *b)
{
	require((a == NULL) == (b == NULL) && (a == NULL || a->count == b->count));
	for (size_t i = 0; a != NULL && i < a->count; i++)
		require(strcmp(a->characters[i], b->characters[i]) == 0 && a->start_ms[i] == b->start_ms[i] &&
			a->end_ms[i] == b->end_ms[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CLOSE int whole_fd = memfd_create("whole", MFD_CLOEXEC), piece_fd = -1;

	piece_fd = memfd_create("pieces", MFD_CLOEXEC);
	AUTO(speech_reader) whole = speech_reader_new(whole_fd, SOUND_MAX);
	AUTO(speech_reader) pieces = speech_reader_new(piece_fd, SOUND_MAX);
	const struct speech_times *times = NULL, *same = NULL;
	int64_t bytes = 0, same_bytes = 0;

	require(whole_fd >= 0 && piece_fd >= 0);
	if (size == 0)
		return 0;
	int r = run(whole, (const char *)data + 1, size - 1, size, &times, &bytes);
	require(run(pieces, (const char *)data + 1, size - 1, data[0] % 16 + 1U, &same, &same_bytes) == r);
	if (r < 0)
		return 0;
	require(bytes > 0 && bytes <= SOUND_MAX && bytes == same_bytes &&
		lseek(whole_fd, 0, SEEK_END) == bytes && lseek(piece_fd, 0, SEEK_END) == bytes);
	check_times(times);
	check_equal(times, same);
	return 0;
}
