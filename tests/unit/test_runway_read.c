/* What Runway is sent and what is taken of its replies, without a network; test_runway.c has the rest. */

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/io/json.h"
#include "lib/remote/runway_priv.h"

static void test_bodies(void **state UNUSED)
{
	static const struct {
		struct runway_order order;
		const char *body;
	} cases[] = {
		{{"image_to_video", "gen4_turbo", "720:1280", "", 10, 0, "runway://u/1", 0},
			"{\"model\":\"gen4_turbo\",\"promptImage\":\"runway://u/1\",\"ratio\":\"720:1280\","
			"\"duration\":10,\"seed\":0}"},
		{{"image_to_video", "veo3.1", "1080:1920", "x", 8, 7, "https://a.example/b.png", 0},
			"{\"model\":\"veo3.1\",\"promptImage\":\"https://a.example/"
			"b.png\",\"promptText\":\"x\","
			"\"ratio\":\"1080:1920\",\"duration\":8,\"seed\":7,\"audio\":false}"},
		{{"text_to_video", "veo3.1_fast", "1280:720", "y", 4, 7, NULL, 0},
			"{\"model\":\"veo3.1_fast\",\"promptText\":\"y\",\"ratio\":\"1280:720\",\"duration\":"
			"4,"
			"\"seed\":7,\"audio\":false}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF body = BUF_INIT(10000);

		runway_create_body(&cases[i].order, &body);
		assert_string_equal(buf_text(&body), cases[i].body);
	}
}

static void test_bad_slots(void **state UNUSED)
{
	static const char *const bad_slots[] = {"{}",
		"{\"uploadUrl\":\"https://h/\",\"fields\":[],\"runwayUri\":\"runway://x\"}",
		"{\"uploadUrl\":\"ftp://h/\",\"fields\":{},\"runwayUri\":\"runway://x\"}",
		"{\"uploadUrl\":\"https://h/\",\"fields\":{\"a\":1},\"runwayUri\":\"runway://x\"}",
		"{\"uploadUrl\":\"https://h/\",\"fields\":{\"a\\\"b\":\"c\"},\"runwayUri\":\"runway://x\"}",
		"{\"uploadUrl\":\"https://h/\",\"fields\":{},\"runwayUri\":\"https://x\"}"};
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(bad_slots); i++) {
		struct runway_slot s;
		AUTO(json) root = NULL;

		assert_int_equal(json_parse(bad_slots[i], strlen(bad_slots[i]), &root, &err), 0);
		assert_false(runway_read_slot(root, &s));
	}
}

static void test_takes_url(void **state UNUSED)
{
	static const struct {
		const char *url;
		bool takes;
	} cases[] = {
		{"https://shop.example/a.jpg", true},
		{"https://shop.example:8443/a.jpg?x=1", true},
		{"https://3d-shop.example", true},
		{"http://shop.example/a.jpg", false},
		{"https://127.0.0.1/a.jpg", false},
		{"https://[2001:db8::1]/a.jpg", false},
		{"https://localhost/a.jpg", false},
		{"https://me:pw@shop.example/a.jpg", false},
		{"https://shop.example/a b.jpg", false},
		{"https://caf\xc3\xa9.example/a.jpg", false},
		{"https://.example/", false},
		{"https://", false},
		{"runway://x", false},
		{"", false},
	};
	char url[2100] = "https://shop.example/";

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (runway_takes_url(cases[i].url) != cases[i].takes)
			fail_msg("%s", cases[i].url);
	for (size_t n = strlen(url); n < 2048; n++)
		url[n] = 'a';
	assert_true(runway_takes_url(url));
	url[2048] = 'a';
	assert_false(runway_takes_url(url));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_bad_slots),
		cmocka_unit_test(test_takes_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
