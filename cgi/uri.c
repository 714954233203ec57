/*
 * Request targets. The path is decoded here and once only (RFC 3986, section 2.4), after it was checked that
 * decoding cannot add a slash, so what the router compares has the same parts as what the client and nginx
 * saw.
 */
#include "cgi/uri.h"

#include <string.h>

#include "lib/base/err.h"
#include "lib/base/text.h"

static bool has_encoded_slash(const char *p, size_t n)
{
	for (size_t i = 0; i + 2 < n; i++)
		if (p[i] == '%' && p[i + 1] == '2' && (p[i + 2] == 'f' || p[i + 2] == 'F'))
			return true;
	return false;
}

static int bad(struct err *e, const char *message)
{
	return err_set_http(e, ERR_PERM, 400, "%s", message);
}

int uri_parse(const char *text, struct uri *ret_uri, struct err *e)
{
	AUTO_BUF path = BUF_INIT(URI_PATH_BYTES);
	size_t n = strcspn(text, "?#");

	if (text[0] != '/')
		return bad(e, "The request's target must be a path.");
	if (has_encoded_slash(text, n))
		return bad(e, "The path must not contain an encoded slash.");
	if (!text_url_decode(text, n, false, &path))
		return bad(e, "The path contains a broken percent-escape.");
	if (!buf_ok(&path))
		return bad(e, "The path is too long.");
	if (!text_utf8_valid(path.data, path.len) || text_has_control(path.data) ||
		strpbrk(path.data, "\n\t"))
		return bad(e, "The path is not plain UTF-8 text.");

	*ret_uri = (struct uri){.path = path, .query = text[n] == '?' ? text + n + 1 : ""};
	path = BUF_INIT(0);
	return 0;
}

void uri_done(struct uri *u)
{
	buf_done(&u->path);
}

bool uri_next_part(const char **at, const char **ret_part, size_t *ret_len)
{
	if (**at != '/')
		return false;

	*ret_part = *at + 1;
	*ret_len = strcspn(*ret_part, "/");
	*at = *ret_part + *ret_len;
	return true;
}
