/* Any text as an overlay, and any bytes as ffprobe's answer: nothing of a text leaves its line or becomes an
 * override. */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "daemon/film/film.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(const char *s, const char *what)
{
	size_t n = 0;

	for (; (s = strstr(s, what)); s += strlen(what))
		n++;
	return n;
}

/* Braces that are not escaped: ours, which come in pairs. */
static size_t count_open(const char *s)
{
	size_t n = 0;

	for (const char *p = s; *p; p++)
		n += *p == '{' && (p == s || p[-1] != '\\');
	return n;
}

static void check_text(const char *text, const char *picture, int style)
{
	struct film_scene scene = {.frames = 30, .clip_frames = 30, .text = text, .picture = picture};
	struct film f = {.width = 1080,
		.height = 1920,
		.style = style,
		.title = text,
		.scenes = &scene,
		.scene_count = 1};
	AUTO_BUF b = BUF_INIT(256 * 1024);

	if (!film_text(&f, 0, &b))
		return;

	const char *events = strstr(buf_text(&b), "\n[Events]\n") + 1;
	size_t lines = count(events, "\n"), dialogues = count(events, "\nDialogue: ");

	assert(buf_ok(&b));
	assert(lines == dialogues + 2); /* the section's name and its format */
	assert(count_open(events) == dialogues);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	struct media m;
	struct err e;

	for (int style = 0; style < STYLE_COUNT; style++) {
		check_text(text, "picture", style);
		check_text(text, NULL, style);
	}
	(void)film_probe_read((const char *)data, size, &m, &e);
	return 0;
}
