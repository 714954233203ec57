/* Any bytes as what ffprobe and ffmpeg say of a file. */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "daemon/film/film.h"
#include "daemon/film/pictures.h"
#include "daemon/film/report.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as what a command printed of a film. */
static void inspect(const char *text, size_t n)
{
	static const unsigned cuts[] = {30};
	const struct film_expected expected = {.frames = 60, .cuts = cuts, .cut_count = ARRAY_LEN(cuts)};
	struct film_findings found = {0};
	AUTO(json) report = NULL;
	struct err e;

	(void)film_packets_read(text, n, &expected, &found, &e);
	(void)film_inspect_read(text, n, &found, &e);
	(void)film_report(&expected, &found, &report, &e);
	assert(film_still_choose(text, n, 60, NULL, 0) < 60);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	struct media m;
	struct err e;

	(void)film_probe_read((const char *)data, size, &m, &e);
	inspect(text, strlen(text));
	return 0;
}
