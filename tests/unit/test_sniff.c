/* What a file says of itself in its own bytes, and MP4s and WAVs that were cut off. */

#include "daemon/sniff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"

static char path[64];

static int set_up(void **state)
{
	int fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/videod-test-sniff-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static void put(const void *p, size_t n)
{
	struct err e;

	if (fs_write_atomic(path, p, n, 0600, &e) < 0)
		fail_msg("%s", e.text);
}

#define BYTES(text) text, sizeof(text) - 1
#define NOTHING     "application/octet-stream"

static void test_pictures(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *type;
	} cases[] = {
		{BYTES("\xff\xd8\xff\xe0 and so on"), "image/jpeg"},
		{BYTES("\x89PNG\r\n\x1a\n1234"), "image/png"},
		{BYTES("RIFF1234WEBPVP8 "), "image/webp"},
		{BYTES("RIFF1234WAVEfmt "), NOTHING},
		{BYTES("\xff\xd8"), NOTHING},
		{BYTES("GIF89a123456"), NOTHING},
		{BYTES(""), NOTHING},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put(cases[i].bytes, cases[i].n);
		assert_string_equal(sniff_picture_type(path), cases[i].type);
	}
	assert_string_equal(sniff_picture_type("/nowhere/at all"), NOTHING);
}

#define FTYP                                                                                                 \
	"\0\0\0\x0c"                                                                                         \
	"ftypisom"

static void test_mp4s(void **state)
{
	static const struct {
		const char *title, *bytes;
		size_t n;
		bool whole;
	} cases[] = {
		{"whole", BYTES(FTYP "\0\0\0\x0amdat12"), true},
		{"cut in a box", BYTES(FTYP "\0\0\0\x0amdat1"), false},
		{"cut in a box's head", BYTES(FTYP "\0\0\0\x0amd"), false},
		{"cut between boxes cannot be seen", BYTES(FTYP), true},
		{"to the end", BYTES(FTYP "\0\0\0\0mdat123"), true},
		{"a long size",
			BYTES(FTYP "\0\0\0\x01mdat\0\0\0\0\0\0\0\x11"
				   "1"),
			true},
		{"a long size, cut",
			BYTES(FTYP "\0\0\0\x01mdat\0\0\0\0\0\0\0\x12"
				   "1"),
			false},
		{"a size beyond all",
			BYTES(FTYP "\0\0\0\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff"
				   "1"),
			false},
		{"a size below its head", BYTES(FTYP "\0\0\0\x04mdat"), false},
		{"no MP4", BYTES("\x1a\x45\xdf\xa3 is a WebM"), true},
		{"nothing", BYTES(""), true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put(cases[i].bytes, cases[i].n);
		if (sniff_mp4_whole(path) != cases[i].whole)
			fail_msg("%s", cases[i].title);
	}
	assert_false(sniff_mp4_whole("/nowhere/at all"));
}

#define WAV "RIFF1234WAVEfmt \x02\0\0\0\x01\0"

static void test_wavs(void **state)
{
	static const struct {
		const char *title, *bytes;
		size_t n;
		bool whole;
	} cases[] = {
		{"whole",
			BYTES(WAV "data\x0a\0\0\0"
				  "0123456789"),
			true},
		{"nine tenths of it",
			BYTES(WAV "data\x0a\0\0\0"
				  "012345678"),
			true},
		{"less",
			BYTES(WAV "data\x0a\0\0\0"
				  "01234567"),
			false},
		{"nothing of it", BYTES(WAV "data\x0a\0\0\0"), false},
		{"a chunk of an odd length before it",
			BYTES(WAV "LIST\x01\0\0\0x\0data\x0a\0\0\0"
				  "0123"),
			false},
		{"a chunk that has no end before it",
			BYTES(WAV "LIST\xff\xff\xff\xff"
				  "data\x0a\0\0\0"),
			true},
		{"from a pipe",
			BYTES(WAV "data\xff\xff\xff\xff"
				  "0123"),
			true},
		{"from another one's pipe",
			BYTES(WAV "data\x00\xf0\xff\x7f"
				  "0123"),
			true},
		{"says nothing",
			BYTES(WAV "data\0\0\0\0"
				  "0123"),
			true},
		{"no sound", BYTES(WAV), true},
		{"a WebP", BYTES("RIFF1234WEBPdata\x0a\0\0\0"), true},
		{"nothing", BYTES(""), true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put(cases[i].bytes, cases[i].n);
		if (sniff_wav_whole(path) != cases[i].whole)
			fail_msg("%s", cases[i].title);
	}
	assert_false(sniff_wav_whole("/nowhere/at all"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pictures),
		cmocka_unit_test(test_mp4s),
		cmocka_unit_test(test_wavs),
	};

	return cmocka_run_group_tests_name("sniff", tests, set_up, tear_down);
}
