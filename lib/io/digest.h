#ifndef VIDEOD_IO_DIGEST_H
#define VIDEOD_IO_DIGEST_H

/* SHA-256, HMAC with it, and MD5 where a protocol still wants it (OpenSSL). */

#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct err;

#define DIGEST_SHA256_BYTES 32
#define DIGEST_MD5_BYTES    16

/* Of what comes in pieces. digest_end may be called once. */
struct digest;
struct digest *digest_new(void);
struct digest *digest_new_md5(void);
void digest_add(struct digest *d, const void *p, size_t n);
void digest_end(struct digest *d, uint8_t out[static DIGEST_SHA256_BYTES]);
/* Of one made by digest_new_md5, likewise. */
void digest_end_md5(struct digest *d, uint8_t out[static DIGEST_MD5_BYTES]);
void digest_free(struct digest *d);
DEFINE_FREEP(digest)

void digest_sha256(const void *p, size_t n, uint8_t out[static DIGEST_SHA256_BYTES]);
/* Of a file, streaming. 0, or -1 (ERR_TEMP for I/O errors, ERR_PERM when it is not there). */
int digest_sha256_file(const char *path, uint8_t out[static DIGEST_SHA256_BYTES], struct err *e);

void digest_md5(const void *p, size_t n, uint8_t out[static DIGEST_MD5_BYTES]);
void digest_hmac_sha256(
	const void *key, size_t key_n, const void *p, size_t n, uint8_t out[static DIGEST_SHA256_BYTES]);

#endif
