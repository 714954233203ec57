/*
 * Which of our own files an address means. An asset is any plain relative path; its address may be
 * percent-encoded, and what it decodes to is looked at. An upload has a name of one form, so nothing is
 * decoded: what has another form is none.
 */
#include "lib/video/own_files.h"

#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/video/limits.h"
#include "lib/video/request.h"
#include "lib/video/settings.h"

static const char *after(const char *url, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(url, prefix, n) == 0 ? url + n : NULL;
}

static bool name_ok(const char *s)
{
	size_t ending;

	if (strspn(s, "0123456789abcdef") != OWN_UPLOAD_DIGITS || s[OWN_UPLOAD_DIGITS] != '.')
		return false;
	s += OWN_UPLOAD_DIGITS + 1;
	ending = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789");
	return ending > 0 && ending <= OWN_UPLOAD_ENDING && !s[ending];
}

bool own_file_is_upload(const char *url)
{
	return after(url, OWN_UPLOADS) != NULL;
}

const char *own_upload_name(const char *url, size_t *ret_store_len)
{
	const char *from = after(url, OWN_UPLOADS), *slash = from ? strchr(from, '/') : NULL;
	char store[LIMIT_ID + 1] = "";
	size_t n = slash ? (size_t)(slash - from) : 0;

	if (n == 0 || n > LIMIT_ID || !name_ok(slash + 1))
		return NULL;
	memcpy(store, from, n);
	if (!request_id_ok(store))
		return NULL;
	*ret_store_len = n;
	return slash + 1;
}

bool own_upload_is_of(const char *url, const char *store)
{
	size_t n;

	return own_upload_name(url, &n) && strlen(store) == n &&
	       memcmp(url + strlen(OWN_UPLOADS), store, n) == 0;
}

static char *asset_path(const struct settings *s, const char *relative)
{
	AUTO_BUF plain = BUF_INIT(LIMIT_URL);

	if (!text_url_decode(relative, strlen(relative), false, &plain) || !buf_ok(&plain) ||
		!fs_is_safe_relative(buf_text(&plain)))
		return NULL;
	return xasprintf("%s/%s", s->assets_dir, buf_text(&plain));
}

char *own_file_path(const struct settings *s, const char *store, const char *url)
{
	const char *asset = after(url, OWN_ASSETS);

	if (asset)
		return asset_path(s, asset);
	if (!own_upload_is_of(url, store))
		return NULL;
	return xasprintf("%s/%s", s->uploads_dir, url + strlen(OWN_UPLOADS));
}
