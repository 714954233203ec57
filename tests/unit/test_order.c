/*
 * What an order costs and whether it may, and what can be asked of a video later: the handlers on a real
 * database, with vendors in the settings and none in reach. Each case begins as house_empty leaves it.
 */

#include "cgi/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/io/json.h"
#include "tests/unit/house.h"

#define NO_ID "018f3c1e-2b7a-4c55-9d0e-0123456789ab"

/* A scene without a picture and one with; the model's clips are of whole seconds. */
#define BODY(more)                                                                                           \
	"{\"storeId\":\"s1\",\"title\":\"T\",\"style\":\"story\",\"aspectRatio\":\"9:16\","                  \
	"\"scenes\":[{\"prompt\":\"a\",\"duration\":2.5},"                                                   \
	"{\"prompt\":\"b\",\"duration\":6,\"imageUrl\":\"/assets/l.jpg\"}],"                                 \
	"\"voiceoverScript\":\"Ten letter\"" more "}"

static int with_vendors(void **state)
{
	(void)house_empty(state);
	house.app.settings.scene_provider = SCENES_RUNWAY;
	house.app.settings.voice_provider = VOICES_ELEVENLABS;
	return 0;
}

static void order(const char *body, char path[static 64])
{
	AUTO_ANSWER a = house_ask("POST", "/videos", body);

	if (a.status != 202)
		fail_msg("%d %s", a.status, a.text);
	(void)snprintf(path, 64, "%s", a.location);
	(void)house_woken();
}

/* POST path + action. */
static struct answer act(const char *path, const char *action, const char *body)
{
	char uri[128];

	(void)snprintf(uri, sizeof(uri), "%s%s", path, action);
	return house_ask("POST", uri, body);
}

static void check_act(const char *path, const char *action, const char *body, int status, const char *part)
{
	AUTO_ANSWER a = act(path, action, body);

	if (a.status != status || (part && !strstr(a.text, part)))
		fail_msg("%s %s: %d %s", action, body ? body : "", a.status, a.text);
}

static const struct {
	const char *title, *body;
	const char *part;
} estimates[] = {
	{"the setting's model", BODY(""),
		"{\"mode\":\"full\",\"credits\":108,\"characters\":10,\"scenes\":[{\"model\":\"gen4.5\","
		"\"endpoint\":\"text_to_video\",\"ratio\":\"720:1280\",\"seconds\":3,\"credits\":36},"
		"{\"model\":\"gen4.5\",\"endpoint\":\"image_to_video\",\"ratio\":\"720:1280\",\"seconds\":6,"
		"\"credits\":72}],\"voice\":{\"model\":\"eleven_multilingual_v2\",\"characters\":10},"},
	{"a draft", BODY(",\"mode\":\"draft\""),
		"{\"mode\":\"draft\",\"credits\":0,\"characters\":0,\"scenes\":[{\"model\":null,"},
	{"a product", "{\"productId\":\"p1\"}", "\"endpoint\":\"image_to_video\""},
	{"a product with options",
		"{\"productId\":\"p2\",\"style\":\"story\",\"mode\":\"draft\",\"aspectRatio\":\"1:1\"}",
		"{\"mode\":\"draft\",\"credits\":0,"},
	{"that it may be ordered", BODY(",\"productId\":\"p1\",\"voiceId\":\"female\""),
		"\"allowed\":true,\"refusal\":null}"},
};

static void test_estimates(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(estimates); i++) {
		AUTO_ANSWER a = house_ask("POST", "/videos/estimate", estimates[i].body);

		if (a.status != 200 || !strstr(a.text, estimates[i].part))
			fail_msg("%s: %d %s", estimates[i].title, a.status, a.text);
	}
	assert_false(house_woken());
	house_check("GET", "/videos/store/s1", NULL, 200, "\"total\":0");
}

static void add_voices(void)
{
	house_sql("INSERT INTO voices (id, name, category, gender, preview_url, refreshed_at) VALUES "
		  "('v1', 'Ann', 'premade', 'female', 'https://example.com/ann.mp3', UTC_TIMESTAMP(3)), "
		  "('v2', 'Bob', 'cloned', NULL, NULL, UTC_TIMESTAMP(3))");
}

static const struct {
	const char *title, *body, *path;
} strangers[] = {
	{"a store",
		"{\"storeId\":\"s9\",\"title\":\"T\",\"style\":\"story\","
		"\"aspectRatio\":\"1:1\",\"scenes\":[{\"prompt\":\"a\",\"duration\":2}]}",
		"\"/storeId\""},
	{"a product", BODY(",\"productId\":\"p9\""), "\"/productId\""},
	{"a track", BODY(",\"musicTrackId\":\"" NO_ID "\""), "\"/musicTrackId\""},
	{"a voice", BODY(",\"voiceId\":\"v9\""), "\"/voiceId\""},
	{"a voice of a product's film", "{\"productId\":\"p1\",\"voiceId\":\"v9\"}", "\"/voiceId\""},
};

/* The estimate refuses what the order would. */
static void test_strangers(void **state)
{
	(void)state;
	add_voices();
	for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
		AUTO_ANSWER a = house_ask("POST", "/videos/estimate", strangers[i].body);

		if (a.status != 404 || !strstr(a.text, strangers[i].path))
			fail_msg("%s: %d %s", strangers[i].title, a.status, a.text);
	}
}

/* What is told of a limit names it, and an order beyond it leaves nothing behind. */
static void test_limits(void **state)
{
	struct settings *s = &house.app.settings;
	char path[64];

	(void)state;
	s->max_video_credits = 100;
	house_check(
		"POST", "/videos", BODY(""), 402, "\"code\":\"budget\",\"message\":\"The video may cost 108");
	house_check("POST", "/videos", BODY(",\"mode\":\"draft\""), 202, NULL);
	house_check("POST", "/videos/estimate", BODY(""), 200,
		"\"allowed\":false,\"refusal\":\"The video may cost 108 credits; one video may cost no more "
		"than 100.\"}");
	house_check("POST", "/videos/estimate", BODY(",\"mode\":\"draft\""), 200, "\"allowed\":true");
	s->max_video_credits = 0;
	s->max_video_characters = 9;
	house_check("POST", "/videos", BODY(""), 402, "10 characters");
	s->max_video_characters = 0;
	s->max_store_day_credits = 200;
	house_check("POST", "/videos", BODY(""), 202, NULL);
	house_check("POST", "/videos", BODY(""), 402, "The store may spend 200 credits a day");
	house_check("POST", "/videos/estimate", BODY(""), 200, "\"storeDayCredits\":200");
	house_check("POST", "/videos/estimate", BODY(""), 200,
		"\"allowed\":false,\"refusal\":\"The store may spend 200 credits a day; 92 are left");

	order(BODY(",\"mode\":\"draft\""), path);
	check_act(path, "/cancel", NULL, 202, "\"cancelled\"");
	check_act(path, "/render", NULL, 402, "\"code\":\"budget\"");
	check_act(path, "/render", "{\"mode\":\"draft\"}", 202, NULL);
}

static void test_what_no_model_can(void **state)
{
	char path[64];

	(void)state;
	house_check("POST", "/videos/estimate",
		"{\"storeId\":\"s1\",\"title\":\"T\",\"style\":\"story\",\"aspectRatio\":\"1:1\","
		"\"scenes\":[{\"prompt\":\"a\",\"duration\":2},{\"prompt\":\"a\",\"duration\":20}]}",
		400, "\"/scenes/1/duration\"");
	house_check("POST", "/videos",
		"{\"storeId\":\"s1\",\"title\":\"T\",\"style\":\"story\",\"aspectRatio\":\"1:1\","
		"\"scenes\":[{\"prompt\":\"a\",\"duration\":2,\"model\":\"gen4_turbo\"}]}",
		400, "\"/scenes/0/model\"");
	house_check("POST", "/videos",
		"{\"storeId\":\"s1\",\"title\":\"T\",\"style\":\"story\",\"aspectRatio\":\"1:1\","
		"\"mode\":\"draft\",\"scenes\":[{\"prompt\":\"a\",\"duration\":12}]}",
		400, "\"/scenes/0/duration\"");

	/* nor does a draft become what cannot be bought */
	order(BODY(",\"mode\":\"draft\""), path);
	check_act(path, "/cancel", NULL, 202, NULL);
	house_check("PATCH", path, "{\"scenes\":[{\"prompt\":\"a\",\"duration\":12}]}", 400,
		"\"/scenes/0/duration\"");
	house.app.settings.scene_provider = SCENES_LOCAL;
	house_check("PATCH", path, "{\"scenes\":[{\"prompt\":\"a\",\"duration\":12}]}", 200, NULL);
}

static void test_voices_of_the_vendor(void **state)
{
	(void)state;
	/* the list was never read: the daemon will see */
	house_check("POST", "/videos", BODY(",\"voiceId\":\"v1\""), 202, NULL);
	add_voices();
	house_check("POST", "/videos", BODY(",\"voiceId\":\"v1\""), 202, NULL);
	house_check("POST", "/videos", BODY(",\"voiceId\":\"female\""), 202, NULL);
	house_check("POST", "/videos", BODY(",\"voiceId\":\"v9\""), 404, "\"/voiceId\"");
	house_check("POST", "/videos", BODY(",\"voiceId\":\"v1\",\"mode\":\"draft\""), 202, NULL);
	house_check("POST", "/videos", BODY(",\"voiceId\":\"young\",\"mode\":\"draft\""), 202, NULL);
	house_check("POST", "/videos", BODY(",\"voiceId\":\"v9\",\"mode\":\"draft\""), 404, "\"/voiceId\"");
	house_check("POST", "/videos", BODY(",\"voiceId\":\"awb\",\"mode\":\"draft\""), 404, "\"/voiceId\"");

	house_check("GET", "/videos/voices/available", NULL, 200, "[{\"id\":\"default\",");
	house_check("GET", "/videos/voices/available", NULL, 200,
		"{\"id\":\"v1\",\"name\":\"Ann\",\"category\":\"premade\","
		"\"preview\":\"https://example.com/ann.mp3\"},"
		"{\"id\":\"v2\",\"name\":\"Bob\",\"category\":\"cloned\",\"preview\":null}]");
	house_check("GET", "/videos/voices/v1/preview", NULL, 200,
		"{\"voiceId\":\"v1\",\"previewUrl\":\"https://example.com/ann.mp3\"}");
	house_check("GET", "/videos/voices/female/preview", NULL, 200,
		"{\"voiceId\":\"female\",\"previewUrl\":\"https://example.com/ann.mp3\"}");
	house_check("GET", "/videos/voices/v2/preview", NULL, 404, "no preview");
	house_check("GET", "/videos/voices/v9/preview", NULL, 404, "no voice");
	house_check("GET", "/videos/voices/kal16/preview", NULL, 404, "no voice");
}

#define PRESET(id, name, category, preview)                                                                  \
	"{\"id\":\"" id "\",\"name\":\"" name "\",\"category\":\"" category "\",\"preview\":" preview "}"
#define ANN "\"https://example.com/ann.mp3\""

/* The four that every provider has, then the setting's, each with the preview of the voice that it stands
 * for.
 */
static void test_presets(void **state)
{
	static char setting[] = "male=v2 narrator=v1 gone=v7";

	(void)state;
	house_check("GET", "/videos/voices/available", NULL, 200,
		"[" PRESET("default", "Default", "neutral", "null") "," PRESET(
			"female", "Female", "female", "null") "," PRESET("male", "Male", "male",
			"null") "," PRESET("young", "Young", "young", "null") "]");
	house.app.settings.voice_presets = setting;
	add_voices();
	house_check("GET", "/videos/voices/available", NULL, 200,
		"[" PRESET("default", "Default", "neutral", ANN) "," PRESET("female", "Female", "female",
			ANN) "," PRESET("male", "Male", "male", "null") "," PRESET("young", "Young", "young",
			ANN) "," PRESET("narrator", "narrator", "preset", ANN) "," PRESET("v1", "Ann",
			"premade", ANN) "," PRESET("v2", "Bob", "cloned", "null") "]");
	house_check("GET", "/videos/voices/narrator/preview", NULL, 200, "\"previewUrl\":" ANN);

	house.app.settings.voice_provider = VOICES_LOCAL;
	house_check("GET", "/videos/voices/available", NULL, 200,
		PRESET("young", "Young", "young", "null") "," PRESET("awb", "Scottish", "male",
			"null") "," PRESET("kal16", "Matter-of-fact", "male", "null") "]");
	house_check("GET", "/videos/voices/awb/preview", NULL, 404, "no preview");
}

/* It is in the way of a new script, and of nothing else. */
static void test_a_voice_that_was_withdrawn(void **state)
{
	char path[64];

	(void)state;
	add_voices();
	order(BODY(",\"voiceId\":\"v2\""), path);
	check_act(path, "/cancel", NULL, 202, NULL);
	house_sql("DELETE FROM voices WHERE id = 'v2'");
	house_check("PATCH", path, "{\"title\":\"New\",\"musicVolume\":3}", 200, "\"title\":\"New\"");
	house_check("PATCH", path, "{\"voiceoverScript\":\"Other\"}", 404, "\"/voiceId\"");
	house_check("PATCH", path, "{\"voiceId\":\"v2\"}", 404, "\"/voiceId\"");
	check_act(path, "/scenes/1/regenerate", NULL, 202, NULL);
	check_act(path, "/cancel", NULL, 202, NULL);
	house_check("PATCH", path, "{\"voiceId\":\"v1\",\"voiceoverScript\":\"Other\"}", 200, NULL);
}

static void test_cancel_and_retry(void **state)
{
	char path[64];

	(void)state;
	order(BODY(""), path);
	check_act(path, "/cancel", NULL, 202, "\"status\":\"cancelled\"");
	assert_true(house_woken());
	check_act(path, "/cancel", NULL, 202, "\"status\":\"cancelled\"");
	house_check("GET", path, NULL, 200, "\"status\":\"cancelled\"");

	AUTO_ANSWER again = act(path, "/retry", "{}");

	assert_int_equal(again.status, 202);
	assert_string_equal(again.location, path);
	assert_string_equal(answer_text(&again, "status"), "pending");
	check_act(path, "/retry", NULL, 409, "\"code\":\"conflict\"");
	check_act("/videos/" NO_ID, "/cancel", NULL, 404, "no video");
	check_act("/videos/" NO_ID, "/retry", NULL, 404, "no video");
	check_act("/videos/" NO_ID, "/render", NULL, 404, "no video");
	check_act("/videos/" NO_ID, "/scenes/1/regenerate", NULL, 404, "no video");
}

/* A purchase of scene 1 of every video: a daemon has sent it and never heard. */
static void lose_an_answer(void)
{
	house_sql("UPDATE jobs SET state = 6, finished_at = UTC_TIMESTAMP(3)");
	house_sql("UPDATE videos SET status = 'paused', pause_reason = 'possible_charge', "
		  "error = 'Nobody knows.'");
	house_sql(
		"INSERT INTO purchases (id, video_id, store_id, vendor, kind, item, input_hash, "
		"request_hash, state, token, "
		"request, estimate_milli, detail, created_at) SELECT UNHEX(MD5('1')), id, store_id, "
		"'runway', "
		"'scene', 0, UNHEX(SHA2('x', 256)), UNHEX(SHA2('y', 256)), 'unknown', 1, "
		"'{\"model\":\"gen4.5\",\"endpoint\":\"text_to_video\",\"ratio\":\"720:1280\",\"seconds\":3,"
		"\"seed\":7,\"prompt\":\"a. Slow camera.\"}', 36000, 'their own words', UTC_TIMESTAMP(3) "
		"FROM videos");
}

static void test_possible_charge(void **state)
{
	char path[64];

	(void)state;
	order(BODY(""), path);
	lose_an_answer();
	house_check("GET", path, NULL, 200, "\"pause\":\"possible_charge\"");
	house_check("GET", path, NULL, 200,
		"\"generation\":{\"model\":\"gen4.5\",\"endpoint\":\"text_to_video\",\"ratio\":\"720:1280\","
		"\"seconds\":3,\"seed\":7,\"state\":\"unknown\",\"estimatedCredits\":36,\"credits\":null,"
		"\"reused\":false}");
	check_act(path, "/retry", NULL, 409, "\"conflict\"");
	check_act(path, "/retry", "{\"acceptPossibleCharge\":false}", 409, "\"conflict\"");
	assert_false(house_woken());
	check_act(path, "/retry", "{\"acceptPossibleCharge\":true}", 202, "\"pending\"");
	assert_true(house_woken());
	house_check("GET", path, NULL, 200, "\"state\":\"written_off\"");
}

/* What one video bought and another one uses; the operator's words stay inside. */
static void test_what_was_bought(void **state)
{
	char path[64], other[64];

	(void)state;
	order(BODY(""), path);
	lose_an_answer();
	house_sql("UPDATE purchases SET state = 'kept', vendor_id = 'task-1', artefact = 'a', cost_milli = "
		  "35500");
	order(BODY(""), other);
	house_sql("INSERT INTO purchase_uses (video_id, kind, item, purchase_id) "
		  "SELECT v.id, 'scene', 0, p.id FROM videos v, purchases p");

	AUTO_ANSWER own = house_ask("GET", path, NULL), reused = house_ask("GET", other, NULL);

	assert_non_null(strstr(own.text, "\"state\":\"kept\",\"estimatedCredits\":36,\"credits\":35.5,"
					 "\"reused\":false}"));
	assert_non_null(strstr(own.text, "\"estimate\":{\"credits\":108,\"characters\":10},"
					 "\"cost\":{\"credits\":35.5,\"characters\":0}"));
	assert_non_null(strstr(reused.text, "\"credits\":35.5,\"reused\":true}"));
	assert_non_null(strstr(reused.text, "\"cost\":{\"credits\":0,\"characters\":0}"));
	assert_null(strstr(own.text, "words"));
	assert_null(strstr(own.text, "task-1"));

	AUTO_ANSWER list = house_ask("GET", "/videos/store/s1", NULL);

	assert_null(strstr(list.text, "generation"));
	assert_null(strstr(list.text, "\"cost\""));
	assert_non_null(strstr(list.text, "\"estimate\":{\"credits\":108,"));
}

/* A change says nothing to the ledger; what it has is shown only of the scene that it was bought for. */
static const struct {
	const char *title, *body;
	bool shown;
} fitting[] = {
	{"another title", "{\"title\":\"U\"}", true},
	{"a text on it", "{\"scenes\":[{\"prompt\":\"a\",\"duration\":2.5,\"textOverlay\":\"x\"}]}", true},
	{"a little longer", "{\"scenes\":[{\"prompt\":\"a\",\"duration\":3}]}", true},
	{"longer than the clip", "{\"scenes\":[{\"prompt\":\"a\",\"duration\":3.5}]}", false},
	{"another prompt", "{\"scenes\":[{\"prompt\":\"b\",\"duration\":2.5}]}", false},
	{"another model", "{\"scenes\":[{\"prompt\":\"a\",\"duration\":2.5,\"model\":\"veo3.1\"}]}", false},
	{"a picture", "{\"scenes\":[{\"prompt\":\"a\",\"duration\":2.5,\"imageUrl\":\"/assets/l.jpg\"}]}",
		false},
	{"as it was", "{\"scenes\":[{\"prompt\":\"a\",\"duration\":2.5}]}", true},
	{"another shape", "{\"aspectRatio\":\"16:9\"}", false},
};

static void test_what_was_bought_for_another_scene(void **state)
{
	char path[64];

	(void)state;
	order(BODY(""), path);
	lose_an_answer();
	house_sql("UPDATE purchases SET state = 'kept', vendor_id = 'task-1', artefact = 'a', cost_milli = "
		  "36000");
	house_sql("INSERT INTO purchase_uses (video_id, kind, item, purchase_id) "
		  "SELECT video_id, 'scene', 0, id FROM purchases");
	house_sql("UPDATE jobs SET state = 5");
	house_sql("UPDATE videos SET status = 'cancelled', pause_reason = NULL, error = NULL");
	for (size_t i = 0; i < ARRAY_LEN(fitting); i++) {
		AUTO_ANSWER a = house_ask("PATCH", path, fitting[i].body);

		if (a.status != 200 || (strstr(a.text, "\"state\":\"kept\"") != NULL) != fitting[i].shown)
			fail_msg("%s: %d %s", fitting[i].title, a.status, a.text);
	}
}

static void test_change_and_render(void **state)
{
	char path[64];

	(void)state;
	order(BODY(",\"voiceId\":\"default\""), path);
	house_check("PATCH", path, "{\"title\":\"New\"}", 409, "\"conflict\"");
	check_act(path, "/cancel", NULL, 202, NULL);
	house_check("PATCH", path, "{\"title\":\"\"}", 400, "\"/title\"");
	house_check("PATCH", path, "{\"storeId\":\"s1\"}", 400, "\"/storeId\"");
	house_check("PATCH", path, "{\"musicTrackId\":\"" NO_ID "\"}", 404, "\"/musicTrackId\"");
	(void)house_woken();
	house_check("PATCH", path, "{\"title\":\"New\",\"voiceoverScript\":null,\"voiceVolume\":40}", 200,
		"\"title\":\"New\"");
	house_check("GET", path, NULL, 200, "\"voiceoverScript\":null,\"voiceId\":\"default\"");
	house_check("GET", path, NULL, 200, "\"voiceVolume\":40,");
	house_check("GET", path, NULL, 200,
		"\"revision\":1,\"pause\":null,"
		"\"estimate\":{\"credits\":108,\"characters\":0}");
	house_check("PATCH", path, "{\"scenes\":[{\"prompt\":\"one\",\"duration\":2}]}", 200,
		"\"estimate\":{\"credits\":24,");

	house_check("PATCH", path,
		"{\"quality\":\"high\",\"renditions\":[\"16:9\"],\"textStyle\":{\"size\":\"small\"}}", 200,
		"\"renditions\":[\"16:9\"],\"quality\":\"high\",\"fit\":\"cover\",");
	house_check("PATCH", path, "{\"renditions\":[\"9:16\"]}", 400, "\"/renditions\"");
	house_check("GET", path, NULL, 200, "\"textStyle\":{\"position\":null,\"size\":\"small\",");
	house_check("GET", path, NULL, 200, "\"films\":[],\"captionFiles\":null,");

	AUTO_ANSWER render = act(path, "/render", "{\"mode\":\"draft\"}");

	assert_int_equal(render.status, 202);
	assert_string_equal(render.location, path);
	assert_true(house_woken());
	house_check("GET", path, NULL, 200, "\"mode\":\"draft\"");
	house_check("GET", path, NULL, 200, "\"revision\":2,");
	check_act(path, "/render", NULL, 409, "\"conflict\"");
}

static void test_regenerate(void **state)
{
	char path[64];

	(void)state;
	order(BODY(""), path);
	check_act(path, "/scenes/2/regenerate", NULL, 409, "\"conflict\"");
	check_act(path, "/cancel", NULL, 202, NULL);
	check_act(path, "/scenes/3/regenerate", NULL, 404, "no scene");
	check_act(path, "/scenes/2/regenerate", "{\"prompt\":\"\"}", 400, "\"/prompt\"");
	check_act(path, "/scenes/2/regenerate", "{\"prompt\":\"c\",\"imageUrl\":null}", 202, "\"pending\"");
	house_check("GET", path, NULL, 200, "{\"prompt\":\"c\",\"duration\":6,\"imageUrl\":null,");
	house_check("GET", path, NULL, 200, "{\"prompt\":\"a\",\"duration\":2.5,\"imageUrl\":null,");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_estimates, with_vendors),
		cmocka_unit_test_setup(test_limits, with_vendors),
		cmocka_unit_test_setup(test_what_no_model_can, with_vendors),
		cmocka_unit_test_setup(test_voices_of_the_vendor, with_vendors),
		cmocka_unit_test_setup(test_strangers, with_vendors),
		cmocka_unit_test_setup(test_presets, with_vendors),
		cmocka_unit_test_setup(test_a_voice_that_was_withdrawn, with_vendors),
		cmocka_unit_test_setup(test_cancel_and_retry, with_vendors),
		cmocka_unit_test_setup(test_possible_charge, with_vendors),
		cmocka_unit_test_setup(test_what_was_bought, with_vendors),
		cmocka_unit_test_setup(test_what_was_bought_for_another_scene, with_vendors),
		cmocka_unit_test_setup(test_change_and_render, with_vendors),
		cmocka_unit_test_setup(test_regenerate, with_vendors),
	};

	return cmocka_run_group_tests(tests, house_open, house_close);
}
