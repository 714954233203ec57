/* What is ordered of videod-lettering, and what it may answer. */

#include "daemon/film/lettering.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/args.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/io/json.h"
#include "lib/video/limits.h"
#include "lib/video/look.h"
#include "lib/video/video.h"

#define ORDER_BYTES 65536
#define UNSET                                                                                                \
	{                                                                                                    \
		.position = LOOK_UNSET, .size = LOOK_UNSET, .background = LOOK_UNSET,                        \
		.entrance = LOOK_UNSET, .colour = LOOK_UNSET, .background_colour = LOOK_UNSET                \
	}

static const struct text_look unset = UNSET;

static struct lettering_order order_new(void)
{
	return (struct lettering_order){.size = {1080, 1920},
		.style = STYLE_SOCIAL_AD,
		.video_text = &unset,
		.scene_text = &unset,
		.overlay = "Sale",
		.prefix = "r0p0"};
}

static struct json *written(const struct lettering_order *o)
{
	AUTO_BUF b = BUF_INIT(ORDER_BYTES);
	struct json *root = NULL;
	struct err e;

	lettering_write(o, &b);
	assert_true(buf_ok(&b));
	if (json_parse(buf_text(&b), b.len, &root, &e) < 0)
		fail_msg("%s: %s", e.text, buf_text(&b));
	return root;
}

static int64_t number(const struct json *root, const char *part, const char *key)
{
	return json_int(json_get(json_get(root, part), key));
}

static const char *text(const struct json *root, const char *part, const char *key)
{
	return json_string(json_get(json_get(root, part), key));
}

static void test_style_decides_where_nothing_is_said(void **state)
{
	struct lettering_order o = order_new();
	AUTO(json) j = written(&o);

	(void)state;
	assert_string_equal(text(j, "overlay", "font"), "Lato");
	assert_int_equal(number(j, "overlay", "weight"), 900);
	assert_string_equal(text(j, "overlay", "background"), "box");
	assert_int_equal(number(j, "overlay", "backgroundColour"), 0xFFE14D);
	assert_false(json_has(j, "card") || json_has(j, "captions") || json_has(j, "logo"));
}

static void test_what_is_nearer_to_the_scene_counts(void **state)
{
	struct text_look video = UNSET, scene = UNSET;
	AUTO_BRAND brand;
	struct lettering_order o = order_new();

	(void)state;
	brand_init(&brand);
	brand.text.position = POSITION_TOP;
	brand.text.size = SIZE_LARGE;
	brand.text_colour = 0x112233;
	video.position = POSITION_BOTTOM;
	video.background = BACKGROUND_NONE;
	scene.background = BACKGROUND_OUTLINE;
	o.brand = &brand;
	o.video_text = &video;
	o.scene_text = &scene;

	AUTO(json) j = written(&o);
	assert_string_equal(text(j, "overlay", "position"), "bottom");
	assert_string_equal(text(j, "overlay", "background"), "outline");
	assert_int_equal(number(j, "overlay", "percent"), 108 * 130 / 100);
	assert_int_equal(number(j, "overlay", "colour"), 0x112233);
}

static void test_colours_can_be_told_apart(void **state)
{
	static const struct {
		const char *title;
		int64_t text, background, expected_text, expected_background;
	} cases[] = {
		{"both said, and good", 0x000000, 0xFFFFFF, 0x000000, 0xFFFFFF},
		{"both said by the same: as it was wanted", 0xFFFF00, 0xFFFFFF, 0xFFFF00, 0xFFFFFF},
		{"a text like the style's yellow box", 0xFFE14D, LOOK_UNSET, 0xFFE14D, 0x10151C},
		{"a box like the style's black text", LOOK_UNSET, 0x000000, 0xFFFFFF, 0x000000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct text_look scene = UNSET;
		struct lettering_order o = order_new();

		scene.colour = cases[i].text;
		scene.background_colour = cases[i].background;
		o.scene_text = &scene;
		AUTO(json) j = written(&o);
		if (number(j, "overlay", "colour") != cases[i].expected_text ||
			number(j, "overlay", "backgroundColour") != cases[i].expected_background)
			fail_msg("%s: #%06X on #%06X", cases[i].title,
				(unsigned)number(j, "overlay", "colour"),
				(unsigned)number(j, "overlay", "backgroundColour"));
	}
}

static void test_a_card_has_no_overlay(void **state)
{
	struct lettering_order o = order_new();

	(void)state;
	o.card.there = true;
	o.card.title = "Mug";
	o.card.action = "Buy";
	AUTO(json) j = written(&o);
	assert_false(json_has(j, "overlay"));
	assert_string_equal(text(j, "card", "title"), "Mug");
	assert_null(text(j, "card", "text"));
	assert_int_equal(number(j, "card", "accent"), 0xFFE14D);
	assert_int_equal(number(j, "card", "accentText"), 0x10151C);
}

static void test_bytes_keep_their_places(void **state)
{
	static const struct {
		const char *title, *given, *expected;
	} cases[] = {
		{"plain", "Don't: 50% \\ {x} \"q\"", "Don't: 50% \\ {x} \"q\""},
		{"all planes", "\u00e9\u4e2d\U0001F600", "\u00e9\u4e2d\U0001F600"},
		{"controls",
			"a\x01\x1b"
			"b\tc\x7f\nd\r",
			"a  b c \nd "},
		{"a lone surrogate", "a\xED\xA0\x80z", "a???z"},
		{"a byte too many", "a\x80\xFFz", "a??z"},
		{"cut off", "a\xE4\xB8", "a??"},
		{"overlong", "\xC0\xAF\xE0\x80\xAF", "?????"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct lettering_order o = order_new();

		o.overlay = cases[i].given;
		AUTO(json) j = written(&o);
		if (strcmp(text(j, "overlay", "text"), cases[i].expected) != 0)
			fail_msg("%s: %s", cases[i].title, text(j, "overlay", "text"));
	}
}

static void test_a_word_is_lit_only_where_words_are_asked_for(void **state)
{
	static const struct lettering_caption caption = {"Hello world", 6, 11, 3, 9};

	(void)state;
	for (int kind = CAPTIONS_NONE; kind < CAPTIONS_COUNT; kind++) {
		struct lettering_order o = order_new();

		o.captions = kind;
		o.caption_style = CAPTION_BOX;
		o.caption = &caption;
		o.caption_count = 1;
		AUTO(json) j = written(&o);
		const struct json *first = json_at(json_get(json_get(j, "captions"), "list"), 0);

		assert_int_equal(first != NULL, kind != CAPTIONS_NONE);
		assert_int_equal(json_int(json_get(first, "litTo")), kind == CAPTIONS_WORDS ? 11 : 0);
	}
}

static void test_ground_is_the_brands_or_the_styles(void **state)
{
	AUTO_BRAND brand;

	(void)state;
	brand_init(&brand);
	assert_int_equal(film_ground(STYLE_SOCIAL_AD, NULL).from, 0x5A189A);
	assert_int_equal(film_ground(STYLE_SOCIAL_AD, &brand).to, 0xC9184A);
	brand.ground_colour = 0x102030;
	assert_int_equal(film_ground(STYLE_SOCIAL_AD, &brand).from, 0x102030);
	assert_int_equal(film_ground(-1, NULL).from, film_ground(0, NULL).from);
}

static void test_no_text_is_an_argument(void **state)
{
	const struct film_tools tools = {.lettering = "/usr/lib/videod/videod-lettering"};
	AUTO_ARGS a = {0};

	(void)state;
	lettering_args(&tools, "order.json", &a);
	assert_int_equal(a.n, 2);
	assert_string_equal(a.v[0], tools.lettering);
	assert_string_equal(a.v[1], "order.json");
}

#define IMAGE(file) "{\"file\":\"" file "\",\"x\":2,\"y\":4,\"width\":6,\"height\":8"

static void test_reads_an_answer(void **state)
{
	static const char answer[] =
		"{\"text\":" IMAGE("a-text.png") "},\"logo\":" IMAGE("a-logo.png") "},\"captions\":[" IMAGE(
			"c0.png") ",\"from\":0,\"to\":3}," IMAGE("c1.png") ",\"from\":3,\"to\":9}],"
									   "\"entrance\":\"rise\","
									   "\"missing\":2}";
	CLEANUP(lettering_done) struct film_layers l = {0};
	int64_t missing = 0;
	struct err e;

	(void)state;
	if (lettering_read(answer, sizeof(answer) - 1, &l, &missing, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(l.text.file, "a-text.png");
	assert_int_equal(l.text.height, 8);
	assert_int_equal(l.entrance, ENTRANCE_RISE);
	assert_int_equal(missing, 2);
	assert_int_equal(l.caption_count, 2);
	assert_int_equal(l.captions[1].to, 9);
	assert_string_equal(l.logo.file, "a-logo.png");
}

/* Each character of the longest script is a word in Chinese, and all of them may be one part's. */
static void test_reads_the_captions_of_the_longest_script(void **state)
{
	AUTO_BUF b = BUF_INIT(4 * 1024 * 1024);
	CLEANUP(lettering_done) struct film_layers l = {0};
	int64_t missing = 0;
	struct err e;

	(void)state;
	buf_adds(&b, "{\"entrance\":\"none\",\"missing\":0,\"captions\":[");
	for (int i = 0; i < 6 * LIMIT_SCRIPT / 5; i++)
		buf_addf(&b, "%s" IMAGE("l243-0123456789abcdef-c%d.png") ",\"from\":%d,\"to\":%d}",
			i ? "," : "", i, i, i + 1);
	buf_adds(&b, "]}");
	assert_true(buf_ok(&b));
	if (lettering_read(buf_text(&b), b.len, &l, &missing, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(l.caption_count, 6 * LIMIT_SCRIPT / 5);
}

static void test_nothing_drawn_is_an_empty_layer(void **state)
{
	static const char answer[] = "{\"entrance\":\"none\",\"missing\":0}\n";
	CLEANUP(lettering_done) struct film_layers l = {0};
	int64_t missing = 1;
	struct err e;

	(void)state;
	assert_int_equal(lettering_read(answer, sizeof(answer) - 2, &l, &missing, &e), 0);
	assert_string_equal(l.text.file, "");
	assert_int_equal(l.caption_count, 0);
	assert_int_equal(missing, 0);
}

static void test_refuses_what_it_does_not_print(void **state)
{
	static const char *const answers[] = {
		"",
		"[]",
		"{}",
		"{\"entrance\":\"rise\"}",
		"{\"entrance\":\"jump\",\"missing\":0}",
		"{\"entrance\":\"none\",\"missing\":-1}",
		"{\"entrance\":\"none\",\"missing\":0,\"text\":" IMAGE("../a.png") "}}",
		"{\"entrance\":\"none\",\"missing\":0,\"text\":" IMAGE("/etc/passwd") "}}",
		"{\"entrance\":\"none\",\"missing\":0,\"text\":" IMAGE("-i") "}}",
		"{\"entrance\":\"none\",\"missing\":0,\"text\":" IMAGE("a b") "}}",
		"{\"entrance\":\"none\",\"missing\":0,\"text\":{\"file\":\"a\"}}",
		"{\"entrance\":\"none\",\"missing\":0,\"text\":1}",
		"{\"entrance\":\"none\",\"missing\":0,\"captions\":{}}",
		"{\"entrance\":\"none\",\"missing\":0,\"captions\":[null]}",
		"{\"entrance\":\"none\",\"missing\":0,\"captions\":[" IMAGE("a") ",\"from\":5,\"to\":5}]}",
		"{\"entrance\":\"none\",\"missing\":0,\"captions\":[" IMAGE(
			"a") ",\"from\":0,\"to\":5}," IMAGE("b") ",\"from\":4,\"to\":6}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct film_layers l = {0};
		int64_t missing = 0;
		struct err e = {.kind = ERR_TEMP};

		if (lettering_read(answers[i], strlen(answers[i]), &l, &missing, &e) == 0)
			fail_msg("read: %s", answers[i]);
		assert_int_equal(e.kind, ERR_PERM);
		assert_null(l.captions);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_style_decides_where_nothing_is_said),
		cmocka_unit_test(test_what_is_nearer_to_the_scene_counts),
		cmocka_unit_test(test_colours_can_be_told_apart),
		cmocka_unit_test(test_a_card_has_no_overlay),
		cmocka_unit_test(test_bytes_keep_their_places),
		cmocka_unit_test(test_a_word_is_lit_only_where_words_are_asked_for),
		cmocka_unit_test(test_ground_is_the_brands_or_the_styles),
		cmocka_unit_test(test_no_text_is_an_argument),
		cmocka_unit_test(test_reads_an_answer),
		cmocka_unit_test(test_reads_the_captions_of_the_longest_script),
		cmocka_unit_test(test_nothing_drawn_is_an_empty_layer),
		cmocka_unit_test(test_refuses_what_it_does_not_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
