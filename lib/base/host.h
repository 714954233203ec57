#ifndef VIDEOD_BASE_HOST_H
#define VIDEOD_BASE_HOST_H

/* Hosts in addresses, as they are written; nothing is looked up. */

#include <stdbool.h>
#include <stddef.h>

/* How much of s is the host that it begins with: a name or an IPv4 address by its characters, an IPv6 address
 * with its brackets. 0 when it is none. */
size_t host_length(const char *s);

/* This very machine: 127.0.0.0/8, ::1 with or without brackets, localhost and the names below it (RFC 6761,
 * section 6.3), which libcurl does not ask anybody for. */
bool host_is_loopback(const char *host, size_t n);

#endif
