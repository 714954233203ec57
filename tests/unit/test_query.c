/* Query strings: types, defaults, and every problem at once with its key. */

#include "cgi/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/video/problems.h"

struct wanted {
	int colour;
	char id[LIMIT_ID + 1];
	int64_t limit, offset;
};

static const char *const colours[] = {"red", "green"};

static const struct query_key keys[] = {
	{.name = "colour",
		.type = QUERY_NAME,
		.offset = offsetof(struct wanted, colour),
		.names = colours,
		.name_count = 2},
	{.name = "id", .type = QUERY_ID, .offset = offsetof(struct wanted, id)},
	{.name = "limit", .type = QUERY_INT, .offset = offsetof(struct wanted, limit), .min = 1, .max = 100},
	{.name = "offset", .type = QUERY_INT, .offset = offsetof(struct wanted, offset), .max = 1000},
};

#define LONG_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *title, *query;
	const char *result; /* "colour id limit offset", or the problems: "?key: message; " */
} cases[] = {
	{"nothing", "", "-1 - 20 0"},
	{"everything", "limit=100&offset=7&colour=green&id=a.B-1_", "1 a.B-1_ 100 7"},
	{"encoded", "%6Cimit=%33&id=a%2Db", "-1 a-b 3 0"},
	{"empty pairs", "&&limit=1&", "-1 - 1 0"},
	{"the longest id", "id=" LONG_64, "-1 " LONG_64 " 20 0"},
	{"zero limit", "limit=0", "?limit: must be a whole number from 1 to 100; "},
	{"too much", "limit=101", "?limit: must be a whole number from 1 to 100; "},
	{"negative", "offset=-1", "?offset: must be a whole number from 0 to 1000; "},
	{"not a number", "limit=NaN", "?limit: must be a whole number from 1 to 100; "},
	{"a decimal", "limit=1.0", "?limit: must be a whole number from 1 to 100; "},
	{"a blank", "limit=+1", "?limit: must be a whole number from 1 to 100; "},
	{"very large", "limit=99999999999999999999", "?limit: must be a whole number from 1 to 100; "},
	{"an empty value", "limit=", "?limit: must be a whole number from 1 to 100; "},
	{"no value", "limit", "?limit: must be a whole number from 1 to 100; "},
	{"an unknown name", "colour=blue", "?colour: must be one of red, green; "},
	{"a name in capitals", "colour=RED", "?colour: must be one of red, green; "},
	{"an empty name", "colour=", "?colour: must be one of red, green; "},
	{"a bad id", "id=a%20b", "?id: must be an id: letters, digits, '.', '_' and '-'; "},
	{"an overlong id", "id=a" LONG_64, "?id: must be an id: letters, digits, '.', '_' and '-'; "},
	{"twice", "limit=1&limit=1", "?limit: is given twice; "},
	{"unknown", "size=1", "?size: is not known here; "},
	{"another case", "Limit=1", "?Limit: is not known here; "},
	{"an array", "limit[]=1", "?limit[]: is not known here; "},
	{"a broken value", "id=%zz", "?id: is broken or too long; "},
	{"a NUL", "id=a%00", "?id: is broken or too long; "},
	{"invalid UTF-8", "id=%ff", "?id: is broken or too long; "},
	{"a broken key", "%zz=1", "?: the query has a broken or overlong key; "},
	{"an overlong key", LONG_64 "a=1", "?: the query has a broken or overlong key; "},
	{"all at once", "limit=0&x=1&colour=blue",
		"?limit: must be a whole number from 1 to 100; ?x: is not known here; "
		"?colour: must be one of red, green; "},
};

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct wanted w = {.colour = -1, .limit = 20};
		AUTO_PROBLEMS p = {0};
		AUTO_BUF got = BUF_INIT(1024);
		bool ok = query_read(cases[i].query, keys, ARRAY_LEN(keys), &w, &p);

		if (ok)
			buf_addf(&got, "%d %s %d %d", w.colour, *w.id ? w.id : "-", (int)w.limit,
				(int)w.offset);
		for (size_t k = 0; k < p.count; k++)
			buf_addf(&got, "%s: %s; ", p.list[k].path, p.list[k].message);
		if (ok != (p.count == 0) || strcmp(buf_text(&got), cases[i].result) != 0)
			fail_msg("%s: %s", cases[i].title, buf_text(&got));
	}
}

static void test_no_keys(void **state)
{
	AUTO_PROBLEMS p = {0};

	(void)state;
	assert_true(query_read("", NULL, 0, NULL, &p));
	assert_false(query_read("a=1", NULL, 0, NULL, &p));
	assert_int_equal(p.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_no_keys)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
