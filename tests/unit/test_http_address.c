/* Which addresses are public: a table, with the edges of each network. */

#include "lib/io/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/io/http_priv.h"

static const struct {
	const char *ip;
	bool is_public;
} cases[] = {
	{"0.0.0.0", false},
	{"0.255.255.255", false},
	{"1.0.0.0", true},
	{"9.255.255.255", true},
	{"10.0.0.0", false},
	{"10.255.255.255", false},
	{"11.0.0.0", true},
	{"100.63.255.255", true},
	{"100.64.0.0", false},
	{"100.127.255.255", false},
	{"100.128.0.0", true},
	{"126.255.255.255", true},
	{"127.0.0.1", false},
	{"127.255.255.255", false},
	{"128.0.0.0", true},
	{"169.253.255.255", true},
	{"169.254.169.254", false},
	{"169.255.0.0", true},
	{"172.15.255.255", true},
	{"172.16.0.0", false},
	{"172.31.255.255", false},
	{"172.32.0.0", true},
	{"191.255.255.255", true},
	{"192.0.0.1", false},
	{"192.0.1.0", true},
	{"192.0.2.1", false},
	{"192.0.3.0", true},
	{"192.88.99.1", false},
	{"192.167.255.255", true},
	{"192.168.0.0", false},
	{"192.168.255.255", false},
	{"192.169.0.0", true},
	{"198.17.255.255", true},
	{"198.18.0.0", false},
	{"198.19.255.255", false},
	{"198.20.0.0", true},
	{"198.51.100.7", false},
	{"203.0.113.7", false},
	{"223.255.255.255", true},
	{"224.0.0.1", false},
	{"239.255.255.255", false},
	{"240.0.0.0", false},
	{"255.255.255.255", false},
	{"8.8.8.8", true},

	{"::", false},
	{"::1", false},
	{"::7f00:1", false}, /* IPv4-compatible, withdrawn */
	{"::808:808", false},
	{"::ffff:8.8.8.8", true}, /* IPv4-mapped */
	{"::ffff:127.0.0.1", false},
	{"::ffff:10.1.2.3", false},
	{"::ffff:169.254.169.254", false},
	{"::ffff:0:8.8.8.8", false}, /* IPv4-translated */
	{"64:ff9b::8.8.8.8", true},  /* NAT64 */
	{"64:ff9b::192.168.1.1", false},
	{"64:ff9b::7f00:1", false},
	{"64:ff9b:1::8.8.8.8", false}, /* local NAT64 */
	{"100::1", false},             /* discard */
	{"1fff:ffff::", false},
	{"2000::1", true},
	{"2001::1", false}, /* Teredo */
	{"2001:1ff:ffff::", false},
	{"2001:200::1", true},
	{"2001:db7:ffff::", true},
	{"2001:db8::1", false}, /* documentation */
	{"2001:db9::", true},
	{"2001:4860:4860::8888", true},
	{"2002:808:808::1", true}, /* 6to4 */
	{"2002:7f00:1::1", false},
	{"2002:a00:1::1", false},
	{"2002:c0a8:101::1", false},
	{"2606:4700::1111", true},
	{"3ffe:ffff::1", true},
	{"3fff:0fff::1", false}, /* documentation */
	{"3fff:1000::1", true},
	{"4000::", false},
	{"fbff::1", false},
	{"fc00::1", false},
	{"fdff:ffff::1", false},
	{"fe80::1", false},
	{"febf::1", false},
	{"fec0::1", false},
	{"ff02::1", false},
	{"ffff::", false},

	{"", false},
	{"localhost", false},
	{"8.8.8", false},
	{"/run/socket", false},
	{"fe80::1%eth0", false},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (http_text_is_public(cases[i].ip) != cases[i].is_public)
			fail_msg("%s", cases[i].ip);
}

static void test_socket_addresses(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	const struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/socket"};

	(void)state;
	assert_int_equal(inet_pton(AF_INET, "8.8.4.4", &in.sin_addr), 1);
	assert_true(http_address_is_public((const struct sockaddr *)&in));
	assert_int_equal(inet_pton(AF_INET, "127.0.0.53", &in.sin_addr), 1);
	assert_false(http_address_is_public((const struct sockaddr *)&in));
	assert_int_equal(inet_pton(AF_INET6, "2a00:1450::1", &in6.sin6_addr), 1);
	assert_true(http_address_is_public((const struct sockaddr *)&in6));
	assert_int_equal(inet_pton(AF_INET6, "fd00::1", &in6.sin6_addr), 1);
	assert_false(http_address_is_public((const struct sockaddr *)&in6));
	assert_false(http_address_is_public((const struct sockaddr *)&un));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_socket_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
