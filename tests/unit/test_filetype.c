/* What a file is, by its first bytes. */

#include "lib/base/filetype.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/macros.h"

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *title, *bytes;
	size_t n;
	const char *type; /* NULL: none */
} cases[] = {
	{"JPEG", BYTES("\xff\xd8\xff\xe1 and so on"), "image/jpeg"},
	{"PNG", BYTES("\x89PNG\r\n\x1a\n1234"), "image/png"},
	{"WebP", BYTES("RIFF1234WEBPVP8 "), "image/webp"},
	{"WAV", BYTES("RIFF1234WAVEfmt "), "audio/wav"},
	{"another RIFF", BYTES("RIFF1234AVI LIST"), NULL},
	{"M4A",
		BYTES("\0\0\0\x20"
		      "ftypM4A "),
		"audio/mp4"},
	{"an MP4's other box",
		BYTES("\0\0\0\x20"
		      "moov1234"),
		NULL},
	{"Ogg", BYTES("OggS\0\2--------"), "audio/ogg"},
	{"FLAC", BYTES("fLaC\0\0\0\"----"), "audio/flac"},
	{"a tagged MP3", BYTES("ID3\4\0\0\0\0\0\0--"), "audio/mpeg"},
	{"MPEG-1 layer III", BYTES("\xff\xfb\x90\x64--------"), "audio/mpeg"},
	{"MPEG-2 layer III without CRC", BYTES("\xff\xf3\x40\xc0--------"), "audio/mpeg"},
	{"MPEG-2.5 layer III", BYTES("\xff\xe3\x40\xc0--------"), "audio/mpeg"},
	{"layer II", BYTES("\xff\xfd\x90\x64--------"), NULL},
	{"AAC in ADTS", BYTES("\xff\xf1\x50\x80--------"), NULL},
	{"half a sync", BYTES("\xff\x1b\x90\x64--------"), NULL},
	{"GIF", BYTES("GIF89a123456"), NULL},
	{"SVG", BYTES("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), NULL},
	{"a playlist", BYTES("#EXTM3U\n#EXT-X-VERSION:3"), NULL},
	{"a list of files for ffmpeg", BYTES("ffconcat version 1.0"), NULL},
	{"a byte too few", BYTES("\x89PNG\r\n\x1a\n123"), NULL},
	{"nothing", BYTES(""), NULL},
};

static void test_types(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *type = filetype_of(cases[i].bytes, cases[i].n);

		if (!type != !cases[i].type || (type && strcmp(type, cases[i].type) != 0))
			fail_msg("%s: %s", cases[i].title, type ? type : "none");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_types)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
