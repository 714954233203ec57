/*
 * Looks into files without a library: the first bytes of pictures, and the chain of an MP4's boxes
 * (ISO/IEC 14496-12, 4.2: 32 bits of size and a type; size 1: 64 bits of size follow; size 0: to the end).
 */
#include "daemon/vendor/sniff.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/macros.h"

#define BOXES_MAX 100000 /* a clip has a handful; one in fragments some thousands */

static const struct {
	const char *type;
	struct {
		size_t at, n;
		const char *bytes;
	} mark[2];
} pictures[] = {
	{"image/jpeg", {{0, 3, "\xff\xd8\xff"}}},
	{"image/png", {{0, 8, "\x89PNG\r\n\x1a\n"}}},
	{"image/webp", {{0, 4, "RIFF"}, {8, 4, "WEBP"}}},
};

static int open_to_read(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC);
}

const char *sniff_picture_type(const char *path)
{
	AUTO_CLOSE int fd = open_to_read(path);
	uint8_t head[12] = {0};

	if (fd < 0 || pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return "application/octet-stream";
	for (size_t i = 0; i < ARRAY_LEN(pictures); i++) {
		bool is = true;

		for (size_t k = 0; k < ARRAY_LEN(pictures[i].mark); k++)
			is &= pictures[i].mark[k].n == 0 ||
			      memcmp(head + pictures[i].mark[k].at, pictures[i].mark[k].bytes,
				      pictures[i].mark[k].n) == 0;
		if (is)
			return pictures[i].type;
	}
	return "application/octet-stream";
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
