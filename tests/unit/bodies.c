#include "tests/unit/bodies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/io/json.h"
#include "lib/video/problems.h"

struct json *body_parse(const char *text)
{
	struct json *body = NULL;
	struct err e = {0};

	if (json_parse(text, strlen(text), &body, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	return body;
}

void body_problems(const char *title, const struct problems *p, const char *expected)
{
	AUTO_BUF found = BUF_INIT(1 << 16);

	for (size_t i = 0; i < p->count && i < LIMIT_PROBLEMS; i++)
		buf_addf(&found, "%s: %s\n", p->list[i].path, p->list[i].message);
	if (strcmp(buf_text(&found), expected) != 0)
		fail_msg("%s:\nfound:\n%sexpected:\n%s", title, buf_text(&found), expected);
}
