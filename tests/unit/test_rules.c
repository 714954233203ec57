/* What must hold between fields, as rows of a body and its problems: of an order, and of a change. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/video/limits.h"
#include "lib/video/request.h"
#include "tests/unit/bodies.h"

#define BODY(scenes, more)                                                                                   \
	"{\"storeId\":\"s1\",\"title\":\"T\",\"style\":\"story\",\"aspectRatio\":\"9:16\",\"scenes\":"       \
	"[" scenes "]" more "}"
#define SCENE(seconds, more) "{\"prompt\":\"p\",\"duration\":" seconds more "}"
#define NAMELESS             "0123456789abcdef0123456789abcdef"
#define MINE                 "/uploads/s1/" NAMELESS ".jpg"
#define THEIRS               "/uploads/s2/" NAMELESS ".jpg"
#define SAID                 ",\"narration\":\"Slow down.\""

static const struct {
	const char *title, *body, *problems;
} cases[] = {
	{"its own ratio", BODY(SCENE("2", ""), ",\"renditions\":[\"1:1\",\"9:16\"]"),
		"/renditions: must not have 9:16, which is the video's own aspectRatio\n"},
	{"all others", BODY(SCENE("2", ""), ",\"renditions\":[\"1:1\",\"16:9\",\"4:5\"]"), ""},
	{"a script and a narration", BODY(SCENE("2", SAID), ",\"voiceoverScript\":\"Fast.\""),
		"/voiceoverScript: must not stand beside a scene's narration\n"},
	{"a voice and a script",
		BODY(SCENE("2", ""), ",\"voiceUrl\":\"/assets/v.mp3\",\"voiceoverScript\":\"Fast.\""),
		"/voiceUrl: must not stand beside voiceoverScript: it is spoken already\n"},
	{"a voice and a narration", BODY(SCENE("2", SAID), ",\"voiceUrl\":\"/assets/v.mp3\""),
		"/voiceUrl: must not stand beside a scene's narration: it is spoken already\n"},
	{"a voice and captions",
		BODY(SCENE("2", ""), ",\"voiceUrl\":\"/assets/v.mp3\",\"captions\":\"words\""),
		"/captions: must be none with voiceUrl: its words are not known\n"},
	{"a voice and no captions",
		BODY(SCENE("2", ""), ",\"voiceUrl\":\"" MINE
				     "\",\"captions\":\"none\",\"voiceoverScript\":\" \",\"musicUrl\":"
				     "\"https://example.com/m.mp3\",\"musicTrackId\":null"),
		""},
	{"music twice",
		BODY(SCENE("2", ""), ",\"musicUrl\":\"/assets/"
				     "m.mp3\",\"musicTrackId\":\"6d757369-6300-4000-8000-000000000003\""),
		"/musicUrl: must not stand beside musicTrackId: it is instead of a track\n"},
	{"half a scene", BODY(SCENE("1", "") "," SCENE("3", ""), ",\"transition\":\"fade\""), ""},
	{"more than half of the first",
		BODY(SCENE("1", "") "," SCENE("3", "") "," SCENE("1", ""),
			",\"transition\":\"fade\",\"transitionDuration\":0.501"),
		"/transitionDuration: must be at most half of the shorter of scenes 1 and 2\n"},
	{"more than half of the second",
		BODY(SCENE("3", "") "," SCENE("3",
			     ",\"transition\":\"wipe_up\",\"transitionDuration\":1.5") "," SCENE("2.9", ""),
			""),
		"/scenes/1/transitionDuration: must be at most half of the shorter of scenes 2 and 3\n"},
	{"a scene's own, as long as the video's",
		BODY(SCENE("2", ",\"transition\":\"fade\"") "," SCENE("2", ""),
			",\"transitionDuration\":1.5"),
		"/transitionDuration: must be at most half of the shorter of scenes 1 and 2\n"},
	{"a cut has no length",
		BODY(SCENE("1", "") "," SCENE(
			     "1", ",\"transition\":\"cut\",\"transitionDuration\":1.5") "," SCENE("1",
			     ",\"transition\":\"fade\""),
			",\"transitionDuration\":1.5"),
		""},
	{"uploads of its store",
		BODY(SCENE("2", ",\"imageUrl\":\"" MINE "\""),
			",\"voiceUrl\":\"" MINE "\",\"musicUrl\":\"" MINE "\""),
		""},
	{"uploads of another store",
		BODY(SCENE("2", "") "," SCENE("2", ",\"imageUrl\":\"" THEIRS "\""),
			",\"voiceUrl\":\"" THEIRS "\",\"musicUrl\":\"" THEIRS "\""),
		"/scenes/1/imageUrl: is an upload of another store\n/voiceUrl: is an upload of another "
		"store\n"
		"/musicUrl: is an upload of another store\n"},
	{"fields first", BODY(SCENE("2", SAID), ",\"voiceoverScript\":\"Fast.\",\"fit\":\"none\""),
		"/fit: must be one of cover, contain, blur\n"},
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(json) body = body_parse(cases[i].body);
		AUTO_VIDEO v = {0};
		AUTO_PROBLEMS p = {0};
		bool good = request_read_video(body, &v, &p);

		body_problems(cases[i].title, &p, cases[i].problems);
		assert_int_equal(good, *cases[i].problems == '\0');
	}
}

/* A video of count scenes that narrate points characters each. Caller frees. */
static char *narrated(size_t count, int points)
{
	AUTO_BUF scenes = BUF_INIT(1 << 17);

	for (size_t i = 0; i < count; i++)
		buf_addf(&scenes, "%s{\"prompt\":\"p\",\"duration\":5,\"narration\":\"%0*d\"}",
			i > 0 ? "," : "", points, 0);
	return xasprintf(BODY("%s", ""), buf_text(&scenes));
}

static const struct {
	size_t scenes;
	int points;
	const char *problems;
} narrations[] = {
	{1, 1500, ""},
	{1, 1501, "/scenes/0/narration: must be a string of at most 1500 characters; it has 1501\n"},
	{5, 1000, ""},
	{6, 1000, "/scenes/5/narration: makes the narrations longer than 5000 characters together\n"},
	{50, 100, ""},
	{50, 101, "/scenes/49/narration: makes the narrations longer than 5000 characters together\n"},
};

static void test_narrations(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(narrations); i++) {
		AUTO_FREE char *text = narrated(narrations[i].scenes, narrations[i].points);
		AUTO(json) body = body_parse(text);
		AUTO_VIDEO v = {0};
		AUTO_PROBLEMS p = {0};
		bool good = request_read_video(body, &v, &p);

		body_problems("narrations", &p, narrations[i].problems);
		if (good)
			assert_int_equal(video_script_points(&v),
				(int64_t)narrations[i].scenes * narrations[i].points);
	}
}

static const struct {
	const char *title, *change, *problems;
} changes[] = {
	{"a voice beside its script", "{\"voiceUrl\":\"/assets/v.mp3\",\"title\":\"U\"}",
		"/voiceUrl: must not stand beside voiceoverScript: it is spoken already\n"},
	{"a voice in its script's place", "{\"voiceUrl\":\"/assets/v.mp3\",\"voiceoverScript\":null}", ""},
	{"the ratio that it has as a rendition", "{\"aspectRatio\":\"1:1\"}",
		"/renditions: must not have 1:1, which is the video's own aspectRatio\n"},
	{"the ratio without the rendition", "{\"aspectRatio\":\"1:1\",\"renditions\":[]}", ""},
	{"the ratio, the renditions by default", "{\"aspectRatio\":\"1:1\",\"renditions\":null}", ""},
	{"narrations beside its script", "{\"scenes\":[" SCENE("2", SAID) "]}",
		"/voiceoverScript: must not stand beside a scene's narration\n"},
	{"another store's upload", "{\"musicUrl\":\"" THEIRS "\"}",
		"/musicUrl: is an upload of another store\n"},
	{"its own upload", "{\"musicUrl\":\"" MINE "\"}", ""},
	{"a transition that its scenes are too short for",
		"{\"transition\":\"fade\",\"transitionDuration\":1.5}",
		"/transitionDuration: must be at most half of the shorter of scenes 1 and 2\n"},
};

static const char before[] = BODY(SCENE("2", "") "," SCENE("2", ""),
	",\"voiceoverScript\":\"Fast.\",\"renditions\":[\"1:1\"],\"textStyle\":{\"size\":\"large\"}");

static void test_a_change_keeps_the_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		AUTO(json) body = body_parse(before);
		AUTO(json) change = body_parse(changes[i].change);
		AUTO_VIDEO v = {0};
		AUTO_PROBLEMS p = {0};

		assert_true(request_read_video(body, &v, &p));
		bool good = request_read_change(change, &v, &p);

		body_problems(changes[i].title, &p, changes[i].problems);
		assert_int_equal(good, *changes[i].problems == '\0');
		if (good)
			continue;
		assert_string_equal(v.title, "T");
		assert_string_equal(v.voiceover_script, "Fast.");
		assert_null(v.look.voice_url);
		assert_null(v.look.music_url);
		assert_int_equal(v.aspect, ASPECT_9_16);
		assert_int_equal(v.look.renditions, 1U << ASPECT_1_1);
		assert_int_equal(v.look.transition, TRANSITION_CUT);
		assert_int_equal(v.scene_count, 2);
	}
}

/* What a change does not name stays, null is the default, and an object replaces all of the old one. */
static void test_a_change_of_the_look(void **state)
{
	AUTO(json) body = body_parse(before);
	AUTO(json)
	change = body_parse("{\"renditions\":null,\"quality\":\"high\",\"textStyle\":{\"position\":\"top\"},"
			    "\"musicUrl\":\"/assets/m.mp3\"}");
	AUTO(json)
	back = body_parse("{\"quality\":null,\"textStyle\":null,\"musicUrl\":null,\"captions\":\"lines\"}");
	AUTO_VIDEO v = {0};
	AUTO_PROBLEMS p = {0};

	(void)state;
	assert_true(request_read_video(body, &v, &p));
	assert_int_equal(v.look.text.size, SIZE_LARGE);
	assert_true(request_read_change(change, &v, &p));
	assert_int_equal(v.look.renditions, 0);
	assert_int_equal(v.look.quality, QUALITY_HIGH);
	assert_int_equal(v.look.text.position, POSITION_TOP);
	assert_int_equal(v.look.text.size, LOOK_UNSET);
	assert_string_equal(v.look.music_url, "/assets/m.mp3");
	assert_true(v.look.brand);
	assert_true(request_read_change(back, &v, &p));
	assert_int_equal(v.look.quality, LOOK_UNSET);
	assert_int_equal(v.look.text.position, LOOK_UNSET);
	assert_int_equal(v.look.captions, CAPTIONS_LINES);
	assert_null(v.look.music_url);
}

static void test_pictures_of_products(void **state)
{
	AUTO(json)
	mine = body_parse("{\"storeId\":\"s1\",\"title\":\"T\",\"images\":[{\"url\":\"" MINE "\"}]}");
	AUTO(json)
	theirs = body_parse("{\"storeId\":\"s1\",\"title\":\"T\",\"images\":[{\"url\":\"" MINE
			    "\"},{\"url\":\"" THEIRS "\"}]}");
	AUTO_PRODUCT a = {0}, b = {0};
	AUTO_PROBLEMS p = {0};

	(void)state;
	assert_true(request_read_product(mine, &a, &p));
	assert_false(request_read_product(theirs, &b, &p));
	body_problems("pictures", &p, "/images/1/url: is an upload of another store\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_narrations),
		cmocka_unit_test(test_a_change_keeps_the_rules),
		cmocka_unit_test(test_a_change_of_the_look),
		cmocka_unit_test(test_pictures_of_products),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
