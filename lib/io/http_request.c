/*
 * What can be said about a request before anything of it is sent: its method, its limits, its headers, its
 * address. A request that is wrong here is a mistake of ours and never goes out. No text holds a header's
 * value, nor more of an address than scheme, host, port and path, because keys travel in the rest.
 */

#include "lib/io/http_priv.h"

#include <string.h>

#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"

#define PATH_SHOWN_BYTES 160

static const struct http_method methods[] = {
	{"GET", true},
	{"HEAD", true},
	{"POST", false},
	{"PUT", false},
	{"PATCH", false},
	{"DELETE", false},
};

const struct http_method *http_find_method(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

/* "Name: value" without a byte that could begin another header. */
static bool is_header(const char *s)
{
	size_t name_len = strcspn(s, ": \t");

	if (name_len == 0 || s[name_len] != ':')
		return false;
	for (; *s != '\0'; s++)
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
			return false;
	return true;
}

int http_check_request(const struct http_request *q, const struct http_method *m, struct err *e)
{
	bool has_body = q->body_len > 0 || q->body_file != NULL || q->body_tail_len > 0;
	const struct {
		bool is_wrong;
		const char *what;
	} rules[] = {
		{q->timeout_ms <= 0, "has no timeout"},
		{q->max_bytes == 0 || q->max_bytes > INT64_MAX, "has no limit of size"},
		{m->is_safe && has_body, "cannot have a body"},
		{q->body_fd > 0 && q->on_body != NULL, "has two places for its answer"},
		{!m->is_safe && q->max_redirects > 0, "must not follow redirects"},
		{q->body_file_from < 0 || q->body_file_bytes < 0, "has no such piece of a file"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].is_wrong)
			return err_set(e, ERR_PERM, "%s: the request %s", m->name, rules[i].what);
	for (const char *const *h = q->headers; h != NULL && *h != NULL; h++)
		if (!is_header(*h))
			return err_set(e, ERR_PERM, "%s: malformed header", m->name);
	return 0;
}

int http_check_address(
	const struct http_request *q, const struct http_address *a, char **ret_where, struct err *e)
{
	if (a->scheme == NULL)
		return err_set(e, ERR_PERM, "%s: malformed address", q->method);
	if (a->user != NULL || a->password != NULL)
		return err_set(e, ERR_PERM, "%s: the address carries credentials", q->method);
	if (strcmp(a->scheme, "https") != 0 && (q->https_only || strcmp(a->scheme, "http") != 0))
		return err_set(e, ERR_PERM, "%s: the address is not %s", q->method,
			q->https_only ? "https" : "http or https");
	if (a->host == NULL || a->path == NULL)
		return err_set(e, ERR_PERM, "%s: malformed address", q->method);

	*ret_where = xasprintf("%s %s://%s%s%s%.*s", q->method, a->scheme, a->host,
		a->port != NULL ? ":" : "", a->port != NULL ? a->port : "", PATH_SHOWN_BYTES, a->path);
	return 0;
}

bool http_text_is_plain(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~' || strchr("?@=&", *s) != NULL)
			return false;
	return true;
}
