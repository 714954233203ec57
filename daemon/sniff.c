/*
 * Looks into files without a library: what a picture is, the chain of an MP4's boxes (ISO/IEC 14496-12, 4.2:
 * 32 bits of size and a type; size 1: 64 bits of size follow; size 0: to the end), and that of a WAV's chunks
 * (a type and 32 bits of size, little-endian, padded to an even length).
 */
#include "daemon/sniff.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/filetype.h"
#include "lib/base/macros.h"

#define BOXES_MAX     100000 /* a clip has a handful; one in fragments some thousands */
#define CHUNKS_MAX    1000
#define WHOLE_PERCENT 90
#define STREAMED      0x7fff0000u /* who writes into a pipe says as much, or nothing: the length is not known */

static int open_to_read(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC);
}

const char *sniff_picture_type(const char *path)
{
	AUTO_CLOSE int fd = open_to_read(path);
	uint8_t head[FILETYPE_BYTES];
	ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
	const char *type = n > 0 ? filetype_of(head, (size_t)n) : NULL;

	return type && strncmp(type, "image/", 6) == 0 ? type : "application/octet-stream";
}

static uint64_t big_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* The size of the box that begins at p (16 bytes, what is past the end zero), whose file has left more bytes.
 */
static uint64_t box_size(const uint8_t *p, uint64_t left)
{
	uint64_t size = big_endian(p, 4);

	if (size == 0)
		return left;
	return size == 1 ? big_endian(p + 8, 8) : size;
}

bool sniff_mp4_whole(const char *path)
{
	AUTO_CLOSE int fd = open_to_read(path);
	uint8_t head[16] = {0};
	uint64_t at = 0, end;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	end = (uint64_t)st.st_size;
	if (pread(fd, head, sizeof(head), 0) < 8 || memcmp(head + 4, "ftyp", 4) != 0)
		return true;
	for (int i = 0; at < end && i < BOXES_MAX; i++) {
		uint64_t size;

		memset(head, 0, sizeof(head));
		if (pread(fd, head, sizeof(head), (off_t)at) < 8)
			return false;
		size = box_size(head, end - at);
		if (size < 8 || size > end - at)
			return false;
		at += size;
	}
	return at == end;
}

static uint32_t little_endian(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool sniff_wav_whole(const char *path)
{
	AUTO_CLOSE int fd = open_to_read(path);
	uint8_t head[12];
	struct stat st;
	int64_t at = sizeof(head);

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	if (pread(fd, head, sizeof(head), 0) < (ssize_t)sizeof(head) || memcmp(head, "RIFF", 4) != 0 ||
		memcmp(head + 8, "WAVE", 4) != 0)
		return true;
	for (int i = 0; i < CHUNKS_MAX && pread(fd, head, 8, at) == 8; i++) {
		uint32_t size = little_endian(head + 4);

		at += 8;
		if (memcmp(head, "data", 4) == 0)
			return size >= STREAMED || st.st_size - at >= (int64_t)size * WHOLE_PERCENT / 100;
		at += (int64_t)size + size % 2;
	}
	return true;
}
