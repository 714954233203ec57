/*
 * Request bodies: each bad one with all of its problems, word for word, because people read them; good ones
 * with what they become; addresses and ids one by one.
 */

#include "lib/video/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/video/models.h"
#include "lib/video/money.h"
#include "tests/unit/bodies.h"

#define GOOD_REST                                                                                            \
	"\"title\":\"T\",\"style\":\"story\",\"aspectRatio\":\"1:1\",\"scenes\":[{\"prompt\":\"p\","         \
	"\"duration\":1}]"
#define SCENE(scene)                                                                                         \
	"{\"storeId\":\"s\",\"title\":\"T\",\"style\":\"story\",\"aspectRatio\":\"1:1\",\"scenes\":[" scene  \
	"]}"
#define WITH(more) "{\"storeId\":\"s\"," GOOD_REST "," more "}"
#define STYLES     "product_showcase, lifestyle, testimonial, promotional, social_ad, story"
#define KEYS                                                                                                 \
	"storeId, productId, title, style, aspectRatio, scenes, voiceoverScript, mode, model, reuse, "       \
	"voiceId, voiceVolume, musicTrackId, musicVolume, " LOOK_KEYS
#define MODELS "gen4.5, gen4_turbo, veo3.1, veo3.1_fast"

static const struct {
	const char *title, *body, *problems;
} bad_videos[] = {
	{"null", "null", ": must be an object, not null\n"},
	{"an array", "[]", ": must be an object, not an array\n"},
	{"a string", "\"x\"", ": must be an object, not a string\n"},
	{"nothing in it", "{}",
		"/storeId: is required\n/title: is required\n/style: is required\n/aspectRatio: is required\n"
		"/scenes: is required\n"},
	{"required keys that are null",
		"{\"storeId\":null,\"title\":null,\"style\":null,\"aspectRatio\":null,\"scenes\":null}",
		"/storeId: is required\n/title: is required\n/style: is required\n/aspectRatio: is required\n"
		"/scenes: is required\n"},
	{"all of the wrong type",
		"{\"storeId\":1,\"productId\":[],\"title\":true,\"style\":2,\"aspectRatio\":1.5,\"scenes\":{}"
		","
		"\"voiceoverScript\":{},\"voiceId\":0,\"musicTrackId\":false,\"musicVolume\":\"30\",\"mode\":"
		"true,"
		"\"model\":4.5,\"reuse\":\"yes\",\"voiceVolume\":[]}",
		"/storeId: must be a string, not a number\n"
		"/productId: must be a string, not an array\n"
		"/title: must be a string, not a boolean\n"
		"/style: must be one of " STYLES ", not a number\n"
		"/aspectRatio: must be one of 16:9, 9:16, 1:1, 4:5, not a number\n"
		"/scenes: must be an array of 1 to 50 scenes, not an object\n"
		"/voiceoverScript: must be a string, not an object\n"
		"/mode: must be one of full, draft, not a boolean\n"
		"/model: must be a string, not a number\n"
		"/reuse: must be true or false, not a string\n"
		"/voiceId: must be a string, not a number\n"
		"/voiceVolume: must be a whole number from 0 to 100, not an array\n"
		"/musicTrackId: must be a string, not a boolean\n"
		"/musicVolume: must be a whole number from 0 to 100, not a string\n"},
	{"unknown names",
		"{\"storeId\":\"s\",\"title\":\"T\",\"style\":\"Story\",\"aspectRatio\":\"16x9\",\"scenes\":["
		"]}",
		"/style: must be one of " STYLES "\n/aspectRatio: must be one of 16:9, 9:16, 1:1, 4:5\n"
		"/scenes: must be an array of 1 to 50 scenes; it has 0\n"},
	{"unknown keys", WITH("\"colour\":1,\"a/b~c\":2"),
		"/colour: is not a known key; known keys are " KEYS "\n"
		"/a~1b~0c: is not a known key; known keys are " KEYS "\n"},
	{"an unknown key of a scene", SCENE("{\"prompt\":\"p\",\"duration\":1,\"text\":\"x\"}"),
		"/scenes/0/text: is not a known key; known keys are prompt, duration, imageUrl, "
		"textOverlay, model, " SCENE_LOOK_KEYS "\n"},
	{"models, modes and volumes",
		"{\"storeId\":\"s\",\"title\":\"T\",\"style\":\"story\",\"aspectRatio\":\"1:1\",\"mode\":"
		"\"Draft\","
		"\"model\":\"gen3a_turbo\",\"voiceVolume\":101,\"reuse\":0,"
		"\"scenes\":[{\"prompt\":\"p\",\"duration\":1,\"model\":\"gen4\"}]}",
		"/scenes/0/model: must be one of " MODELS "\n"
		"/mode: must be one of full, draft\n"
		"/model: must be one of " MODELS "\n"
		"/reuse: must be true or false, not a number\n"
		"/voiceVolume: must be a whole number from 0 to 100, not 101\n"},
	{"blank texts",
		"{\"storeId\":\" "
		"\",\"title\":\"\\u200b\",\"style\":\"\",\"aspectRatio\":\"\",\"scenes\":[{\"prompt\":\"\\n "
		"\"}]}",
		"/storeId: must not be blank\n/title: must not be blank\n/style: must be one of " STYLES "\n"
		"/aspectRatio: must be one of 16:9, 9:16, 1:1, 4:5\n/scenes/0/prompt: must not be blank\n"
		"/scenes/0/duration: is required\n"},
	{"scenes that are none", SCENE("null,3,{\"prompt\":\"p\",\"duration\":2}"),
		"/scenes/0: must be an object, not null\n/scenes/1: must be an object, not a number\n"},
	{"durations",
		SCENE("{\"prompt\":\"p\",\"duration\":0.999},{\"prompt\":\"p\",\"duration\":61},"
		      "{\"prompt\":\"p\",\"duration\":\"3\"},{\"prompt\":\"p\",\"duration\":2.0005},"
		      "{\"prompt\":\"p\",\"duration\":-3},{\"prompt\":\"p\",\"duration\":1e999},"
		      "{\"prompt\":\"p\",\"duration\":99999999999999999999}"),
		"/scenes/0/duration: must be a number of seconds from 1 to 60 with at most 3 decimals, not "
		"0.999\n"
		"/scenes/1/duration: must be a number of seconds from 1 to 60, not 61\n"
		"/scenes/2/duration: must be a number of seconds from 1 to 60, not a string\n"
		"/scenes/3/duration: must be a number of seconds from 1 to 60 with at most 3 decimals, not "
		"2.0005\n"
		"/scenes/4/duration: must be a number of seconds from 1 to 60, not -3\n"
		"/scenes/5/duration: must be a number of seconds from 1 to 60 with at most 3 decimals, not "
		"1e999\n"
		"/scenes/6/duration: must be a number of seconds from 1 to 60 with at most 3 decimals, not "
		"99999999999999999999\n"},
	{"control characters", SCENE("{\"prompt\":\"a\\u0007\",\"duration\":1,\"textOverlay\":\"a\\rb\"}"),
		"/scenes/0/prompt: must not contain control characters but tabs and line ends\n"
		"/scenes/0/textOverlay: must not contain control characters but tabs and line ends\n"},
	{"a line end in a title",
		"{\"storeId\":\"s\",\"title\":\"a\\nb\",\"style\":\"story\",\"aspectRatio\":\"1:1\","
		"\"scenes\":[{\"prompt\":\"p\",\"duration\":1}]}",
		"/title: must not contain control characters, tabs or line ends\n"},
	{"music", WITH("\"musicVolume\":101,\"musicTrackId\":\"../../etc/passwd\""),
		"/musicTrackId: must be a UUID; GET /videos/music lists the tracks\n"
		"/musicVolume: must be a whole number from 0 to 100, not 101\n"},
	{"a volume below 0", WITH("\"musicVolume\":-1"),
		"/musicVolume: must be a whole number from 0 to 100, not -1\n"},
	{"half a volume", WITH("\"musicVolume\":0.5"),
		"/musicVolume: must be a whole number from 0 to 100, not 0.5\n"},
	{"ids and voices", "{\"storeId\":\"-s\",\"productId\":\"a b\",\"voiceId\":\"x/y\"," GOOD_REST "}",
		"/storeId: must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or a digit\n"
		"/productId: must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or a digit\n"
		"/voiceId: must be 1 to 64 of A-Z a-z 0-9 _ -\n"},
};

static void test_bad_videos(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_videos); i++) {
		AUTO(json) body = body_parse(bad_videos[i].body);
		AUTO_VIDEO v = {0};
		AUTO_PROBLEMS p = {0};

		assert_false(request_read_video(body, &v, &p));
		body_problems(bad_videos[i].title, &p, bad_videos[i].problems);
	}
}

static void test_the_whole_of_a_video(void **state)
{
	AUTO(json)
	body = body_parse("{\"storeId\":\"shop-1\",\"productId\":\"p.1\",\"title\":\"T\u00fcr\","
			  "\"style\":\"social_ad\",\"aspectRatio\":\"4:5\",\"scenes\":["
			  "{\"prompt\":\"one\\r\\ntwo\",\"duration\":2.5,\"imageUrl\":\"/assets/a/"
			  "b.jpg\",\"textOverlay\":\"Don't\"},"
			  "{\"prompt\":\"x\",\"duration\":6e1,\"model\":\"gen4_turbo\",\"imageUrl\":null,"
			  "\"textOverlay\":\"\"}],"
			  "\"voiceoverScript\":\"Hello.\",\"voiceId\":\"default\","
			  "\"musicTrackId\":\"6D757369-6300-4000-8000-000000000001\",\"musicVolume\":0,"
			  "\"mode\":\"draft\",\"model\":\"veo3.1\",\"reuse\":false,\"voiceVolume\":0}");
	AUTO_VIDEO v = {0};
	AUTO_PROBLEMS p = {0};

	(void)state;
	assert_true(request_read_video(body, &v, &p));
	assert_string_equal(v.store_id, "shop-1");
	assert_string_equal(v.product_id, "p.1");
	assert_string_equal(v.title, "T\u00fcr");
	assert_int_equal(v.style, STYLE_SOCIAL_AD);
	assert_int_equal(v.aspect, ASPECT_4_5);
	assert_string_equal(v.voiceover_script, "Hello.");
	assert_string_equal(v.voice_id, "default");
	assert_string_equal(v.music_track_id, "6D757369-6300-4000-8000-000000000001");
	assert_int_equal(v.music_volume, 0);
	assert_int_equal(v.status, STATUS_PENDING);
	assert_int_equal(v.eta_sec, -1);
	assert_int_equal(v.scene_count, 2);
	assert_string_equal(v.scenes[0].prompt, "one\ntwo");
	assert_int_equal(v.scenes[0].duration_ms, 2500);
	assert_string_equal(v.scenes[0].image_url, "/assets/a/b.jpg");
	assert_string_equal(v.scenes[0].text_overlay, "Don't");
	assert_int_equal(v.scenes[1].duration_ms, 60000);
	assert_null(v.scenes[1].image_url);
	assert_null(v.scenes[1].text_overlay);
	assert_int_equal(v.mode, MODE_DRAFT);
	assert_string_equal(v.model, "veo3.1");
	assert_false(v.reuse);
	assert_int_equal(v.voice_volume, 0);
	assert_null(v.scenes[0].model);
	assert_string_equal(v.scenes[1].model, "gen4_turbo");
}

static void test_what_may_be_left_out(void **state)
{
	AUTO(json)
	body = body_parse("{\"storeId\":\"s\"," GOOD_REST ",\"productId\":null,\"voiceId\":\" \"}");
	AUTO_VIDEO v = {0};
	AUTO_PROBLEMS p = {0};

	(void)state;
	assert_true(request_read_video(body, &v, &p));
	assert_null(v.product_id);
	assert_null(v.voiceover_script);
	assert_null(v.voice_id);
	assert_null(v.music_track_id);
	assert_int_equal(v.music_volume, DEFAULT_MUSIC_VOLUME);
	assert_int_equal(v.mode, MODE_FULL);
	assert_null(v.model);
	assert_true(v.reuse);
	assert_int_equal(v.voice_volume, DEFAULT_VOICE_VOLUME);
	assert_int_equal(v.pause, PAUSE_NONE);
	assert_int_equal(v.revision, 1);
}

/* The message of a wrong model lists those that there are. */
static void test_models_by_name(void **state)
{
	AUTO_BUF names = BUF_INIT(400);

	(void)state;
	for (size_t i = 0; i < model_count; i++) {
		AUTO_FREE char *text = xasprintf(WITH("\"model\":\"%s\""), models[i].name);
		AUTO(json) body = body_parse(text);
		AUTO_VIDEO v = {0};
		AUTO_PROBLEMS p = {0};

		assert_true(request_read_video(body, &v, &p));
		buf_addf(&names, "%s%s", i > 0 ? ", " : "", models[i].name);
	}
	assert_string_equal(buf_text(&names), MODELS);
}

/* A text of n code points of two bytes each. */
static char *long_text(size_t n)
{
	AUTO_BUF text = BUF_INIT(1 << 17);

	for (size_t i = 0; i < n; i++)
		buf_adds(&text, "\u00e9");
	return buf_steal(&text);
}

static const struct {
	const char *before, *after;
	size_t limit;
	const char *path, *message;
} limits[] = {
	{"{\"storeId\":\"s\",\"style\":\"story\",\"aspectRatio\":\"1:1\",\"scenes\":[{\"prompt\":\"p\","
	 "\"duration\":1}],\"title\":\"",
		"\"}", LIMIT_TITLE, "/title", "must be a string of 1 to 200 characters; it has 201"},
	{"{\"storeId\":\"s\"," GOOD_REST ",\"voiceoverScript\":\"", "\"}", LIMIT_SCRIPT, "/voiceoverScript",
		"must be a string of at most 5000 characters; it has 5001"},
};

static void test_lengths_are_counted_in_characters(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		for (size_t more = 0; more < 2; more++) {
			AUTO_FREE char *text = long_text(limits[i].limit + more);
			AUTO_BUF whole = BUF_INIT(1 << 18);
			AUTO_VIDEO v = {0};
			AUTO_PROBLEMS p = {0};

			buf_addf(&whole, "%s%s%s", limits[i].before, text, limits[i].after);
			AUTO(json) body = body_parse(buf_text(&whole));
			assert_int_equal(request_read_video(body, &v, &p), more == 0);
			if (more > 0) {
				assert_string_equal(p.list[0].path, limits[i].path);
				assert_string_equal(p.list[0].message, limits[i].message);
			}
		}
	}
}

static char *scenes(size_t n, const char *scene)
{
	AUTO_BUF text = BUF_INIT(1 << 18);

	buf_adds(&text, "{\"storeId\":\"s\",\"title\":\"T\",\"style\":\"story\",\"aspectRatio\":\"1:1\","
			"\"scenes\":[");
	for (size_t i = 0; i < n; i++)
		buf_addf(&text, "%s%s", i > 0 ? "," : "", scene);
	buf_adds(&text, "]}");
	return buf_steal(&text);
}

static void test_number_of_scenes(void **state)
{
	static const char scene[] = "{\"prompt\":\"p\",\"duration\":1}";

	(void)state;
	for (size_t n = LIMIT_SCENES; n <= LIMIT_SCENES + 1; n++) {
		AUTO_FREE char *text = scenes(n, scene);
		AUTO(json) body = body_parse(text);
		AUTO_VIDEO v = {0};
		AUTO_PROBLEMS p = {0};

		(void)request_read_video(body, &v, &p);
		body_problems("scenes", &p,
			n == LIMIT_SCENES ? "" : "/scenes: must be an array of 1 to 50 scenes; it has 51\n");
	}
}

static void test_problems_are_counted_past_the_list(void **state)
{
	AUTO_FREE char *text = scenes(LIMIT_SCENES, "{\"a\":1,\"b\":2}");
	AUTO(json) body = body_parse(text);
	AUTO_VIDEO v = {0};
	AUTO_PROBLEMS p = {0};

	(void)state;
	assert_false(request_read_video(body, &v, &p));
	assert_int_equal(p.count, 4 * LIMIT_SCENES);
	assert_non_null(p.list[LIMIT_PROBLEMS - 1].message);
}

static const struct {
	const char *url, *message; /* NULL: good */
} urls[] = {
	{"https://shop.example/a.jpg", NULL},
	{"https://shop.example:8443/a%20b.jpg?x=1&y=@2#z", NULL},
	{"https://shop.example", NULL},
	{"https://[2001:db8::1]/a.png", NULL},
	{"https://192.0.2.1/a.png", NULL},
	{"http://localhost/a.png", NULL},
	{"http://127.0.0.1:9000/a.png", NULL},
	{"http://[::1]:9000/a.png", NULL},
	{"/assets/products/lamp-1.webp", NULL},
	{"/assets/../secret", "must be /assets/ and a plain relative path"},
	{"/assets//a.jpg", "must be /assets/ and a plain relative path"},
	{"/assets/", "must be /assets/ and a plain relative path"},
	{"/assets/a\\\\b.jpg", "must be /assets/ and a plain relative path"},
	{"/media/a.jpg", "must begin with https://, /assets/ or /uploads/"},
	{"a.jpg", "must begin with https://, /assets/ or /uploads/"},
	{"//shop.example/a.jpg", "must begin with https://, /assets/ or /uploads/"},
	{"file:///etc/passwd", "must begin with https://, /assets/ or /uploads/"},
	{"data:image/png;base64,AAAA", "must begin with https://, /assets/ or /uploads/"},
	{"ftp://shop.example/a.jpg", "must begin with https://, /assets/ or /uploads/"},
	{"http://shop.example/a.jpg", "must begin with https://; plain http:// is not accepted"},
	{"http://localhost.example/a.jpg", "must begin with https://; plain http:// is not accepted"},
	{"http://127.0.0.1.example/", "must begin with https://; plain http:// is not accepted"},
	{"https://", "must have a valid host name"},
	{"https:///a.jpg", "must have a valid host name"},
	{"https://?x", "must have a valid host name"},
	{"https://sh\u00f6p.example/", "must have a valid host name"},
	{"https://a:b/", "must have a valid host name"},
	{"https://a:/", "must have a valid host name"},
	{"https://a:0/", "must have a valid host name"},
	{"https://a:65536/", "must have a valid host name"},
	{"https://a:123456789/", "must have a valid host name"},
	{"https://[::1/", "must have a valid host name"},
	{"https://[]/", "must have a valid host name"},
	{"https://[::1]x/", "must have a valid host name"},
	{"https://user:pw@shop.example/", "must not contain a user name or a password"},
	{"https://shop.example@127.0.0.1/", "must not contain a user name or a password"},
	{"https://shop.example/a b.jpg", "must not contain blanks or backslashes; a blank is written %20"},
	{"https://shop.example\\\\@x/", "must not contain blanks or backslashes; a blank is written %20"},
	{"https://shop.example/\\n", "must not contain control characters, tabs or line ends"},
};

static void test_image_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		AUTO_FREE char *text = xasprintf(
			SCENE("{\"prompt\":\"p\",\"duration\":1,\"imageUrl\":\"%s\"}"), urls[i].url);
		AUTO(json) body = body_parse(text);
		AUTO_VIDEO v = {0};
		AUTO_PROBLEMS p = {0};

		bool ok = request_read_video(body, &v, &p);
		if (ok != !urls[i].message)
			fail_msg("%s: %s", urls[i].url, ok ? "accepted" : p.list[0].message);
		if (!ok)
			assert_string_equal(p.list[0].message, urls[i].message);
	}
}

static void test_stores(void **state)
{
	AUTO(json)
	good = body_parse(
		"{\"name\":\"Lumen & Oak\",\"niche\":\"home\",\"currency\":\"EUR\",\"locale\":\"de-DE\"}");
	AUTO(json) least = body_parse("{\"name\":\"N\",\"niche\":\"\",\"storeId\":\"mine\"}");
	AUTO(json)
	bad = body_parse(
		"{\"niche\":7,\"currency\":\"eur\",\"locale\":\"de\",\"storeId\":\"other\",\"url\":1}");
	AUTO_STORE a = {0}, b = {0}, c = {.id = xstrdup("mine")};
	AUTO_PROBLEMS p = {0};

	(void)state;
	assert_true(request_read_store(good, &a, &p));
	assert_string_equal(a.name, "Lumen & Oak");
	assert_string_equal(a.niche, "home");
	assert_string_equal(money_currencies[a.currency], "EUR");
	assert_string_equal(money_locales[a.locale], "de-DE");

	assert_true(request_read_store(least, &b, &p));
	assert_null(b.niche);
	assert_null(b.id);
	assert_string_equal(money_currencies[b.currency], "USD");
	assert_string_equal(money_locales[b.locale], "en-US");

	assert_true(request_read_store(least, &c, &p));
	assert_false(request_read_store(bad, &c, &p));
	assert_int_equal(p.count, 6);
	assert_string_equal(p.list[0].message, "must be the id that is in the URL");
	assert_string_equal(p.list[1].path, "/name");
	assert_string_equal(p.list[3].path, "/currency");
	assert_non_null(strstr(p.list[3].message, "must be one of USD, EUR, "));
	assert_string_equal(p.list[5].path, "/url");
}

static void test_products(void **state)
{
	AUTO(json)
	good = body_parse(
		"{\"storeId\":\"s\",\"title\":\"Lamp\",\"description\":\"<p>Warm.</p>\\r\\n\","
		"\"sellingPrice\":29.99,\"images\":[{\"url\":\"https://a.example/1.jpg\",\"alt\":\"A\"},"
		"{\"url\":\"/assets/2.jpg\"}]}");
	AUTO(json)
	least = body_parse("{\"storeId\":\"s\",\"title\":\"Lamp\",\"sellingPrice\":null,\"images\":[]}");
	AUTO(json)
	bad = body_parse("{\"storeId\":\"s\",\"title\":\"Lamp\",\"sellingPrice\":-0.01,"
			 "\"images\":[{\"alt\":1},\"x\",{\"url\":\"\"}]}");
	AUTO_PRODUCT a = {0}, b = {0}, c = {0};
	AUTO_PROBLEMS p = {0};

	(void)state;
	assert_true(request_read_product(good, &a, &p));
	assert_string_equal(a.description, "<p>Warm.</p>\n");
	assert_int_equal(a.price_milli, 29990);
	assert_int_equal(a.image_count, 2);
	assert_string_equal(a.images[0].alt, "A");
	assert_string_equal(a.images[1].url, "/assets/2.jpg");

	assert_true(request_read_product(least, &b, &p));
	assert_int_equal(b.price_milli, -1);
	assert_int_equal(b.image_count, 0);
	assert_null(b.images);

	assert_false(request_read_product(bad, &c, &p));
	body_problems("product", &p,
		"/sellingPrice: must be an amount from 0 to 9999999.999 with at most 3 decimals, not -0.01\n"
		"/images/0/url: is required\n/images/0/alt: must be a string, not a number\n"
		"/images/1: must be an object, not a string\n/images/2/url: must not be blank\n");
}

static void test_product_options_keep_what_they_do_not_name(void **state)
{
	AUTO(json)
	some = body_parse(
		"{\"aspectRatio\":\"16:9\",\"voiceId\":\"female\",\"mode\":\"draft\",\"reuse\":null,"
		"\"model\":\"gen4_turbo\",\"voiceVolume\":70}");
	AUTO(json) bad = body_parse("{\"style\":\"story\",\"musicVolume\":1000}");
	AUTO_VIDEO v = {.aspect = ASPECT_9_16, .music_volume = 30, .reuse = true};
	AUTO_PROBLEMS p = {0};

	(void)state;
	problems_add(&p, "?style", "of the query");
	assert_true(request_read_product_options(some, &v, &p));
	assert_int_equal(v.aspect, ASPECT_16_9);
	assert_int_equal(v.music_volume, 30);
	assert_string_equal(v.voice_id, "female");
	assert_int_equal(v.mode, MODE_DRAFT);
	assert_true(v.reuse);
	assert_string_equal(v.model, "gen4_turbo");
	assert_int_equal(v.voice_volume, 70);

	assert_false(request_read_product_options(bad, &v, &p));
	body_problems("options", &p,
		"?style: of the query\n/musicVolume: must be a whole number from 0 to 100, not 1000\n"
		"/style: is not a known key; known keys are aspectRatio, mode, model, reuse, voiceId, "
		"voiceVolume, musicTrackId, musicVolume, " LOOK_KEYS "\n");
}

static void test_a_wish_names_its_product(void **state)
{
	AUTO(json)
	good = body_parse("{\"productId\":\"p-1\",\"style\":\"social_ad\",\"model\":\"gen4_turbo\"}");
	AUTO(json) bad = body_parse("{\"storeId\":\"s\"}");
	AUTO_VIDEO v = {.voice_volume = 100, .reuse = true}, w = {0};
	AUTO_PROBLEMS p = {0};

	(void)state;
	assert_true(request_read_product_wish(good, &v, &p));
	assert_string_equal(v.product_id, "p-1");
	assert_int_equal(v.style, STYLE_SOCIAL_AD);
	assert_string_equal(v.model, "gen4_turbo");
	assert_int_equal(v.voice_volume, 100);
	assert_true(v.reuse);
	assert_false(request_read_product_wish(bad, &w, &p));
	assert_string_equal(p.list[0].path, "/productId");
	assert_string_equal(p.list[1].path, "/storeId");
	assert_int_equal(p.count, 2);
}

static void test_ids(void **state)
{
	static const struct {
		const char *id;
		bool ok;
	} ids[] = {{"a", true}, {"0", true}, {"Shop_1.eu-west", true}, {"", false}, {".a", false},
		{"-a", false}, {"_a", false}, {"a/b", false}, {"a b", false}, {"\u00e9", false},
		{"a\n", false}, {"1234567890123456789012345678901234567890123456789012345678901234", true},
		{"12345678901234567890123456789012345678901234567890123456789012345", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		if (request_id_ok(ids[i].id) != ids[i].ok)
			fail_msg("%s", ids[i].id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_videos),
		cmocka_unit_test(test_the_whole_of_a_video),
		cmocka_unit_test(test_what_may_be_left_out),
		cmocka_unit_test(test_models_by_name),
		cmocka_unit_test(test_lengths_are_counted_in_characters),
		cmocka_unit_test(test_number_of_scenes),
		cmocka_unit_test(test_problems_are_counted_past_the_list),
		cmocka_unit_test(test_image_urls),
		cmocka_unit_test(test_stores),
		cmocka_unit_test(test_products),
		cmocka_unit_test(test_product_options_keep_what_they_do_not_name),
		cmocka_unit_test(test_a_wish_names_its_product),
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
