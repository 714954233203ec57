/*
 * Digests against published examples: SHA-256 (FIPS 180-4, NIST's example values), in memory and of files;
 * HMAC with it (RFC 4231, section 4); MD5 (RFC 1321, appendix A.5).
 */

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

static void expect_hex(const char *title, const uint8_t *digest, size_t n, const char *hex)
{
	char text[2 * DIGEST_SHA256_BYTES + 1];

	text_hex_encode(digest, n, text);
	if (strcmp(text, hex) != 0)
		fail_msg("%s: %s", title, text);
}

static void expect(const char *title, const uint8_t *digest, const char *hex)
{
	expect_hex(title, digest, DIGEST_SHA256_BYTES, hex);
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

static void test_hmac(void **state)
{
	static const struct {
		const char *title;
		const char *key_piece;
		size_t key_times;
		const char *piece;
		size_t times;
		const char *hex;
	} rows[] = {
		{"RFC 4231, case 1", "\x0b", 20, "Hi There", 1,
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"case 2", "Jefe", 1, "what do ya want for nothing?", 1,
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"case 3", "\xaa", 20, "\xdd", 50,
			"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
		{"case 4",
			"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15"
			"\x16\x17\x18\x19",
			1, "\xcd", 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
		{"case 6, a key longer than a block", "\xaa", 131,
			"Test Using Larger Than Block-Size Key - Hash Key First", 1,
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
		{"case 7, all longer than a block", "\xaa", 131,
			"This is a test using a larger than block-size key and a larger than block-size "
			"data. The "
			"key needs to be hashed before being used by the HMAC algorithm.",
			1, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
		{"nothing at all", "", 0, "", 0,
			"b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *key = repeat(rows[i].key_piece, rows[i].key_times);
		AUTO_FREE char *message = repeat(rows[i].piece, rows[i].times);
		uint8_t out[DIGEST_SHA256_BYTES];

		digest_hmac_sha256(key, strlen(key), message, strlen(message), out);
		expect(rows[i].title, out, rows[i].hex);
	}
}

static void test_md5(void **state)
{
	static const struct {
		const char *message, *hex;
	} rows[] = {
		{"", "d41d8cd98f00b204e9800998ecf8427e"},
		{"a", "0cc175b9c0f1b6a831c399e269772661"},
		{"abc", "900150983cd24fb0d6963f7d28e17f72"},
		{"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
		{"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
			"57edf4a22be3c955ac49da2e2107b67a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t out[DIGEST_MD5_BYTES];

		AUTO(digest) d = digest_new_md5();

		digest_md5(rows[i].message, strlen(rows[i].message), out);
		expect_hex(rows[i].message, out, sizeof(out), rows[i].hex);
		for (const char *p = rows[i].message; *p; p++)
			digest_add(d, p, 1);
		digest_end_md5(d, out);
		expect_hex(rows[i].message, out, sizeof(out), rows[i].hex);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_failures),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_md5),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
