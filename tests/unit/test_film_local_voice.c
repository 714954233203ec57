/* What the local voice is given to speak, and when it says that. */

#include "daemon/film/local_voice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/film/captions.h"
#include "daemon/film/speech.h"
#include "daemon/film/tools.h"
#include "daemon/film/voice_note.h"
#include "lib/base/args.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"

static const struct film_tools tools = {.ffmpeg = "/usr/bin/ffmpeg", .threads = 2};

/* '|' between pieces, '_' for a pause after one, '~' before one that is silent. */
static void write_pieces(const char *script, struct buf *out)
{
	struct local_piece *list = NULL;
	size_t n = local_voice_pieces(script, &list);

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(out, '|');
		if (list[i].silent_ms > 0)
			buf_addc(out, '~');
		buf_add(out, script + list[i].at, list[i].len);
		if (list[i].pause)
			buf_addc(out, '_');
	}
	free(list);
}

static void test_pieces(void **state)
{
	static const struct {
		const char *title, *script, *pieces;
	} cases[] = {
		{"nothing", " \n ", ""},
		{"sentences", "One two. Three!  \"Four?\" Five", "One two._|Three!_|\"Four?\"_|Five"},
		{"no sentence", "It is 3.5 m, e.g. Dr. Miller's... or not.",
			"It is 3.5 m, e.g. Dr. Miller's... or not."},
		{"lines", "A title\nand more", "A title_|and more"},
		{"narrations: no pause between them", "One. Two.\fThree. \f\f Four.",
			"One._|Two.|Three.|Four."},
		{"no sounds for it", "Hi.\n\u4f60\u597d\u3002\U0001F389",
			"Hi._|~\u4f60\u597d\u3002_|~\U0001F389"},
		{"a name among foreign words",
			"\u041b\u0430\u043c\u043f\u0430 Lumo \u0437\u0434\u0435\u0441\u044c.",
			"~\u041b\u0430\u043c\u043f\u0430 Lumo \u0437\u0434\u0435\u0441\u044c."},
		{"a foreign word among known ones", "The word \u043d\u0435\u0442 means no.",
			"The word \u043d\u0435\u0442 means no."},
		{"accents", "Le caf\u00e9 d\u00e9j\u00e0 vu.", "Le caf\u00e9 d\u00e9j\u00e0 vu."},
		{"marks only", "... \u2014 !", "~..._|~\u2014 !"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF got = BUF_INIT(4000);

		write_pieces(cases[i].script, &got);
		if (strcmp(buf_text(&got), cases[i].pieces) != 0)
			fail_msg("%s: \"%s\" instead of \"%s\"", cases[i].title, buf_text(&got),
				cases[i].pieces);
	}
}

/* unit again and again, up to bytes. */
static char *repeated(const char *unit, size_t bytes)
{
	struct buf b = BUF_INIT(bytes + 1000);

	while (b.len < bytes)
		buf_adds(&b, unit);
	return buf_steal(&b);
}

/* However many sentences: one command takes them, none is endless, and nothing is lost. */
static void test_long_scripts(void **state)
{
	static const char *const units[] = {"A. ", "Buy now! ", "word ", "abc", "9", "One, two, three ",
		"The lamp turns in the light of the evening and it glows for as long as you like. ",
		"A.\fB. C. D. E. F. G. H. I. J. K. L. M. N. O. P. Q. R. S. T. U. V. W. X. Y. Z. A. B. C. D. "
		"E. F. G. H. I. J. K. L. M. N. O. P. Q. R. "};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		AUTO_FREE char *script = repeated(units[i], 5000);
		AUTO_ARGS a = {0};
		struct local_piece *list = NULL;
		size_t n = local_voice_pieces(script, &list), end = 0;

		assert_in_range(n, 1, LOCAL_VOICE_PIECES);
		for (size_t k = 0; k < n; k++) {
			assert_in_range(list[k].len, 1, 800);
			assert_int_equal(strspn(script + end, " \f"), list[k].at - end);
			end = list[k].at + list[k].len;
		}
		assert_int_equal(strspn(script + end, " \f"), strlen(script + end));
		local_voice_args(&tools, list, n, NULL, "v.wav", &a);
		for (size_t k = 0; k < a.n; k++)
			assert_true(strlen(a.v[k]) < 100 * 1024);
		free(list);
	}
}

static const char *filters_of(const struct args *a)
{
	for (size_t i = 0; i + 1 < a->n; i++)
		if (strcmp(a->v[i], "-filter_complex") == 0)
			return a->v[i + 1];
	fail_msg("no filters");
	return NULL;
}

static void test_voices_by_name(void **state)
{
	static const struct {
		const char *id, *source;
	} cases[] = {
		{NULL, "flite=textfile=say-000.txt:voice=slt,"},
		{"", "flite=textfile=say-000.txt:voice=slt,"},
		{"default", "flite=textfile=say-000.txt:voice=slt,"},
		{"male", "flite=textfile=say-000.txt:voice=rms,"},
		{"kal16", "flite=textfile=say-000.txt:voice=kal16,"},
		{"pNInz6obpgDQGcFmaJgB", "flite=textfile=say-000.txt:voice=slt,"},
		{"slt:text=x", "flite=textfile=say-000.txt:voice=slt,"},
	};
	static const struct local_piece piece = {.len = 2};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARGS a = {0};

		local_voice_args(&tools, &piece, 1, cases[i].id, "v.wav", &a);
		assert_non_null(strstr(filters_of(&a), cases[i].source));
		assert_string_equal(a.v[a.n - 1], "v.wav");
	}
}

/* Times */

static struct voice_times times_of(const char *script, const int64_t *places_ms, int64_t end_ms)
{
	AUTO_VOICE_NOTE note = {.characters = NULL};
	AUTO_FREE char *text = NULL;
	struct local_piece *list = NULL;
	struct voice_times v;
	struct err e;
	size_t n = local_voice_pieces(script, &list);

	voice_note_init(&note);
	local_voice_note(script, list, n, places_ms, end_ms, &note);
	text = voice_note_text(&note, end_ms);
	free(list);
	if (voice_times_read(text, strlen(text), &v, &e) < 0)
		fail_msg("%s", e.text);
	return v;
}

static void test_sentences_have_their_times(void **state)
{
	static const int64_t places_ms[] = {0, 1000, 3000};
	AUTO_VOICE_TIMES v = times_of("Ab cd. Ef.\f Gh", places_ms, 4000);
	AUTO_BUF text = BUF_INIT(100);
	int64_t from_ms, to_ms;

	(void)state;
	for (size_t i = 0; i < v.count; i++)
		buf_adds(&text, v.characters[i]);
	assert_string_equal(buf_text(&text), "Ab cd. Ef.\f Gh");
	assert_int_equal(v.start_ms[0], 20);
	assert_int_equal(v.start_ms[3], 20 + (1000 - 280 - 40) / 2); /* "cd.", half of it: its dot ends it */
	assert_int_equal(v.end_ms[5], 1000 - 280 - 20);
	assert_int_equal(v.start_ms[7], 1020);
	assert_int_equal(v.end_ms[9], 2980); /* before a seam there is no pause */
	assert_int_equal(v.start_ms[10], 3000);
	assert_int_equal(v.start_ms[12], 3020);
	voice_times_part(&v, 1, &from_ms, &to_ms);
	assert_int_equal(from_ms, 3000);
	assert_int_equal(to_ms, 4000);
}

/* Each letter has its share of the time, and what is said in many letters has more. */
static void test_letters_share_the_time(void **state)
{
	AUTO_VOICE_NOTE note = {.characters = NULL};
	AUTO_VOICE_TIMES v = {0};
	AUTO_FREE char *text = NULL;
	struct err e;

	(void)state;
	voice_note_init(&note);
	voice_note_share(&note, "aa, b 9", 7, 1000, 2200); /* 1 1 3 0 1 0 5, and one more for nothing: 11 */
	text = voice_note_text(&note, 2200);
	assert_int_equal(voice_times_read(text, strlen(text), &v, &e), 0);
	assert_int_equal(v.count, 7);
	assert_int_equal(v.start_ms[0], 1000);
	assert_int_equal(v.start_ms[4], 1000 + 1200 * 5 / 11);
	assert_int_equal(v.start_ms[6], 1000 + 1200 * 6 / 11);
	assert_int_equal(v.end_ms[6], 2200);
}

static void test_what_has_no_letters_has_all_the_time(void **state)
{
	AUTO_VOICE_NOTE note = {.characters = NULL};
	AUTO_VOICE_TIMES v = {0};
	AUTO_FREE char *text = NULL;
	struct err e;

	(void)state;
	voice_note_init(&note);
	voice_note_share(&note, "\U0001F389", 4, 1000, 2000);
	text = voice_note_text(&note, 2000);
	assert_int_equal(voice_times_read(text, strlen(text), &v, &e), 0);
	assert_int_equal(v.start_ms[0], 1000);
	assert_int_equal(v.end_ms[0], 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_long_scripts),
		cmocka_unit_test(test_voices_by_name),
		cmocka_unit_test(test_sentences_have_their_times),
		cmocka_unit_test(test_letters_share_the_time),
		cmocka_unit_test(test_what_has_no_letters_has_all_the_time),
	};

	return cmocka_run_group_tests_name("film_local_voice", tests, NULL, NULL);
}
