/*
 * Keys as files and endpoints write them: the shared credentials file ("Configuration and credential file
 * settings" in the AWS SDKs and Tools Reference Guide) and the JSON of the container's endpoint and of the
 * instance's metadata service.
 *
 * Kept here: what is taken fits into a header, and what is wrong is said without any of its text.
 */

#include "lib/remote/aws_credentials_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"

#define ID_MAX     256
#define SECRET_MAX 1024
#define TOKEN_MAX  16384 /* AWS gives no limit; they have been seen of some thousand */
#define BLANKS     " \t\r"

void aws_wipe(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void aws_keys_done(struct aws_keys *k)
{
	free(k->id);
	aws_wipe(k->secret);
	aws_wipe(k->token);
	*k = (struct aws_keys){0};
}

static bool fits_header(const char *s, size_t max)
{
	size_t n = strlen(s);

	for (const char *p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return n > 0 && n <= max;
}

bool aws_keys_ok(const struct aws_keys *k)
{
	return k->id != NULL && k->secret != NULL && fits_header(k->id, ID_MAX) &&
	       fits_header(k->secret, SECRET_MAX) && (k->token == NULL || fits_header(k->token, TOKEN_MAX));
}

/* The file */

struct line {
	const char *p;
	size_t n;
};

static struct line trimmed(const char *p, size_t n)
{
	while (n > 0 && strchr(BLANKS, p[0]) != NULL)
		p++, n--;
	while (n > 0 && strchr(BLANKS, p[n - 1]) != NULL)
		n--;
	return (struct line){p, n};
}

/* Without a comment: '#' or ';' at its start or after a blank. */
static struct line uncommented(struct line l)
{
	for (size_t i = 0; i < l.n; i++)
		if (strchr("#;", l.p[i]) != NULL && (i == 0 || strchr(BLANKS, l.p[i - 1]) != NULL))
			return trimmed(l.p, i);
	return l;
}

/* "[name]" or "[profile name]" */
static bool begins_profile(struct line l, const char *profile)
{
	struct line name = trimmed(l.p + 1, l.n - 1);
	size_t n = strlen("profile");

	if (name.n == 0 || name.p[name.n - 1] != ']')
		return false;
	name = trimmed(name.p, name.n - 1);
	if (name.n > n && strncmp(name.p, "profile", n) == 0 && strchr(BLANKS, name.p[n]) != NULL)
		name = trimmed(name.p + n, name.n - n);
	return name.n == strlen(profile) && memcmp(name.p, profile, name.n) == 0;
}

static void take_setting(struct line l, struct aws_keys *k)
{
	const struct {
		const char *name;
		char **to;
	} settings[] = {
		{"aws_access_key_id", &k->id},
		{"aws_secret_access_key", &k->secret},
		{"aws_session_token", &k->token},
	};
	const char *equals = memchr(l.p, '=', l.n);

	if (equals == NULL)
		return;
	struct line name = trimmed(l.p, (size_t)(equals - l.p));
	struct line value = trimmed(equals + 1, l.n - (size_t)(equals + 1 - l.p));

	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (name.n == strlen(settings[i].name) &&
			strncasecmp(name.p, settings[i].name, name.n) == 0) {
			aws_wipe(*settings[i].to);
			*settings[i].to = value.n > 0 ? xstrndup(value.p, value.n) : NULL;
		}
}

int aws_profile_read(const char *text, const char *profile, struct aws_keys *ret_keys, struct err *e)
{
	AUTO_KEYS k = {0};
	bool inside = false;

	for (const char *p = text; *p != '\0';) {
		size_t n = strcspn(p, "\n");
		struct line l = uncommented(trimmed(p, n));

		if (l.n > 0 && l.p[0] == '[')
			inside = begins_profile(l, profile);
		else if (l.n > 0 && inside)
			take_setting(l, &k);
		p += n + (p[n] == '\n');
	}
	if (k.id == NULL && k.secret == NULL)
		return 0;
	if (!aws_keys_ok(&k))
		return err_set(e, ERR_PERM, "its profile \"%s\" does not have a whole key", profile);
	*ret_keys = k;
	k = (struct aws_keys){0};
	return 1;
}

/* An endpoint's answer */

int aws_answer_read(const char *p, size_t n, struct aws_keys *ret_keys, struct err *e)
{
	AUTO(json) root = NULL;
	struct err ignored;

	if (json_parse(p, n, &root, &ignored) < 0 || json_type_of(root) != JSON_OBJECT)
		return err_set(e, ERR_TEMP, "not an answer with keys");

	const char *code = json_string(json_get(root, "Code"));
	const char *expiration = json_string(json_get(root, "Expiration"));
	AUTO_KEYS k = {
		.id = xstrdup(json_string(json_get(root, "AccessKeyId"))),
		.secret = xstrdup(json_string(json_get(root, "SecretAccessKey"))),
		.token = xstrdup(json_string(json_get(root, "Token"))),
		.expires = expiration != NULL ? clock_read_rfc3339(expiration) : 0,
	};

	if ((code != NULL && strcmp(code, "Success") != 0) || !aws_keys_ok(&k))
		return err_set(e, ERR_TEMP, "an answer without keys");
	if (k.expires < 0)
		return err_set(e, ERR_TEMP, "an answer with keys of unknown validity");
	*ret_keys = k;
	k = (struct aws_keys){0};
	return 0;
}
