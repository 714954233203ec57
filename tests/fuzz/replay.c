/*
 * main() of a fuzz target without a fuzzer: runs it once over each file of the folders named as arguments,
 * and prints one TAP line. No input at all is a failure: a corpus that was moved must not pass for a tested
 * one. A crash is a failure by itself; the input is then the last one named on standard error.
 */

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"

#define INPUT_BYTES (1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path, struct err *e)
{
	AUTO_BUF input = BUF_INIT(INPUT_BYTES);

	if (fs_read(path, INPUT_BYTES, &input, e) < 0)
		return -1;

	/* A copy of the exact size, so that a sanitizer sees each step over its end. */
	AUTO_FREE uint8_t *exact = xmalloc(input.len);

	memcpy(exact, buf_text(&input), input.len);
	(void)fprintf(stderr, "# %s\n", path);
	(void)LLVMFuzzerTestOneInput(exact, input.len);
	return 0;
}

/* The number of files run, or -1. */
static int run_folder(const char *folder, struct err *e)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, NULL, alphasort), files = 0;
	bool ok = count >= 0;

	if (!ok)
		(void)err_set(e, ERR_PERM, "cannot list %s", folder);
	for (int i = 0; i < count; i++) {
		AUTO_FREE char *path = xasprintf("%s/%s", folder, entries[i]->d_name);
		struct stat st;

		free(entries[i]);
		if (!ok || stat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		ok = run_file(path, e) == 0;
		files++;
	}
	free(entries);
	return ok ? files : -1;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *target = slash ? slash + 1 : argv[0];
	int total = 0;

	for (int i = 1; i < argc; i++) {
		struct err e;
		int files = run_folder(argv[i], &e);

		if (files <= 0) {
			(void)printf("not ok 1 - %s: %s\n", target, files < 0 ? e.text : "an empty corpus");
			return 1;
		}
		total += files;
	}
	if (total == 0) {
		(void)printf("not ok 1 - %s: no corpus\n", target);
		return 1;
	}
	(void)printf("ok 1 - %s: %d inputs\n", target, total);
	return 0;
}
