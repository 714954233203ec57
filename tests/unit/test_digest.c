/* SHA-256 against the published examples (FIPS 180-4, NIST's example values), in memory and of files. */

#include "lib/io/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/text.h"

static const struct {
	const char *title, *piece;
	size_t times; /* the message is piece, so often */
	const char *hex;
} cases[] = {
	{"empty", "", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	{"a million a", "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

static char *repeat(const char *piece, size_t times)
{
	size_t len = strlen(piece);
	char *all = malloc(len * times + 1);

	assert_non_null(all);
	for (size_t i = 0; i < times; i++)
		memcpy(all + i * len, piece, len);
	all[len * times] = '\0';
	return all;
}

static void expect(const char *title, const uint8_t *digest, const char *hex)
{
	char text[2 * DIGEST_SHA256_BYTES + 1];

	text_hex_encode(digest, DIGEST_SHA256_BYTES, text);
	if (strcmp(text, hex) != 0)
		fail_msg("%s: %s", title, text);
}

static void test_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *message = repeat(cases[i].piece, cases[i].times);
		uint8_t digest[DIGEST_SHA256_BYTES];

		digest_sha256(message, strlen(message), digest);
		expect(cases[i].title, digest, cases[i].hex);
	}
}

static void test_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(digest) d = digest_new();
		uint8_t digest[DIGEST_SHA256_BYTES];

		for (size_t k = 0; k < cases[i].times; k++)
			digest_add(d, cases[i].piece, strlen(cases[i].piece));
		digest_end(d, digest);
		expect(cases[i].title, digest, cases[i].hex);
	}
}

static void test_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *message = repeat(cases[i].piece, cases[i].times);
		char path[] = "/tmp/test_digest.XXXXXX";
		AUTO_CLOSE int fd = mkstemp(path);
		uint8_t digest[DIGEST_SHA256_BYTES];
		struct err e;

		assert_true(fd >= 0);
		assert_int_equal(write(fd, message, strlen(message)), strlen(message));
		int rc = digest_sha256_file(path, digest, &e);

		assert_int_equal(unlink(path), 0);
		assert_int_equal(rc, 0);
		expect(cases[i].title, digest, cases[i].hex);
	}
}

static void test_file_failures(void **state)
{
	static const struct {
		const char *title, *path;
		enum err_kind kind;
	} failures[] = {
		{"not there", "/nonexistent/file", ERR_PERM},
		{"below a file", "/dev/null/file", ERR_PERM},
		{"a folder", "/", ERR_TEMP},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		uint8_t digest[DIGEST_SHA256_BYTES];
		struct err e;

		if (digest_sha256_file(failures[i].path, digest, &e) != -1 || e.kind != failures[i].kind ||
			!strstr(e.text, failures[i].path))
			fail_msg("%s", failures[i].title);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
