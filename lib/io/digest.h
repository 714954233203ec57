#ifndef VIDEOD_IO_DIGEST_H
#define VIDEOD_IO_DIGEST_H

/* SHA-256 (OpenSSL). */

#include <stddef.h>
#include <stdint.h>

struct err;

#define DIGEST_SHA256_BYTES 32

void digest_sha256(const void *p, size_t n, uint8_t out[static DIGEST_SHA256_BYTES]);
/* Of a file, streaming. 0, or -1 (ERR_TEMP for I/O errors, ERR_PERM when it is not there). */
int digest_sha256_file(const char *path, uint8_t out[static DIGEST_SHA256_BYTES], struct err *e);

#endif
