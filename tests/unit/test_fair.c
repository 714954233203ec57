/* Who may take of places that all stores share. */

#include "daemon/fair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/base/macros.h"

#define STORES 4

static const struct {
	const char *title;
	unsigned places;
	struct {
		unsigned held, wanted, gets;
	} stores[STORES];
} cases[] = {
	{"alone it gets all", 20, {{0, 30, 20}}},
	{"alone it gets what it wants", 20, {{0, 5, 5}}},
	{"two greedy ones get a half each", 20, {{0, 30, 10}, {0, 30, 10}}},
	{"the third part, rounded up", 20, {{0, 30, 7}, {0, 30, 7}, {0, 30, 7}}},
	{"what one does not want is for the other", 20, {{0, 2, 2}, {0, 30, 18}}},
	{"what two do not want is shared too", 20, {{0, 2, 2}, {0, 30, 8}, {0, 30, 8}, {0, 2, 2}}},
	{"who has more than its part gets no more", 20, {{20, 30, 0}, {0, 30, 10}}},
	{"who has all its part gets no more", 4, {{2, 1, 0}, {1, 3, 1}}},
	{"fewer places than stores: one each", 2, {{0, 3, 1}, {0, 3, 1}, {0, 3, 1}, {0, 3, 1}}},
	{"no places", 0, {{0, 3, 0}, {0, 3, 0}}},
	{"nobody wants anything", 8, {{3, 0, 0}, {1, 0, 0}}},
};

static void each_gets_its_part(void **state)
{
	static const char *const names[STORES] = {"a", "b", "c", "d"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fair f = {0};

		for (size_t s = 0; s < STORES; s++)
			if (cases[i].stores[s].held + cases[i].stores[s].wanted > 0)
				fair_add(&f, names[s], cases[i].stores[s].held, cases[i].stores[s].wanted);
		fair_settle(&f, cases[i].places);
		for (size_t s = 0; s < STORES; s++) {
			unsigned got = 0;

			while (got < cases[i].stores[s].wanted && fair_take(&f, names[s]))
				got++;
			if (got != cases[i].stores[s].gets)
				fail_msg("%s: store %s gets %u instead of %u", cases[i].title, names[s], got,
					cases[i].stores[s].gets);
		}
		fair_done(&f);
	}
}

static void what_is_added_adds_up(void **state)
{
	struct fair f = {0};
	char store[] = "a";

	(void)state;
	fair_add(&f, store, 1, 0);
	fair_add(&f, "b", 0, 9);
	fair_add(&f, store, 1, 0);
	fair_add(&f, store, 0, 5);
	store[0] = 'x'; /* the name was copied */
	assert_int_equal(f.count, 2);
	assert_int_equal(f.stores[0].held, 2);
	assert_int_equal(f.stores[0].wanted, 5);
	fair_settle(&f, 6);
	assert_true(fair_take(&f, "a"));
	assert_false(fair_take(&f, "a"));
	assert_false(fair_take(&f, "nobody"));
	fair_done(&f);
	assert_int_equal(f.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_gets_its_part),
		cmocka_unit_test(what_is_added_adds_up),
	};

	return cmocka_run_group_tests_name("fair", tests, NULL, NULL);
}
