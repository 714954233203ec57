/* Where a host ends in an address, and which are this machine. */

#include "lib/base/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/macros.h"

static const struct {
	const char *s;
	size_t length;
	bool loopback;
} cases[] = {
	{"localhost", 9, true},
	{"LocalHost:80/x", 9, true},
	{"s3.localhost:9000", 12, true},
	{"127.0.0.1/x", 9, true},
	{"127.255.0.9?x", 11, true},
	{"[::1]:8080", 5, true},
	{"[0:0::1]", 8, true},
	{"", 0, false},
	{"/x", 0, false},
	{"[]", 0, false},
	{"[::1", 0, false},
	{"[::2]", 5, false},
	{"[::ffff:127.0.0.1]", 18, false},
	{"[127.0.0.1]", 11, false},
	{"notlocalhost", 12, false},
	{"localhost.example", 17, false},
	{"127.0.0.1.example", 17, false},
	{"127.1", 5, false},
	{"0127.0.0.1", 10, false},
	{"128.0.0.1", 9, false},
	{"0.0.0.0", 7, false},
	{"a.name.that.is.longer.than.any.address.of.a.machine.example", 59, false},
};

static void test_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = host_length(cases[i].s);

		print_message("%s\n", cases[i].s);
		assert_int_equal(n, cases[i].length);
		assert_int_equal(host_is_loopback(cases[i].s, n), cases[i].loopback);
	}
	assert_true(host_is_loopback("::1", 3)); /* as it is where no port could follow */
	assert_false(host_is_loopback("localhost.evil", 14));
	assert_true(host_is_loopback("localhost.evil", 9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_hosts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
