/* Captions of a voice: where they are cut, when they are seen, and their files. */

#include "daemon/film/captions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/film/sound.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/io/json.h"

#define USUAL_MS 65 /* a character: about fifteen a second */

static const struct film_speech from_the_start = {.from_ms = 0};

/* Wide ones take as long as several. Marks before a blank last a while, as a vendor's voice has them. */
static int64_t time_of(uint32_t point, uint32_t next, int64_t each_ms)
{
	bool ends = next == ' ' || next == 0 || next >= 0x3000;

	if (point == '.' || point == '!' || point == '?' || point == 0x3002)
		return ends ? 350 : 20;
	if (point == ',' || point == ':' || point == 0xFF0C || point == 0x3001)
		return ends ? 150 : 20;
	return point >= 0x1100 ? each_ms * 5 / 2 : each_ms;
}

/* A voice that speaks text evenly. */
static struct voice_times spoken(const char *text, int64_t each_ms)
{
	size_t n = text_utf8_points(text);
	struct voice_times v = {.characters = xcalloc(n, sizeof(char *)),
		.start_ms = xcalloc(n, sizeof(int64_t)),
		.end_ms = xcalloc(n, sizeof(int64_t))};

	for (const char *p = text; *p;) {
		const char *from = p;
		uint32_t point = utf8_next(&p);

		v.characters[v.count] = xstrndup(from, (size_t)(p - from));
		v.start_ms[v.count] = v.duration_ms;
		if (point != '\f')
			v.duration_ms += time_of(point, utf8_peek(p), each_ms);
		v.end_ms[v.count++] = v.duration_ms;
	}
	return v;
}

static struct captions captions_of(const char *text, int64_t each_ms, size_t line_max)
{
	AUTO_VOICE_TIMES v = spoken(text, each_ms);
	struct captions c;

	captions_make(&v, &from_the_start, 1, line_max, 0, &c);
	return c;
}

/* '|' between captions, '/' between lines. */
static void write_cuts(const struct captions *c, struct buf *out)
{
	for (size_t i = 0; i < c->count; i++) {
		if (i > 0)
			buf_addc(out, '|');
		for (const char *p = c->list[i].text; *p; p++)
			buf_addc(out, *p == '\n' ? '/' : *p);
	}
}

/* Cuts */

static const struct {
	const char *title, *text;
	int64_t each_ms;
	size_t line_max;
	const char *cuts;
} cases[] = {
	{"one word", "Hi", USUAL_MS, 42, "Hi"},
	{"nothing", "", USUAL_MS, 42, ""},
	{"white space only", " \n \t", USUAL_MS, 42, ""},
	{"a sentence each", "Meet the lamp. It turns and it glows.", USUAL_MS, 42,
		"Meet the lamp.|It turns and it glows."},
	{"short sentences together, for one alone is gone too soon", "Wow! Yes. No. Buy it.", USUAL_MS, 42,
		"Wow! Yes.|No. Buy it."},
	{"two lines, even, at a comma",
		"It turns in the evening light, and it glows for as long as you like.", USUAL_MS, 42,
		"It turns in the evening light,/and it glows for as long as you like."},
	{"narrow lines", "It turns, it glows: it is yours today.", USUAL_MS, 24,
		"It turns, it glows:/it is yours today."},
	{"at a comma, where a sentence is too long",
		"The lamp that we have made for you turns in the light of the evening, and it glows for as "
		"long as you are there to see it.",
		USUAL_MS, 42,
		"The lamp that we have made for you/turns in the light of the evening,|"
		"and it glows for as long/as you are there to see it."},
	{"not in a price", "It is 29.99 today. Buy it now, or never again.", USUAL_MS, 42,
		"It is 29.99 today.|Buy it now, or never again."},
	{"not after an abbreviation", "Ask Dr. Miller and Mr. J. Smith, e.g. Paul of course.", USUAL_MS, 42,
		"Ask Dr. Miller and Mr. J. Smith,/e.g. Paul of course."},
	{"an ellipsis that goes on", "Wait... here it comes now. And there it is again.", USUAL_MS, 42,
		"Wait... here it comes now.|And there it is again."},
	{"an ellipsis that ends", "And then\u2026 They all came to see it.", 100, 42,
		"And then\u2026|They all came to see it."},
	{"a quote belongs to its sentence", "\u201cIt is so good!\u201d She said it twice and again.",
		USUAL_MS, 42, "\u201cIt is so good!\u201d|She said it twice and again."},
	{"a dash is not alone", "It is yours \u2014 all of it \u2014 for so very little money now.", USUAL_MS,
		24, "It is yours \u2014|all of it \u2014 for so/very little money now."},
	{"French marks", "C\u2019est \u00ab magnifique \u00bb !", USUAL_MS, 16,
		"C\u2019est/\u00ab magnifique \u00bb !"},
	{"a blank that does not break", "Seulement vingt-neuf\u00a0euros", USUAL_MS, 20,
		"Seulement/vingt-neuf\u00a0euros"},
	{"lines of the script", "One fine day\nanother fine day", 90, 42, "One fine day|another fine day"},
	{"a word longer than a line", "Donaudampfschifffahrt", USUAL_MS, 12, "Donaudampfsc/hifffahrt"},
	{"Chinese",
		"\u8fd9\u6b3e\u53f0\u706f\u53ef\u4ee5\u65cb\u8f6c\uff0c\u4e5f\u4f1a\u53d1\u5149\u3002"
		"\u5b83\u5c5e\u4e8e\u4f60\u548c\u6211\u4eec\u3002",
		USUAL_MS, 24,
		"\u8fd9\u6b3e\u53f0\u706f\u53ef\u4ee5\u65cb\u8f6c\uff0c/\u4e5f\u4f1a\u53d1\u5149\u3002|"
		"\u5b83\u5c5e\u4e8e\u4f60\u548c\u6211\u4eec\u3002"},
	{"Japanese endings stay with their words",
		"\u305d\u3057\u3066\u6696\u304b\u3044\u5149\u3067\u90e8\u5c4b\u3092\u7167\u3089\u3057\u307e"
		"\u3059\u3002",
		USUAL_MS, 24,
		"\u305d\u3057\u3066\u6696\u304b\u3044\u5149\u3067/\u90e8\u5c4b\u3092\u7167\u3089\u3057\u307e"
		"\u3059\u3002"},
	{"Thai at its blanks",
		"\u0e23\u0e32\u0e04\u0e32\u0e40\u0e01\u0e49\u0e32\u0e23\u0e49\u0e2d\u0e22\u0e1a\u0e32\u0e17 "
		"\u0e2a\u0e31\u0e48\u0e07\u0e0b\u0e37\u0e49\u0e2d\u0e27\u0e31\u0e19\u0e19\u0e35\u0e49",
		USUAL_MS, 16,
		"\u0e23\u0e32\u0e04\u0e32\u0e40\u0e01\u0e49\u0e32\u0e23\u0e49\u0e2d\u0e22\u0e1a\u0e32\u0e17/"
		"\u0e2a\u0e31\u0e48\u0e07\u0e0b\u0e37\u0e49\u0e2d\u0e27\u0e31\u0e19\u0e19\u0e35\u0e49"},
	{"Hebrew, in the order in which it is read",
		"\u05d4\u05d9\u05d0 \u05d6\u05d5\u05d4\u05e8\u05ea, \u05d5\u05d4\u05d9\u05d0 "
		"\u05e9\u05dc\u05db\u05dd \u05d1\u05be29.99!",
		USUAL_MS, 18,
		"\u05d4\u05d9\u05d0 \u05d6\u05d5\u05d4\u05e8\u05ea,/\u05d5\u05d4\u05d9\u05d0 "
		"\u05e9\u05dc\u05db\u05dd \u05d1\u05be29.99!"},
	{"an end of a word that is not seen", "abcdefgh\u200bijklmnop", USUAL_MS, 8, "abcdefgh/ijklmnop"},
	{"no controls, no overrides of direction", "a\u202eb\007c \u2066d\u2069.", USUAL_MS, 42, "abc d."},
	{"a mark stays on its letter", "aaaaaaae\u0301e\u0301", USUAL_MS, 8, "aaaaaaae\u0301/e\u0301"},
};

static void test_cuts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_CAPTIONS c = captions_of(cases[i].text, cases[i].each_ms, cases[i].line_max);
		AUTO_BUF got = BUF_INIT(4000);

		write_cuts(&c, &got);
		if (strcmp(buf_text(&got), cases[i].cuts) != 0)
			fail_msg("%s: \"%s\" instead of \"%s\"", cases[i].title, buf_text(&got),
				cases[i].cuts);
	}
}

/* Whatever the text, the speed and the line. */

static const char story[] =
	"Meet the lamp. It turns, it glows: it is yours \u2014 for $29.99! No cables (none!). \u201cBest of "
	"2026\u201d, they say\u2026 Order now; pay later.\fDr. Smith loves it, e.g. at night when the whole "
	"house "
	"sleeps and nobody is there to see it shine across the room. \u4f60\u597d\uff0c\u4e16\u754c\u3002\f"
	"\u05e9\u05dc\u05d5\u05dd \u05dc\u05db\u05dd! Rindfleischetikettierungs\u00fcberwachungsaufgaben.";

static size_t columns_of_line(const char *line, size_t n)
{
	size_t columns = 0;

	for (const char *p = line; p < line + n;) {
		uint32_t point = utf8_next(&p);

		columns += point >= 0x3000 ? 2 : 1;
	}
	return columns;
}

static void check_lines(const struct caption *c, size_t line_max)
{
	const char *second = strchr(c->text, '\n');
	size_t first = second ? (size_t)(second - c->text) : strlen(c->text);

	assert_true(first > 0 && columns_of_line(c->text, first) <= line_max);
	if (second)
		assert_true(second[1] && !strchr(second + 1, '\n') &&
			    columns_of_line(second + 1, strlen(second + 1)) <= line_max);
}

static void check_words(const struct caption *c)
{
	size_t at = 0;
	int64_t last_ms = c->start_ms;

	assert_true(c->word_count > 0 && c->words[0].start_ms == c->start_ms);
	for (size_t i = 0; i < c->word_count; i++) {
		const struct caption_word *w = &c->words[i];

		assert_true(w->from == at || (w->from == at + 1 && strchr(" \n", c->text[at])));
		assert_true(w->to > w->from);
		assert_true(w->start_ms >= last_ms && w->end_ms >= w->start_ms && w->end_ms <= c->end_ms);
		last_ms = w->end_ms;
		at = w->to;
	}
	assert_int_equal(at, strlen(c->text));
}

static void check_all(const struct captions *c, size_t line_max)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct caption *one = &c->list[i], *next = i + 1 < c->count ? one + 1 : NULL;

		check_lines(one, line_max);
		check_words(one);
		assert_true(one->end_ms > one->start_ms);
		assert_true(one->end_ms - one->start_ms <= CAPTION_MAX_MS);
		if (next)
			assert_true(one->end_ms == next->start_ms ||
				    next->start_ms - one->end_ms >= CAPTION_CLOSE_GAP_MS);
	}
}

static void test_lines_words_and_times_keep_their_order(void **state)
{
	(void)state;
	for (size_t line_max = 8; line_max <= 42; line_max++) {
		for (int64_t each_ms = 0; each_ms <= 420; each_ms += 35) {
			AUTO_VOICE_TIMES v = spoken(story, each_ms);
			AUTO_CAPTIONS c = {.list = NULL};
			struct film_speech speech[3];

			for (size_t i = 0; i < ARRAY_LEN(speech); i++) {
				voice_times_part(&v, i, &speech[i].from_ms, &speech[i].to_ms);
				speech[i].at_ms = 500 + speech[i].from_ms + (int64_t)i * 300;
			}
			captions_make(&v, speech, ARRAY_LEN(speech), line_max, 0, &c);
			check_all(&c, line_max);
		}
	}
}

/* Times */

static void test_a_caption_begins_with_its_word_and_is_seen_long_enough(void **state)
{
	static const struct {
		const char *title, *text;
		int64_t each_ms, film_ms, start_ms, end_ms;
	} times[] = {
		{"the voice's own times", "Twelve characters.", 100, 0, 0, 2050},
		{"a word alone for a second", "Hi", 65, 0, 0, 1000},
		{"not longer than the film", "Hi", 65, 800, 0, 800},
		{"a fast voice, then time to read", "A fast voice that says 34 letters.", 20, 0, 0, 2000},
		{"nobody needs that long", "Slow", 2000, 0, 0, 7000},
		{"as long as the film, where nearly", "Twelve characters.", 100, 2100, 0, 2100},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		AUTO_VOICE_TIMES v = spoken(times[i].text, times[i].each_ms);
		AUTO_CAPTIONS c = {.list = NULL};

		captions_make(&v, &from_the_start, 1, 42, times[i].film_ms, &c);
		if (c.count < 1 || c.list[0].start_ms != times[i].start_ms ||
			c.list[0].end_ms != times[i].end_ms)
			fail_msg("%s: %zu, %lld to %lld", times[i].title, c.count,
				c.count ? (long long)c.list[0].start_ms : 0,
				c.count ? (long long)c.list[0].end_ms : 0);
	}
}

static void test_it_waits_for_the_next_one_only(void **state)
{
	AUTO_VOICE_TIMES v = spoken("It is so very fast to say that nobody can follow. And then it is so "
				    "long that it needs two lines of its own.",
		20);
	AUTO_CAPTIONS c = {.list = NULL};

	(void)state;
	for (size_t i = 50; i < v.count;
		i++) { /* a pause after the first sentence: less than reading it takes */
		v.start_ms[i] += 300;
		v.end_ms[i] += 300;
	}
	v.duration_ms += 300;
	captions_make(&v, &from_the_start, 1, 42, 0, &c);
	assert_int_equal(c.count, 2);
	assert_int_equal(c.list[1].start_ms, v.start_ms[50]);
	assert_int_equal(c.list[0].end_ms, c.list[1].start_ms);
}

static void test_a_short_gap_is_closed(void **state)
{
	static const struct {
		int64_t gap_ms;
		bool closed;
	} gaps[] = {{1, true}, {79, true}, {80, false}, {500, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(gaps); i++) {
		AUTO_VOICE_TIMES v = spoken("The first sentence ends.And the second one.", 100);
		AUTO_CAPTIONS c = {.list = NULL};

		free(v.characters[24]);
		v.characters[24] = xstrdup("\nA");
		for (size_t k = 24; k < v.count; k++) {
			v.start_ms[k] += gaps[i].gap_ms;
			v.end_ms[k] += gaps[i].gap_ms;
		}
		v.duration_ms += gaps[i].gap_ms;
		captions_make(&v, &from_the_start, 1, 42, 0, &c);
		assert_int_equal(c.count, 2);
		assert_int_equal(c.list[1].start_ms - c.list[0].end_ms, gaps[i].closed ? 0 : gaps[i].gap_ms);
	}
}

/* Silence in a sentence: what comes after it is not told before. */
static void test_a_long_pause_is_a_cut(void **state)
{
	AUTO_VOICE_TIMES v = spoken("And the winner will be the lamp of course", 65);
	AUTO_CAPTIONS c = {.list = NULL};

	(void)state;
	for (size_t i = 23; i < v.count; i++) {
		v.start_ms[i] += 2000;
		v.end_ms[i] += 2000;
	}
	v.duration_ms += 2000;
	captions_make(&v, &from_the_start, 1, 42, 0, &c);
	assert_int_equal(c.count, 2);
	assert_string_equal(c.list[0].text, "And the winner will be");
	assert_int_equal(c.list[1].start_ms, v.start_ms[23]);
	assert_true(c.list[0].end_ms < c.list[1].start_ms);
}

static void test_narrations_are_heard_where_the_film_has_them(void **state)
{
	AUTO_VOICE_TIMES v = spoken("The first one here.\fThe second one here.", 100);
	AUTO_CAPTIONS c = {.list = NULL};
	struct film_speech speech[2];
	int64_t from_ms, to_ms;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		voice_times_part(&v, i, &speech[i].from_ms, &speech[i].to_ms);
	assert_int_equal(speech[0].from_ms, 0);
	assert_int_equal(speech[0].to_ms, v.start_ms[19]);
	assert_int_equal(speech[1].from_ms, v.end_ms[19]);
	assert_int_equal(speech[1].to_ms, v.duration_ms);
	voice_times_part(&v, 2, &from_ms, &to_ms);
	assert_int_equal(from_ms, to_ms);

	speech[0].at_ms = 1000;
	speech[1].at_ms = 10000;
	captions_make(&v, speech, 2, 42, 0, &c);
	assert_int_equal(c.count, 2);
	assert_string_equal(c.list[0].text, "The first one here.");
	assert_int_equal(c.list[0].start_ms, 1000);
	assert_string_equal(c.list[1].text, "The second one here.");
	assert_int_equal(c.list[1].start_ms, 10000);
	assert_int_equal(c.list[1].words[1].start_ms, 10400);
}

static void test_empty_narrations_keep_their_place(void **state)
{
	AUTO_VOICE_TIMES v = spoken("\fOne.\f\fTwo.", 100);
	AUTO_CAPTIONS c = {.list = NULL};
	static const struct film_speech speech[] = {
		{0, 0, 0}, {0, 0, 1000}, {0, 0, 2000}, {0, 0, 3000}, {0, 0, 4000}};

	(void)state;
	captions_make(&v, speech, ARRAY_LEN(speech), 42, 0, &c);
	assert_int_equal(c.count, 2);
	assert_string_equal(c.list[0].text, "One.");
	assert_int_equal(c.list[0].start_ms, 1000);
	assert_string_equal(c.list[1].text, "Two.");
}

/* Reading */

static void test_what_is_no_voice_is_refused(void **state)
{
	static const char *const bad[] = {"", "[]", "{}", "{\"durationMs\":1}",
		"{\"durationMs\":1,\"characters\":[\"a\"],\"startMs\":[0],\"endMs\":[]}",
		"{\"durationMs\":1,\"characters\":[\"a\"],\"startMs\":[0],\"endMs\":[\"1\"]}",
		"{\"durationMs\":1,\"characters\":[\"a\"],\"startMs\":[-1],\"endMs\":[1]}",
		"{\"durationMs\":1,\"characters\":[1],\"startMs\":[0],\"endMs\":[1]}",
		"{\"durationMs\":1,\"characters\":[null],\"startMs\":[0],\"endMs\":[1]}",
		"{\"durationMs\":1.5,\"characters\":[],\"startMs\":[],\"endMs\":[]}",
		"{\"durationMs\":1,\"characters\":{},\"startMs\":[],\"endMs\":[]}",
		"{\"durationMs\":1,\"characters\":[],\"startMs\":[],\"endMs\":[]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct voice_times v;
		struct err e;

		assert_int_equal(voice_times_read(bad[i], strlen(bad[i]), &v, &e), -1);
		assert_int_equal(e.kind, ERR_PERM);
	}
}

static void test_odd_times_are_put_right(void **state)
{
	static const char odd[] = "{\"durationMs\":500,\"characters\":[\"a\",\"b\",\"c\"],"
				  "\"startMs\":[100,50,400],\"endMs\":[90,300,9000]}";
	AUTO_VOICE_TIMES v = {0};
	struct err e;

	(void)state;
	assert_int_equal(voice_times_read(odd, strlen(odd), &v, &e), 0);
	assert_int_equal(v.count, 3);
	assert_int_equal(v.end_ms[0], 100);
	assert_int_equal(v.start_ms[1], 100);
	assert_int_equal(v.end_ms[2], 500);
}

/* Files */

static void test_files(void **state)
{
	char first[] = "<b>A & B --> C", second[] = "{\\an8}two\nlines";
	struct caption list[] = {{.text = first, .start_ms = 0, .end_ms = 1500},
		{.text = second, .start_ms = 3723004, .end_ms = 3724000}};
	struct captions c = {list, ARRAY_LEN(list)};
	AUTO_BUF srt = BUF_INIT(4000);
	AUTO_BUF vtt = BUF_INIT(4000);

	(void)state;
	captions_srt(&c, &srt);
	captions_vtt(&c, &vtt);
	assert_string_equal(buf_text(&srt),
		"1\r\n00:00:00,000 --> 00:00:01,500\r\n\u2039b\u203aA & B --\u203a C\r\n\r\n"
		"2\r\n01:02:03,004 --> 01:02:04,000\r\n(\\an8)two\r\nlines\r\n\r\n");
	assert_string_equal(buf_text(&vtt),
		"WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.500\n&lt;b&gt;A &amp; B --&gt; C\n\n"
		"2\n01:02:03.004 --> 01:02:04.000\n{\\an8}two\nlines\n\n");
}

static void test_a_right_to_left_line_that_begins_with_a_name(void **state)
{
	char hebrew[] =
		"\u05d4\u05de\u05e0\u05d5\u05e8\u05d4 \u05e9\u05dc\nLumo \u05d6\u05d5\u05d4\u05e8\u05ea",
	     english[] = "Lumo is \u05d6\u05d5";
	struct caption list[] = {{.text = hebrew, .end_ms = 1}}, other[] = {{.text = english, .end_ms = 1}};
	struct captions c = {list, 1}, d = {other, 1};
	AUTO_BUF vtt = BUF_INIT(4000);

	(void)state;
	captions_vtt(&c, &vtt);
	assert_non_null(strstr(buf_text(&vtt), "\u05e9\u05dc\n\u200fLumo"));
	buf_clear(&vtt);
	captions_vtt(&d, &vtt);
	assert_null(strstr(buf_text(&vtt), "\u200f"));
}

static void test_no_captions_are_a_file_too(void **state)
{
	struct captions none = {.list = NULL};
	AUTO_BUF vtt = BUF_INIT(100);

	(void)state;
	captions_vtt(&none, &vtt);
	assert_string_equal(buf_text(&vtt), "WEBVTT\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_lines_words_and_times_keep_their_order),
		cmocka_unit_test(test_a_caption_begins_with_its_word_and_is_seen_long_enough),
		cmocka_unit_test(test_it_waits_for_the_next_one_only),
		cmocka_unit_test(test_a_short_gap_is_closed),
		cmocka_unit_test(test_a_long_pause_is_a_cut),
		cmocka_unit_test(test_narrations_are_heard_where_the_film_has_them),
		cmocka_unit_test(test_empty_narrations_keep_their_place),
		cmocka_unit_test(test_what_is_no_voice_is_refused),
		cmocka_unit_test(test_odd_times_are_put_right),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_a_right_to_left_line_that_begins_with_a_name),
		cmocka_unit_test(test_no_captions_are_a_file_too),
	};

	return cmocka_run_group_tests_name("film_captions", tests, NULL, NULL);
}
