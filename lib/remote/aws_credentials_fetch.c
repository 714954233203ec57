/*
 * Fetching keys: of the container's endpoint ("Container credential provider" in the AWS SDKs and Tools
 * Reference Guide) in one request, of the instance's metadata service, version 2 ("Use the Instance Metadata
 * Service", EC2 User Guide) in three: a token, the role's name, its keys.
 *
 * Kept here: tokens go to an address that may have them only, redirects are not followed, answers are small,
 * and a service that is not there is given up soon.
 */

#include "lib/remote/aws_credentials_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/host.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/io/loop.h"

#define CONTAINER_HOST "http://169.254.170.2"
#define INSTANCE_HOST  "http://169.254.169.254"
#define ROLES          "/latest/meta-data/iam/security-credentials/"
#define REQUEST_MS     2000 /* all of them are answered by this machine or the next one */
#define TOKEN_TTL      "X-aws-ec2-metadata-token-ttl-seconds: 300"
#define TOKEN_MAX      8192
#define ROLE_MAX       128
#define ANSWER_MAX     (64 * 1024)

enum step {
	STEP_CONTAINER,
	STEP_TOKEN,
	STEP_ROLE,
	STEP_KEYS,
	STEP_COUNT,
};

struct aws_fetch {
	struct http *http;
	aws_env_fn *env;
	enum step first, step;
	char *base;  /* what each step's path is put behind */
	char *token; /* of the metadata service, in this fetch; NULL none yet */
	char *role;
	struct http_call *call;
	struct loop_timer *timer; /* ends a fetch that could not be begun */
	struct err failure;       /* why */
	aws_fetch_fn *done;       /* NULL: nothing is under way */
	void *arg;
};

/* Takes what the next step needs from a step's answer. */
typedef int take_fn(struct aws_fetch *f, const struct http_result *r, struct err *e);
static take_fn take_token, take_role;

static const struct {
	const char *method, *path;
	take_fn *take; /* NULL: these are the keys */
} steps[] = {
	[STEP_CONTAINER] = {"GET", "", NULL},
	[STEP_TOKEN] = {"PUT", "/latest/api/token", take_token},
	[STEP_ROLE] = {"GET", ROLES, take_role},
	[STEP_KEYS] = {"GET", ROLES, NULL},
};
_Static_assert(ARRAY_LEN(steps) == STEP_COUNT, "each step has its row");

/* Addresses */

/* Of "http://host:port/path" the host, without brackets. NULL where it has none. Caller frees. */
static char *host_of(const char *uri, const char *scheme)
{
	size_t n = strlen(scheme);

	if (strncasecmp(uri, scheme, n) != 0)
		return NULL;
	uri += n;
	n = strcspn(uri, "/?#");
	if (memchr(uri, '@', n) != NULL || memchr(uri, '\\', n) != NULL)
		return NULL;
	if (*uri == '[')
		return xstrndup(uri + 1, strcspn(uri + 1, "]/?#"));
	return xstrndup(uri, strcspn(uri, ":/?#"));
}

bool aws_container_uri_ok(const char *uri)
{
	static const char *const containers[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
	AUTO_FREE char *host = host_of(uri, "http://");
	AUTO_FREE char *safe_host = host_of(uri, "https://");

	if (safe_host != NULL)
		return *safe_host != '\0';
	if (host == NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(containers); i++)
		if (strcasecmp(containers[i], host) == 0)
			return true;
	return host_is_loopback(host, strlen(host));
}

/* One printable line without its end, as it may stand in a header; NULL where it is none. Caller wipes. */
static char *line_of(const char *p, size_t n, size_t max)
{
	while (n > 0 && strchr("\r\n", p[n - 1]) != NULL)
		n--;
	if (n == 0 || n > max)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (p[i] < ' ' || p[i] > '~')
			return NULL;
	return xstrndup(p, n);
}

static const char *setting(aws_env_fn *env, const char *name)
{
	const char *value = env(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

/* Where to ask, as aws_fetch_new says. */
static int find_container(struct aws_fetch *f, struct err *e)
{
	const char *relative = setting(f->env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = setting(f->env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");

	if (relative == NULL && full == NULL)
		return 0;
	if (relative != NULL && *relative != '/')
		return err_set(
			e, ERR_PERM, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with a slash");
	if (relative == NULL && !aws_container_uri_ok(full))
		return err_set(e, ERR_PERM,
			"AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an address of this machine");
	f->base = relative != NULL ? xasprintf(CONTAINER_HOST "%s", relative) : xstrdup(full);
	f->first = STEP_CONTAINER;
	return 1;
}

static int find_instance(struct aws_fetch *f, struct err *e)
{
	const char *disabled = setting(f->env, "AWS_EC2_METADATA_DISABLED");
	const char *endpoint = setting(f->env, "AWS_EC2_METADATA_SERVICE_ENDPOINT");

	if (disabled != NULL && strcasecmp(disabled, "true") == 0)
		return 0;
	if (endpoint == NULL)
		endpoint = INSTANCE_HOST;
	AUTO_FREE char *host = host_of(endpoint, "http://");
	AUTO_FREE char *safe_host = host_of(endpoint, "https://");

	if (host == NULL && safe_host == NULL)
		return err_set(e, ERR_PERM, "AWS_EC2_METADATA_SERVICE_ENDPOINT is neither http nor https");
	f->base = xstrdup(endpoint);
	for (size_t n = strlen(f->base); n > 0 && f->base[n - 1] == '/'; n--)
		f->base[n - 1] = '\0';
	f->first = STEP_TOKEN;
	return 1;
}

/* The steps */

static void forget(struct aws_fetch *f)
{
	aws_wipe(f->token);
	free(f->role);
	f->token = f->role = NULL;
}

static void conclude(struct aws_fetch *f, struct aws_keys *keys, const struct err *e)
{
	aws_fetch_fn *done = f->done;
	struct err failure = {0};

	if (e != NULL)
		failure = *e;
	forget(f);
	f->done = NULL;
	done(keys, e != NULL ? &failure : NULL, f->arg);
}

static int take_token(struct aws_fetch *f, const struct http_result *r, struct err *e)
{
	f->token = line_of(r->body, r->body_len, TOKEN_MAX);
	return f->token != NULL ? 0 : err_set(e, ERR_TEMP, "the metadata service gave no token");
}

/* The name of the first role is all that its list says. */
static int take_role(struct aws_fetch *f, const struct http_result *r, struct err *e)
{
	AUTO_FREE char *role = line_of(r->body, strcspn(r->body, "\n"), ROLE_MAX);

	if (role == NULL || strpbrk(role, " /?#%\\") != NULL)
		return err_set(e, ERR_BLOCKED, "the instance has no role, or none that can be asked for");
	f->role = steal_ptr(role);
	return 0;
}

/* Status 4xx says that there are none for us; but for those that speak of the moment, or of a token that is
 * too old by now. */
static int check_status(const struct aws_fetch *f, int status, struct err *e)
{
	bool is_final = status >= 400 && status <= 499 && status != 401 && status != 408 && status != 429;

	if (status == 200)
		return 0;
	return err_set_http(e, is_final ? ERR_BLOCKED : ERR_TEMP, status, "%s answers with status %d",
		f->first == STEP_CONTAINER ? "the container's credentials endpoint"
					   : "the instance's metadata service",
		status);
}

/* The header with what the step's peer must be shown. *ret_header NULL: nothing. Caller wipes. */
static int token_header(const struct aws_fetch *f, char **ret_header, struct err *e)
{
	const char *file = setting(f->env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = setting(f->env, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	AUTO_BUF text = BUF_INIT(TOKEN_MAX);

	*ret_header = NULL;
	if (f->step != STEP_CONTAINER) {
		*ret_header = f->token != NULL ? xasprintf("X-aws-ec2-metadata-token: %s", f->token) : NULL;
		return 0;
	}
	if (file == NULL && token == NULL)
		return 0;
	/* each time: it changes */
	if (file != NULL && fs_read(file, TOKEN_MAX, &text, e) < 0)
		return -1;
	if (file == NULL)
		buf_adds(&text, token);
	size_t n = text.len;
	char *all = buf_steal(&text), *line = line_of(all, n, TOKEN_MAX);
	if (line != NULL)
		*ret_header = xasprintf("Authorization: %s", line);
	aws_wipe(line);
	aws_wipe(all);
	return *ret_header != NULL ? 0 : err_set(e, ERR_BLOCKED, "the container's token cannot be sent");
}

static void on_answer(const struct http_result *r, const struct err *e, void *arg);

static int ask(struct aws_fetch *f, struct err *e)
{
	AUTO_FREE char *url =
		xasprintf("%s%s%s", f->base, steps[f->step].path, f->role != NULL ? f->role : "");
	char *secret;

	if (token_header(f, &secret, e) < 0)
		return -1;
	const char *const headers[] = {secret != NULL ? secret : TOKEN_TTL, NULL};
	const struct http_request q = {
		.method = steps[f->step].method,
		.url = url,
		.headers = secret != NULL || f->step == STEP_TOKEN ? headers : NULL,
		.timeout_ms = REQUEST_MS,
		.max_bytes = ANSWER_MAX,
		.repeatable = true,
	};
	int r = http_start(f->http, &q, on_answer, f, &f->call, e);

	aws_wipe(secret);
	return r;
}

static void end_failed(void *arg)
{
	struct aws_fetch *f = arg;

	conclude(f, NULL, &f->failure);
}

/* What is wrong with a request is wrong until somebody changes the environment. */
static void soften(struct err *e)
{
	if (e->kind == ERR_PERM)
		e->kind = ERR_BLOCKED;
	else if (e->kind != ERR_BLOCKED)
		e->kind = ERR_TEMP;
}

/* Not from inside of aws_fetch_start, whose caller expects to be called later. */
static void next_step(struct aws_fetch *f, enum step step)
{
	f->step = step;
	if (ask(f, &f->failure) == 0)
		return;
	soften(&f->failure);
	loop_timer_arm(f->timer, 0);
}

/* 1 when the keys are there, 0 when there is a next step. */
static int take_answer(
	struct aws_fetch *f, const struct http_result *r, struct aws_keys *ret_keys, struct err *e)
{
	if (check_status(f, r->status, e) < 0)
		return -1;
	if (steps[f->step].take != NULL)
		return steps[f->step].take(f, r, e);
	return aws_answer_read(r->body, r->body_len, ret_keys, e) < 0 ? -1 : 1;
}

static void on_answer(const struct http_result *r, const struct err *e, void *arg)
{
	struct aws_fetch *f = arg;
	struct err failure;
	AUTO_KEYS keys = {0};

	f->call = NULL;
	if (e != NULL) {
		failure = *e;
		soften(&failure);
		conclude(f, NULL, &failure);
		return;
	}
	int got = take_answer(f, r, &keys, &failure);
	if (got == 0)
		next_step(f, f->step + 1);
	else
		conclude(f, got > 0 ? &keys : NULL, got > 0 ? NULL : &failure);
}

void aws_fetch_start(struct aws_fetch *f, aws_fetch_fn *done, void *arg)
{
	f->done = done;
	f->arg = arg;
	next_step(f, f->first);
}

int aws_fetch_new(
	struct loop *l, struct http *h, aws_env_fn *env, struct aws_fetch **ret_fetch, struct err *e)
{
	AUTO(aws_fetch) f = xcalloc(1, sizeof(*f));

	*f = (struct aws_fetch){.http = h, .env = env};
	int r = find_container(f, e);
	if (r == 0)
		r = find_instance(f, e);
	if (r <= 0)
		return r;
	if (loop_timer_new(l, end_failed, f, &f->timer, e) < 0)
		return -1;
	*ret_fetch = steal_ptr(f);
	return 1;
}

void aws_fetch_free(struct aws_fetch *f)
{
	if (f == NULL)
		return;
	http_cancel(f->call);
	loop_timer_free(f->timer);
	forget(f);
	free(f->base);
	free(f);
}
