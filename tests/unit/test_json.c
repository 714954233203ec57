/* JSON: what is read and written back as it was, what is refused and where, the getters, and building. */

#include "lib/io/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"

/* Parses a copy that ends where the text ends, so that the sanitizer sees a read past it. */
static int parse(const char *text, size_t n, struct json **ret_root, struct err *e)
{
	AUTO_FREE char *copy = xmalloc(n + 1);
	char *exact = xrealloc(steal_ptr(copy), n ? n : 1);

	memcpy(exact, text, n);
	int rc = json_parse(exact, n, ret_root, e);
	free(exact);
	return rc;
}

static const struct {
	const char *text, *written; /* NULL: as it was */
} good[] = {
	{"null", NULL},
	{"true", NULL},
	{"false", NULL},
	{"0", NULL},
	{"-1", NULL},
	{"-0", NULL},
	{"9223372036854775807", NULL},
	{"-9223372036854775808", NULL},
	{"9223372036854775808", NULL},
	{"99999999999999999999999999", NULL},
	{"29.99", NULL},
	{"1.0000000000000000000001", NULL},
	{"0.1e-7", NULL},
	{"1E+400", NULL},
	{"\"\"", NULL},
	{"\"a/b\"", NULL},
	{"\"\\/\"", "\"/\""},
	{"\"\\b\\f\\n\\r\\t\\\"\\\\\"", NULL},
	{"\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"", "\"A\u00e9\u20ac\U0001F600\""},
	{"\"\\uFFFF\\u0080\\u07ff\\u0800\"", "\"\uffff\xc2\x80\u07ff\u0800\""},
	{"\"\\uDBFF\\uDFFF\"", "\"\U0010FFFF\""},
	{"\"\x7f\"", NULL},
	{"[]", NULL},
	{" [ 1 ,\t\"x\"\r\n, [ ] ] ", "[1,\"x\",[]]"},
	{"{}", NULL},
	{"{ \"b\" : null , \"a\" : { \"b\" : 1 } }", "{\"b\":null,\"a\":{\"b\":1}}"},
	{"{\"\":1}", NULL},
	{"[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", NULL},
};

static void test_reads_and_writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		AUTO(json) root = NULL;
		AUTO_BUF out = BUF_INIT(1024);
		struct err e = {0};

		if (parse(good[i].text, strlen(good[i].text), &root, &e) < 0)
			fail_msg("%s: %s", good[i].text, e.text);
		json_write(root, &out);
		if (strcmp(buf_text(&out), good[i].written ? good[i].written : good[i].text) != 0)
			fail_msg("%s: written as %s", good[i].text, buf_text(&out));
	}
}

static const struct {
	const char *text;
	size_t at;
	const char *what;
} bad[] = {
	{"", 0, "ends where a value is expected"},
	{" \n", 2, "ends where a value is expected"},
	{"[1,", 3, "ends where a value is expected"},
	{"nul", 0, "expected a value"},
	{"nulls", 4, "something follows"},
	{"True", 0, "expected a value"},
	{"NaN", 0, "expected a value"},
	{"Infinity", 0, "expected a value"},
	{"[-Infinity]", 1, "needs digits"},
	{"'a'", 0, "expected a value"},
	{"// x\n1", 0, "expected a value"},
	{"\xef\xbb\xbf{}", 0, "expected a value"},
	{"\v1", 0, "expected a value"},
	{"+1", 0, "expected a value"},
	{".5", 0, "expected a value"},
	{"-", 0, "needs digits"},
	{"1.", 0, "after its point"},
	{"[1.e5]", 1, "after its point"},
	{"1e", 0, "after its e"},
	{"1e+-2", 0, "after its e"},
	{"01", 1, "something follows"},
	{"-01", 2, "something follows"},
	{"0x10", 1, "something follows"},
	{"11111111112222222222333333333344444444445555555555666666666677777", 0, "too long"},
	{"1 2", 2, "something follows"},
	{"{} x", 3, "something follows"},
	{"[1 2]", 3, "expected ',' or ']'"},
	{"[1,]", 3, "expected a value"},
	{"[,1]", 1, "expected a value"},
	{"[1}", 2, "expected ',' or ']'"},
	{"[", 1, "ends where a value is expected"},
	{"[1", 2, "expected ',' or ']'"},
	{"{", 1, "expected a key"},
	{"{\"a\":1,}", 7, "expected a key"},
	{"{a:1}", 1, "expected a key"},
	{"{1:1}", 1, "expected a key"},
	{"{\"a\" 1}", 5, "expected ':'"},
	{"{\"a\":}", 5, "expected a value"},
	{"{\"a\":1]", 6, "expected ',' or '}'"},
	{"{\"a\":1,\"b\":2,\"a\":3}", 13, "was there before"},
	{"{\"a\":null,\"\\u0061\":3}", 10, "was there before"},
	{"\"a", 0, "has no end"},
	{"[1,\"a\\\"]", 3, "has no end"},
	{"\"a\\", 2, "no such escape"},
	{"\"\\x41\"", 1, "no such escape"},
	{"\"\\u12", 5, "four hexadecimal digits"},
	{"\"\\u12g4\"", 5, "four hexadecimal digits"},
	{"\"a\\u0000\"", 2, "must not contain \\u0000"},
	{"{\"\\u0000a\":1}", 2, "must not contain \\u0000"},
	{"\"\\ud800\"", 1, "half of a surrogate pair"},
	{"\"\\ud800x\"", 1, "half of a surrogate pair"},
	{"\"\\ud800\\n\"", 1, "half of a surrogate pair"},
	{"\"\\ud800\\u0041\"", 1, "half of a surrogate pair"},
	{"\"\\ud800\\ud800\"", 1, "half of a surrogate pair"},
	{"\"\\udc00\\ud800\"", 1, "half of a surrogate pair"},
	{"\"a\nb\"", 2, "control character"},
	{"\"\x1f\"", 1, "control character"},
	{"\"ok\\t\xff\"", 5, "not valid UTF-8"},
	{"\"\xed\xa0\x80\"", 1, "not valid UTF-8"},
	{"\"\xc0\xaf\"", 1, "not valid UTF-8"},
	{"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", 16, "nested too deeply"},
};

static void test_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct json *root = NULL;
		struct err e = {0};

		if (parse(bad[i].text, strlen(bad[i].text), &root, &e) == 0)
			fail_msg("%s: accepted", bad[i].text);
		assert_null(root);
		assert_int_equal(e.kind, ERR_PERM);
		assert_int_equal(e.http_status, 400);

		AUTO_FREE char *place = xasprintf("at byte %zu: ", bad[i].at);
		if (!strstr(e.text, place) || !strstr(e.text, bad[i].what))
			fail_msg("%s: %s", bad[i].text, e.text);
	}
}

static void test_refuses_a_nul_byte_anywhere(void **state)
{
	static const char texts[][6] = {{'1', 0}, {'[', 0, ']'}, {'"', 0, '"'}, {'{', '"', 'a', 0, '"', ':'}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(json) root = NULL;
		struct err e;

		assert_int_equal(parse(texts[i], sizeof(texts[i]), &root, &e), -1);
	}
}

/* Every prefix of a text that uses the whole grammar is refused, and none is read past its end. */
static void test_refuses_every_prefix(void **state)
{
	static const char text[] =
		"{\"a\":[1,-2.5e+3,\"\\u00e9\\ud83d\\ude00\\n\"],\"b\":{\"c\":true,\"d\":null}}";

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		AUTO(json) root = NULL;
		struct err e;

		if (parse(text, n, &root, &e) == 0)
			fail_msg("%.*s: accepted", (int)n, text);
	}
}

static void add_list(struct buf *out, bool object, size_t count)
{
	buf_addc(out, object ? '{' : '[');
	for (size_t i = 0; i < count; i++) {
		buf_adds(out, i > 0 ? "," : "");
		if (object)
			buf_addf(out, "\"%zu\":", i);
		buf_addc(out, '0');
	}
	buf_addc(out, object ? '}' : ']');
}

static void test_bounds(void **state)
{
	static const struct {
		bool object;
		size_t count;
		int rc;
	} cases[] = {
		{false, JSON_MAX_VALUES - 1, 0},
		{false, JSON_MAX_VALUES, -1},
		{true, JSON_MAX_KEYS, 0},
		{true, JSON_MAX_KEYS + 1, -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF text = BUF_INIT(1 << 20);
		AUTO(json) root = NULL;
		struct err e = {0};

		add_list(&text, cases[i].object, cases[i].count);
		if (json_parse(buf_text(&text), text.len, &root, &e) != cases[i].rc)
			fail_msg("case %zu: %s", i, e.text);
	}
}

static void test_getters(void **state)
{
	static const char text[] =
		"{\"s\":\"x\",\"i\":-7,\"d\":2.50,\"t\":true,\"n\":null,\"a\":[1,null,\"y\"]}";
	AUTO(json) root = NULL;
	struct err e;

	(void)state;
	assert_int_equal(json_parse(text, sizeof(text) - 1, &root, &e), 0);
	assert_int_equal(json_type_of(root), JSON_OBJECT);
	assert_int_equal(json_count(root), 6);
	assert_string_equal(json_string(json_get(root, "s")), "x");
	assert_null(json_string(json_get(root, "i")));
	assert_true(json_int(json_get(root, "i")) == -7);
	assert_true(json_int(json_get(root, "d")) == 0);
	assert_string_equal(json_number_text(json_get(root, "i")), "-7");
	assert_string_equal(json_number_text(json_get(root, "d")), "2.50");
	assert_null(json_number_text(json_get(root, "s")));
	assert_int_equal(json_type_of(json_get(root, "d")), JSON_DECIMAL);
	assert_true(json_bool(json_get(root, "t")));
	assert_false(json_bool(json_get(root, "i")));
	assert_null(json_get(root, "n"));
	assert_true(json_has(root, "n"));
	assert_false(json_has(root, "none"));
	assert_int_equal(json_type_of(json_get(root, "none")), JSON_NULL);

	const struct json *array = json_get(root, "a"), *value = root;
	assert_int_equal(json_count(array), 3);
	assert_true(json_int(json_at(array, 0)) == 1);
	assert_null(json_at(array, 1));
	assert_null(json_at(array, 3));
	assert_null(json_at(root, 0));
	assert_null(json_get(array, "s"));
	assert_int_equal(json_count(json_at(array, 2)), 0);

	assert_string_equal(json_key_at(root, 5, &value), "a");
	assert_ptr_equal(value, array);
	assert_string_equal(json_key_at(root, 4, &value), "n");
	assert_null(value);
	assert_null(json_key_at(root, 6, &value));
	assert_null(json_key_at(array, 0, NULL));
}

static const struct {
	int64_t v;
	unsigned places;
	const char *text;
} scaled[] = {
	{2500, 3, "2.5"},
	{3000, 3, "3"},
	{8053, 3, "8.053"},
	{0, 3, "0"},
	{5, 3, "0.005"},
	{-1250, 3, "-1.25"},
	{-5, 1, "-0.5"},
	{42, 0, "42"},
	{-42, 0, "-42"},
	{INT64_MAX, 3, "9223372036854775.807"},
	{INT64_MIN, 3, "-9223372036854775.808"},
};

static void test_put_scaled(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scaled); i++) {
		AUTO(json) object = json_new_object();

		json_put_scaled(object, "v", scaled[i].v, scaled[i].places);
		assert_string_equal(json_number_text(json_get(object, "v")), scaled[i].text);
	}
}

static void test_building(void **state)
{
	AUTO(json) root = json_new_object();
	AUTO_BUF out = BUF_INIT(1024);
	struct json *list = json_new_array();

	(void)state;
	json_put_string(root, "s", "a/\"\n\x01\u20ac");
	json_put_string(root, "none", NULL);
	json_put_int(root, "i", INT64_MIN);
	json_put_bool(root, "b", false);
	json_put(root, "list", list);
	json_append_string(list, "x");
	json_append_string(list, NULL);
	json_append(list, json_new_object());
	json_write(root, &out);
	assert_string_equal(buf_text(&out),
		"{\"s\":\"a/\\\"\\n\\u0001\u20ac\",\"none\":null,"
		"\"i\":-9223372036854775808,\"b\":false,\"list\":[\"x\",null,{}]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_and_writes),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_refuses_a_nul_byte_anywhere),
		cmocka_unit_test(test_refuses_every_prefix),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_getters),
		cmocka_unit_test(test_put_scaled),
		cmocka_unit_test(test_building),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
