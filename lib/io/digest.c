/*
 * SHA-256 (FIPS 180-4) through OpenSSL's EVP interface. A file is read in pieces: memory does not grow with
 * its size. Only a missing algorithm or memory can make the hashing itself fail; both end the process, as in
 * lib/base/mem.
 */

#include "lib/io/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "lib/base/err.h"
#include "lib/base/macros.h"

#define READ_BYTES (64 * 1024)

static void must(int openssl_result)
{
	if (openssl_result != 1)
		abort();
}

static void ctx_freep(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

void digest_sha256(const void *p, size_t n, uint8_t out[static DIGEST_SHA256_BYTES])
{
	must(EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL));
}

int digest_sha256_file(const char *path, uint8_t out[static DIGEST_SHA256_BYTES], struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		bool absent = errno == ENOENT || errno == ENOTDIR;

		return err_set_errno(e, absent ? ERR_PERM : ERR_TEMP, errno, "open %s", path);
	}

	CLEANUP(ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	must(ctx != NULL);
	must(EVP_DigestInit_ex(ctx, EVP_sha256(), NULL));
	for (;;) {
		uint8_t piece[READ_BYTES];
		ssize_t n = read(fd, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_errno(e, ERR_TEMP, errno, "read %s", path);
		if (n == 0)
			break;
		must(EVP_DigestUpdate(ctx, piece, (size_t)n));
	}
	must(EVP_DigestFinal_ex(ctx, out, NULL));
	return 0;
}
