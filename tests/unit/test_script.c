/*
 * Scenes and narrations. One product whole and word for word, in all six styles; then thousands of products
 * made of whatever shops write, for what must hold for each: request validation takes it, no word is cut,
 * nothing is said that was not there, and a voice has the time to say it.
 */

#include "lib/video/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/money.h"
#include "lib/video/request.h"

#define URL(name) "https://cdn.example/" name ".jpg"

/* Nothing writes to a struct's strings here. */
static char *texts(const char *s)
{
	return (char *)(uintptr_t)s;
}

static struct image lamp_images[] = {{.url = (char[]){URL("a")}}, {.url = (char[]){URL("b")}},
	{.url = (char[]){URL("a")}}, {.url = (char[]){URL("c")}}, {.url = (char[]){URL("d")}}};

static struct product lamp(void)
{
	return (struct product){
		.id = texts("lamp-1"),
		.store_id = texts("lumen"),
		.title = texts("Oak Desk Lamp"),
		.description = texts("<h2>Features</h2><p>A warm light for late reading &amp; early "
				     "mornings. Solid oak base, "
				     "hand-finished in our workshop.</p><ul><li>USB-C cable included</li>"
				     "<li>Height approx. 42&nbsp;cm.</li></ul><p>Free of plastic...</p>"),
		.price_milli = 29990,
		.images = lamp_images,
		.image_count = ARRAY_LEN(lamp_images),
	};
}

static struct store lumen(void)
{
	return (struct store){
		.id = texts("lumen"), .name = texts("Lumen & Oak"), .niche = texts("home lighting")};
}

/* One line a scene, "milliseconds picture overlay", then what is said. A picture is the last letter of its
 * name. */
static void describe(const struct video *v, struct buf *out)
{
	for (size_t i = 0; i < v->scene_count; i++) {
		const struct scene *s = &v->scenes[i];
		char picture = s->image_url ? s->image_url[strlen(s->image_url) - 5] : '-';

		buf_addf(out, "%d %c ", (int)s->duration_ms, picture);
		for (const char *p = s->text_overlay ? s->text_overlay : "-"; *p; p++)
			buf_addc(out, *p == '\n' ? '/' : *p);
		buf_addc(out, '\n');
	}
	buf_addf(out, "%s\n", v->voiceover_script);
}

static void check_script(const struct product *p, const struct store *s, int style, const char *expected)
{
	AUTO_VIDEO v = {0};
	AUTO_BUF found = BUF_INIT(1 << 16);

	script_write(p, s, style, &v);
	describe(&v, &found);
	if (strcmp(buf_text(&found), expected) != 0)
		fail_msg("%s:\n%s", video_style_names[style], buf_text(&found));
}

static void test_six_styles(void **state)
{
	static const char *const expected[STYLE_COUNT] = {
		[STYLE_PRODUCT_SHOWCASE] =
			"3000 a Oak Desk Lamp\n"
			"2500 b A warm light for late reading & early mornings\n"
			"2500 c Solid oak base, hand-finished in our workshop\n"
			"2500 d USB-C cable included\n"
			"3000 - $29.99/Shop now\n"
			"Introducing Oak Desk Lamp. A warm light for late reading & early mornings. USB-C "
			"cable included. Available for 29 dollars and 99 cents. Shop now at Lumen & Oak.\n",
		[STYLE_LIFESTYLE] = "3500 a Picture this\n"
				    "3000 b Your day\n"
				    "3000 c Your pace\n"
				    "3000 d Your way\n"
				    "3500 - Oak Desk Lamp/$29.99\n"
				    "Picture Oak Desk Lamp in your day. A warm light for late reading & "
				    "early mornings. USB-C cable included. Free of plastic. Yours for 29 "
				    "dollars and 99 cents. Make it part of your day.\n",
		[STYLE_TESTIMONIAL] = "3500 a Oak Desk Lamp/Is it for me?\n"
				      "3500 b Good to know:/A warm light for late reading & early mornings\n"
				      "3500 c Also:/Solid oak base, hand-finished in our workshop\n"
				      "3500 d Also:/USB-C cable included\n"
				      "3000 - $29.99/See for yourself\n"
				      "Is Oak Desk Lamp right for me? Here is what I want to know. A warm "
				      "light for late reading & early mornings. What does it cost? 29 "
				      "dollars and 99 cents. Now I can decide for myself.\n",
		[STYLE_PROMOTIONAL] = "2500 a $29.99/Oak Desk Lamp\n"
				      "2000 b A warm light for late reading & early mornings\n"
				      "2000 c Solid oak base, hand-finished in our workshop\n"
				      "2000 d USB-C cable included\n"
				      "3000 a $29.99/Get yours today\n"
				      "For 29 dollars and 99 cents: Oak Desk Lamp. A warm light for late "
				      "reading & early mornings. Get yours today at Lumen & Oak.\n",
		[STYLE_SOCIAL_AD] = "1500 a Look!/Oak Desk Lamp\n"
				    "1200 b USB-C cable included\n"
				    "1200 c Height approx. 42 cm\n"
				    "1200 d Free of plastic\n"
				    "2000 a $29.99/Tap to shop\n"
				    "Look! Oak Desk Lamp. 29 dollars and 99 cents. Tap to shop.\n",
		[STYLE_STORY] = "4000 a The story of/Oak Desk Lamp\n"
				"4000 b A warm light for late reading & early mornings\n"
				"4000 c Solid oak base, hand-finished in our workshop\n"
				"4000 d USB-C cable included\n"
				"4500 - The rest is up to you/$29.99\n"
				"Everything has its story. This one is about Oak Desk Lamp. A warm light for "
				"late reading & early mornings. Solid oak base, hand-finished in our "
				"workshop. USB-C cable included. It can be yours for 29 dollars and 99 "
				"cents. What happens next is up to you.\n",
	};
	struct product p = lamp();
	struct store s = lumen();

	(void)state;
	for (int style = 0; style < STYLE_COUNT; style++)
		check_script(&p, &s, style, expected[style]);
}

static void test_what_a_video_needs_besides(void **state)
{
	struct product p = lamp();
	struct store s = lumen();
	AUTO_VIDEO v = {.aspect = ASPECT_1_1, .music_volume = 30};

	(void)state;
	script_write(&p, &s, STYLE_PROMOTIONAL, &v);
	assert_string_equal(v.title, "Oak Desk Lamp - promotional");
	assert_string_equal(v.store_id, "lumen");
	assert_string_equal(v.product_id, "lamp-1");
	assert_int_equal(v.style, STYLE_PROMOTIONAL);
	assert_int_equal(v.aspect, ASPECT_1_1);
	assert_int_equal(v.music_volume, 30);
	assert_non_null(strstr(v.scenes[0].prompt, "\u201cOak Desk Lamp\u201d"));
	assert_non_null(strstr(v.scenes[0].prompt, "home lighting"));
	assert_non_null(strstr(v.scenes[0].prompt, "exactly as it is in the picture"));
}

/* What is missing is left out: no price, no description, no niche, no picture. */
static void test_the_least_product(void **state)
{
	struct product p = {
		.id = texts("p"), .store_id = texts("s"), .title = texts("Lamp!"), .price_milli = -1};
	struct store s = {.id = texts("s"), .name = texts("Acme Inc.")};

	(void)state;
	check_script(&p, &s, STYLE_PRODUCT_SHOWCASE,
		"3000 - Lamp!\n3000 - Shop now\nIntroducing Lamp. Shop now at Acme Inc.\n");
	p.price_milli = 4; /* which would be said as 0 dollars */
	check_script(&p, &s, STYLE_PROMOTIONAL,
		"2500 - Lamp!\n3000 - Get yours today\nHave a look at Lamp. Get yours today at Acme Inc.\n");
	check_script(&p, &s, STYLE_SOCIAL_AD,
		"1500 - Look!/Lamp!\n2000 - Tap to shop\nLook! Lamp. Tap to shop.\n");
}

/* One picture, but something to say: it is shown again for two features. */
static void test_one_picture(void **state)
{
	struct product p = lamp();
	struct store s = lumen();

	(void)state;
	p.image_count = 1;
	check_script(&p, &s, STYLE_PRODUCT_SHOWCASE,
		"3000 a Oak Desk Lamp\n2500 a A warm light for late reading & early mornings\n"
		"2500 a Solid oak base, hand-finished in our workshop\n3000 - $29.99/Shop now\n"
		"Introducing Oak Desk Lamp. USB-C cable included. Free of plastic. "
		"Available for 29 dollars and 99 cents. Shop now at Lumen & Oak.\n");
}

static void test_price_in_the_stores_way(void **state)
{
	struct product p = lamp();
	struct store s = lumen();
	AUTO_VIDEO v = {0};

	(void)state;
	s.currency = names_find(money_currencies, 2, "EUR");
	s.locale = names_find(money_locales, 3, "de-DE");
	script_write(&p, &s, STYLE_PROMOTIONAL, &v);
	assert_string_equal(v.scenes[0].text_overlay, "29,99\u00a0\u20ac\nOak Desk Lamp");
	assert_non_null(strstr(v.voiceover_script, "29 euros and 99 cents"));
}

/* What a shop writes is never taken for a place to be filled. */
static void test_braces_are_text(void **state)
{
	struct product p = {.id = texts("p"),
		.store_id = texts("s"),
		.title = texts("a{price} {title}"),
		.price_milli = 1000};
	struct store s = {.id = texts("s"), .name = texts("{niche}")};

	(void)state;
	check_script(&p, &s, STYLE_LIFESTYLE,
		"3500 - Picture this\n3500 - a{price} {title}/$1\n"
		"Picture a{price} {title} in your day. Yours for 1 dollar. Make it part of your day.\n");
}

static void test_styles_differ_in_pacing(void **state)
{
	struct product p = lamp();
	struct store s = lumen();

	(void)state;
	for (int a = 0; a < STYLE_COUNT; a++) {
		for (int b = a + 1; b < STYLE_COUNT; b++) {
			AUTO_VIDEO one = {0}, other = {0};

			script_write(&p, &s, a, &one);
			script_write(&p, &s, b, &other);
			assert_true(one.scenes[0].duration_ms != other.scenes[0].duration_ms ||
				    one.scenes[1].duration_ms != other.scenes[1].duration_ms ||
				    one.scenes[4].duration_ms != other.scenes[4].duration_ms);
			assert_string_not_equal(one.scenes[0].prompt, other.scenes[0].prompt);
			assert_string_not_equal(one.voiceover_script, other.voiceover_script);
		}
	}
}

static void test_same_input_same_output(void **state)
{
	struct product p = lamp();
	struct store s = lumen();
	AUTO_VIDEO once = {0}, again = {0};
	AUTO_BUF a = BUF_INIT(1 << 16);
	AUTO_BUF b = BUF_INIT(1 << 16);

	(void)state;
	script_write(&p, &s, STYLE_STORY, &once);
	script_write(&p, &s, STYLE_STORY, &again);
	describe(&once, &a);
	describe(&again, &b);
	assert_string_equal(buf_text(&a), buf_text(&b));
}

/* ---- what must hold for every product ---- */

static struct json *as_request(const struct video *v)
{
	struct json *body = json_new_object(), *scenes = json_new_array();

	json_put_string(body, "storeId", v->store_id);
	json_put_string(body, "productId", v->product_id);
	json_put_string(body, "title", v->title);
	json_put_string(body, "style", video_style_names[v->style]);
	json_put_string(body, "aspectRatio", "9:16");
	json_put_string(body, "voiceoverScript", v->voiceover_script);
	json_put(body, "scenes", scenes);
	for (size_t i = 0; i < v->scene_count; i++) {
		struct json *scene = json_new_object();

		json_put_string(scene, "prompt", v->scenes[i].prompt);
		json_put_scaled(scene, "duration", v->scenes[i].duration_ms, 3);
		json_put_string(scene, "imageUrl", v->scenes[i].image_url);
		json_put_string(scene, "textOverlay", v->scenes[i].text_overlay);
		json_append(scenes, scene);
	}
	return body;
}

static void require(bool ok, const char *what, const struct product *p, const struct video *v)
{
	AUTO_BUF text = BUF_INIT(1 << 16);

	if (ok)
		return;
	describe(v, &text);
	fail_msg("%s: title \"%s\", %s:\n%s", what, p->title, video_style_names[v->style], buf_text(&text));
}

static void check_accepted(const struct product *p, const struct video *v)
{
	AUTO(json) body = as_request(v);
	AUTO_VIDEO read = {0};
	AUTO_PROBLEMS problems = {0};

	if (!request_read_video(body, &read, &problems))
		require(false, problems.list[0].message, p, v);
	require(read.scene_count == v->scene_count, "scenes lost", p, v);
}

static bool ends_as_a_sentence(const char *text)
{
	size_t n = strlen(text);

	return n > 3 && (strchr(".!?", text[n - 1]) || strcmp(text + n - 3, "\u3002") == 0);
}

static void check_narration(const struct product *p, const struct video *v)
{
	static const char *const never[] = {
		"  ", "..", " .", "null", "undefined", "{", "}", "<", "&amp;", "\n"};
	const char *text = v->voiceover_script;
	size_t words = 0;
	int64_t total_ms = 0;

	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		require(!strstr(text, never[i]), never[i], p, v);
	for (size_t i = 0; i < v->scene_count; i++)
		total_ms += v->scenes[i].duration_ms;
	for (const char *s = text; *s; s += strcspn(s, " "), s += strspn(s, " "))
		words++;
	require(words > 1, "nothing said", p, v);
	require((int64_t)words * 60000 / SCRIPT_WORDS_PER_MIN <= total_ms, "too long to say", p, v);
	require(text_utf8_points(text) < 40 * words, "words too long to say", p, v);
	require(ends_as_a_sentence(text), "no end", p, v);
}

static void check_scenes(const struct product *p, const struct video *v)
{
	size_t shown = 0;

	for (size_t i = 0; i < v->scene_count; i++) {
		const struct scene *s = &v->scenes[i];

		require(!s->text_overlay || text_utf8_points(s->text_overlay) <= 70, "overlay too long", p,
			v);
		require(!s->text_overlay || !strchr(s->text_overlay, '{'), "word not filled in", p, v);
		require(!s->image_url == (p->image_count == 0) || i + 1 == v->scene_count, "picture missing",
			p, v);
		while (s->image_url && shown < p->image_count &&
			strcmp(s->image_url, p->images[shown].url) != 0)
			shown++;
		if (s->image_url && i + 1 == v->scene_count)
			shown = 0; /* the closing goes back to the first */
		require(shown < p->image_count || !s->image_url, "pictures out of order", p, v);
	}
	require(v->scenes[v->scene_count - 1].text_overlay != NULL, "no call to action", p, v);
}

static const char *const titles[] = {"Lamp", "Lamp.", "Really?!", "Wow!!!", "!!!", "\U0001F600",
	"Lampe \u2013 \u201eEiche\u201c", "\u767d\u3044\u6728\u306e\u30e9\u30f3\u30d7",
	"\u0645\u0635\u0628\u0627\u062d \u0645\u0643\u062a\u0628", "Salt &amp; Pepper <b>Mill</b>", "<b></b>",
	"50% off: C:\\temp 'x'", "Inc...",
	"A title as long as shops write them, with the colour, the size, the year, the season, the material, "
	"the "
	"occasion, the weight and the number of pieces, so that every search engine in this world finds it "
	"now"};

static const char *const descriptions[] = {NULL, "", "...", "Oak.", "A lamp made of oak.", "<p>", "&",
	"<h2>Only</h2>", "Features:\n- Solid oak\n- Warm light\n- 2 m cable\n",
	"No end of it <a href=\"x>y\">here</a>... And more...",
	"\u67d4\u3089\u304b\u3044\u5149\u3002\u624b\u4f5c\u308a\u3067\u3059\u3002\u6728\u88fd\u3002",
	"First sentence here. Second sentence here! Third? \U0001F600 Fourth one, with a comma, and "
	"another."};

static const int64_t prices[] = {-1, 0, 4, 29990, LIMIT_PRICE_MILLI};
static const size_t image_counts[] = {0, 1, 2, LIMIT_IMAGES};

static void check_everything(const struct product *p, const struct store *s)
{
	for (int style = 0; style < STYLE_COUNT; style++) {
		AUTO_VIDEO v = {0};

		script_write(p, s, style, &v);
		check_accepted(p, &v);
		check_scenes(p, &v);
		if (strcmp(p->title, "<b></b>") != 0) /* which is said as it is */
			check_narration(p, &v);
		if (p->price_milli < 5) /* half a cent is one */
			require(!strstr(v.voiceover_script, "dollar"), "a price from nowhere", p, &v);
	}
}

static void test_every_product(void **state)
{
	struct store s = {.id = texts("s"), .name = texts("Shop...")};
	struct product p = {.id = texts("p"), .store_id = texts("s")};
	char urls[LIMIT_IMAGES][32];
	struct image images[LIMIT_IMAGES];

	(void)state;
	for (size_t i = 0; i < LIMIT_IMAGES; i++) {
		(void)snprintf(urls[i], sizeof(urls[i]), "/assets/%zu.jpg", i);
		images[i] = (struct image){.url = urls[i]};
	}
	p.images = images;
	for (size_t i = 0;
		i < ARRAY_LEN(titles) * ARRAY_LEN(descriptions) * ARRAY_LEN(prices) * ARRAY_LEN(image_counts);
		i++) {
		size_t at = i;

		p.title = texts(titles[at % ARRAY_LEN(titles)]);
		at /= ARRAY_LEN(titles);
		p.description = texts(descriptions[at % ARRAY_LEN(descriptions)]);
		at /= ARRAY_LEN(descriptions);
		p.price_milli = prices[at % ARRAY_LEN(prices)];
		p.image_count = image_counts[at / ARRAY_LEN(prices)];
		s.niche = i % 2 ? texts("home & living") : NULL;
		check_everything(&p, &s);
	}
}

/* Sizes at their limits: a description of 20,000 characters, in sentences and in one word. */
static void test_long_descriptions(void **state)
{
	static const char *const parts[] = {
		"A sentence of seven words is here. ", "word", "<p>\u767d\u3044", "a\n", "&eacute;"};
	struct product p = lamp();
	struct store s = lumen();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		AUTO_BUF text = BUF_INIT(4 * LIMIT_DESCRIPTION);

		while (text.len + strlen(parts[i]) <= LIMIT_DESCRIPTION)
			buf_adds(&text, parts[i]);
		p.description = texts(buf_text(&text));
		check_everything(&p, &s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_six_styles),
		cmocka_unit_test(test_what_a_video_needs_besides),
		cmocka_unit_test(test_the_least_product),
		cmocka_unit_test(test_one_picture),
		cmocka_unit_test(test_price_in_the_stores_way),
		cmocka_unit_test(test_braces_are_text),
		cmocka_unit_test(test_styles_differ_in_pacing),
		cmocka_unit_test(test_same_input_same_output),
		cmocka_unit_test(test_every_product),
		cmocka_unit_test(test_long_descriptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
