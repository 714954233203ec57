/* Ids: what is read, what is refused, and that new ones differ. */

#include "lib/io/uuid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/macros.h"

static const struct {
	const char *title, *text;
	bool ok;
} parse_cases[] = {
	{"canonical", "6d757369-6300-4000-8000-000000000001", true},
	{"upper case", "6D757369-6300-4000-8000-00000000000A", true},
	{"mixed case", "6d757369-6300-4000-8000-00000000aBcD", true},
	{"all zero", "00000000-0000-0000-0000-000000000000", true},
	{"absent", NULL, false},
	{"empty", "", false},
	{"one digit short", "6d757369-6300-4000-8000-00000000000", false},
	{"one digit long", "6d757369-6300-4000-8000-0000000000011", false},
	{"no dashes", "6d757369630040008000000000000001", false},
	{"dash out of place", "6d7573696-300-4000-8000-000000000001", false},
	{"dash for a digit", "6d757369-6300-4000-8000-00000000000-", false},
	{"not hexadecimal", "6d757369-6300-4000-8000-00000000000g", false},
	{"braces", "{6d757369-6300-4000-8000-0000000001}", false},
	{"leading blank", " 6d757369-6300-4000-8000-00000000001", false},
	{"trailing newline", "6d757369-6300-4000-8000-000000000001\n", false},
	{"hexadecimal prefix", "0x757369-6300-4000-8000-000000000001", false},
	{"byte above 127", "6d757369-6300-4000-8000-0000000000\xc3\xa9", false},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parse_cases); i++) {
		struct uuid id = {.bytes = {0xAA}};
		struct uuid before = id;

		if (uuid_parse_text(parse_cases[i].text, &id) != parse_cases[i].ok)
			fail_msg("%s", parse_cases[i].title);
		if (!parse_cases[i].ok && !uuid_equal(&id, &before))
			fail_msg("%s: written to on failure", parse_cases[i].title);
	}
}

static void test_bytes_are_in_network_order(void **state)
{
	static const uint8_t expected[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0x10, 0x32, 0x54,
		0x76, 0x98, 0xBA, 0xDC, 0xFE};
	struct uuid id;
	char text[UUID_TEXT_SIZE];

	(void)state;
	assert_true(uuid_parse_text("01234567-89AB-CDEF-1032-547698BADCFE", &id));
	assert_memory_equal(id.bytes, expected, sizeof(expected));
	uuid_format(&id, text);
	assert_string_equal(text, "01234567-89ab-cdef-1032-547698badcfe");
}

static void test_new_ids_are_random_version_4(void **state)
{
	struct uuid seen[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
		char text[UUID_TEXT_SIZE];

		seen[i] = uuid_new();
		uuid_format(&seen[i], text);
		assert_int_equal(text[14], '4');
		assert_non_null(strchr("89ab", text[19]));
		for (size_t j = 0; j < i; j++)
			assert_false(uuid_equal(&seen[i], &seen[j]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_bytes_are_in_network_order),
		cmocka_unit_test(test_new_ids_are_random_version_4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
