/* Speech with timestamps, taken apart in whatever pieces it comes. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/remote/elevenlabs.h"

#define SOUND_MAX 30
#define GRIN      "\xf0\x9f\x98\x80"
#define REPLACED  "\xef\xbf\xbd"

/* A good reply with everything that may be in one, and a short one. Both say "sound!" and three characters.
 */
static const char sample[] =
	"{ \"new\" : {\"deep\":[[{\"audio_base64\":17,\"x\":\"a\\\"}]\"}],-1.5e+3,true,null,false]} ,\r\n"
	"\"audio_base64\":\"c291b\\u006dQh\",\t\"alignment\":{\"characters\":[\"H\",\"\\uD83D\\ude00\","
	"\"\\\"\"],"
	"\"character_end_times_seconds\":[0.071,0.10000000000000001,1.5e-1],"
	"\"other\":[1,\"\\n\"],\"character_start_times_seconds\":[0,0.0714999,0.1005]},"
	"\"normalized_alignment\":{\"characters\":5,\"" GRIN "\":\"\xff\"} }\n";
static const char small[] =
	"{\"alignment\":{\"character_start_times_seconds\":[0,0.071,0.101],\"characters\":[\"H\",\"" GRIN
	"\",\"\\\"\"],"
	"\"character_end_times_seconds\":[0.071,0.1,0.15]},\"audio_base64\":\"c291bmQh\"}";

static int sound_fd = -1;
static struct err err;

static struct speech_reader *begin(void)
{
	assert_int_equal(ftruncate(sound_fd, 0), 0);
	assert_int_equal(lseek(sound_fd, 0, SEEK_SET), 0);
	return speech_reader_new(sound_fd, SOUND_MAX);
}

/* As the sample says it; what failed is named by the places at which the pieces end. */
static void expect_sample(struct speech_reader *s, size_t a, size_t b)
{
	static const char *const characters[] = {"H", GRIN, "\""};
	static const int64_t starts[] = {0, 71, 101}, ends[] = {71, 100, 150};
	const struct speech_times *t = NULL;
	char sound[16] = "";
	int64_t bytes = 0;

	if (speech_reader_end(s, &t, &bytes, &err) < 0)
		fail_msg("cut at %zu and %zu: %s", a, b, err.text);
	if (bytes != 6 || pread(sound_fd, sound, sizeof(sound), 0) != 6 || strcmp(sound, "sound!") != 0)
		fail_msg("cut at %zu and %zu: sound %s", a, b, sound);
	if (t == NULL || t->count != ARRAY_LEN(characters))
		fail_msg("cut at %zu and %zu: times", a, b);
	for (size_t i = 0; i < ARRAY_LEN(characters); i++)
		if (strcmp(t->characters[i], characters[i]) != 0 || t->start_ms[i] != starts[i] ||
			t->end_ms[i] != ends[i])
			fail_msg("cut at %zu and %zu: character %zu: %s %d %d", a, b, i, t->characters[i],
				(int)t->start_ms[i], (int)t->end_ms[i]);
}

static void read_in_three(const char *text, size_t n, size_t a, size_t b)
{
	AUTO(speech_reader) s = begin();

	assert_true(speech_reader_take(s, text, a) && speech_reader_take(s, text + a, b - a) &&
		    speech_reader_take(s, text + b, n - b));
	expect_sample(s, a, b);
}

static void test_every_split(void **state UNUSED)
{
	for (size_t i = 0; i < sizeof(sample); i++)
		read_in_three(sample, sizeof(sample) - 1, i, i);
	for (size_t a = 0; a < sizeof(small); a++)
		for (size_t b = a; b < sizeof(small); b++)
			read_in_three(small, sizeof(small) - 1, a, b);
}

static void test_byte_by_byte(void **state UNUSED)
{
	AUTO(speech_reader) s = begin();

	for (size_t i = 0; i < sizeof(sample) - 1; i++)
		assert_true(speech_reader_take(s, &sample[i], 1));
	expect_sample(s, 1, 1);
}

static void expect_refused(struct speech_reader *s, const char *title, const char *why)
{
	const struct speech_times *t = NULL;
	int64_t bytes = 0;

	if (speech_reader_end(s, &t, &bytes, &err) == 0)
		fail_msg("%s: accepted", title);
	if (err.kind != ERR_PERM || strstr(err.text, why) == NULL)
		fail_msg("%s: %s", title, err.text);
	assert_null(t);
}

static void test_every_cut(void **state UNUSED)
{
	for (size_t n = 0; n < sizeof(sample) - 2; n++) { /* but the line end */
		AUTO(speech_reader) s = begin();
		AUTO_FREE char *title = xasprintf("%zu bytes", n);

		assert_true(speech_reader_take(s, sample, n));
		expect_refused(s, title, "breaks off");
	}
}

#define SOUND "\"audio_base64\":\"c291bmQh\""
#define TIMES(c, s, e)                                                                                       \
	"{" SOUND ",\"alignment\":{\"characters\":" c ",\"character_start_times_seconds\":" s                \
	",\"character_end_times_seconds\":" e "}}"
#define X10 "xxxxxxxxxx"

static void test_refused(void **state UNUSED)
{
	static const struct {
		const char *title, *text, *why;
	} cases[] = {
		{"empty", "", "breaks off"},
		{"HTML", "<html>", "no JSON"},
		{"a list", "[" SOUND "]", "no object"},
		{"null", "null", "no object"},
		{"two values", "{" SOUND "}{}", "no JSON"},
		{"no sound", "{}", "no sound"},
		{"null sound", "{\"audio_base64\":null}", "the sound is no text"},
		{"sound of another type", "{\"audio_base64\":[\"c291bmQh\"]}", "the sound is no text"},
		{"sound elsewhere", "{\"x\":{" SOUND "}}", "no sound"},
		{"empty sound", "{\"audio_base64\":\"\"}", "no sound"},
		{"sound twice", "{" SOUND "," SOUND "}", "twice"},
		{"not base64", "{\"audio_base64\":\"c291-mQh\"}", "not base64"},
		{"base64 with a line end", "{\"audio_base64\":\"c291\\nbmQh\"}", "not base64"},
		{"base64 with a NUL", "{\"audio_base64\":\"c291\\u0000mQh\"}", "not base64"},
		{"half a group", "{\"audio_base64\":\"c291bmQ\"}", "ends in the middle"},
		{"padding alone", "{\"audio_base64\":\"====\"}", "not base64"},
		{"padding too early", "{\"audio_base64\":\"c===\"}", "not base64"},
		{"padding in the middle", "{\"audio_base64\":\"c2==c291\"}", "not base64"},
		{"padding between", "{\"audio_base64\":\"c2=1\"}", "not base64"},
		{"too much sound", "{\"audio_base64\":\"" X10 X10 X10 X10 X10 "\"}", "too large"},
		{"alignment of another type", "{" SOUND ",\"alignment\":[]}", "alignment is no object"},
		{"alignment true", "{" SOUND ",\"alignment\":true}", "alignment is no object"},
		{"alignment twice", "{" SOUND ",\"alignment\":null,\"alignment\":null}", "twice"},
		{"unequal characters", TIMES("[\"a\",\"b\"]", "[1]", "[1]"), "equally many"},
		{"unequal starts", TIMES("[\"a\"]", "[]", "[1]"), "equally many"},
		{"unequal ends", TIMES("[\"a\"]", "[1]", "[1,2]"), "equally many"},
		{"no ends",
			"{" SOUND
			",\"alignment\":{\"characters\":[\"a\"],\"character_start_times_seconds\":[1]}}",
			"equally many"},
		{"characters null", TIMES("null", "[1]", "[1]"), "no list"},
		{"a character null", TIMES("[null]", "[1]", "[1]"), "character is no text"},
		{"a character that is a list", TIMES("[[\"a\"]]", "[1]", "[1]"), "character is no text"},
		{"a start that is text", TIMES("[\"a\"]", "[\"1\"]", "[1]"), "start is no number"},
		{"an end null", TIMES("[\"a\"]", "[1]", "[null]"), "end is no number"},
		{"absurd time", TIMES("[\"a\"]", "[1e9]", "[1]"), "absurd"},
		{"huge time", TIMES("[\"a\"]", "[1]", "[1e999999999999999999999]"), "absurd"},
		{"NUL in a character", TIMES("[\"\\u0000\"]", "[1]", "[1]"), "UTF-8"},
		{"broken character", TIMES("[\"\xff\"]", "[1]", "[1]"), "UTF-8"},
		{"long character", TIMES("[\"" X10 X10 X10 X10 X10 X10 X10 "\"]", "[1]", "[1]"), "too long"},
		{"control in a string", "{\"a\":\"\n\"," SOUND "}", "no JSON"},
		{"bad escape", "{\"a\":\"\\x\"," SOUND "}", "no JSON"},
		{"bad hex", "{\"a\":\"\\u12g4\"," SOUND "}", "no JSON"},
		{"bad literal", "{\"a\":nul," SOUND "}", "no JSON"},
		{"bad number", "{\"a\":01," SOUND "}", "no JSON"},
		{"minus", "{\"a\":-," SOUND "}", "no JSON"},
		{"comma at the end", "{" SOUND ",}", "no JSON"},
		{"comma in a list", "{\"a\":[1,]," SOUND "}", "no JSON"},
		{"no colon", "{\"a\" 1," SOUND "}", "no JSON"},
		{"key of another type", "{1:2," SOUND "}", "no JSON"},
		{"wrong bracket", "{\"a\":[1}," SOUND "}", "no JSON"},
		{"depth", "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
			"no JSON"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(speech_reader) whole = begin();
		(void)speech_reader_take(whole, cases[i].text, strlen(cases[i].text));
		expect_refused(whole, cases[i].title, cases[i].why);

		AUTO(speech_reader) bytes = begin();
		for (const char *p = cases[i].text; *p != '\0'; p++)
			(void)speech_reader_take(bytes, p, 1);
		expect_refused(bytes, cases[i].title, cases[i].why);
		assert_false(speech_reader_take(bytes, " ", 1)); /* it stays refused */
	}
}

static void test_without_times(void **state UNUSED)
{
	static const char *const cases[] = {
		"{" SOUND "}", "{" SOUND ",\"alignment\":null}", "{\"alignment\":null," SOUND "}",
		"{" SOUND ",\"alignment\":{}}", TIMES("[]", "[]", "[]"),
		"{\"normalized_alignment\":{\"characters\":[\"a\"]}," SOUND "}",
		"{\"audio_base64_\":1,\"audio_base6\":2," SOUND "}",
		"{\"" X10 X10 X10 X10 X10 X10 X10 "\":1," SOUND "}", /* a key longer than any that is known */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(speech_reader) s = begin();
		const struct speech_times *t = NULL;
		int64_t bytes = 0;

		assert_true(speech_reader_take(s, cases[i], strlen(cases[i])));
		if (speech_reader_end(s, &t, &bytes, &err) < 0)
			fail_msg("%s: %s", cases[i], err.text);
		assert_int_equal(bytes, 6);
		assert_null(t);
	}
}

/* What was paid for is taken, odd as it is. */
static void test_odd_times(void **state UNUSED)
{
	static const char text[] = TIMES("[\"\",\"\\ud83d\",\"\\udc00x\",\"\\ud83d\\ud83d\\ude00\",\"ab\"]",
		"[-0.5,-0,0.0005,0.00049999999999999999,86400]", "[1e-7,1E0,2.0000,0.1e1,12345.6785]");
	static const char *const characters[] = {"", REPLACED, REPLACED "x", (REPLACED GRIN), "ab"};
	static const int64_t starts[] = {0, 0, 1, 0, 86400000}, ends[] = {0, 1000, 2000, 1000, 12345679};
	AUTO(speech_reader) s = begin();
	const struct speech_times *t = NULL;
	int64_t bytes = 0;

	assert_true(speech_reader_take(s, text, sizeof(text) - 1));
	assert_int_equal(speech_reader_end(s, &t, &bytes, &err), 0);
	assert_int_equal(t->count, ARRAY_LEN(characters));
	for (size_t i = 0; i < ARRAY_LEN(characters); i++) {
		assert_string_equal(t->characters[i], characters[i]);
		assert_int_equal(t->start_ms[i], starts[i]);
		assert_int_equal(t->end_ms[i], ends[i]);
	}
}

static void test_sounds(void **state UNUSED)
{
	static const struct {
		const char *base64, *sound;
	} cases[] = {
		{"YQ==", "a"}, {"YWI=", "ab"}, {"YWJj", "abc"}, {"\\/\\/8=", "\xff\xff"},
		{"+\\u002f8=", "\xfb\xff"},
		{"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, /* the limit */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *text = xasprintf("{\"audio_base64\":\"%s\"}", cases[i].base64);
		AUTO(speech_reader) s = begin();
		const struct speech_times *t = NULL;
		char sound[64] = "";
		int64_t bytes = 0;

		assert_true(speech_reader_take(s, text, strlen(text)));
		assert_int_equal(speech_reader_end(s, &t, &bytes, &err), 0);
		assert_int_equal(bytes, strlen(cases[i].sound));
		assert_int_equal(pread(sound_fd, sound, sizeof(sound), 0), bytes);
		assert_string_equal(sound, cases[i].sound);
	}
}

static void test_too_many(void **state UNUSED)
{
	static const struct {
		const char *head, *item, *why;
	} cases[] = {
		{"{\"alignment\":{\"characters\":[\"a\"", ",\"b\"", "too many characters"},
		{"{\"alignment\":{\"character_end_times_seconds\":[1", ",2", "too many times"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(speech_reader) s = begin();
		size_t items = 1;

		assert_true(speech_reader_take(s, cases[i].head, strlen(cases[i].head)));
		while (speech_reader_take(s, cases[i].item, strlen(cases[i].item)))
			assert_true(++items < 200000);
		assert_true(items >= 99999);
		expect_refused(s, cases[i].why, cases[i].why);
	}
}

static void test_full_disk(void **state UNUSED)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	AUTO(speech_reader) s = speech_reader_new(fd, SOUND_MAX);
	const struct speech_times *t = NULL;
	int64_t bytes = 0;

	assert_true(fd >= 0);
	assert_false(speech_reader_take(s, small, sizeof(small) - 1));
	assert_int_equal(speech_reader_end(s, &t, &bytes, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_int_equal(err.sys_errno, ENOSPC);
	close(fd);
	speech_reader_free(NULL);
}

static int open_sound(void **state UNUSED)
{
	sound_fd = memfd_create("sound", MFD_CLOEXEC);
	return sound_fd < 0;
}

static int close_sound(void **state UNUSED)
{
	return close(sound_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_without_times),
		cmocka_unit_test(test_odd_times),
		cmocka_unit_test(test_sounds),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, open_sound, close_sound);
}
