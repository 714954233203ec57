/*
 * Bodies that ask for something of a video that is there already: a change, a scene anew, going on, making it
 * again. What a change keeps decides what is bought again.
 */

#include "lib/video/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/base/macros.h"
#include "lib/io/json.h"
#include "tests/unit/bodies.h"

#define KEYS                                                                                                 \
	"title, style, aspectRatio, scenes, voiceoverScript, mode, model, reuse, voiceId, voiceVolume, "     \
	"musicTrackId, musicVolume, " LOOK_KEYS

/* Two scenes, the first generated anew once, the second three times. */
static void make_film(struct video *v)
{
	AUTO(json)
	body = body_parse(
		"{\"storeId\":\"s\",\"productId\":\"p\",\"title\":\"T\",\"style\":\"story\",\"model\":"
		"\"gen4.5\","
		"\"aspectRatio\":\"1:1\",\"voiceoverScript\":\"Hello.\",\"voiceId\":\"female\","
		"\"musicVolume\":40,"
		"\"scenes\":[{\"prompt\":\"one\",\"duration\":3,\"imageUrl\":\"/assets/a.jpg\"},"
		"{\"prompt\":\"two\",\"duration\":2.5,\"model\":\"veo3.1\"}]}");
	AUTO_PROBLEMS p = {0};

	assert_true(request_read_video(body, v, &p));
	v->scenes[0].take = 1;
	v->scenes[1].take = 3;
	v->progress = 42;
}

#define ONE   "{\"prompt\":\"one\",\"duration\":3,\"imageUrl\":\"/assets/a.jpg\"}"
#define TWO   "{\"prompt\":\"two\",\"duration\":2.5,\"model\":\"veo3.1\"}"
#define THREE "{\"prompt\":\"three\",\"duration\":1}"

static const struct {
	const char *title, *body;
	int64_t takes[3]; /* -1: there is no such scene */
} take_cases[] = {
	{"no scenes", "{}", {1, 3, -1}},
	{"the same ones", "{\"scenes\":[" ONE "," TWO "]}", {1, 3, -1}},
	{"one more", "{\"scenes\":[" ONE "," TWO "," THREE "]}", {1, 3, 0}},
	{"one fewer", "{\"scenes\":[" ONE "]}", {1, -1, -1}},
	{"changed places", "{\"scenes\":[" TWO "," ONE "]}", {3, 1, -1}},
	{"one put before", "{\"scenes\":[" THREE "," ONE "," TWO "]}", {0, 1, 3}},
	{"the first taken away", "{\"scenes\":[" TWO "]}", {3, -1, -1}},
	{"one twice", "{\"scenes\":[" TWO "," TWO "]}", {0, 3, -1}},
	{"one twice, and then the other", "{\"scenes\":[" TWO "," TWO "," ONE "]}", {0, 3, 1}},
	{"another prompt", "{\"scenes\":[" THREE "," TWO "]}", {0, 3, -1}},
	{"another text on it",
		"{\"scenes\":[{\"prompt\":\"one\",\"duration\":3,\"imageUrl\":\"/assets/"
		"a.jpg\",\"textOverlay\":\"x\"}]}",
		{1, -1, -1}},
	{"another length",
		"{\"scenes\":[{\"prompt\":\"one\",\"duration\":4,\"imageUrl\":\"/assets/a.jpg\"}]}",
		{1, -1, -1}},
	{"another image", "{\"scenes\":[{\"prompt\":\"one\",\"duration\":3,\"imageUrl\":\"/assets/b.jpg\"}]}",
		{0, -1, -1}},
	{"no image", "{\"scenes\":[{\"prompt\":\"one\",\"duration\":3}]}", {0, -1, -1}},
	{"another model",
		"{\"scenes\":[" ONE ",{\"prompt\":\"two\",\"duration\":2.5,\"model\":\"veo3.1_fast\"}]}",
		{1, 0, -1}},
	{"no model", "{\"scenes\":[" ONE ",{\"prompt\":\"two\",\"duration\":2.5}]}", {1, 0, -1}},
};

static void test_what_a_change_leaves_of_the_takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(take_cases); i++) {
		AUTO(json) body = body_parse(take_cases[i].body);
		AUTO_VIDEO v = {0};
		AUTO_PROBLEMS p = {0};

		make_film(&v);
		assert_true(request_read_change(body, &v, &p));
		for (size_t k = 0; k < ARRAY_LEN(take_cases[i].takes); k++) {
			int64_t take = k < v.scene_count ? v.scenes[k].take : -1;

			if (take != take_cases[i].takes[k])
				fail_msg("%s: scene %zu: %lld", take_cases[i].title, k, (long long)take);
		}
	}
}

static void test_a_change_is_of_what_it_names(void **state)
{
	AUTO(json)
	body = body_parse("{\"title\":\"U\",\"voiceoverScript\":null,\"voiceId\":\" "
			  "\",\"model\":null,\"mode\":\"draft\","
			  "\"reuse\":false,\"musicVolume\":null,\"voiceVolume\":0,\"musicTrackId\":null}");
	AUTO_VIDEO v = {0};
	AUTO_PROBLEMS p = {0};

	(void)state;
	make_film(&v);
	assert_true(request_read_change(body, &v, &p));
	assert_string_equal(v.title, "U");
	assert_null(v.voiceover_script);
	assert_null(v.voice_id);
	assert_null(v.model);
	assert_int_equal(v.mode, MODE_DRAFT);
	assert_false(v.reuse);
	assert_int_equal(v.voice_volume, 0);
	assert_int_equal(v.music_volume, 40);
	assert_int_equal(v.style, STYLE_STORY);
	assert_int_equal(v.aspect, ASPECT_1_1);
	assert_string_equal(v.store_id, "s");
	assert_string_equal(v.product_id, "p");
	assert_int_equal(v.scene_count, 2);
	assert_int_equal(v.progress, 42);
}

static void test_a_wrong_change_changes_nothing(void **state)
{
	AUTO(json)
	body = body_parse(
		"{\"title\":null,\"style\":null,\"aspectRatio\":\"4:5\",\"scenes\":null,\"storeId\":\"s\"}");
	AUTO(json) blank = body_parse("{\"title\":\" \",\"scenes\":[],\"voiceId\":\"male\"}");
	AUTO(json) none = body_parse("[]");
	AUTO_VIDEO v = {0};
	AUTO_PROBLEMS p = {0}, q = {0}, r = {0};

	(void)state;
	make_film(&v);
	assert_false(request_read_change(body, &v, &p));
	body_problems("null", &p,
		"/title: must not be null\n/style: must not be null\n/scenes: must not be null\n"
		"/storeId: is not a known key; known keys are " KEYS "\n");
	assert_false(request_read_change(blank, &v, &q));
	body_problems("blank", &q,
		"/title: must not be blank\n/scenes: must be an array of 1 to 50 scenes; it has 0\n");
	assert_false(request_read_change(none, &v, &r));
	body_problems("none", &r, ": must be an object, not an array\n");
	assert_string_equal(v.title, "T");
	assert_string_equal(v.voice_id, "female");
	assert_int_equal(v.aspect, ASPECT_1_1);
	assert_int_equal(v.scene_count, 2);
}

static const struct {
	const char *body, *prompt, *image_url;
	bool no_image;
	const char *problems;
} regenerate_cases[] = {
	{"{}", NULL, NULL, false, ""},
	{"{\"prompt\":\"A slow\\r\\npan\"}", "A slow\npan", NULL, false, ""},
	{"{\"prompt\":\"p\",\"imageUrl\":\"/assets/a.jpg\"}", "p", "/assets/a.jpg", false, ""},
	{"{\"imageUrl\":null}", NULL, NULL, true, ""},
	{"{\"imageUrl\":\"\"}", NULL, NULL, true, ""},
	{"{\"prompt\":null}", NULL, NULL, false, "/prompt: must not be null\n"},
	{"{\"prompt\":\" \"}", NULL, NULL, false, "/prompt: must not be blank\n"},
	{"{\"imageUrl\":\"http://shop.example/a.jpg\",\"seed\":1}", NULL, NULL, true,
		"/imageUrl: must begin with https://; plain http:// is not accepted\n"
		"/seed: is not a known key; known keys are prompt, imageUrl\n"},
};

static void check_same(const char *found, const char *expected)
{
	assert_int_equal(found != NULL, expected != NULL);
	if (found)
		assert_string_equal(found, expected);
}

static void test_regenerate(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(regenerate_cases); i++) {
		AUTO(json) body = body_parse(regenerate_cases[i].body);
		AUTO_REGENERATE r = {0};
		AUTO_PROBLEMS p = {0};
		bool good = request_read_regenerate(body, &r, &p);

		body_problems(regenerate_cases[i].body, &p, regenerate_cases[i].problems);
		assert_int_equal(good, p.count == 0);
		check_same(r.prompt, regenerate_cases[i].prompt);
		check_same(r.image_url, regenerate_cases[i].image_url);
		assert_int_equal(r.no_image, regenerate_cases[i].no_image);
	}
}

static void test_retry_and_render(void **state)
{
	AUTO(json) nothing = body_parse("{}");
	AUTO(json) accept = body_parse("{\"acceptPossibleCharge\":true}");
	AUTO(json) draft = body_parse("{\"mode\":\"draft\"}");
	AUTO(json) text = body_parse("{\"acceptPossibleCharge\":\"true\",\"mode\":1}");
	AUTO_PROBLEMS p = {0}, q = {0};
	bool accepted = false;
	int mode = MODE_FULL;

	(void)state;
	assert_true(request_read_retry(nothing, &accepted, &p));
	assert_false(accepted);
	assert_true(request_read_retry(accept, &accepted, &p));
	assert_true(accepted);
	assert_true(request_read_render(nothing, &mode, &p));
	assert_int_equal(mode, MODE_FULL);
	assert_true(request_read_render(draft, &mode, &p));
	assert_int_equal(mode, MODE_DRAFT);

	accepted = false;
	assert_false(request_read_retry(text, &accepted, &p));
	assert_false(accepted);
	body_problems("retry", &p,
		"/acceptPossibleCharge: must be true or false, not a string\n"
		"/mode: is not a known key; known keys are acceptPossibleCharge\n");
	assert_false(request_read_render(text, &mode, &q));
	body_problems("render", &q,
		"/mode: must be one of full, draft, not a number\n"
		"/acceptPossibleCharge: is not a known key; known keys are mode\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_change_is_of_what_it_names),
		cmocka_unit_test(test_what_a_change_leaves_of_the_takes),
		cmocka_unit_test(test_a_wrong_change_changes_nothing),
		cmocka_unit_test(test_regenerate),
		cmocka_unit_test(test_retry_and_render),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
