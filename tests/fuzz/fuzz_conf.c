/* The configuration reader over any file: it is refused with one printable line, or read, and then can be
 * printed. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/conf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct thing {
	char *name, *path, *secret;
	int64_t count;
	bool loud;
	int color;
};

#define KEY(member, kind) .name = #member, .type = (kind), .offset = offsetof(struct thing, member)

static const char *const colors[] = {"red", "green", NULL};
static const struct conf_key keys[] = {
	{KEY(name, CONF_STRING), .fallback = "anna", .min = 2, .max = 5},
	{KEY(path, CONF_PATH), .flags = CONF_REQUIRED},
	{KEY(secret, CONF_SECRET)},
	{KEY(count, CONF_INT), .fallback = "7", .min = 1, .max = 64},
	{KEY(loud, CONF_BOOL)},
	{KEY(color, CONF_ENUM), .names = colors},
};

static void check_result(const struct thing *t)
{
	assert(t->name && strlen(t->name) >= 2 && strlen(t->name) <= 5);
	assert(t->path && *t->path == '/' && !text_has_control(t->path));
	assert(t->count >= 1 && t->count <= 64);
	assert(t->color == 0 || t->color == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CLOSE int fd = memfd_create("conf", MFD_CLOEXEC);
	AUTO_FREE char *file = xasprintf("/proc/self/fd/%d", fd);
	struct thing t = {0};
	struct err e = {0};

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	if (conf_load(keys, ARRAY_LEN(keys), 0, file, &t, &e) < 0) {
		assert(*e.text && text_utf8_valid(e.text, strlen(e.text)) && !strchr(e.text, '\n'));
	} else {
		AUTO_FREE char *printed = NULL;
		size_t length = 0;
		FILE *to = open_memstream(&printed, &length);

		check_result(&t);
		assert(to);
		conf_print(keys, ARRAY_LEN(keys), 0, file, &t, to);
		assert(fclose(to) == 0 && text_utf8_valid(printed, length));
	}
	conf_free(keys, ARRAY_LEN(keys), &t);
	return 0;
}
