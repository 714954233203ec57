/* What was published, as it is stored and as clients see it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/io/json.h"
#include "lib/video/addresses.h"
#include "lib/video/outputs.h"
#include "lib/video/settings.h"
#include "lib/video/video.h"

#define TEXT_MAX 65536

#define SMALL                                                                                                \
	"{\"aspectRatio\":\"1:1\",\"width\":0,\"height\":0,\"bytes\":1,\"film\":\"videos/x/"                 \
	"b.mp4\",\"thumbnail\":null,\"preview\":null,"                                                       \
	"\"sprite\":null,\"spriteVtt\":null}"
#define WHOLE                                                                                                \
	"{\"aspectRatio\":\"9:16\",\"width\":540,\"height\":960,\"bytes\":5000000000,\"film\":\"videos/x/"   \
	"a.mp4\",\"thumbnail\":"                                                                             \
	"\"videos/x/a.jpg\",\"preview\":\"videos/x/a.webp\",\"sprite\":\"videos/x/s.jpg\",\"spriteVtt\":"    \
	"\"videos/x/s.vtt\"}"

static const char *const stored[] = {
	"{\"films\":[]}",
	"{\"films\":[" SMALL "]}",
	"{\"films\":[" WHOLE "," SMALL
	"],\"captions\":{\"srt\":\"videos/x/c.srt\",\"vtt\":\"videos/x/c.vtt\"}}",
	"{\"films\":[],\"captions\":{\"vtt\":\"videos/x/c.vtt\"}}",
	"{\"films\":[" SMALL "],\"report\":\"videos/x/report.json\"}",
};

static void test_what_is_stored_is_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stored); i++) {
		AUTO_OUTPUTS o = {0};
		AUTO_BUF text = BUF_INIT(TEXT_MAX);
		struct err e = {0};

		if (outputs_read(stored[i], &o, &e) < 0)
			fail_msg("%s: %s", stored[i], e.text);

		AUTO(json) again = outputs_json(&o);
		json_write(again, &text);
		assert_string_equal(buf_text(&text), stored[i]);
	}
}

static void test_none(void **state)
{
	AUTO_OUTPUTS o = {.count = 7};
	struct err e;

	(void)state;
	assert_int_equal(outputs_read(NULL, &o, &e), 0);
	assert_int_equal(o.count, 0);
	assert_null(o.films);
}

static void test_what_is_none(void **state)
{
	static const char *const texts[] = {"", "[]", "{\"films\":[{\"film\":\"a\"}]}",
		"{\"films\":[{\"aspectRatio\":\"2:1\"}]}",
		"{\"films\":[" SMALL "," SMALL "," SMALL "," SMALL "," SMALL "]}", "{\"captions\":[]}",
		"{\"more\":1}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_OUTPUTS o = {0};
		struct err e = {0};

		if (outputs_read(texts[i], &o, &e) == 0)
			fail_msg("%s: taken", texts[i]);
		assert_int_equal(e.kind, ERR_PERM);
		assert_int_equal(o.count, 0);
	}
}

static void test_addresses(void **state)
{
	static char url[] = "http://shop.example/";
	const struct settings s = {.public_url = url};
	const struct addresses a = {.settings = &s};
	AUTO_OUTPUTS o = {0}, none = {0};
	AUTO(json) shown = json_new_object();
	AUTO(json) empty = json_new_object();
	AUTO_BUF text = BUF_INIT(TEXT_MAX), nothing = BUF_INIT(TEXT_MAX);
	struct err e;

	(void)state;
	assert_int_equal(outputs_read(stored[2], &o, &e), 0);
	outputs_put_urls(&o, &a, shown);
	json_write(shown, &text);
	assert_string_equal(buf_text(&text),
		"{\"films\":[{\"aspectRatio\":\"9:16\",\"width\":540,\"height\":960,\"bytes\":5000000000,"
		"\"videoUrl\":\"http://shop.example/media/videos/x/a.mp4\",\"thumbnailUrl\":"
		"\"http://shop.example/media/videos/x/a.jpg\",\"previewUrl\":\"http://shop.example/media/"
		"videos/x/a.webp\","
		"\"spriteUrl\":\"http://shop.example/media/videos/x/s.jpg\",\"spriteVttUrl\":"
		"\"http://shop.example/media/videos/x/"
		"s.vtt\"},{\"aspectRatio\":\"1:1\",\"width\":1080,\"height\":1080,"
		"\"bytes\":1,\"videoUrl\":\"http://shop.example/media/videos/x/b.mp4\",\"thumbnailUrl\":null,"
		"\"previewUrl\":null,\"spriteUrl\":null,\"spriteVttUrl\":null}],\"captionFiles\":{\"srtUrl\":"
		"\"http://shop.example/media/videos/x/c.srt\",\"vttUrl\":\"http://shop.example/media/videos/"
		"x/c.vtt\"},\"reportUrl\":null}");

	outputs_put_urls(&none, &a, empty);
	json_write(empty, &nothing);
	assert_string_equal(buf_text(&nothing), "{\"films\":[],\"captionFiles\":null,\"reportUrl\":null}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_stored_is_read_back),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_what_is_none),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
