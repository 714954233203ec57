/* What is known of the vendors, against a real server: lists replaced as a whole, presets that mean a voice.
 */

#include "lib/video/vendors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/video/settings.h"
#include "tests/unit/shop.h"

static struct err err;
static char presets[] = " female=idAnna  male=idGone narrator=idOtto";
static const struct settings configured = {.voice_presets = presets};

static char words[][24] = {"idVera", "idOtto", "idAnna", "idCarl", "Vera", "Otto", "Anna", "Carl", "premade",
	"cloned", "female", "male", "https://v.example/p.mp3"};
enum { VERA, OTTO, ANNA, CARL, NAME, PREMADE = 8, CLONED, FEMALE, MALE, PREVIEW };

static struct vendor_voice voice(int who, int category, int gender)
{
	return (struct vendor_voice){.id = words[who],
		.name = words[NAME + who],
		.category = words[category],
		.gender = gender ? words[gender] : NULL,
		.preview_url = words[PREVIEW]};
}

static void write_voices(const struct vendor_voice *list, size_t n)
{
	expect_ok(vendor_voices_write(shop_db, list, n, &err), &err);
}

static void write_all_four(void)
{
	const struct vendor_voice list[] = {voice(VERA, PREMADE, FEMALE), voice(OTTO, PREMADE, MALE),
		voice(CARL, PREMADE, MALE), voice(ANNA, CLONED, FEMALE)};

	write_voices(list, ARRAY_LEN(list));
}

static void test_an_account_keeps_what_was_known(void **state)
{
	struct vendor_account a = {.name = "runway", .state = "ok", .balance_milli = 5000, .concurrency = 3};
	struct vendor_account *list = NULL;
	size_t n = 0;
	char why[] = "no route to host";

	(void)state;
	expect_ok(vendors_write(shop_db, &a, &err), &err);
	session_exec(shop_db, "UPDATE vendors SET checked_at = checked_at - INTERVAL 1 HOUR, answered_at = "
			      "answered_at - INTERVAL 1 HOUR");
	a = (struct vendor_account){
		.name = "runway", .state = "unreachable", .balance_milli = -1, .detail = why};
	expect_ok(vendors_write(shop_db, &a, &err), &err);
	a = (struct vendor_account){.name = "elevenlabs", .state = "bad_key", .balance_milli = -1};
	expect_ok(vendors_write(shop_db, &a, &err), &err);

	expect_ok(vendors_list(shop_db, &list, &n, &err), &err);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "elevenlabs");
	assert_string_equal(list[0].state, "bad_key");
	assert_int_equal(list[0].balance_milli, -1);
	assert_int_equal(list[0].concurrency, 0);
	assert_int_equal(list[0].answered_ms, 0);
	assert_int_equal(list[0].age_ms, -1);
	assert_string_equal(list[1].state, "unreachable");
	assert_int_equal(list[1].balance_milli, 5000);
	assert_int_equal(list[1].concurrency, 3);
	assert_string_equal(list[1].detail, why);
	assert_true(list[1].checked_ms - list[1].answered_ms > 3000000);
	assert_true(list[1].age_ms > 3000000);
	vendors_free(list, n);
}

static void test_voices_are_replaced_as_a_whole(void **state)
{
	const struct vendor_voice one[] = {voice(ANNA, PREMADE, 0)};
	struct vendor_voice *list = NULL;
	AUTO_VENDOR_VOICE got = {.id = NULL};
	int64_t count = 9;
	size_t n = 0;

	(void)state;
	expect_ok(vendor_voices_count(shop_db, &count, &err), &err);
	assert_int_equal(count, 0);
	write_all_four();
	expect_ok(vendor_voices_list(shop_db, &list, &n, &err), &err);
	assert_int_equal(n, 4);
	assert_string_equal(list[0].name, "Anna");
	assert_string_equal(list[3].name, "Vera");
	vendor_voices_free(list, n);

	write_voices(one, 1);
	expect_ok(vendor_voices_count(shop_db, &count, &err), &err);
	assert_int_equal(count, 1);
	assert_int_equal(vendor_voices_get(shop_db, "idVera", &got, &err), 0);
	assert_int_equal(vendor_voices_get(shop_db, "idAnna ", &got, &err), 0);
	assert_int_equal(vendor_voices_get(shop_db, "idAnna", &got, &err), 1);
	assert_string_equal(got.name, "Anna");
	assert_string_equal(got.category, "premade");
	assert_null(got.gender);
	assert_string_equal(got.preview_url, words[PREVIEW]);
}

static void test_a_reader_never_sees_half_a_list(void **state)
{
	const struct vendor_voice one[] = {voice(ANNA, PREMADE, 0)};
	struct vendor_voice broken[] = {voice(OTTO, PREMADE, MALE), voice(CARL, PREMADE, MALE)};
	int64_t count = 0;

	(void)state;
	write_voices(one, 1);
	session_exec(shop_db, "ALTER TABLE voices ADD CONSTRAINT c_test CHECK (name <> 'Carl')");
	assert_int_equal(vendor_voices_write(shop_db, broken, 2, &err), -1);
	session_exec(shop_db, "ALTER TABLE voices DROP CONSTRAINT c_test");
	expect_ok(vendor_voices_count(shop_db, &count, &err), &err);
	assert_int_equal(count, 1); /* the old list */

	expect_ok(db_begin(shop_other, &err), &err);
	session_exec(shop_other, "DELETE FROM voices"); /* somebody is at it */
	expect_ok(vendor_voices_count(shop_db, &count, &err), &err);
	assert_int_equal(count, 1);
	db_rollback(shop_other);
}

static void test_one_odd_voice_does_not_cost_the_others(void **state)
{
	static char long_id[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    blank[] = "a b", umlaut[] = "\xc3\xa4", not_text[] = "\xff";
	AUTO_FREE char *long_name = xmalloc(1001);
	struct vendor_voice list[] = {voice(VERA, CLONED, FEMALE), voice(OTTO, PREMADE, MALE),
		voice(CARL, PREMADE, MALE), voice(ANNA, PREMADE, FEMALE), voice(ANNA, PREMADE, FEMALE),
		voice(VERA, CLONED, FEMALE)};
	AUTO_VENDOR_VOICE got = {.id = NULL};
	int64_t count = 0;

	(void)state;
	memset(long_name, 'n', 1000);
	long_name[1000] = '\0';
	list[0].id = long_id;
	list[1].id = blank;
	list[2].id = umlaut;
	list[3].name = long_name;
	list[3].gender = not_text;
	list[4].name = long_name; /* came twice: the vendor's pages moved meanwhile */
	write_voices(list, ARRAY_LEN(list));
	expect_ok(vendor_voices_count(shop_db, &count, &err), &err);
	assert_int_equal(count, 2);
	assert_int_equal(vendor_voices_get(shop_db, "idAnna", &got, &err), 1);
	assert_int_equal(strlen(got.name), 200);
}

static void test_some_voice(void **state)
{
	static const struct {
		const char *gender, *id;
	} cases[] = {{"female", "idVera"}, {"male", "idCarl"}, {NULL, "idCarl"}, {"other", NULL}};

	(void)state;
	write_all_four();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_VENDOR_VOICE got = {.id = NULL};

		assert_int_equal(
			vendor_voices_any(shop_db, cases[i].gender, &got, &err), cases[i].id != NULL);
		if (cases[i].id)
			assert_string_equal(got.id, cases[i].id);
	}
}

static void test_names_that_clients_use(void **state)
{
	static const struct {
		const char *name;
		const struct settings *settings;
		const char *id; /* NULL: there is no such voice */
	} cases[] = {
		{"default", &shop_settings, "idCarl"},
		{"female", &shop_settings, "idVera"},
		{"young", &shop_settings, "idVera"},
		{"male", &shop_settings, "idCarl"},
		{"idOtto", &shop_settings, "idOtto"},
		{"Otto", &shop_settings, NULL},
		{"narrator", &shop_settings, NULL},
		{"", &shop_settings, NULL},
		{"default", &configured, "idCarl"},
		{"female", &configured, "idAnna"},
		{"narrator", &configured, "idOtto"},
		{"narrat", &configured, NULL},
		{"male", &configured, NULL}, /* configured to be one that the account has not */
		{"female=idAnna", &configured, NULL},
	};

	(void)state;
	write_all_four();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *id = NULL;
		int found = vendor_voices_resolve(shop_db, cases[i].settings, cases[i].name, &id, &err);

		if (found != (cases[i].id != NULL) || (id && strcmp(id, cases[i].id) != 0))
			fail_msg("%s: %d %s", cases[i].name, found, found < 0 ? err.text : id ? id : "");
	}
}

static void test_nothing_is_refused_before_the_list_was_read(void **state)
{
	char *id = NULL;

	(void)state;
	expect_err(vendor_voices_resolve(shop_db, &shop_settings, "idOtto", &id, &err), &err, ERR_TEMP, 503);
	expect_err(vendor_voices_resolve(shop_db, &configured, "female", &id, &err), &err, ERR_TEMP, 503);
	assert_null(id);
}

static void test_models(void **state)
{
	const struct speech_model two[] = {
		{.id = "eleven_v3", .name = "Eleven v3", .max_characters = 5000, .cost_permille = 1000},
		{.id = "eleven_flash", .name = "Flash", .max_characters = 40000, .cost_permille = 500}};
	struct speech_model got = {.id = ""};

	(void)state;
	expect_ok(speech_models_write(shop_db, two, 2, &err), &err);
	assert_int_equal(speech_models_get(shop_db, "eleven_flash", &got, &err), 1);
	assert_string_equal(got.id, "eleven_flash");
	assert_string_equal(got.name, "Flash");
	assert_int_equal(got.max_characters, 40000);
	assert_int_equal(got.cost_permille, 500);
	expect_ok(speech_models_write(shop_db, two, 1, &err), &err);
	assert_int_equal(speech_models_get(shop_db, "eleven_flash", &got, &err), 0);
	assert_int_equal(speech_models_get(shop_db, "eleven_v3", &got, &err), 1);
}

#define TEST(f) cmocka_unit_test_setup(f, shop_empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_account_keeps_what_was_known),
		TEST(test_voices_are_replaced_as_a_whole),
		TEST(test_a_reader_never_sees_half_a_list),
		TEST(test_one_odd_voice_does_not_cost_the_others),
		TEST(test_some_voice),
		TEST(test_names_that_clients_use),
		TEST(test_nothing_is_refused_before_the_list_was_read),
		TEST(test_models),
	};

	return cmocka_run_group_tests_name("vendors", tests, shop_open, shop_close);
}
