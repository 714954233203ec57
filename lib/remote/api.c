/* One vendor's address and key, and the requests that carry them: see api_priv.h. */

#include "lib/remote/api_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/host.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/remote/decimal_priv.h"
#include "lib/remote/verdict.h"

#define MILLI_MAX   ((int64_t)1000 * 1000 * 1000 * 1000 * 1000)
#define HIDDEN_FROM 8 /* bytes of a key: fewer say no more than how keys begin */

/* Such as "http://127.0.0.1:8080"; no user before the host, or that would be another one. */
static bool is_local_http(const char *url)
{
	if (strncmp(url, "http://", 7) != 0)
		return false;

	const char *host = url + 7;
	size_t n = host_length(host);

	return host_is_loopback(host, n) && strchr(":/", host[n]) != NULL &&
	       memchr(host, '@', strcspn(host, "/?#")) == NULL;
}

static bool is_visible(const char *s)
{
	const char *p = s;

	while (*p > ' ' && *p <= '~')
		p++;
	return p > s && *p == '\0';
}

int api_init(struct api *a, struct http *http, const char *url, const char *key, const char *key_prefix,
	const char *const *headers, struct err *e)
{
	size_t url_len = strlen(url), n = 0;
	bool is_local = is_local_http(url);

	if (!is_local && strncmp(url, "https://", 8) != 0)
		return err_set(e, ERR_PERM, "a vendor's address is neither https nor on loopback");
	if (!is_visible(key))
		return err_set(e, ERR_PERM, "a vendor's key is empty, or has blanks or control bytes");
	while (url_len > 0 && url[url_len - 1] == '/')
		url_len--;
	*a = (struct api){
		.http = http, .url = xstrndup(url, url_len), .key = xstrdup(key), .is_local = is_local};
	a->headers[n++] = xasprintf("%s%s", key_prefix, key);
	for (; *headers != NULL; headers++) {
		assert(n < API_HEADERS_MAX);
		a->headers[n++] = xstrdup(*headers);
	}
	return 0;
}

void api_done(struct api *a)
{
	for (size_t i = 0; a->headers[i] != NULL; i++)
		free(a->headers[i]);
	free(a->url);
	free(a->key);
}

int api_start(struct api *a, const char *path, const struct http_request *q, http_done_fn *done, void *arg,
	struct http_call **ret_call, struct err *e)
{
	AUTO_FREE char *url = xasprintf("%s%s", a->url, path);
	const char *headers[API_HEADERS_MAX + 2] = {NULL};
	struct http_request whole = *q;
	size_t n = 0;

	for (; a->headers[n] != NULL; n++)
		headers[n] = a->headers[n];
	if (q->body != NULL)
		headers[n] = "Content-Type: application/json";
	whole.url = url;
	whole.headers = headers;
	whole.https_only = !a->is_local;
	return http_start(a->http, &whole, done, arg, ret_call, e);
}

static size_t common_length(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] != '\0' && a[n] == b[n])
		n++;
	return n;
}

/* Also where only its beginning is there, because the text was cut. */
void api_hide_key(const struct api *a, struct verdict *v)
{
	for (char *s = v->err.text; *s != '\0'; s++) {
		size_t n = common_length(s, a->key);

		if (n >= HIDDEN_FROM || a->key[n] == '\0')
			memset(s, '*', n);
	}
}

int64_t api_milli(const struct json *v)
{
	int64_t milli = -1;

	return decimal_round(json_number_text(v), 3, MILLI_MAX, &milli) && milli >= 0 ? milli : -1;
}
