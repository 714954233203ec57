/* How films look, as JSON and back: what is at its default is not stored, all else is as it came. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/io/json.h"
#include "lib/video/fields.h"
#include "lib/video/limits.h"
#include "lib/video/look.h"
#include "lib/video/video.h"

#define TEXT_MAX 65536

/* Caller frees. */
static char *text_of(struct json *o)
{
	AUTO(json) all = o;
	AUTO_BUF text = BUF_INIT(TEXT_MAX);

	json_write(all, &text);
	return buf_steal(&text);
}

static char *again_look(const char *text, struct err *e)
{
	AUTO_LOOK l;

	look_init(&l);
	return look_read(text, &l, e) < 0 ? NULL : text_of(look_json(&l));
}

static char *again_scene(const char *text, struct err *e)
{
	AUTO_SCENE_LOOK l;

	scene_look_init(&l);
	return scene_look_read(text, &l, e) < 0 ? NULL : text_of(scene_look_json(&l));
}

static char *again_brand(const char *text, struct err *e)
{
	AUTO_BRAND b;

	brand_init(&b);
	return brand_read(text, &b, e) < 0 ? NULL : text_of(brand_json(&b));
}

#define UPLOAD "/uploads/s1/0123456789abcdef0123456789abcdef.mp3"

static const struct {
	char *(*again)(const char *text, struct err *e);
	const char *text, *written; /* NULL: the same */
} good[] = {
	{again_look, NULL, "{}"},
	{again_look, "{}", NULL},
	{again_look,
		"{\"renditions\":[\"16:9\",\"1:1\"],\"quality\":\"high\",\"fit\":\"blur\",\"transition\":"
		"\"slide_left\","
		"\"transitionDuration\":0.25,\"captions\":\"words\",\"captionStyle\":\"bold\",\"textStyle\":"
		"{\"position\":\"top\",\"size\":\"small\",\"background\":\"none\",\"entrance\":\"none\","
		"\"colour\":\"#000000\",\"backgroundColour\":\"#FFFFFF\"},\"sceneVolume\":100,"
		"\"voiceUrl\":\"" UPLOAD "\",\"musicUrl\":\"https://example.com/a.mp3\",\"brand\":false}",
		NULL},
	{again_look, "{\"quality\":\"draft\",\"textStyle\":{\"position\":\"top\"}}", NULL},
	{again_look,
		"{\"renditions\":[\"1:1\",\"16:9\"],\"fit\":\"cover\",\"transition\":\"cut\","
		"\"transitionDuration\":0.5,\"captions\":\"none\",\"captionStyle\":\"clean\",\"textStyle\":{}"
		","
		"\"sceneVolume\":0,\"brand\":true}",
		"{\"renditions\":[\"16:9\",\"1:1\"]}"},
	{again_look,
		"{\"renditions\":[],\"quality\":null,\"textStyle\":{\"colour\":null},\"voiceUrl\":\" \"}",
		"{}"},
	{again_look, "{\"textStyle\":{\"colour\":\"#a0b1c2\"}}", "{\"textStyle\":{\"colour\":\"#A0B1C2\"}}"},
	{again_scene, NULL, "{}"},
	{again_scene,
		"{\"narration\":\"two\\nlines\",\"fit\":\"cover\",\"focus\":{\"x\":0,\"y\":0.333},"
		"\"transition\":\"cut\","
		"\"transitionDuration\":1.5,\"textStyle\":{\"size\":\"large\"}}",
		NULL},
	{again_scene, "{\"focus\":{\"x\":0.5,\"y\":1}}", "{\"focus\":{\"y\":1}}"},
	{again_scene, "{\"focus\":{}}", "{}"},
	{again_brand, NULL, "{}"},
	{again_brand,
		"{\"font\":\"Lato\",\"textColour\":\"#FFFFFF\",\"backgroundColour\":\"#112233\","
		"\"accentColour\":"
		"\"#FF8800\",\"groundColour\":\"#000000\",\"textStyle\":{\"entrance\":\"rise\"},\"logoUrl\":"
		"\"/assets/logo.png\",\"logoPosition\":\"bottom_left\",\"logoOpacity\":0,\"logoSize\":40,"
		"\"intro\":{\"title\":\"Autumn\",\"duration\":1},\"endCard\":{\"title\":\"A "
		"mug\",\"text\":\"29 EUR\","
		"\"action\":\"Shop now\",\"duration\":10}}",
		NULL},
	{again_brand, "{\"intro\":{},\"endCard\":null,\"logoOpacity\":100}", "{\"intro\":{}}"},
};

static void test_what_is_written_is_what_was_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct err e = {0};
		AUTO_FREE char *written = good[i].again(good[i].text, &e);
		const char *expected = good[i].written ? good[i].written : good[i].text;

		if (!written)
			fail_msg("%s: %s", good[i].text, e.text);
		if (strcmp(written, expected) != 0)
			fail_msg("%s instead of %s", written, expected);

		AUTO_FREE char *twice = good[i].again(written, &e);
		assert_string_equal(twice, written);
	}
}

static const struct {
	char *(*again)(const char *text, struct err *e);
	const char *text, *why;
} bad[] = {
	{again_look, "", "the video's look: "},
	{again_look, "[]", "the video's look:  must be an object, not an array"},
	{again_look, "{\"more\":1}", "/more is not a known key"},
	{again_look, "{\"renditions\":\"1:1\"}",
		"/renditions must be an array of aspect ratios, not a string"},
	{again_look, "{\"renditions\":[\"1:1\",\"1:1\"]}", "/renditions/1 is there already"},
	{again_look, "{\"renditions\":[\"1:1\",7]}", "/renditions/1 must be one of 16:9, 9:16, 1:1, 4:5"},
	{again_look, "{\"quality\":\"best\"}", "/quality must be one of draft, standard, high"},
	{again_look, "{\"fit\":\"stretch\"}", "/fit must be one of cover, contain, blur"},
	{again_look, "{\"transition\":\"star\"}",
		"/transition must be one of cut, fade, crossfade, slide_left, slide_up, wipe_left, wipe_up"},
	{again_look, "{\"transitionDuration\":0.099}",
		"/transitionDuration must be a number of seconds from 0.1 to 1.5"},
	{again_look, "{\"transitionDuration\":1.501}", "/transitionDuration must be"},
	{again_look, "{\"captions\":true}", "/captions must be one of none, lines, words, not a boolean"},
	{again_look, "{\"captionStyle\":\"neon\"}", "/captionStyle must be one of clean, box, bold"},
	{again_look, "{\"textStyle\":\"big\"}", "/textStyle must be an object, not a string"},
	{again_look, "{\"textStyle\":{\"position\":\"left\"}}",
		"/textStyle/position must be one of top, middle, bottom"},
	{again_look, "{\"textStyle\":{\"font\":\"Lato\"}}",
		"/textStyle/font is not a known key; known keys are position"},
	{again_look, "{\"textStyle\":{\"colour\":\"red\"}}",
		"/textStyle/colour must be a colour as \"#RRGGBB\""},
	{again_look, "{\"textStyle\":{\"colour\":\"#12345\"}}", "must be a colour"},
	{again_look, "{\"textStyle\":{\"colour\":\"#12345G\"}}", "must be a colour"},
	{again_look, "{\"textStyle\":{\"colour\":\"#1234567\"}}", "must be a colour"},
	{again_look, "{\"textStyle\":{\"colour\":1193046}}", "must be a colour as \"#RRGGBB\", not a number"},
	{again_look, "{\"sceneVolume\":101}", "/sceneVolume must be a whole number from 0 to 100"},
	{again_look, "{\"voiceUrl\":\"/etc/passwd\"}",
		"/voiceUrl must begin with https://, /assets/ or /uploads/"},
	{again_look, "{\"musicUrl\":\"/uploads/s1/a.mp3\"}",
		"/musicUrl must be an address that an upload was answered with"},
	{again_look, "{\"musicUrl\":\"concat:/etc/passwd|/etc/group\"}", "/musicUrl must begin with"},
	{again_scene, "{\"focus\":{\"x\":1.001}}", "/focus/x must be a number from 0 to 1"},
	{again_scene, "{\"focus\":{\"y\":-0.001}}", "/focus/y must be a number"},
	{again_scene, "{\"focus\":[0,1]}", "/focus must be an object, not an array"},
	{again_scene, "{\"focus\":{\"z\":0}}", "/focus/z is not a known key"},
	{again_scene, "{\"narration\":\"form\\ffeed\"}", "/narration must not contain control characters"},
	{again_brand, "{\"font\":\"Comic Sans\"}", "/font must be one of Lato"},
	{again_brand, "{\"logoSize\":41}", "/logoSize must be a whole number from 4 to 40"},
	{again_brand, "{\"logoPosition\":\"middle\"}", "/logoPosition must be one of top_left"},
	{again_brand, "{\"intro\":{\"duration\":0.9}}",
		"/intro/duration must be a number of seconds from 1 to 10"},
	{again_brand, "{\"endCard\":{\"title\":\"two\\nlines\"}}",
		"/endCard/title must not contain control characters"},
	{again_brand, "{\"endCard\":{\"there\":true}}", "/endCard/there is not a known key"},
};

static void test_what_is_none_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = {0};
		AUTO_FREE char *written = bad[i].again(bad[i].text, &e);

		if (written)
			fail_msg("%s: taken", bad[i].text);
		assert_int_equal(e.kind, ERR_PERM);
		if (!strstr(e.text, bad[i].why))
			fail_msg("%s: %s", bad[i].text, e.text);
	}
}

static void test_defaults(void **state)
{
	struct look l;
	struct scene_look s;
	struct brand b;

	(void)state;
	look_init(&l);
	assert_int_equal(l.quality, LOOK_UNSET);
	assert_int_equal(l.fit, FIT_COVER);
	assert_int_equal(l.transition, TRANSITION_CUT);
	assert_int_equal(l.transition_ms, DEFAULT_TRANSITION_MS);
	assert_int_equal(l.captions, CAPTIONS_NONE);
	assert_int_equal(l.text.position, LOOK_UNSET);
	assert_int_equal(l.text.background_colour, LOOK_UNSET);
	assert_int_equal(l.scene_volume, 0);
	assert_true(l.brand);
	scene_look_init(&s);
	assert_int_equal(s.fit, LOOK_UNSET);
	assert_int_equal(s.transition, LOOK_UNSET);
	assert_int_equal(s.transition_ms, LOOK_UNSET);
	assert_int_equal(s.focus_x, 500);
	assert_int_equal(s.focus_y, 500);
	brand_init(&b);
	assert_null(b.font);
	assert_int_equal(b.accent_colour, LOOK_UNSET);
	assert_int_equal(b.logo_opacity, 100);
	assert_false(b.intro.there);
	assert_false(b.end.there);
}

/* As answers show it: every key is there, and can be sent again as it is. */
static void test_all_of_it_is_shown(void **state)
{
	AUTO_LOOK l;
	AUTO(json) o = json_new_object();
	AUTO_BUF text = BUF_INIT(TEXT_MAX);
	struct err e = {0};

	(void)state;
	look_init(&l);
	fields_write(&l, &look_table, NULL, o);
	json_write(o, &text);
	assert_string_equal(buf_text(&text),
		"{\"renditions\":[],\"quality\":null,\"fit\":\"cover\",\"transition\":\"cut\","
		"\"transitionDuration\":0.5,\"captions\":\"none\",\"captionStyle\":\"clean\",\"textStyle\":"
		"null,"
		"\"sceneVolume\":0,\"voiceUrl\":null,\"musicUrl\":null,\"brand\":true}");

	AUTO_FREE char *again = again_look(buf_text(&text), &e);
	assert_string_equal(again, "{}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_what_was_read),
		cmocka_unit_test(test_what_is_none_is_refused),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_of_it_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
