/*
 * Hashing before sending: SHA-256 for the signature, MD5 for the server to compare with what came. A piece of
 * a file may be gigabytes long, so it is hashed a slice a turn of the loop.
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/remote/base64_priv.h"
#include "lib/remote/s3_priv.h"

#define READ_BYTES  ((size_t)64 * 1024)
#define SLICE_READS 16

struct s3_hash {
	struct s3 *s;
	int fd;
	int64_t at, left;
	struct digest *sha256, *md5;
	struct s3_due due;
	s3_hash_fn *done;
	void *arg;
	struct err failure;
};

static void write_hashes(const uint8_t sha256[static DIGEST_SHA256_BYTES],
	const uint8_t md5[static DIGEST_MD5_BYTES], struct s3_hashes *ret)
{
	text_hex_encode(sha256, DIGEST_SHA256_BYTES, ret->sha256);
	base64_encode(md5, DIGEST_MD5_BYTES, ret->md5);
}

void s3_hashes_of(const void *p, size_t n, struct s3_hashes *ret)
{
	uint8_t sha256[DIGEST_SHA256_BYTES], md5[DIGEST_MD5_BYTES];

	digest_sha256(p, n, sha256);
	digest_md5(p, n, md5);
	write_hashes(sha256, md5, ret);
}

static void free_hash(struct s3_hash *h)
{
	if (h->fd >= 0)
		(void)close(h->fd);
	digest_free(h->sha256);
	digest_free(h->md5);
	free(h);
}

static void fail(void *arg)
{
	struct s3_hash *h = arg;

	h->done(NULL, &h->failure, h->arg);
	free_hash(h);
}

static void finish(struct s3_hash *h)
{
	uint8_t sha256[DIGEST_SHA256_BYTES], md5[DIGEST_MD5_BYTES];
	struct s3_hashes hashes;

	digest_end(h->sha256, sha256);
	digest_end_md5(h->md5, md5);
	write_hashes(sha256, md5, &hashes);
	h->done(&hashes, NULL, h->arg);
	free_hash(h);
}

/* 0, or -1 with h->failure. */
static int add_some(struct s3_hash *h)
{
	uint8_t piece[READ_BYTES];
	size_t wanted = (uint64_t)h->left < sizeof(piece) ? (size_t)h->left : sizeof(piece);
	ssize_t n;

	do
		n = pread(h->fd, piece, wanted, h->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set_errno(&h->failure, ERR_TEMP, errno, "the file to be sent cannot be read");
	if (n == 0)
		return err_set(&h->failure, ERR_TEMP, "the file to be sent has become shorter");
	digest_add(h->sha256, piece, (size_t)n);
	digest_add(h->md5, piece, (size_t)n);
	h->at += n;
	h->left -= n;
	return 0;
}

static void add_slice(void *arg)
{
	struct s3_hash *h = arg;

	for (unsigned i = 0; i < SLICE_READS && h->left > 0; i++) {
		if (add_some(h) < 0) {
			fail(h);
			return;
		}
	}
	if (h->left == 0)
		finish(h);
	else
		s3_later(h->s, &h->due, 0, add_slice, h);
}

struct s3_hash *s3_hash_start(
	struct s3 *s, const char *file, int64_t from, int64_t bytes, s3_hash_fn *done, void *arg)
{
	struct s3_hash *h = xcalloc(1, sizeof(*h));
	int64_t file_bytes;

	*h = (struct s3_hash){
		.s = s,
		.fd = -1,
		.at = from,
		.left = bytes,
		.sha256 = digest_new(),
		.md5 = digest_new_md5(),
		.done = done,
		.arg = arg,
	};
	s3_later(s, &h->due, 0, fs_open(file, &h->fd, &file_bytes, &h->failure) < 0 ? fail : add_slice, h);
	return h;
}

void s3_hash_cancel(struct s3_hash *h)
{
	if (h == NULL)
		return;
	s3_not_later(h->s, &h->due);
	free_hash(h);
}
