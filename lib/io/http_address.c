/*
 * Which addresses belong to the public internet, after the IANA special-purpose registries (RFC 6890 and what
 * followed it): https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry.
 * An IPv6 address that stands for an IPv4 one is judged as that. What is not known to be public is not.
 */

#include "lib/io/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/io/http_priv.h"

struct net4 {
	uint8_t bytes[4];
	unsigned bits; /* of the prefix */
};

struct net6 {
	uint8_t bytes[16];
	unsigned bits;
};

static const struct net4 special4[] = {
	{{0}, 8},             /* this network */
	{{10}, 8},            /* private */
	{{100, 64}, 10},      /* shared, carrier-grade NAT */
	{{127}, 8},           /* loopback */
	{{169, 254}, 16},     /* link-local, and the clouds' metadata services */
	{{172, 16}, 12},      /* private */
	{{192, 0, 0}, 24},    /* protocol assignments */
	{{192, 0, 2}, 24},    /* documentation */
	{{192, 88, 99}, 24},  /* 6to4 relays, withdrawn */
	{{192, 168}, 16},     /* private */
	{{198, 18}, 15},      /* benchmarks */
	{{198, 51, 100}, 24}, /* documentation */
	{{203, 0, 113}, 24},  /* documentation */
	{{224}, 4},           /* multicast */
	{{240}, 4},           /* reserved, and broadcast */
};

/* Inside 2000::/3, outside of which nothing is public but what is mapped. */
static const struct net6 special6[] = {
	{{0x20, 0x01, 0x00}, 23},       /* protocol assignments: Teredo, ORCHID, ... */
	{{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
	{{0x3f, 0xff, 0x00}, 20},       /* documentation */
};

static const struct net6 global_unicast = {{0x20}, 3};

/* IPv6 networks whose addresses carry an IPv4 address, and where in it. */
static const struct {
	struct net6 net;
	unsigned offset;
} embedding[] = {
	{{{[10] = 0xff, [11] = 0xff}, 96}, 12}, /* IPv4-mapped, ::ffff:a.b.c.d */
	{{{0x00, 0x64, 0xff, 0x9b}, 96}, 12},   /* NAT64, 64:ff9b::a.b.c.d */
	{{{0x20, 0x02}, 16}, 2},                /* 6to4, 2002:aabb:ccdd:: */
};

static bool has_prefix(const uint8_t *address, const uint8_t *net, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(address, net, whole) != 0)
		return false;
	return rest == 0 || ((address[whole] ^ net[whole]) & (0xffu << (8 - rest)) & 0xffu) == 0;
}

static bool is_public4(const uint8_t address[static 4])
{
	for (size_t i = 0; i < ARRAY_LEN(special4); i++)
		if (has_prefix(address, special4[i].bytes, special4[i].bits))
			return false;
	return true;
}

static bool is_public6(const uint8_t address[static 16])
{
	for (size_t i = 0; i < ARRAY_LEN(embedding); i++)
		if (has_prefix(address, embedding[i].net.bytes, embedding[i].net.bits))
			return is_public4(address + embedding[i].offset);
	for (size_t i = 0; i < ARRAY_LEN(special6); i++)
		if (has_prefix(address, special6[i].bytes, special6[i].bits))
			return false;
	return has_prefix(address, global_unicast.bytes, global_unicast.bits);
}

bool http_address_is_public(const struct sockaddr *sa)
{
	/* Copied, because the caller's storage need not be aligned for what it holds. */
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&in, sa, sizeof(in));
		return is_public4((const uint8_t *)&in.sin_addr);
	case AF_INET6:
		memcpy(&in6, sa, sizeof(in6));
		return is_public6(in6.sin6_addr.s6_addr);
	default:
		return false;
	}
}

bool http_text_is_public(const char *ip)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, ip, &in.sin_addr) == 1)
		return http_address_is_public((const struct sockaddr *)&in);
	return inet_pton(AF_INET6, ip, &in6.sin6_addr) == 1 &&
	       http_address_is_public((const struct sockaddr *)&in6);
}
