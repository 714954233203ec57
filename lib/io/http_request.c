/*
 * What can be said about a request before anything of it is sent: its method, its limits, its headers. A
 * request that is wrong here is a mistake of ours and never goes out.
 */

#include "lib/io/http_priv.h"

#include <string.h>

#include "lib/base/err.h"
#include "lib/io/http.h"

static const struct http_method methods[] = {
	{"GET", true},
	{"HEAD", true},
	{"POST", false},
	{"PUT", false},
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
	const struct {
		bool is_wrong;
		const char *what;
	} rules[] = {
		{q->timeout_ms <= 0, "has no timeout"},
		{q->max_bytes == 0 || q->max_bytes > INT64_MAX, "has no limit of size"},
		{m->is_safe && q->body_len > 0, "cannot have a body"},
		{!m->is_safe && q->max_redirects > 0, "must not follow redirects"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].is_wrong)
			return err_set(e, ERR_PERM, "%s: the request %s", m->name, rules[i].what);
	for (const char *const *h = q->headers; h != NULL && *h != NULL; h++)
		if (!is_header(*h))
			return err_set(e, ERR_PERM, "%s: malformed header", m->name);
	return 0;
}
