/*
 * SHA-256 (FIPS 180-4), HMAC (RFC 2104) with it and MD5 (RFC 1321) through OpenSSL's EVP interface. A file is
 * read in pieces, once: memory does not grow with its size. Only a missing algorithm or memory can make the
 * hashing itself fail; both end the process, as in lib/base/mem.
 */

#include "lib/io/digest.h"

#include <assert.h>
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

static struct digest *begin(const EVP_MD *algorithm)
{
	struct digest *d = xcalloc(1, sizeof(*d));

	d->ctx = EVP_MD_CTX_new();
	must(d->ctx != NULL);
	must(EVP_DigestInit_ex(d->ctx, algorithm, NULL));
	return d;
}

struct digest *digest_new(void)
{
	return begin(EVP_sha256());
}

struct digest *digest_new_md5(void)
{
	return begin(EVP_md5());
}

void digest_add(struct digest *d, const void *p, size_t n)
{
	must(EVP_DigestUpdate(d->ctx, p, n));
}

void digest_end(struct digest *d, uint8_t out[static DIGEST_SHA256_BYTES])
{
	assert(EVP_MD_CTX_get_size(d->ctx) == DIGEST_SHA256_BYTES);
	must(EVP_DigestFinal_ex(d->ctx, out, NULL));
}

void digest_end_md5(struct digest *d, uint8_t out[static DIGEST_MD5_BYTES])
{
	assert(EVP_MD_CTX_get_size(d->ctx) == DIGEST_MD5_BYTES);
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

void digest_md5(const void *p, size_t n, uint8_t out[static DIGEST_MD5_BYTES])
{
	must(EVP_Digest(p, n, out, NULL, EVP_md5(), NULL));
}

void digest_hmac_sha256(
	const void *key, size_t key_n, const void *p, size_t n, uint8_t out[static DIGEST_SHA256_BYTES])
{
	must(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_n, p, n, out, DIGEST_SHA256_BYTES,
		     NULL) != NULL);
}

static int open_file(const char *path, int *ret_fd, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		bool absent = errno == ENOENT || errno == ENOTDIR;

		return err_set_errno(e, absent ? ERR_PERM : ERR_TEMP, errno, "open %s", path);
	}
	*ret_fd = fd;
	return 0;
}

/* What is read next, at most max bytes; 0 at the end. */
static ssize_t read_piece(int fd, uint8_t *to, size_t max, const char *path, struct err *e)
{
	ssize_t n;

	do
		n = read(fd, to, max);
	while (n < 0 && errno == EINTR);
	return n >= 0 ? n : err_set_errno(e, ERR_TEMP, errno, "read %s", path);
}

int digest_sha256_file(const char *path, uint8_t out[static DIGEST_SHA256_BYTES], struct err *e)
{
	AUTO_CLOSE int fd = -1;

	if (open_file(path, &fd, e) < 0)
		return -1;

	AUTO(digest) d = digest_new();

	for (;;) {
		uint8_t piece[READ_BYTES];
		ssize_t n = read_piece(fd, piece, sizeof(piece), path, e);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		digest_add(d, piece, (size_t)n);
	}
	digest_end(d, out);
	return 0;
}
