/* Any bytes as JSON: what is accepted must be written so that it is read back as the same. */

#include "lib/io/json.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

#define WRITTEN_MAX (8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(json) first = NULL;
	AUTO(json) second = NULL;
	AUTO_BUF once = BUF_INIT(WRITTEN_MAX);
	AUTO_BUF twice = BUF_INIT(WRITTEN_MAX);
	struct err e;

	if (json_parse((const char *)data, size, &first, &e) < 0)
		return 0;
	json_write(first, &once);
	if (json_parse(buf_text(&once), once.len, &second, &e) < 0)
		abort();
	json_write(second, &twice);
	if (once.len != twice.len || memcmp(buf_text(&once), buf_text(&twice), once.len) != 0)
		abort();
	return 0;
}
