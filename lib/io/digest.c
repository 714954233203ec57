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
#include "lib/base/mem.h"

#define READ_BYTES (64 * 1024)

static void must(int openssl_result)
{
	if (openssl_result != 1)
		abort();
}

struct digest {
	EVP_MD_CTX *ctx;
};

struct digest *digest_new(void)
{
	struct digest *d = xcalloc(1, sizeof(*d));

	d->ctx = EVP_MD_CTX_new();
	must(d->ctx != NULL);
	must(EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL));
	return d;
}

void digest_add(struct digest *d, const void *p, size_t n)
{
	must(EVP_DigestUpdate(d->ctx, p, n));
}

void digest_end(struct digest *d, uint8_t out[static DIGEST_SHA256_BYTES])
{
	must(EVP_DigestFinal_ex(d->ctx, out, NULL));
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
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

	AUTO(digest) d = digest_new();

	for (;;) {
		uint8_t piece[READ_BYTES];
		ssize_t n = read(fd, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_errno(e, ERR_TEMP, errno, "read %s", path);
		if (n == 0)
			break;
		digest_add(d, piece, (size_t)n);
	}
	digest_end(d, out);
	return 0;
}
