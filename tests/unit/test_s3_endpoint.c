/* Where buckets are: each way to say it, and what is refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/remote/s3_endpoint_priv.h"

#define TEN   "aaaaaaaaaa"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const struct {
	const char *title;
	struct s3_endpoint_spec spec;
	const char *host, *path, *url; /* of the key "k/ü+1", with the query "q=1" */
} cases[] = {
	{"AWS", {.bucket = "bkt"}, "bkt.s3.us-east-1.amazonaws.com", "/k/ü+1",
		"https://bkt.s3.us-east-1.amazonaws.com/k/%C3%BC%2B1?q=1"},
	{"AWS, elsewhere", {.bucket = "bkt", .region = "eu-west-1"}, "bkt.s3.eu-west-1.amazonaws.com",
		"/k/ü+1", "https://bkt.s3.eu-west-1.amazonaws.com/k/%C3%BC%2B1?q=1"},
	{"AWS, China", {.bucket = "bkt", .region = "cn-north-1"}, "bkt.s3.cn-north-1.amazonaws.com.cn",
		"/k/ü+1", "https://bkt.s3.cn-north-1.amazonaws.com.cn/k/%C3%BC%2B1?q=1"},
	{"AWS, government", {.bucket = "bkt", .region = "us-gov-west-1"},
		"bkt.s3.us-gov-west-1.amazonaws.com", "/k/ü+1",
		"https://bkt.s3.us-gov-west-1.amazonaws.com/k/%C3%BC%2B1?q=1"},
	{"AWS, sovereign", {.bucket = "bkt", .region = "eusc-de-east-1"},
		"bkt.s3.eusc-de-east-1.amazonaws.eu", "/k/ü+1",
		"https://bkt.s3.eusc-de-east-1.amazonaws.eu/k/%C3%BC%2B1?q=1"},
	{"AWS, path-style", {.bucket = "bkt", .path_style = true}, "s3.us-east-1.amazonaws.com", "/bkt/k/ü+1",
		"https://s3.us-east-1.amazonaws.com/bkt/k/%C3%BC%2B1?q=1"},
	{"AWS, a bucket with dots", {.bucket = "a.b"}, "s3.us-east-1.amazonaws.com", "/a.b/k/ü+1",
		"https://s3.us-east-1.amazonaws.com/a.b/k/%C3%BC%2B1?q=1"},
	{"a port", {.endpoint = "https://minio.example:9000", .bucket = "bkt", .path_style = true},
		"minio.example:9000", "/bkt/k/ü+1", "https://minio.example:9000/bkt/k/%C3%BC%2B1?q=1"},
	{"virtual-host and a port", {.endpoint = "https://s3.example:9000", .bucket = "bkt"},
		"bkt.s3.example:9000", "/k/ü+1", "https://bkt.s3.example:9000/k/%C3%BC%2B1?q=1"},
	{"the scheme's own port", {.endpoint = "https://s3.example:443", .bucket = "bkt"}, "bkt.s3.example",
		"/k/ü+1", "https://bkt.s3.example/k/%C3%BC%2B1?q=1"},
	{"http's own port", {.endpoint = "http://localhost:80", .bucket = "bkt"}, "bkt.localhost", "/k/ü+1",
		"http://bkt.localhost/k/%C3%BC%2B1?q=1"},
	{"the other scheme's port", {.endpoint = "http://localhost:443", .bucket = "bkt"},
		"bkt.localhost:443", "/k/ü+1", "http://bkt.localhost:443/k/%C3%BC%2B1?q=1"},
	{"capitals", {.endpoint = "HTTPS://S3.Example", .bucket = "bkt", .path_style = true}, "s3.example",
		"/bkt/k/ü+1", "https://s3.example/bkt/k/%C3%BC%2B1?q=1"},
	{"a slash at the end", {.endpoint = "https://s3.example/", .bucket = "bkt"}, "bkt.s3.example",
		"/k/ü+1", "https://bkt.s3.example/k/%C3%BC%2B1?q=1"},
	{"a prefix", {.endpoint = "https://x.example/storage/s3/", .bucket = "bkt", .path_style = true},
		"x.example", "/storage/s3/bkt/k/ü+1", "https://x.example/storage/s3/bkt/k/%C3%BC%2B1?q=1"},
	{"an IPv4 address has no buckets below it", {.endpoint = "http://127.0.0.1:9000", .bucket = "bkt"},
		"127.0.0.1:9000", "/bkt/k/ü+1", "http://127.0.0.1:9000/bkt/k/%C3%BC%2B1?q=1"},
	{"an IPv6 address", {.endpoint = "http://[::1]:9000", .bucket = "bkt"}, "[::1]:9000", "/bkt/k/ü+1",
		"http://[::1]:9000/bkt/k/%C3%BC%2B1?q=1"},
	{"below localhost", {.endpoint = "http://s3.localhost:9000", .bucket = "bkt"},
		"bkt.s3.localhost:9000", "/k/ü+1", "http://bkt.s3.localhost:9000/k/%C3%BC%2B1?q=1"},
	{"a bucket with dots without TLS", {.endpoint = "http://s3.localhost:9000", .bucket = "a.b"},
		"a.b.s3.localhost:9000", "/k/ü+1", "http://a.b.s3.localhost:9000/k/%C3%BC%2B1?q=1"},
	{"http where it is allowed", {.endpoint = "http://s3.example", .bucket = "bkt", .allow_http = true},
		"bkt.s3.example", "/k/ü+1", "http://bkt.s3.example/k/%C3%BC%2B1?q=1"},
	{"another server's region",
		{.endpoint = "https://s3.example", .region = "Region_One", .bucket = "bkt"}, "bkt.s3.example",
		"/k/ü+1", "https://bkt.s3.example/k/%C3%BC%2B1?q=1"},
	{"another server's bucket",
		{.endpoint = "https://s3.example", .bucket = "My_Videos", .path_style = true}, "s3.example",
		"/My_Videos/k/ü+1", "https://s3.example/My_Videos/k/%C3%BC%2B1?q=1"},
};

/* seed E3, E4: a region of its own, any server, and buckets in paths. */
static void places(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_S3_ENDPOINT p = {0};
		AUTO_BUF path = BUF_INIT(1000);
		AUTO_BUF url = BUF_INIT(1000);
		struct err e;

		if (s3_endpoint_init(&p, &cases[i].spec, &e) < 0)
			fail_msg("%s: %s", cases[i].title, e.text);
		s3_endpoint_path(&p, "k/ü+1", &path);
		s3_endpoint_url(&p, "k/ü+1", "q=1", &url);
		if (strcmp(p.host, cases[i].host) != 0 || strcmp(buf_text(&path), cases[i].path) != 0 ||
			strcmp(buf_text(&url), cases[i].url) != 0)
			fail_msg("%s: %s %s %s", cases[i].title, p.host, buf_text(&path), buf_text(&url));
		assert_true(p.path_style ==
			    (strncmp(p.host, cases[i].spec.bucket, strlen(cases[i].spec.bucket)) != 0));
	}
}

static const struct {
	const char *title;
	struct s3_endpoint_spec spec;
	const char *says;
} refused[] = {
	{"http elsewhere", {.endpoint = "http://s3.example", .bucket = "bkt"}, "http"},
	{"http to what only begins like loopback", {.endpoint = "http://127.0.0.1.example", .bucket = "bkt"},
		"http"},
	{"http to what only ends like loopback", {.endpoint = "http://notlocalhost", .bucket = "bkt"},
		"http"},
	{"http to another IPv4 address", {.endpoint = "http://10.0.0.1", .bucket = "bkt"}, "http"},
	{"http to another IPv6 address", {.endpoint = "http://[::2]", .bucket = "bkt"}, "http"},
	{"no scheme", {.endpoint = "s3.example:9000", .bucket = "bkt"}, "endpoint"},
	{"another scheme", {.endpoint = "ftp://s3.example", .bucket = "bkt"}, "endpoint"},
	{"no host", {.endpoint = "https://", .bucket = "bkt"}, "endpoint"},
	{"no host but a port", {.endpoint = "https://:9000", .bucket = "bkt"}, "endpoint"},
	{"a user", {.endpoint = "https://user@s3.example", .bucket = "bkt"}, "endpoint"},
	{"a password", {.endpoint = "https://user:pass@s3.example", .bucket = "bkt"}, "endpoint"},
	{"a query", {.endpoint = "https://s3.example/?a", .bucket = "bkt"}, "endpoint"},
	{"a query at once", {.endpoint = "https://s3.example?a", .bucket = "bkt"}, "endpoint"},
	{"a fragment", {.endpoint = "https://s3.example/#a", .bucket = "bkt"}, "endpoint"},
	{"an escape in the prefix", {.endpoint = "https://s3.example/a%20b", .bucket = "bkt"}, "endpoint"},
	{"a blank", {.endpoint = "https://s3 .example", .bucket = "bkt"}, "endpoint"},
	{"a port of letters", {.endpoint = "https://s3.example:http", .bucket = "bkt"}, "endpoint"},
	{"an empty port", {.endpoint = "https://s3.example:", .bucket = "bkt"}, "endpoint"},
	{"port 0", {.endpoint = "https://s3.example:0", .bucket = "bkt"}, "endpoint"},
	{"port 65536", {.endpoint = "https://s3.example:65536", .bucket = "bkt"}, "endpoint"},
	{"an open bracket", {.endpoint = "https://[::1", .bucket = "bkt"}, "endpoint"},
	{"no address in brackets", {.endpoint = "https://[s3.example]", .bucket = "bkt"}, "endpoint"},
	{"rubbish after brackets", {.endpoint = "https://[::1]x", .bucket = "bkt"}, "endpoint"},
	{"two dots", {.endpoint = "https://s3..example", .bucket = "bkt"}, "endpoint"},
	{"a short bucket", {.bucket = "ab"}, "bucket"},
	{"a long bucket", {.bucket = SIXTY "abcd"}, "bucket"},
	{"a bucket in capitals", {.bucket = "Bucket"}, "bucket"},
	{"a bucket with an underscore", {.endpoint = "https://s3.example", .bucket = "a_b"}, "bucket"},
	{"a bucket with a dot at its end", {.bucket = "bkt."}, "bucket"},
	{"a bucket with a hyphen before it", {.bucket = "-bkt"}, "bucket"},
	{"a bucket with two dots", {.bucket = "a..b"}, "bucket"},
	{"a bucket that is an address", {.bucket = "192.168.5.4"}, "bucket"},
	{"a bucket with a slash", {.endpoint = "https://s3.example", .bucket = "a/b", .path_style = true},
		"bucket"},
	{"a bucket of dots", {.endpoint = "https://s3.example", .bucket = "...", .path_style = true},
		"bucket"},
	{"no bucket", {.endpoint = "https://s3.example", .bucket = "", .path_style = true}, "bucket"},
	{"an empty region", {.region = "", .bucket = "bkt"}, "region"},
	{"a region with a dot", {.region = "evil.example", .bucket = "bkt"}, "region"},
	{"a region with a slash", {.endpoint = "https://s3.example", .region = "a/b", .bucket = "bkt"},
		"region"},
	{"a region that AWS cannot have", {.region = "RegionOne", .bucket = "bkt"}, "region"},
	{"a long region", {.region = SIXTY "aaaaa", .bucket = "bkt"}, "region"},
};

static void refusals(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct s3_endpoint p = {0};
		struct err e = {0};

		if (s3_endpoint_init(&p, &refused[i].spec, &e) == 0)
			fail_msg("%s: taken as %s", refused[i].title, p.origin);
		if (e.kind != ERR_PERM || strstr(e.text, refused[i].says) == NULL)
			fail_msg("%s: %s", refused[i].title, e.text);
		assert_null(p.origin);
	}
}

/* A key is what it is: nothing of it is taken for a part of the path's own. */
static void keys(void **state UNUSED)
{
	static const struct {
		bool path_style;
		const char *key, *path, *url;
	} rows[] = {
		{true, NULL, "/bkt", "https://s3.example/bkt"},
		{false, NULL, "/", "https://bkt.s3.example/"},
		{true, "", "/bkt/", "https://s3.example/bkt/"},
		{false, "", "/", "https://bkt.s3.example/"},
		{true, "/lead", "/bkt//lead", "https://s3.example/bkt//lead"},
		{false, "/lead", "//lead", "https://bkt.s3.example//lead"},
		{false, "a/../b//c/./", "/a/../b//c/./", "https://bkt.s3.example/a/../b//c/./"},
		{false, "a?b#c%2F", "/a?b#c%2F", "https://bkt.s3.example/a%3Fb%23c%252F"},
		{false, "a b+c~d", "/a b+c~d", "https://bkt.s3.example/a%20b%2Bc~d"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_S3_ENDPOINT p = {0};
		AUTO_BUF path = BUF_INIT(1000);
		AUTO_BUF url = BUF_INIT(1000);
		struct err e;

		assert_int_equal(s3_endpoint_init(&p,
					 &(struct s3_endpoint_spec){.endpoint = "https://s3.example",
						 .bucket = "bkt",
						 .path_style = rows[i].path_style},
					 &e),
			0);
		s3_endpoint_path(&p, rows[i].key, &path);
		s3_endpoint_url(&p, rows[i].key, "", &url);
		assert_string_equal(buf_text(&path), rows[i].path);
		assert_string_equal(buf_text(&url), rows[i].url);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test(refusals),
		cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
