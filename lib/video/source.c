/*
 * Addresses that clients give for files. The form is checked here, and who may use an upload; what is behind
 * an address is the daemon's business, which asks for nothing that was not checked so.
 */

#include "lib/video/source.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/fs.h"
#include "lib/base/host.h"
#include "lib/base/macros.h"
#include "lib/base/text.h"
#include "lib/video/own_files.h"

/* "", ":8080" or no port at all. */
static bool port_ok(const char *s, size_t n)
{
	char digits[8];
	int64_t port;

	if (n == 0)
		return true;
	if (*s != ':' || n > sizeof(digits))
		return false;
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)(n - 1), s + 1);
	return text_to_i64(digits, 1, UINT16_MAX, &port);
}

/*
 * Plain http is refused but for this very machine, where a shop is developed; whether the daemon may go there
 * is its own setting. That a name leads to no private address can only be seen when it is looked up, so the
 * daemon checks it.
 */
const char *source_check(const char *s)
{
	size_t n;

	if (strncmp(s, OWN_ASSETS, strlen(OWN_ASSETS)) == 0)
		return fs_is_safe_relative(s + strlen(OWN_ASSETS))
			       ? NULL
			       : "must be /assets/ and a plain relative path";
	if (own_file_is_upload(s))
		return own_upload_name(s, &n) ? NULL : "must be an address that an upload was answered with";

	bool plain = strncmp(s, "http://", 7) == 0;
	if (!plain && strncmp(s, "https://", 8) != 0)
		return "must begin with https://, /assets/ or /uploads/";
	if (strpbrk(s, " \t\n\\"))
		return "must not contain blanks or backslashes; a blank is written %20";

	const char *host = s + (plain ? 7 : 8);
	size_t authority = strcspn(host, "/?#");

	n = host_length(host);
	if (memchr(host, '@', authority))
		return "must not contain a user name or a password";
	if (n == 0 || n > authority || !port_ok(host + n, authority - n))
		return "must have a valid host name";
	if (plain && !host_is_loopback(host, n))
		return "must begin with https://; plain http:// is not accepted";
	return NULL;
}
