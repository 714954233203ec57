/* Which frame becomes the thumbnail, how preview and sheet grow with the film, and the sheet's WebVTT. */
#include "daemon/film/pictures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/args.h"
#include "lib/base/buf.h"
#include "lib/base/macros.h"

#define EVERY 6 /* frames between two that are looked at */

/* What is printed of a frame: its mean light, motion, detail and blur. */
#define SEEN(n, luma, motion, entropy, blur)                                                                 \
	"frame:" #n " pts:0 pts_time:0\nlavfi.signalstats.YAVG=" #luma "\nlavfi.signalstats.YDIF=" #motion   \
	"\nlavfi.entropy.normalized_entropy.normal.Y=" #entropy "\nlavfi.blur=" #blur "\n"

static void the_best_frame_is_chosen(void **state)
{
	static const struct {
		const char *title, *text;
		unsigned frames;
		struct film_span avoid;
		unsigned chosen;
	} cases[] = {
		{"nothing is known", "", 100, {0, 0}, 50},
		{"the only one", SEEN(2, 120, 1, 0.5, 3), 100, {0, 0}, 2 * EVERY},
		{"the first of equals", SEEN(1, 120, 1, 0.5, 3) SEEN(2, 120, 1, 0.5, 3), 100, {0, 0}, EVERY},
		{"more detail", SEEN(0, 120, 1, 0.5, 3) SEEN(1, 120, 1, 0.8, 3), 100, {0, 0}, EVERY},
		{"less blur", SEEN(0, 120, 1, 0.5, 9) SEEN(1, 120, 1, 0.5, 3), 100, {0, 0}, EVERY},
		{"less motion", SEEN(0, 120, 30, 0.5, 3) SEEN(1, 120, 1, 0.5, 3), 100, {0, 0}, EVERY},
		{"not glaring", SEEN(0, 230, 1, 0.5, 3) SEEN(1, 200, 1, 0.5, 3), 100, {0, 0}, EVERY},
		{"not dim", SEEN(0, 40, 1, 0.5, 3) SEEN(1, 60, 1, 0.5, 3), 100, {0, 0}, EVERY},
		{"never black", SEEN(0, 16, 0, 0.9, 1) SEEN(1, 60, 9, 0.1, 9), 100, {0, 0}, EVERY},
		{"all are black", SEEN(0, 16, 0, 0.9, 1) SEEN(1, 17, 0, 0.9, 1), 60, {0, 0}, 30},
		{"never in a transition", SEEN(1, 120, 1, 0.9, 1) SEEN(3, 60, 9, 0.2, 9), 100, {6, 18}, 18},
		{"up to the transition", SEEN(1, 120, 1, 0.9, 1) SEEN(3, 60, 9, 0.2, 9), 100, {7, 18}, 6},
		{"all are in one", SEEN(1, 120, 1, 0.9, 1), 60, {0, 60}, 30},
		{"beyond the film", SEEN(10, 120, 1, 0.9, 1) SEEN(1, 60, 9, 0.2, 9), 60, {0, 0}, EVERY},
		{"no numbers", SEEN(1, nan, 1, 0.9, 1) SEEN(2, 120, x, 0.9, 1), 60, {0, 0}, 30},
		{"cut off", "frame:3 pts_time:0\nlavfi.signalstats.YAVG=120\n", 60, {0, 0}, 30},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned n = film_still_choose(
			cases[i].text, strlen(cases[i].text), cases[i].frames, &cases[i].avoid, 1);

		if (n != cases[i].chosen)
			fail_msg("%s: %u, not %u", cases[i].title, n, cases[i].chosen);
	}
}

static struct film_pictures pictures(unsigned frames, int width, int height)
{
	return (struct film_pictures){.film = "film.mp4",
		.size = {width, height},
		.frames = frames,
		.still_frame = frames / 2,
		.still = "still",
		.preview = "preview",
		.sprite = "sprite"};
}

static const char *after(const struct args *a, const char *option)
{
	for (size_t i = 0; i + 1 < a->n; i++)
		if (strcmp(a->v[i], option) == 0)
			return a->v[i + 1];
	return "";
}

static void pictures_follow_the_film(void **state)
{
	static const struct {
		const char *title;
		unsigned frames, shrink;
		int width, height;
		const char *has; /* one of the filters */
	} cases[] = {
		{"the thumbnail's frame", 90, 0, 540, 960, "select=eq(n\\,45)"},
		{"a short film is seen whole", 90, 0, 540, 960, "[p]select=not(mod(n\\,3))"},
		{"a long one in moments", 3000, 0, 540, 960, "[p]select=lt(mod(n\\,600)\\,24)"},
		{"a preview", 90, 0, 1080, 1920, "scale=270:480:flags=area[preview]"},
		{"of a small film", 90, 0, 180, 320, "scale=180:320:flags=area[preview]"},
		{"a smaller one", 90, 1, 1080, 1920, "scale=202:360:flags=area[preview]"},
		{"a much smaller one", 90, 4, 1920, 1080, "scale=152:86:flags=area[preview]"},
		{"a sheet of one", 30, 0, 540, 960, "scale=90:160:flags=area,tile=1x1"},
		{"a sheet of a row", 300, 0, 960, 540, "scale=160:90:flags=area,tile=10x1"},
		{"a sheet of two", 301, 0, 960, 960, "scale=160:160:flags=area,tile=10x2"},
		{"one of the longest", 108000, 0, 960, 540,
			"mod(n\\,1080)),scale=160:90:flags=area,tile=10x10"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct film_tools tools = {.ffmpeg = "ffmpeg", .ffprobe = "ffprobe", .threads = 1};
		struct film_pictures p = pictures(cases[i].frames, cases[i].width, cases[i].height);
		AUTO_ARGS a = {0};

		film_pictures_args(&tools, &p, cases[i].shrink, &a);
		if (!strstr(after(&a, "-filter_complex"), cases[i].has))
			fail_msg("%s: %s", cases[i].title, after(&a, "-filter_complex"));
	}
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
		n++;
	return n;
}

static void the_sheet_says_when_and_where(void **state)
{
	static const struct {
		const char *title;
		unsigned frames;
		size_t cues;
		const char *first, *last; /* a cue with its place */
	} cases[] = {
		{"half a second", 15, 1, "00:00:00.000 --> 00:00:00.500\ns.jpg#xywh=0,0,90,160\n",
			"00:00:00.000 --> 00:00:00.500\ns.jpg#xywh=0,0,90,160\n"},
		{"the film's end ends it", 100, 4, "00:00:00.000 --> 00:00:01.000\ns.jpg#xywh=0,0,90,160\n",
			"00:00:03.000 --> 00:00:03.333\ns.jpg#xywh=270,0,90,160\n"},
		{"a second row", 330, 11, "00:00:00.000 --> 00:00:01.000\ns.jpg#xywh=0,0,90,160\n",
			"00:00:10.000 --> 00:00:11.000\ns.jpg#xywh=0,160,90,160\n"},
		{"an hour", 108000, 100, "00:00:00.000 --> 00:00:36.000\ns.jpg#xywh=0,0,90,160\n",
			"00:59:24.000 --> 01:00:00.000\ns.jpg#xywh=810,1440,90,160\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct film_pictures p = pictures(cases[i].frames, 540, 960);
		AUTO_BUF out = BUF_INIT(16384);

		film_sprite_vtt(&p, "s.jpg", &out);
		const char *text = buf_text(&out);

		assert_int_equal(strncmp(text, "WEBVTT\n\n", 8), 0);
		if (count(text, " --> ") != cases[i].cues ||
			strncmp(text + 8, cases[i].first, strlen(cases[i].first)) != 0 ||
			strcmp(text + out.len - strlen(cases[i].last), cases[i].last) != 0)
			fail_msg("%s: %s", cases[i].title, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_frame_is_chosen),
		cmocka_unit_test(pictures_follow_the_film),
		cmocka_unit_test(the_sheet_says_when_and_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
