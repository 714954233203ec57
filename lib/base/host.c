/* Hosts as addresses have them. Judged by their letters alone, so the same name has the same answer wherever
 * it is asked. */
#include "lib/base/host.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ALNUM     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define LOCALHOST "localhost"

size_t host_length(const char *s)
{
	if (*s != '[')
		return strspn(s, ALNUM ".-_");

	size_t n = strspn(s + 1, "0123456789abcdefABCDEF:.");
	return n > 0 && s[n + 1] == ']' ? n + 2 : 0;
}

static bool is_localhost(const char *name, size_t n)
{
	size_t end = strlen(LOCALHOST);

	return n >= end && strncasecmp(name + n - end, LOCALHOST, end) == 0 &&
	       (n == end || name[n - end - 1] == '.');
}

bool host_is_loopback(const char *host, size_t n)
{
	bool bracketed = n > 2 && host[0] == '[' && host[n - 1] == ']';
	char text[INET6_ADDRSTRLEN];
	struct in_addr in;
	struct in6_addr in6;

	if (bracketed) {
		host++;
		n -= 2;
	} else if (is_localhost(host, n)) {
		return true;
	}
	if (n >= sizeof(text))
		return false;
	(void)snprintf(text, sizeof(text), "%.*s", (int)n, host);
	if (!bracketed && inet_pton(AF_INET, text, &in) == 1)
		return ntohl(in.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, text, &in6) == 1 && IN6_IS_ADDR_LOOPBACK(&in6);
}
