/*
 * Where a bucket is. AWS's hosts are made from the region ("Amazon Simple Storage Service endpoints and
 * quotas" in the AWS General Reference); any other server's is what the operator wrote. The bucket stands in
 * the path, or before the host's name ("Virtual hosting of buckets" in the S3 User Guide).
 *
 * Kept here: what comes out needs no escaping but of the key, and the Host header that is signed is the one
 * that libcurl makes of the address.
 */

#include "lib/remote/s3_endpoint_priv.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/host.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/remote/sigv4.h"

#define HOST_MAX         253
#define BUCKET_MIN       3
#define BUCKET_MAX       63
#define LOOSE_BUCKET_MAX 255 /* other servers have allowed more than AWS */

#define SMALL   "abcdefghijklmnopqrstuvwxyz"
#define CAPITAL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT   "0123456789"

static const struct {
	const char *name;
	const char *port; /* its own, that is not said */
} schemes[] = {
	{"https", "443"},
	{"http", "80"},
};

/* AWS's partitions, by what the names of their regions begin with. */
static const struct {
	const char *regions, *domain;
} partitions[] = {
	{"cn-", "amazonaws.com.cn"},
	{"eusc-", "amazonaws.eu"},
	{"us-iso-", "c2s.ic.gov"},
	{"us-isob-", "sc2s.sgov.gov"},
	{"eu-isoe-", "cloud.adc-e.uk"},
	{"us-isof-", "csp.hci.ic.gov"},
	{"", "amazonaws.com"},
};

/* What an endpoint consists of; all owned. */
struct parts {
	const char *scheme, *default_port; /* of the table */
	char *name;                        /* in small letters; an IPv6 address without its brackets */
	char *port;                        /* NULL: the scheme's */
	char *prefix;                      /* "" or "/path" */
};
#define AUTO_PARTS CLEANUP(parts_done) struct parts

static void parts_done(struct parts *p)
{
	free(p->name);
	free(p->port);
	free(p->prefix);
}

/* Checks */

static bool is_made_of(const char *s, const char *set)
{
	return s[strspn(s, set)] == '\0';
}

bool s3_region_ok(const char *region)
{
	size_t n = strlen(region);

	return n > 0 && n <= S3_REGION_MAX && is_made_of(region, SMALL CAPITAL DIGIT "-_");
}

static bool is_ip4(const char *name)
{
	struct in_addr in;

	return inet_pton(AF_INET, name, &in) == 1;
}

static bool is_ip6(const char *name)
{
	struct in6_addr in6;

	return inet_pton(AF_INET6, name, &in6) == 1;
}

/* "General purpose bucket naming rules" in the S3 User Guide, so that it may be part of a host's name. */
static bool is_strict_bucket(const char *b)
{
	size_t n = strlen(b);

	return n >= BUCKET_MIN && n <= BUCKET_MAX && is_made_of(b, SMALL DIGIT "-.") &&
	       strchr("-.", b[0]) == NULL && strchr("-.", b[n - 1]) == NULL && strstr(b, "..") == NULL &&
	       strstr(b, ".-") == NULL && strstr(b, "-.") == NULL && !is_ip4(b);
}

static bool is_loose_bucket(const char *b)
{
	size_t n = strlen(b);

	return n >= BUCKET_MIN && n <= LOOSE_BUCKET_MAX && is_made_of(b, SMALL CAPITAL DIGIT "-._") &&
	       b[0] != '.' && b[0] != '-';
}

static bool is_host_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= HOST_MAX && is_made_of(name, SMALL DIGIT "-._") && name[0] != '.' &&
	       strstr(name, "..") == NULL;
}

/* Reading an endpoint */

static char *in_small_letters(const char *p, size_t n)
{
	char *small = xstrndup(p, n);

	text_to_small(small);
	return small;
}

/* What follows "scheme://", or NULL. */
static const char *read_scheme(const char *endpoint, struct parts *p)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t n = strlen(schemes[i].name);

		if (strncasecmp(endpoint, schemes[i].name, n) != 0 || strncmp(endpoint + n, "://", 3) != 0)
			continue;
		p->scheme = schemes[i].name;
		p->default_port = schemes[i].port;
		return endpoint + n + 3;
	}
	return NULL;
}

/* "host" or "[address]"; what follows it, or NULL. */
static const char *read_host(const char *s, struct parts *p)
{
	if (*s != '[') {
		size_t n = strcspn(s, ":/");

		p->name = in_small_letters(s, n);
		return is_host_name(p->name) ? s + n : NULL;
	}

	size_t n = strcspn(++s, "]");

	p->name = in_small_letters(s, n);
	return s[n] == ']' && is_ip6(p->name) ? s + n + 1 : NULL;
}

/* ":9000" or nothing; what follows it, or NULL. */
static const char *read_port(const char *s, struct parts *p)
{
	int64_t ignored;

	if (*s != ':')
		return s;

	size_t n = strspn(++s, DIGIT);
	AUTO_FREE char *port = xstrndup(s, n);

	if (!text_to_i64(port, 1, 65535, &ignored))
		return NULL;
	if (strcmp(port, p->default_port) != 0)
		p->port = steal_ptr(port);
	return s + n;
}

/* "/path" or nothing, to the end; without the slashes that it ends with. */
static bool read_prefix(const char *s, struct parts *p)
{
	size_t n = strlen(s);

	while (n > 0 && s[n - 1] == '/')
		n--;
	p->prefix = xstrndup(s, n);
	return (n == 0 || *s == '/') && is_made_of(p->prefix, SMALL CAPITAL DIGIT "-._~/");
}

static bool read_endpoint(const char *endpoint, struct parts *p)
{
	const char *rest = read_scheme(endpoint, p);

	if (rest != NULL)
		rest = read_host(rest, p);
	if (rest != NULL)
		rest = read_port(rest, p);
	return rest != NULL && read_prefix(rest, p);
}

static bool make_aws(const char *region, struct parts *p)
{
	size_t i = 0;

	if (!is_made_of(region, SMALL DIGIT "-"))
		return false;
	while (strncmp(region, partitions[i].regions, strlen(partitions[i].regions)) != 0)
		i++; /* the last row fits any */
	p->scheme = schemes[0].name;
	p->name = xasprintf("s3.%s.%s", region, partitions[i].domain);
	p->prefix = xstrdup("");
	return true;
}

/* Putting it together */

static bool is_https(const struct parts *p)
{
	return p->scheme == schemes[0].name;
}

static bool must_be_path_style(const struct parts *p, const struct s3_endpoint_spec *spec)
{
	return spec->path_style || is_ip4(p->name) || is_ip6(p->name) ||
	       (is_https(p) && strchr(spec->bucket, '.') != NULL);
}

static int check(const struct parts *p, const struct s3_endpoint_spec *spec, struct err *e)
{
	bool loose = spec->endpoint != NULL && must_be_path_style(p, spec);

	if (!(loose ? is_loose_bucket(spec->bucket) : is_strict_bucket(spec->bucket)))
		return err_set(e, ERR_PERM, "the S3 bucket's name is none that %s",
			loose ? "a server could have" : "can be part of a host's name");
	if (!is_https(p) && !spec->allow_http && !host_is_loopback(p->name, strlen(p->name)))
		return err_set(e, ERR_PERM, "the S3 endpoint is http and not this machine");
	return 0;
}

static void put_together(const struct parts *p, const struct s3_endpoint_spec *spec, struct s3_endpoint *ret)
{
	bool path_style = must_be_path_style(p, spec);
	bool brackets = is_ip6(p->name);

	*ret = (struct s3_endpoint){
		.path_style = path_style,
		.host = xasprintf("%s%s%s%s%s%s%s", path_style ? "" : spec->bucket, path_style ? "" : ".",
			brackets ? "[" : "", p->name, brackets ? "]" : "", p->port != NULL ? ":" : "",
			p->port != NULL ? p->port : ""),
		.base = xasprintf("%s%s%s", p->prefix, path_style ? "/" : "", path_style ? spec->bucket : ""),
	};
	ret->origin = xasprintf("%s://%s", p->scheme, ret->host);
}

int s3_endpoint_init(struct s3_endpoint *p, const struct s3_endpoint_spec *spec, struct err *e)
{
	const char *region = spec->region != NULL ? spec->region : S3_REGION_DEFAULT;
	AUTO_PARTS parts = {0};

	if (!s3_region_ok(region))
		return err_set(e, ERR_PERM, "the S3 region is none");
	if (spec->endpoint != NULL && !read_endpoint(spec->endpoint, &parts))
		return err_set(e, ERR_PERM, "the S3 endpoint is not of the form https://host[:port]");
	if (spec->endpoint == NULL && !make_aws(region, &parts))
		return err_set(e, ERR_PERM, "AWS has no region \"%s\"", region);
	if (check(&parts, spec, e) < 0)
		return -1;
	put_together(&parts, spec, p);
	return 0;
}

void s3_endpoint_done(struct s3_endpoint *p)
{
	free(p->origin);
	free(p->host);
	free(p->base);
	*p = (struct s3_endpoint){0};
}

void s3_endpoint_path(const struct s3_endpoint *p, const char *key, struct buf *out)
{
	buf_adds(out, p->base);
	if (key != NULL || *p->base == '\0')
		buf_addf(out, "/%s", key != NULL ? key : "");
}

void s3_endpoint_url(const struct s3_endpoint *p, const char *key, const char *query, struct buf *out)
{
	AUTO_BUF path = BUF_INIT(SIZE_MAX / 4); /* as long as the key is, which is here by now */

	s3_endpoint_path(p, key, &path);
	buf_adds(out, p->origin);
	sigv4_encode_path(buf_text(&path), out);
	if (query != NULL && *query != '\0')
		buf_addf(out, "?%s", query);
}
